"""Match and associate: there and back."""

from __future__ import annotations

from dataclasses import replace

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import ItemForm, Row
from sreda.assessment.domain.editing.parts import (
    Parts,
    correct_of,
    each_worth,
    flag,
    interaction,
    pairs_declared,
    whole_or_map,
)
from sreda.assessment.domain.markup import inline, made, paragraphs, typed


def draw_match(form: ItemForm) -> Parts:
    targets = list(dict.fromkeys(row.other for row in form.rows if row.other))
    sources = [row for row in form.rows if row.text]
    pairs = [
        f"S{n} T{targets.index(row.other) + 1}" for n, row in enumerate(sources, 1) if row.other
    ]
    view = interaction(form, {"shuffle": flag(form.shuffle), "max-associations": "0"})
    view.append(made("qti-simple-match-set", {}, *(
        _associable(f"S{n}", 1, row.text) for n, row in enumerate(sources, 1))))  # fmt: skip
    view.append(made("qti-simple-match-set", {}, *(
        _associable(f"T{n}", 0, text) for n, text in enumerate(targets, 1))))  # fmt: skip
    declared = pairs_declared(form, "directedPair", pairs)
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def draw_associate(form: ItemForm) -> Parts:
    whole = [row for row in form.rows if row.text and row.other]
    alone = [row for row in form.rows if bool(row.text) != bool(row.other)]
    view = interaction(form, {"shuffle": flag(form.shuffle), "max-associations": "0"})
    for n, row in enumerate(whole, 1):
        view.append(_associable(f"A{n}", 1, row.text))
    for n, row in enumerate(whole, 1):
        view.append(_associable(f"B{n}", 1, row.other))
    for n, row in enumerate(alone, 1):
        view.append(_associable(f"X{n}", 1, row.text or row.other))
    pairs = [f"A{n} B{n}" for n in range(1, len(whole) + 1)]
    declared = pairs_declared(form, "pair", pairs)
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def _associable(name: str, most: int, text: str) -> qti.Element:
    attributes = {"identifier": name, "match-max": str(most)}
    return made("qti-simple-associable-choice", attributes, *inline(text))


def read_match(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    left, right = views[0].all("qti-simple-match-set")
    targets = {one.get("identifier"): typed(one) for one in right.elements}
    pairs = dict(pair.split() for pair in correct_of(root))
    rows = [
        Row(typed(one), targets.get(pairs.get(one.get("identifier"), ""), ""))
        for one in left.elements
    ]
    used = {row.other for row in rows}
    rows += [Row("", text) for text in targets.values() if text not in used]
    return replace(form, rows=tuple(rows), points=each_worth(form, root), multiple=False)


def read_associate(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    texts = {one.get("identifier"): typed(one)
             for one in views[0].all("qti-simple-associable-choice")}  # fmt: skip
    rows = [Row(texts[a], texts[b]) for a, b in (pair.split() for pair in correct_of(root))]
    rows += [Row(text) for name, text in texts.items() if name.startswith("X")]
    return replace(form, rows=tuple(rows), points=each_worth(form, root), multiple=False)
