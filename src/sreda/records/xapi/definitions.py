"""What is known of an activity: its definitions in all statements, put together."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def merged(known: Json, told: Json) -> Json:
    """Language maps and extensions grow; what can be said only once is as told last."""
    made = {**known, **told}
    for name in ("name", "description", "extensions"):
        if name in known and name in told:
            made[name] = {**known[name], **told[name]}
    return made


def person(agent: Json, names: list[str]) -> Json:
    """The Person object of an Agent (part three, 2.4): every property is a list."""
    made: Json = {"objectType": "Person"}
    known = list(dict.fromkeys([*names, *([agent["name"]] if "name" in agent else [])]))
    if known:
        made["name"] = known
    for name in ("mbox", "mbox_sha1sum", "openid", "account"):
        if name in agent:
            made[name] = [agent[name]]
    return made
