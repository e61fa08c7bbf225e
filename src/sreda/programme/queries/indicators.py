"""Indicators as they stand: plan, federal minimum and computed fact of every year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models.functions import ExtractYear

from sreda.programme.models import Indicator, IndicatorFact, Programme
from sreda.programme.queries.facts import COMPUTATIONS, HUNDREDTH, Computation, Fact, fact_of


@dataclass(frozen=True, slots=True)
class YearState:
    """A year of an indicator: the plan, the fact of its last day so far, and how they stand."""

    year: int
    plan: Decimal | None
    printed: str
    on: date
    fact: Fact | None
    minimum: Decimal | None

    @property
    def state(self) -> str:
        if self.fact is None:
            return "ahead"
        if self.fact.value is None:
            return "unknown"
        if self.plan is not None and self.fact.value < self.plan:
            return "behind"
        return "met"

    @property
    def below_minimum(self) -> bool:
        known = self.fact is not None and self.fact.value is not None and self.minimum is not None
        return bool(known and self.fact.value < self.minimum)  # type: ignore[union-attr,operator]


@dataclass(frozen=True, slots=True)
class IndicatorState:
    indicator: Indicator
    years: list[YearState]
    now: Fact

    @property
    def goal(self) -> YearState | None:
        """The year whose plan holds now: the running one, or the last that was planned."""
        begun = [year for year in self.years if year.year <= self.now.on.year]
        return begun[-1] if begun else None

    @property
    def computation(self) -> Computation | None:
        return COMPUTATIONS.get(self.indicator.measure)


def states(programme: Programme, on: date) -> list[IndicatorState]:
    """Every indicator with its years; facts are of each year's end, or of `on` when it is nearer.

    The number of queries grows with indicators and years, not with the region.
    """
    found = Indicator.objects.filter(programme=programme, gone_at=None).prefetch_related("plans")
    return [state_of(indicator, programme, on) for indicator in found]


def kept_states(on: date, programme: Programme | None = None) -> list[IndicatorState]:
    """As `states`, from the facts that are kept: three queries however many indicators and years.

    A year's fact is the last one kept in it; `now` is the newest of all. Of all programmes, by
    their key, unless one is named."""
    found = Indicator.objects.filter(gone_at=None).select_related("programme")
    if programme is not None:
        found = found.filter(programme=programme)
    indicators = list(found.order_by("programme__key", "number").prefetch_related("plans"))
    kept: dict[UUID, dict[int, Fact]] = {}
    rows = (
        IndicatorFact.objects.filter(indicator__in=indicators, as_of__lte=on)
        .annotate(year=ExtractYear("as_of"))
        .order_by("indicator_id", "year", "-as_of")
        .distinct("indicator_id", "year")
    )
    for row in rows:
        value = None if row.value is None else row.value.quantize(HUNDREDTH)
        kept.setdefault(row.indicator_id, {})[row.as_of.year] = Fact(value, row.as_of)
    return [_kept(indicator, kept.get(indicator.pk, {}), on) for indicator in indicators]


def _kept(indicator: Indicator, facts: dict[int, Fact], on: date) -> IndicatorState:
    years = []
    for plan in indicator.plans.all():
        fact = facts.get(plan.year)
        minimum = indicator.minimum if plan.year >= (indicator.minimum_from or plan.year) else None
        day = fact.on if fact else min(date(plan.year, 12, 31), on)
        years.append(YearState(plan.year, plan.value, plan.printed, day, fact, minimum))
    newest = max(facts.values(), key=lambda fact: fact.on, default=None)
    return IndicatorState(indicator, years, newest or Fact(None, on))


def state_of(indicator: Indicator, programme: Programme, on: date) -> IndicatorState:
    years = []
    for plan in indicator.plans.all():
        end = date(plan.year, 12, 31)
        fact = fact_of(indicator, programme, min(end, on)) if on >= date(plan.year, 1, 1) else None
        from_year = indicator.minimum_from or plan.year
        minimum = indicator.minimum if plan.year >= from_year else None
        years.append(YearState(plan.year, plan.value, plan.printed, min(end, on), fact, minimum))
    now = years[-1].fact if years and years[-1].on == on and years[-1].fact else None
    return IndicatorState(indicator, years, now or fact_of(indicator, programme, on))
