"""What the registry's forms share: sections, a record made or corrected, a save that came first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from sreda.registry.web.base import label, names_in, sealed, shown, unsealed

Sections = tuple[tuple[Any, tuple[str, ...]], ...]


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Sectioned(forms.BaseForm):
    """A form laid out in sections of fields; a field may be `name:12` to say its columns."""

    layout: ClassVar[Sections] = ()

    def sections(self) -> list[tuple[Any, list[tuple[Any, str]]]]:
        found = []
        for title, names in self.layout:
            bound = []
            for entry in names:
                name, _colon, width = entry.partition(":")
                if name in self.fields:
                    bound.append((self[name], width or "6"))
            if bound:
                found.append((title, bound))
        return found

    def faulty(self) -> list[Any]:
        return [bound for bound in self if bound.errors]


if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class RecordForm(Sectioned, AnyModelForm):
    """A model's fields without a save of its own: `values` go to the domain."""

    def _post_clean(self) -> None:
        """The domain checks the record, with better words than a constraint's name."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class CorrectionForm(RecordForm):
    """Corrects an existing record: why, and what was seen when the form was opened."""

    kept: ClassVar[tuple[str, ...]] = ()

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("For example, the number and date of an order."),
    )
    base = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance: models.Model = kwargs["instance"]
        initial = {"base": sealed(instance, self.kept)}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean_base(self) -> dict[str, Any]:
        return unsealed(self.cleaned_data["base"])

    @property
    def edition(self) -> int:
        return int(self.cleaned_data["base"]["edition"])

    @property
    def seen(self) -> dict[str, Any]:
        state: dict[str, Any] = self.cleaned_data["base"]["state"]
        return state


class ChangeForm(CorrectionForm):
    """Changes a record from a day on."""

    effective_on = forms.DateField(
        label=_("Effective from"),
        widget=day_input(),
        help_text=_(
            "The day from which the new data hold. Pages “as of” an earlier day keep the old."
        ),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"effective_on": today} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    @property
    def dated(self) -> dict[str, Any]:
        """From when and why, as the domain asks it."""
        return {name: self.cleaned_data[name] for name in ("effective_on", "reason")}


class Conflict:
    """Somebody saved meanwhile: what they made of each field, and what is typed here.

    Fields not touched here take the saved value; the others keep what was typed.
    """

    def __init__(self, form: CorrectionForm, current: models.Model) -> None:
        from sreda.kernel.api import state_of

        model = type(current)
        now = state_of(current, form.kept)
        base = form.seen
        typed = state_of(model(**form.values), tuple(form.values))
        names = names_in(model, [now, base, typed])
        self.rows: list[tuple[str, str, str]] = []
        data: Any = QueryDict(mutable=True)
        data.update(form.data)
        for name, mine in typed.items():
            if now[name] == base.get(name):
                continue
            if mine == base.get(name):
                self._put(data, form, name, now[name])
                mine_shown = shown(model, name, now[name], names)
            else:
                mine_shown = shown(model, name, mine, names)
            self.rows.append((label(model, name), shown(model, name, now[name], names), mine_shown))
        data[form.add_prefix("base")] = sealed(current, form.kept)
        form.data = data

    @staticmethod
    def _put(data: Any, form: CorrectionForm, name: str, value: Any) -> None:
        key = form.add_prefix(name)
        if isinstance(form.fields[name], forms.BooleanField):
            data.pop(key, None)
            if value:
                data[key] = "on"
        else:
            data[key] = "" if value is None else str(value)
            data.pop(f"{key}_text", None)  # the words of a picker name the old choice


WIDGETS: Mapping[str, Any] = {
    "since": day_input(),
    "until": day_input(),
    "birth_date": day_input(),
    "as_of": day_input(),
    "completed_on": day_input(),
}


class EndForm(Sectioned, forms.Form):
    """Ends a post, an enrolment or an organisation's work."""

    layout = (("", ("on", "reason:12")),)

    on = forms.DateField(label=_("Last day"), widget=day_input())
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example, the number and date of an order."),
    )


class ReasonForm(Sectioned, forms.Form):
    layout = (("", ("reason:12",)),)

    reason = forms.CharField(label=_("Reason"), max_length=500)
