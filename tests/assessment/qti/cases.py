"""Small QTI texts for the tests."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sreda.assessment.qti.expressions import Context, Scope, compile_expression
from sreda.assessment.qti.issues import Issues
from sreda.assessment.qti.items.item import Item, read_item
from sreda.assessment.qti.model.reading import read_declarations
from sreda.assessment.qti.session.item import Scored, score
from sreda.assessment.qti.values import Value, to_json
from sreda.assessment.qti.xml import QTI3, read_xml

HEAD = (
    f'xmlns="{QTI3}" xmlns:xi="http://www.w3.org/2001/XInclude" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
SCORE = '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
MATCH_CORRECT = (
    "<qti-response-processing template="
    '"https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>'
)
MAP_RESPONSE = MATCH_CORRECT.replace("match_correct", "map_response")
MAP_POINT = MATCH_CORRECT.replace("match_correct", "map_response_point")


def item_text(
    inner: str, body: str = "", rules: str = "", attributes: str = 'adaptive="false"'
) -> str:
    return (
        f'<qti-assessment-item {HEAD} identifier="item" title="Item" time-dependent="false" '
        f"{attributes}>{inner}<qti-item-body>{body or '<p>?</p>'}</qti-item-body>{rules}"
        "</qti-assessment-item>"
    )


def item(inner: str, body: str = "", rules: str = "", attributes: str = "") -> Item:
    return read_item(item_text(inner, body, rules, attributes or 'adaptive="false"'), file="i.xml")


def response(
    base_type: str, cardinality: str = "single", correct: str = "", more: str = "",
    name: str = "RESPONSE",
) -> str:  # fmt: skip
    said = "".join(f"<qti-value>{c}</qti-value>" for c in correct.split("|")) if correct else ""
    return (
        f'<qti-response-declaration identifier="{name}" cardinality="{cardinality}" '
        f'base-type="{base_type}">'
        + (f"<qti-correct-response>{said}</qti-correct-response>" if said else "")
        + more
        + "</qti-response-declaration>"
    )


def outcome(
    name: str, base_type: str = "float", cardinality: str = "single", default: str = ""
) -> str:
    said = "".join(f"<qti-value>{d}</qti-value>" for d in default.split("|")) if default else ""
    return (
        f'<qti-outcome-declaration identifier="{name}" cardinality="{cardinality}" '
        f'base-type="{base_type}">'
        + (f"<qti-default-value>{said}</qti-default-value>" if said else "")
        + "</qti-outcome-declaration>"
    )


def set_outcome(name: str, value: str) -> str:
    return f'<qti-set-outcome-value identifier="{name}">{value}</qti-set-outcome-value>'


def base(base_type: str, value: object) -> str:
    return f'<qti-base-value base-type="{base_type}">{value}</qti-base-value>'


def var(name: str) -> str:
    return f'<qti-variable identifier="{name}"/>'


def processing(*rules: str) -> str:
    return f"<qti-response-processing>{''.join(rules)}</qti-response-processing>"


def marked(made: Item, seed: int = 0, **responses: Any) -> Scored:
    return score(made, responses, seed=seed)


def points(made: Item, **responses: Any) -> Any:
    return to_json(score(made, responses).outcomes.get("SCORE"))


# Expressions in short hand: i(3), f(0.5), s("x"), b(True), NULL, m(...), o(...)

NULL = "<qti-null/>"


def i(number: int) -> str:
    return base("integer", number)


def f(number: object) -> str:
    return base("float", number)


def s(text: str) -> str:
    return base("string", text)


def d(name: str) -> str:
    return base("identifier", name)


def b(truth: bool | None) -> str:
    return NULL if truth is None else base("boolean", str(truth).lower())


def m(*parts: str) -> str:
    return f"<qti-multiple>{''.join(parts)}</qti-multiple>"


def o(*parts: str) -> str:
    return f"<qti-ordered>{''.join(parts)}</qti-ordered>"


def op(name: str, /, *operands: str, **attributes: object) -> str:
    said = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f"<qti-{name}{said}>{''.join(operands)}</qti-{name}>"


def evaluate(
    text: str, declarations: str = "", values: dict[str, Value] | None = None, seed: int = 0
) -> tuple[Value, list[str]]:
    """(value, codes of issues) of one expression."""
    root = read_xml(f"<root {HEAD}>{declarations}{text}</root>")
    issues = Issues("e.xml")
    scope = Scope(read_declarations(root, issues), issues)
    last = root.elements[-1]
    run = compile_expression(last, scope)
    held = {name: one.initial for name, one in scope.declarations.items()}
    held.update(values or {})
    context = Context(held, seed=seed)
    return run(context), [issue.code for issue in issues]


def value(text: str, **more: Any) -> Any:
    """The value of an expression in its natural JSON form; no issue is allowed."""
    found, codes = evaluate(text, **more)
    assert not codes, codes
    return to_json(found)


F = Fraction
