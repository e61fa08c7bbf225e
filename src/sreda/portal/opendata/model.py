"""What a dataset is: fields with types, units and sources, and how its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Type = Literal["string", "integer", "decimal", "boolean", "date"]
Value = str | int | Decimal | bool | date | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `places` are the decimals of a decimal; `codes` the values of a coded string."""

    name: str
    title: Any
    value: Callable[[Any], Value]
    type: Type = "string"
    description: Any = ""
    unit: Any = ""
    source: Any = ""
    places: int = 0
    codes: tuple[tuple[str, Any], ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """`rows(on)` reads what holds on a day; `version()` changes when the rows may have."""

    name: str
    title: Any
    description: Any
    fields: tuple[Field, ...]
    rows: Callable[[date], Iterable[Any]]
    version: Callable[[], str]
    key: tuple[str, ...] = ()
    refers: tuple[tuple[str, str, str], ...] = ()

    def table(self, on: date) -> Iterator[list[Value]]:
        for row in self.rows(on):
            yield [field.value(row) for field in self.fields]
