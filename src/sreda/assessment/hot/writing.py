"""One statement that writes any number of answers, and says what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sreda.assessment.hot.messages import Message


class Fate(StrEnum):
    """SAVED: it counts. LATE: kept, but it came or was given after the end. CLOSED: kept, but the
    attempt was already handed in. UNKNOWN: there is no such attempt; nothing is kept."""

    SAVED = "saved"
    LATE = "late"
    CLOSED = "closed"
    UNKNOWN = "unknown"


# The lock waits for a handing-in that is under way and then sees its outcome; it is the one that
# the foreign key takes anyway. What is written after a handing-in has arrived after it, so that
# an answer sent again has the same fate, and the handed-in ones are known by their time.
INSERT = """
WITH sent AS MATERIALIZED (
    SELECT * FROM unnest(%(id)s::uuid[], %(attempt)s::uuid[], %(ref)s::text[], %(values)s::text[],
                         %(at)s::timestamptz[], %(received)s::timestamptz[], %(ms)s::integer[])
        AS s(id, attempt_id, ref, "values", at, received_at, milliseconds)
), theirs AS MATERIALIZED (
    SELECT a.id, a.closed_at, a.ends_at,
           a.ends_at + make_interval(secs => g.allowance_seconds) AS last
      FROM assessment_attempt a JOIN assessment_sitting g ON g.id = a.sitting_id
     WHERE a.id IN (SELECT attempt_id FROM sent)
       FOR KEY SHARE OF a
), put AS (
    INSERT INTO assessment_answer (id, attempt_id, ref, "values", at, received_at, milliseconds)
    SELECT DISTINCT ON (s.id) s.id, s.attempt_id, s.ref, s."values"::jsonb, s.at,
           greatest(s.received_at, t.closed_at + interval '1 microsecond'), s.milliseconds
      FROM sent s JOIN theirs t ON t.id = s.attempt_id
        ON CONFLICT (id) DO NOTHING
)
SELECT s.id, CASE
         WHEN t.id IS NULL THEN 'unknown'
         WHEN e.id IS NOT NULL AND e.attempt_id <> s.attempt_id THEN 'unknown'
         WHEN coalesce(e.at, s.at) > t.ends_at OR coalesce(e.received_at, s.received_at) > t.last
           THEN 'late'
         WHEN t.closed_at IS NOT NULL AND (e.id IS NULL OR e.received_at > t.closed_at)
           THEN 'closed'
         ELSE 'saved' END
  FROM sent s
  LEFT JOIN theirs t ON t.id = s.attempt_id
  LEFT JOIN assessment_answer e ON e.id = s.id
"""


def arguments(messages: Sequence[Message]) -> dict[str, list[Any]]:
    return {
        "id": [m.id for m in messages],
        "attempt": [m.attempt for m in messages],
        "ref": [m.ref for m in messages],
        "values": [m.values for m in messages],
        "at": [m.at for m in messages],
        "received": [m.received_at for m in messages],
        "ms": [m.milliseconds for m in messages],
    }


def fates(messages: Sequence[Message], rows: Iterable[tuple[Any, ...]]) -> list[Fate]:
    """The statement's rows, in the order of the messages."""
    found: Mapping[Any, str] = {row[0]: row[1] for row in rows}
    return [Fate(found[m.id]) for m in messages]
