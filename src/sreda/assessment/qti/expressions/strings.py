"""Text: stringMatch, substring, patternMatch."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.reading import flag_of
from ..values.types import Value
from ..xml import Element
from .context import Compiled, Context, Scope
from .core import expression, nothing, reference
from .patterns import PatternError, full_match


def texts(context: Context, values: Sequence[Value]) -> list[str] | None:
    for value in values:
        if not isinstance(value, str):
            if value is not None:
                context.note(f"a string is expected, {value!r} is not one")
            return None
    return list(values)  # type: ignore[arg-type]


@expression("string-match", 2, 2)
def string_match(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    first, second = operands
    sensitive = flag_of(element, "case-sensitive", scope.issues, default=True)
    part = flag_of(element, "substring", scope.issues)

    def run(context: Context) -> Value:
        found = texts(context, (first(context), second(context)))
        if found is None:
            return None
        a, b = found if sensitive else [text.casefold() for text in found]
        return b in a if part else a == b

    return run


@expression("substring", 2, 2)
def substring(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    """Whether the first text occurs in the second."""
    first, second = operands
    sensitive = flag_of(element, "case-sensitive", scope.issues, default=True)

    def run(context: Context) -> Value:
        found = texts(context, (first(context), second(context)))
        if found is None:
            return None
        a, b = found if sensitive else [text.casefold() for text in found]
        return a in b

    return run


@expression("pattern-match", 1, 1)
def pattern_match(element: Element, operands: Sequence[Compiled], scope: Scope) -> Compiled:
    (operand,) = operands
    pattern = element.attributes.get("pattern")
    if pattern is None:
        scope.issues.add("attribute-missing", element, name="pattern")
        return nothing
    name = reference(pattern)
    if pattern.strip().startswith("{") and scope.find(name) is not None:
        scope.used.add(name)

        def run_variable(context: Context) -> Value:
            found = texts(context, (operand(context), context.values.get(name)))
            if found is None:
                return None
            try:
                return full_match(found[1], found[0])
            except PatternError as error:
                context.note(f"the pattern cannot be used: {error}")
                return None

        return run_variable
    try:
        full_match(pattern, "")
    except PatternError as error:
        scope.issues.add("pattern", element, reason=str(error))
        return nothing

    def run(context: Context) -> Value:
        found = texts(context, (operand(context),))
        return None if found is None else full_match(pattern, found[0])

    return run
