from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProgrammeApp(AppConfig):
    name = "sreda.programme"
    label = "programme"
    verbose_name = _("Programme of change")
