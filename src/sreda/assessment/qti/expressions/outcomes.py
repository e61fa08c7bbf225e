"""Expressions over the items of a test, for outcome processing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from ..model.declarations import OUTCOME
from ..values.numbers import exact, times
from ..values.types import (
    BASE_TYPES,
    Multiple,
    Number,
    Single,
    Value,
    cardinality_of,
    is_number,
    normal,
)
from ..xml import Element
from .context import Compiled, Context, ItemView, Scope
from .core import expression

Subset = Callable[[Context], list[ItemView]]


def subset_of(element: Element) -> Subset:
    section = element.get("section-identifier").strip()
    include = element.get("include-category").strip()
    exclude = element.get("exclude-category").strip()
    return lambda context: context.test.items(section, include, exclude) if context.test else []


def counted(name: str, holds: Callable[[ItemView], bool]) -> None:
    @expression(name, only_test=True)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        subset = subset_of(element)
        return lambda context: sum(1 for item in subset(context) if holds(item))


counted("number-correct", lambda item: item.correct() is True)
counted("number-incorrect", lambda item: item.correct() is False)
counted("number-presented", lambda item: item.presented)
counted("number-responded", lambda item: item.responded)
counted("number-selected", lambda item: True)


def extremes(name: str, part: str, *, all_needed: bool) -> None:
    """The declared extremes of one outcome over all items: NULL where a maximum is missing, while
    items without a minimum are left out."""

    @expression(name, only_test=True)
    def build(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
        subset = subset_of(element)
        outcome = element.get("outcome-identifier").strip()
        weight = element.get("weight-identifier").strip()
        if not outcome:
            scope.issues.add("attribute-missing", element, name="outcome-identifier")

        def run(context: Context) -> Value:
            found: list[Single] = []
            for item in subset(context):
                declaration = item.declarations.get(item.own_name(outcome))
                number: Number | None = None
                if declaration is not None and declaration.kind == OUTCOME:
                    number = getattr(declaration, part)
                if number is None:
                    if all_needed:
                        return None
                    continue
                found.append(exact(weighted(item, number, weight)))
            return normal(Multiple(found))

        return run


extremes("outcome-maximum", "normal_maximum", all_needed=True)
extremes("outcome-minimum", "normal_minimum", all_needed=False)


def weighted(item: ItemView, number: Number, weight: str) -> Number:
    if not weight:
        return number
    factor = item.weight(weight)
    return times([number, factor]) if is_number(factor) else number  # type: ignore[list-item]


@expression("test-variables", only_test=True)
def test_variables(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    """One variable of all items, as a container: single values of the base type asked for, of any
    numeric type where none is."""
    subset = subset_of(element)
    name = element.get("variable-identifier").strip()
    weight = element.get("weight-identifier").strip()
    base_type = element.get("base-type").strip()
    if not name:
        scope.issues.add("attribute-missing", element, name="variable-identifier")
    if base_type and base_type not in BASE_TYPES:
        scope.issues.add("base-type", element, value=base_type)

    def run(context: Context) -> Value:
        found: list[Single] = []
        for item in subset(context):
            own = item.own_name(name)
            declaration = item.declarations.get(own)
            value = item.values.get(own)
            if value is None or cardinality_of(value) != "single":
                continue
            kind = declaration.base_type if declaration else _built_in(own)
            if base_type and kind != base_type:
                continue
            if not base_type and not is_number(value):
                continue
            if weight and is_number(value) and base_type != "integer":
                value = exact(weighted(item, value, weight))  # type: ignore[arg-type]
            found.append(value)  # type: ignore[arg-type]
        if not base_type and any(type(one) is not int for one in found):
            found = [Fraction(one) if type(one) is int else one for one in found]
        return normal(Multiple(found))

    return run


def _built_in(name: str) -> str:
    return {"duration": "duration", "numAttempts": "integer"}.get(name, "identifier")
