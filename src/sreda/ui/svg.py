"""Small charts drawn on the server as SVG, and the marks of the brand.

Attributes only, no style attributes: the content policy forbids those. Each chart says its
figures in words too, as a label or beside the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from . import numbers

MARK = mark_safe(
    '<svg class="brand-mark" viewBox="0 0 40 40" aria-hidden="true" focusable="false">'
    '<rect class="mark-ground" width="40" height="40" rx="10"/>'
    '<circle class="mark-sun" cx="27.5" cy="11.5" r="4.5"/>'
    '<path class="mark-seam-1" d="M0 21c7 0 9-6 16-6s11 6 24 4v6c-13 2-17-4-24-4S7 27 0 27z"/>'
    '<path class="mark-seam-3" d="M0 27c7 0 9-6 16-6s11 6 24 4v4c-13 2-17-4-24-4S7 31 0 31z"/>'
    '<path class="mark-seam-2" d="M0 31c7 0 9-6 16-6s11 6 24 4v1a10 10 0 0 1-10 10H10A10 10 0 0 1 '
    '0 30.5z"/></svg>'
)

STRATA = mark_safe(
    '<svg class="hero-strata picture" viewBox="0 0 1440 320" preserveAspectRatio="none" '
    'aria-hidden="true" focusable="false">'
    '<path class="strata-1" d="M0 210C180 170 300 60 520 84s300 108 500 76 '
    '280-120 420-136v296H0z"/>'
    '<path class="strata-2" d="M0 246c210-30 330-112 540-92s310 96 510 66 260-86 390-96v196H0z"/>'
    '<path class="strata-3" d="M0 270c230-24 340-84 560-66s320 74 520 48 240-56 360-60v128H0z"/>'
    '<path class="strata-seam" vector-effect="non-scaling-stroke" '
    'd="M0 270c230-24 340-84 560-66s320 74 520 48 240-56 360-60"/>'
    '<path class="strata-4" d="M0 300c240-16 350-52 580-40s330 44 530 28 '
    '220-28 330-30v62H0z"/></svg>'
)


def f(value: float | Decimal) -> str:
    """A coordinate: short, with a point whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def sparkline(values: Sequence[Any], label: str = "") -> SafeString:
    points = [float(v) for v in values if v is not None]
    if len(points) < 2:
        return SafeString("")
    low, high = min(points), max(points)
    spread = (high - low) or 1
    step = 100 / (len(points) - 1)
    path = " ".join(
        f"{'L' if i else 'M'}{f(i * step)} {f(28 - (v - low) / spread * 24)}"
        for i, v in enumerate(points)
    )
    words = label or " → ".join(numbers.number(v) for v in (values[0], values[-1]))
    return format_html(
        '<svg class="sparkline" viewBox="0 0 100 32" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><path class="stroke-1" vector-effect="non-scaling-stroke" d="{}"/></svg>',
        words,
        path,
    )


def multiples(items: Sequence[Any], unit: str = "") -> SafeString:
    """Small line charts on one scale, so that they compare: items are (label, values[, url])."""
    known = [float(v) for _label, values, *_rest in items for v in values if v is not None]
    high = max(known, default=0) or 1
    tail = f"{numbers.NBSP}{unit}" if unit else ""
    drawn = []
    for label, values, *rest in items:
        step = 100 / max(len(values) - 1, 1)
        points = [
            (i * step, 48 - float(v) / high * 44) for i, v in enumerate(values) if v is not None
        ]
        line = " ".join(f"{'L' if i else 'M'}{f(x)} {f(y)}" for i, (x, y) in enumerate(points))
        area = f"{line} L{f(points[-1][0])} 48 L{f(points[0][0])} 48 Z" if points else ""
        last = next((v for v in reversed(values) if v is not None), None)
        name = format_html('<a href="{}">{}</a>', rest[0], label) if rest and rest[0] else label
        words = ", ".join(numbers.number(v) for v in values)
        figure = numbers.number(last) + (tail if last is not None else "")
        drawn.append((name, figure, words, area, line))
    return format_html(
        '<ul class="multiples">{}</ul>',
        format_html_join(
            "",
            '<li><span>{}</span><strong class="num">{}</strong>'
            '<svg viewBox="0 0 100 50" preserveAspectRatio="none" role="img" aria-label="{}">'
            '<path class="fill-1 faint" d="{}"/>'
            '<path class="stroke-1" vector-effect="non-scaling-stroke" stroke-width="2" d="{}"/>'
            '<path class="rule" d="M0 48H100"/></svg></li>',
            drawn,
        ),
    )


def ring(value: Any, label: str = "", digits: int = 0) -> SafeString:
    share = None if value is None else min(max(float(value), 0.0), 100.0)
    around = 2 * math.pi * 42
    arc = (
        ""
        if not share
        else format_html(
            '<circle class="stroke-1" cx="50" cy="50" r="42" stroke-width="11" '
            'stroke-dasharray="{} {}"/>',
            f(around * share / 100),
            f(around),
        )
    )
    return format_html(
        '<span class="ring"><svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">'
        '<circle class="stroke-track" cx="50" cy="50" r="42" stroke-width="11"/>{}</svg>'
        '<span class="ring-value">{}{}</span></span>',
        arc,
        format_html('<span class="visually-hidden">{}: </span>', label) if label else "",
        numbers.percent(value, digits),
    )


def bars(items: Sequence[Any], unit: str = "") -> SafeString:
    most = max((float(item[1] or 0) for item in items), default=0) or 1
    rows = []
    for label, value, *rest in items:
        name = format_html('<a href="{}">{}</a>', rest[0], label) if rest and rest[0] else label
        tail = f"{numbers.NBSP}{unit}" if unit and value is not None else ""
        width = f(float(value or 0) / most * 100)
        rows.append((name, numbers.number(value) + tail, width))
    return format_html(
        '<ul class="bars">{}</ul>',
        format_html_join(
            "",
            '<li><span>{}</span><span class="num">{}</span>'
            '<svg viewBox="0 0 100 10" preserveAspectRatio="none" '
            'aria-hidden="true" focusable="false">'
            '<rect class="fill-none" width="100" height="10"/>'
            '<rect class="fill-1" width="{}" height="10"/></svg></li>',
            rows,
        ),
    )


def donut(items: Sequence[Any], label: str = "") -> SafeString:
    total = sum((Decimal(str(value or 0)) for _name, value in items), Decimal(0))
    around = 2 * math.pi * 40
    arcs, keys, turned = [], [], 0.0
    for number, (name, value) in enumerate(items):
        share = float(Decimal(str(value or 0)) / total) if total else 0.0
        colour = number % 6 + 1
        arcs.append((colour, f(max(around * share - 1.5, 0.1)), f(around), f(-turned)))
        keys.append((colour, name, numbers.number(value), numbers.percent(share * 100, 1)))
        turned += around * share
    return format_html(
        '<div class="donut"><svg viewBox="0 0 100 100" aria-hidden="true" '
        'focusable="false">{}</svg>'
        '<ul class="legend" aria-label="{}">{}</ul></div>',
        format_html_join(
            "",
            '<circle class="stroke-{}" cx="50" cy="50" r="40" stroke-width="17" '
            'stroke-dasharray="{} {}" stroke-dashoffset="{}"/>',
            arcs,
        ),
        label or _("Legend"),
        format_html_join(
            "",
            '<li><i class="key-{}"></i><span>{} <strong class="num">{}</strong> · {}</span></li>',
            keys,
        ),
    )


TILE, GAP = 64, 4


def tilemap(tiles: Sequence[Mapping[str, Any]], label: str = "", unit: str = "") -> SafeString:
    """Five levels of equal count: the darkest fifth has the greatest values."""
    known = sorted(float(t["value"]) for t in tiles if t.get("value") is not None)
    tail = f"{numbers.NBSP}{unit}" if unit else ""
    drawn = []
    for tile in tiles:
        value = tile.get("value")
        level = 0
        if value is not None:
            below = sum(1 for other in known if other <= float(value))
            level = max(1, math.ceil(below / len(known) * 5))
        x, y = tile["x"] * (TILE + GAP), tile["y"] * (TILE + GAP)
        text = f"{tile['name']}: {numbers.number(value)}{tail if value is not None else ''}"
        body = format_html(
            '<title>{}</title><rect class="level-{}" x="{}" y="{}" width="{}" height="{}" rx="8"/>'
            '<text x="{}" y="{}">{}</text><text class="tile-value" x="{}" y="{}">{}</text>',
            text,
            level,
            x,
            y,
            TILE,
            TILE,
            x + TILE / 2,
            y + 26,
            tile.get("short") or str(tile["name"])[:6],
            x + TILE / 2,
            y + 46,
            numbers.number(value),
        )
        if tile.get("url"):
            body = format_html('<a href="{}" aria-label="{}">{}</a>', tile["url"], text, body)
        else:
            body = format_html("<g>{}</g>", body)
        drawn.append((body,))
    width = max((t["x"] for t in tiles), default=0) * (TILE + GAP) + TILE
    height = max((t["y"] for t in tiles), default=0) * (TILE + GAP) + TILE
    return format_html(
        '<svg class="svg-chart tilemap" viewBox="-2 -2 {} {}" role="group" '
        'aria-label="{}">{}</svg>',
        width + 4,
        height + 4,
        label,
        format_html_join("", "{}", drawn),
    )


def gantt(
    rows: Sequence[Mapping[str, Any]], start: date, end: date, today: date | None = None
) -> SafeString:
    """A picture beside a list of the same terms; states: planned, done, late, draft.

    What is heard of a row is its whole name, its days and `said`, the words for its state.
    `needs` are the places of the rows a row waits for: a line leads from each one's end to the
    row's beginning. `marks` are single days of a row, drawn as diamonds.
    """
    left, width, lane, top = 316, 1200, 36, 34
    days = max((end - start).days, 1)
    scale = (width - left) / days
    height = top + lane * len(rows) + 6

    def at(day: date) -> float:
        return left + min(max((day - start).days, 0), days) * scale

    marks = []
    month = date(start.year, start.month, 1)
    every = 1 if days <= 420 else 3 if days <= 1_500 else 6
    while month <= end:
        if month >= start:
            marks.append((f(at(month)), f(top - 8), f(height), f(at(month) + 5), _month(month)))
        index = month.month - 1 + every
        month = date(month.year + index // 12, index % 12 + 1, 1)
    lanes = [(f(top + i * lane), str(width), str(lane)) for i in range(len(rows))]
    drawn = []
    for i, row in enumerate(rows):
        y = top + i * lane
        name = str(row["label"])
        shown = name if len(name) <= 40 else name[:39].rstrip() + "…"
        first, last = row.get("start") or row.get("end"), row.get("end") or row.get("start")
        words = _heard(row, name)
        label = format_html('<text x="8" y="{}">{}</text>', y + lane / 2 + 5, shown)
        bar: str = ""
        if first and last:
            x = at(first)
            long = max(at(last) - x, 10)
            bar = format_html(
                '<rect class="bar-{}" x="{}" y="{}" width="{}" height="{}" rx="5"/>',
                row.get("state", "planned"),
                f(min(x, width - 10)),
                y + 9,
                f(long),
                lane - 18,
            )
        stones = [
            (
                f(min(at(day), width - 9)),
                f(y + lane / 2),
                row.get("state", "planned"),
                numbers.day(day),
            )
            for day in row.get("marks") or ()
            if start <= day <= end and day not in (first, last)
        ]
        picture = format_html("{}{}{}", label, bar, format_html_join("", DIAMOND, stones))
        if row.get("url"):
            drawn.append((format_html(LINKED, row["url"], words, picture),))
        else:
            drawn.append((format_html(HEARD, words, words, picture),))
    ways = [
        (_way(rows[j], row, top + lane * j + lane / 2, top + lane * i + lane / 2, at),)
        for i, row in enumerate(rows)
        for j in row.get("needs") or ()
    ]
    now: str = ""
    if today and start <= today <= end:
        now = format_html(
            '<line class="today" x1="{0}" x2="{0}" y1="{1}" y2="{2}"><title>{3}</title></line>',
            f(at(today)),
            top - 12,
            height,
            _("today"),
        )
    return format_html(
        '<div class="gantt" tabindex="0" role="group" aria-label="{}">'
        '<svg class="svg-chart" viewBox="0 0 {} {}"><g>{}</g><g aria-hidden="true">{}</g>'
        '<g role="list" aria-label="{}">{}</g>{}{}</svg></div>',
        _("Chart of terms"),
        width,
        f(height),
        format_html_join("", '<rect class="lane" x="0" y="{}" width="{}" height="{}"/>', lanes),
        format_html_join(
            "",
            '<line class="rule" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
            '<text class="muted" x="{3}" y="14">{4}</text>',
            marks,
        ),
        _("Terms"),
        format_html_join("", '<g role="listitem">{}</g>', drawn),
        format_html_join("", WAY, [way for way in ways if way[0]]),
        now,
    )


def _heard(row: Mapping[str, Any], name: str) -> str:
    days = [numbers.day(day) for day in row.get("marks") or ()]
    if row.get("start") or row.get("end") or not days:
        days.insert(0, numbers.span(row.get("start"), row.get("end")))
    words = f"{name}: {', '.join(days)}"
    return f"{words}. {row['said']}" if row.get("said") else words


LINKED = '<a href="{}"><title>{}</title>{}</a>'
HEARD = '<g role="img" aria-label="{}"><title>{}</title>{}</g>'
DIAMOND = (
    '<rect class="bar-{2}" x="-6" y="-6" width="12" height="12" '
    'transform="translate({0} {1}) rotate(45)"><title>{3}</title></rect>'
)
WAY = (
    '<path d="{}" fill="none" stroke="currentColor" stroke-opacity=".55" stroke-width="1.5" '
    'aria-hidden="true"/>'
)


def _way(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    upper: float,
    lower: float,
    at: Callable[[date], float],
) -> str:
    """From the end of one bar to the beginning of another, with an arrowhead."""
    end, begin = before.get("end"), after.get("start") or after.get("end")
    if not end or not begin:
        return ""
    x, to = at(end), at(begin)
    to += 5 if after.get("start") else 0
    turn = lower - 9 if lower > upper else lower + 9
    head = turn - 4 if lower > upper else turn + 4
    return (
        f"M{f(x)} {f(upper)}H{f(to)}V{f(turn)}"
        f"M{f(to - 3)} {f(head)}L{f(to)} {f(turn)}L{f(to + 3)} {f(head)}"
    )


def _month(day: date) -> str:
    from django.utils.formats import date_format

    return date_format(day, pgettext("month in a chart", "M y"))
