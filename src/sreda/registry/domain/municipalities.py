"""Writing municipalities: the places that organisations and coordinators belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor
from sreda.registry import events
from sreda.registry.domain import records
from sreda.registry.models import Municipality, Organisation, Post

FIELDS = ("code", "name", "kind")
LONG_AGO = date(1900, 1, 1)
_SAME_CODE = gettext_lazy("Another municipality has this code.")
_SAME_NAME = gettext_lazy("Another municipality has this name.")


def _checked(municipality: Municipality, at: datetime) -> None:
    others = Municipality.objects.exclude(pk=municipality.pk)
    if others.filter(code=municipality.code).exists():
        raise ValidationError({"code": _SAME_CODE})
    if others.filter(name__iexact=municipality.name).exists():
        raise ValidationError({"name": _SAME_NAME})


NOUN = records.Noun(
    name="municipality",
    model=Municipality,
    fields=FIELDS,
    lock=lambda m: Municipality.objects.select_for_update().filter(pk=m.pk).first(),
    check=_checked,
    began=lambda m: LONG_AGO,
    about=lambda m: {"name": m.name},
    recorded=lambda m: events.MunicipalityRecorded(municipality_id=m.pk),
    known={"code": ("code", _SAME_CODE), "name": ("name", _SAME_NAME)},
)


def add_municipality(
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Municipality:
    """A new municipality. `key` is its id: the same key twice makes it once."""
    return records.enter(NOUN, Municipality(**values), key=key, actor=actor, at=at, reason=reason)


def remove_municipality(
    municipality: Municipality, *, reason: str, actor: Actor | None, at: datetime
) -> None:
    """Only one that nothing belongs to, nor ever did."""
    if (
        Organisation.objects.filter(municipality=municipality.pk).exists()
        or Post.objects.filter(municipality=municipality.pk).exists()
    ):
        raise ValidationError(
            _("Organisations or posts belong to it, today or in the past: it stays.")
        )
    records.remove(
        NOUN,
        municipality,
        removed=events.MunicipalityRemoved(municipality_id=municipality.pk),
        reason=reason,
        actor=actor,
        at=at,
    )
