from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingApp(AppConfig):
    name = "sreda.reporting"
    label = "reporting"
    verbose_name = _("Reports and monitoring")
