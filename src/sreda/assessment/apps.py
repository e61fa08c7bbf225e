from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessmentApp(AppConfig):
    name = "sreda.assessment"
    label = "assessment"
    verbose_name = _("Assessment")
