"""Loads, and what one of them changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from sreda.programme.enums import FindingStatus
from sreda.programme.models import Finding, PackLoad
from sreda.programme.pack import TABLES, Change, Issue, RowChange, Table, diff_packs
from sreda.programme.pack.schema import BY_KEY, Column
from sreda.programme.queries.stored import pack_of

OURS = {"key", "place", "note"}


def loads() -> QuerySet[PackLoad]:
    """Without the packs themselves, which are long."""
    return PackLoad.objects.select_related("programme").defer(
        "tables", "issues", "programme__facts"
    )


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What a load changes in one table, and what of it could not be read."""

    table: Table
    columns: list[Column]
    rows: list[RowChange]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A finding that a load will show; `decided` is what was decided about it before."""

    severity: str
    rule: str
    place: str
    printed: str
    computed: str
    texts: dict[str, str]
    decided: str


def changes_of(load: PackLoad, table: str) -> TableChanges:
    """Rows of the table that are new, changed or gone, against the load before this one."""
    spec = BY_KEY[table]
    before = pack_of(load.previous) if load.previous else None
    found = [c for c in diff_packs(before, pack_of(load)) if c.table == table]
    changed = [c for c in found if c.change != Change.UNCHANGED]
    return TableChanges(spec, used_columns(spec, changed), changed, len(found) - len(changed))


def used_columns(spec: Table, changes: Sequence[RowChange]) -> list[Column]:
    """Columns in which any of the rows says something, in the order of the format; what only the
    pack's maker added is shown where it changes."""
    said = {
        name
        for change in changes
        for row in (change.before, change.after)
        if row
        for name, cell in row.cells.items()
        if cell.printed
    }
    moved = {cell.column for change in changes for cell in change.cells}
    columns = [c for c in spec.columns if c.key in said and c.key not in OURS - moved]
    years = sorted(int(name) for name in said if name.isdecimal())
    return columns + [spec.column(str(year)) for year in years]


def issues_of(load: PackLoad) -> list[Issue]:
    return [Issue(**issue) for issue in load.issues]


def foreseen(load: PackLoad) -> tuple[list[Foreseen], int]:
    """The findings after this load, and how many of those open now it does away with."""
    found: list[dict[str, Any]] = load.summary.get("findings", [])
    known: dict[str, tuple[str, bool]] = {}
    if load.programme_id:
        rows = Finding.objects.filter(programme=load.programme_id)
        known = {
            fingerprint: (status, gone is None)
            for fingerprint, status, gone in rows.values_list("fingerprint", "status", "gone_at")
        }
    shown = [
        Foreseen(
            decided=known.get(item["fingerprint"], ("open", True))[0],
            **{name: value for name, value in item.items() if name != "fingerprint"},
        )
        for item in found
    ]
    still = {item["fingerprint"] for item in found}
    vanishing = sum(
        here and status == FindingStatus.OPEN and fingerprint not in still
        for fingerprint, (status, here) in known.items()
    )
    return shown, vanishing


def table_counts(load: PackLoad) -> list[tuple[Table, dict[str, int]]]:
    kept = load.summary.get("tables", {})
    empty = dict.fromkeys(("new", "changed", "unchanged", "gone", "bad"), 0)
    return [(table, kept.get(table.key, empty)) for table in TABLES]
