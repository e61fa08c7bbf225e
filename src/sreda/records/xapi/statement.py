"""The rules of a statement: `check(statement, edition)` says nothing, or Invalid with the place.

It is given what `json.loads` made, so types are exact. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import (
    is_duration,
    is_iri,
    is_language,
    is_mailto,
    is_media_type,
    is_sha1,
    is_sha2,
    is_uuid,
    is_version,
    moment,
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

Check = Callable[[Any, str], None]


def check(statement: Any, edition: int, place: str = "") -> None:
    """A whole statement. `place` is put before the names of elements (`[3]` in a batch)."""
    at = f"{place}." if place else ""
    thing = _object(statement, STATEMENT, place or "statement", at)
    if "id" in thing:
        uuid(thing["id"], at + "id")
    _body(thing, at, edition)
    if "authority" in thing:
        _authority(thing["authority"], at + "authority")
    if "stored" in thing:
        timestamp(thing["stored"], at + "stored", edition)
    if "version" in thing:
        version = thing["version"]
        if type(version) is not str or not is_version(version, edition):
            raise Invalid(
                at + "version",
                'must be "1.0" or "1.0.x"' + (' or "2.0.x"' if edition >= 2 else ""),
            )


def _body(thing: dict[str, Any], at: str, edition: int, inner: bool = False) -> None:
    """What a statement and a SubStatement have alike."""
    for name in ("actor", "verb", "object"):
        if name not in thing:
            raise Invalid(at + name, "is required")
    actor(thing["actor"], at + "actor")
    verb = thing["verb"]
    _verb(verb, at + "verb")
    target = thing["object"]
    kind = _target(target, at + "object", edition, inner)
    if verb["id"] == VOIDED and kind != "StatementRef":
        raise Invalid(at + "object.objectType", 'must be "StatementRef": this statement voids')
    if "result" in thing:
        _result(thing["result"], at + "result")
    if "context" in thing:
        _context(thing["context"], at + "context", edition, kind)
    if "timestamp" in thing:
        timestamp(thing["timestamp"], at + "timestamp", edition)
    if "attachments" in thing:
        found = thing["attachments"]
        if type(found) is not list:
            raise Invalid(at + "attachments", "must be an array")
        for number, item in enumerate(found):
            _attachment(item, f"{at}attachments[{number}]")


# -- single values -----------------------------------------------------------------------------


def _object(
    value: Any, allowed: frozenset[str], place: str, at: str | None = None
) -> dict[str, Any]:
    if type(value) is not dict:
        raise Invalid(place, "must not be null" if value is None else "must be an object")
    if not value.keys() <= allowed:
        inside = f"{place}." if at is None else at
        name = next(key for key in value if key not in allowed)
        near = next((key for key in allowed if key.lower() == name.lower()), None)
        hint = f'; did you mean "{near}"? Names are case sensitive' if near else ""
        raise Invalid(f"{inside}{name}"[:300], f"is not a property known here{hint}")
    return value


def text(value: Any, place: str) -> str:
    if type(value) is not str:
        raise Invalid(place, "must not be null" if value is None else "must be a string")
    return value


def uuid(value: Any, place: str) -> None:
    if type(value) is not str or not is_uuid(value):
        raise Invalid(place, "must be a UUID in its usual form, a string")


def iri(value: Any, place: str) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid(place, "must be an IRI with a scheme, a string")


def irl(value: Any, place: str) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid(place, "must be an IRL with a scheme, a string")


def boolean(value: Any, place: str) -> None:
    if type(value) is not bool:
        raise Invalid(place, "must be true or false")


def timestamp(value: Any, place: str, edition: int = 1) -> None:
    if type(value) is not str or moment(value) is None:
        raise Invalid(
            place,
            "must be a timestamp such as 2024-05-06T07:08:09.123Z (ISO 8601, RFC 3339); "
            "an offset of -00:00 is refused",
        )


def language_map(value: Any, place: str) -> None:
    if type(value) is not dict:
        raise Invalid(place, "must be a language map: an object of language tags and strings")
    for tag, said in value.items():
        if not is_language(tag):
            raise Invalid(f"{place}.{tag}"[:300], "is not a language tag (RFC 5646)")
        if type(said) is not str:
            raise Invalid(f"{place}.{tag}", "must be a string")


def extensions(value: Any, place: str) -> None:
    """Keys are IRIs; what lies under them is nobody's business but its maker's, null too."""
    if type(value) is not dict:
        raise Invalid(place, "must be an object")
    for key in value:
        if not is_iri(key):
            raise Invalid(f"{place}.{key}"[:300], "the key must be an IRI with a scheme")


# -- agents and groups -------------------------------------------------------------------------


def actor(value: Any, place: str) -> None:
    """An Agent or a Group."""
    if type(value) is dict and value.get("objectType", "Agent") == "Group":
        group(value, place)
    else:
        agent(value, place)


def agent(value: Any, place: str) -> None:
    thing = _object(value, AGENT, place)
    if "objectType" in thing and thing["objectType"] != "Agent":
        raise Invalid(f"{place}.objectType", 'must be "Agent"')
    if not _identified(thing, place):
        raise Invalid(place, "needs one of mbox, mbox_sha1sum, openid, account")


def group(value: Any, place: str) -> None:
    thing = _object(value, GROUP, place)
    if thing.get("objectType") != "Group":
        raise Invalid(f"{place}.objectType", 'must be "Group"')
    identified = _identified(thing, place)
    if "member" in thing:
        members = thing["member"]
        if type(members) is not list:
            raise Invalid(f"{place}.member", "must be an array of Agents")
        if not members and not identified:
            raise Invalid(
                f"{place}.member", "must not be empty: nothing else identifies this Group"
            )
        for number, member in enumerate(members):
            agent(member, f"{place}.member[{number}]")
    elif not identified:
        raise Invalid(
            f"{place}.member", "is required, or one of mbox, mbox_sha1sum, openid, account"
        )


def _identified(thing: dict[str, Any], place: str) -> bool:
    """Checks the name and the one inverse functional identifier; False where there is none."""
    if "name" in thing:
        text(thing["name"], f"{place}.name")
    known = [name for name in IFIS if name in thing]
    if not known:
        return False
    if len(known) > 1:
        raise Invalid(place, f"has more than one identifier: {', '.join(known)}")
    name = known[0]
    value = thing[name]
    if name == "mbox":
        if type(value) is not str or not is_mailto(value):
            raise Invalid(f"{place}.mbox", 'must be "mailto:" and an e-mail address')
    elif name == "mbox_sha1sum":
        if type(value) is not str or not is_sha1(value):
            raise Invalid(f"{place}.mbox_sha1sum", "must be 40 hexadecimal digits")
    elif name == "openid":
        if type(value) is not str or not is_iri(value):
            raise Invalid(f"{place}.openid", "must be a URI")
    else:
        account = _object(value, ACCOUNT, f"{place}.account")
        for part in ("homePage", "name"):
            if part not in account:
                raise Invalid(f"{place}.account.{part}", "is required")
        irl(account["homePage"], f"{place}.account.homePage")
        text(account["name"], f"{place}.account.name")
    return True


def _authority(value: Any, place: str) -> None:
    """An Agent, or the pair of an OAuth application and its user (2.4.9)."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value, place)
        if any(name in value for name in IFIS):
            raise Invalid(place, "a Group that vouches must be anonymous")
        if len(value["member"]) != 2:
            raise Invalid(f"{place}.member", "must be two Agents: an application and its user")
    else:
        agent(value, place)


# -- verb and object ---------------------------------------------------------------------------


def _verb(value: Any, place: str) -> None:
    thing = _object(value, VERB, place)
    if "id" not in thing:
        raise Invalid(f"{place}.id", "is required")
    iri(thing["id"], f"{place}.id")
    if "display" in thing:
        language_map(thing["display"], f"{place}.display")


def _target(value: Any, place: str, edition: int, inner: bool) -> str:
    """The object of a statement; returns its objectType."""
    if type(value) is not dict:
        raise Invalid(place, "must not be null" if value is None else "must be an object")
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        activity(value, place)
    elif kind == "Agent":
        agent(value, place)
    elif kind == "Group":
        group(value, place)
    elif kind == "StatementRef":
        _reference(value, place)
    elif kind == "SubStatement" and not inner:
        _body(_object(value, SUB_STATEMENT, place), f"{place}.", edition, inner=True)
    elif kind == "SubStatement":
        raise Invalid(place, "a SubStatement must not contain another")
    else:
        raise Invalid(
            f"{place}.objectType", "must be Activity, Agent, Group, StatementRef or SubStatement"
        )
    return str(kind)


def _reference(value: Any, place: str) -> None:
    thing = _object(value, REFERENCE, place)
    if thing.get("objectType") != "StatementRef":
        raise Invalid(f"{place}.objectType", 'must be "StatementRef"')
    if "id" not in thing:
        raise Invalid(f"{place}.id", "is required")
    uuid(thing["id"], f"{place}.id")


def activity(value: Any, place: str) -> None:
    thing = _object(value, ACTIVITY, place)
    if "objectType" in thing and thing["objectType"] != "Activity":
        raise Invalid(f"{place}.objectType", 'must be "Activity"')
    if "id" not in thing:
        raise Invalid(f"{place}.id", "is required")
    iri(thing["id"], f"{place}.id")
    if "definition" in thing:
        definition(thing["definition"], f"{place}.definition")


def definition(value: Any, place: str) -> None:
    thing = _object(value, DEFINITION, place)
    for name, found in thing.items():
        if name in {"name", "description"}:
            language_map(found, f"{place}.{name}")
        elif name == "type":
            iri(found, f"{place}.type")
        elif name == "moreInfo":
            irl(found, f"{place}.moreInfo")
        elif name == "extensions":
            extensions(found, f"{place}.extensions")
    if not any(
        name in thing for name in ("interactionType", "correctResponsesPattern", *COMPONENTS)
    ):
        return
    kind = thing.get("interactionType")
    if kind is None and "interactionType" not in thing:
        raise Invalid(f"{place}.interactionType", "is required where an interaction is described")
    if type(kind) is not str or kind not in INTERACTIONS:
        raise Invalid(f"{place}.interactionType", "must be one of " + ", ".join(INTERACTIONS))
    if "correctResponsesPattern" in thing:
        patterns = thing["correctResponsesPattern"]
        if type(patterns) is not list:
            raise Invalid(f"{place}.correctResponsesPattern", "must be an array of strings")
        for number, pattern in enumerate(patterns):
            text(pattern, f"{place}.correctResponsesPattern[{number}]")
    for name in COMPONENTS:
        if name not in thing:
            continue
        if name not in INTERACTIONS[kind]:
            raise Invalid(f"{place}.{name}", f'does not belong to an interaction "{kind}"')
        _components(thing[name], f"{place}.{name}")


def _components(value: Any, place: str) -> None:
    if type(value) is not list:
        raise Invalid(place, "must be an array of interaction components")
    seen = set()
    for number, item in enumerate(value):
        here = f"{place}[{number}]"
        thing = _object(item, COMPONENT, here)
        if "id" not in thing:
            raise Invalid(f"{here}.id", "is required")
        known = text(thing["id"], f"{here}.id")
        if known in seen:
            raise Invalid(f"{here}.id", "is there twice in this list")
        seen.add(known)
        if "description" in thing:
            language_map(thing["description"], f"{here}.description")


# -- result, context, attachments --------------------------------------------------------------


def _result(value: Any, place: str) -> None:
    thing = _object(value, RESULT, place)
    for name, found in thing.items():
        if name == "score":
            _score(found, f"{place}.score")
        elif name in {"success", "completion"}:
            boolean(found, f"{place}.{name}")
        elif name == "response":
            text(found, f"{place}.response")
        elif name == "duration":
            if type(found) is not str or not is_duration(found):
                raise Invalid(f"{place}.duration", "must be an ISO 8601 duration such as PT1H30M")
        else:
            extensions(found, f"{place}.extensions")


def _score(value: Any, place: str) -> None:
    thing = _object(value, SCORE, place)
    for name, number in thing.items():
        if type(number) is not int and type(number) is not float:
            raise Invalid(f"{place}.{name}", "must be a number")
    scaled, raw = thing.get("scaled"), thing.get("raw")
    low, high = thing.get("min"), thing.get("max")
    if scaled is not None and not -1 <= scaled <= 1:
        raise Invalid(f"{place}.scaled", "must be between -1 and 1")
    if low is not None and high is not None and low >= high:
        raise Invalid(f"{place}.max", "must be greater than min")
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        raise Invalid(f"{place}.raw", "must be between min and max")


def _context(value: Any, place: str, edition: int, target: str) -> None:
    thing = _object(value, CONTEXT_2 if edition >= 2 else CONTEXT_1, place)
    for name, found in thing.items():
        here = f"{place}.{name}"
        if name == "contextActivities":
            _context_activities(found, here)
        elif name == "registration":
            uuid(found, here)
        elif name == "instructor":
            actor(found, here)
        elif name == "team":
            group(found, here)
        elif name in {"revision", "platform"}:
            text(found, here)
            if target != "Activity":
                raise Invalid(here, "is only for statements whose object is an Activity")
        elif name == "language":
            if type(found) is not str or not is_language(found):
                raise Invalid(here, "must be a language tag (RFC 5646)")
        elif name == "statement":
            _reference(found, here)
        elif name == "extensions":
            extensions(found, here)
        elif name == "contextAgents":
            _context_actors(found, here, "contextAgent", "agent", agent)
        else:
            _context_actors(found, here, "contextGroup", "group", group)


def _context_activities(value: Any, place: str) -> None:
    thing = _object(value, _CONTEXT_ACTIVITIES, place)
    for name, found in thing.items():
        here = f"{place}.{name}"
        if type(found) is list:
            for number, item in enumerate(found):
                activity(item, f"{here}[{number}]")
        else:
            activity(found, here)  # a single one, as before 1.0.0


_CONTEXT_ACTIVITIES = frozenset(CONTEXT_ACTIVITIES)


def _context_actors(value: Any, place: str, kind: str, name: str, inner: Check) -> None:
    """contextAgents and contextGroups of the second edition."""
    if type(value) is not list:
        raise Invalid(place, f"must be an array of {kind} objects")
    for number, item in enumerate(value):
        here = f"{place}[{number}]"
        thing = _object(item, frozenset({"objectType", name, "relevantTypes"}), here)
        if thing.get("objectType") != kind:
            raise Invalid(f"{here}.objectType", f'must be "{kind}"')
        if name not in thing:
            raise Invalid(f"{here}.{name}", "is required")
        inner(thing[name], f"{here}.{name}")
        if "relevantTypes" in thing:
            types = thing["relevantTypes"]
            if type(types) is not list or not types:
                raise Invalid(f"{here}.relevantTypes", "must be an array with at least one IRI")
            for count, one in enumerate(types):
                iri(one, f"{here}.relevantTypes[{count}]")


def _attachment(value: Any, place: str) -> None:
    thing = _object(value, ATTACHMENT, place)
    for name in ("usageType", "display", "contentType", "length", "sha2"):
        if name not in thing:
            raise Invalid(f"{place}.{name}", "is required")
    iri(thing["usageType"], f"{place}.usageType")
    language_map(thing["display"], f"{place}.display")
    if "description" in thing:
        language_map(thing["description"], f"{place}.description")
    if type(thing["contentType"]) is not str or not is_media_type(thing["contentType"]):
        raise Invalid(f"{place}.contentType", "must be an Internet media type")
    if type(thing["length"]) is not int or thing["length"] < 0:
        raise Invalid(f"{place}.length", "must be a number of bytes")
    if type(thing["sha2"]) is not str or not is_sha2(thing["sha2"]):
        raise Invalid(f"{place}.sha2", "must be the SHA-2 of the content in hexadecimal digits")
    if "fileUrl" in thing:
        irl(thing["fileUrl"], f"{place}.fileUrl")
