"""How well two ways of marking agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal


def weighted_kappa(left: Sequence[Decimal], right: Sequence[Decimal]) -> float | None:
    """Cohen's kappa with quadratic weights (Cohen, 1968) over marks of the same things.

    1: always the same; 0: no better than by chance; None where there is nothing to compare or
    neither varies.
    """
    if len(left) != len(right):
        raise ValueError("two lists of one length")
    count = len(left)
    if not count:
        return None
    seen = sum(((a - b) ** 2 for a, b in zip(left, right, strict=True)), Decimal(0)) / count
    by_left, by_right = Counter(left), Counter(right)
    expected = sum(
        ((a - b) ** 2 * m * n for a, m in by_left.items() for b, n in by_right.items()), Decimal(0)
    ) / (count * count)
    return float(1 - seen / expected) if expected else None
