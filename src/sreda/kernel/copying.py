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
        count = _stage(cursor, staging, table, listed, rows)
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


def update_rows(rows: Iterable[models.Model], fields: Sequence[str]) -> int:
    """`bulk_update` of any number of rows of one model, by COPY; returns how many there were.
    Values are plain ones, no expressions."""
    held = list(rows)
    if not held:
        return 0
    model = type(held[0])
    known = {kind.name: kind for kind in model._meta.concrete_fields}
    kinds = [model._meta.pk, *(known[name] for name in fields)]
    table, columns = _names(model, [kind.name for kind in kinds])
    staging = sql.Identifier("changed_" + model._meta.db_table)
    values = (
        [kind.get_db_prep_save(getattr(row, kind.attname), connection) for kind in kinds]
        for row in held
    )
    with transaction.atomic(), connection.cursor() as cursor:
        _stage(cursor, staging, table, sql.SQL(", ").join(columns), values)
        cursor.execute(
            sql.SQL("UPDATE {} t SET {} FROM {} s WHERE t.{} = s.{}").format(
                table,
                sql.SQL(", ").join(sql.SQL("{0} = s.{0}").format(one) for one in columns[1:]),
                staging,
                columns[0],
                columns[0],
            )
        )
        count: int = cursor.rowcount
        cursor.execute(sql.SQL("DROP TABLE {}").format(staging))
    return count


def _stage(
    cursor: Any,
    staging: sql.Identifier,
    table: sql.Identifier,
    listed: sql.Composable,
    rows: Iterable[Any],
) -> int:
    """Rows into a temporary table that has the listed columns of `table`; how many."""
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            staging, listed, table
        )
    )
    count = 0
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(staging, listed)) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _names(
    model: type[models.Model], fields: Sequence[str]
) -> tuple[sql.Identifier, list[sql.Identifier]]:
    columns = [
        sql.Identifier(str(getattr(model._meta.get_field(name), "column", name))) for name in fields
    ]
    return sql.Identifier(model._meta.db_table), columns
