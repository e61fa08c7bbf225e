"""The outbox: events stored with the change they tell of, delivered afterwards."""

from __future__ import annotations

from django.db import models

from sreda.kernel.models.base import Record


class OutboxEvent(Record):
    type = models.CharField(max_length=120, db_index=True)
    version = models.PositiveSmallIntegerField(default=1)
    payload = models.JSONField()
    occurred_at = models.DateTimeField(db_index=True)


class Delivery(models.Model):
    """One handler's share of one event: pending until it ran to its end, once."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=200)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(delivered_at__isnull=True),
                name="delivery_pending",
            )
        ]
