"""When are two statements the same? (2.3.1, "Statement Comparison Requirements")"""

from __future__ import annotations

from typing import Any

from sreda.records.xapi.formats import cut_duration, moment
from sreda.records.xapi.reading import written_json

Json = dict[str, Any]

ASSIGNED = frozenset({"id", "authority", "stored", "version", "timestamp"})


def same(stored: Json, sent: Json, *, attachments: bool = True) -> bool:
    """What the LRS may set itself, display names, definitions and the order of what has none do
    not count; a moment counts where the sender names one."""
    without = ASSIGNED if attachments else ASSIGNED | {"attachments"}
    if "timestamp" in sent and moment(stored.get("timestamp", "")) != moment(sent["timestamp"]):
        return False
    return _statement(stored, without) == _statement(sent, without)


def _statement(thing: Json, without: frozenset[str] = frozenset()) -> Json:
    made = {name: value for name, value in thing.items() if name not in without}
    made["actor"] = _agent(thing["actor"])
    made["verb"] = thing["verb"]["id"]
    made["object"] = _target(thing["object"])
    if "timestamp" in made:
        made["timestamp"] = moment(thing["timestamp"])
    if "context" in thing:
        made["context"] = _context(thing["context"])
    if "result" in thing and "duration" in thing["result"]:
        duration = cut_duration(thing["result"]["duration"])
        made["result"] = {**thing["result"], "duration": duration}
    return made


def _agent(agent: Json) -> Json:
    made = {"objectType": "Agent", **agent}
    if "mbox" in made:
        local, _at, domain = made["mbox"].rpartition("@")
        made["mbox"] = f"{local}@{domain.lower()}"
    if "mbox_sha1sum" in made:
        made["mbox_sha1sum"] = made["mbox_sha1sum"].lower()
    if "member" in made:
        made["member"] = _unordered(_agent(member) for member in made["member"])
    return made


def _unordered(things: Any) -> list[Json]:
    return sorted(things, key=lambda thing: written_json(sorted(thing.items(), key=str)))


def _target(target: Json) -> Any:
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        return {"objectType": kind, "id": target["id"]}
    if kind == "SubStatement":
        return _statement(target)
    if kind == "StatementRef":
        return {**target, "id": target["id"].lower()}
    return _agent(target)


def _context(context: Json) -> Json:
    made = dict(context)
    if "registration" in made:
        made["registration"] = made["registration"].lower()
    for name in ("instructor", "team"):
        if name in made:
            made[name] = _agent(made[name])
    if "contextActivities" in made:
        made["contextActivities"] = {
            name: sorted(a["id"] for a in ([found] if isinstance(found, dict) else found))
            for name, found in made["contextActivities"].items()
        }
    if "statement" in made:
        made["statement"] = {**made["statement"], "id": made["statement"]["id"].lower()}
    for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in made:
            made[name] = _unordered({**item, inner: _agent(item[inner])} for item in made[name])
    return made
