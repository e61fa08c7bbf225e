"""What a demonstration shows of the programme's course. Invented, and said to be so in each act."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from sreda.programme.domain.indicators import keep_fact, record_implementation
from sreda.programme.models import Implementation, Indicator, Programme
from sreda.programme.queries.scenarios import planned, ranked
from sreda.registry.api import Organisation

# How much of each year's plan the invented region managed, in percent.
MANAGED = (100, 96, 91)


def record_demo_progress(programme: Programme, *, at: datetime) -> int:
    """Record implementations by the rule's order, a little behind the plan; returns how many.

    A programme that has records already is left alone.
    """
    if Implementation.objects.filter(programme=programme).exists():
        return 0
    plan, order = planned(programme), ranked(programme, at.date())
    years = sorted({year for year, _section in plan})
    done: set[object] = set()
    for year, managed in zip(years, MANAGED, strict=False):
        for section, candidates in order.items():
            goal = plan.get((year, section), 0) * managed // 100
            for number, candidate in enumerate(islice(candidates, goal), start=1):
                if candidate.organisation_id in done:
                    continue
                done.add(candidate.organisation_id)
                record_implementation(
                    programme,
                    organisation=Organisation(pk=candidate.organisation_id),
                    since=date(year, 9 + number % 4, 1 + number % 28),
                    basis=f"Акт приёмки № {year % 100}-{number} (демонстрационный)",
                    at=at,
                    actor=None,
                )
    for indicator in Indicator.objects.filter(programme=programme).select_related("programme"):
        for year in years:
            keep_fact(indicator, on=date(year, 12, 31), at=at)
    return len(done)
