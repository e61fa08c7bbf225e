from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiApp(AppConfig):
    name = "sreda.ui"
    label = "ui"
    verbose_name = _("Appearance")
