"""Days off against the production calendars that were published."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sreda.kernel.api import is_day_off

# Days off of working weeks, without those that decrees of the Government moved.
PUBLISHED = {
    2023: "1-2 1-3 1-4 1-5 1-6 2-23 3-8 5-1 5-9 6-12 11-6",
    2024: "1-1 1-2 1-3 1-4 1-5 1-8 2-23 3-8 5-1 5-9 6-12 11-4",
    2026: "1-1 1-2 1-5 1-6 1-7 1-8 2-23 3-9 5-1 5-11 6-12 11-4",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_days_off_are_those_of_the_law(year: int) -> None:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    off = {day for day in days if is_day_off(day)}
    weekends = {day for day in days if day.weekday() >= 5}
    assert weekends <= off
    told = {tuple(map(int, one.split("-"))) for one in PUBLISHED[year].split()}
    assert {(day.month, day.day) for day in off - weekends} == told
