"""Statements, and the keys they are found by, go to the server in the binary form of COPY: it
parses nothing, and JSON needs no escapes."""

from __future__ import annotations

import struct
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from sreda.records.domain.writing.batch import Prepared, Source
from sreda.records.xapi.formats import written

BEGINNING = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)
ID = struct.Struct(">hi16siqiq").pack  # three columns: id, stored, seq
_ROW = struct.Struct(">hiqiqi16siq").pack  # seven columns: stored, seq, id, verb …
_UUID = struct.Struct(">i16s").pack
_NULL = struct.pack(">i", -1)
_LENGTH = struct.Struct(">i").pack
_KEY = struct.Struct(">hiq").pack  # four columns: key …
PLACE = struct.Struct(">iqiqiq").pack  # … stored, seq, entry
_AT_ONCE = 250  # rows made while the server takes those before them

Refs = defaultdict[int, list[bytes]]


def copy_in(
    cursor: psycopg.Cursor[Any],
    fresh: list[Prepared],
    seqs: dict[str, int | None],
    stored: datetime,
    source: Source,
) -> None:
    at, micros = written(stored), micros_of(stored)
    credential = _uuid(source.credential)
    places: dict[str | None, bytes] = {None: _NULL}
    stamp = f',"timestamp":"{at}"'
    rest = f',"stored":"{at}","authority":{source.authority}}}'
    refs: Refs = defaultdict(list)
    with cursor.copy(
        "COPY records_statement (stored, seq, id, verb, credential, organisation, body)"
        " FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.write(BEGINNING)
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
                lies = PLACE(8, micros, 8, seq, 8, seq)
                for found in one.keys:
                    refs[found].append(lies)
            copy.write(b"".join(rows))
        copy.write(END)
    copy_refs(cursor, refs)


def copy_refs(cursor: psycopg.Cursor[Any], refs: Refs) -> None:
    """In order of the keys: neighbours in the index are written one after another."""
    rows = [BEGINNING]
    for found in sorted(refs):
        start = _KEY(4, 8, found)
        rows.append(start + start.join(refs[found]))
    rows.append(END)
    with cursor.copy(
        "COPY records_ref (key, stored, seq, entry) FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.write(b"".join(rows))


def _uuid(value: UUID | str | None) -> bytes:
    return _UUID(16, UUID(str(value)).bytes) if value else _NULL


def micros_of(at: datetime) -> int:
    return (at - _YEAR_2000) // timedelta(microseconds=1)
