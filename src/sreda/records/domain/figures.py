"""Daily figures: each statement is counted once, as soon as nothing older can come."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from sreda.records.models import CountMark
from sreda.records.queries.statements import consistent_through

_COUNT = """
INSERT INTO records_dailycount (day, verb_id, organisation_id, statements)
SELECT (stored AT TIME ZONE %s)::date, verb, organisation, count(*)
  FROM records_statement WHERE stored > %s AND stored <= %s GROUP BY 1, 2, 3
ON CONFLICT (day, verb_id, organisation_id)
DO UPDATE SET statements = records_dailycount.statements + excluded.statements
"""


def count_new() -> datetime:
    """Add what was stored since the last count; returns up to when everything is counted.

    Voided statements stay counted: the figure is of what came in.
    """
    with transaction.atomic():
        CountMark.objects.get_or_create(pk=1)
        mark = CountMark.objects.select_for_update().get(pk=1)
        through = consistent_through()
        if through > mark.through:
            with connection.cursor() as cursor:
                cursor.execute(_COUNT, [settings.TIME_ZONE, mark.through, through])
            mark.through = through
            mark.save(update_fields=["through"])
    return mark.through


def make_months(at: datetime) -> None:
    """The parts of tables for this month and the next two."""
    with connection.cursor() as cursor:
        for months in range(3):
            cursor.execute(
                "SELECT records_make_month(date_trunc('month', %s::timestamptz, 'UTC')"
                " + make_interval(months => %s))",
                [at, months],
            )
