"""What statements tell of activities, verbs and agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from sreda.records.domain.writing.batch import Json, Prepared, Source
from sreda.records.xapi.definitions import merged
from sreda.records.xapi.keys import ACTIVITY, AGENT, VERB, identity, key
from sreda.records.xapi.parts import (
    DEFINED,
    NAMED,
    Part,
    activities_told,
    agents_told,
    verbs_told,
)
from sreda.records.xapi.reading import read_json, written_json


def learn(cursor: psycopg.Cursor[Any], fresh: list[Prepared], source: Source) -> list[Part]:
    """Writes what is not in the tables yet; returns the parts that told it."""
    wanted = DEFINED if source.defines else NAMED
    told = {id(part): part for one in fresh for part in one.parts if part.told < wanted}
    parts = list(told.values())
    if verbs := [verb for part in parts for verb in verbs_told(part)]:
        _learn_verbs(cursor, verbs, source.defines)
    if not source.defines:
        return parts
    activities = [
        activity
        for part in parts
        for activity in activities_told(part)
        if activity.get("definition")
    ]
    if activities:
        _learn_activities(cursor, activities)
    names = {
        (key(AGENT, known), agent["name"])
        for part in parts
        for agent in agents_told(part)
        if "name" in agent and (known := identity(agent)) is not None
    }
    if names:
        _learn_names(cursor, sorted(names))
    return parts


def _learn_verbs(cursor: psycopg.Cursor[Any], verbs: list[Json], defines: bool) -> None:
    told: dict[int, tuple[str, Json]] = {}
    for verb in verbs:
        known = told.get(key(VERB, verb["id"]), (verb["id"], {}))[1]
        display = verb.get("display", {}) if defines else {}
        told[key(VERB, verb["id"])] = (verb["id"], {**known, **display})
    _merge(
        cursor,
        "records_verb",
        "display",
        {k: (iri, display or None) for k, (iri, display) in told.items()},
        lambda known, new: {**known, **new},
    )


def _learn_activities(cursor: psycopg.Cursor[Any], activities: list[Json]) -> None:
    told: dict[int, tuple[str, Json | None]] = {}
    for activity in activities:
        number = key(ACTIVITY, activity["id"])
        before = told.get(number, ("", None))[1] or {}
        told[number] = (activity["id"], merged(before, activity["definition"]))
    _merge(cursor, "records_activity", "definition", told, merged)


def _merge(
    cursor: psycopg.Cursor[Any],
    table: str,
    column: str,
    told: dict[int, tuple[str, Json | None]],
    merge: Callable[[Json, Json], Json],
) -> None:
    """Rows in order of their keys, so that two writers never wait for each other in a circle."""
    order = sorted(told)
    cursor.execute(
        f"INSERT INTO {table} (key, iri, {column})"  # noqa: S608 - names of ours
        " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]) ORDER BY 1"
        " ON CONFLICT (key) DO NOTHING RETURNING key",
        [
            order,
            [told[k][0] for k in order],
            [written_json(d) if (d := told[k][1]) else "" for k in order],
        ],
    )
    made = {row[0] for row in cursor.fetchall()}
    rest = [k for k in order if k not in made and told[k][1]]
    if not rest:
        return
    cursor.execute(
        f"SELECT key, {column} FROM {table} WHERE key = ANY(%s) ORDER BY key FOR UPDATE",  # noqa: S608
        [rest],
    )
    for number, text in cursor.fetchall():
        known = read_json(text) if text else {}
        now = merge(known, told[number][1] or {})
        if now != known:
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE key = %s",  # noqa: S608
                [written_json(now), number],
            )


def _learn_names(cursor: psycopg.Cursor[Any], names: list[tuple[int, str]]) -> None:
    kept = [(agent, name) for agent, name in names if "\0" not in name and _whole(name)]
    cursor.execute(
        "INSERT INTO records_agentname (agent, name_key, name)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) ORDER BY 1, 2"
        " ON CONFLICT DO NOTHING",
        [[a for a, _n in kept], [key("name", n) for _a, n in kept], [n for _a, n in kept]],
    )


def _whole(name: str) -> bool:
    """A column of text takes it: it has no half of a surrogate pair."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
