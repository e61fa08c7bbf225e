"""The public face of assessment."""

from sreda.assessment.domain.demo import load_items, record_demo_assessment
from sreda.assessment.events import (
    AppealDecided,
    AttemptClosed,
    AttemptMarked,
    AttemptStarted,
    ItemPublished,
    MarksReleased,
    MarksWithheld,
    SittingPlanned,
)
from sreda.assessment.models import Attempt, Item, ItemResult, Sitting, Test

__all__ = [
    "AppealDecided",
    "Attempt",
    "AttemptClosed",
    "AttemptMarked",
    "AttemptStarted",
    "Item",
    "ItemPublished",
    "ItemResult",
    "MarksReleased",
    "MarksWithheld",
    "Sitting",
    "SittingPlanned",
    "Test",
    "load_items",
    "record_demo_assessment",
]
