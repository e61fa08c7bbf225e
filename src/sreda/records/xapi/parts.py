"""Parts of statements that come again and again: who did it, the verb, the lesson, its course.

The same part stands in thousands of statements. It is checked, its keys are worked out and what
it tells is written once; then it is known by its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from marshal import dumps
from typing import Any

from sreda.records.xapi.keys import (
    ACTIVITY,
    ACTIVITY_NEAR,
    AGENT,
    AGENT_NEAR,
    ORGANISATION,
    VERB,
    identities,
    key,
    registration_key,
)

Json = dict[str, Any]

# What a part is in its statement. One of a SubStatement is found by the wider search alone.
ACTOR, AGENT_ELSEWHERE = b"a", b"A"
VERB_OF, VERB_WITHIN = b"v", b"V"
TARGET, TARGET_WITHIN = b"o", b"O"
CONTEXT_ACTIVITIES_OF = b"c"

LARGEST = 4_096  # bytes of a part that is kept
ROOM = 8 * 1024 * 1024  # bytes of all that are kept

NAMED, DEFINED = 1, 2  # what of a part is written: that it is there; what it is called too


@dataclass(slots=True, eq=False)
class Part:
    """`keys` are those its statement is found by; `told` says how far it is in the tables."""

    kind: bytes
    value: Any
    keys: tuple[int, ...]
    told: int = 0


class _Known(dict[bytes, Part]):
    """Parts by their bytes; all are forgotten when there are too many."""

    size = 0

    def keep(self, mark: bytes, part: Part) -> None:
        if len(mark) <= LARGEST:
            self.size += len(mark)
            if self.size > ROOM:
                self.clear()
                self.size = len(mark)
            self[mark] = part


_known = _Known()


def part_of(kind: bytes, value: Any, check: Callable[[Any], None] | None = None) -> Part:
    """The part, checked with `check` unless one of the same bytes has passed it."""
    try:
        mark = kind + dumps(value, 2)
    except ValueError:  # nested too deeply for it: the check has its own word on that
        mark = b""
    known = _known.get(mark)
    if known is None:
        if check:
            check(value)
        known = Part(kind, value, tuple(_keys(kind, value)))
        if mark:
            _known.keep(mark, known)
    return known


def _keys(kind: bytes, value: Any) -> Iterator[int]:
    if kind == VERB_OF:
        yield key(VERB, value["id"])
    elif kind in {ACTOR, AGENT_ELSEWHERE}:
        yield from _keys_of_agent(value, kind == ACTOR)
    elif kind in {TARGET, TARGET_WITHIN}:
        if value.get("objectType", "Activity") == "Activity":
            if kind == TARGET:
                yield key(ACTIVITY, value["id"])
            yield key(ACTIVITY_NEAR, value["id"])
        else:
            yield from _keys_of_agent(value, kind == TARGET)
    elif kind == CONTEXT_ACTIVITIES_OF:
        for activity in in_lists(value):
            yield key(ACTIVITY_NEAR, activity["id"])


def _keys_of_agent(agent: Json, about: bool) -> Iterator[int]:
    for found in identities(agent):
        if about:
            yield key(AGENT, found)
        yield key(AGENT_NEAR, found)


def keys_of(
    statement: Json,
    parts: Iterable[Part],
    *,
    vouching: Iterable[int] = (),
    organisation: str | None = None,
) -> list[int]:
    """Every key of a statement with these parts, each once. `vouching` are keys of its authority;
    `organisation` is the one its source writes for."""
    keys = set(vouching)
    for part in parts:
        keys.update(part.keys)
    if "context" in statement and "registration" in statement["context"]:
        keys.add(registration_key(statement["context"]["registration"]))
    if organisation is not None:
        keys.add(key(ORGANISATION, organisation))
    return list(keys)


def keys_of_authority(authority: Json) -> tuple[int, ...]:
    return tuple(_keys_of_agent(authority, about=False))


def verbs_told(part: Part) -> Iterable[Json]:
    return (part.value,) if part.kind in {VERB_OF, VERB_WITHIN} else ()


def activities_told(part: Part) -> Iterable[Json]:
    """Activities of a part, with the definitions they came with."""
    if part.kind == CONTEXT_ACTIVITIES_OF:
        return in_lists(part.value)
    if part.kind in {TARGET, TARGET_WITHIN} and "id" in part.value:
        return (part.value,)
    return ()


def agents_told(part: Part) -> Iterable[Json]:
    """Agents and Groups of a part, members too."""
    of_agents = part.kind in {ACTOR, AGENT_ELSEWHERE}
    if of_agents or (part.kind in {TARGET, TARGET_WITHIN} and "id" not in part.value):
        return (part.value, *part.value.get("member", ()))
    return ()


def in_lists(activities: Json) -> Iterator[Json]:
    """Of a context, whether each kind has a list or, as before 1.0.0, a single one."""
    for found in activities.values():
        if type(found) is dict:
            yield found
        else:
            yield from found
