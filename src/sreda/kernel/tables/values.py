"""What stands in a cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple


class Number(NamedTuple):
    """`form` is how the workbook shows it, such as "0.00"."""

    value: int | float
    form: str


class Formula(str):
    """A formula as it is written, from its sign of equality."""

    __slots__ = ()


class Wrong(str):
    """An error value of the workbook, or what cannot be one of its values."""

    __slots__ = ()


# An empty cell is the empty text.
Value = str | bool | date | Number


def as_text(value: Value) -> str:
    """The cell as a person would type it: days as ISO days, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        number = value.value
        whole = isinstance(number, float) and number.is_integer()
        return str(int(number)) if whole else str(number)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
