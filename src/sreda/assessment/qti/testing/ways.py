"""Places in a plan: what comes after an item, a section, a part."""

from __future__ import annotations

from collections.abc import Sequence

from .plan import Entry


def after(plan: Sequence[Entry], position: int, section: str) -> int:
    """The place behind a section that holds the item at `position`; without a section, behind
    the item itself."""
    part, at = plan[position].part, position + 1
    while section and at < len(plan) and plan[at].part == part and section in plan[at].sections:
        at += 1
    return at


def after_part(plan: Sequence[Entry], position: int) -> int:
    part = plan[position].part
    while position < len(plan) and plan[position].part == part:
        position += 1
    return position


def outer(entry: Entry, name: str) -> str:
    """The section that holds the section `name`, or the item where there is no name; empty where
    it stands in the part itself."""
    if not name:
        return entry.sections[-1] if entry.sections else ""
    at = entry.sections.index(name)
    return entry.sections[at - 1] if at else ""


def find(plan: Sequence[Entry], target: str, start: int, part: str) -> int | None:
    """The first item from `start` on that a branch to `target` means: an item, its n-th
    occurrence, or a section, in the same part."""
    for at in range(start, len(plan)):
        entry = plan[at]
        names = (entry.ref, entry.key, f"{entry.ref}.{entry.occurrence}", *entry.sections)
        if entry.part == part and target in names:
            return at
    return None
