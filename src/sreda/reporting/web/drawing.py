"""The picture of what an indicator is made of, drawn on the server; a table says the same."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sreda.reporting.queries.indicators import Lineage, Node
from sreda.ui.svg import f

WIDTH, HEIGHT, GAP_X, GAP_Y = 216, 68, 64, 16
LETTERS = 27


def kind_words(kind: str) -> str:
    return {
        "dataset": _("records"),
        "form": _("cell of a report"),
        "indicator": pgettext("reporting", "indicator"),
    }.get(kind, kind)


def lineage_picture(found: Lineage, url_of: Callable[[Node], str]) -> SafeString:
    """Columns from left to right; an arrow from each thing to what is made of it."""
    tallest = max((len(column) for column in found.columns), default=0)
    height = tallest * (HEIGHT + GAP_Y) - GAP_Y
    at: dict[str, tuple[float, float]] = {}
    for number, column in enumerate(found.columns):
        top = (height - (len(column) * (HEIGHT + GAP_Y) - GAP_Y)) / 2
        for row, node in enumerate(column):
            at[node.key] = (number * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y))
    width = len(found.columns) * (WIDTH + GAP_X) - GAP_X
    arrows = format_html_join(
        "",
        '<path class="arrow" d="{}"/>',
        ((_arrow(at[before], at[after]),) for before, after in found.arrows),
    )
    boxes = format_html_join(
        "",
        "{}",
        (
            (_box(node, at[node.key], node.key == found.here, url_of(node)),)
            for column in found.columns
            for node in column
        ),
    )
    return format_html(
        '<svg class="svg-chart lineage-picture" width="{0}" height="{1}" viewBox="-2 -2 {0} {1}" '
        'role="group" aria-label="{2}"><g aria-hidden="true">{3}</g>{4}</svg>',
        f(width + 4),
        f(max(height, 0) + 4),
        _("From sources to what depends on the indicator"),
        arrows,
        boxes,
    )


def _arrow(before: tuple[float, float], after: tuple[float, float]) -> str:
    x, y = before[0] + WIDTH, before[1] + HEIGHT / 2
    to_x, to_y = after[0], after[1] + HEIGHT / 2
    bend = max((to_x - x) / 2, 20)
    return (
        f"M{f(x)} {f(y)}C{f(x + bend)} {f(y)} {f(to_x - bend)} {f(to_y)} {f(to_x - 6)} {f(to_y)}"
        f"M{f(to_x - 9)} {f(to_y - 4)}L{f(to_x - 1)} {f(to_y)}L{f(to_x - 9)} {f(to_y + 4)}"
    )


def _box(node: Node, at: tuple[float, float], here: bool, url: str) -> SafeString:
    x, y = at
    lines = textwrap.wrap(node.title, LETTERS, max_lines=2, placeholder="…")
    state = "broken" if node.state == "broken" else "here" if here else node.kind
    kind = kind_words(node.kind)
    shown_kind = textwrap.shorten(
        f"{kind}: {node.detail}" if node.detail else kind, LETTERS + 3, placeholder="…"
    )
    words = f"{kind}: {node.title}"
    if node.detail:
        words += f" ({node.detail})"
    if node.state == "broken":
        words += ". " + _("A source is missing")
    content = format_html(
        '<title>{}</title><rect class="node node-{}" x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<text class="node-kind" x="{}" y="{}">{}</text>{}',
        words,
        state,
        f(x),
        f(y),
        WIDTH,
        HEIGHT,
        f(x + 12),
        f(y + 20),
        shown_kind,
        format_html_join(
            "",
            '<text x="{}" y="{}">{}</text>',
            ((f(x + 12), f(y + 39 + n * 17), line) for n, line in enumerate(lines)),
        ),
    )
    if url:
        return format_html('<a href="{}">{}</a>', url, content)
    return format_html('<g role="img" aria-label="{}">{}</g>', words, content)
