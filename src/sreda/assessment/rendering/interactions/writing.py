"""Writing, sliding, and the button that ends an attempt."""

from __future__ import annotations

import re
from html import escape

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from sreda.assessment.qti.values.text import value_text
from sreda.assessment.qti.values.types import Record
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.interactions.parts import (
    answers,
    frame,
    id_of,
    interaction_of,
    name_of,
    right_answers,
    right_line,
)
from sreda.assessment.rendering.item import Walker

LONGEST = 20_000
NUMBER = re.compile(r"-?\d+\.\d+")


def _given(walker: Walker, response: str) -> str:
    assert walker.state is not None
    value = walker.state.values.get(response)
    if isinstance(value, Record):  # the parts of a number that was typed as text
        text = value.get("stringValue")
        return value_text(text) if text is not None else ""
    # a text that is no number is no answer; it is shown again, to be mended
    return next(iter(answers(walker, response) or walker.page.sent.get(response, ())), "")


def _as_typed(number: str) -> str:
    """A number as people write it: 5 for "5.0", with the comma of the language."""
    if not NUMBER.fullmatch(number):
        return number
    return number.removesuffix(".0").replace(".", str(get_format("DECIMAL_SEPARATOR")))


def text_entry(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    response = interaction.response
    declaration = walker.item.declarations.get(response) if walker.item else None
    numeric = declaration is not None and declaration.base_type in {"integer", "float"}
    decimal = numeric and interaction.base == 10
    given = _given(walker, response)
    length = interaction.expected_length
    attributes = {
        "type": "text",
        "class": "form-control qti-entry",
        "name": name_of(walker, response),
        "id": id_of(walker, response),
        "value": _as_typed(given) if decimal else given,
        "autocomplete": "off",
        "spellcheck": "false",
        "size": str(min(max((length or (8 if numeric else 16)) + 1, 3), 60)),
        "maxlength": str(LONGEST),
        "aria-label": element.get("aria-label") or _("Your answer"),
    }
    if decimal:
        attributes["inputmode"] = "decimal"
    if element.get("placeholder-text"):
        attributes["placeholder"] = element.get("placeholder-text")
    if walker.page.closed:
        attributes["readonly"] = ""
    told = walker.page.problems.get(response, [])
    if told:
        attributes["aria-invalid"] = "true"
    after = "".join(f'<span class="qti-told">{escape(text)}</span>' for text in told)
    rights = sorted(right_answers(walker, response))
    if right := ", ".join(map(_as_typed, rights) if decimal else rights):
        after += f'<span class="qti-right">{escape(right)}</span>'
    return (
        f'<span class="qti-inline" data-interaction="text-entry" '
        f'data-response="{escape(response)}">{start_tag("input", attributes)}{after}</span>'
    )


def extended_text(walker: Walker, element: Element) -> str:
    """A text field; several where several strings are asked for."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    given = answers(walker, response) or [_given(walker, response)]
    fields = max(interaction.least, interaction.most, 1)
    lines = element.get("expected-lines")
    rows = min(max(int(lines), 2), 30) if lines.isdecimal() else 6
    told = []
    for number in range(fields):
        label = element.get("aria-label") or (
            _("Your answer")
            if fields == 1
            else _("Your answer, part %(number)s") % {"number": number + 1}
        )
        attributes = {
            "class": "form-control",
            "name": name_of(walker, response),
            "rows": str(rows if fields == 1 else 2),
            "maxlength": str(LONGEST),
            "aria-label": label,
        }
        if interaction.expected_length:
            attributes["data-expected"] = str(interaction.expected_length)
        if element.get("placeholder-text"):
            attributes["placeholder"] = element.get("placeholder-text")
        if walker.page.closed:
            attributes["readonly"] = ""
        text = given[number] if number < len(given) else ""
        # a line break after the tag is not of the text
        told.append(f"{start_tag('textarea', attributes)}\n{escape(text)}</textarea>")
    hint = ""
    if interaction.expected_length:
        hint = _("About %(count)s characters.") % {"count": interaction.expected_length}
    return frame(walker, element, "".join([*told, right_line(walker, response)]), hint=hint)


def slider(walker: Walker, element: Element) -> str:
    """A number to type, which a slide follows: an untouched slide is no answer."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    lower = value_text(interaction.lower) if interaction.lower is not None else "0"
    upper = value_text(interaction.upper) if interaction.upper is not None else "100"
    step = value_text(interaction.step) if interaction.step is not None else "1"
    given = _given(walker, response)
    closed = {"disabled": ""} if walker.page.closed else {}
    bounds = {"min": lower, "max": upper, "step": step}
    number = {
        "type": "number", "class": "form-control qti-entry", "name": name_of(walker, response),
        "value": given, "aria-label": _("Your answer"), **bounds, **closed,
    }  # fmt: skip
    slide = {
        "type": "range", "class": "form-range", "value": given or lower, "data-slide": "",
        "aria-label": _("Slide"), **bounds, **closed,
    }  # fmt: skip
    if element.get("orientation") == "vertical":
        slide["aria-orientation"] = "vertical"
    hint = _("From %(lower)s to %(upper)s.") % {"lower": lower, "upper": upper}
    inner = f"{start_tag('input', slide)}{start_tag('input', number)}"
    row = f'<div class="qti-slider-row">{inner}</div>{right_line(walker, response)}'
    return frame(walker, element, row, hint=hint)


def end_attempt(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    if walker.page.closed:
        return ""
    attributes = {
        "type": "submit",
        "class": "btn",
        "name": name_of(walker, interaction.response),
        "value": "true",
        "data-end-attempt": "",
    }
    title = escape(element.get("title") or _("Finish this task"))
    return f"{start_tag('button', attributes)}{title}</button>"
