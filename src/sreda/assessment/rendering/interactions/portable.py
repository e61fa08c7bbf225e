"""A portable custom interaction: what its closed frame is told, and the fields for its answer."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from sreda.assessment.qti import to_pci
from sreda.assessment.qti.words import words
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.fields import STATE
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.interactions.parts import (
    answers,
    frame,
    interaction_of,
    name_of,
    right_line,
)
from sreda.assessment.rendering.item import Walker

VOID = words("area base br col embed hr img input link meta param source track wbr")
DASHED = re.compile(r"-([a-z])")


def portable(walker: Walker, element: Element) -> str:
    """A place for the frame, which our script fills; the words in it stand where none runs."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    address = walker.page.portable(response)
    if address is None:
        return custom(walker, element)
    start = _start(walker, element, response)
    given = start["bound"][response]
    attributes = {
        "class": "qti-portable",
        "data-portable": address,
        "data-start": json.dumps(start, ensure_ascii=False),
        "data-label": element.get("aria-label") or _("A task with a program of its own"),
    }
    notice = escape(
        _("This part needs a program that does not run here. Skip it and tell your teacher.")
    )
    again = escape(_("Start it again"))
    inner = (
        f"{start_tag('div', attributes)}<div data-portable-place></div>"
        f'<div data-portable-notice><p class="qti-missing" role="note">{notice}</p></div>'
        f'<button type="button" class="btn btn-sm" data-portable-again>{again}</button>'
    )
    if walker.page.closed:
        texts = ", ".join(answers(walker, response))
        said = escape(_("Answer: %(answer)s") % {"answer": texts}) if texts else ""
        inner += f'<p class="text-muted mb-0">{said}</p>' if said else ""
    else:
        value = "" if given == {"base": None} else json.dumps(given, ensure_ascii=False)
        state = state_sent(walker, response)
        inner += '<p class="form-hint" role="status" data-portable-message></p>'
        for mark, parts, text in (("response", (), value), ("state", ("state",), state)):
            field = {"type": "hidden", "name": name_of(walker, response, *parts), "value": text,
                     f"data-portable-{mark}": ""}  # fmt: skip
            inner += start_tag("input", field)
    return frame(walker, element, f"{inner}</div>{right_line(walker, response)}")


def custom(walker: Walker, element: Element) -> str:
    """Nobody but its maker's program can show it."""
    text = escape(
        _("This part needs a program that is not used here. Skip it and tell your teacher.")
    )
    return f'<p class="qti-missing" role="note">{text}</p>'


def _start(walker: Walker, element: Element, response: str) -> dict[str, Any]:
    """What `getInstance` is given, as JSON (1EdTech PCI 1.0, configuration)."""
    markup = element.find("qti-interaction-markup")
    return {
        "type": element.get("custom-interaction-type-identifier"),
        "module": element.get("module"),
        "response": response,
        "bound": {response: _value(walker, response)},
        "properties": {
            _camel(name.removeprefix("data-")): value
            for name, value in element.attributes.items()
            if name.startswith("data-")
        },
        "templateVariables": _named(walker, element, "qti-template-variable"),
        "contextVariables": _named(walker, element, "qti-context-variable"),
        "markup": markup_of(markup) if markup is not None else "",
        "styles": [one.get("href") for one in element.all("qti-stylesheet") if one.get("href")],
        "state": _state(state_sent(walker, response)),
        "status": "closed" if walker.page.closed else "interacting",
        "language": walker.item.language if walker.item else "",
    }


def _camel(name: str) -> str:
    """As a browser names the properties of `dataset`."""
    return DASHED.sub(lambda found: found[1].upper(), name)


def _value(walker: Walker, name: str) -> Any:
    assert walker.state is not None
    assert walker.item is not None
    declaration = walker.item.declarations.get(name)
    if declaration is None:
        return {"base": None}
    value = walker.state.values.get(name)
    return to_pci(value, declaration.base_type or "string", declaration.cardinality)


def _named(walker: Walker, element: Element, kind: str) -> dict[str, Any]:
    found = {}
    for one in element.all(kind):
        name = one.get("template-identifier") or one.get("identifier")
        if walker.item is not None and name in walker.item.declarations:
            found[name] = _value(walker, name)
    return found


def state_sent(walker: Walker, response: str) -> str:
    """The module's last state as JSON text; empty where it gave none."""
    return next(iter(walker.page.sent.get(f"{response}{STATE}", ())), "")


def _state(text: str) -> Any:
    """The state as the module gave it; None where it is no JSON."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def markup_of(element: Element) -> str:
    """The children as HTML, as they are but for scripts: they live in the closed frame alone."""
    written = []
    for child in element.children:
        if isinstance(child, str):
            written.append(escape(child, quote=False))
            continue
        name = child.name.lower() if child.name.lower() in VOID else child.name
        if name.lower() == "script":
            continue
        plain = {key.rpartition("}")[2]: value for key, value in child.attributes.items()}
        written.append(start_tag(name, plain))
        if name not in VOID:
            written.append(f"{markup_of(child)}</{name}>")
    return "".join(written)
