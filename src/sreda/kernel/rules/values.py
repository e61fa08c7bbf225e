"""Python values in and out of CEL. Floats are refused: money and ratios are exact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from celpy.celtypes import BoolType, ListType, MapType, StringType

EXACT = Context(
    prec=34,
    rounding=ROUND_HALF_UP,
    Emax=1_000,
    Emin=-1_000,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)


def to_cel(value: object) -> Any:
    """A value the evaluator understands; converting twice costs nothing."""
    match value:
        case None | MapType() | ListType() | StringType() | BoolType() | Decimal():
            return value
        case bool():
            return BoolType(value)
        case int():
            return Decimal(value)
        case str():
            return StringType(value)
        case date():
            return value
        case Mapping():
            return MapType({StringType(key): to_cel(item) for key, item in value.items()})
        case list() | tuple() | set() | frozenset():
            return ListType([to_cel(item) for item in value])
    raise TypeError(f"{type(value).__name__} has no place in a rule")


def from_cel(value: Any) -> Any:
    match value:
        case BoolType():
            return bool(value)
        case StringType():
            return str(value)
        case ListType():
            return [from_cel(item) for item in value]
        case MapType():
            return {str(key): from_cel(item) for key, item in value.items()}
    return value
