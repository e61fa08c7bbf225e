"""Reads of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q, QuerySet

from sreda.kernel.api import Ask, AuditEntry, kept
from sreda.kernel.models import AuditCheckpoint, AuditHead

# One step along the index for each distinct value, however long the log is.
_DISTINCT = """
WITH RECURSIVE step(value) AS (
    (SELECT {column} FROM kernel_auditentry ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM kernel_auditentry
             WHERE {column} > step.value ORDER BY {column} LIMIT 1)
      FROM step WHERE step.value IS NOT NULL
) SELECT value FROM step WHERE value IS NOT NULL AND value <> ''
"""


def distinct(column: Literal["action", "object_type"]) -> list[str]:
    return [value for (value,) in ask_distinct(column).rows()]


def ask_distinct(column: Literal["action", "object_type"]) -> Ask:
    return Ask(_DISTINCT.format(column=column))


def asks() -> list[Ask | None]:
    """What the page of the log asks in any case."""
    return [ask_distinct("action"), ask_distinct("object_type"), _head.ask(), _signed.ask()]


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the log reaches, and how far it is signed."""

    entries: int
    signed: int
    signed_at: datetime | None

    @property
    def unsigned(self) -> int:
        return self.entries - self.signed


def chain() -> Chain:
    head = next(iter(_head()), None)  # none before the first entry
    last = next(iter(_signed()), None)
    return Chain(
        head.position if head else 0, last.position if last else 0, last.at if last else None
    )


@kept
def _head() -> QuerySet[AuditHead]:
    return AuditHead.objects.order_by("pk")[:1]


@kept
def _signed() -> QuerySet[AuditCheckpoint]:
    return AuditCheckpoint.objects.order_by("-position")[:1]


def said_by(rows: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    """Entries by the name of who acted, or about the object with this id."""
    return rows.filter(Q(actor_label__icontains=text) | Q(object_id=text))
