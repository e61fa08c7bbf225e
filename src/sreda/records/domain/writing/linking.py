"""Statements about statements: found by what they refer to, and voiding it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from sreda.records.domain.writing.batch import Json, NotYours, Prepared, Source
from sreda.records.domain.writing.copying import PLACE, Refs, copy_refs, micros_of
from sreda.records.xapi.formats import EDITIONS
from sreda.records.xapi.keys import VERB, key
from sreda.records.xapi.parts import keys_of, keys_of_authority
from sreda.records.xapi.properties import VOIDED
from sreda.records.xapi.reading import read_json
from sreda.records.xapi.statement import check

_AWAITED = "SELECT target::text FROM records_statementref WHERE target = ANY(%s::uuid[])"
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


def link(
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
        copy_refs(cursor, refs)
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
            lies = PLACE(8, micros_of(at), 8, upper, 8, lower)
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
