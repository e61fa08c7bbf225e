"""History: the states an object had, by the day they took effect."""

from __future__ import annotations

from django.db import models

from sreda.kernel.models.base import Record


class Revision(Record):
    """An object's whole state from `effective_on`; the later recorded one wins on one day."""

    object_type = models.CharField(max_length=80)
    object_id = models.UUIDField()
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    state = models.JSONField()

    class Meta:
        indexes = [
            models.Index(
                fields=["object_type", "object_id", "-effective_on", "-recorded_at"],
                name="revision_of_object",
            )
        ]
