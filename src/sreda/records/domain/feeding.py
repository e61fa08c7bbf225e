"""Feeding ClickHouse from PostgreSQL: in the order of storing, each statement whole.

What is fed twice is there once, so a run that was cut is simply done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from sreda.records.clickhouse.client import configured, empty, put
from sreda.records.domain.writing import keys_of_kept, leads
from sreda.records.models import FeedMark
from sreda.records.queries.columns import EPOCH, credential_key
from sreda.records.queries.statements import consistent_through
from sreda.records.xapi.reading import read_json

ROWS = 5_000  # statements at once

_NEW = """
SELECT stored, seq, id::text, verb, credential, organisation::text, voided, body
  FROM records_statement WHERE stored >= %s AND (stored, seq) > (%s, %s) AND stored <= %s
 ORDER BY stored, seq LIMIT %s
"""
_LINKED = """
SELECT source::text, target::text FROM records_statementref
 WHERE source = ANY(%(ids)s::uuid[]) OR target = ANY(%(ids)s::uuid[])
"""
_VOIDED = """
SELECT s.stored, s.seq FROM records_statementref r
  JOIN records_statementid i ON i.id = r.target
  JOIN records_statement s ON s.stored = i.stored AND s.seq = i.seq
 WHERE r.source = ANY(%s::uuid[]) AND r.voids > 0 AND s.voided
"""


def feed(size: int = ROWS) -> bool:
    """Feed the next statements; True while there are more. Without ClickHouse: nothing."""
    client = configured()
    if client is None:
        return False
    with transaction.atomic():
        FeedMark.objects.get_or_create(pk=1)
        mark = FeedMark.objects.select_for_update().get(pk=1)
        through = consistent_through()
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [mark.stored, mark.stored, mark.seq, through, size])
            rows = cursor.fetchall()
            voided = [(row[0], row[1]) for row in rows if row[6]]
            cursor.execute(_VOIDED, [[row[2] for row in rows]])
            voided += cursor.fetchall()
            # What statements are found by comes before them: none is told half.
            put(client, "records_ref", _refs(cursor, rows))
        put(client, "records_voided", ((_text(at), seq) for at, seq in voided))
        put(
            client,
            "records_statement",
            ((_text(row[0]), row[1], row[3], row[5], row[7]) for row in rows),
        )
        more = len(rows) == size
        if rows:
            mark.stored, mark.seq = rows[-1][0], rows[-1][1]
        # Of those stored at one moment with the last, some may still be to come.
        reached = mark.stored - timedelta(microseconds=1) if more else through
        mark.through = max(mark.through, reached)
        mark.save()
    return more


def _refs(cursor: Any, rows: list[tuple[Any, ...]]) -> Iterator[tuple[int, str, int, int]]:
    cursor.execute(_LINKED, {"ids": [row[2] for row in rows]})
    linked = {own for pair in cursor.fetchall() for own in pair}
    for stored, seq, own, _verb, credential, organisation, _voided, body in rows:
        at = _text(stored)
        keys = keys_of_kept(read_json(body), organisation)
        for key in keys:
            yield key, at, seq, seq
        if credential:
            yield credential_key(credential), at, seq, seq
        if own in linked:
            for upper_at, upper, lower, found in leads(cursor, own, (stored, seq), keys):
                for key in found:
                    yield key, _text(upper_at), upper, lower


def feed_anew() -> None:
    """Throw the copy away; the next runs of `feed` make it again."""
    if client := configured():
        with transaction.atomic():
            FeedMark.objects.update_or_create(
                pk=1, defaults={"stored": EPOCH, "seq": 0, "through": EPOCH}
            )
            empty(client)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
