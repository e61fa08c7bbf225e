"""What loading a pack would change, row by row and cell by cell, matched by stable keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .model import Cell, Location, Pack, Row
from .schema import TABLES


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True)
class CellChange:
    column: str
    before: Cell
    after: Cell
    location: Location


@dataclass(frozen=True)
class RowChange:
    table: str
    key: str
    change: Change
    before: Row | None
    after: Row | None
    cells: tuple[CellChange, ...] = field(default=())


def diff_packs(before: Pack | None, after: Pack) -> list[RowChange]:
    """Every row of either pack once, in the order of `after`, removed rows after the others."""
    changes = []
    for table in TABLES:
        old = {row.key: row for row in before[table.key]} if before else {}
        for row in after[table.key]:
            changes.append(_row_change(old.pop(row.key, None), row))
        changes += [
            RowChange(table.key, row.key, Change.REMOVED, row, None) for row in old.values()
        ]
    return changes


def _row_change(before: Row | None, after: Row) -> RowChange:
    if before is None:
        return RowChange(after.table, after.key, Change.NEW, None, after)
    columns = dict.fromkeys([*before.cells, *after.cells])
    cells = tuple(
        CellChange(name, before.cell(name), after.cell(name), after.location(name))
        for name in columns
        if name != "key" and before.cell(name) != after.cell(name)
    )
    change = Change.CHANGED if cells else Change.UNCHANGED
    return RowChange(after.table, after.key, change, before, after, cells)
