"""The rules of verbs and activities, and of references to statements."""

from __future__ import annotations

from typing import Any

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import is_uuid
from sreda.records.xapi.properties import (
    ACTIVITY,
    COMPONENT,
    COMPONENTS,
    DEFINITION,
    INTERACTIONS,
    REFERENCE,
    VERB,
)
from sreda.records.xapi.values import each, extensions, iri, irl, language_map, object_of, text

_DESCRIBES_INTERACTION = frozenset({"interactionType", "correctResponsesPattern", *COMPONENTS})


def verb(value: Any) -> None:
    thing = object_of(value, VERB)
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


def reference(value: Any) -> None:
    thing = object_of(value, REFERENCE)
    if thing.get("objectType") != "StatementRef":
        raise Invalid("objectType", 'must be "StatementRef"')
    if "id" not in thing:
        raise Invalid("id", "is required")
    if type(thing["id"]) is not str or not is_uuid(thing["id"]):
        raise Invalid("id", "must be a UUID in its usual form, a string")


def activity(value: Any) -> None:
    thing = object_of(value, ACTIVITY)
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
    thing = object_of(value, DEFINITION)
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
            each(thing[name], text, "must be an array of strings")
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
        thing = object_of(item, COMPONENT)
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

    each(value, component, "must be an array of interaction components")
