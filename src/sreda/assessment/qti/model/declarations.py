"""Variables of an item or a test: what they may hold, their defaults, mappings and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from ..values.numbers import total
from ..values.shapes import Area
from ..values.types import (
    Multiple,
    Number,
    Ordered,
    Point,
    Record,
    Single,
    Value,
    cardinality_of,
    is_number,
    items_of,
    key_of,
    normal,
)

RESPONSE, OUTCOME, TEMPLATE, CONTEXT = "response", "outcome", "template", "context"


@dataclass(frozen=True)
class MapEntry:
    key: Single | None
    value: Number
    case_sensitive: bool = False


@dataclass(frozen=True)
class Mapping:
    """`of(value)`: the mapped value, between the bounds; a value in a container counts once."""

    entries: tuple[MapEntry, ...]
    default: Number = Fraction(0)
    lower: Number | None = None
    upper: Number | None = None
    _exact: dict[object, Number] = field(init=False, repr=False, compare=False)
    _folded: tuple[tuple[str, Number], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact: dict[object, Number] = {}
        folded = []
        for entry in self.entries:
            if entry.case_sensitive or not isinstance(entry.key, str):
                exact.setdefault(key_of(entry.key), entry.value)
            else:
                folded.append((entry.key.casefold(), entry.value))
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_folded", tuple(folded))

    def one(self, value: Single | None) -> Number:
        found = self._exact.get(key_of(value))
        if found is None and self._folded and isinstance(value, str):
            wanted = value.casefold()
            found = next((to for key, to in self._folded if key == wanted), None)
        return self.default if found is None else found

    def of(self, value: Value) -> Number:
        if isinstance(value, Multiple | Ordered):
            once = {key_of(single): single for single in value}
            return bounded(total([self.one(s) for s in once.values()]), self.lower, self.upper)
        return bounded(self.one(value), self.lower, self.upper)  # type: ignore[arg-type]


@dataclass(frozen=True)
class AreaEntry:
    shape: str
    coords: tuple[float, ...]
    value: Number
    inside: Area = field(compare=False, repr=False)


@dataclass(frozen=True)
class AreaMapping:
    """`of(value)`: each point counts for the first area it lies in, each area once; a point in
    none counts as the default."""

    entries: tuple[AreaEntry, ...]
    default: Number = Fraction(0)
    lower: Number | None = None
    upper: Number | None = None

    def of(self, value: Value) -> Number:
        points = [p for p in items_of(value) if isinstance(p, Point)]
        if not points:
            return bounded(self.default, self.lower, self.upper)
        counted: set[int] = set()
        found: list[Number] = []
        for point in points:
            at = next((i for i, e in enumerate(self.entries) if e.inside(point)), None)
            if at is None:
                found.append(self.default)
            elif at not in counted:
                counted.add(at)
                found.append(self.entries[at].value)
        return bounded(total(found), self.lower, self.upper)


@dataclass(frozen=True)
class MatchTable:
    """From whole numbers to values."""

    entries: tuple[tuple[int, Value], ...]
    default: Value = None

    def of(self, source: Number) -> Value:
        return next((to for key, to in self.entries if key == source), self.default)


@dataclass(frozen=True)
class InterpolationTable:
    """The first entry at or below the source value gives the result; entries go down."""

    entries: tuple[tuple[Number, bool, Value], ...]
    default: Value = None

    def of(self, source: Number) -> Value:
        for bound, included, to in self.entries:
            if source > bound or (included and source == bound):
                return to
        return self.default


@dataclass(frozen=True)
class Declaration:
    """One variable. `kind`: response, outcome, template or context."""

    identifier: str
    kind: str
    cardinality: str = "single"
    base_type: str = ""
    default: Value = None
    correct: Value = None
    mapping: Mapping | None = None
    area_mapping: AreaMapping | None = None
    table: MatchTable | InterpolationTable | None = None
    normal_maximum: Number | None = None
    normal_minimum: Number | None = None
    mastery: Number | None = None
    interpretation: str = ""
    external_scored: str = ""
    view: frozenset[str] = frozenset()
    math_variable: bool = False
    param_variable: bool = False
    line: int = 0

    @cached_property
    def initial(self) -> Value:
        """The value before anything set it: a numeric outcome starts at 0, the rest at NULL."""
        if self.default is not None:
            return self.default
        if self.kind == OUTCOME and self.cardinality == "single":
            if self.base_type == "integer":
                return 0
            if self.base_type == "float":
                return Fraction(0)
        return None

    def accept(self, value: Value) -> Value:
        """The value as this variable keeps it: an integer becomes a float, a single value a
        container, where the variable is one. Raises `ValueError` where it does not fit."""
        value = normal(value)
        if value is None:
            return None
        found = cardinality_of(value)
        if self.cardinality == "record":
            if isinstance(value, Record):
                return value
            raise ValueError(f"{self.identifier} is a record")
        if isinstance(value, Record):
            raise ValueError(f"{self.identifier} is no record")
        if self.cardinality == "single":
            if found != "single":
                if len(value) != 1:  # type: ignore[arg-type]
                    raise ValueError(f"{self.identifier} holds one value")
                value = items_of(value)[0]
            return fitted(value, self.base_type)  # type: ignore[arg-type]
        kind = Multiple if self.cardinality == "multiple" else Ordered
        if self.base_type not in ("float", "integer") and type(value) is kind:
            return value
        return kind(fitted(one, self.base_type) for one in items_of(value))


def fitted(value: Single, base_type: str) -> Single:
    """A number as the base type wants it; anything else only where the type agrees."""
    match base_type:
        case "float":
            if type(value) is int:
                return Fraction(value)
            if is_number(value):
                return value
        case "integer":
            if type(value) is int:
                return value
            if type(value) is Fraction or (type(value) is float and value.is_integer()):
                return int(value)
        case "intOrIdentifier":
            if type(value) is int or isinstance(value, str):
                return value
        case "identifier" | "string" | "uri":
            if isinstance(value, str):
                return value
        case "boolean":
            if isinstance(value, bool):
                return value
        case _:
            if type(value).__name__ == CLASSES.get(base_type):
                return value
    raise ValueError(f"{value!r} is not of the type {base_type}")


CLASSES = {
    "point": "Point",
    "pair": "Pair",
    "directedPair": "DirectedPair",
    "duration": "Duration",
    "file": "File",
}


def bounded(number: Number, lower: Number | None, upper: Number | None) -> Number:
    if lower is not None and number < lower:
        return lower
    if upper is not None and number > upper:
        return upper
    return number
