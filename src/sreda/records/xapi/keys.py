"""What a statement is found by: keys of 64 bits, one for each agent, verb, activity, registration.

An agent or activity has two keys: one under which statements about it are found, and one for the
wider search (related_agents, related_activities), where those are too that name it elsewhere. So
every search is one walk along an index, which two keys put together could not be.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

Json = dict[str, Any]

AGENT, AGENT_NEAR = "agent", "agent near"
ACTIVITY, ACTIVITY_NEAR = "activity", "activity near"
VERB, REGISTRATION, ORGANISATION = "verb", "registration", "organisation"
CREDENTIAL = "credential"
OWN = "sreda"  # the account by which Sreda itself vouches for statements
ATTACHMENT = "attachment"  # whose content came with the statement, by its SHA-2


@lru_cache(maxsize=16_384)
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


def registration_key(registration: str) -> int:
    return key(REGISTRATION, registration.lower())


def agent_key(agent: Json, *, near: bool) -> int | None:
    """Under which statements of an agent are found; None for an anonymous Group."""
    own = identity(agent)
    return None if own is None else key(AGENT_NEAR if near else AGENT, own)


def activity_key(iri: str, *, near: bool) -> int:
    return key(ACTIVITY_NEAR if near else ACTIVITY, iri)
