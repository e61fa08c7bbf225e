"""A batch is written: ids claimed, statements copied, what they refer to and tell of kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors

from sreda.records.domain.writing.batch import Conflict, Prepared, Source, Stored
from sreda.records.domain.writing.copying import BEGINNING, END, ID, copy_in, micros_of
from sreda.records.domain.writing.learning import learn
from sreda.records.domain.writing.linking import link
from sreda.records.xapi.compare import same
from sreda.records.xapi.reading import read_json

Connection = psycopg.Connection[Any]

ATTEMPTS = 4
LARGE = 50  # statements in a batch
# Met when two writers want each other's rows, or a month's part went with a rolled back write:
# after forget_months() the batch may be stored again.
AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.CheckViolation)

_months: set[tuple[int, int]] = set()

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
        copy_in(cursor, fresh, seqs, stored, source)
    if fresh and not unheard_of:
        link(cursor, fresh, seqs, stored, source)
    told = learn(cursor, fresh, source)
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
    micros = micros_of(stored)
    rows = sorted(
        ID(3, 16, bytes.fromhex(own.replace("-", "")), 8, micros, 8, seq)
        for own, seq in seqs.items()
    )
    cursor.execute("SAVEPOINT records_ids")
    try:
        with cursor.copy(
            "COPY records_statementid (id, stored, seq) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.write(b"".join([BEGINNING, *rows, END]))
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
