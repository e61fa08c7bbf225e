"""Means, variances and correlations of small lists; None where they do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt


def mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def variance(values: Sequence[float]) -> float | None:
    """Of a sample (n - 1)."""
    if len(values) < 2:
        return None
    middle = fsum(values) / len(values)
    return fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Pearson's; None where one of them does not vary."""
    if len(left) < 3:
        return None
    a, b = fsum(left) / len(left), fsum(right) / len(right)
    across = fsum((x - a) * (y - b) for x, y in zip(left, right, strict=True))
    spread = fsum((x - a) ** 2 for x in left) * fsum((y - b) ** 2 for y in right)
    return max(-1.0, min(1.0, across / sqrt(spread))) if spread > 0 else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """Linear between the two nearest ranks (type 7 of Hyndman and Fan, 1996)."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
