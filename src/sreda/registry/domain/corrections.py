"""Putting one figure of an organisation right because a report says that it is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Field

from sreda.kernel.api import Actor, Correction
from sreda.registry.access import ORGANISATIONS
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.organisations import (
    FACILITY_FIELDS,
    change_organisation,
    record_facilities,
)
from sreda.registry.models import Facilities, Organisation

FACILITIES = tuple(name for name in FACILITY_FIELDS if name not in {"as_of", "source"})


def correct_card(wrong: Correction, actor: Actor, at: datetime) -> Organisation:
    """From its day on; a later change of the same field is left as it is and refused."""
    found = ORGANISATIONS.get(actor, "change", pk=wrong.organisation)
    return change_organisation(
        found,
        edition=found.edition,
        values={wrong.measure: wrong.said.strip()},
        effective_on=max(min(wrong.on, local_day(at)), found.since),
        actor=actor,
        at=at,
        reason=wrong.reason,
    )


def correct_facilities(wrong: Correction, actor: Actor, at: datetime) -> Facilities:
    """The other figures stay those known on the day."""
    found = ORGANISATIONS.get(actor, "change", pk=wrong.organisation)
    on = min(wrong.on, local_day(at))
    known = Facilities.objects.filter(organisation=found, as_of__lte=on).first()
    values: dict[str, Any] = (
        {name: getattr(known, name) for name in FACILITY_FIELDS} if known else {}
    )
    said = wrong.said.strip().replace(",", ".")
    field = Facilities._meta.get_field(wrong.measure)
    assert isinstance(field, Field)
    values |= {"as_of": on, wrong.measure: field.to_python(said.capitalize() or None)}
    return record_facilities(found, values=values, actor=actor, at=at, reason=wrong.reason)
