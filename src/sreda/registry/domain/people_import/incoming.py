"""The rows of a table of people, on their way into the database."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from typing import Any

from django.utils import timezone
from psycopg import sql

from sreda.kernel.api import path_of
from sreda.kernel.tables import find_headings, read_rows
from sreda.registry.domain.people_faults import Faulty, keep_faulty
from sreda.registry.domain.people_rows import COLUMNS, KEYS, TYPES, staged_column, staged_lines
from sreda.registry.domain.told import Told
from sreda.registry.models import PeopleImport

LINES_AT_ONCE = 4_000


def tune(cursor: Any) -> None:
    cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute("SET LOCAL jit = off")


def copy_in(cursor: Any, imported: PeopleImport, at: datetime, told: Told) -> None:
    """The file's rows into the temporary table `incoming`; those that cannot go there are kept as
    bad rows."""
    columns = [sql.SQL("line int")] + [
        sql.SQL("{} {}").format(sql.Identifier(staged_column(key)), sql.SQL(kind))
        for key, kind in zip(KEYS, TYPES, strict=True)
    ]
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE incoming ({}) ON COMMIT DROP").format(
            sql.SQL(", ").join(columns)
        )
    )
    rows = read_rows(path_of(imported.file), imported.file.name)
    headings = find_headings(rows, COLUMNS)
    imported.columns = sorted(headings.places, key=KEYS.index)
    size, written = max(imported.file.size, 1), 0
    packed = 4 if imported.file.name.lower().endswith(".xlsx") else 1
    with Faulty() as faulty:
        lines = staged_lines(rows, headings, today=day_of(at), bad=faulty)
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            while block := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(block)
                written += len(block)  # close to the file's own length, where it is not packed
                told.say("read", min(55, written * 60 // (size * packed)))
        keep_faulty(imported, faulty)
    cursor.execute("ANALYZE incoming")
    cursor.execute("SELECT count(*) > count(DISTINCT external_id) FROM incoming")
    imported.repeated = cursor.fetchone()[0]


def waiting_rows(cursor: Any, imported: PeopleImport) -> sql.Composable | None:
    """The staged rows, unless they are gone: a crash empties unlogged tables."""
    cursor.execute("SELECT to_regclass(%s)", [imported.table])
    if cursor.fetchone()[0] is None:
        return None
    table = sql.Identifier(imported.table)
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(table))
    if cursor.fetchone()[0] or imported.total == 0:
        return table
    return None


def day_of(at: datetime) -> date:
    return timezone.localtime(at).date()
