"""The rules of a statement: `check(statement, edition)` says nothing, or Invalid with the place.

It is given what `json.loads` made, so types are exact. It changes nothing. A fault is raised with
the place where it is and named from the outside in as it passes (`Invalid.under`), so that what
is right costs nothing for names.
"""

from __future__ import annotations

from typing import Any

from sreda.records.xapi.activities import activity, reference
from sreda.records.xapi.activities import verb as verb_rules
from sreda.records.xapi.actors import actor, agent, authority, group
from sreda.records.xapi.details import attachment, context, result
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import is_version
from sreda.records.xapi.parts import (
    ACTOR,
    AGENT_ELSEWHERE,
    TARGET,
    TARGET_WITHIN,
    VERB_OF,
    VERB_WITHIN,
    Part,
    part_of,
)
from sreda.records.xapi.properties import STATEMENT, SUB_STATEMENT, VOIDED
from sreda.records.xapi.values import each, object_of, timestamp, uuid


def check(statement: Any, edition: int, place: str = "") -> list[Part]:
    """A whole statement; returns the parts it is found by, but for its authority. `place` is put
    before the names of elements (`[3]` in a batch)."""
    try:
        return _statement(statement, edition)
    except Invalid as error:
        raise error.under(place) from None


def _statement(statement: Any, edition: int) -> list[Part]:
    thing = object_of(statement, STATEMENT)
    parts: list[Part] = []
    _body(thing, edition, parts)
    name = "id"
    try:
        if "id" in thing:
            uuid(thing["id"])
        if "authority" in thing:
            name = "authority"
            authority(thing["authority"])
        if "stored" in thing:
            name = "stored"
            timestamp(thing["stored"])
        if "version" in thing:
            name = "version"
            version = thing["version"]
            if type(version) is not str or not is_version(version, edition):
                also = ' or "2.0.x"' if edition >= 2 else ""
                raise Invalid("", f'must be "1.0" or "1.0.x"{also}')
    except Invalid as error:
        raise error.under(name) from None
    return parts


def _body(thing: dict[str, Any], edition: int, parts: list[Part], inner: bool = False) -> None:
    """What a statement and a SubStatement have alike."""
    name = "actor"
    try:
        if "actor" not in thing:
            raise Invalid("", "is required")
        parts.append(part_of(AGENT_ELSEWHERE if inner else ACTOR, thing["actor"], actor))
        name = "verb"
        if "verb" not in thing:
            raise Invalid("", "is required")
        verb = thing["verb"]
        parts.append(part_of(VERB_WITHIN if inner else VERB_OF, verb, verb_rules))
        name = "object"
        if "object" not in thing:
            raise Invalid("", "is required")
        kind = _target(thing["object"], edition, parts, inner)
        if verb["id"] == VOIDED and kind != "StatementRef":
            raise Invalid("objectType", 'must be "StatementRef": this statement voids')
        if "result" in thing:
            name = "result"
            result(thing["result"])
        if "context" in thing:
            name = "context"
            context(thing["context"], edition, kind, parts)
        if "timestamp" in thing:
            name = "timestamp"
            timestamp(thing["timestamp"])
        if "attachments" in thing:
            name = "attachments"
            each(thing["attachments"], attachment, "must be an array")
    except Invalid as error:
        raise error.under(name) from None


def _target(value: Any, edition: int, parts: list[Part], inner: bool) -> str:
    """The object of a statement; returns its objectType."""
    if type(value) is not dict:
        raise Invalid("", "must not be null" if value is None else "must be an object")
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        parts.append(part_of(TARGET_WITHIN if inner else TARGET, value, activity))
    elif kind == "Agent":
        parts.append(part_of(TARGET_WITHIN if inner else TARGET, value, agent))
    elif kind == "Group":
        parts.append(part_of(TARGET_WITHIN if inner else TARGET, value, group))
    elif kind == "StatementRef":
        reference(value)
    elif kind == "SubStatement" and not inner:
        _body(object_of(value, SUB_STATEMENT), edition, parts, inner=True)
    elif kind == "SubStatement":
        raise Invalid("", "a SubStatement must not contain another")
    else:
        raise Invalid("objectType", "must be Activity, Agent, Group, StatementRef or SubStatement")
    return str(kind)
