"""Finding statements: by keys, in the order they were stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sreda.records.clickhouse.client import Client, configured
from sreda.records.models import Activity, AgentName, Attachment, Verb
from sreda.records.queries import columns
from sreda.records.xapi.keys import (
    ACTIVITY,
    AGENT_NEAR,
    ATTACHMENT,
    ORGANISATION,
    VERB,
    activity_key,
    identity,
    key,
)
from sreda.records.xapi.reading import read_json

Json = dict[str, Any]
_IDENTIFIERS = frozenset({"account", "mbox", "mbox_sha1sum", "openid"})


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last statement given."""

    stored: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an agreement lets a source read: statements that have one of the keys `whose` and, where
    these are given, one of the verbs, activities (by their wider keys) and organisations."""

    whose: tuple[int, ...]
    organisations: tuple[UUID, ...] = ()
    verbs: tuple[int, ...] = ()
    activities: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Statements that have all the `keys`, by themselves or by what they refer to; of one
    `credential`, only what it wrote; of one `organisation`, only its own, not what refers to them;
    of `allowed`, only what one of them lets through."""

    keys: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: Cursor | None = None
    ascending: bool = False
    credential: UUID | None = None
    organisation: UUID | None = None
    limit: int = 100
    allowed: tuple[Allowed, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`bodies` are JSON texts, `places` where they lie; `more` is where the next page begins, None
    at the end."""

    bodies: list[str]
    places: list[Cursor]
    more: Cursor | None


def find(wanted: Wanted) -> Found:
    if wanted.allowed is not None and not wanted.allowed:
        return Found([], [], None)
    client = configured()
    rows = _in_columns(client, wanted) if client and wanted.allowed is None else _in_rows(wanted)
    page = rows[: wanted.limit]
    places = [Cursor(stored, seq) for stored, seq, _body in page]
    return Found([row[2] for row in page], places, places[-1] if len(rows) > wanted.limit else None)


def _in_rows(wanted: Wanted, *, of_sreda: bool = False) -> list[columns.Row]:
    sql, params = _sql(wanted, of_sreda) if wanted.allowed is None else _sql_of_allowed(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[columns.Row] = cursor.fetchall()
    return found


def _in_columns(client: Client, wanted: Wanted) -> list[columns.Row]:
    return columns.rows(
        client,
        keys=wanted.keys,
        since=wanted.since,
        until=wanted.until,
        after=(wanted.after.stored, wanted.after.seq) if wanted.after else None,
        ascending=wanted.ascending,
        credential=wanted.credential,
        organisation=wanted.organisation,
        limit=wanted.limit + 1,
    )


def _sql(wanted: Wanted, of_sreda: bool = False) -> tuple[str, list[Any]]:
    """Index-only scans over `records_ref` in order, merged where there are more; then statements.

    Names and directions are ours; every value is a parameter.
    """
    order = "stored, seq" if wanted.ascending else "stored DESC, seq DESC"
    span, within = _span(wanted)
    if not wanted.keys:
        where = " AND ".join(["NOT voided", *span])
        params = [*within]
        if wanted.credential:
            where += " AND credential = %s"
            params.append(wanted.credential)
        if wanted.organisation:
            where += " AND organisation = %s"
            params.append(wanted.organisation)
        return (
            f"SELECT stored, seq, body FROM records_statement WHERE {where}"  # noqa: S608
            f" ORDER BY {order} LIMIT %s",
            [*params, wanted.limit + 1],
        )
    params = []
    parts = []
    for number, one in enumerate(wanted.keys):
        where = " AND ".join(["key = %s", *span])
        parts.append(f"(SELECT stored, seq, entry FROM records_ref WHERE {where}) r{number}")  # noqa: S608
        params += [one, *within]
    source = parts[0] + "".join(f" JOIN {part} USING (stored, seq, entry)" for part in parts[1:])
    mine = " AND s.credential IS NULL" if of_sreda else ""
    if wanted.credential:
        mine = " AND s.credential = %s"
        params.append(wanted.credential)
    if wanted.organisation:
        mine += " AND s.organisation = %s"
        params.append(wanted.organisation)
    return (
        f"SELECT s.stored, s.seq, s.body FROM"  # noqa: S608
        f" (SELECT DISTINCT stored, seq FROM {source} ORDER BY {order}) r"
        f" JOIN records_statement s ON s.stored = r.stored AND s.seq = r.seq"
        f" WHERE NOT s.voided{mine}"
        f" ORDER BY {_of('r', order)} LIMIT %s",
        [*params, wanted.limit + 1],
    )


def _sql_of_allowed(wanted: Wanted) -> tuple[str, list[Any]]:
    """One walk for each person (or organisation) of an agreement, merged.

    Only keys of the statement itself count: one that is outside, but speaks of one within, is
    not found by it; nor does a search tell what a statement within refers to.
    """
    order = "stored, seq" if wanted.ascending else "stored DESC, seq DESC"
    span, within = _span(wanted)
    params: list[Any] = []
    walks = []
    for allowed in wanted.allowed or ():
        asked = set(wanted.keys).intersection(allowed.whose)
        where = ["w.key = k.key", "w.entry = w.seq", "NOT s.voided"]
        where += [part.replace("stored", "w.stored").replace(", seq)", ", w.seq)") for part in span]
        params += [list(asked or allowed.whose), *within]
        for one in wanted.keys:
            if one not in asked or len(asked) > 1:
                where.append(_HAS_KEY)
                params.append([one])
        also, more = _narrowed(allowed)
        where += also
        params += [*more, wanted.limit + 1]
        walks.append(
            "SELECT f.stored, f.seq FROM unnest(%s::bigint[]) k (key), LATERAL ("  # noqa: S608
            "SELECT w.stored, w.seq FROM records_ref w JOIN records_statement s"
            " ON s.stored = w.stored AND s.seq = w.seq"
            f" WHERE {' AND '.join(where)} ORDER BY {_of('w', order)} LIMIT %s) f"
        )
    return (
        "SELECT s.stored, s.seq, s.body FROM"  # noqa: S608
        f" (SELECT stored, seq FROM ({' UNION '.join(walks)}) u ORDER BY {order} LIMIT %s) r"
        " JOIN records_statement s ON s.stored = r.stored AND s.seq = r.seq"
        f" ORDER BY {_of('r', order)}",
        [*params, wanted.limit + 1],
    )


_HAS_KEY = (
    "EXISTS (SELECT 1 FROM records_ref o WHERE o.key = ANY(%s) AND o.stored = s.stored"
    " AND o.seq = s.seq AND o.entry = s.seq)"
)


def _narrowed(allowed: Allowed) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    params: list[Any] = []
    if allowed.verbs:
        where.append("s.verb = ANY(%s)")
        params.append(list(allowed.verbs))
    if allowed.organisations:
        where.append("s.organisation = ANY(%s)")
        params.append(list(allowed.organisations))
    if allowed.activities:
        where.append(_HAS_KEY)
        params.append(list(allowed.activities))
    return where, params


def _of(table: str, order: str) -> str:
    return ", ".join(f"{table}.{part.strip()}" for part in order.split(","))


def _span(wanted: Wanted) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    params: list[Any] = []
    if wanted.since:
        where.append("stored > %s")
        params.append(wanted.since)
    if wanted.until:
        where.append("stored <= %s")
        params.append(wanted.until)
    if wanted.after:
        sign = ">" if wanted.ascending else "<"
        # The first bound alone is what leaves out whole months.
        where.append(f"stored {sign}= %s AND (stored, seq) {sign} (%s, %s)")
        params += [wanted.after.stored, wanted.after.stored, wanted.after.seq]
    return where, params


def one(
    statement_id: str,
    *,
    voided: bool,
    credential: UUID | None = None,
    organisation: UUID | None = None,
    allowed: tuple[Allowed, ...] | None = None,
) -> str | None:
    """The JSON of one statement that is, or is not, voided."""
    sql = """SELECT s.body FROM records_statementid i
               JOIN records_statement s ON s.stored = i.stored AND s.seq = i.seq
              WHERE i.id = %s AND s.voided = %s"""
    params: list[Any] = [statement_id, voided]
    if credential:
        sql += " AND s.credential = %s"
        params.append(credential)
    if organisation:
        sql += " AND s.organisation = %s"
        params.append(organisation)
    if allowed is not None:
        ways = []
        for way in allowed:
            where, more = _narrowed(way)
            ways.append(" AND ".join([_HAS_KEY, *where]))
            params += [list(way.whose), *more]
        sql += f" AND ({' OR '.join(ways) or 'false'})"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    return row[0] if row else None


def found_through() -> datetime:
    """Everything stored up to this moment is found by `find`, or never came."""
    return columns.through() if configured() else consistent_through()


def consistent_through() -> datetime:
    """Everything stored up to this moment is in PostgreSQL already, or never came.

    A writer takes its number of transaction before it reads the clock for `stored`; so whoever
    might still commit something older is among the transactions with a number seen now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp(), (SELECT min(xact_start) FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
            " AND datname = current_database())"
        )
        now, oldest = cursor.fetchone()
    through: datetime = min(now, oldest) if oldest else now
    return through


def definitions(iris: Iterable[str]) -> dict[str, Json]:
    rows = Activity.objects.filter(key__in={key(ACTIVITY, iri) for iri in iris})
    return {row.iri: read_json(row.definition) for row in rows if row.definition}


def displays(iris: Iterable[str]) -> dict[str, Json]:
    rows = Verb.objects.filter(key__in={key(VERB, iri) for iri in iris})
    return {row.iri: read_json(row.display) for row in rows if row.display}


def names_of(agent_key: int) -> list[str]:
    rows = AgentName.objects.filter(agent=agent_key).order_by("id")
    return list(rows.values_list("name", flat=True)[:100])


def names_within(own: str, organisation: UUID) -> list[str]:
    """Under which names the newest statements of an organisation knew an agent, by its identity."""
    names: dict[str, None] = {}
    for body in _within(key(AGENT_NEAR, own), organisation, 100):
        for agent in _agents_in(read_json(body)):
            if identity(agent) == own and "name" in agent:
                names.setdefault(agent["name"])
    return list(names)


def of_sreda(verb: str, activity: str) -> Iterator[Json]:
    """What Sreda itself recorded with a verb about an activity, and nobody voided; newest first."""
    keys = (key(VERB, verb), activity_key(activity, near=False))
    after: Cursor | None = None
    while True:
        rows = _in_rows(Wanted(keys=keys, after=after, limit=500), of_sreda=True)
        for _stored, _seq, body in rows[:500]:
            if (found := read_json(body))["verb"]["id"] == verb:  # not one that refers to such
                yield found
        if len(rows) <= 500:
            return
        after = Cursor(*rows[499][:2])


def names_activity(iri: str, organisation: UUID) -> bool:
    """Whether a statement of the organisation speaks of the activity."""
    return bool(_within(activity_key(iri, near=True), organisation, 1))


def _within(one: int, organisation: UUID, most: int) -> list[str]:
    keys = (one, key(ORGANISATION, str(organisation)))
    return [body for _stored, _seq, body in _in_rows(Wanted(keys=keys, limit=most))]


def _agents_in(thing: Any) -> Iterator[Json]:
    """Whatever in a statement has an identifier of an agent."""
    if isinstance(thing, list):
        for one in thing:
            yield from _agents_in(one)
    elif isinstance(thing, dict):
        if not _IDENTIFIERS.isdisjoint(thing):
            yield thing
        for name, one in thing.items():
            if name not in {"extensions", "definition", "account"}:
                yield from _agents_in(one)


def attachments(hashes: Iterable[str]) -> dict[str, Attachment]:
    return {row.sha2: row for row in Attachment.objects.filter(sha2__in=set(hashes))}


def came_with(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of (statement, SHA-2) those where the content was sent with the statement: who only knows the
    hash of another's file does not get it."""
    digests = {key(ATTACHMENT, digest): digest for _statement, digest in pairs}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id::text, r.key FROM records_statementid i JOIN records_ref r"
            " ON r.stored = i.stored AND r.seq = i.seq AND r.entry = i.seq"
            " WHERE i.id = ANY(%s::uuid[]) AND r.key = ANY(%s)",
            [list({statement for statement, _digest in pairs}), list(digests)],
        )
        return {(statement, digests[number]) for statement, number in cursor.fetchall()}


def read(bodies: Sequence[str]) -> list[Json]:
    return [read_json(body) for body in bodies]
