from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsApp(AppConfig):
    name = "sreda.records"
    label = "records"
    verbose_name = _("Learning records")
