"""What the bank keeps about an item beside its XML, and items read once and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sreda.assessment import qti
from sreda.assessment.models import ItemVersion
from sreda.assessment.qti.values.types import is_number

POINT = Decimal("0.0001")
BY_HAND = frozenset({"extended-text", "drawing", "upload"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of an item: see ItemVersion."""

    interactions: list[str]
    scored: bool
    adaptive: bool
    by_hand: bool
    max_score: Decimal | None
    language: str
    faults: list[dict[str, Any]]


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def points(value: object) -> Decimal | None:
    """A number of the engine as marks are kept: exact, four places; None for anything else."""
    match value:
        case bool():
            return None
        case int():
            return Decimal(value)
        case Fraction():
            whole = Decimal(value.numerator) / Decimal(value.denominator)
            return whole.quantize(POINT, ROUND_HALF_UP)
        case float() if value == value and abs(value) < 1e12:
            return Decimal(repr(value)).quantize(POINT, ROUND_HALF_UP)
    return None


@lru_cache(maxsize=512)
def _read(content: str) -> qti.Item:
    return qti.read_item(content)


def item_of(version: ItemVersion) -> qti.Item:
    """The version as the engine reads it; kept by the process, for a version does not change."""
    return _read(version.content)


def facts_of(item: qti.Item) -> Facts:
    outcome = item.outcomes.get("SCORE")
    human = any(one.external_scored == "human" for one in item.outcomes.values())
    kinds = sorted({one.kind for one in item.interactions})
    return Facts(
        interactions=kinds,
        scored=item.scoring is not None and outcome is not None,
        adaptive=item.adaptive,
        by_hand=human or (item.scoring is None and bool(BY_HAND & set(kinds))),
        max_score=max_score(item),
        language=item.language[:20],
        faults=[issue.as_dict() for issue in item.issues],
    )


def max_score(item: qti.Item) -> Decimal | None:
    """The greatest SCORE: as declared (normal-maximum or MAXSCORE), else what the item's own
    correct responses score; None where neither says."""
    outcome = item.outcomes.get("SCORE")
    if outcome is None:
        return None
    if outcome.normal_maximum is not None:
        return points(outcome.normal_maximum)
    most = item.outcomes.get("MAXSCORE")
    if most is not None and is_number(most.default):
        return points(most.default)
    right = {
        name: qti.to_json(declaration.correct)
        for name, declaration in item.responses.items()
        if declaration.correct is not None
    }
    if not right or item.scoring is None:
        return None
    gained = points(qti.score(item, right).outcomes.get("SCORE"))
    return gained if gained else None
