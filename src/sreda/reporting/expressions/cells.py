"""The filled cells of one report, as expressions see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sreda.kernel.rules import to_cel
from sreda.reporting.forms import Block, BlockKind, CellType, Schema

Value = Decimal | str | bool | date | list[str]
ZERO = Decimal(0)


def empty(type_: CellType) -> Any:
    """What stands for a cell that nobody filled."""
    if type_.numeric:
        return ZERO
    if type_ is CellType.BOOLEAN:
        return False
    return [] if type_ is CellType.CHOICES else None if type_ is CellType.DATE else ""


@dataclass
class CellValues:
    """`single` are values by key; `lists` by block, row (in their order) and column."""

    single: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, dict[str, dict[str, Value]]] = field(default_factory=dict)
    _names: dict[str, Any] = field(default_factory=dict)

    def set(self, key: str, value: Value | None) -> None:
        if value is None:
            self.single.pop(key, None)
        else:
            self.single[key] = value
        self._names.pop(key.partition(".")[0], None)

    def set_list(self, block: str, rows: dict[str, dict[str, Value]]) -> None:
        self.lists[block] = rows
        self._names.pop(block, None)

    def filled(self, key: str) -> bool:
        return key in self.single

    def names(self, schema: Schema, blocks: Iterable[str]) -> dict[str, Any]:
        """Blocks as nested maps and lists, empty cells in place."""
        for code in blocks:
            if code not in self._names:
                self._names[code] = to_cel(self._block(schema.blocks[code]))
        return {code: self._names[code] for code in blocks}

    def _block(self, block: Block) -> Any:
        defaults = {f.code: empty(f.type) for f in block.fields}
        if block.kind is BlockKind.LIST:
            return [{**defaults, **row} for row in self.lists.get(block.code, {}).values()]
        get = self.single.get
        if block.kind is BlockKind.FIELDS:
            return {code: get(f"{block.code}.{code}", none) for code, none in defaults.items()}
        return {
            row.code: {
                code: get(f"{block.code}.{row.code}.{code}", none)
                for code, none in defaults.items()
                if code not in row.closed
            }
            for row in block.rows
        }
