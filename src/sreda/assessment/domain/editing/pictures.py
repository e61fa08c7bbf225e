"""Places on a picture that are named: chosen, put in order, joined, given words."""

from __future__ import annotations

from dataclasses import replace

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import ItemForm, Row, joined
from sreda.assessment.domain.editing.parts import (
    Parts,
    correct_of,
    declaration,
    each_worth,
    interaction,
    pairs_declared,
    whole_or_map,
)
from sreda.assessment.domain.markup import made, paragraphs


def on_picture(form: ItemForm, attributes: dict[str, str]) -> qti.Element:
    view = interaction(form, attributes)
    view.append(image(form.picture, form.alt, form.width, form.height))
    return view


def image(source: str, words: str, width: int, height: int) -> qti.Element:
    return made("img", {"src": source, "alt": words, "width": str(width), "height": str(height)})


def _spots(form: ItemForm) -> list[qti.Element]:
    return [
        made("qti-hotspot-choice", {
            "identifier": f"H{n}", "shape": row.shape, "coords": row.coords,
            "hotspot-label": row.text})
        for n, row in enumerate(form.rows, 1)
    ]  # fmt: skip


def draw_hotspot(form: ItemForm) -> Parts:
    view = on_picture(form, {"max-choices": "0" if form.multiple else "1"})
    for one in _spots(form):
        view.append(one)
    correct = [f"H{n}" for n, row in enumerate(form.rows, 1) if row.right]
    declared = declaration(
        "identifier", correct, cardinality="multiple" if form.multiple else "single"
    )
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def draw_graphic_order(form: ItemForm) -> Parts:
    view = on_picture(form, {})
    for one in _spots(form):
        view.append(one)
    names = [f"H{n}" for n in range(1, len(form.rows) + 1)]
    declared = declaration("identifier", names, cardinality="ordered")
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def draw_graphic_gap_match(form: ItemForm) -> Parts:
    placed = [row for row in form.rows if row.coords]
    words = list(dict.fromkeys(row.text for row in form.rows))
    view = on_picture(form, {})
    for n, word in enumerate(words, 1):
        most = max(sum(row.text == word for row in placed), 1)
        view.append(made("qti-gap-text", {"identifier": f"W{n}", "match-max": str(most)}, word))
    for n, row in enumerate(placed, 1):
        view.append(made("qti-associable-hotspot", {
            "identifier": f"G{n}", "match-max": "1", "shape": row.shape,
            "coords": row.coords}))  # fmt: skip
    pairs = [f"W{words.index(row.text) + 1} G{n}" for n, row in enumerate(placed, 1)]
    declared = pairs_declared(form, "directedPair", pairs)
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def draw_graphic_associate(form: ItemForm) -> Parts:
    pairs = joined(form.rows)
    ends = [end for pair in pairs for end in pair]
    most = max(ends.count(end) for end in ends)  # the same of all places: it tells nothing
    view = on_picture(form, {"max-associations": "0"})
    for n, row in enumerate(form.rows, 1):
        view.append(made("qti-associable-hotspot", {
            "identifier": f"H{n}", "match-max": str(most), "shape": row.shape,
            "coords": row.coords, "hotspot-label": row.text}))  # fmt: skip
    declared = pairs_declared(form, "pair", [f"H{one} H{other}" for one, other in pairs])
    return Parts([declared], [*paragraphs(form.text), view], whole_or_map(form))


def read_picture(form: ItemForm, rows: list[Row], view: qti.Element) -> ItemForm:
    image = next(one for one in view.elements if one.name == "img")
    return replace(
        form, rows=tuple(rows), picture=image.get("src"), alt=image.get("alt"),
        width=int(image.get("width")), height=int(image.get("height")),
    )  # fmt: skip


def read_spots(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    right = set(correct_of(root)) if form.kind == "hotspot" else set()
    rows = [
        Row(one.get("hotspot-label"), right=one.get("identifier") in right,
            shape=one.get("shape"), coords=one.get("coords"))
        for one in views[0].all("qti-hotspot-choice")
    ]  # fmt: skip
    return read_picture(form, rows, views[0])


def read_places(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    words = {one.get("identifier"): one.text for one in views[0].all("qti-gap-text")}
    there = {gap: words[word] for word, gap in (pair.split() for pair in correct_of(root))}
    rows = [
        Row(there[one.get("identifier")], shape=one.get("shape"), coords=one.get("coords"))
        for one in views[0].all("qti-associable-hotspot")
    ]
    rows += [Row(word) for word in words.values() if word not in there.values()]
    return read_picture(replace(form, points=each_worth(form, root)), rows, views[0])


def read_joined(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    spots = views[0].all("qti-associable-hotspot")
    number = {one.get("identifier"): n for n, one in enumerate(spots, 1)}
    pairs = [(number[one], number[other]) for one, other in map(str.split, correct_of(root))]
    rows = [
        Row(one.get("hotspot-label"), shape=one.get("shape"), coords=one.get("coords"),
            other=", ".join(str(other) for first, other in pairs if first == n))
        for n, one in enumerate(spots, 1)
    ]  # fmt: skip
    return read_picture(replace(form, points=each_worth(form, root)), rows, views[0])
