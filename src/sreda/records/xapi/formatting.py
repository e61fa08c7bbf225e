"""The three ways a statement is shown: exact, ids, canonical (part three, 2.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sreda.records.xapi.parts import in_lists
from sreda.records.xapi.properties import COMPONENTS, IFIS

Json = dict[str, Any]


def only_ids(statement: Json) -> Json:
    """The least that identifies agents, groups, verbs and activities."""
    return _mapped(
        statement,
        agent=_least_agent,
        verb=lambda verb: {"id": verb["id"]},
        activity=lambda activity: {"id": activity["id"]},
    )


def canonical(
    statement: Json,
    languages: Sequence[str],
    definitions: Mapping[str, Json],
    displays: Mapping[str, Json],
) -> Json:
    """With the definitions and displays known here, each in the one language asked for."""

    def activity(thing: Json) -> Json:
        known = definitions.get(thing["id"]) or thing.get("definition")
        if not known:
            return thing
        return {**thing, "definition": in_language(known, languages)}

    def verb(thing: Json) -> Json:
        known = displays.get(thing["id"]) or thing.get("display")
        return {**thing, "display": one_language(known, languages)} if known else thing

    return _mapped(statement, agent=lambda thing: thing, verb=verb, activity=activity)


def activities_in(statement: Json) -> Iterable[Json]:
    """Every Activity of a statement, with the definition it came with."""
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        yield target
    elif kind == "SubStatement":
        yield from activities_in(target)
    yield from in_lists(statement.get("context", {}).get("contextActivities", {}))


def verbs_in(statement: Json) -> Iterable[Json]:
    yield statement["verb"]
    if statement["object"].get("objectType") == "SubStatement":
        yield statement["object"]["verb"]


def in_language(definition: Json, languages: Sequence[str]) -> Json:
    made = dict(definition)
    for name in ("name", "description"):
        if name in made:
            made[name] = one_language(made[name], languages)
    for name in COMPONENTS:
        if name in made:
            made[name] = [
                {**part, "description": one_language(part["description"], languages)}
                if "description" in part
                else part
                for part in made[name]
            ]
    return made


def one_language(words: Json, languages: Sequence[str]) -> Json:
    """The entry that fits best (RFC 4647, lookup); without one that fits, the first."""
    if len(words) < 2:
        return words
    lower = {tag.lower(): tag for tag in words}
    for wanted in languages:
        if wanted == "*":
            break
        asked = wanted.lower()
        while asked:
            if asked in lower:
                return {lower[asked]: words[lower[asked]]}
            narrower = next((tag for tag in lower if tag.startswith(asked + "-")), None)
            if narrower:
                return {lower[narrower]: words[lower[narrower]]}
            asked = asked.rpartition("-")[0]
    tag = "und" if "und" in words else next(iter(words))
    return {tag: words[tag]}


def accepted_languages(header: str) -> list[str]:
    """Tags of an Accept-Language header, the most wanted first."""
    found = []
    for place, part in enumerate(header.split(",")):
        tag, _semicolon, rest = part.strip().partition(";")
        weight = 1.0
        name, _equals, value = rest.strip().partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
        if tag and weight > 0:
            found.append((-weight, place, tag.strip()))
    return [tag for _weight, _place, tag in sorted(found)]


def _least_agent(agent: Json) -> Json:
    made = {k: agent[k] for k in ("objectType", *IFIS) if k in agent}
    if "member" in agent and not any(name in agent for name in IFIS):
        made["member"] = [_least_agent(member) for member in agent["member"]]
    return made


Map = Callable[[Json], Json]


def _mapped(thing: Json, *, agent: Map, verb: Map, activity: Map) -> Json:
    made = dict(thing)
    made["actor"] = agent(thing["actor"])
    made["verb"] = verb(thing["verb"])
    target = thing["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        made["object"] = activity(target)
    elif kind in {"Agent", "Group"}:
        made["object"] = agent(target)
    elif kind == "SubStatement":
        made["object"] = _mapped(target, agent=agent, verb=verb, activity=activity)
    if "authority" in made:
        made["authority"] = agent(made["authority"])
    if "context" in made:
        context = dict(made["context"])
        for name in ("instructor", "team"):
            if name in context:
                context[name] = agent(context[name])
        if "contextActivities" in context:
            context["contextActivities"] = {
                name: [activity(a) for a in ([found] if isinstance(found, dict) else found)]
                for name, found in context["contextActivities"].items()
            }
        for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
            if name in context:
                context[name] = [{**item, inner: agent(item[inner])} for item in context[name]]
        made["context"] = context
    return made
