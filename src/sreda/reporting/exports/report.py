"""What a dashboard says, apart from how it is shown: page, workbook and document draw from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Plain = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One value. `standing` is "good", "middling", "bad" or ""; `before` the value it is compared
    with; `why` says what is missing where there is no value."""

    title: str
    value: Decimal | None
    unit: str = ""
    places: int = 2
    plan: Decimal | None = None
    standing: str = ""
    state: str = "fresh"
    why: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain values under headings; the first column names the row, `urls` lead on."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Plain]]
    urls: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: Sequence[Decimal | None]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over the same labels; `small` draws each apart, on one scale."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """A value for each municipality: {name, short, x, y, value, url}."""

    title: str
    tiles: Sequence[dict[str, Any]]
    unit: str = ""


Block = Figure | Table | Chart | Tiles


@dataclass(frozen=True, slots=True)
class Report:
    """`place` and `on` say what the figures are of; `made` and `region` go to the document's foot.

    A group of blocks is one widget: (its title, its blocks).
    """

    title: str
    place: str
    on: date
    groups: Sequence[tuple[str, Sequence[Block]]] = field(default_factory=tuple)
    region: str = ""
    notes: Sequence[str] = ()


def table_of(block: Block, names: tuple[str, str, str, str]) -> Table:
    """Any block as a table. `names` head it: row, value, unit, plan."""
    match block:
        case Table():
            return block
        case Figure():
            row = [block.title, block.value, block.unit, block.plan]
            return Table(block.title, list(names), [row], note=block.why)
        case Tiles():
            rows = [[tile["name"], tile["value"], block.unit] for tile in block.tiles]
            return Table(block.title, list(names[:3]), rows)
        case Chart():
            heads = [names[0], *(series.name for series in block.series)]
            rows = [
                [label, *(series.values[n] for series in block.series)]
                for n, label in enumerate(block.labels)
            ]
            return Table(block.title, heads, rows)
