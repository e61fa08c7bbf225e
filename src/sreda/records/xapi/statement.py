"""The rules of a statement: `check(statement, edition)` says nothing, or Invalid with the place.

It is given what `json.loads` made, so types are exact. It changes nothing. A fault is raised with
the place where it is and named from the outside in as it passes (`Invalid.under`), so that what
is right costs nothing for names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import (
    is_duration,
    is_iri,
    is_language,
    is_mailto,
    is_media_type,
    is_moment,
    is_sha1,
    is_sha2,
    is_uuid,
    is_version,
)
from sreda.records.xapi.parts import (
    ACTOR,
    AGENT_ELSEWHERE,
    CONTEXT_ACTIVITIES_OF,
    TARGET,
    TARGET_WITHIN,
    VERB_OF,
    VERB_WITHIN,
    Part,
    part_of,
)

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"

STATEMENT = frozenset(
    {
        "id",
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "timestamp",
        "stored",
        "authority",
        "version",
        "attachments",
    }
)
SUB_STATEMENT = frozenset(
    {
        "objectType",
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "timestamp",
        "attachments",
    }
)
AGENT = frozenset(
    {
        "objectType",
        "name",
        "mbox",
        "mbox_sha1sum",
        "openid",
        "account",
    }
)
GROUP = AGENT | {"member"}
IFIS = ("mbox", "mbox_sha1sum", "openid", "account")
ACCOUNT = frozenset({"homePage", "name"})
VERB = frozenset({"id", "display"})
ACTIVITY = frozenset({"objectType", "id", "definition"})
DEFINITION = frozenset(
    {
        "name",
        "description",
        "type",
        "moreInfo",
        "interactionType",
        "correctResponsesPattern",
        "choices",
        "scale",
        "source",
        "target",
        "steps",
        "extensions",
    }
)
# 2.4.4.1: each kind of interaction, and the lists of components it may have.
INTERACTIONS: dict[str, frozenset[str]] = {
    "true-false": frozenset(),
    "choice": frozenset({"choices"}),
    "fill-in": frozenset(),
    "long-fill-in": frozenset(),
    "matching": frozenset({"source", "target"}),
    "performance": frozenset({"steps"}),
    "sequencing": frozenset({"choices"}),
    "likert": frozenset({"scale"}),
    "numeric": frozenset(),
    "other": frozenset(),
}
COMPONENTS = ("choices", "scale", "source", "target", "steps")
COMPONENT = frozenset({"id", "description"})
REFERENCE = frozenset({"objectType", "id"})
RESULT = frozenset(
    {
        "score",
        "success",
        "completion",
        "response",
        "duration",
        "extensions",
    }
)
SCORE = frozenset({"scaled", "raw", "min", "max"})
CONTEXT_1 = frozenset(
    {
        "registration",
        "instructor",
        "team",
        "contextActivities",
        "revision",
        "platform",
        "language",
        "statement",
        "extensions",
    }
)
CONTEXT_2 = CONTEXT_1 | {"contextAgents", "contextGroups"}
CONTEXT_ACTIVITIES = ("parent", "grouping", "category", "other")
ATTACHMENT = frozenset(
    {
        "usageType",
        "display",
        "description",
        "contentType",
        "length",
        "sha2",
        "fileUrl",
    }
)

_CONTEXT_ACTIVITIES = frozenset(CONTEXT_ACTIVITIES)
# Where a context names agents; the name under which each lies in an array.
_OF_AGENTS = {"instructor": "", "team": "", "contextAgents": "agent", "contextGroups": "group"}
_DESCRIBES_INTERACTION = frozenset({"interactionType", "correctResponsesPattern", *COMPONENTS})
_CONTEXT_AGENT = frozenset({"objectType", "agent", "relevantTypes"})
_CONTEXT_GROUP = frozenset({"objectType", "group", "relevantTypes"})

Check = Callable[[Any], None]


def check(statement: Any, edition: int, place: str = "") -> list[Part]:
    """A whole statement; returns the parts it is found by, but for its authority. `place` is put
    before the names of elements (`[3]` in a batch)."""
    try:
        return _statement(statement, edition)
    except Invalid as error:
        raise error.under(place) from None


def _statement(statement: Any, edition: int) -> list[Part]:
    thing = _object(statement, STATEMENT)
    parts: list[Part] = []
    _body(thing, edition, parts)
    name = "id"
    try:
        if "id" in thing:
            uuid(thing["id"])
        if "authority" in thing:
            name = "authority"
            _authority(thing["authority"])
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
        parts.append(part_of(VERB_WITHIN if inner else VERB_OF, verb, _verb))
        name = "object"
        if "object" not in thing:
            raise Invalid("", "is required")
        kind = _target(thing["object"], edition, parts, inner)
        if verb["id"] == VOIDED and kind != "StatementRef":
            raise Invalid("objectType", 'must be "StatementRef": this statement voids')
        if "result" in thing:
            name = "result"
            _result(thing["result"])
        if "context" in thing:
            name = "context"
            _context(thing["context"], edition, kind, parts)
        if "timestamp" in thing:
            name = "timestamp"
            timestamp(thing["timestamp"])
        if "attachments" in thing:
            name = "attachments"
            _each(thing["attachments"], _attachment, "must be an array")
    except Invalid as error:
        raise error.under(name) from None


# -- single values -----------------------------------------------------------------------------


def _object(value: Any, allowed: frozenset[str]) -> dict[str, Any]:
    if type(value) is not dict:
        raise Invalid("", "must not be null" if value is None else "must be an object")
    if not value.keys() <= allowed:
        name = next(key for key in value if key not in allowed)
        near = next((key for key in allowed if key.lower() == name.lower()), None)
        hint = f'; did you mean "{near}"? Names are case sensitive' if near else ""
        raise Invalid(name[:300], f"is not a property known here{hint}")
    return value


def _each(value: Any, inner: Check, reason: str) -> None:
    if type(value) is not list:
        raise Invalid("", "must not be null" if value is None else reason)
    number = 0
    try:
        for number, item in enumerate(value):  # noqa: B007 - named in the fault
            inner(item)
    except Invalid as error:
        raise error.under(number) from None


def text(value: Any) -> None:
    if type(value) is not str:
        raise Invalid("", "must not be null" if value is None else "must be a string")


def uuid(value: Any) -> None:
    if type(value) is not str or not is_uuid(value):
        raise Invalid("", "must be a UUID in its usual form, a string")


def iri(value: Any) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid("", "must be an IRI with a scheme, a string")


def irl(value: Any) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid("", "must be an IRL with a scheme, a string")


def boolean(value: Any) -> None:
    if type(value) is not bool:
        raise Invalid("", "must be true or false")


def timestamp(value: Any) -> None:
    if type(value) is not str or not is_moment(value):
        raise Invalid(
            "",
            "must be a timestamp such as 2024-05-06T07:08:09.123Z (ISO 8601, RFC 3339); "
            "an offset of -00:00 is refused",
        )


def duration(value: Any) -> None:
    if type(value) is not str or not is_duration(value):
        raise Invalid("", "must be an ISO 8601 duration such as PT1H30M")


def language(value: Any) -> None:
    if type(value) is not str or not is_language(value):
        raise Invalid("", "must be a language tag (RFC 5646)")


def language_map(value: Any) -> None:
    if type(value) is not dict:
        raise Invalid("", "must be a language map: an object of language tags and strings")
    for tag, said in value.items():
        if not is_language(tag):
            raise Invalid(tag[:300], "is not a language tag (RFC 5646)")
        if type(said) is not str:
            raise Invalid(tag, "must be a string")


def extensions(value: Any) -> None:
    """Keys are IRIs; what lies under them is nobody's business but its maker's, null too."""
    if type(value) is not dict:
        raise Invalid("", "must be an object")
    for key in value:
        if not is_iri(key):
            raise Invalid(key[:300], "the key must be an IRI with a scheme")


# -- agents and groups -------------------------------------------------------------------------


def actor(value: Any) -> None:
    """An Agent or a Group."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value)
    else:
        agent(value)


def agent(value: Any) -> None:
    thing = _object(value, AGENT)
    if "objectType" in thing and thing["objectType"] != "Agent":
        raise Invalid("objectType", 'must be "Agent"')
    if not _identified(thing):
        raise Invalid("", "needs one of mbox, mbox_sha1sum, openid, account")


def group(value: Any) -> None:
    thing = _object(value, GROUP)
    if thing.get("objectType") != "Group":
        raise Invalid("objectType", 'must be "Group"')
    identified = _identified(thing)
    if "member" not in thing:
        if not identified:
            raise Invalid("member", "is required, or one of mbox, mbox_sha1sum, openid, account")
        return
    try:
        members = thing["member"]
        _each(members, agent, "must be an array of Agents")
        if not members and not identified:
            raise Invalid("", "must not be empty: nothing else identifies this Group")
    except Invalid as error:
        raise error.under("member") from None


def _identified(thing: dict[str, Any]) -> bool:
    """Checks the name and the one inverse functional identifier; False where there is none."""
    if "name" in thing and type(thing["name"]) is not str:
        raise Invalid("name", "must be a string")
    known = [name for name in IFIS if name in thing]
    if not known:
        return False
    if len(known) > 1:
        raise Invalid("", f"has more than one identifier: {', '.join(known)}")
    name = known[0]
    value = thing[name]
    if name == "account":
        try:
            account = _object(value, ACCOUNT)
            for part in ("homePage", "name"):
                if part not in account:
                    raise Invalid(part, "is required")
            if type(account["homePage"]) is not str or not is_iri(account["homePage"]):
                raise Invalid("homePage", "must be an IRL with a scheme, a string")
            if type(account["name"]) is not str:
                raise Invalid("name", "must be a string")
        except Invalid as error:
            raise error.under(name) from None
    elif name == "mbox":
        if type(value) is not str or not is_mailto(value):
            raise Invalid(name, 'must be "mailto:" and an e-mail address')
    elif name == "mbox_sha1sum":
        if type(value) is not str or not is_sha1(value):
            raise Invalid(name, "must be 40 hexadecimal digits")
    elif type(value) is not str or not is_iri(value):
        raise Invalid(name, "must be a URI")
    return True


def _authority(value: Any) -> None:
    """An Agent, or the pair of an OAuth application and its user (2.4.9)."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value)
        if any(name in value for name in IFIS):
            raise Invalid("", "a Group that vouches must be anonymous")
        if len(value["member"]) != 2:
            raise Invalid("member", "must be two Agents: an application and its user")
    else:
        agent(value)


# -- verb and object ---------------------------------------------------------------------------


def _verb(value: Any) -> None:
    thing = _object(value, VERB)
    name = "id"
    try:
        if "id" not in thing:
            raise Invalid("", "is required")
        iri(thing["id"])
        if "display" in thing:
            name = "display"
            language_map(thing["display"])
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
        _reference(value)
    elif kind == "SubStatement" and not inner:
        _body(_object(value, SUB_STATEMENT), edition, parts, inner=True)
    elif kind == "SubStatement":
        raise Invalid("", "a SubStatement must not contain another")
    else:
        raise Invalid("objectType", "must be Activity, Agent, Group, StatementRef or SubStatement")
    return str(kind)


def _reference(value: Any) -> None:
    thing = _object(value, REFERENCE)
    if thing.get("objectType") != "StatementRef":
        raise Invalid("objectType", 'must be "StatementRef"')
    if "id" not in thing:
        raise Invalid("id", "is required")
    if type(thing["id"]) is not str or not is_uuid(thing["id"]):
        raise Invalid("id", "must be a UUID in its usual form, a string")


def activity(value: Any) -> None:
    thing = _object(value, ACTIVITY)
    if "objectType" in thing and thing["objectType"] != "Activity":
        raise Invalid("objectType", 'must be "Activity"')
    name = "id"
    try:
        if "id" not in thing:
            raise Invalid("", "is required")
        iri(thing["id"])
        if "definition" in thing:
            name = "definition"
            definition(thing["definition"])
    except Invalid as error:
        raise error.under(name) from None


def definition(value: Any) -> None:
    thing = _object(value, DEFINITION)
    name = ""
    try:
        for name, found in thing.items():
            if name in {"name", "description"}:
                language_map(found)
            elif name == "type":
                iri(found)
            elif name == "moreInfo":
                irl(found)
            elif name == "extensions":
                extensions(found)
    except Invalid as error:
        raise error.under(name) from None
    if not _DESCRIBES_INTERACTION.isdisjoint(thing):
        _interaction(thing)


def _interaction(thing: dict[str, Any]) -> None:
    name = "interactionType"
    try:
        if name not in thing:
            raise Invalid("", "is required where an interaction is described")
        kind = thing[name]
        if type(kind) is not str or kind not in INTERACTIONS:
            raise Invalid("", "must be one of " + ", ".join(INTERACTIONS))
        if "correctResponsesPattern" in thing:
            name = "correctResponsesPattern"
            _each(thing[name], text, "must be an array of strings")
        for name in COMPONENTS:
            if name in thing:
                if name not in INTERACTIONS[kind]:
                    raise Invalid("", f'does not belong to an interaction "{kind}"')
                _components(thing[name])
    except Invalid as error:
        raise error.under(name) from None


def _components(value: Any) -> None:
    seen: set[str] = set()

    def component(item: Any) -> None:
        thing = _object(item, COMPONENT)
        name = "id"
        try:
            if "id" not in thing:
                raise Invalid("", "is required")
            text(thing["id"])
            if thing["id"] in seen:
                raise Invalid("", "is there twice in this list")
            seen.add(thing["id"])
            if "description" in thing:
                name = "description"
                language_map(thing["description"])
        except Invalid as error:
            raise error.under(name) from None

    _each(value, component, "must be an array of interaction components")


# -- result, context, attachments --------------------------------------------------------------


def _result(value: Any) -> None:
    thing = _object(value, RESULT)
    name = ""
    try:
        for name, found in thing.items():
            _RESULT_CHECKS[name](found)
    except Invalid as error:
        raise error.under(name) from None


def _score(value: Any) -> None:
    thing = _object(value, SCORE)
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


def _context(value: Any, edition: int, target: str, parts: list[Part]) -> None:
    thing = _object(value, CONTEXT_2 if edition >= 2 else CONTEXT_1)
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
    thing = _object(value, _CONTEXT_ACTIVITIES)
    name = ""
    try:
        for name, found in thing.items():  # noqa: B007 - named in the fault
            if type(found) is dict:
                activity(found)  # a single one, as before 1.0.0
            else:
                _each(found, activity, "must be an array of Activities")
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
    thing = _object(value, allowed)
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
            _each(thing[name], iri, "must be an array of IRIs")
            if not thing[name]:
                raise Invalid("", "must have at least one IRI")
    except Invalid as error:
        raise error.under(name) from None


_CONTEXT_CHECKS: dict[str, Check] = {
    "registration": uuid,
    "instructor": actor,
    "team": group,
    "contextAgents": lambda found: _each(found, _context_agent, "must be an array"),
    "contextGroups": lambda found: _each(found, _context_group, "must be an array"),
    "revision": text,
    "platform": text,
    "language": language,
    "statement": _reference,
    "extensions": extensions,
}


def media_type(value: Any) -> None:
    if type(value) is not str or not is_media_type(value):
        raise Invalid("", "must be an Internet media type")


def length(value: Any) -> None:
    if type(value) is not int or value < 0:
        raise Invalid("", "must be a number of bytes")


def sha2(value: Any) -> None:
    if type(value) is not str or not is_sha2(value):
        raise Invalid("", "must be the SHA-2 of the content in hexadecimal digits")


def _attachment(value: Any) -> None:
    thing = _object(value, ATTACHMENT)
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
