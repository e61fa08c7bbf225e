"""What all interactions are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import count

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sreda.assessment.qti.model.interactions import Interaction
from sreda.assessment.qti.values.text import value_text
from sreda.assessment.qti.values.types import Record, items_of
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.item import Walker

MATCHING = 6  # rows of selects offered where a number of pairs is not bounded


def interaction_of(walker: Walker, element: Element) -> Interaction:
    """What the engine read of this element; the shown body is a copy."""
    assert walker.item is not None
    response = element.get("response-identifier").strip()
    kind = element.name.removeprefix("qti-").removesuffix("-interaction")
    return next(
        one
        for one in walker.item.interactions
        if one.response == response and one.kind == kind and one.line == element.line
    )


def name_of(walker: Walker, response: str, *parts: object) -> str:
    return walker.page.prefix + ":".join([response, *map(str, parts)])


def id_of(walker: Walker, response: str, *parts: object) -> str:
    return walker.page.prefix + "-".join([response, *map(str, parts)])


def answers(walker: Walker, response: str) -> list[str]:
    """The present response as texts."""
    assert walker.state is not None
    value = walker.state.values.get(response)
    if value is None or isinstance(value, Record):
        return []
    return [value_text(one) for one in items_of(value)]


def right_answers(walker: Walker, response: str) -> frozenset[str]:
    """What is right, where the page may tell it and the item knows."""
    if not walker.page.right or walker.item is None or walker.state is None:
        return frozenset()
    declaration = walker.item.declarations.get(response)
    value = walker.state.correct.get(response) or (declaration.correct if declaration else None)
    return (
        frozenset(value_text(one) for one in items_of(value)) if value is not None else frozenset()
    )


def right_mark(is_right: bool) -> str:
    if not is_right:
        return ""
    words = escape(_("right answer"))
    return f'<span class="qti-right">{words}</span>'


def right_line(walker: Walker, response: str) -> str:
    """All right answers in a line, where they may be told."""
    found = ", ".join(sorted(right_answers(walker, response)))
    return f'<p class="qti-right">{escape(found)}</p>' if found else ""


def frame(
    walker: Walker,
    element: Element,
    inner: str,
    *,
    hint: str = "",
    group: bool = True,
    data: dict[str, str] | None = None,
) -> str:
    """An interaction with its prompt as the legend, what is asked of the answer, and what was
    wrong with it."""
    response = element.get("response-identifier").strip()
    kind = element.name.removeprefix("qti-").removesuffix("-interaction")
    prompt = element.find("qti-prompt")
    told = walker.page.problems.get(response, [])
    hint_id, told_id = id_of(walker, response, "hint"), id_of(walker, response, "told")
    described = " ".join([hint_id] * bool(hint) + [told_id] * bool(told))
    attributes = {
        "class": f"qti-interaction qti-{kind}",
        "data-interaction": kind,
        "data-response": response,
        **(data or {}),
    }
    if described:
        attributes["aria-describedby"] = described
    tag = "fieldset" if group else "div"
    legend = ""
    if prompt is not None:
        text = walker.inside(prompt)
        legend = f"<legend>{text}</legend>" if group else f'<div class="qti-prompt">{text}</div>'
    elif group:
        words = escape(_("Answer"))
        legend = f'<legend class="visually-hidden">{words}</legend>'
    if hint:
        legend += f'<p class="form-hint" id="{escape(hint_id)}">{escape(hint)}</p>'
    if told:
        lines = "".join(f"<li>{escape(text)}</li>" for text in told)
        legend += f'<ul class="invalid-feedback d-block" id="{escape(told_id)}">{lines}</ul>'
    return f"{start_tag(tag, attributes)}{legend}{inner}</{tag}>"


def bounds_hint(interaction: Interaction) -> str:
    """How many answers are asked for, in words; nothing where one is plain."""
    least, most = interaction.least, interaction.most
    if most == 1:
        return ""
    if least and least == most:
        return ngettext("Choose exactly %(count)s.", "Choose exactly %(count)s.", least) % {
            "count": least
        }
    if least and most:
        return _("Choose from %(least)s to %(most)s.") % {"least": least, "most": most}
    if most:
        return _("Choose at most %(most)s.") % {"most": most}
    if least:
        return _("Choose at least %(least)s.") % {"least": least}
    return _("You may choose several.")


def tick(
    walker: Walker, response: str, value: str, *, single: bool, checked: bool, label: str,
    inline: bool = False, shown: str = "",
) -> str:  # fmt: skip
    """A radio button or checkbox with its label; `shown` stands between them."""
    field = id_of(walker, response, value)
    attributes = {
        "type": "radio" if single else "checkbox",
        "class": "form-check-input",
        "id": field,
        "name": name_of(walker, response),
        "value": value,
    }
    if checked:
        attributes["checked"] = ""
    if walker.page.closed:
        attributes["disabled"] = ""
    tag = "span" if inline else "div"
    return (
        f'<{tag} class="form-check qti-option">{start_tag("input", attributes)}{shown}'
        f'<label class="form-check-label" for="{escape(field)}">{label}</label></{tag}>'
    )


def select(
    walker: Walker,
    name: str,
    options: Iterable[tuple[str, str]],
    chosen: Sequence[str],
    label: str,
    *,
    several: bool = False,
    empty: str = "—",
) -> str:
    """`options` are (value, text); the empty one takes the answer back."""
    attributes = {"name": name, "class": "form-select qti-select", "aria-label": label}
    if several:
        attributes["multiple"] = ""
    if walker.page.closed:
        attributes["disabled"] = ""
    rows = [] if several else [f'<option value="">{escape(empty)}</option>']
    for value, text in options:
        on = " selected" if value in chosen else ""
        rows.append(f'<option value="{escape(value)}"{on}>{escape(text)}</option>')
    return f"{start_tag('select', attributes)}{''.join(rows)}</select>"


def text_of(element: Element) -> str:
    """A choice in plain words, for options and labels: its text, or what its picture says."""
    text = " ".join(element.text.split())
    if text:
        return text
    for one in element.walk():
        said = one.get("alt") or one.get("aria-label") or one.get("title")
        if said:
            return said
    return element.get("identifier")


def choices_of(element: Element, *names: str) -> list[Element]:
    """Choices that belong to this interaction, in the order they are shown in."""
    return [one for one in element.walk() if one.name in names]


def numbered(elements: Iterable[Element]) -> list[tuple[int, Element]]:
    return list(zip(count(1), elements, strict=False))
