"""Totals of learning records, from the daily figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum

from sreda.records.models import CountMark, Credential, DailyCount
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
    through: object
    sources: int

    @property
    def lately(self) -> int:
        return sum(self.by_day)


def totals(on: date, days: int = 30) -> Totals:
    """Of the last `days`, the day itself included; `whole` is of all time."""
    since = on - timedelta(days=days - 1)
    rows = DailyCount.objects.filter(day__gte=since, day__lte=on)
    by_day = dict(rows.values_list("day").annotate(total=Sum("statements")).order_by())
    verbs = {int(number): name for number, name in verb_choices()}
    by_verb = rows.values_list("verb_id").annotate(total=Sum("statements")).order_by("-total")
    places = list(
        rows.filter(organisation_id__isnull=False)
        .values_list("organisation_id")
        .annotate(total=Sum("statements"))
        .order_by("-total")[:TOP]
    )
    names = dict(
        Organisation.objects.filter(pk__in=[pk for pk, _n in places]).values_list(
            "pk", "short_name"
        )
    )
    span = [since + timedelta(days=n) for n in range(days)]
    mark = CountMark.objects.first()
    return Totals(
        days=span,
        by_day=[by_day.get(day, 0) for day in span],
        by_verb=[(verbs.get(number, str(number)), n) for number, n in by_verb[:TOP]],
        by_organisation=[(names.get(pk, str(pk)), n) for pk, n in places],
        whole=DailyCount.objects.aggregate(total=Sum("statements"))["total"] or 0,
        through=mark.through if mark else None,
        sources=Credential.objects.filter(revoked_at=None).count(),
    )
