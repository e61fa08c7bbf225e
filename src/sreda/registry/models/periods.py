"""Terms of records: from a day to a day, both included; without a last day, still open."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func, Q


class _DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


def period() -> Func:
    """The term as a range, for exclusion constraints."""
    return _DateRange(F("since"), F("until"), RangeBoundary(inclusive_upper=True))


def on_day(on: date, prefix: str = "") -> Q:
    """The term covers this day; `prefix` is a lookup path such as "posts__"."""
    return Q(**{f"{prefix}since__lte": on}) & (
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gte": on})
    )


def ordered_term(name: str) -> models.CheckConstraint:
    """The last day is not before the first."""
    return models.CheckConstraint(
        condition=Q(until__isnull=True) | Q(until__gte=F("since")), name=name
    )
