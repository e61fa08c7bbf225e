"""What every record of the region has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.encoding import force_str

from sreda.kernel.ids import uuid7


class Record(models.Model):
    """A row with a UUIDv7 key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: Any) -> str:
        """`get_…_display`; Django's own sorts all choices anew for each row of a list."""
        value = getattr(self, field.attname)
        found: str = force_str(_labels(field).get(value, value), strings_only=True)
        return found


@lru_cache(maxsize=1000)
def _labels(field: Any) -> dict[Any, Any]:
    return dict(field.flatchoices)
