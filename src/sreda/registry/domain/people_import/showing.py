"""What the pages show of a table of people: what it would change, and its bad rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from psycopg import sql

from sreda.kernel.api import Actor
from sreda.registry.domain.people_import.incoming import waiting_rows
from sreda.registry.domain.people_import.resolving import PERSON, find_leaving
from sreda.registry.domain.people_rows import KEYS, LABELS, as_written, fault_text
from sreda.registry.models import BadRow, PeopleImport


def bad_rows(imported: PeopleImport) -> models.QuerySet[BadRow]:
    return imported.bad_rows.all()


def bad_table(imported: PeopleImport) -> Iterator[list[str]]:
    """The bad rows as a table that can be mended and handed in again: reasons come last."""
    keys = [key for key in KEYS if key in imported.columns]
    yield [_("Line of the file"), *(str(LABELS[key]) for key in keys), _("What is wrong")]
    for row in bad_rows(imported).iterator(chunk_size=2_000):
        reasons = "; ".join(fault_text(fault) for fault in row.faults)
        cells = as_written(row.cells)
        yield [str(row.line), *(cells.get(key, "") for key in keys), reasons]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that would write something. `cells` are (heading, old, new); a new person has none."""

    line: int
    name: str
    state: str
    organisation: str
    cells: tuple[tuple[Any, Any, Any], ...]


def preview(
    imported: PeopleImport,
    *,
    state: str = "",
    limit: int = 50,
    offset: int = 0,
    actor: Actor | None = None,
) -> list[RowChange]:
    """Rows of a staged import that are new or changed (or only one of these), cell by cell.

    `actor` is who would take it over: it decides which places elsewhere would be ended."""
    wanted = [state] if state in {"new", "changed"} else ["new", "changed"]
    with transaction.atomic(), connection.cursor() as cursor:
        table = waiting_rows(cursor, imported)
        if table is None:
            return []
        cursor.execute(
            sql.SQL(
                """
            SELECT r.line, r.state, r.family_name, r.given_name, r.patronymic, r.birth_date,
                   r.sex, r.group_name, r.title, r.since, r.until, o.short_name,
                   p.family_name, p.given_name, p.patronymic, p.birth_date, p.sex,
                   g.name, t.title, coalesce(e.since, t.since), coalesce(e.until, t.until),
                   r.place_id IS NOT NULL, r.merged, r.person_id IS NOT NULL
              FROM {} r
              LEFT JOIN registry_organisation o ON o.id = r.organisation_id
              LEFT JOIN registry_person p ON p.id = r.person_id
              LEFT JOIN registry_enrolment e ON e.id = r.place_id
              LEFT JOIN registry_classgroup g ON g.id = e.group_id
              LEFT JOIN registry_post t ON t.id = r.place_id
             WHERE r.state = ANY(%s) ORDER BY r.line LIMIT %s OFFSET %s"""
            ).format(table),
            [wanted, limit, offset],
        )
        rows = cursor.fetchall()
        find_leaving(cursor, table, actor)
        cursor.execute(
            "SELECT line, short_name, since, may_end FROM leaving WHERE line = ANY(%s)"
            " ORDER BY line, short_name",
            [[row[0] for row in rows]],
        )
        leaving: dict[int, list[tuple[Any, ...]]] = {}
        for line, *left in cursor.fetchall():
            leaving.setdefault(line, []).append(tuple(left))
        return [_row_change(imported, row, leaving.get(row[0], [])) for row in rows]


_SHOWN = ("family_name", "given_name", "patronymic", "birth_date", "sex", "group", "title",
          "since", "until")  # fmt: skip


def _row_change(
    imported: PeopleImport, row: tuple[Any, ...], leaving: list[tuple[Any, ...]]
) -> RowChange:
    line, state, *rest = row
    new, organisation, old = rest[:9], rest[9], rest[10:19]
    has_place, merged, has_person = rest[19:]
    cells = []
    for n, key in enumerate(_SHOWN):
        of_person = key in PERSON
        known = has_person and not merged if of_person else has_place
        if key in imported.columns and known and (new[n] or "") != (old[n] or ""):
            cells.append((LABELS[key], old[n], new[n]))
    if has_person and not has_place:
        cells.append((_("Place"), "", organisation))
    for left, since, may_end in leaving:
        if may_end:
            last = date_format(since - timedelta(days=1), "SHORT_DATE_FORMAT")
            ends = _("the place there ends on %(day)s") % {"day": last}
            cells.append((_("Transfer from"), left, ends))
        else:
            stays = _("the place there stays open: ask its administration or the operator")
            cells.append((_("Also enrolled in"), "", f"{left} — {stays}"))
    name = " ".join(part for part in new[:3] if part)
    return RowChange(line, name, state, organisation or "", tuple(cells))
