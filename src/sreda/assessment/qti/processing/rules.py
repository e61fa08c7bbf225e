"""Rules of response, template and outcome processing, compiled to closures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..expressions import Compiled, Context, Scope, compile_expression
from ..expressions.logic import truth
from ..issues import QtiError
from ..model.declarations import OUTCOME, RESPONSE, TEMPLATE
from ..values.text import value_text
from ..values.types import is_number
from ..xml import Element
from ..xml.names import XINCLUDE

Rule: TypeAlias = Callable[[Context], None]
RESPONSES, TEMPLATES, OUTCOMES = "response", "template", "outcome"
# of these kinds may each sort of processing set variables
TARGETS = {RESPONSES: OUTCOME, TEMPLATES: TEMPLATE, OUTCOMES: OUTCOME}
DEPTH = 60


class Exit(Exception):
    """exitResponse, exitTemplate, exitTest: the rest of the processing is left out."""


class ConstraintFailed(Exception):
    """templateConstraint: the template is to be processed anew."""


def compile_rules(elements: Sequence[Element], scope: Scope, phase: str, depth: int = 0) -> Rule:
    """All rules in order."""
    rules = [r for e in elements if (r := compile_rule(e, scope, phase, depth)) is not None]
    if len(rules) == 1:
        return rules[0]

    def run(context: Context) -> None:
        for rule in rules:
            rule(context)

    return run


def compile_rule(element: Element, scope: Scope, phase: str, depth: int) -> Rule | None:
    if depth > DEPTH:
        scope.issues.add("include", element, name=element.name, reason=f"> {DEPTH}")
        return None
    name = element.name
    if name == "include" and element.ns == XINCLUDE:
        return include(element, scope, phase, depth)
    if name == f"qti-{phase}-condition":
        return condition(element, scope, phase, depth)
    if name == f"qti-{phase}-processing-fragment":
        return compile_rules(element.elements, scope, phase, depth + 1)
    if name in (f"qti-exit-{phase}", "qti-exit-test" if phase == OUTCOMES else ""):
        return leave
    match phase, name:
        case (("response" | "outcome"), "qti-set-outcome-value"):
            return set_value(element, scope, OUTCOME)
        case (("response" | "outcome"), "qti-lookup-outcome-value"):
            return look_up(element, scope)
        case "template", "qti-set-template-value":
            return set_value(element, scope, TEMPLATE)
        case "template", "qti-set-correct-response":
            return set_correct(element, scope)
        case "template", "qti-set-default-value":
            return set_default(element, scope)
        case "template", "qti-template-constraint":
            return constraint(element, scope)
    scope.issues.add("rule-unknown", element)
    return None


def leave(context: Context) -> None:
    raise Exit


def condition(element: Element, scope: Scope, phase: str, depth: int) -> Rule:
    branches: list[tuple[Element, Compiled | None, Rule]] = []
    for branch in element.elements:
        match branch.name.removeprefix(f"qti-{phase}-"):
            case "if" | "else-if":
                inner = branch.elements
                if not inner:
                    scope.issues.add("element-missing", branch, name="expression")
                    continue
                test = compile_expression(inner[0], scope)
                branches.append((branch, test, compile_rules(inner[1:], scope, phase, depth + 1)))
            case "else":
                branches.append(
                    (branch, None, compile_rules(branch.elements, scope, phase, depth + 1))
                )
            case _:
                scope.issues.add("element-misplaced", branch, parent=element.printed)
    if not branches or branches[0][1] is None:
        scope.issues.add("element-missing", element, name=f"qti-{phase}-if")

    def run(context: Context) -> None:
        for at, test, then in branches:
            context.at = at
            if test is None or truth(context, test(context)):
                then(context)
                return

    return run


def one_expression(element: Element, scope: Scope) -> Compiled | None:
    inner = element.elements
    if len(inner) != 1:
        scope.issues.add("operands", element, count=len(inner), allowed=1)
        if not inner:
            return None
    return compile_expression(inner[0], scope)


def set_value(element: Element, scope: Scope, kind: str) -> Rule | None:
    name = scope.name_of(element)
    declaration = scope.find(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return None
    if declaration.kind != kind:
        scope.issues.add("variable-kind", element, name=name, kind=kind)
        return None
    value = one_expression(element, scope)
    scope.used.add(f"set:{name}")
    if value is None:
        return None

    whole = declaration.base_type == "integer" and declaration.cardinality == "single"

    def run(context: Context) -> None:
        context.at = element
        found = value(context)
        if whole and is_number(found) and found != found // 1:  # type: ignore[operator]
            lost = value_text(found)  # type: ignore[arg-type]
            context.note(f"{name} is an integer and loses the fraction of {lost}")
        try:
            context.values[name] = declaration.accept(found)
        except (ValueError, OverflowError) as error:
            context.note(f"{name} becomes NULL: {error}")
            context.values[name] = None

    return run


def set_correct(element: Element, scope: Scope) -> Rule | None:
    return _set_aside(element, scope, "correct")


def set_default(element: Element, scope: Scope) -> Rule | None:
    return _set_aside(element, scope, "defaults")


def _set_aside(element: Element, scope: Scope, where: str) -> Rule | None:
    name = element.get("identifier").strip()
    declaration = scope.declarations.get(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return None
    if where == "correct" and declaration.kind != RESPONSE:
        scope.issues.add("variable-kind", element, name=name, kind=RESPONSE)
        return None
    value = one_expression(element, scope)
    if value is None:
        return None
    scope.used.add(f"{where}-set:{name}")

    def run(context: Context) -> None:
        context.at = element
        try:
            getattr(context, where)[name] = declaration.accept(value(context))
        except (ValueError, OverflowError) as error:
            context.note(f"{name}: {error}")
            getattr(context, where)[name] = None

    return run


def constraint(element: Element, scope: Scope) -> Rule | None:
    test = one_expression(element, scope)
    if test is None:
        return None

    def run(context: Context) -> None:
        context.at = element
        if not truth(context, test(context)):
            raise ConstraintFailed

    return run


def look_up(element: Element, scope: Scope) -> Rule | None:
    name = element.get("identifier").strip()
    declaration = scope.find(name)
    if declaration is None:
        scope.issues.add("variable-unknown", element, name=name)
        return None
    if declaration.kind != OUTCOME:
        scope.issues.add("variable-kind", element, name=name, kind=OUTCOME)
        return None
    table = declaration.table
    if table is None:
        scope.issues.add("table-missing", element, name=name)
        return None
    source = one_expression(element, scope)
    if source is None:
        return None
    scope.used.add(f"set:{name}")

    def run(context: Context) -> None:
        context.at = element
        value = source(context)
        if not is_number(value):
            # nothing can be looked up: the table's default
            context.values[name] = declaration.accept(table.default)
            return
        context.values[name] = declaration.accept(table.of(value))  # type: ignore[arg-type]

    return run


def reason_of(error: Exception) -> str:
    if isinstance(error, QtiError):
        return error.issue.said()
    return "not found" if isinstance(error, KeyError | FileNotFoundError) else str(error)


def include(element: Element, scope: Scope, phase: str, depth: int) -> Rule | None:
    """xi:include of a fragment of rules in a file beside this one."""
    name = element.get("href").strip()
    if name in scope.including:
        scope.issues.add("cycle", element, name=name)
        return None
    if scope.load is None or not name:
        scope.issues.add("include", element, name=name, reason="not found")
        return None
    try:
        found = scope.load(name)
    except Exception as error:  # the loader says what is wrong in its own words
        scope.issues.add("include", element, name=name, reason=reason_of(error))
        return None
    inner = Scope(
        scope.declarations, scope.issues, scope.place, scope.load, (*scope.including, name),
        scope.used,
    )  # fmt: skip
    if found.name in (f"qti-{phase}-processing-fragment", f"qti-{phase}-processing"):
        return compile_rules(found.elements, inner, phase, depth + 1)
    return compile_rule(found, inner, phase, depth + 1)
