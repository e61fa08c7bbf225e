"""Choice and order: there and back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import CHOSEN, ItemForm, Row
from sreda.assessment.domain.editing.parts import (
    Parts,
    correct_of,
    declaration,
    flag,
    interaction,
    mapped_of,
    set_outcome,
    variable,
    whole_or_map,
)
from sreda.assessment.domain.markup import inline, made, paragraphs, typed


def draw_choice(form: ItemForm) -> Parts:
    names = [f"C{n}" for n in range(1, len(form.rows) + 1)]
    correct = [name for name, row in zip(names, form.rows, strict=True) if row.right]
    mapping = None
    if form.partial:
        mapping = [(name, row.points) for name, row in zip(names, form.rows, strict=True)
                   if row.points]  # fmt: skip
    declared = declaration(
        "identifier", correct, mapping, cardinality="multiple" if form.multiple else "single"
    )
    view = interaction(
        form, {"shuffle": flag(form.shuffle), "max-choices": "0" if form.multiple else "1"}
    )
    declarations, rules = [declared], whole_or_map(form)
    for name, row in zip(names, form.rows, strict=True):
        option = made("qti-simple-choice", {"identifier": name}, *inline(row.text))
        if row.feedback:
            option.append(made("qti-feedback-inline", {
                "outcome-identifier": CHOSEN, "show-hide": "show", "identifier": name},
                *inline(row.feedback)))  # fmt: skip
        view.append(option)
    if any(row.feedback for row in form.rows):
        kept = {"identifier": CHOSEN, "base-type": "identifier",
                "cardinality": "multiple" if form.multiple else "single"}  # fmt: skip
        declarations.append(made("qti-outcome-declaration", kept))
        rules = [*rules, set_outcome(CHOSEN, variable("RESPONSE"))]
    return Parts(declarations, [*paragraphs(form.text), view], rules)


def draw_order(form: ItemForm) -> Parts:
    names = [f"C{n}" for n in range(1, len(form.rows) + 1)]
    view = interaction(form, {"shuffle": "true"})
    for name, row in zip(names, form.rows, strict=True):
        view.append(made("qti-simple-choice", {"identifier": name}, *inline(row.text)))
    declared = declaration("identifier", names, cardinality="ordered")
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def _without_feedback(option: qti.Element) -> qti.Element:
    bare = option.copy()
    for one in bare.all("qti-feedback-inline"):
        bare.children.remove(one)
    return bare


def read_choice(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    right, mapped = set(correct_of(root)), mapped_of(root)
    rows = tuple(
        Row(typed(_without_feedback(one)), right=one.get("identifier") in right,
            points=mapped.get(one.get("identifier")),
            feedback="".join(map(typed, one.all("qti-feedback-inline"))))
        for one in views[0].all("qti-simple-choice")
    )  # fmt: skip
    points = Decimal(1) if form.partial else form.points
    return replace(form, rows=rows, points=points)


def read_order(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    rows = tuple(Row(typed(one)) for one in views[0].all("qti-simple-choice"))
    return replace(form, rows=rows, shuffle=False, multiple=False)
