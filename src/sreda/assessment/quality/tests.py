"""Figures of a whole test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from sreda.assessment.quality.moments import mean, quantile, variance


@dataclass(frozen=True, slots=True)
class TestFigures:
    """`alpha` is Cronbach's (1951), `error` the standard error of measurement in points.

    Both are None where there are too few people or items, or all have the same total."""

    __test__ = False

    count: int
    mean: float | None
    deviation: float | None
    median: float | None
    lowest: float | None
    highest: float | None
    alpha: float | None
    error: float | None


def test_figures(scores: Sequence[Sequence[float]]) -> TestFigures:
    """`scores[person][item]`: every person has the same items (a missing answer is 0)."""
    totals = [fsum(row) for row in scores]
    spread = variance(totals)
    deviation = sqrt(spread) if spread is not None else None
    alpha = None
    items = len(scores[0]) if scores else 0
    if items > 1 and spread:
        parts = [variance([row[n] for row in scores]) or 0.0 for n in range(items)]
        alpha = items / (items - 1) * (1 - fsum(parts) / spread)
    return TestFigures(
        count=len(totals),
        mean=mean(totals),
        deviation=deviation,
        median=quantile(totals, 0.5),
        lowest=min(totals, default=None),
        highest=max(totals, default=None),
        alpha=alpha,
        error=deviation * sqrt(max(0.0, 1 - alpha))
        if alpha is not None and deviation is not None
        else None,
    )


test_figures.__test__ = False  # type: ignore[attr-defined]
