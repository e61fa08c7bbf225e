"""The sheets of what was handed in: a workbook, a ZIP or a folder of CSV files. One at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sreda.kernel.tables import (
    CHECKED,
    Formula,
    Number,
    SheetTable,
    TextTable,
    Unreadable,
    Value,
    Wrong,
    bytes_of,
    open_tables,
)

from .issues import Issue
from .values import render

MEGABYTE = 1024 * 1024
MAX_CELL = CHECKED.cell


@dataclass(frozen=True, slots=True)
class RawCell:
    """`fault` is the code of an Issue when the cell may not be used."""

    text: str
    fault: str = ""


EMPTY = RawCell("")


@dataclass
class RawSheet:
    """The rows are read by `read`, when it is known that they are wanted."""

    name: str
    file: str
    table: SheetTable | TextTable
    rows: list[tuple[int, list[RawCell]]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def issue(self, code: str, row: int | None = None, column: str = "", **params: object) -> Issue:
        return Issue(code, file=self.file, sheet=self.name, row=row, column=column, params=params)

    def read(self) -> None:
        """Raises Unreadable where the file, not this sheet of it, is at fault."""
        cell = _text_cell if isinstance(self.table, TextTable) else _workbook_cell
        try:
            if isinstance(self.table, TextTable):
                self._read_encoding(self.table)
            for line, values in self.table.rows():
                row = [cell(value) for value in values]
                if any(found.text or found.fault for found in row):
                    self.rows.append((line, row))
        except Unreadable as error:
            issue = self.issue(str(error.code), error.row, **error.facts)
            if issue.severity == "fatal":
                raise
            self.issues.append(issue)
        for cells in self.table.merged:
            row_number = re.search(r"\d+", cells)
            at = int(row_number[0]) if row_number else None
            self.issues.append(self.issue("merged", at, cells=cells))

    def _read_encoding(self, table: TextTable) -> None:
        if table.encoding.broken:
            self.issues.append(self.issue("encoding-line", table.encoding.broken))
        elif table.encoding.name == "cp1251":
            self.issues.append(self.issue("cp1251"))


def as_issue(error: Unreadable) -> Issue:
    return Issue(str(error.code), error.file, error.sheet, error.row, params=error.facts)


class Refused(Exception):
    """The whole input is refused."""

    def __init__(self, code: str, file: str, **params: object) -> None:
        self.issue = Issue(code, file=file, params=params)
        super().__init__(code)


@contextmanager
def open_source(path: Path) -> Iterator[tuple[list[RawSheet], list[Issue]]]:
    """The sheets, not yet read; Refused or Unreadable when there is nothing to read."""
    if path.is_dir():
        yield _folder(path), []
        return
    if not path.is_file():
        raise Refused("not-found", path.name)
    if path.suffix.lower() == ".csv":  # a single table is no pack
        raise Refused("unknown-format", path.name)
    with open_tables(path, path.name, CHECKED) as tables:
        issues = [Issue("external-links", file=path.name)] if tables.links_out else []
        yield [RawSheet(table.name, table.file, table) for table in tables.sheets], issues


def _folder(path: Path) -> list[RawSheet]:
    files = sorted(p for p in path.iterdir() if p.suffix.lower() == ".csv")
    if not files:
        raise Refused("unknown-format", path.name)
    total = 0
    for file in files:
        if file.is_symlink():
            raise Refused("symlink", path.name, member=file.name)
        total += file.stat().st_size
        if total > CHECKED.file:
            raise Refused("too-large", file.name, limit=CHECKED.file // MEGABYTE)
    return [
        RawSheet(file.stem, file.name,
                 TextTable(file.stem, file.name, bytes_of(file), CHECKED))
        for file in files
    ]  # fmt: skip


def _text_cell(value: Value) -> RawCell:
    bare = str(value).strip()
    if not bare:
        return EMPTY
    if len(bare) > MAX_CELL:
        return RawCell("", "cell-long")
    if "\ufffd" in bare:
        return RawCell(bare, "encoding-line")
    if re.match(r"[=@]|[+-](?=[A-Za-z(])", bare):
        return RawCell(bare, "formula")
    return RawCell(bare)


def _workbook_cell(value: Value) -> RawCell:
    if isinstance(value, Formula):
        return RawCell(value[:100], "formula")
    if isinstance(value, Wrong):
        return RawCell(value[:100], "cell-error")
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, datetime):
        return RawCell(render(value.date()))
    if isinstance(value, Number):
        # Excel keeps numbers as floats; their shortest form is what was typed in.
        shown = re.fullmatch(r"#?,?#*0(?:\.(0+))?(?:%)?", value.form)
        number = Decimal(repr(value.value))
        if not number.is_finite() or abs(number) > Decimal(10) ** 24:
            return RawCell(str(value.value), "cell-error")
        like = "0," + "0" * len(shown[1]) if shown and shown[1] else ""
        return RawCell(render(Decimal(format(number, "f")), like))
    if isinstance(value, bool | date):
        return RawCell(render(value))
    raise TypeError(value)
