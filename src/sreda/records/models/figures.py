"""Daily figures, counted from statements by a job."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from sreda.records.models.known import Verb


class DailyCount(models.Model):
    """Statements stored on one day (the region's calendar), by verb and organisation."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    verb = models.ForeignKey(Verb, models.CASCADE, related_name="+", db_constraint=False)
    organisation_id = models.UUIDField(null=True)
    statements = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "verb", "organisation_id"],
                nulls_distinct=False,
                name="daily_count_once",
            )
        ]


class FeedMark(models.Model):
    """One row: the last statement that is in ClickHouse too, and up to when all are."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stored = models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC))
    seq = models.BigIntegerField(default=0)
    through = models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC))

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="feed_mark_single")]


class CountMark(models.Model):
    """One row: up to when statements are counted."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    through = models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC))

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="count_mark_single")]
