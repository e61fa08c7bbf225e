"""What happened in assessment. Ids are UUIDs; moments and marks travel as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sreda.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPublished(Event):
    """A version of an item became the one that is given."""

    type: ClassVar[str] = "assessment.item.published"
    item_id: UUID
    version_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingPlanned(Event):
    type: ClassVar[str] = "assessment.sitting.planned"
    sitting_id: UUID
    organisation_id: UUID
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted(Event):
    type: ClassVar[str] = "assessment.attempt.started"
    attempt_id: UUID
    sitting_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptClosed(Event):
    """Handed in (`status` submitted) or ended by its term (ended)."""

    type: ClassVar[str] = "assessment.attempt.closed"
    attempt_id: UUID
    sitting_id: UUID
    person_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMarked(Event):
    """All of it is marked, or a mark of it has changed (`before`: the score until then)."""

    type: ClassVar[str] = "assessment.attempt.marked"
    attempt_id: UUID
    sitting_id: UUID
    person_id: UUID
    score: Decimal | None
    max_score: Decimal | None
    before: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksReleased(Event):
    type: ClassVar[str] = "assessment.marks.released"
    sitting_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksWithheld(Event):
    """Marks that learners could see are taken back."""

    type: ClassVar[str] = "assessment.marks.withheld"
    sitting_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealDecided(Event):
    type: ClassVar[str] = "assessment.appeal.decided"
    appeal_id: UUID
    attempt_id: UUID
    upheld: bool
