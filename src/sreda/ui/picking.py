"""Choosing one of many: a field whose list is searched, never sent whole.

With a script it is a combobox that suggests while one types. Without, the words go with the form
and come back as a short list to choose from. A list of a few is a plain select.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form sent: the key of the chosen one; the words typed; the words that an offered
    list answers. `text` None: the form had no place for words."""

    key: str = ""
    text: str | None = None
    answered: str = ""


class Picker(forms.Widget):
    template_name = "ui/form/picker.html"
    choices: Any = None  # the field's ModelChoiceIterator

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Asked:
        text = data.get(f"{name}_text")
        return Asked(
            key=str(data.get(name) or ""),
            text=None if text is None else str(text).strip()[:LONGEST],
            answered=str(data.get(f"{name}_answered") or ""),
        )

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and f"{name}_text" not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        asked = value if isinstance(value, Asked) else Asked(key=str(value or ""))
        field: PickField = self.choices.field
        context["widget"].update(field.offer(asked))
        if context["widget"]["few"] is not None:
            css = context["widget"]["attrs"].get("class", "")
            context["widget"]["attrs"]["class"] = css.replace("form-control", "form-select")
        return context


if TYPE_CHECKING:
    AnyChoiceField = forms.ModelChoiceField[Any]
else:
    AnyChoiceField = forms.ModelChoiceField


class PickField(AnyChoiceField):
    """A subclass names the address that suggests (`url_name`) and says how rows are found.

    What is not in `queryset` is neither offered nor taken, whatever the address suggests.
    """

    widget = Picker
    url_name: ClassVar[str]
    few: ClassVar[int] = 12
    offered: ClassVar[int] = 12

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.params: dict[str, str] = {}  # told to the address, so that it suggests the same rows
        self.hint = kwargs.pop("hint", gettext_lazy("Begin to type the name."))
        super().__init__(*args, **kwargs)

    @classmethod
    def find(cls, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Those the words mean, the likeliest first."""
        raise NotImplementedError

    @classmethod
    def note(cls, thing: Any) -> str:
        """What tells two of one name apart."""
        return ""

    @property
    def rows(self) -> QuerySet[Any]:
        assert self.queryset is not None
        return self.queryset

    @property
    def url(self) -> str:
        address = reverse(self.url_name)
        return f"{address}?{urlencode(self.params)}" if self.params else address

    def _get(self, key: str) -> Model | None:
        try:
            found: Model | None = self.rows.filter(pk=key).first() if key else None
        except (ValidationError, ValueError):
            return None
        return found

    def found(self, text: str) -> list[Any]:
        """One more than is offered, where there are more."""
        return list(self.find(self.rows, text)[: self.offered + 1])

    def _row(self, thing: Any) -> dict[str, str]:
        return {
            "key": str(thing.pk),
            "label": str(self.label_from_instance(thing)),
            "note": self.note(thing),
        }

    def offer(self, asked: Asked) -> dict[str, Any]:
        """What the widget shows of this choice."""
        rows = list(self.rows[: self.few + 1])
        chosen = self._get(asked.key)
        label = str(self.label_from_instance(chosen)) if chosen else ""
        if len(rows) <= self.few:
            listed = [self._row(row) for row in rows]
            return {
                "few": listed,
                "key": str(chosen.pk) if chosen else "",
                "blank": self.empty_label is not None,
            }
        settled = chosen is not None and asked.text in (None, "", label, asked.answered)
        text = label if settled else asked.text or ""
        found = [] if settled or not text else self.found(text)
        return {
            "few": None,
            "key": str(chosen.pk) if chosen and settled else "",
            "text": text,
            "url": self.url,
            "hint": self.hint,
            "found": [self._row(row) for row in found[: self.offered]],
            "more": len(found) > self.offered,
        }

    def clean(self, value: Any) -> Any:
        if not isinstance(value, Asked):
            return super().clean(value)
        if value.text is None:
            return super().clean(value.key)
        if not value.text:
            return super().clean("")
        thing = self._get(value.key)
        if thing is not None and value.text in (self.label_from_instance(thing), value.answered):
            return super().clean(value.key)
        found = self.found(value.text)
        wanted = value.text.casefold()
        same = [row for row in found if str(self.label_from_instance(row)).casefold() == wanted]
        if len(same) == 1:
            return super().clean(str(same[0].pk))
        if not found:
            raise ValidationError(_("Nothing is found for “%s”.") % value.text)
        raise ValidationError(_("Choose one of those found."))


def suggest(request: HttpRequest, field: type[PickField], rows: QuerySet[Any]) -> JsonResponse:
    """The answer of a field's address to ?q=: the rows of this actor that the words mean."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    picker = field(queryset=rows)
    found = picker.found(text) if len(text) > 1 else []
    return JsonResponse(
        {
            "found": [picker._row(row) for row in found[: field.offered]],
            "more": len(found) > field.offered,
        },
        headers={"Cache-Control": "private, no-store"},
    )
