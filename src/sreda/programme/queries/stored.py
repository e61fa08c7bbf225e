"""Packs as they are kept: printed text alone; values are read again from it."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from sreda.programme.models import Correction, PackLoad, Programme
from sreda.programme.pack import Cell, Pack, Row
from sreda.programme.pack.edit import reorder, set_cell
from sreda.programme.pack.reader import read_terms
from sreda.programme.pack.schema import BY_KEY
from sreda.programme.pack.values import Unreadable, parse
from sreda.programme.rules import Finding, check


def freeze(pack: Pack) -> dict[str, Any]:
    """A pack as JSON."""
    return {
        table: [
            {
                "key": row.key,
                "sheet": row.sheet,
                "line": row.line,
                "cells": {name: cell.printed for name, cell in row.cells.items() if cell.printed},
            }
            for row in rows
        ]
        for table, rows in pack.tables.items()
    }


def thaw(name: str, tables: dict[str, Any]) -> Pack:
    return read_terms(
        Pack(
            name,
            {
                table: tuple(
                    Row(
                        table,
                        row["key"],
                        {name: _cell(table, name, text) for name, text in row["cells"].items()},
                        sheet=row["sheet"],
                        line=row["line"],
                    )
                    for row in rows
                )
                for table, rows in tables.items()
                if table in BY_KEY
            },
        )
    )


def _cell(table: str, column: str, printed: str) -> Cell:
    try:
        return Cell(parse(BY_KEY[table].column(column), printed), printed)
    except (Unreadable, KeyError):  # kept by an earlier version that read it otherwise
        return Cell(None, printed)


def pack_of(load: PackLoad) -> Pack:
    """The pack as printed."""
    return thaw(load.name, load.tables)


def printed_pack(programme: Programme) -> Pack:
    """The pack in force, as printed."""
    return pack_of(programme.current) if programme.current else Pack(programme.key)


def corrected(pack: Pack, corrections: Iterable[Correction]) -> Pack:
    """Cells first, then the order of rows, since a rank follows from the cells."""
    made = list(corrections)
    for item in made:
        if item.row and pack.row(item.table, item.row) is not None:
            pack = set_cell(pack, item.table, item.row, item.column, item.value)
    for item in made:
        if item.right_order:
            known = {row.key for row in pack[item.table]}
            pack = reorder(pack, item.table, [key for key in item.right_order if key in known])
    return pack


def standing(programme: Programme) -> list[Correction]:
    """Corrections in force, oldest first."""
    return list(programme.corrections.filter(ended_at=None))


# The last answers, by what the pack says. A pack is checked when it is handed in and again when
# it is confirmed, mostly by the same worker.
_ANSWERS: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
_KEPT = 2
_LOCK = Lock()


def checked(pack: Pack, told: Callable[[int], None] = lambda percent: None) -> tuple[Finding, ...]:
    """What the rules find; of a long pack in many seconds, of one asked lately at once."""
    said = json.dumps(freeze(pack), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).digest()
    with _LOCK:
        if digest in _ANSWERS:
            _ANSWERS.move_to_end(digest)
            return _ANSWERS[digest]
    found = tuple(check(pack, told=told))
    with _LOCK:
        _ANSWERS[digest] = found
        while len(_ANSWERS) > _KEPT:
            _ANSWERS.popitem(last=False)
    return found
