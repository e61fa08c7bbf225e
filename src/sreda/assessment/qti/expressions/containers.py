"""Containers and records."""

from __future__ import annotations

from collections.abc import Sequence

from ..values.types import (
    Multiple,
    Ordered,
    Record,
    Single,
    Value,
    counts,
    items_of,
    normal,
    same,
)
from ..xml import Element
from .context import Compiled, Context, Scope
from .core import expression, nothing, number_attribute


def gathered(context: Context, operands: Sequence[Compiled]) -> list[Single]:
    """The members of all operands, NULL left out; an integer beside a float stays itself."""
    found: list[Single] = []
    for operand in operands:
        value = operand(context)
        if isinstance(value, Record):
            context.note("a record cannot be put into a container")
            continue
        members = items_of(value)
        found.extend(members[: context.take(len(members))])
    return found


@expression("multiple", 0, None)
def multiple(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    return lambda context: normal(Multiple(gathered(context, operands)))


@expression("ordered", 0, None)
def ordered(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    return lambda context: normal(Ordered(gathered(context, operands)))


@expression("container-size", 1, 1)
def container_size(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    return lambda context: len(items_of(operand(context)))


@expression("index", 1, 1)
def index(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    at = number_attribute(element, "n", scope)

    def run(context: Context) -> Value:
        value, n = operand(context), at(context)
        if type(n) is not int or not isinstance(value, Ordered | Multiple):
            return None
        return value[n - 1] if 1 <= n <= len(value) else None

    return run


@expression("field-value", 1, 1)
def field_value(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    name = element.get("field-identifier").strip()
    if not name:
        scope.issues.add("attribute-missing", element, name="field-identifier")
        return nothing

    def run(context: Context) -> Value:
        value = operand(context)
        return value.get(name) if isinstance(value, Record) else None

    return run


@expression("member", 2, 2)
def member(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands

    def run(context: Context) -> Value:
        value, container = first(context), second(context)
        if value is None or container is None:
            return None
        return any(same(value, one) for one in items_of(container))

    return run


@expression("delete", 2, 2)
def delete(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands

    def run(context: Context) -> Value:
        value, container = first(context), second(context)
        if value is None or container is None:
            return None
        kind = Ordered if isinstance(container, Ordered) else Multiple
        return normal(kind(one for one in items_of(container) if not same(value, one)))

    return run


@expression("contains", 2, 2)
def contains(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    """As a bag where both are multiple; as neighbours in the same order where both are ordered."""
    first, second = operands

    def run(context: Context) -> Value:
        whole, part = first(context), second(context)
        if whole is None or part is None:
            return None
        outer, inner = items_of(whole), items_of(part)
        if isinstance(whole, Ordered) and isinstance(part, Ordered):
            return any(
                all(same(a, b) for a, b in zip(outer[at : at + len(inner)], inner, strict=True))
                for at in range(len(outer) - len(inner) + 1)
            )
        held = counts(outer)
        return all(held.get(key, 0) >= count for key, count in counts(inner).items())

    return run


@expression("repeat", 1, None)
def repeat(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    """Evaluates its operands anew each time, so that random ones differ."""
    times = number_attribute(element, "number-repeats", scope)

    def run(context: Context) -> Value:
        n = times(context)
        if type(n) is not int or n < 1:
            return None
        found: list[Single] = []
        for _ in range(n):
            # a round costs something even where it gives nothing
            if not context.take(1):
                break
            found.extend(gathered(context, operands))
        return normal(Ordered(found))

    return run
