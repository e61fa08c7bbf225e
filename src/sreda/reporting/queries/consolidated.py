"""What a consolidated report says of a cell: a sum; of what does not add up, its formula over the
sums that it is computed from; where it has none, the mean of the reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from sreda.reporting.forms import Field
from sreda.reporting.models import FormVersion
from sreda.reporting.queries.versions import cell_ids, over_totals


class Way(StrEnum):
    SUM = "sum"
    FORMULA = "formula"
    MEAN = "mean"

    @property
    def label(self) -> str:
        return str(_WORDS[self])


_WORDS = {
    Way.SUM: _("Sum"),
    Way.FORMULA: _("By formula over the sums"),
    Way.MEAN: _("Mean of the reports"),
}


@dataclass(slots=True)
class Totals:
    """`cells` maps a cell's id to (sum, number of reports that filled it)."""

    counted: int = 0
    cells: dict[int, tuple[Decimal, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """`reports` is how many of them filled the cell."""

    value: Decimal | None
    reports: int = 0


class Figures:
    """Cells of one version over any totals."""

    def __init__(self, version: FormVersion) -> None:
        self._cells, self._over = version.schema.cells, over_totals(version)
        self.ids = cell_ids(version)

    def way(self, key: str) -> Way:
        if self._cells[key].field.adds_up:
            return Way.SUM
        return Way.FORMULA if key in self._over else Way.MEAN

    def made_of(self, key: str) -> list[str]:
        return self._over.made_of(key)

    def needed(self, key: str) -> list[int]:
        """Ids of all cells whose sums say what the cell is."""
        return [self.ids[name] for name in (key, *self._over.needed(key))]

    def of(self, key: str, totals: Totals) -> Figure:
        """Nothing of what this version does not ask; nor of rates in lists, for how many rows stand
        in a total is not kept."""
        cell = self._cells.get(key)
        if cell is None:
            return Figure(None)
        total, reports = totals.cells.get(self.ids[key], (None, 0))
        if cell.listed and not cell.field.adds_up:
            return Figure(None, reports)
        if key not in self._over:
            return Figure(together(cell.field, total, reports), reports)
        value = self._over.value(key, lambda name: totals.cells.get(self.ids[name], (None, 0))[0])
        return Figure(None if value is None else _rounded(value, cell.field), reports)


def together(field: Field, total: Decimal | None, number: int) -> Decimal | None:
    """What is shown of so many figures that come to `total`: it, or their mean where they do not
    add up."""
    if total is None or field.adds_up:
        return total
    return _rounded(total / number, field) if number else None


def _rounded(value: Decimal, field: Field) -> Decimal:
    """One place more than one report has."""
    return round(value, field.places + 1)
