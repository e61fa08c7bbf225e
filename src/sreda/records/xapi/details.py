"""The rules of what surrounds a statement: its result, context and attachments."""

from __future__ import annotations

import math
from typing import Any

from sreda.records.xapi.activities import activity, reference
from sreda.records.xapi.actors import actor, agent, group
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.parts import AGENT_ELSEWHERE, CONTEXT_ACTIVITIES_OF, Part, part_of
from sreda.records.xapi.properties import (
    ATTACHMENT,
    CONTEXT_1,
    CONTEXT_2,
    CONTEXT_ACTIVITIES,
    RESULT,
    SCORE,
)
from sreda.records.xapi.values import (
    Check,
    boolean,
    duration,
    each,
    extensions,
    iri,
    irl,
    language,
    language_map,
    length,
    media_type,
    object_of,
    sha2,
    text,
    uuid,
)

# Where a context names agents; the name under which each lies in an array.
_OF_AGENTS = {"instructor": "", "team": "", "contextAgents": "agent", "contextGroups": "group"}
_CONTEXT_AGENT = frozenset({"objectType", "agent", "relevantTypes"})
_CONTEXT_GROUP = frozenset({"objectType", "group", "relevantTypes"})


def result(value: Any) -> None:
    thing = object_of(value, RESULT)
    name = ""
    try:
        for name, found in thing.items():
            _RESULT_CHECKS[name](found)
    except Invalid as error:
        raise error.under(name) from None


def _score(value: Any) -> None:
    thing = object_of(value, SCORE)
    for name, number in thing.items():
        if (type(number) is not int and type(number) is not float) or abs(number) == math.inf:
            raise Invalid(name, "must be a number")
    scaled, raw = thing.get("scaled"), thing.get("raw")
    low, high = thing.get("min"), thing.get("max")
    if scaled is not None and not -1 <= scaled <= 1:
        raise Invalid("scaled", "must be between -1 and 1")
    if low is not None and high is not None and low >= high:
        raise Invalid("max", "must be greater than min")
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        raise Invalid("raw", "must be between min and max")


_RESULT_CHECKS: dict[str, Check] = {
    "score": _score,
    "success": boolean,
    "completion": boolean,
    "response": text,
    "duration": duration,
    "extensions": extensions,
}


def context(value: Any, edition: int, target: str, parts: list[Part]) -> None:
    thing = object_of(value, CONTEXT_2 if edition >= 2 else CONTEXT_1)
    name = ""
    try:
        for name, found in thing.items():
            if name == "contextActivities":
                parts.append(part_of(CONTEXT_ACTIVITIES_OF, found, _context_activities))
                continue
            _CONTEXT_CHECKS[name](found)
            if name in _OF_AGENTS:
                inner = _OF_AGENTS[name]
                named = (item[inner] for item in found) if inner else (found,)
                parts += [part_of(AGENT_ELSEWHERE, agent) for agent in named]
            if target != "Activity" and name in {"revision", "platform"}:
                raise Invalid("", "is only for statements whose object is an Activity")
    except Invalid as error:
        raise error.under(name) from None


def _context_activities(value: Any) -> None:
    thing = object_of(value, CONTEXT_ACTIVITIES)
    name = ""
    try:
        for name, found in thing.items():  # noqa: B007 - named in the fault
            if type(found) is dict:
                activity(found)  # a single one, as before 1.0.0
            else:
                each(found, activity, "must be an array of Activities")
    except Invalid as error:
        raise error.under(name) from None


def _context_agent(value: Any) -> None:
    _in_context(value, _CONTEXT_AGENT, "contextAgent", "agent", agent)


def _context_group(value: Any) -> None:
    _in_context(value, _CONTEXT_GROUP, "contextGroup", "group", group)


def _in_context(
    value: Any, allowed: frozenset[str], kind: str, inner: str, check_inner: Check
) -> None:
    """One of the contextAgents or contextGroups of the second edition."""
    thing = object_of(value, allowed)
    name = "objectType"
    try:
        if thing.get("objectType") != kind:
            raise Invalid("", f'must be "{kind}"')
        name = inner
        if inner not in thing:
            raise Invalid("", "is required")
        check_inner(thing[inner])
        if "relevantTypes" in thing:
            name = "relevantTypes"
            each(thing[name], iri, "must be an array of IRIs")
            if not thing[name]:
                raise Invalid("", "must have at least one IRI")
    except Invalid as error:
        raise error.under(name) from None


_CONTEXT_CHECKS: dict[str, Check] = {
    "registration": uuid,
    "instructor": actor,
    "team": group,
    "contextAgents": lambda found: each(found, _context_agent, "must be an array"),
    "contextGroups": lambda found: each(found, _context_group, "must be an array"),
    "revision": text,
    "platform": text,
    "language": language,
    "statement": reference,
    "extensions": extensions,
}


def attachment(value: Any) -> None:
    thing = object_of(value, ATTACHMENT)
    for name in ("usageType", "display", "contentType", "length", "sha2"):
        if name not in thing:
            raise Invalid(name, "is required")
    name = ""
    try:
        for name, found in thing.items():
            _ATTACHMENT_CHECKS[name](found)
    except Invalid as error:
        raise error.under(name) from None


_ATTACHMENT_CHECKS: dict[str, Check] = {
    "usageType": iri,
    "display": language_map,
    "description": language_map,
    "contentType": media_type,
    "length": length,
    "sha2": sha2,
    "fileUrl": irl,
}
