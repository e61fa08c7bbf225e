"""Indicators as they stand: plan, federal minimum and computed fact of every year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sreda.programme.models import Indicator, Programme
from sreda.programme.queries.facts import COMPUTATIONS, Computation, Fact, fact_of


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
    def computation(self) -> Computation | None:
        return COMPUTATIONS.get(self.indicator.measure)


def states(programme: Programme, on: date) -> list[IndicatorState]:
    """Every indicator with its years; facts are of each year's end, or of `on` when it is nearer.

    The number of queries grows with indicators and years, not with the region.
    """
    found = Indicator.objects.filter(programme=programme, gone_at=None).prefetch_related("plans")
    return [state_of(indicator, programme, on) for indicator in found]


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
