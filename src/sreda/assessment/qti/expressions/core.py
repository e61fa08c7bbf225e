"""Compiling: one closure an expression, put together from those of its sub-expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..model.reading import short
from ..values.numbers import parse_float, parse_integer
from ..values.types import Number, Value, is_number
from ..xml import Element
from .context import TEST, Compiled, Context, Scope

Builder: TypeAlias = Callable[[Element, Sequence[Compiled], Scope], Compiled]


@dataclass(frozen=True)
class Kind:
    build: Builder
    least: int
    most: int | None
    only_test: bool = False


KINDS: dict[str, Kind] = {}
DEPTH = 100


def expression(
    name: str, least: int = 0, most: int | None = 0, *, only_test: bool = False
) -> Callable[[Builder], Builder]:
    """Registers the builder of `qti-NAME`, which takes `least` to `most` sub-expressions (None:
    any number)."""

    def register(build: Builder) -> Builder:
        KINDS[f"qti-{name}"] = Kind(build, least, most, only_test)
        return build

    return register


def nothing(context: Context) -> Value:
    return None


def compile_expression(element: Element, scope: Scope, depth: int = 0) -> Compiled:
    """The closure of an expression. What cannot be compiled is noted and becomes NULL."""
    kind = KINDS.get(element.name)
    if kind is None:
        scope.issues.add("operator-unknown", element)
        return nothing
    if depth > DEPTH:
        scope.issues.add("operands", element, count=f"> {DEPTH}", allowed=DEPTH)
        return nothing
    if kind.only_test and scope.place != TEST:
        scope.issues.add("expression-place", element, where="outcome processing")
    operands = [compile_expression(one, scope, depth + 1) for one in operands_of(element)]
    count = len(operands)
    if count < kind.least or (kind.most is not None and count > kind.most):
        scope.issues.add("operands", element, count=count, allowed=allowed(kind))
        return nothing
    return kind.build(element, operands, scope)


def operands_of(element: Element) -> list[Element]:
    return [
        one for one in element.elements if one.name.startswith("qti-") and one.name != "qti-value"
    ]


def allowed(kind: Kind) -> str:
    if kind.most is None:
        return f"{kind.least} …"
    return str(kind.least) if kind.least == kind.most else f"{kind.least} … {kind.most}"


# Attributes that hold a number or name a variable


def reference(text: str) -> str:
    """`{N}` and `N` both name the variable N."""
    text = text.strip()
    return text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text


def number_attribute(
    element: Element, name: str, scope: Scope, *, whole: bool = True, default: Number | None = None
) -> Callable[[Context], Number | None]:
    """The value of an attribute that is a number or a variable's name."""
    text = element.get(name).strip()
    if not text:
        if default is None:
            scope.issues.add("attribute-missing", element, name=name)
        return lambda context: default
    return number_word(text, element, name, scope, whole=whole)


def number_word(
    text: str, element: Element, name: str, scope: Scope, *, whole: bool
) -> Callable[[Context], Number | None]:
    try:
        constant: Number = parse_integer(text) if whole else parse_float(text)
    except (ValueError, OverflowError, ArithmeticError):
        variable = reference(text)
        if scope.find(variable) is None and "." not in variable:
            scope.issues.add("attribute-value", element, name=name, value=short(text))
            return lambda context: None
        scope.used.add(variable)
        if scope.place == TEST:
            return lambda c: _numeric(c.test.variable(variable, "") if c.test else None, whole)
        return lambda context: _numeric(context.values.get(variable), whole)
    return lambda context: constant


def _numeric(value: Value, whole: bool) -> Number | None:
    if not is_number(value):
        return None
    if whole and type(value) is not int:
        return int(value) if value == int(value) else None  # type: ignore[arg-type, call-overload]
    return value  # type: ignore[return-value]


def choice_attribute(
    element: Element, name: str, allowed: Sequence[str], default: str, scope: Scope
) -> str:
    text = element.get(name).strip()
    if not text:
        return default
    if text not in allowed:
        scope.issues.add("attribute-value", element, name=name, value=short(text))
        return default
    return text
