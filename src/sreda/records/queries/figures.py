"""Totals of learning records, from the daily figures or from ClickHouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Sum

from sreda.records.clickhouse.client import Client, configured
from sreda.records.models import CountMark, Credential, DailyCount
from sreda.records.queries import columns
from sreda.records.queries.people import verb_choices
from sreda.registry.api import Organisation

TOP = 15


@dataclass(frozen=True, slots=True)
class Totals:
    days: list[date]
    by_day: list[int]
    by_verb: list[tuple[str, int]]
    by_organisation: list[tuple[str, int]]
    whole: int
    through: datetime | None
    sources: int

    @property
    def lately(self) -> int:
        return sum(self.by_day)


def totals(on: date, days: int = 30) -> Totals:
    """Of the last `days`, the day itself included; `whole` is of all time."""
    since = on - timedelta(days=days - 1)
    client = configured()
    counted = _in_columns(client, since, on) if client else _in_rows(since, on)
    verbs = {int(number): name for number, name in verb_choices()}
    places = counted.by_organisation
    names = dict(
        Organisation.objects.filter(pk__in=[pk for pk, _n in places]).values_list(
            "pk", "short_name"
        )
    )
    span = [since + timedelta(days=n) for n in range(days)]
    return Totals(
        days=span,
        by_day=[counted.by_day.get(day, 0) for day in span],
        by_verb=[(verbs.get(number, str(number)), n) for number, n in counted.by_verb],
        by_organisation=[(names.get(pk, str(pk)), n) for pk, n in places],
        whole=counted.whole,
        through=counted.through,
        sources=Credential.objects.filter(revoked_at=None).count(),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    by_day: dict[date, int]
    by_verb: list[tuple[int, int]]
    by_organisation: list[tuple[UUID, int]]
    whole: int
    through: datetime | None


def _in_rows(since: date, on: date) -> Counted:
    rows = DailyCount.objects.filter(day__gte=since, day__lte=on)

    def most(name: str) -> list[tuple[Any, int]]:
        known = rows.filter(**{f"{name}__isnull": False}).values_list(name)
        return list(known.annotate(total=Sum("statements")).order_by("-total")[:TOP])

    mark = CountMark.objects.first()
    return Counted(
        dict(rows.values_list("day").annotate(total=Sum("statements")).order_by()),
        most("verb_id"),
        most("organisation_id"),
        DailyCount.objects.aggregate(total=Sum("statements"))["total"] or 0,
        mark.through if mark else None,
    )


def _in_columns(client: Client, since: date, on: date) -> Counted:
    days, verbs, places = (
        columns.counts(client, by, since, on, limit)
        for by, limit in (("day", 1_000), ("verb", TOP), ("organisation", TOP))
    )
    return Counted(
        {date.fromisoformat(day): number for day, number in days},
        [(int(verb), number) for verb, number in verbs],
        [(UUID(place), number) for place, number in places],
        columns.whole(client),
        columns.through(),
    )
