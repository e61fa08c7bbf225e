from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalApp(AppConfig):
    name = "sreda.portal"
    label = "portal"
    verbose_name = _("Portal")
