"""The sheets of a workbook, held as text with their merged ranges. The file is hostile."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from openpyxl.utils.cell import get_column_letter, range_boundaries

from sreda.kernel.tables import HELD, Formula, Unreadable, as_text, open_tables

__all__ = ["Range", "Sheet", "Unreadable", "column_letter", "read_sheets"]

Range = tuple[int, int, int, int]
"""First row, first column, last row, last column; all from 1."""


@dataclass
class Sheet:
    """`cells` are by (row, column) from 1; `formulas` those that are computed."""

    title: str
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._of: dict[tuple[int, int], Range] = {}

    def rows(self) -> list[tuple[int, dict[int, str]]]:
        """Rows that hold something, in order."""
        found: dict[int, dict[int, str]] = {}
        for (row, column), text in sorted(self.cells.items()):
            found.setdefault(row, {})[column] = text
        return list(found.items())

    def span(self, row: int, column: int) -> Range:
        """The merged range of a cell; itself where it is not merged."""
        return next(
            (r for r in self.merged if r[0] <= row <= r[2] and r[1] <= column <= r[3]),
            (row, column, row, column),
        )

    def at(self, row: int, column: int) -> str:
        """What is seen there: in a merged range, what its first cell says."""
        first_row, first_column, *_rest = self.span(row, column)
        return self.cells.get((first_row, first_column), "")


def read_sheets(path: Path, name: str) -> list[Sheet]:
    """Unreadable says what is wrong with the file."""
    found = []
    with open_tables(path, name, HELD) as tables:
        for table in tables.sheets:
            sheet = Sheet(table.name)
            for number, row in table.rows():
                for column, value in enumerate(row, 1):
                    if isinstance(value, Formula):
                        sheet.formulas[number, column] = str(value)
                    elif text := as_text(value):
                        sheet.cells[number, column] = text
            for given in table.merged:
                if bounds := _bounds(given):
                    sheet.merged.append(bounds)
            found.append(sheet)
    return found


def _bounds(given: str) -> Range | None:
    try:
        first_column, first_row, last_column, last_row = range_boundaries(given)
    except (ValueError, TypeError):
        return None
    if None in (first_column, first_row, last_column, last_row):
        return None
    return int(first_row), int(first_column), int(last_row), int(last_column)


def column_letter(column: int) -> str:
    letter: str = get_column_letter(column)
    return letter
