"""Points on a picture, and a thing put on it: there and back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import ItemForm, Row, said
from sreda.assessment.domain.editing.parts import Parts, declaration, first, set_outcome
from sreda.assessment.domain.editing.pictures import image, on_picture, read_picture
from sreda.assessment.domain.markup import inline, made, paragraphs, typed, typed_paragraphs


def draw_select_point(form: ItemForm) -> Parts:
    view = on_picture(form, {"max-choices": str(len(form.rows))})
    declared, rule = _pointed(form)
    return Parts([declared], [*paragraphs(form.text), view], [rule])


def draw_position_object(form: ItemForm) -> Parts:
    """The standard has no prompt here: the question is the last paragraph before the picture."""
    view = made("qti-position-object-interaction", {
        "response-identifier": "RESPONSE", "max-choices": str(len(form.rows))},
        image(form.thing, form.thing_alt, form.thing_width, form.thing_height))  # fmt: skip
    ground = image(form.picture, form.alt, form.width, form.height)
    stage = made("qti-position-object-stage", {}, ground, view)
    declared, rule = _pointed(form)
    asked = made("p", {}, *inline(form.question))
    return Parts([declared], [*paragraphs(form.text), asked, stage], [rule])


def _pointed(form: ItemForm) -> tuple[qti.Element, qti.Element]:
    declared = declaration(
        "point", [_inside(row) for row in form.rows],
        cardinality="multiple" if len(form.rows) > 1 else "single",
    )  # fmt: skip
    areas = [
        made("qti-area-map-entry", {
            "shape": row.shape, "coords": row.coords, "mapped-value": said(form.points)})
        for row in form.rows
    ]  # fmt: skip
    declared.append(made("qti-area-mapping", {"lower-bound": "0", "default-value": "0"}, *areas))
    return declared, set_outcome(
        "SCORE", made("qti-map-response-point", {"identifier": "RESPONSE"})
    )


def _inside(row: Row) -> str:
    """A point of the place: the middle, of a polygon that of the widest line through its height."""
    numbers = [int(one) for one in row.coords.split(",")]
    if row.shape == "circle":
        return f"{numbers[0]} {numbers[1]}"
    xs, ys = numbers[::2], numbers[1::2]
    across, down = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) // 2
    if row.shape == "poly":
        level = down + 0.5  # no corner lies there
        cut = sorted(
            x1 + (x2 - x1) * (level - y1) / (y2 - y1)
            for x1, y1, x2, y2 in zip(xs, ys, xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
            if (y1 > level) != (y2 > level)
        )
        widest = max(zip(cut[::2], cut[1::2], strict=True), key=lambda side: side[1] - side[0],
                     default=(across, across))  # fmt: skip
        across = sum(widest) / 2
    return f"{int(across)} {down}"


def read_points(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    areas = [one for one in root.walk() if one.name == "qti-area-map-entry"]
    rows = [Row(shape=one.get("shape"), coords=one.get("coords")) for one in areas]
    points = Decimal(areas[0].get("mapped-value"))
    return read_picture(replace(form, points=points), rows, views[0])


def read_position(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    stage, thing = first(root, "qti-position-object-stage"), first(views[0], "img")
    *before, asked = first(root, "qti-item-body").all("p")
    form = read_points(form, root, [stage])
    return replace(
        form, text=typed_paragraphs(before), question=typed(asked), thing=thing.get("src"),
        thing_alt=thing.get("alt"), thing_width=int(thing.get("width")),
        thing_height=int(thing.get("height")),
    )  # fmt: skip
