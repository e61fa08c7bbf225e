"""What every record of the region has."""

from __future__ import annotations

from django.db import models

from sreda.kernel.ids import uuid7


class Record(models.Model):
    """A row with a UUIDv7 key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
