"""Sharing out whole numbers so that they add up exactly (largest remainder)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from random import Random


def part(whole: int, percent: str) -> int:
    """The whole number nearest to a percentage of another."""
    exact = Decimal(whole) * Decimal(percent) / 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def apportion(total: int, weights: Sequence[int], least: int = 0) -> list[int]:
    """`total` split by weight, each share at least `least`; the shares add up to it exactly."""
    if not weights:
        return []
    rest = total - least * len(weights)
    if rest < 0:
        raise ValueError(f"{total} cannot give {len(weights)} shares of at least {least}")
    whole = sum(weights) or len(weights)
    given = [w if sum(weights) else 1 for w in weights]
    shares = [least + rest * w // whole for w in given]
    by_remainder = sorted(range(len(given)), key=lambda i: (-(rest * given[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def chosen(rng: Random, among: int, count: int) -> frozenset[int]:
    """`count` of the numbers 0…among-1."""
    return frozenset(rng.sample(range(among), count))
