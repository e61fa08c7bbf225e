"""What should be looked at, and why: thresholds in the open, words elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sreda.assessment.quality.items import ItemFigures

SOME = 5  # below that nothing is said at all
FEW = 20  # below that nothing is said of discrimination or options
EASY, HARD = 0.95, 0.20
WEAK = 0.15
OMITTED = 0.20
IDLE = 0.02
AGREED = 0.60


class Remark(StrEnum):
    EASY = "easy"
    HARD = "hard"
    NEGATIVE = "negative"
    WEAK = "weak"
    OMITTED = "omitted"
    IDLE_OPTION = "idle_option"
    RIVAL_OPTION = "rival_option"
    MARKERS_DIFFER = "markers_differ"


@dataclass(frozen=True, slots=True)
class Told:
    """A remark and the figures its sentence needs."""

    remark: Remark
    figures: dict[str, float | str] = field(default_factory=dict)


def remarks_on(item: ItemFigures, *, kappa: float | None = None) -> list[Told]:
    """The most pressing first."""
    return list(_remarks(item, kappa))


def _remarks(item: ItemFigures, kappa: float | None) -> Iterator[Told]:
    if item.count < SOME:
        return
    enough = item.count >= FEW
    if enough and item.discrimination is not None and item.discrimination < 0:
        yield Told(Remark.NEGATIVE, {"discrimination": item.discrimination})
    elif enough and item.discrimination is not None and item.discrimination < WEAK:
        yield Told(Remark.WEAK, {"discrimination": item.discrimination})
    if enough:
        right = [c.mean_rest for c in item.choices if c.right and c.mean_rest is not None]
        for choice in item.choices:
            if choice.right or choice.mean_rest is None or choice.count < FEW // 4:
                continue
            if right and choice.mean_rest > max(right):
                yield Told(Remark.RIVAL_OPTION, {"option": choice.code, "share": choice.share})
    if item.difficulty is not None and item.difficulty < HARD:
        yield Told(Remark.HARD, {"difficulty": item.difficulty})
    if item.difficulty is not None and item.difficulty > EASY:
        yield Told(Remark.EASY, {"difficulty": item.difficulty})
    if item.count and item.omitted > OMITTED:
        yield Told(Remark.OMITTED, {"omitted": item.omitted})
    if enough:
        for choice in item.choices:
            if not choice.right and choice.share < IDLE:
                yield Told(Remark.IDLE_OPTION, {"option": choice.code, "share": choice.share})
    if kappa is not None and kappa < AGREED:
        yield Told(Remark.MARKERS_DIFFER, {"kappa": kappa})
