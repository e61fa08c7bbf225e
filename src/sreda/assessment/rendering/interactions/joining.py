"""Joining things: pairs, tables of matches, gaps."""

from __future__ import annotations

from html import escape

from django.utils.translation import gettext as _

from sreda.assessment.qti.model.interactions import Interaction
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering.html import start_tag
from sreda.assessment.rendering.interactions.parts import (
    MATCHING,
    answers,
    choices_of,
    frame,
    id_of,
    interaction_of,
    name_of,
    right_answers,
    right_mark,
    select,
    text_of,
)
from sreda.assessment.rendering.item import Walker, nothing


def associate(walker: Walker, element: Element) -> str:
    interaction = interaction_of(walker, element)
    found = choices_of(element, "qti-simple-associable-choice")
    shown = "".join(f'<li class="chip">{walker.inside(one)}</li>' for one in found)
    options = [(one.get("identifier"), text_of(one)) for one in found]
    before = f'<ul class="chips qti-pool">{shown}</ul>'
    return frame(
        walker,
        element,
        before + pair_rows(walker, interaction, options),
        hint=pairs_hint(interaction),
    )


def pairs_hint(interaction: Interaction) -> str:
    if interaction.most:
        return _("Make pairs; at most %(most)s.") % {"most": interaction.most}
    return _("Make as many pairs as there are.")


def pair_rows(walker: Walker, interaction: Interaction, options: list[tuple[str, str]]) -> str:
    """Rows of two selects; as many as pairs may be made, and one more than there are answers."""
    response = interaction.response
    given = [text.split(" ", 1) for text in answers(walker, response)]
    possible = len(options) * (len(options) - 1) // 2
    rows = interaction.most or min(max(MATCHING, len(given) + 1), max(possible, 1))
    lines = []
    for number in range(rows):
        ends = given[number] if number < len(given) else ["", ""]
        fields = [
            select(
                walker, name_of(walker, response, number, end), options, [value],
                _("Pair %(number)s: %(end)s") % {"number": number + 1, "end": said},
            )
            for end, value, said in zip("ab", ends, (_("first"), _("second")), strict=True)
        ]  # fmt: skip
        lines.append(
            f'<li class="qti-pair">{fields[0]}<span aria-hidden="true">—</span>{fields[1]}</li>'
        )
    texts = dict(options)
    for pair in sorted(right_answers(walker, response)):
        first, _space, second = pair.partition(" ")
        line = f"{texts.get(first, first)} — {texts.get(second, second)}"
        lines.append(f'<li class="qti-right">{escape(line)}</li>')
    return f'<ol class="qti-pairs">{"".join(lines)}</ol>'


def match(walker: Walker, element: Element) -> str:
    """A table: rows are the first set, columns the second."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    sets = element.all("qti-simple-match-set")
    if len(sets) != 2:
        return ""
    rows, columns = ([*one.all("qti-simple-associable-choice")] for one in sets)
    given, right = answers(walker, response), right_answers(walker, response)
    head = "".join(f'<th scope="col">{walker.inside(one)}</th>' for one in columns)
    body = []
    for row in rows:
        cells = []
        for column in columns:
            value = f"{row.get('identifier')} {column.get('identifier')}"
            attributes = {
                "type": "checkbox",
                "class": "form-check-input",
                "name": name_of(walker, response),
                "value": value,
                "aria-label": f"{text_of(row)} — {text_of(column)}",
                **({"checked": ""} if value in given else {}),
                **({"disabled": ""} if walker.page.closed else {}),
            }
            mark = right_mark(value in right)
            cells.append(f"<td>{start_tag('input', attributes)}{mark}</td>")
        body.append(f'<tr><th scope="row">{walker.inside(row)}</th>{"".join(cells)}</tr>')
    label = escape(_("Table of matches"))
    table = (
        f'<div class="table-scroll" tabindex="0" role="group" aria-label="{label}">'
        f'<table class="table qti-match-table"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
    hint = ""
    if interaction.most > 1:
        hint = _("At most %(most)s matches.") % {"most": interaction.most}
    return frame(walker, element, table, hint=hint)


def gap_match(walker: Walker, element: Element) -> str:
    """Gaps of the text are selects of what may go into them."""
    interaction = interaction_of(walker, element)
    response = interaction.response
    pool = choices_of(element, "qti-gap-text", "qti-gap-img")
    options = [(one.get("identifier"), text_of(one)) for one in pool]
    given, right = answers(walker, response), right_answers(walker, response)
    limits = {one.identifier: one.match_max for one in interaction.choices if one.role == "gap"}
    gaps = [one.get("identifier") for one in choices_of(element, "qti-gap")]

    def gap(inner: Walker, one: Element) -> str:
        target = one.get("identifier")
        label = one.get("aria-label") or _("Gap %(number)s") % {"number": gaps.index(target) + 1}
        several = limits.get(target, 1) != 1
        field = select(
            inner, name_of(inner, response),
            [(f"{value} {target}", text) for value, text in options],
            given, label, several=several, empty="…",
        )  # fmt: skip
        texts = dict(options)
        marks = [
            texts.get(pair.split(" ")[0], "")
            for pair in sorted(right)
            if pair.endswith(f" {target}")
        ]
        after = f'<span class="qti-right">{escape(", ".join(marks))}</span>' if marks else ""
        return f'<span class="qti-inline">{field}{after}</span>'

    shown = "".join(f'<li class="chip">{walker.inside(one)}</li>' for one in pool)
    pool_id = id_of(walker, response, "pool")
    inner = f'<ul class="chips qti-pool" id="{escape(pool_id)}">{shown}</ul>'
    handled = dict.fromkeys(("qti-prompt", "qti-gap-text", "qti-gap-img"), nothing)
    inner += walker.having({"qti-gap": gap, **handled}).inside(element)
    return frame(walker, element, inner)
