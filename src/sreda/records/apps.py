from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsApp(AppConfig):
    name = "sreda.records"
    label = "records"
    verbose_name = _("Learning records")

    def ready(self) -> None:
        from sreda.kernel.api import hold_content
        from sreda.records.models import Attachment

        hold_content(Attachment)
