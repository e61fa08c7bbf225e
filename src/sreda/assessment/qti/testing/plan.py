"""Selection and ordering: which items one candidate gets, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .model import Child, ItemRef, Section, Test

# no test is longer; selection with replacement could ask for any number
LONGEST = 10_000


@dataclass(frozen=True)
class Entry:
    """One item in a candidate's test. `occurrence` counts from 1 where a selection with
    replacement takes an item again; `sections` are the identifiers around it, outermost first."""

    key: str
    ref: str
    occurrence: int
    part: str
    sections: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "key": self.key,
            "ref": self.ref,
            "occurrence": self.occurrence,
            "part": self.part,
            "sections": list(self.sections),
        }


def make_plan(test: Test, random: Random) -> tuple[Entry, ...]:
    """The same test and the same random numbers give the same plan."""
    found: list[tuple[str, tuple[str, ...], ItemRef]] = []
    room = _Room()
    for part in test.parts:
        for child in part.children:
            for sections, ref in _flat(child, (), random, room):
                found.append((part.identifier, sections, ref))
    counts: dict[str, int] = {}
    entries = []
    for part_name, sections, ref in found:
        counts[ref.identifier] = number = counts.get(ref.identifier, 0) + 1
        key = ref.identifier if number == 1 else f"{ref.identifier}.{number}"
        entries.append(Entry(key, ref.identifier, number, part_name, sections))
    return tuple(entries)


Placed = tuple[tuple[str, ...], ItemRef]


@dataclass
class _Room:
    """How many items a plan may still take."""

    left: int = LONGEST


def _flat(child: Child, above: tuple[str, ...], random: Random, room: _Room) -> list[Placed]:
    if isinstance(child, ItemRef):
        room.left -= 1
        return [(above, child)]
    return [item for _, placed in _arranged(child, above, random, room) for item in placed]


def _arranged(
    section: Section, above: tuple[str, ...], random: Random, room: _Room
) -> list[tuple[bool, list[Placed]]]:
    """What a section presents, in its order: (stays in its place, the items of one child)."""
    inner = (*above, section.identifier)
    groups: list[tuple[bool, list[Placed]]] = []
    for one in selected(section, random):
        if room.left <= 0:
            break
        if section.shuffle and isinstance(one, Section) and one.mixes:
            groups.extend(_arranged(one, inner, random, room))
        else:
            groups.append((one.fixed, _flat(one, inner, random, room)))
    if section.shuffle:
        places = [at for at, (fixed, _) in enumerate(groups) if not fixed]
        moved = [groups[at] for at in places]
        random.shuffle(moved)
        for at, group in zip(places, moved, strict=True):
            groups[at] = group
    return groups


def selected(section: Section, random: Random) -> list[Child]:
    """The children of a section that take part, in document order; required ones always do."""
    children = list(section.children)
    count = section.select
    if count is None:
        return children
    required = [at for at, child in enumerate(children) if child.required]
    free = min(max(0, count - len(required)), LONGEST)
    if section.with_replacement:
        chosen = [*required, *(random.choices(range(len(children)), k=free) if children else [])]
    else:
        others = [at for at in range(len(children)) if at not in set(required)]
        chosen = [*required, *random.sample(others, min(free, len(others)))]
    return [children[at] for at in sorted(chosen)]
