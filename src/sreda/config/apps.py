from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "sreda.config"
    label = "config"
