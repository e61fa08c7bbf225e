"""An organisation and its facilities."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor
from sreda.registry.domain import organisations
from sreda.registry.enums import Role
from sreda.registry.models import Facilities, Organisation
from sreda.registry.web.forms.base import WIDGETS, ChangeForm, RecordForm, Sections

_ORGANISATION_LAYOUT: Sections = (
    (_("Identity"), ("name:12", "short_name:8", "code:4", "kind", "ownership")),
    (_("Address"), ("municipality", "locality", "address:8", "postcode:4", "rural:12")),
    (_("Contacts"), ("phone", "email", "website:12")),
    (_("Term"), ("since", "until")),
    (_("The change"), ("effective_on", "reason")),
)


class OrganisationForm(RecordForm):
    layout = _ORGANISATION_LAYOUT

    class Meta:
        model = Organisation
        fields = [f for f in organisations.FIELDS if f != "until"]
        widgets = WIDGETS


class OrganisationChangeForm(ChangeForm):
    """What identifies an organisation is the operator's; others change place and contacts."""

    kept = organisations.FIELDS
    layout = _ORGANISATION_LAYOUT
    operators: ClassVar = ("code", "kind", "ownership", "municipality", "since")

    class Meta:
        model = Organisation
        fields = [f for f in organisations.FIELDS if f != "until"]
        widgets = WIDGETS

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if actor.role != Role.OPERATOR:
            for name in self.operators:
                del self.fields[name]

    @property
    def values(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.fields
        }


class FacilitiesForm(RecordForm):
    layout = (
        (
            _("Figures"),
            ("as_of:4", "source:8", "link_mbps:4", "computers_teaching:4", "computers_admin:4"),
        ),
        (
            _("Equipment"),
            (
                "local_network",
                "management_system",
                "computer_classes",
                "multimedia",
                "licensed_software",
            ),
        ),
    )

    class Meta:
        model = Facilities
        fields = list(organisations.FACILITY_FIELDS)
        widgets = WIDGETS
