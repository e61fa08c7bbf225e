"""Choosing and putting in order."""

from __future__ import annotations

from html import escape

from django.utils.translation import gettext as _

from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.interactions.parts import (
    answers,
    bounds_hint,
    choices_of,
    frame,
    id_of,
    interaction_of,
    name_of,
    right_answers,
    right_mark,
    select,
    text_of,
    tick,
)
from sreda.assessment.rendering.item import Walker, nothing


def choice(walker: Walker, element: Element) -> str:
    """Radio buttons, or checkboxes where several may be chosen."""
    interaction = interaction_of(walker, element)
    given, right = (
        answers(walker, interaction.response),
        right_answers(walker, interaction.response),
    )
    rows = "".join(
        tick(
            walker,
            interaction.response,
            one.get("identifier"),
            single=interaction.most == 1,
            checked=one.get("identifier") in given,
            label=walker.inside(one) + right_mark(one.get("identifier") in right),
        )
        for one in choices_of(element, "qti-simple-choice")
    )
    row = " qti-row" if element.get("orientation") == "horizontal" else ""
    inner = f'<div class="qti-options{row}">{rows}</div>'
    return frame(walker, element, inner, hint=bounds_hint(interaction))


def hottext(walker: Walker, element: Element) -> str:
    """Words of the text itself are chosen; they keep their places in it."""
    interaction = interaction_of(walker, element)
    given, right = (
        answers(walker, interaction.response),
        right_answers(walker, interaction.response),
    )

    def word(inner: Walker, one: Element) -> str:
        return tick(
            inner,
            interaction.response,
            one.get("identifier"),
            single=interaction.most == 1,
            checked=one.get("identifier") in given,
            label=inner.inside(one) + right_mark(one.get("identifier") in right),
            inline=True,
        )

    inner = walker.having({"qti-hottext": word, "qti-prompt": nothing}).inside(element)
    return frame(walker, element, inner, hint=bounds_hint(interaction))


def inline_choice(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    given, right = (
        answers(walker, interaction.response),
        right_answers(walker, interaction.response),
    )
    options = [
        (one.get("identifier"), text_of(one)) for one in choices_of(element, "qti-inline-choice")
    ]
    label = element.get("aria-label") or _("Choose")
    marks = ", ".join(text for value, text in options if value in right)
    told = walker.page.problems.get(interaction.response, [])
    after = f'<span class="qti-right">{escape(marks)}</span>' if marks else ""
    after += "".join(f'<span class="qti-told">{escape(text)}</span>' for text in told)
    inner = select(walker, name_of(walker, interaction.response), options, given, label)
    return (
        f'<span class="qti-inline" data-interaction="inline-choice" '
        f'data-response="{escape(interaction.response)}">{inner}{after}</span>'
    )


def order(walker: Walker, element: Element) -> str:
    """Each choice has a place to choose; our script lets one move them instead."""
    interaction = interaction_of(walker, element)
    given, right = (
        answers(walker, interaction.response),
        right_answers(walker, interaction.response),
    )
    found = choices_of(element, "qti-simple-choice")
    lines = [(one.get("identifier"), walker.inside(one), text_of(one)) for one in found]
    return order_frame(walker, element, lines, given, bool(right))


def order_frame(
    walker: Walker,
    element: Element,
    choices: list[tuple[str, str, str]],
    given: list[str],
    tell: bool,
    before: str = "",
) -> str:
    """`choices` are (identifier, HTML, plain text)."""
    interaction = interaction_of(walker, element)
    declaration = walker.item.declarations.get(interaction.response) if walker.item else None
    places = [(str(n), str(n)) for n in range(1, len(choices) + 1)]
    rows = []
    for identifier, shown, text in choices:
        chosen = [str(given.index(identifier) + 1)] if identifier in given else []
        name = name_of(walker, interaction.response, identifier)
        label = _("Place of “%(choice)s”") % {"choice": text}
        field = select(walker, name, places, chosen, label)
        rows.append(
            f'<li class="qti-orderable" data-choice="{escape(identifier)}">{field}'
            f'<span class="qti-orderable-text">{shown}</span></li>'
        )
    if tell and declaration is not None and declaration.correct is not None:
        texts = {identifier: text for identifier, _shown, text in choices}
        line = " → ".join(texts.get(str(one), str(one)) for one in declaration.correct)  # type: ignore[union-attr]
        rows.append(f'<li class="qti-right">{escape(line)}</li>')
    least, most = interaction.least, interaction.most
    hint = _("Give every line its place.")
    if most or least < len(choices):
        hint = _("Give places to the lines you choose.") + " " + bounds_hint(interaction)
    list_id = id_of(walker, interaction.response, "list")
    inner = f'{before}<ul class="qti-order-list" id="{escape(list_id)}">{"".join(rows)}</ul>'
    return frame(walker, element, inner, hint=hint.strip())
