"""Editing a pack in memory; every edit gives a new pack."""

from __future__ import annotations

import re

from .model import Cell, Pack, Row
from .reader import read_terms
from .schema import BY_KEY
from .values import parse, tidy


def set_cell(pack: Pack, table: str, key: str, column: str, printed: str) -> Pack:
    """Puts `printed` into a cell (empty clears it); raises KeyError or Unreadable."""
    if pack.row(table, key) is None:
        raise KeyError(f"{table}/{key}")
    spec = BY_KEY[table].column(column)
    text = tidy(printed)
    cell = Cell(parse(spec, text), text) if text else Cell()
    rows = []
    for row in pack[table]:
        if row.key == key:
            row = row.with_cell(column, cell)
            if column == "term":
                for derived in ("start", "due", "recurrence"):
                    row = row.with_cell(derived, Cell())
        rows.append(row)
    return read_terms(pack.with_table(table, tuple(rows)))


def add_row(pack: Pack, table: str, key: str, **printed: str) -> Pack:
    cells = {
        _column(name): Cell(parse(BY_KEY[table].column(_column(name)), tidy(text)), tidy(text))
        for name, text in printed.items()
    }
    cells["key"] = Cell(key, key)
    return read_terms(pack.with_table(table, (*pack[table], Row(table, key, cells))))


def remove_row(pack: Pack, table: str, key: str) -> Pack:
    return pack.with_table(table, tuple(row for row in pack[table] if row.key != key))


def reorder(pack: Pack, table: str, keys: list[str]) -> Pack:
    """Puts the rows of `keys` in that order, numbered from 1; the others keep their places."""
    rows = {row.key: row for row in pack[table]}
    queue = iter(_numbered(rows[key], position) for position, key in enumerate(keys, 1))
    chosen = set(keys)
    return pack.with_table(
        table, tuple(next(queue) if row.key in chosen else row for row in pack[table])
    )


def _column(name: str) -> str:
    """`y2019` stands for the column 2019, which is no Python name."""
    return name[1:] if name[:1] == "y" and name[1:].isdecimal() else name


def _numbered(row: Row, number: int) -> Row:
    place = re.sub(r"строка \d+", f"строка {number}", row.cell("place").printed)
    row = row.with_cell("number", Cell(number, str(number)))
    return row.with_cell("place", Cell(place, place)) if place else row
