"""The processing of an item: its response rules and its template rules."""

from __future__ import annotations

from ..expressions import Context, Scope
from ..issues import Issues
from ..xml import Element
from .rules import RESPONSES, TEMPLATES, Exit, Rule, compile_rules, reason_of
from .standard import standard_template


def idle(context: Context) -> None:
    """No rules."""


def compile_responses(root: Element, scope: Scope) -> Rule | None:
    """The rules of `qti-response-processing`, its template's where it names one; None without."""
    element = root.find("qti-response-processing")
    if element is None:
        return None
    inner = element.elements
    template = element.get("template").strip()
    location = element.get("template-location").strip()
    if inner or not (template or location):
        return compile_rules(inner, scope, RESPONSES)
    found = standard_template(template) or _loaded(element, scope, (location, template))
    if found is None:
        scope.issues.add("template-unknown", element, name=template or location)
        return None
    own = Issues(element.file)
    rule = compile_rules(
        found.elements,
        Scope(scope.declarations, own, scope.place, scope.load, scope.including, scope.used),
        RESPONSES,
    )
    # faults inside a template are those of the item that lacks what the template needs
    for issue in own:
        scope.issues.add(issue.code, element, **issue.params)
    return rule


def _loaded(element: Element, scope: Scope, names: tuple[str, ...]) -> Element | None:
    for name in names:
        if name and scope.load is not None and "://" not in name:
            try:
                found = scope.load(name)
            except Exception as error:  # said in the loader's own words
                scope.issues.add("include", element, name=name, reason=reason_of(error))
                continue
            if found.name == "qti-response-processing":
                return found
    return None


def compile_templates(root: Element, scope: Scope) -> Rule | None:
    element = root.find("qti-template-processing")
    return None if element is None else compile_rules(element.elements, scope, TEMPLATES)


def run(rule: Rule, context: Context) -> None:
    """Runs rules to their end or to an exit; what a value cannot take is noted, never raised."""
    try:
        rule(context)
    except Exit:
        return
    except (ArithmeticError, ValueError, TypeError, LookupError) as error:
        context.note(f"the processing stopped: {error}")
