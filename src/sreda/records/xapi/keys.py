"""What a statement is found by: keys of 64 bits, one for each agent, verb, activity, registration.

An agent or activity has two keys: one under which statements about it are found, and one for the
wider search (related_agents, related_activities), where those are too that name it elsewhere. So
every search is one walk along an index, which two keys put together could not be.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sreda.records.xapi.statement import CONTEXT_ACTIVITIES

Json = dict[str, Any]

AGENT, AGENT_NEAR = "agent", "agent near"
ACTIVITY, ACTIVITY_NEAR = "activity", "activity near"
VERB, REGISTRATION, ORGANISATION = "verb", "registration", "organisation"


@lru_cache(maxsize=131_072)
def key(kind: str, value: str) -> int:
    """A signed 64-bit key."""
    digest = blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def identity(agent: Json) -> str | None:
    """The inverse functional identifier as text; None for an anonymous Group.

    Letters of an e-mail address's domain are the same in both cases; nothing else is.
    """
    if "account" in agent:
        account = agent["account"]
        return f"account {account['homePage']} {account['name']}"
    if "mbox" in agent:
        local, _at, domain = agent["mbox"].rpartition("@")
        return f"mbox {local}@{domain.lower()}"
    if "mbox_sha1sum" in agent:
        return f"sha1 {agent['mbox_sha1sum'].lower()}"
    if "openid" in agent:
        return f"openid {agent['openid']}"
    return None


def identities(agent: Json) -> list[str]:
    """Of an Agent or Group and of a Group's members."""
    own = identity(agent)
    found = [own] if own is not None else []
    for member in agent.get("member", ()):
        one = identity(member)
        if one is not None:
            found.append(one)
    return found


class Found:
    """Agents and activities of one statement: those it is about, and all it names."""

    __slots__ = ("activities", "agents", "near_activities", "near_agents")

    def __init__(self, statement: Json, vouching: Iterable[str] = ()) -> None:
        self.agents: set[str] = set()
        self.near_agents: set[str] = set()
        self.activities: set[str] = set()
        self.near_activities: set[str] = set()
        self._walk(statement, self.agents, self.activities)
        authority = statement.get("authority")
        self.near_agents.update(vouching if authority is None else identities(authority))
        self.near_agents |= self.agents
        self.near_activities |= self.activities

    def _walk(self, thing: Json, agents: set[str], activities: set[str]) -> None:
        agents.update(identities(thing["actor"]))
        target = thing["object"]
        kind = target.get("objectType", "Activity")
        if kind == "Activity":
            activities.add(target["id"])
        elif kind in {"Agent", "Group"}:
            agents.update(identities(target))
        elif kind == "SubStatement":
            self._walk(target, self.near_agents, self.near_activities)
        if "context" in thing:
            self._context(thing["context"])

    def _context(self, context: Json) -> None:
        for name in ("instructor", "team"):
            if name in context:
                self.near_agents.update(identities(context[name]))
        if "contextAgents" in context:
            for item in context["contextAgents"]:
                self.near_agents.update(identities(item["agent"]))
        if "contextGroups" in context:
            for item in context["contextGroups"]:
                self.near_agents.update(identities(item["group"]))
        if "contextActivities" in context:
            for found in context["contextActivities"].values():
                if type(found) is dict:
                    self.near_activities.add(found["id"])
                else:
                    for activity in found:
                        self.near_activities.add(activity["id"])


def context_activities(context: Json) -> Iterable[Json]:
    given = context.get("contextActivities", {})
    for name in CONTEXT_ACTIVITIES:
        found = given.get(name, ())
        yield from (found,) if isinstance(found, dict) else found


def keys_of(
    statement: Json, *, vouching: Iterable[str] = (), organisation: str | None = None
) -> list[int]:
    """Every key of a checked statement, each once. `vouching` are the identities of the authority
    where it is not in the statement; `organisation` is the one its source writes for."""
    found = Found(statement, vouching)
    keys = [key(VERB, statement["verb"]["id"])]
    registration = statement.get("context", {}).get("registration")
    if registration is not None:
        keys.append(_uncached(REGISTRATION, registration.lower()))
    if organisation is not None:
        keys.append(key(ORGANISATION, organisation))
    keys += [key(AGENT, a) for a in found.agents]
    keys += [key(AGENT_NEAR, a) for a in found.near_agents]
    keys += [key(ACTIVITY, a) for a in found.activities]
    keys += [key(ACTIVITY_NEAR, a) for a in found.near_activities]
    return keys


_uncached = key.__wrapped__


def registration_key(registration: str) -> int:
    return _uncached(REGISTRATION, registration.lower())


def agent_key(agent: Json, *, near: bool) -> int | None:
    """Under which statements of an agent are found; None for an anonymous Group."""
    own = identity(agent)
    return None if own is None else key(AGENT_NEAR if near else AGENT, own)


def activity_key(iri: str, *, near: bool) -> int:
    return key(ACTIVITY_NEAR if near else ACTIVITY, iri)
