"""Rows of a table of people that cannot be taken over, however many: none is held in memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Any, Self

from django.db import connection
from psycopg import sql

from sreda.registry.domain.people_rows import KEYS, Bad, staged_column
from sreda.registry.models import BadRow, PeopleImport

_FAULTY_COLUMN = {
    "organisation-unknown": "organisation",
    "organisation-scope": "organisation",
    "organisation-closed": "organisation",
    "role-kind": "role",
    "role-given": "role",
    "group-unknown": "group",
    "places": "since",
}


class Faulty:
    """Rows found wrong while the good ones are being copied; they wait on disk until it is over."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see __exit__
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def append(self, row: Bad) -> None:
        self._file.write(json.dumps(row) + "\n")
        self.count += 1

    def __iter__(self) -> Iterator[Bad]:
        self._file.seek(0)
        for line in self._file:
            number, cells, faults = json.loads(line)
            yield number, cells, faults


def keep_faulty(imported: PeopleImport, faulty: Faulty) -> None:
    table = sql.Identifier(BadRow._meta.db_table)
    statement = sql.SQL("COPY {} (people_import_id, line, cells, faults) FROM STDIN")
    with connection.cursor() as cursor, cursor.copy(statement.format(table)) as copy:
        for line, cells, faults in faulty:
            copy.write_row(
                (
                    imported.pk,
                    line,
                    json.dumps(cells, ensure_ascii=False),
                    json.dumps(faults, ensure_ascii=False),
                )
            )


def keep_unresolved(cursor: Any, imported: PeopleImport, table: sql.Composable) -> None:
    """Keep the rows of a resolved table that cannot be taken over, if they are not kept yet."""
    pairs = [
        sql.SQL("{}, coalesce(r.{}::text, '')").format(
            sql.Literal(key), sql.Identifier(staged_column(key))
        )
        for key in KEYS
    ]
    kinds = [
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(fault), sql.Literal(column))
        for fault, column in _FAULTY_COLUMN.items()
    ]
    cursor.execute(
        sql.SQL(
            """INSERT INTO {kept} (people_import_id, line, cells, faults)
            SELECT %s, f.line, f.cells,
                   jsonb_build_array(jsonb_build_array(f.place, f.cells->>f.place, f.fault))
              FROM (SELECT r.line, r.fault, jsonb_build_object({pairs}) AS cells,
                           CASE r.fault {kinds} ELSE 'external_id' END AS place
                      FROM {table} r WHERE r.state = 'bad') f
             WHERE NOT EXISTS (SELECT 1 FROM {kept} k
                                WHERE k.people_import_id = %s AND k.line = f.line)
             ORDER BY f.line"""
        ).format(
            kept=sql.Identifier(BadRow._meta.db_table),
            pairs=sql.SQL(", ").join(pairs),
            kinds=sql.SQL(" ").join(kinds),
            table=table,
        ),
        [imported.pk, imported.pk],
    )
