"""Every operator and function a rule may use; nothing else can be called.

Operators are strict: a number meets a number, a text a text. `==` and `!=` also accept null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from itertools import combinations, islice
from typing import Any

import re2
from celpy.celtypes import (
    BoolType,
    ListType,
    MapType,
    StringType,
    logical_condition,
    logical_not,
)
from celpy.evaluation import CELEvalError

from .limits import Limits

Function = Callable[..., Any]
SIZE = Limits().size


def passing_errors(function: Function) -> Function:
    """CEL carries an error as a value until && or || has decided without it."""

    def call(*values: Any) -> Any:
        for value in values:
            if isinstance(value, CELEvalError):
                return value
        return function(*values)

    return call


def kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case BoolType():
            return "bool"
        case Decimal():
            return "number"
        case StringType():
            return "text"
        case date():
            return "date"
        case ListType():
            return "list"
        case MapType():
            return "map"
    return type(value).__name__


def expect(value: Any, wanted: str) -> Any:
    if kind(value) != wanted:
        raise TypeError(f"expected a {wanted}, got {kind(value)}")
    return value


def whole(value: Any, low: int, high: int) -> int:
    number = expect(value, "number")
    if number != number.to_integral_value() or not low <= number <= high:
        raise TypeError(f"expected a whole number from {low} to {high}, got {number}")
    return int(number)


def bounded(value: Any) -> Any:
    if len(value) > SIZE:
        raise TypeError(f"a value of more than {SIZE} items or characters")
    return value


def text(value: str) -> StringType:
    return StringType(bounded(value))


def listed(values: Iterable[Any]) -> ListType:
    found: list[Any] = list(islice(values, SIZE + 1))
    return ListType(bounded(found))


def mismatch(sign: str, a: Any, b: Any) -> TypeError:
    return TypeError(f"{kind(a)} {sign} {kind(b)} is not defined")


def add(a: Any, b: Any) -> Any:
    match kind(a), kind(b):
        case "number", "number":
            return a + b
        case "text", "text":
            return text(a + b)
        case "list", "list":
            return ListType(bounded(list(a) + list(b)))
        case "date", "number":
            return a + timedelta(days=whole(b, -100_000, 100_000))
    raise mismatch("+", a, b)


def subtract(a: Any, b: Any) -> Any:
    match kind(a), kind(b):
        case "number", "number":
            return a - b
        case "date", "date":
            return Decimal((a - b).days)
        case "date", "number":
            return a - timedelta(days=whole(b, -100_000, 100_000))
    raise mismatch("-", a, b)


def arithmetic(sign: str, function: Callable[[Decimal, Decimal], Decimal]) -> Function:
    def operate(a: Any, b: Any) -> Decimal:
        if kind(a) == kind(b) == "number":
            return function(a, b)
        raise mismatch(sign, a, b)

    return operate


def divide(a: Decimal, b: Decimal) -> Decimal:
    """Nothing divided by nothing is a division by zero too, to whoever reads the message."""
    if not b:
        raise ZeroDivisionError
    return a / b


def ordering(sign: str, function: Callable[[Any, Any], bool]) -> Function:
    def compare(a: Any, b: Any) -> BoolType:
        if kind(a) == kind(b) and kind(a) in {"number", "text", "date"}:
            return BoolType(function(a, b))
        raise mismatch(sign, a, b)

    return compare


def same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    if kind(a) != kind(b):
        raise mismatch("==", a, b)
    if kind(a) == "list":
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def is_in(item: Any, container: Any) -> BoolType:
    if kind(container) == "map":
        return BoolType(item in container)
    return BoolType(any(same(item, other) for other in expect(container, "list")))


def get(container: Any, index: Any) -> Any:
    if kind(container) == "map":
        return container[expect(index, "text")]
    return expect(container, "list")[whole(index, 0, SIZE)]


def numbers(values: Any) -> list[Decimal]:
    return [expect(value, "number") for value in expect(values, "list")]


def half_up(value: Any, places: Any) -> Decimal:
    """Rounds half away from zero, as printed tables do."""
    return Decimal(expect(value, "number").quantize(Decimal(1).scaleb(-whole(places, 0, 12))))


def highest(values: Any) -> Any:
    return max(expect(values, "list"))


def lowest(values: Any) -> Any:
    return min(expect(values, "list"))


def distinct(values: Any) -> ListType:
    return ListType(dict.fromkeys(expect(values, "list")))


def head(values: Any, count: Any) -> ListType:
    return ListType(list(islice(expect(values, "list"), whole(count, 0, SIZE))))


def tally(values: Any) -> MapType:
    """How often each text is in the list."""
    return MapType(
        {
            word: Decimal(n)
            for word, n in Counter(map(partial(expect, wanted="text"), values)).items()
        }
    )


def show(value: Any) -> StringType:
    match kind(value):
        case "number":
            return text(format(value, "f"))
        case "date":
            return text(value.isoformat())
        case "text":
            return StringType(value)
        case "bool":
            return text("true" if value else "false")
    raise TypeError(f"{kind(value)} cannot be shown as text")


def find(value: Any, pattern: Any) -> StringType:
    """The first match (its first group, if there is one), or an empty text."""
    found = re2.search(expect(pattern, "text"), expect(value, "text"))
    if not found:
        return text("")
    return text((found.group(1) if found.groups() else found.group(0)) or "")


def initials(value: Any) -> StringType:
    """«Муниципальное бюджетное учреждение» → «МБУ»."""
    return text("".join(word[0] for word in expect(value, "text").split()).upper())


def distance(a: Any, b: Any) -> Decimal:
    """How many letters to change, add or drop (Levenshtein)."""
    first, second = expect(a, "text"), expect(b, "text")
    if max(len(first), len(second)) > 200:
        raise TypeError("texts longer than 200 characters are not compared letter by letter")
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            previous, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, previous + (letter != other)),
            )
    return Decimal(row[-1])


def subset(values: Any, total: Any) -> ListType:
    """Positions of the fewest values that add up to `total`; empty when none do."""
    parts, goal = numbers(values), expect(total, "number")
    if len(parts) > 14:
        return ListType()
    for size in range(1, len(parts) + 1):
        for chosen in combinations(range(len(parts)), size):
            if sum(parts[i] for i in chosen) == goal:
                return listed(Decimal(i) for i in chosen)
    return ListType()


def near(value: Any, low: Any, high: Any) -> ListType:
    """Whole numbers from `low` to `high` of as many digits that differ from `value` in one."""
    digits = expect(value, "text")
    found = (
        digits[:i] + digit + digits[i + 1 :]
        for i in range(min(len(digits), 12))
        for digit in "0123456789"
        if digit != digits[i]
    )
    first, last = whole(low, 0, 10**12), whole(high, 0, 10**12)
    return ListType(text(x) for x in found if x.isdecimal() and first <= int(x) <= last)


def number(value: Any) -> Decimal:
    if kind(value) == "number":
        return Decimal(value)
    digits = expect(value, "text").strip().replace(",", ".")
    if not re2.fullmatch(r"[+-]?\d{1,30}(\.\d{1,30})?", digits):
        raise TypeError(f"{digits[:40]!r} is not a number")
    return Decimal(digits)


def positions(values: Any) -> ListType:
    return listed(Decimal(i) for i in range(len(expect(values, "list"))))


def span(low: Any, high: Any) -> ListType:
    """The whole numbers from `low` to `high`, both included."""
    first, last = whole(low, -SIZE, SIZE), whole(high, -SIZE, SIZE)
    return listed(Decimal(i) for i in range(first, last + 1))


def rank(names: Any, values: Any) -> ListType:
    """`names` in ascending order of their `values`; equals stay as they stand."""
    expect(names, "list")
    order = sorted(zip(numbers(values), range(len(names)), strict=True))
    return listed(names[i] for _, i in order)


OPERATORS: dict[str, Function] = {
    "!_": logical_not,
    "-_": lambda a: -expect(a, "number"),
    "_+_": add,
    "_-_": subtract,
    "_*_": arithmetic("*", lambda a, b: a * b),
    "_/_": arithmetic("/", divide),
    "_%_": arithmetic("%", lambda a, b: a % b),
    "_<_": ordering("<", lambda a, b: a < b),
    "_<=_": ordering("<=", lambda a, b: a <= b),
    "_>_": ordering(">", lambda a, b: a > b),
    "_>=_": ordering(">=", lambda a, b: a >= b),
    "_==_": lambda a, b: BoolType(same(a, b)),
    "_!=_": lambda a, b: BoolType(not same(a, b)),
    "_in_": is_in,
    "_?_:_": logical_condition,
    "_[_]": get,
}

FUNCTIONS: dict[str, Function] = {
    "abs": lambda a: abs(expect(a, "number")),
    "ceil": lambda a: expect(a, "number").to_integral_value(ROUND_CEILING),
    "contains": lambda a, b: BoolType(expect(b, "text") in expect(a, "text")),
    "date": lambda a: date.fromisoformat(expect(a, "text")),
    "distance": distance,
    "distinct": distinct,
    "endsWith": lambda a, b: BoolType(expect(a, "text").endswith(expect(b, "text"))),
    "find": find,
    "first": lambda a: expect(a, "list")[0],
    "floor": lambda a: expect(a, "number").to_integral_value(ROUND_FLOOR),
    "head": head,
    "initials": initials,
    "join": lambda a, b: text(expect(b, "text").join(expect(x, "text") for x in a)),
    "last": lambda a: expect(a, "list")[-1],
    "lower": lambda a: text(expect(a, "text").lower()),
    "matches": lambda a, b: BoolType(bool(re2.search(expect(b, "text"), expect(a, "text")))),
    "max": highest,
    "min": lowest,
    "near": near,
    "number": number,
    "positions": positions,
    "range": span,
    "rank": rank,
    "replace": lambda a, b, c: text(
        expect(a, "text").replace(expect(b, "text"), expect(c, "text"))
    ),
    "round": half_up,
    "size": lambda a: Decimal(len(a)),
    "sort": lambda a: ListType(sorted(expect(a, "list"))),
    "split": lambda a, b: ListType(map(text, expect(a, "text").split(expect(b, "text")))),
    "startsWith": lambda a, b: BoolType(expect(a, "text").startswith(expect(b, "text"))),
    "string": show,
    "subset": subset,
    "sum": lambda a: sum(numbers(a), Decimal(0)),
    "tally": tally,
    "trim": lambda a: text(expect(a, "text").strip()),
    "upper": lambda a: text(expect(a, "text").upper()),
    "year": lambda a: Decimal(expect(a, "date").year),
}
