"""How much time a form asks for. The minutes are the house's estimate for one cell, set out in
docs/reporting-forms.md: looking the figure up and typing it, or reading over a filled one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sreda.reporting.forms.schema import Block, BlockKind, Cell, CellType, Schema

TYPED: Mapping[CellType, Decimal] = {
    CellType.INTEGER: Decimal("1"),
    CellType.DECIMAL: Decimal("1.5"),
    CellType.TEXT: Decimal("2"),
    CellType.LONG_TEXT: Decimal("10"),
    CellType.DATE: Decimal("1"),
    CellType.BOOLEAN: Decimal("0.5"),
    CellType.CHOICE: Decimal("0.5"),
    CellType.CHOICES: Decimal("1"),
    CellType.FILE: Decimal("5"),
}
READ = Decimal("0.1")
ROWS_OF_A_LIST = 5
PERIODS: Mapping[str, int] = {
    "once": 1, "day": 1, "month": 12, "quarter": 4, "year": 1, "school_year": 1,
}  # fmt: skip
"""How often a year a form of this period is asked."""


@dataclass(frozen=True, slots=True)
class Burden:
    """Minutes of one filling: `asked` now, `saved` against typing all of it."""

    asked: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)
    cells: int = 0
    sourced: int = 0

    def __add__(self, other: Burden) -> Burden:
        return Burden(
            self.asked + other.asked,
            self.saved + other.saved,
            self.cells + other.cells,
            self.sourced + other.sourced,
        )

    def times(self, number: int) -> Burden:
        """Minutes of so many fillings; the cells stay those of one."""
        return Burden(self.asked * number, self.saved * number, self.cells, self.sourced)

    @property
    def share(self) -> Decimal:
        """Per cent of cells that have a source."""
        return Decimal(100) * self.sourced / self.cells if self.cells else Decimal(0)


def burden_of(schema: Schema) -> Burden:
    total = Burden()
    for cell in schema.cells.values():
        total += of_cell(cell, schema.blocks[cell.block])
    return total


def of_cell(cell: Cell, block: Block) -> Burden:
    rows = 1
    if block.kind is BlockKind.LIST:
        rows = max(block.min_rows, min(ROWS_OF_A_LIST, block.max_rows))
    typed = TYPED[cell.field.type] * rows
    if not (cell.source or block.rows_source):
        return Burden(asked=typed, cells=1)
    return Burden(READ * rows, typed - READ * rows, 1, 1)
