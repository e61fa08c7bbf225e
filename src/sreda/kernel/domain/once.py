"""What one form makes once, however often it is sent."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


def made_before(model: type[M], key: UUID | None) -> M | None:
    """The record an earlier, equal form made under this key. Called in the transaction that makes
    it otherwise: of two sent at once the later waits here for what the earlier makes."""
    if key is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))", [str(key)])
    return model._default_manager.filter(pk=key).first()
