"""True, false and NULL: and, or, not, anyN; comparisons of numbers and durations; match."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..model.reading import flag_of, short
from ..values.numbers import rounded_to
from ..values.shapes import SHAPES, area, parse_coords
from ..values.types import (
    Duration,
    Number,
    Point,
    Value,
    is_number,
    items_of,
    normal,
    same,
    same_number,
)
from ..xml import Element
from .context import Compiled, Context, Scope
from .core import choice_attribute, expression, nothing, number_attribute, number_word


def truth(context: Context, value: Value) -> bool | None:
    """A boolean; anything else is noted and counts as NULL."""
    if value is None or value is True or value is False:
        return value
    context.note(f"a boolean is expected, {value!r} is not one")
    return None


@expression("and", 1, None)
def all_of(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    def run(context: Context) -> Value:
        result: Value = True
        for operand in operands:
            value = truth(context, operand(context))
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return run


@expression("or", 1, None)
def any_of(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    def run(context: Context) -> Value:
        result: Value = False
        for operand in operands:
            value = truth(context, operand(context))
            if value is True:
                return True
            if value is None:
                result = None
        return result

    return run


@expression("not", 1, 1)
def negation(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands

    def run(context: Context) -> Value:
        value = truth(context, operand(context))
        return None if value is None else not value

    return run


@expression("any-n", 1, None)
def any_n(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    low = number_attribute(element, "min", scope)
    high = number_attribute(element, "max", scope)

    def run(context: Context) -> Value:
        least, most = low(context), high(context)
        if least is None or most is None:
            return None
        found = [truth(context, operand(context)) for operand in operands]
        true, null = found.count(True), found.count(None)
        if true > most or true + null < least:
            return False
        if least <= true and true + null <= most:
            return True
        return None

    return run


@expression("is-null", 1, 1)
def is_null(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    return lambda context: normal(operand(context)) is None


@expression("match", 2, 2)
def match(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands

    def run(context: Context) -> Value:
        a, b = first(context), second(context)
        return None if a is None or b is None else same(a, b)

    return run


def numbers(context: Context, values: Sequence[Value]) -> list[Number] | None:
    """All as numbers, or None where one is NULL or no number."""
    for value in values:
        if not is_number(value):
            if value is not None:
                context.note(f"a number is expected, {value!r} is not one")
            return None
    return list(values)  # type: ignore[arg-type]


def compare(name: str, holds: Callable[[Number, Number], bool]) -> None:
    @expression(name, 2, 2)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        first, second = operands

        def run(context: Context) -> Value:
            found = numbers(context, (first(context), second(context)))
            return None if found is None else holds(*found)

        return run


# where one side is a double, both are: sqrt(0.01) is not above 0.1
compare("lt", lambda a, b: a < b and not same_number(a, b))
compare("gt", lambda a, b: a > b and not same_number(a, b))
compare("lte", lambda a, b: a < b or same_number(a, b))
compare("gte", lambda a, b: a > b or same_number(a, b))


def compare_durations(name: str, holds: Callable[[Duration, Duration], bool]) -> None:
    @expression(name, 2, 2)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        first, second = operands

        def run(context: Context) -> Value:
            a, b = first(context), second(context)
            if isinstance(a, Duration) and isinstance(b, Duration):
                return holds(a, b)
            if a is not None and b is not None:
                context.note("durations are expected")
            return None

        return run


compare_durations("duration-lt", lambda a, b: a < b)
compare_durations("duration-gte", lambda a, b: a >= b)


@expression("equal", 2, 2)
def equal(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands
    modes = ("exact", "absolute", "relative")
    mode = choice_attribute(element, "tolerance-mode", modes, "exact", scope)
    if mode == "exact":

        def run_exact(context: Context) -> Value:
            found = numbers(context, (first(context), second(context)))
            return None if found is None else same_number(*found)

        return run_exact

    words = element.get("tolerance").split()
    if not 1 <= len(words) <= 2:
        code = "attribute-value" if words else "attribute-missing"
        scope.issues.add(code, element, name="tolerance", value=short(element.get("tolerance")))
        return nothing
    bounds = [number_word(word, element, "tolerance", scope, whole=False) for word in words]
    lower, upper = bounds[0], bounds[-1]
    with_lower = flag_of(element, "include-lower-bound", scope.issues, default=True)
    with_upper = flag_of(element, "include-upper-bound", scope.issues, default=True)

    def run(context: Context) -> Value:
        found = numbers(context, (first(context), second(context), lower(context), upper(context)))
        if found is None:
            return None
        x, y, t0, t1 = found
        if t0 < 0 or t1 < 0:
            return None
        if mode == "relative":
            size = x if x >= 0 else -x
            t0, t1 = size * t0 / 100, size * t1 / 100
        least, most = x - t0, x + t1
        above = y > least or (with_lower and same_number(y, least))
        below = y < most or (with_upper and same_number(y, most))
        if not with_lower and same_number(y, least):
            above = False
        if not with_upper and same_number(y, most):
            below = False
        return above and below

    return run


@expression("equal-rounded", 2, 2)
def equal_rounded(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands
    modes = ("significantFigures", "decimalPlaces")
    mode = choice_attribute(element, "rounding-mode", modes, "significantFigures", scope)
    figures = number_attribute(element, "figures", scope)

    def run(context: Context) -> Value:
        found = numbers(context, (first(context), second(context)))
        digits = figures(context)
        if found is None or type(digits) is not int:
            return None
        a, b = (rounded_to(n, mode, digits) for n in found)
        return None if a is None or b is None else same_number(a, b)

    return run


@expression("inside", 1, 1)
def inside(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    shape, text = element.get("shape"), element.get("coords")
    if shape not in SHAPES:
        code = "attribute-value" if shape else "attribute-missing"
        scope.issues.add(code, element, name="shape", value=short(shape))
        return nothing
    try:
        contains = area(shape, parse_coords(shape, text))
    except (ValueError, OverflowError):
        scope.issues.add("coords", element, value=short(text), shape=shape)
        return nothing

    def run(context: Context) -> Value:
        value = operand(context)
        if value is None:
            return None
        points = [one for one in items_of(value) if isinstance(one, Point)]
        if not points:
            context.note("a point is expected")
            return None
        return any(contains(point) for point in points)

    return run
