"""A share or a rate of many organisations: shares do not add up, what they are made of does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sreda.reporting.expressions.cells import CellValues
from sreda.reporting.expressions.compiled import Compiled
from sreda.reporting.expressions.form import CompiledForm
from sreda.reporting.expressions.words import ExpressionError
from sreda.reporting.expressions.world import World
from sreda.reporting.forms import Cell

_NOTHING = World({}, as_of=date.min, start=date.min, end=date.min)


class OverTotals:
    """Cells of a form that do not add up and are computed from cells that do: of many
    organisations their formula holds over the sums."""

    def __init__(self, form: CompiledForm) -> None:
        self._cells = form.schema.cells
        self._sources: dict[str, Compiled] = {}
        for key in form.order:  # what others are computed from comes first
            source = form.sources.get(key)
            if source and self._cells[key].field.type.numeric and self._computable(key, source):
                self._sources[key] = source

    def _computable(self, key: str, source: Compiled) -> bool:
        return (
            not self._cells[key].field.adds_up
            and source.alone
            and all(self._known(name) for name in source.inputs.cells)
        )

    def _known(self, key: str) -> bool:
        cell: Cell | None = self._cells.get(key)
        return cell is not None and (
            key in self._sources or (cell.field.adds_up and not cell.listed)
        )

    def __contains__(self, key: str) -> bool:
        return key in self._sources

    def made_of(self, key: str) -> list[str]:
        """What the cell is computed from, in the form's order; nothing where it is no such cell."""
        source = self._sources.get(key)
        return [name for name in self._cells if name in source.inputs.cells] if source else []

    def needed(self, key: str) -> list[str]:
        """Keys of all sums that say what the cell is, over any number of steps."""
        return [name for made in self.made_of(key) for name in (made, *self.needed(made))]

    def value(self, key: str, total: Callable[[str], Decimal | None]) -> Decimal | None:
        """The cell over the sums that `total` gives by key; None: nobody filled what it needs, or
        it cannot be computed."""
        source, cells = self._sources[key], CellValues()
        for name in source.inputs.cells:
            cells.set(name, self.value(name, total) if name in self else total(name))
        if not cells.single:
            return None
        try:
            found = source.evaluate(_NOTHING, None, cells)
        except ExpressionError:
            return None
        return found if isinstance(found, Decimal) else None
