"""Writing what organisations spend in a year, and how much of it on management."""

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
from sreda.registry.domain.changes import local_day
from sreda.registry.models import ManagementCost, Organisation

FIELDS = ("year", "total", "management")


def _checked(cost: ManagementCost, at: datetime) -> None:
    began, closed = cost.organisation.since, cost.organisation.until
    if cost.year > local_day(at).year:
        raise ValidationError({"year": _("This year has not come yet.")})
    if cost.year < began.year or (closed and cost.year > closed.year):
        raise ValidationError({"year": _("The organisation did not work in this year.")})
    if cost.total < 0:
        raise ValidationError({"total": _("A sum is not below zero.")})
    if not 0 <= cost.management <= cost.total:
        raise ValidationError(
            {"management": _("This is a part of all expenses: from zero to that sum.")}
        )
    twin = ManagementCost.objects.filter(organisation=cost.organisation_id, year=cost.year)
    if twin.exclude(pk=cost.pk).exists():
        raise ValidationError({"year": _ONCE})


_ONCE = gettext_lazy("The costs of this year are recorded already; correct them instead.")
NOUN = records.Noun(
    name="costs",
    model=ManagementCost,
    fields=FIELDS,
    lock=lambda cost: Organisation.objects.select_for_update().get(pk=cost.organisation_id),
    check=_checked,
    began=lambda cost: date(cost.year, 1, 1),
    about=lambda cost: {"organisation": cost.organisation_id, "year": cost.year},
    recorded=lambda cost: events.CostsRecorded(
        organisation_id=cost.organisation_id, year=cost.year
    ),
    known={
        "cost_once_a_year": ("year", _ONCE),
        "cost_part_of_whole": (
            "management",
            gettext_lazy("This is a part of all expenses: from zero to that sum."),
        ),
    },
)


def add_costs(
    organisation: Organisation,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
) -> ManagementCost:
    """Thousand roubles of one year."""
    cost = ManagementCost(organisation=organisation, **values)
    return records.enter(NOUN, cost, key=key, actor=actor, at=at)


def remove_costs(cost: ManagementCost, *, reason: str, actor: Actor | None, at: datetime) -> None:
    records.remove(
        NOUN,
        cost,
        removed=events.CostsRemoved(organisation_id=cost.organisation_id, year=cost.year),
        reason=reason,
        actor=actor,
        at=at,
    )
