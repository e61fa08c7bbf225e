"""Values, variables, mappings, random numbers, NULL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from ..model.declarations import RESPONSE
from ..model.reading import read_value, short
from ..values.numbers import as_float, exact
from ..values.types import BASE_TYPES, Multiple, Ordered, Value, items_of
from ..xml import Element
from .context import TEST, Compiled, Context, Scope
from .core import expression, nothing, number_attribute


@expression("base-value")
def base_value(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    base_type = element.get("base-type")
    if base_type not in BASE_TYPES:
        code = "base-type" if base_type else "attribute-missing"
        scope.issues.add(code, element, value=base_type, name="base-type")
        base_type = "string"
    value = read_value(element, base_type, scope.issues)
    return lambda context: value


@expression("null")
def null(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    return nothing


@expression("variable")
def variable(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name, weight = scope.name_of(element), element.get("weight-identifier").strip()
    if not name:
        scope.issues.add("attribute-missing", element, name="identifier")
        return nothing
    scope.used.add(name)
    if scope.place == TEST:
        if "." not in name and scope.find(name) is None:
            scope.issues.add("variable-unknown", element, name=name)
        return lambda c: c.test.variable(name, weight) if c.test else None
    if scope.find(name) is None:
        scope.issues.add("variable-unknown", element, name=name)
        return nothing
    return lambda context: context.values.get(name)


@expression("default")
def default(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name = element.get("identifier").strip()
    declaration = scope.find(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return nothing
    said = declaration.default
    return lambda context: context.defaults.get(name, said)


@expression("correct")
def correct(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name = element.get("identifier").strip()
    declaration = scope.declarations.get(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return nothing
    if declaration.kind != RESPONSE:
        scope.issues.add("variable-kind", element, name=name, kind=RESPONSE)
        return nothing
    said = declaration.correct
    scope.used.add(f"correct:{name}")
    return lambda context: context.correct.get(name, said)


@expression("map-response")
def map_response(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name = element.get("identifier").strip()
    declaration = scope.declarations.get(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return nothing
    mapping = declaration.mapping
    if mapping is None:
        scope.issues.add("mapping-missing", element, name=name)
        return lambda context: Fraction(0)
    return lambda context: exact(mapping.of(context.values.get(name)))


@expression("map-response-point")
def map_response_point(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    name = element.get("identifier").strip()
    declaration = scope.declarations.get(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return nothing
    mapping = declaration.area_mapping
    if mapping is None:
        scope.issues.add("area-mapping-missing", element, name=name)
        return lambda context: Fraction(0)
    return lambda context: exact(mapping.of(context.values.get(name)))


@expression("math-constant")
def math_constant(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    value = {"pi": math.pi, "e": math.e}.get(element.get("name").strip())
    if value is None:
        scope.issues.add("attribute-value", element, name="name", value=short(element.get("name")))
    return lambda context: value


@expression("random-integer")
def random_integer(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    low = number_attribute(element, "min", scope, default=0)
    high = number_attribute(element, "max", scope)
    step = number_attribute(element, "step", scope, default=1)

    def run(context: Context) -> Value:
        least, most, by = low(context), high(context), step(context)
        if type(least) is not int or type(most) is not int or type(by) is not int:
            return None
        if most < least or by < 1:
            return None
        return context.random.randrange(least, most + 1, by)

    return run


@expression("random-float")
def random_float(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    low = number_attribute(element, "min", scope, whole=False, default=Fraction(0))
    high = number_attribute(element, "max", scope, whole=False)

    def run(context: Context) -> Value:
        least, most = low(context), high(context)
        if least is None or most is None or most < least:
            return None
        return min(max(context.random.uniform(as_float(least), as_float(most)), as_float(least)),
                   as_float(most))  # fmt: skip

    return run


@expression("custom-operator", 0, None)
def custom_operator(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    """A handler given by the caller decides, found by the operator's class or definition."""
    name = element.get("class").strip() or element.get("definition").strip() or "?"
    scope.issues.add("operator-custom", element, name=short(name))

    def run(context: Context) -> Value:
        handler = context.custom.get(name)
        if handler is None:
            context.note(f"the custom operator {name} is not supported: NULL")
            return None
        return handler(element, tuple(operand(context) for operand in operands))

    return run


@expression("random", 1, 1)
def random(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands

    def run(context: Context) -> Value:
        value = operand(context)
        if not isinstance(value, Multiple | Ordered):
            return value
        return context.random.choice(items_of(value))

    return run
