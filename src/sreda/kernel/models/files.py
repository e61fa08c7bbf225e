"""Files people hand in, kept by the hash of their content."""

from __future__ import annotations

from django.db import models

from sreda.kernel.models.base import Record


class StoredFile(Record):
    """The content lies under MEDIA_ROOT by its SHA-256; equal contents are kept once."""

    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    stored_at = models.DateTimeField()
    stored_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        return self.name
