from django.apps import AppConfig


class UiApp(AppConfig):
    name = "sreda.ui"
    label = "ui"
