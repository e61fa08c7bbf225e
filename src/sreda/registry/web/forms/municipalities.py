"""A municipality."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.registry.domain import municipalities
from sreda.registry.models import Municipality
from sreda.registry.web.forms.base import CorrectionForm, RecordForm, Sections

_LAYOUT: Sections = (("", ("name:8", "code:4", "kind:12", "reason:12")),)
_HELP = {"code": _("The number by which data of the place are told: in Russia, OKTMO.")}


class MunicipalityForm(RecordForm):
    layout = _LAYOUT

    class Meta:
        model = Municipality
        fields = list(municipalities.FIELDS)
        help_texts = _HELP


class MunicipalityChangeForm(CorrectionForm):
    kept = municipalities.FIELDS
    layout = _LAYOUT

    class Meta:
        model = Municipality
        fields = list(municipalities.FIELDS)
        help_texts = _HELP
