"""Recordings, drawings, files."""

from __future__ import annotations

from html import escape

from django.utils.translation import gettext as _

from sreda.assessment.qti.values.types import File, items_of
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.interactions.parts import (
    answers,
    frame,
    id_of,
    interaction_of,
    name_of,
)
from sreda.assessment.rendering.item import Walker


def media(walker: Walker, element: Element) -> str:
    """A recording; how often it was played is the response."""
    interaction = interaction_of(walker, element)
    inner = "".join(walker.one(child) for child in element.elements if child.name != "qti-prompt")
    played = next(iter(answers(walker, interaction.response)), "")
    attributes = {
        "type": "hidden", "name": name_of(walker, interaction.response), "value": played,
        "data-plays": str(interaction.most),
    }  # fmt: skip
    hint = ""
    if interaction.most:
        hint = _("It may be played %(count)s times at most.") % {"count": interaction.most}
    return frame(walker, element, inner + start_tag("input", attributes), hint=hint)


def drawing(walker: Walker, element: Element) -> str:
    """A sheet to draw on; without our script a picture is sent as a file."""
    ground = element.find("object", "img", "picture")
    shown = walker.one(ground) if ground is not None else ""
    inner = f'<div class="qti-canvas" data-canvas="">{shown}</div>'
    return frame(walker, element, inner + _file_field(walker, element, "image/*"))


def upload(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    hint = ""
    if interaction.types:
        hint = _("Files of these types: %(types)s.") % {"types": ", ".join(interaction.types)}
    return frame(
        walker, element, _file_field(walker, element, ",".join(interaction.types)), hint=hint
    )


def _file_field(walker: Walker, element: Element, accept: str) -> str:
    """The file sent so far by name, its kept form in a hidden field, and a field for another."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    assert walker.state is not None
    value = walker.state.values.get(response)
    kept = [one for one in (items_of(value) if value is not None else ()) if isinstance(one, File)]
    names = ", ".join(_named(walker, one) for one in kept)
    sent = escape(_("Sent: %(names)s")) % {"names": names}
    there = f'<p class="qti-sent">{sent}</p>' if kept else ""
    if walker.page.closed:
        nothing = escape(_("No file is attached."))
        return there or f'<p class="qti-sent">{nothing}</p>'
    attributes = {
        "type": "file", "class": "form-control", "id": id_of(walker, response, "file"),
        "name": name_of(walker, response, "file"), "aria-label": _("Your file"), "data-file": "",
    }  # fmt: skip
    if accept:
        attributes["accept"] = accept
    return there + start_tag("input", attributes)


def _named(walker: Walker, file: File) -> str:
    """The name of a sent file, leading to it where it is kept."""
    name, address = escape(file.name or _("a file")), walker.page.file(file)
    return f"{start_tag('a', {'href': address})}{name}</a>" if address else name
