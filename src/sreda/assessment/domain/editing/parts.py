"""What the XML of every kind is made of, and how it is found there again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import ItemForm, said
from sreda.assessment.domain.markup import inline, made


@dataclass(frozen=True, slots=True)
class Parts:
    declarations: list[qti.Element]
    body: list[qti.Element]
    rules: list[qti.Element]


def declaration(
    base: str,
    correct: list[str],
    mapping: list[tuple[str, Decimal]] | None = None,
    *,
    cardinality: str = "single",
    name: str = "RESPONSE",
) -> qti.Element:
    found = made("qti-response-declaration", {
        "identifier": name, "cardinality": cardinality, "base-type": base})  # fmt: skip
    if correct:
        values = [made("qti-value", {}, one) for one in correct]
        found.append(made("qti-correct-response", {}, *values))
    if mapping is not None:
        entries = [
            made("qti-map-entry", {"map-key": key, "mapped-value": said(value)})
            for key, value in mapping
        ]
        found.append(made("qti-mapping", {"lower-bound": "0", "default-value": "0"}, *entries))
    return found


def pairs_declared(form: ItemForm, base: str, pairs: list[str]) -> qti.Element:
    mapping = [(pair, form.points) for pair in pairs] if form.partial else None
    return declaration(base, pairs, mapping, cardinality="multiple")


def set_outcome(name: str, value: qti.Element) -> qti.Element:
    return made("qti-set-outcome-value", {"identifier": name}, value)


def base_value(kind: str, value: str) -> qti.Element:
    return made("qti-base-value", {"base-type": kind}, value)


def variable(name: str) -> qti.Element:
    return made("qti-variable", {"identifier": name})


def when(test: qti.Element, then: qti.Element, other: qti.Element | None = None) -> qti.Element:
    rule = made("qti-response-condition", {}, made("qti-response-if", {}, test, then))
    if other is not None:
        rule.append(made("qti-response-else", {}, other))
    return rule


def is_correct(name: str = "RESPONSE") -> qti.Element:
    return made("qti-match", {}, variable(name), made("qti-correct", {"identifier": name}))


def whole_or_map(form: ItemForm) -> list[qti.Element]:
    if form.partial:
        return [set_outcome("SCORE", made("qti-map-response", {"identifier": "RESPONSE"}))]
    return [when(is_correct(), set_outcome("SCORE", base_value("float", said(form.points))))]


def interaction(form: ItemForm, attributes: dict[str, str]) -> qti.Element:
    found = made(f"qti-{form.kind}-interaction", {"response-identifier": "RESPONSE", **attributes})
    if form.question:
        found.append(made("qti-prompt", {}, *inline(form.question)))
    return found


def flag(value: bool) -> str:
    return "true" if value else "false"


def correct_of(root: qti.Element, name: str = "RESPONSE") -> list[str]:
    for one in root.all("qti-response-declaration"):
        if one.get("identifier") == name:
            correct = one.find("qti-correct-response")
            return [value.text for value in correct.elements] if correct is not None else []
    return []


def mapped_of(root: qti.Element) -> dict[str, Decimal]:
    return {
        one.get("map-key"): Decimal(one.get("mapped-value"))
        for one in root.walk()
        if one.name == "qti-map-entry"
    }


def each_worth(form: ItemForm, root: qti.Element) -> Decimal:
    return next(iter(mapped_of(root).values())) if form.partial else form.points


def first(root: qti.Element, name: str) -> qti.Element:
    return next(one for one in root.walk() if one.name == name)
