from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryApp(AppConfig):
    name = "sreda.registry"
    label = "registry"
    verbose_name = _("Registry")
