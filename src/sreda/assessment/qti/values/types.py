"""The values of QTI as plain Python values.

NULL is None; identifier, string and uri are `str`; boolean is `bool`; integer is `int`; duration,
pair, directed pair, point and file have a class of their own. A float is an exact `Fraction`, or a
`float` where it is irrational, infinite or not a number (decision 0014). A multiple container is a
`Multiple`, an ordered one an `Ordered`: both are tuples and never empty, since an empty container
is NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from ..words import words

BASE_TYPES = words("""
    identifier boolean integer float string point pair directedPair duration file uri
    intOrIdentifier
    """)
CARDINALITIES = frozenset(("single", "multiple", "ordered", "record"))


class Point(NamedTuple):
    x: int
    y: int


class Pair:
    """Two identifiers without an order: `A B` equals `B A`."""

    __slots__ = ("first", "second")

    def __init__(self, first: str, second: str) -> None:
        self.first = first
        self.second = second

    def __eq__(self, other: object) -> bool:
        if type(other) is not Pair:
            return NotImplemented
        mine, its = (self.first, self.second), (other.first, other.second)
        return mine == its or mine == its[::-1]

    def __hash__(self) -> int:
        return hash(frozenset((self.first, self.second)))

    def __repr__(self) -> str:
        return f"Pair({self.first!r}, {self.second!r})"


class DirectedPair(NamedTuple):
    first: str
    second: str


@dataclass(frozen=True, order=True)
class Duration:
    seconds: Fraction | float


@dataclass(frozen=True)
class File:
    name: str
    mime: str
    data: bytes


class Multiple(tuple["Single", ...]):
    __slots__ = ()


class Ordered(tuple["Single", ...]):
    __slots__ = ()


class Record(dict[str, "Single | None"]):
    """Fields by name; `types` keeps the base types that were said."""

    __slots__ = ("types",)

    def __init__(
        self, fields: Mapping[str, Single | None], types: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(fields)
        self.types = dict(types or {})


Number: TypeAlias = int | Fraction | float
Single: TypeAlias = (
    str | bool | int | Fraction | float | Point | Pair | DirectedPair | Duration | File
)
Value: TypeAlias = Single | Multiple | Ordered | Record | None

NUMERIC = (int, Fraction, float)


def is_number(value: object) -> bool:
    return type(value) in NUMERIC


def normal(value: Value) -> Value:
    """Empty strings and empty containers are NULL."""
    if value == "" or (isinstance(value, tuple | Record) and not value):
        return None
    return value


def items_of(value: Value) -> tuple[Single, ...]:
    """The members of a container; a single value is its own only member."""
    if value is None:
        return ()
    if isinstance(value, Multiple | Ordered):
        return tuple(value)
    return (value,)  # type: ignore[return-value]


def cardinality_of(value: Value) -> str:
    match value:
        case Multiple():
            return "multiple"
        case Ordered():
            return "ordered"
        case Record():
            return "record"
        case _:
            return "single"


def type_of(value: Single | None) -> str:
    """The base type a value shows by itself; text is a string."""
    return _TYPES.get(type(value), "string")


_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    Fraction: "float",
    float: "float",
    Point: "point",
    Pair: "pair",
    DirectedPair: "directedPair",
    Duration: "duration",
    File: "file",
}


def same(a: Value, b: Value) -> bool:
    """Equality of two values that are not NULL; numbers compare by value, multiple containers
    without regard to order, values of different types are never equal."""
    kind_a, kind_b = type(a), type(b)
    if kind_a in NUMERIC and kind_b in NUMERIC:
        return same_number(a, b)  # type: ignore[arg-type]
    if kind_a is not kind_b:
        return False
    if kind_a is Multiple:
        return len(a) == len(b) and counts(a) == counts(b)  # type: ignore[arg-type]
    if kind_a is Ordered:
        return len(a) == len(b) and all(map(same, a, b))  # type: ignore[arg-type]
    if isinstance(a, Record) and isinstance(b, Record):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return a == b


def same_number(a: Number, b: Number) -> bool:
    """A `Fraction` meets a `float` as the nearest float, so that sqrt(0.01) equals 0.1."""
    if type(a) is float or type(b) is float:
        try:
            return float(a) == float(b)
        except OverflowError:
            return False
    return a == b


def counts(values: tuple[Single, ...]) -> dict[object, int]:
    """How often each value occurs; a boolean is not the number it equals in Python."""
    found: dict[object, int] = {}
    for value in values:
        key = key_of(value)
        found[key] = found.get(key, 0) + 1
    return found


def key_of(value: Single | None) -> object:
    kind = type(value)
    if kind is bool:
        return (bool, value)
    if kind is Fraction:
        try:
            return float(value)  # type: ignore[arg-type]
        except OverflowError:
            return value
    if kind is Point or kind is DirectedPair:
        return (kind, value)
    return value
