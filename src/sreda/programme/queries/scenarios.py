"""Scenarios: another number of organisations in a year: who is next, and what does it cost?

Nothing is stored to answer; the whole region is ranked in one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from sreda.programme.enums import BudgetKind, Section
from sreda.programme.models import BudgetAmount, Indicator, Programme

TENTH = Decimal("0.1")


class Driver(TextChoices):
    """What a line of the budget grows with."""

    NEW = "new", _("organisations new in the year")
    ALL = "all", _("all organisations in the programme by then")
    FIXED = "fixed", _("nothing: a fixed sum")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation by the rule of the roadmap: computers per learner, fewest first."""

    organisation_id: UUID
    code: str
    name: str
    municipality: str
    section: str
    learners: int
    computers: int
    ratio: Decimal | None
    link_mbps: Decimal | None
    listed: int | None


# Those on the list come first, in the order of column 10; then the others by the same rule.
_RANKED = """
SELECT o.id, o.code, o.short_name, m.name, o.kind, z.learners, f.computers_teaching,
       CASE WHEN z.learners > 0
            THEN round(f.computers_teaching::numeric / z.learners, 6) END AS ratio,
       f.link_mbps, e.number
  FROM registry_organisation o
  JOIN registry_municipality m ON m.id = o.municipality_id
  JOIN registry_organisationsize z ON z.organisation_id = o.id
  JOIN LATERAL (
      SELECT computers_teaching, link_mbps FROM registry_facilities
       WHERE organisation_id = o.id AND as_of <= %(on)s ORDER BY as_of DESC LIMIT 1
  ) f ON true
  LEFT JOIN programme_listentry e
         ON e.organisation_id = o.id AND e.programme_id = %(programme)s AND e.gone_at IS NULL
 WHERE o.kind IN ('school', 'college')
   AND o.since <= %(on)s AND (o.until IS NULL OR o.until >= %(on)s)
 ORDER BY e.number IS NULL, ratio NULLS LAST, o.code
"""


def ranked(programme: Programme, on: date) -> dict[str, list[Candidate]]:
    """Every school and college of the region in the order of the rule, by section; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_RANKED, {"on": on, "programme": programme.pk})
        found = [Candidate(*row) for row in cursor.fetchall()]
    return {s.value: [c for c in found if c.section == s.value] for s in Section}


Counts = Mapping[tuple[int, str], int]  # (year, section) -> organisations in the programme


def planned(programme: Programme) -> dict[tuple[int, str], int]:
    """How many organisations the indicators plan, by year and section."""
    counting = Indicator.objects.filter(programme=programme, gone_at=None).exclude(counts="")
    return {
        (plan.year, indicator.counts): int(plan.value)
        for indicator in counting.prefetch_related("plans")
        for plan in indicator.plans.all()
    }


@dataclass(frozen=True, slots=True)
class Priced:
    """A line of the budget in a year: what was planned, the price of one, what it would cost."""

    key: str
    code: str
    name: str
    year: int
    driver: Driver
    planned: Decimal
    price: Decimal | None
    wanted: Decimal

    @property
    def difference(self) -> Decimal:
        return self.wanted - self.planned


@dataclass(frozen=True, slots=True)
class Year:
    year: int
    counts: dict[str, int]
    planned_counts: dict[str, int]
    joining: dict[str, list[Candidate]]
    missing: dict[str, int]
    lines: list[Priced]

    @property
    def planned_sum(self) -> Decimal:
        return sum((line.planned for line in self.lines), Decimal(0))

    @property
    def wanted_sum(self) -> Decimal:
        return sum((line.wanted for line in self.lines), Decimal(0))

    @property
    def difference(self) -> Decimal:
        return self.wanted_sum - self.planned_sum

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Answer:
    years: list[Year]

    @property
    def planned_sum(self) -> Decimal:
        return sum((year.planned_sum for year in self.years), Decimal(0))

    @property
    def wanted_sum(self) -> Decimal:
        return sum((year.wanted_sum for year in self.years), Decimal(0))

    @property
    def difference(self) -> Decimal:
        return self.wanted_sum - self.planned_sum


def default_driver(nature: str) -> Driver:
    """Capital lines (equipment) grow with newcomers, running ones with all."""
    return Driver.NEW if nature == "capital" else Driver.ALL


def answer(
    programme: Programme, wanted: Counts, drivers: Mapping[str, Driver], *, on: date
) -> Answer:
    """What if `wanted` organisations took part instead of the planned ones? Five queries.

    Counts are cumulative, as in the indicators. A line's price is its planned sum divided by the
    planned number of what drives it; sums are in the budget's unit, rounded to a tenth, half up.
    """
    plan = planned(programme)
    region = ranked(programme, on)
    amounts = list(
        BudgetAmount.objects.filter(
            line__programme=programme,
            line__gone_at=None,
            line__kind=BudgetKind.LINE,
            year__isnull=False,
        )
        .select_related("line")
        .order_by("line__position")
    )
    years = sorted({year for year, _section in plan})
    sections = [s.value for s in Section]
    counts = {key: wanted.get(key, plan.get(key, 0)) for key in _keys(years, sections)}
    result = []
    for position, year in enumerate(years):
        before = years[position - 1] if position else None
        joining, missing = {}, {}
        for section in sections:
            done = counts[before, section] if before else 0
            goal = counts[year, section]
            joining[section] = region[section][done:goal] if goal > done else []
            missing[section] = max(0, goal - max(done, len(region[section])))
        lines = [
            _price(amount, drivers, plan, counts, before, sections)
            for amount in amounts
            if amount.year == year
        ]
        result.append(
            Year(
                year,
                {s: counts[year, s] for s in sections},
                {s: plan.get((year, s), 0) for s in sections},
                joining,
                missing,
                lines,
            )
        )
    return Answer(result)


def _keys(years: Iterable[int], sections: list[str]) -> list[tuple[int, str]]:
    return [(year, section) for year in years for section in sections]


def _price(
    amount: BudgetAmount,
    drivers: Mapping[str, Driver],
    plan: Counts,
    counts: Counts,
    before: int | None,
    sections: list[str],
) -> Priced:
    line, year = amount.line, amount.year
    assert year is not None
    driver = drivers.get(line.key) or default_driver(line.nature)
    price, wanted = None, amount.value
    if driver != Driver.FIXED:
        was = _driving(plan, year, before, sections, driver)
        now = _driving(counts, year, before, sections, driver)
        if was:
            price = amount.value / was
            wanted = (price * now).quantize(TENTH, ROUND_HALF_UP)
            price = price.quantize(TENTH, ROUND_HALF_UP)
    return Priced(line.key, line.code, line.name, year, driver, amount.value, price, wanted)


def _driving(
    counts: Counts, year: int, before: int | None, sections: list[str], driver: Driver
) -> int:
    total = sum(counts.get((year, s), 0) for s in sections)
    if driver == Driver.ALL or before is None:
        return total
    return max(0, total - sum(counts.get((before, s), 0) for s in sections))
