"""Gaps in a text, of words, of lists and of what is typed: there and back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import NUMBER, ItemForm, Row, gaps_of, plain, said
from sreda.assessment.domain.editing.parts import (
    Parts,
    base_value,
    correct_of,
    declaration,
    each_worth,
    first,
    flag,
    interaction,
    is_correct,
    pairs_declared,
    set_outcome,
    variable,
    when,
    whole_or_map,
)
from sreda.assessment.domain.markup import made, paragraphs, typed_paragraphs


def draw_gap_match(form: ItemForm) -> Parts:
    gaps = gaps_of(form.text)
    words = list(dict.fromkeys([*gaps, *(row.text for row in form.rows if row.text)]))
    view = interaction(form, {"shuffle": flag(form.shuffle), "max-associations": "0"})
    for n, word in enumerate(words, 1):
        attributes = {"identifier": f"W{n}", "match-max": str(max(gaps.count(word), 1))}
        view.append(made("qti-gap-text", attributes, word))
    pairs: list[str] = []

    def gap(word: str) -> qti.Element:
        name = f"G{len(pairs) + 1}"
        pairs.append(f"W{words.index(word) + 1} {name}")
        return made("qti-gap", {"identifier": name})

    for one in paragraphs(form.text, gap):
        view.append(one)
    declared = pairs_declared(form, "directedPair", pairs)
    return Parts([declared], [view], whole_or_map(form))


def draw_inline_choice(form: ItemForm) -> Parts:
    parts = Parts([], [], [])

    def gap(text: str) -> qti.Element:
        options = [one.strip() for one in text.split("|")]
        name = f"R{len(parts.declarations) + 1}"
        parts.declarations.append(declaration("identifier", ["C1"], name=name))
        parts.rules.append(when(is_correct(name), _added(form)))
        view = made("qti-inline-choice-interaction", {
            "response-identifier": name, "shuffle": "true"})  # fmt: skip
        for n, option in enumerate(options, 1):
            view.append(made("qti-inline-choice", {"identifier": f"C{n}"}, option))
        return view

    parts.body.extend(paragraphs(form.text, gap))
    return parts


def draw_text_entry(form: ItemForm) -> Parts:
    parts = Parts([], [], [])

    def gap(text: str) -> qti.Element:
        name = f"R{len(parts.declarations) + 1}"
        number = NUMBER.fullmatch(text.strip())
        if number:
            value, within = plain(number["value"]), plain(number["within"] or "0")
            parts.declarations.append(declaration("float", [value], name=name))
            equal = {"tolerance-mode": "exact"}
            if Decimal(within):
                equal = {"tolerance-mode": "absolute", "tolerance": within}
            test = made("qti-equal", equal, variable(name),
                        made("qti-correct", {"identifier": name}))  # fmt: skip
            length = len(value) + 2
        else:
            variants = [one.strip() for one in text.split("|")]
            parts.declarations.append(declaration("string", variants[:1], name=name))
            each = [
                made("qti-string-match", {"case-sensitive": "false"}, variable(name),
                     base_value("string", one))
                for one in variants
            ]  # fmt: skip
            test = each[0] if len(each) == 1 else made("qti-or", {}, *each)
            length = max(map(len, variants))
        parts.rules.append(when(test, _added(form)))
        return made("qti-text-entry-interaction", {
            "response-identifier": name, "expected-length": str(length)})  # fmt: skip

    parts.body.extend(paragraphs(form.text, gap))
    return parts


def _added(form: ItemForm) -> qti.Element:
    points = base_value("float", said(form.points))
    return set_outcome("SCORE", made("qti-sum", {}, variable("SCORE"), points))


def read_gap_match(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    view = views[0]
    words = {one.get("identifier"): one.text for one in view.all("qti-gap-text")}
    placed = {gap: words[word] for word, gap in (pair.split() for pair in correct_of(root))}

    def gap(element: qti.Element) -> str | None:
        return placed[element.get("identifier")] if element.name == "qti-gap" else None

    text = typed_paragraphs(view.all("p"), gap)
    rows = tuple(Row(word) for word in words.values() if word not in placed.values())
    return replace(form, rows=rows, text=text, points=each_worth(form, root), multiple=False)


def read_inline(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    def gap(element: qti.Element) -> str | None:
        if element.name != "qti-inline-choice-interaction":
            return None
        return "|".join(one.text for one in element.elements)

    text = typed_paragraphs(first(root, "qti-item-body").all("p"), gap)
    points = _per_gap(form, views)
    return replace(form, text=text, points=points, shuffle=False, multiple=False)


def read_entry(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    rules = first(root, "qti-response-processing").elements

    def gap(element: qti.Element) -> str | None:
        if element.name != "qti-text-entry-interaction":
            return None
        name = element.get("response-identifier")
        rule = next(one for one in rules if _asks(one, name))
        equal = [one for one in rule.walk() if one.name == "qti-equal"]
        if equal:
            within = equal[0].get("tolerance")
            return f"={correct_of(root, name)[0]}" + (f"±{within}" if within else "")
        return "|".join(
            next(b.text for b in one.elements if b.name == "qti-base-value")
            for one in rule.walk()
            if one.name == "qti-string-match"
        )

    text = typed_paragraphs(first(root, "qti-item-body").all("p"), gap)
    return replace(form, text=text, points=_per_gap(form, views), multiple=False)


def _per_gap(form: ItemForm, views: list[qti.Element]) -> Decimal:
    return form.points / len(views)


def _asks(rule: qti.Element, name: str) -> bool:
    return any(one.name == "qti-variable" and one.get("identifier") == name for one in rule.walk())
