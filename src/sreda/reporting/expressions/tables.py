"""A dataset in memory: loaded once for all places, indexed by what is asked of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from sreda.kernel.api import Dataset

ZERO = Decimal(0)
COMBINATIONS = 5_000  # of listed values of several dimensions


class Unanswerable(TypeError):
    """A question the records cannot answer; its text is in words for people."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters made ready: the dimensions in the dataset's order, and either all combinations of
    their values or, where there is a range, a test for each dimension."""

    dimensions: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...] | None
    tests: tuple[Any, ...] = ()

    def fits(self, key: tuple[Any, ...]) -> bool:
        return all(_fits(test, value) for test, value in zip(self.tests, key, strict=True))


def _fits(test: Any, value: Any) -> bool:
    if isinstance(test, Mapping):
        if value is None:
            return False
        low, high = test.get("from"), test.get("to")
        return (low is None or value >= low) and (high is None or value <= high)
    return value in test


def asked(dataset: Dataset, filters: Mapping[str, Any]) -> Asked:
    """Unanswerable where a dimension is unknown or a filter is no filter."""
    order = [d.name for d in dataset.dimensions]
    for name in filters:
        if name not in order:
            raise Unanswerable(_("“%(dataset)s” has no dimension “%(name)s”")
                            % {"dataset": dataset.name, "name": name})  # fmt: skip
    names = tuple(name for name in order if name in filters)
    tests: list[Any] = []
    for name in names:
        wanted = filters[name]
        if isinstance(wanted, Mapping):
            tests.append(dict(wanted))
        else:
            tests.append(tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,))
    ranged = any(isinstance(test, dict) for test in tests)
    many = 1
    for test in tests:
        many *= len(test)
    if ranged or many > COMBINATIONS:
        return Asked(names, None, tuple(tests))
    return Asked(names, tuple(dict.fromkeys(product(*tests))))


class Table:
    """Rows of one dataset for the places of a world. A place may be many organisations."""

    def __init__(
        self, dataset: Dataset, places: Mapping[Hashable, Sequence[UUID]], on: date
    ) -> None:
        self.dataset = dataset
        self._place_of: dict[UUID, list[Hashable]] = {}
        for place, organisations in places.items():
            for organisation in organisations:
                self._place_of.setdefault(organisation, []).append(place)
        self._rows = list(dataset.rows(list(self._place_of), on))
        self._dimensions = {d.name: n for n, d in enumerate(dataset.dimensions, 1)}
        start = len(self._dimensions) + 1
        self.measures = {m.name: n for n, m in enumerate(dataset.measures)}
        self._columns = [(start + n, m.additive) for n, m in enumerate(dataset.measures)]
        self._indexes: dict[tuple[str, ...], dict[Hashable, dict[tuple[Any, ...], list[Any]]]] = {}

    def index(
        self, dimensions: tuple[str, ...]
    ) -> dict[Hashable, dict[tuple[Any, ...], list[Any]]]:
        """place → values of the dimensions → measures: a sum, or the different values met."""
        found = self._indexes.get(dimensions)
        if found is None:
            found = self._indexes[dimensions] = self._make(dimensions)
        return found

    def _make(
        self, dimensions: tuple[str, ...]
    ) -> dict[Hashable, dict[tuple[Any, ...], list[Any]]]:
        positions = [self._dimensions[name] for name in dimensions]
        made: dict[Hashable, dict[tuple[Any, ...], list[Any]]] = {}
        for row in self._rows:
            key = tuple([row[n] for n in positions])
            for place in self._place_of.get(row[0], ()):
                cell = made.setdefault(place, {}).get(key)
                if cell is None:
                    made[place][key] = [
                        (row[n] or 0) if additive else [row[n]] for n, additive in self._columns
                    ]
                    continue
                for at, (n, additive) in enumerate(self._columns):
                    if additive:
                        cell[at] += row[n] or 0
                    elif row[n] not in cell[at]:
                        cell[at].append(row[n])
        return made

    def _cells(self, place: Hashable, what: Asked) -> list[list[Any]]:
        found = self.index(what.dimensions).get(place)
        if not found:
            return []
        if what.keys is not None:
            return [found[key] for key in what.keys if key in found]
        return [cell for key, cell in found.items() if what.fits(key)]

    def total(self, place: Hashable, what: Asked, measure: int) -> Decimal:
        cells = self._cells(place, what)
        return Decimal(sum([cell[measure] for cell in cells])) if cells else ZERO

    def value(self, place: Hashable, what: Asked, measure: int) -> Any:
        """None where there is no record; Unanswerable where several differ."""
        cells = self._cells(place, what)
        if not cells:
            return None
        if self._columns[measure][1]:
            return Decimal(sum([cell[measure] for cell in cells]))
        different = {value for cell in cells for value in cell[measure]} - {None}
        if len(different) > 1:
            raise Unanswerable(
                _("“%s” has several values here: narrow it with filters")
                % self.dataset.measures[measure].name
            )
        return plain(next(iter(different), None))

    def rows(self, place: Hashable, what: Asked, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Grouped by the dimensions among the columns, in their order; measures are added up."""
        kept = [name for name in columns if name in self._dimensions]
        dimensions = tuple(d for d in self._dimensions if d in kept or d in what.dimensions)
        narrowed = [dimensions.index(name) for name in what.dimensions]
        shown = [dimensions.index(name) for name in kept]
        groups: dict[tuple[Any, ...], list[list[Any]]] = {}
        for key, cell in self.index(dimensions).get(place, {}).items():
            part = tuple(key[n] for n in narrowed)
            if (part in what.keys) if what.keys is not None else what.fits(part):
                groups.setdefault(tuple(key[n] for n in shown), []).append(cell)
        found = []
        for key in sorted(groups, key=lambda key: [(v is None, str(v)) for v in key]):
            row: dict[str, Any] = {
                name: plain(value) for name, value in zip(kept, key, strict=True)
            }
            for name in columns:
                if name not in row:
                    row[name] = self._measured(groups[key], self.measures[name])
            found.append(row)
        return found

    def _measured(self, cells: list[list[Any]], measure: int) -> Any:
        if self._columns[measure][1]:
            return Decimal(sum([cell[measure] for cell in cells]))
        return plain(next((v for cell in cells for v in cell[measure] if v is not None), None))


def plain(value: Any) -> Any:
    """As expressions hold it: whole numbers are Decimals too."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
