"""Numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from ..model.reading import short
from ..values.numbers import (
    BITS,
    as_float,
    divided,
    exact,
    minus,
    raised,
    rounded,
    rounded_to,
    times,
    total,
    truncated,
)
from ..values.types import Multiple, Number, Ordered, Value, items_of
from ..xml import Element
from .context import Compiled, Context, Scope
from .core import choice_attribute, expression, nothing, number_attribute
from .logic import numbers


def flat(context: Context, operands: Sequence[Compiled]) -> list[Number] | None:
    """The members of all operands; None where one is NULL or holds no numbers."""
    found: list[Value] = []
    for operand in operands:
        value = operand(context)
        if value is None:
            return None
        found.extend(items_of(value))
    return numbers(context, found)


def over_all(name: str, result: Callable[[list[Number]], Number | None]) -> None:
    """An operator over any numbers, single or in containers."""

    @expression(name, 1, None)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        def run(context: Context) -> Value:
            found = flat(context, operands)
            return None if not found else result(found)

        return run


def extreme(choose: Callable[[list[Number]], Number]) -> Callable[[list[Number]], Number]:
    def result(found: list[Number]) -> Number:
        if any(type(n) is float and math.isnan(n) for n in found):
            return math.nan
        chosen = choose(found)
        return chosen if all(type(n) is int for n in found) else exact(chosen)

    return result


def whole(result: Callable[..., int]) -> Callable[[list[Number]], Number | None]:
    def checked(found: list[Number]) -> Number | None:
        if not all(type(n) is int for n in found):
            return None
        made = result(*found)
        return made if made.bit_length() <= BITS else None

    return checked


over_all("sum", total)
over_all("product", times)
over_all("max", extreme(max))
over_all("min", extreme(min))
over_all("gcd", whole(math.gcd))
over_all("lcm", whole(math.lcm))


def of_two(name: str, result: Callable[[Number, Number], Number | None]) -> None:
    @expression(name, 2, 2)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        first, second = operands

        def run(context: Context) -> Value:
            found = numbers(context, (first(context), second(context)))
            return None if found is None else result(*found)

        return run


def floor_divided(a: Number, b: Number) -> Number | None:
    return a // b if type(a) is int and type(b) is int and b else None


def remainder(a: Number, b: Number) -> Number | None:
    return a % b if type(a) is int and type(b) is int and b else None


of_two("subtract", minus)
of_two("divide", divided)
of_two("power", raised)
of_two("integer-divide", floor_divided)
of_two("integer-modulus", remainder)


def of_one(name: str, result: Callable[[Number], Number | None]) -> None:
    @expression(name, 1, 1)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        (operand,) = operands

        def run(context: Context) -> Value:
            found = numbers(context, (operand(context),))
            return None if found is None else result(found[0])

        return run


of_one("truncate", truncated)
of_one("round", rounded)


@expression("integer-to-float", 1, 1)
def integer_to_float(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands

    def run(context: Context) -> Value:
        value = operand(context)
        found = numbers(context, items_of(value))
        if not found:
            return None
        if isinstance(value, Multiple | Ordered):
            return type(value)(exact(n) for n in found)  # type: ignore[return-value]
        return exact(found[0])

    return run


@expression("round-to", 1, 1)
def round_to(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    modes = ("significantFigures", "decimalPlaces")
    mode = choice_attribute(element, "rounding-mode", modes, "significantFigures", scope)
    figures = number_attribute(element, "figures", scope)

    def run(context: Context) -> Value:
        found, digits = numbers(context, (operand(context),)), figures(context)
        if found is None or type(digits) is not int:
            return None
        made = rounded_to(found[0], mode, digits)
        return None if made is None else exact(made)

    return run


# Functions of doubles. NULL outside the natural domain of a function.


def within(function: Callable[[float], float]) -> Callable[[Number], Number | None]:
    def run(number: Number) -> Number | None:
        try:
            made = function(as_float(number))
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return None
        return None if math.isnan(made) else made

    return run


def reciprocal(function: Callable[[float], float]) -> Callable[[float], float]:
    def run(x: float) -> float:
        try:
            made = function(x)
        except OverflowError:
            return math.copysign(0.0, x)
        return 0.0 if math.isinf(made) else 1 / made

    return run


def of_reciprocal(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: function(0.0 if math.isinf(x) else 1 / x)


def logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: -math.inf if x == 0 else function(x)


def signed_overflow(function: Callable[[float], float]) -> Callable[[float], float]:
    def run(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.copysign(math.inf, x)

    return run


def to_whole(function: Callable[[Number], int]) -> Callable[[Number], Number | None]:
    def run(number: Number) -> Number | None:
        if type(number) is float and not math.isfinite(number):
            return None if math.isnan(number) else number
        return function(number)

    return run


def magnitude(number: Number) -> Number | None:
    return None if number != number else number if number >= 0 else -number


def signum(number: Number) -> Number | None:
    return None if number != number else (number > 0) - (number < 0)


FUNCTIONS: dict[str, Callable[[Number], Number | None]] = {
    "sin": within(math.sin),
    "cos": within(math.cos),
    "tan": within(math.tan),
    "sec": within(reciprocal(math.cos)),
    "csc": within(reciprocal(math.sin)),
    "cot": within(reciprocal(math.tan)),
    "asin": within(math.asin),
    "acos": within(math.acos),
    "atan": within(math.atan),
    "asec": within(of_reciprocal(math.acos)),
    "acsc": within(of_reciprocal(math.asin)),
    "acot": within(lambda x: math.pi / 2 if x == 0 else of_reciprocal(math.atan)(x)),
    "sinh": within(signed_overflow(math.sinh)),
    "cosh": within(math.cosh),
    "tanh": within(math.tanh),
    "sech": within(reciprocal(math.cosh)),
    "csch": within(reciprocal(math.sinh)),
    "coth": within(reciprocal(math.tanh)),
    "log": within(logarithm(math.log10)),
    "ln": within(logarithm(math.log)),
    "exp": within(math.exp),
    "abs": magnitude,
    "signum": signum,
    "floor": to_whole(math.floor),
    "ceil": to_whole(math.ceil),
    "toDegrees": within(math.degrees),
    "toRadians": within(math.radians),
}


@expression("math-operator", 1, 2)
def math_operator(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name = element.get("name").strip()
    if name == "atan2":
        if len(operands) != 2:
            scope.issues.add("operands", element, count=len(operands), allowed=2)
            return nothing

        def run_two(context: Context) -> Value:
            found = numbers(context, [operand(context) for operand in operands])
            if found is None or any(n != n for n in found):
                return None
            return math.atan2(as_float(found[0]), as_float(found[1]))

        return run_two
    function = FUNCTIONS.get(name)
    if function is None:
        scope.issues.add("attribute-value", element, name="name", value=short(name))
        return nothing
    if len(operands) != 1:
        scope.issues.add("operands", element, count=len(operands), allowed=1)
        return nothing
    (operand,) = operands

    def run(context: Context) -> Value:
        found = numbers(context, (operand(context),))
        return None if found is None else function(found[0])

    return run


def mean(found: list[Number]) -> Number | None:
    return divided(total(found), len(found))


def variance(found: list[Number], less: int) -> Number | None:
    """Of a sample (`less` 1) or a population (0); NULL for a sample of one."""
    middle = mean(found)
    if middle is None or len(found) - less < 1:
        return None
    return divided(total([times([d := minus(n, middle), d]) for n in found]), len(found) - less)


def root(number: Number | None) -> Number | None:
    if number is None:
        return None
    if type(number) is Fraction:
        # the root of a square is exact
        up, down = math.isqrt(number.numerator), math.isqrt(number.denominator)
        if up * up == number.numerator and down * down == number.denominator:
            return Fraction(up, down)
    return math.sqrt(as_float(number))


STATISTICS: dict[str, Callable[[list[Number]], Number | None]] = {
    "mean": mean,
    "sampleVariance": lambda found: variance(found, 1),
    "sampleSD": lambda found: root(variance(found, 1)),
    "popVariance": lambda found: variance(found, 0),
    "popSD": lambda found: root(variance(found, 0)),
}


@expression("stats-operator", 1, 1)
def stats_operator(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    function = STATISTICS.get(element.get("name").strip())
    if function is None:
        scope.issues.add("attribute-value", element, name="name", value=short(element.get("name")))
        return nothing

    def run(context: Context) -> Value:
        found = flat(context, operands)
        made = function(found) if found else None
        return None if made is None else exact(made)

    return run
