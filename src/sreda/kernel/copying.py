"""Bulk loading: COPY into a temporary table, then an upsert that leaves equal rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows came, and what became of them."""

    total: int
    inserted: int
    updated: int

    @property
    def unchanged(self) -> int:
        return self.total - self.inserted - self.updated


def copy_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Any]) -> int:
    """COPY rows straight into an empty or append-only table; returns how many."""
    table, columns = _names(model, fields)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, sql.SQL(", ").join(columns))
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def upsert_rows(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Iterable[Any],
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
) -> Copied:
    """Insert new rows and update changed ones, found by `key` (a unique constraint).

    `update` are the fields an existing row takes over (default: all but the key and id).
    A row equal in all of them is not written again.
    """
    table, columns = _names(model, fields)
    names = dict(zip(fields, columns, strict=True))
    taken = [f for f in (update or fields) if f not in {*key, "id"}]
    staging = sql.Identifier("staged_" + model._meta.db_table)
    comma = sql.SQL(", ")
    listed = comma.join(columns)
    keys = comma.join(names[f] for f in key)
    match = sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(names[f]) for f in key)
    changed = sql.SQL(" OR ").join(
        sql.SQL("t.{0} IS DISTINCT FROM s.{0}").format(names[f]) for f in taken
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                staging, listed, table
            )
        )
        count = 0
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(staging, listed)
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        cursor.execute(sql.SQL("ANALYZE {}").format(staging))
        updated = 0
        if taken:
            cursor.execute(
                sql.SQL("UPDATE {} t SET {} FROM {} s WHERE {} AND ({})").format(
                    table,
                    comma.join(sql.SQL("{0} = s.{0}").format(names[f]) for f in taken),
                    staging,
                    match,
                    changed,
                )
            )
            updated = cursor.rowcount
        cursor.execute(
            sql.SQL(
                "INSERT INTO {} ({}) SELECT {} FROM {} s"
                " WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {})"
                " ON CONFLICT ({}) DO NOTHING"
            ).format(table, listed, listed, staging, table, match, keys)
        )
        inserted = cursor.rowcount
        cursor.execute(sql.SQL("DROP TABLE {}").format(staging))
    return Copied(count, inserted, updated)


def _names(
    model: type[models.Model], fields: Sequence[str]
) -> tuple[sql.Identifier, list[sql.Identifier]]:
    columns = [
        sql.Identifier(str(getattr(model._meta.get_field(name), "column", name))) for name in fields
    ]
    return sql.Identifier(model._meta.db_table), columns
