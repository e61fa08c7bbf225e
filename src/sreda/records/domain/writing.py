"""The way a batch of statements takes: check, prepare, store.

It is given a psycopg connection inside a transaction and uses nothing of Django, so that any
process may write: `prepare(…)` outside the transaction, `store(…)` within, `Stored.remember()`
after the commit. What was acknowledged is committed; what was not left nothing.

Two batches with the same id, or one that refers to what the other brings, meet at the row of the
id in `records_statementid`: the later waits for the earlier. Rows are taken in order of their ids.
"""

from __future__ import annotations

import gc
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors

from sreda.kernel.ids import uuid7
from sreda.records.xapi.attachments import attachments_in, match
from sreda.records.xapi.compare import same
from sreda.records.xapi.definitions import merged
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, in_utc, written
from sreda.records.xapi.keys import ACTIVITY, AGENT, ATTACHMENT, VERB, identity, key
from sreda.records.xapi.parts import (
    DEFINED,
    NAMED,
    Part,
    activities_told,
    agents_told,
    keys_of,
    keys_of_authority,
    verbs_told,
)
from sreda.records.xapi.reading import read_json, written_json
from sreda.records.xapi.statement import VOIDED, check

Json = dict[str, Any]
Connection = psycopg.Connection[Any]


ATTEMPTS = 4
LARGE = 50  # statements in a batch
# Met when two writers want each other's rows, or a month's part went with a rolled back write:
# after forget_months() the batch may be stored again.
AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.CheckViolation)


class Conflict(Exception):
    """A statement with this id, but other content, is here already."""

    def __init__(self, statement_id: str) -> None:
        super().__init__(statement_id)
        self.statement_id = statement_id


class NotYours(Exception):
    """The source may not void a statement of another."""

    def __init__(self, statement_id: str) -> None:
        super().__init__(statement_id)
        self.statement_id = statement_id


@dataclass(frozen=True)
class Source:
    """Who writes: its credential (None: Sreda itself), the JSON of its authority, and rights."""

    authority: str
    credential: UUID | None = None
    organisation: UUID | None = None
    defines: bool = True
    voids_any: bool = False
    vouching: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vouching", keys_of_authority(read_json(self.authority)))


@dataclass(slots=True)
class Prepared:
    """One checked statement; `text` is its JSON without the closing brace and what the LRS sets."""

    id: str
    statement: Json
    text: str
    verb: int
    keys: list[int]
    parts: list[Part]
    target: str | None
    voids: bool
    organisation: str | None


@dataclass(slots=True)
class Stored:
    """Outcome of a batch: its ids in order, and how many were new."""

    ids: list[str]
    new: int
    told: list[Part]
    defined: bool

    def remember(self) -> None:
        """After the commit: descriptions known now need not be written again soon."""
        for part in self.told:
            part.told = max(part.told, DEFINED if self.defined else NAMED)


_months: set[tuple[int, int]] = set()


def prepare(
    statements: Sequence[Json],
    *,
    edition: int,
    source: Source,
    organisations: Sequence[UUID | None] | None = None,
    texts: Sequence[str] | None = None,
) -> list[Prepared]:
    """Check every statement of a batch and make it ready; Invalid names the place (`[3].actor`).

    `texts` are the statements as they were sent: what needs no change is kept to the letter.
    """
    made = []
    several = len(statements) > 1
    known: set[str] = set()
    for number, statement in enumerate(statements):
        parts = check(statement, edition, f"[{number}]" if several else "")
        one = _prepared(
            statement,
            parts,
            edition,
            source,
            organisations[number] if organisations else source.organisation,
            texts[number] if texts else None,
        )
        if one.id in known:
            raise Invalid(f"[{number}].id", f"{one.id} is in this batch twice")
        known.add(one.id)
        made.append(one)
    return made


def _prepared(
    sent: Json,
    parts: list[Part],
    edition: int,
    source: Source,
    organisation: UUID | None,
    text: str | None,
) -> Prepared:
    statement = _listed(sent)
    if edition > 1 and "timestamp" in sent:
        at = in_utc(sent["timestamp"])
        if at != sent["timestamp"]:
            statement = {**statement, "timestamp": at}
    if "authority" in sent or "stored" in sent:
        statement = {n: v for n, v in statement.items() if n not in {"authority", "stored"}}
    text = written_json(statement)[:-1] if text is None or statement is not sent else text[:-1]
    own = sent.get("id")
    if own is None:
        own = str(uuid7())
        text += f',"id":"{own}"'
        statement = {**statement, "id": own}
    if "version" not in sent:
        text += f',"version":"{EDITIONS[edition] if edition > 1 else "1.0.0"}"'
    own = own.lower()
    target = statement["object"]
    refers = target.get("objectType") == "StatementRef"
    place = str(organisation) if organisation else None
    return Prepared(
        id=own,
        statement=statement,
        text=text,
        verb=key(VERB, statement["verb"]["id"]),
        keys=keys_of(statement, parts, vouching=source.vouching, organisation=place),
        parts=parts,
        target=target["id"].lower() if refers else None,
        voids=refers and statement["verb"]["id"] == VOIDED,
        organisation=place,
    )


def fit(batch: Sequence[Prepared], contents: Mapping[str, bytes], edition: int) -> None:
    """Check a prepared batch against the attachments that came with it, by their SHA-2; each
    statement keeps which came with it."""
    several = len(batch) > 1
    statements = [one.statement for one in batch]
    named = {
        item["sha2"].lower()
        for statement in statements
        if "attachments" in statement or statement["object"].get("objectType") == "SubStatement"
        for _place, item in attachments_in(statement)
    }
    if not named and not contents:
        return
    from sreda.records.xapi.signature import verify  # cryptography, in the few that need it

    match(statements, dict(contents))
    for one in batch:
        came = {item["sha2"].lower() for _place, item in attachments_in(one.statement)}
        one.keys += [key(ATTACHMENT, digest) for digest in sorted(came & contents.keys())]
    for number, statement in enumerate(statements):
        verify(statement, dict(contents), edition, f"[{number}]" if several else "")


@contextmanager
def without_collecting(large: bool) -> Iterator[None]:
    """JSON has no circles: looking for them among a large batch costs more than checking it."""
    large = large and gc.isenabled()
    if large:
        gc.disable()
    try:
        yield
    finally:
        if large:
            gc.enable()


def _listed(thing: Json) -> Json:
    """With context activities in arrays, as they are given back (2.4.6.2)."""
    activities = thing["context"].get("contextActivities") if "context" in thing else None
    if activities and dict in map(type, activities.values()):
        listed = {n: [f] if type(f) is dict else f for n, f in activities.items()}
        thing = {**thing, "context": {**thing["context"], "contextActivities": listed}}
    inner = thing["object"]
    if inner.get("objectType") == "SubStatement" and (made := _listed(inner)) is not inner:
        thing = {**thing, "object": made}
    return thing


_BEGIN = """
SELECT pg_current_xact_id()::text, clock_timestamp(),
       (SELECT array_agg(nextval('records_statement_seq')) FROM generate_series(1, %s))
"""
_IDS = """
INSERT INTO records_statementid (id, stored, seq)
SELECT id, CASE WHEN seq IS NOT NULL THEN %s::timestamptz END, seq
  FROM unnest(%s::uuid[], %s::bigint[]) AS sent (id, seq) ORDER BY id
ON CONFLICT (id) DO UPDATE SET stored = excluded.stored, seq = excluded.seq
 WHERE records_statementid.seq IS NULL AND excluded.seq IS NOT NULL
RETURNING id::text
"""
_EXISTING = """
SELECT i.id::text, s.body FROM records_statementid i
  JOIN records_statement s ON s.stored = i.stored AND s.seq = i.seq WHERE i.id = ANY(%s::uuid[])
"""
_AWAITED = "SELECT target::text FROM records_statementref WHERE target = ANY(%s::uuid[])"


def store(connection: Connection, batch: list[Prepared], source: Source) -> Stored:
    """Write a prepared batch in the caller's transaction.

    A statement that is here already, and is the same, is left alone; with other content the
    whole batch is refused (Conflict). The caller rolls back on any exception.
    """
    with connection.cursor() as cursor:
        return _store(cursor, batch, source)


def _store(cursor: psycopg.Cursor[Any], batch: list[Prepared], source: Source) -> Stored:
    cursor.execute(_BEGIN, [len(batch)])
    _xact, stored, numbers = cursor.fetchone()  # type: ignore[misc]
    _make_month(cursor, stored)
    seqs: dict[str, int | None] = {one.target: None for one in batch if one.target}
    seqs.update(zip((one.id for one in batch), numbers, strict=True))
    if unheard_of := _all_new(cursor, batch, seqs, stored):
        fresh = batch
    else:
        cursor.execute(_IDS, [stored, list(seqs), list(seqs.values())])
        own = {one.id for one in batch}
        new = own.intersection(row[0] for row in cursor.fetchall())
        if len(new) < len(own):
            _same_as_here(cursor, batch, new)
        fresh = [one for one in batch if one.id in new]
    if fresh:
        _copy(cursor, fresh, seqs, stored, source)
    if fresh and not unheard_of:
        _link(cursor, fresh, seqs, stored, source)
    told = _learn(cursor, fresh, source)
    return Stored([one.id for one in batch], len(fresh), told, source.defines)


def _all_new(
    cursor: psycopg.Cursor[Any],
    batch: list[Prepared],
    seqs: dict[str, int | None],
    stored: datetime,
) -> bool:
    """Claim all ids of a large batch at once, as is usual; False where one of them is here, or is
    referred to, already. Like `_IDS` in order of the ids, and waiting for who has the same."""
    if len(batch) < LARGE or any(one.target for one in batch):
        return False
    micros = _micros(stored)
    rows = sorted(
        _ID(3, 16, bytes.fromhex(own.replace("-", "")), 8, micros, 8, seq)
        for own, seq in seqs.items()
    )
    cursor.execute("SAVEPOINT records_ids")
    try:
        with cursor.copy(
            "COPY records_statementid (id, stored, seq) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.write(b"".join([_BEGINNING, *rows, _END]))
    except errors.UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT records_ids")
        return False
    cursor.execute("RELEASE SAVEPOINT records_ids")
    return True


def _make_month(cursor: psycopg.Cursor[Any], stored: datetime) -> None:
    month = (stored.year, stored.month)
    if month not in _months:
        cursor.execute("SELECT records_make_month(%s)", [stored])
        _months.add(month)


def forget_months() -> None:
    """After a failed write: the part made in it is gone with it."""
    _months.clear()


def _same_as_here(cursor: psycopg.Cursor[Any], batch: list[Prepared], new: set[str]) -> None:
    repeated = {one.id: one.statement for one in batch if one.id not in new}
    cursor.execute(_EXISTING, [list(repeated)])
    for known, body in cursor.fetchall():
        if not same(read_json(body), repeated[known]):
            raise Conflict(known)


# The binary form of COPY: the server parses nothing, and JSON needs no escapes.
_BEGINNING = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_ID = struct.Struct(">hi16siqiq").pack  # three columns: id, stored, seq
_ROW = struct.Struct(">hiqiqi16siq").pack  # seven columns: stored, seq, id, verb …
_UUID = struct.Struct(">i16s").pack
_NULL = struct.pack(">i", -1)
_LENGTH = struct.Struct(">i").pack
_KEY = struct.Struct(">hiq").pack  # four columns: key …
_PLACE = struct.Struct(">iqiqiq").pack  # … stored, seq, entry
_AT_ONCE = 250  # rows made while the server takes those before them


def _copy(
    cursor: psycopg.Cursor[Any],
    fresh: list[Prepared],
    seqs: dict[str, int | None],
    stored: datetime,
    source: Source,
) -> None:
    at, micros = written(stored), _micros(stored)
    credential = _uuid(source.credential)
    places: dict[str | None, bytes] = {None: _NULL}
    stamp = f',"timestamp":"{at}"'
    rest = f',"stored":"{at}","authority":{source.authority}}}'
    refs: Refs = defaultdict(list)
    with cursor.copy(
        "COPY records_statement (stored, seq, id, verb, credential, organisation, body)"
        " FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.write(_BEGINNING)
        for start in range(0, len(fresh), _AT_ONCE):
            rows: list[bytes] = []
            for one in fresh[start : start + _AT_ONCE]:
                seq, own = seqs[one.id], bytes.fromhex(one.id.replace("-", ""))
                if (place := places.get(one.organisation)) is None:
                    place = places[one.organisation] = _uuid(one.organisation)
                stamped = "timestamp" in one.statement
                body = (one.text + rest if stamped else one.text + stamp + rest).encode()
                rows += (_ROW(7, 8, micros, 8, seq, 16, own, 8, one.verb), credential, place,
                         _LENGTH(len(body)), body)  # fmt: skip
                lies = _PLACE(8, micros, 8, seq, 8, seq)
                for found in one.keys:
                    refs[found].append(lies)
            copy.write(b"".join(rows))
        copy.write(_END)
    _copy_refs(cursor, refs)


Refs = defaultdict[int, list[bytes]]


def _copy_refs(cursor: psycopg.Cursor[Any], refs: Refs) -> None:
    """In order of the keys: neighbours in the index are written one after another."""
    rows = [_BEGINNING]
    for found in sorted(refs):
        start = _KEY(4, 8, found)
        rows.append(start + start.join(refs[found]))
    rows.append(_END)
    with cursor.copy(
        "COPY records_ref (key, stored, seq, entry) FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.write(b"".join(rows))


def _uuid(value: UUID | str | None) -> bytes:
    return _UUID(16, UUID(str(value)).bytes) if value else _NULL


def _micros(at: datetime) -> int:
    return (at - _YEAR_2000) // timedelta(microseconds=1)


# -- statements about statements ---------------------------------------------------------------

_REFER = """
INSERT INTO records_statementref (source, target, stored, seq, voids, credential)
SELECT source, target, %s, seq, voids, %s
  FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::smallint[])
       AS sent (source, target, seq, voids)
"""
# Statements that lead to one, and those it leads to; UNION ends circles.
_UP = """
WITH RECURSIVE up AS (
    SELECT source, stored, seq FROM records_statementref WHERE target = %s
    UNION
    SELECT r.source, r.stored, r.seq FROM records_statementref r JOIN up ON r.target = up.source)
SELECT stored, seq FROM up
"""
_DOWN = """
WITH RECURSIVE down AS (
    SELECT target FROM records_statementref WHERE source = %s
    UNION
    SELECT r.target FROM records_statementref r JOIN down ON r.source = down.target)
SELECT target::text FROM down
"""
_HERE = """
SELECT s.seq, s.body, s.organisation::text FROM records_statementid i
  JOIN records_statement s ON s.stored = i.stored AND s.seq = i.seq WHERE i.id = ANY(%s::uuid[])
"""
# The end of a chain may be on its way in another transaction: its row is waited for.
_LOCK = "SELECT 1 FROM records_statementid WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
_VOID = """
UPDATE records_statement s SET voided = true FROM records_statementid i
 WHERE i.id = %(id)s::uuid AND s.stored = i.stored AND s.seq = i.seq AND s.verb <> %(verb)s
   AND (%(any)s OR s.credential IS NOT DISTINCT FROM %(credential)s::uuid)
RETURNING 1
"""
_VOIDABLE = """
SELECT s.verb FROM records_statementid i
  JOIN records_statement s ON s.stored = i.stored AND s.seq = i.seq WHERE i.id = %s::uuid
"""
_VOIDERS = """
SELECT voids, credential FROM records_statementref WHERE target = %s::uuid AND voids > 0
"""


def _link(
    cursor: psycopg.Cursor[Any],
    fresh: list[Prepared],
    seqs: dict[str, int | None],
    stored: datetime,
    source: Source,
) -> None:
    """A statement is found, too, by what it refers to finds (2.1.3, StatementRefs)."""
    referring = [one for one in fresh if one.target]
    if referring:
        means = 2 if source.voids_any else 1
        cursor.execute(
            _REFER,
            [
                stored,
                source.credential,
                [one.id for one in referring],
                [one.target for one in referring],
                [seqs[one.id] for one in referring],
                [means if one.voids else 0 for one in referring],
            ],
        )
    cursor.execute(_AWAITED, [[one.id for one in fresh]])
    awaited = {row[0] for row in cursor.fetchall()}
    pairs: set[tuple[int, int]] = set()
    refs: Refs = defaultdict(list)
    for one in fresh:
        if one.target or one.id in awaited:
            _chain(cursor, one, seqs[one.id], stored, pairs, refs)
    if refs:
        _copy_refs(cursor, refs)
    for one in referring:
        if one.voids:
            _void(cursor, str(one.target), source)
    for one in fresh:
        if one.id in awaited:
            _void_late(cursor, one.id, source)


def _chain(
    cursor: psycopg.Cursor[Any],
    one: Prepared,
    seq: int | None,
    stored: datetime,
    pairs: set[tuple[int, int]],
    refs: Refs,
) -> None:
    if one.target:
        cursor.execute(_DOWN, [one.id])
        cursor.execute(_LOCK, [[row[0] for row in cursor.fetchall()]])
    for at, upper, lower, keys in leads(cursor, one.id, (stored, int(seq or 0)), one.keys):
        if (upper, lower) not in pairs:
            pairs.add((upper, lower))
            lies = _PLACE(8, _micros(at), 8, upper, 8, lower)
            for found in keys:
                refs[found].append(lies)


def leads(
    cursor: psycopg.Cursor[Any], own: str, place: tuple[datetime, int], keys: list[int]
) -> Iterator[tuple[datetime, int, int, list[int]]]:
    """For each statement that leads to this one (itself too): where it lies, and the number and
    keys of each that it is found by through this one."""
    below: list[tuple[int, list[int]]] = [(place[1], keys)]
    cursor.execute(_DOWN, [own])
    if targets := [row[0] for row in cursor.fetchall()]:
        cursor.execute(_HERE, [targets])
        below += [
            (number, keys_of_kept(read_json(body), organisation))
            for number, body, organisation in cursor.fetchall()
        ]
    cursor.execute(_UP, [own])
    for at, upper in [place, *cursor.fetchall()]:
        for lower, found in below:
            if upper != lower:
                yield at, upper, lower, found


def keys_of_kept(statement: Json, organisation: str | None) -> list[int]:
    parts = check(statement, max(EDITIONS))
    vouching = keys_of_authority(statement["authority"])
    return keys_of(statement, parts, vouching=vouching, organisation=organisation)


def _void(cursor: psycopg.Cursor[Any], target: str, source: Source) -> None:
    verb = key(VERB, VOIDED)
    cursor.execute(
        _VOID,
        {"id": target, "verb": verb, "any": source.voids_any, "credential": source.credential},
    )
    if cursor.fetchone():
        return
    cursor.execute(_VOIDABLE, [target])
    found = cursor.fetchone()
    if found and found[0] != verb:  # what voids cannot be voided: such a statement is kept, idle
        raise NotYours(target)


def _void_late(cursor: psycopg.Cursor[Any], target: str, source: Source) -> None:
    """The statement comes after one that voids it."""
    cursor.execute(_VOIDERS, [target])
    if any(means == 2 or by == source.credential for means, by in cursor.fetchall()):
        cursor.execute(
            _VOID, {"id": target, "verb": key(VERB, VOIDED), "any": True, "credential": None}
        )


# -- what statements tell of activities, verbs and agents --------------------------------------


def _learn(cursor: psycopg.Cursor[Any], fresh: list[Prepared], source: Source) -> list[Part]:
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
