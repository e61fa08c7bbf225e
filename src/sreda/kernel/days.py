"""Days off of the whole country, by article 112 of the Labour Code of the Russian Federation.

What the Government moves from year to year by decree, and holidays of a region, are not among them.
"""

from __future__ import annotations

from datetime import date, timedelta

SATURDAY, MONDAY = 5, 0
HOLIDAYS = frozenset(
    {(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}
)


def is_day_off(day: date) -> bool:
    """Saturday, Sunday, a holiday, or the Monday to which a holiday of the weekend is moved."""
    return day.weekday() >= SATURDAY or _holiday(day) or _moved_to(day)


def _holiday(day: date) -> bool:
    return (day.month, day.day) in HOLIDAYS


def _moved_to(day: date) -> bool:
    """Those of January are moved by decree alone."""
    weekend = [day - timedelta(days=n) for n in (1, 2)]
    return day.weekday() == MONDAY and any(_holiday(one) and one.month > 1 for one in weekend)
