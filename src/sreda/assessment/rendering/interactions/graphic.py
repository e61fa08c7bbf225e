"""Answers on a picture. Places on it are numbered; the numbers are chosen in plain fields, and our
script lets one press the places themselves."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django.utils.translation import gettext as _

from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.interactions.choosing import order_frame
from sreda.assessment.rendering.interactions.joining import pair_rows, pairs_hint
from sreda.assessment.rendering.interactions.parts import (
    answers,
    bounds_hint,
    choices_of,
    frame,
    interaction_of,
    name_of,
    numbered,
    right_answers,
    right_mark,
    select,
    text_of,
    tick,
)
from sreda.assessment.rendering.item import Walker, picture, thing

SPOTS = ("qti-hotspot-choice", "qti-associable-hotspot")
POINTS = 6  # fields offered where the number of points is not bounded


def _size(element: Element | None) -> tuple[int, int]:
    """Of the picture, as the item declares it: the coordinates of its places are in these units."""
    sides = [(element.get(side) if element is not None else "") for side in ("width", "height")]
    width, height = (int(s) if s.isdecimal() and 0 < int(s) < 20_000 else 0 for s in sides)
    return width or 600, height or 400


def _ground(walker: Walker, element: Element) -> tuple[Element | None, str]:
    found = element.find("img", "object", "picture")
    if found is None:
        return None, ""
    if found.name == "picture":
        found = found.find("img") or found
    return found, (picture if found.name == "img" else thing)(walker, found)


def stage(
    walker: Walker,
    element: Element,
    spots: list[Element],
    points: Sequence[str] = (),
    right: Sequence[str] = (),
) -> str:
    """The picture with its numbered places, the points already set, and those that are right."""
    ground, shown = _ground(walker, element)
    width, height = _size(ground)
    drawn = "".join(spot(number, one) for number, one in numbered(spots))
    for look, several in (("qti-point is-right", right), ("qti-point", points)):
        for point in several:
            x, _space, y = point.partition(" ")
            if x.lstrip("-").isdecimal() and y.lstrip("-").isdecimal():
                drawn += f'<circle class="{look}" cx="{x}" cy="{y}" r="6"/>'
    overlay = start_tag(
        "svg",
        {"class": "qti-overlay", "viewBox": f"0 0 {width} {height}", "aria-hidden": "true",
         "focusable": "false", "preserveAspectRatio": "none"},
    )  # fmt: skip
    return f'<div class="qti-stage" data-stage="">{shown}{overlay}{drawn}</svg></div>'


def spot(number: int, element: Element) -> str:
    """A place as a shape, and its number in the middle of it."""
    attributes = {"class": "qti-spot", "data-spot": element.get("identifier")}
    coords = _coords(element.get("coords"))
    shape = element.get("shape")
    middle = (0.0, 0.0)
    if shape == "rect" and len(coords) == 4:
        x1, y1, x2, y2 = coords
        box = {"x": x1, "y": y1, "width": max(x2 - x1, 1), "height": max(y2 - y1, 1)}
        tag, middle = "rect", ((x1 + x2) / 2, (y1 + y2) / 2)
        attributes |= {k: f"{v:g}" for k, v in box.items()}
    elif shape == "circle" and len(coords) >= 3:
        tag, middle = "circle", (coords[0], coords[1])
        attributes |= {"cx": f"{coords[0]:g}", "cy": f"{coords[1]:g}", "r": f"{coords[2]:g}"}
    elif shape == "ellipse" and len(coords) == 4:
        tag, middle = "ellipse", (coords[0], coords[1])
        names = ("cx", "cy", "rx", "ry")
        attributes |= {k: f"{v:g}" for k, v in zip(names, coords, strict=True)}
    elif shape == "poly" and len(coords) >= 6:
        pairs = list(zip(coords[::2], coords[1::2], strict=False))
        tag = "polygon"
        middle = (sum(x for x, _y in pairs) / len(pairs), sum(y for _x, y in pairs) / len(pairs))
        attributes["points"] = " ".join(f"{x:g},{y:g}" for x, y in pairs)
    else:  # "default": the whole picture
        tag = "rect"
        attributes |= {"x": "0", "y": "0", "width": "100%", "height": "100%"}
    label = start_tag("text", {"x": f"{middle[0]:g}", "y": f"{middle[1]:g}", "class": "qti-number"})
    return f"{start_tag(tag, attributes)}</{tag}>{label}{number}</text>"


def _coords(text: str) -> list[float]:
    found = []
    for part in text.replace(",", " ").split():
        try:
            found.append(float(part.rstrip("%")))
        except ValueError:
            return []
    return found if all(abs(n) < 1e6 for n in found) else []


def spot_text(number: int, element: Element) -> str:
    said = element.get("hotspot-label") or element.get("aria-label") or element.get("title")
    place = _("Place %(number)s") % {"number": number}
    return f"{place}: {said}" if said else place


def hotspot(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    response = interaction.response
    given, right = answers(walker, response), right_answers(walker, response)
    spots = choices_of(element, *SPOTS)
    rows = "".join(
        tick(
            walker,
            response,
            one.get("identifier"),
            single=interaction.most == 1,
            checked=one.get("identifier") in given,
            label=escape(spot_text(number, one)) + right_mark(one.get("identifier") in right),
        )
        for number, one in numbered(spots)
    )
    inner = f'{stage(walker, element, spots)}<div class="qti-options qti-row">{rows}</div>'
    return frame(walker, element, inner, hint=bounds_hint(interaction))


def graphic_order(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    spots = choices_of(element, *SPOTS)
    choices = [
        (one.get("identifier"), escape(spot_text(number, one)), spot_text(number, one))
        for number, one in numbered(spots)
    ]
    return order_frame(
        walker, element, choices, answers(walker, interaction.response),
        bool(right_answers(walker, interaction.response)), before=stage(walker, element, spots),
    )  # fmt: skip


def graphic_associate(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    spots = choices_of(element, *SPOTS)
    options = [(one.get("identifier"), spot_text(number, one)) for number, one in numbered(spots)]
    inner = stage(walker, element, spots) + pair_rows(walker, interaction, options)
    return frame(walker, element, inner, hint=pairs_hint(interaction))


def graphic_gap_match(walker: Walker, element: Element) -> str:
    """For each place of the picture: what goes there."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    pool = choices_of(element, "qti-gap-img", "qti-gap-text")
    spots = choices_of(element, *SPOTS)
    given, right = answers(walker, response), right_answers(walker, response)
    limits = {one.identifier: one.match_max for one in interaction.choices}
    texts = {one.get("identifier"): text_of(one) for one in pool}
    shown = "".join(f'<li class="chip">{walker.inside(one)}</li>' for one in pool)
    rows = []
    for number, one in numbered(spots):
        target = one.get("identifier")
        options = [(f"{value} {target}", text) for value, text in texts.items()]
        field = select(
            walker, name_of(walker, response), options, given, spot_text(number, one),
            several=limits.get(target, 1) != 1,
        )  # fmt: skip
        marks = [texts.get(p.split(" ")[0], "") for p in sorted(right) if p.endswith(f" {target}")]
        after = f'<span class="qti-right">{escape(", ".join(marks))}</span>' if marks else ""
        rows.append(f"<li>{escape(spot_text(number, one))} {field}{after}</li>")
    inner = (
        f'<ul class="chips qti-pool">{shown}</ul>{stage(walker, element, spots)}'
        f'<ul class="qti-places">{"".join(rows)}</ul>'
    )
    return frame(walker, element, inner)


def select_point(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    given = answers(walker, interaction.response)
    right = sorted(right_answers(walker, interaction.response))
    inner = stage(walker, element, [], given, right) + _point_fields(walker, element, given)
    return frame(
        walker, element, inner, hint=_("Press the picture, or type how far to the right and down."),
        data={"data-points": str(interaction.most or POINTS)},
    )  # fmt: skip


def _point_fields(walker: Walker, element: Element, given: list[str]) -> str:
    interaction = interaction_of(walker, element)
    ground, _shown = _ground(walker, element)
    width, height = _size(ground)
    rows = []
    for number in range(interaction.most or max(POINTS, len(given))):
        x, _space, y = given[number].partition(" ") if number < len(given) else ("", "", "")
        fields = []
        for axis, value, most, said in (
            ("x", x, width, _("Point %(number)s: to the right")),
            ("y", y, height, _("Point %(number)s: down")),
        ):
            attributes = {
                "type": "number", "class": "form-control qti-entry", "min": "0", "max": str(most),
                "name": name_of(walker, interaction.response, number, axis), "value": value,
                "aria-label": said % {"number": number + 1}, "step": "1",
                **({"disabled": ""} if walker.page.closed else {}),
            }  # fmt: skip
            fields.append(start_tag("input", attributes))
        rows.append(f'<li class="qti-pair">{"".join(fields)}</li>')
    listed = f'<ol class="qti-point-fields">{"".join(rows)}</ol>'
    told = [
        _("right answer: %(x)s to the right, %(y)s down") % {"x": x, "y": y}
        for x, _space, y in (
            one.partition(" ") for one in sorted(right_answers(walker, interaction.response))
        )
    ]
    return listed + "".join(f'<p class="qti-right">{escape(one)}</p>' for one in told)


def position_object(walker: Walker, element: Element) -> str:
    """An object is put on the stage around it, or on its own ground."""
    interaction = interaction_of(walker, element)
    given = answers(walker, interaction.response)
    thing_html = _ground(walker, element)[1]
    right = sorted(right_answers(walker, interaction.response))
    holder = next(
        (a for a in element.ancestors() if a.name == "qti-position-object-stage"), element
    )
    inner = (
        f'<p class="qti-thing">{thing_html}</p>'
        f"{stage(walker, holder, [], given, right)}{_point_fields(walker, element, given)}"
    )
    return frame(
        walker, element, inner, hint=_("Press where it belongs, or type how far right and down."),
        data={"data-points": str(interaction.most or POINTS)},
    )  # fmt: skip
