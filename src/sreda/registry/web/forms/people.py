"""A person: their record, two records made one, their way to sign in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sreda.registry.domain import people
from sreda.registry.models import Person
from sreda.registry.web.base import label, shown
from sreda.registry.web.forms.base import WIDGETS, ChangeForm, RecordForm, Sectioned, Sections

_PERSON_LAYOUT: Sections = (
    (
        _("Person"),
        (
            "family_name:4",
            "given_name:4",
            "patronymic:4",
            "birth_date:4",
            "sex:4",
            "external_id:4",
        ),
    ),
    (_("Contacts"), ("phone", "email")),
    (_("The change"), ("effective_on", "reason")),
)


class PersonForm(RecordForm):
    layout = _PERSON_LAYOUT

    class Meta:
        model = Person
        fields = list(people.FIELDS)
        widgets = WIDGETS


class PersonChangeForm(ChangeForm):
    kept = people.FIELDS
    layout = _PERSON_LAYOUT

    class Meta:
        model = Person
        fields = list(people.FIELDS)
        widgets = WIDGETS


class InviteForm(Sectioned, forms.Form):
    layout = (("", ("username",)),)

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("The person signs in with it. Latin letters, digits, dot and hyphen."),
    )


class MergeForm(forms.Form):
    """For each field that differs, from which of the two records to take it."""

    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args: Any, kept: Person, merged: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pair = (kept, merged)
        self.differing = [
            name for name in people.FIELDS if getattr(kept, name) != getattr(merged, name)
        ]
        for name in self.differing:
            better = "kept" if getattr(kept, name) not in (None, "") else "merged"
            self.fields[f"take_{name}"] = forms.ChoiceField(
                label=label(Person, name),
                choices=[("kept", ""), ("merged", "")],
                initial=better,
            )

    def rows(self) -> list[dict[str, Any]]:
        kept, merged = self.pair
        found = []
        for name in people.FIELDS:
            field = self[f"take_{name}"] if name in self.differing else None
            found.append(
                {
                    "name": f"take_{name}",
                    "label": label(Person, name),
                    "kept": shown(Person, name, _plain(kept, name), {}),
                    "merged": shown(Person, name, _plain(merged, name), {}),
                    "taken": field.value() if field else "",
                }
            )
        return found

    @property
    def values(self) -> dict[str, Any]:
        kept, merged = self.pair
        return {
            name: getattr(merged if self.cleaned_data[f"take_{name}"] == "merged" else kept, name)
            for name in self.differing
        }


def _plain(person: Person, name: str) -> Any:
    value = getattr(person, name)
    return value.isoformat() if isinstance(value, date) else value
