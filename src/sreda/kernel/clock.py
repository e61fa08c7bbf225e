"""The one place where time is read. Domain code is given its time instead."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    return timezone.now()


def today() -> date:
    """The date on the region's calendar (settings.TIME_ZONE)."""
    return timezone.localdate()
