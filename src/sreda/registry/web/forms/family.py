"""Parents, guardians and children."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sreda.registry.domain import guardianships
from sreda.registry.models import Guardianship, Person
from sreda.registry.web.forms.base import WIDGETS, CorrectionForm, RecordForm, Sectioned
from sreda.registry.web.picking import ChildField, PersonField


class GuardianshipForm(RecordForm):
    """The tie itself; who it ties is chosen beside it."""

    layout = ((_("What they are to each other"), ("kind:4", "since:4", "until:4")),)

    class Meta:
        model = Guardianship
        fields = list(guardianships.FIELDS)
        widgets = WIDGETS


class GuardianForm(Sectioned, forms.Form):
    """Who the parent or guardian is, where their record is there already."""

    layout = ((_("Somebody already in the registry"), ("person:12",)),)

    person = PersonField(label=_("Parent or guardian"), queryset=Person.objects.none())

    def __init__(
        self, *args: Any, people: QuerySet[Person], params: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset, field.params = people, params or {}


class ChildForm(GuardianForm):
    layout = ((_("Whose parent or guardian"), ("person:12",)),)

    person = ChildField(label=_("Child"), queryset=Person.objects.none())


class GuardianshipChangeForm(CorrectionForm):
    kept = guardianships.FIELDS
    layout = (("", ("kind:4", "since:4", "until:4")), ("", ("reason:12",)))

    class Meta:
        model = Guardianship
        fields = list(guardianships.FIELDS)
        widgets = WIDGETS
