"""Template tags and filters of the `ui` library; docs/ui.md lists them with examples."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.widgets import (
    CheckboxInput,
    CheckboxSelectMultiple,
    ClearableFileInput,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.template import Context, Engine
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sreda.ui import bundle as built
from sreda.ui import numbers, svg
from sreda.ui.compiled import pure

register = template.Library()

HERE = "{here}"  # stands in a kept text for the page's own address

TONES = {"neutral", "primary", "accent", "success", "warning", "danger", "info"}
TONE_ICONS = {
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-circle",
    "info": "info-circle",
}

register.filter("num", numbers.number)
register.filter("percent", numbers.percent)
register.filter("unit", numbers.unit)
register.filter("day", numbers.day)
register.filter("moment", numbers.moment)
register.filter("short_day", numbers.short_day)


def tone_of(tone: str) -> str:
    """Django's message levels and plain names, as one of our tones."""
    tone = {"error": "danger", "debug": "neutral", "": "neutral"}.get(tone, tone)
    return tone if tone in TONES else "neutral"


# ---- page skeleton


@register.simple_tag
@pure
def bundle() -> SafeString:
    """Links to the built style sheet, fonts and script."""
    return _links(built.url(built.ENTRY))


@lru_cache(maxsize=2)
def _links(script: str) -> SafeString:
    rows = [
        *(
            format_html('<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>', u)
            for u in built.fonts()
        ),
        *(format_html('<link rel="stylesheet" href="{}">', url) for url in built.styles()),
        format_html('<script type="module" src="{}"></script>', script),
    ]
    return mark_safe("\n".join(rows))  # noqa: S308 - each row is escaped


@register.simple_tag
@pure
def attributes(pairs: Mapping[str, Any]) -> SafeString:
    return format_html_join("", ' {}="{}"', pairs.items())


@register.simple_tag
@pure
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite; decoration unless it has a label. size: "sm" or "lg"."""
    return _drawn(built.url("icons.svg"), name, size, label)


@lru_cache(maxsize=1024)
def _drawn(sprite: str, name: str, size: str, label: str) -> SafeString:
    classes = f"icon icon-{size}" if size else "icon"
    href = f"{sprite}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>',
            classes,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>', classes, href
    )


@register.simple_tag
@pure
def mark() -> SafeString:
    """The sign of Sreda: seams of the earth and a warm sun."""
    return svg.MARK


@register.simple_tag
@pure
def strata() -> SafeString:
    """The ground of the hero: layers of the earth with one ember seam."""
    return svg.STRATA


@register.simple_tag(takes_context=True)
def topline(context: Context) -> SafeString:
    """The line above every page: one text for a mode and language, but for the way back."""
    found = part("ui/parts/topline.html", mode=context["mode"], here=HERE)
    return mark_safe(found.replace(HERE, escape(context["request"].get_full_path())))  # noqa: S308


@register.simple_tag
def part(name: str, **values: Any) -> SafeString:
    """A template that sees these values and nothing else; drawn once for each set of them."""
    return _kept(name, get_language() or "", built.url("icons.svg"), tuple(values.items()))


@lru_cache(maxsize=512)
def _kept(name: str, language: str, sprite: str, values: tuple[tuple[str, Any], ...]) -> SafeString:
    context = Context({"LANGUAGE_CODE": language, **dict(values)})
    return Engine.get_default().get_template(name).render(context)


# ---- small components


@register.simple_tag
@pure
def badge(text: object, tone: str = "neutral", icon: str = "") -> SafeString:
    drawn = _icon(icon) if icon else ""
    return format_html('<span class="badge badge-{}">{}{}</span>', tone_of(tone), drawn, text)


_icon = icon


@register.simple_tag
@pure
def avatar(name: str, size: str = "") -> SafeString:
    """A circle with initials; the name itself must stand beside it."""
    initials = "".join(word[0] for word in str(name).split()[:2]).upper()
    colour = sum(map(ord, str(name))) % 6
    classes = f"avatar avatar-{colour}" + (f" avatar-{size}" if size else "")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials)


@register.simple_tag
@pure
def figure(value: object, unit: str = "", digits: int | None = None) -> SafeString:
    """A number with its unit, never broken between lines: 3,5 Мбит/с."""
    text = numbers.number(value, digits)
    tail = f"{numbers.NBSP}{numbers.unit(unit)}" if unit and text != numbers.DASH else ""
    return format_html('<span class="num">{}{}</span>', text, tail)


@register.simple_tag
@pure
def span(start: date | None, end: date | None) -> str:
    """A term between two days, either of which may be open."""
    return numbers.span(start, end)


@register.simple_tag
@pure
def when(value: date | datetime | None) -> SafeString | str:
    """A <time> element with the full day, and the hour if there is one."""
    if not value:
        return numbers.DASH
    text = numbers.moment(value) if isinstance(value, datetime) else numbers.day(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.simple_tag
@pure
def diff(old: object, new: object) -> SafeString:
    """Old and new value, in words for those who do not see colour."""
    old, new = (numbers.DASH if v is None or v == "" else v for v in (old, new))
    return format_html(
        '<span class="diff"><del><span class="visually-hidden">{} </span>{}</del>'
        '<span aria-hidden="true">→</span>'
        '<ins><span class="visually-hidden">{} </span>{}</ins></span>',
        _("was"),
        old,
        _("became"),
        new,
    )


@register.simple_tag
@pure
def copy(text: str) -> SafeString:
    """Text with a button that copies it (the button needs a script and hides without one)."""
    return format_html(
        '<span class="copyable"><span>{0}</span><button type="button" hidden data-copy="{0}" '
        'data-copied="{1}" class="btn btn-ghost btn-sm btn-icon" aria-label="{2}">{3}</button>'
        "</span>",
        text,
        _("Copied"),
        _("Copy"),
        icon("copy"),
    )


@register.simple_tag
def once() -> SafeString:
    """A hidden key that is new on every page, by which the server knows a repeated sending."""
    return format_html('<input type="hidden" name="_key" value="{}">', uuid.uuid4())


@register.simple_tag
@pure
def definition(term: object, text: object) -> SafeString:
    """A term that opens its explanation on click or Enter."""
    return format_html(
        '<details class="definition"><summary>{}</summary>'
        '<span class="definition-box">{}</span></details>',
        term,
        text,
    )


@register.inclusion_tag("ui/parts/stat.html")
def stat(
    label: object,
    value: object,
    unit: str = "",
    *,
    digits: int | None = None,
    note: object = "",
    source: object = "",
    source_url: str = "",
    url: str = "",
    trend: object = "",
    tone: str = "",
    accent: bool = False,
) -> dict[str, Any]:
    """A figure; `source` says in words where it comes from, `source_url` leads to its lineage."""
    shown = numbers.number(value, digits) if isinstance(value, int | Decimal | float) else value
    missing = shown in (None, "")
    return {
        **locals(),
        "value": numbers.DASH if missing else shown,
        "unit": "" if missing else numbers.unit(str(unit)),
    }


@register.inclusion_tag("ui/parts/facts.html")
def facts(rows: Iterable[tuple[object, object]]) -> dict[str, Any]:
    """Terms and values; a missing value shows as a dash."""
    return {"rows": rows}


@register.inclusion_tag("ui/parts/changes.html")
def changes(rows: Iterable[tuple[object, object, object]]) -> dict[str, Any]:
    """A table of (field, old, new)."""
    return {"rows": rows}


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """History: items with title and, as wanted, at, actor, text, changes, tone, icon, url."""
    return {"items": items}


@register.inclusion_tag("ui/parts/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: object = "") -> dict[str, Any]:
    """Tabs that are addresses: items with label, url, active and perhaps count."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/parts/stepper.html")
def stepper(labels: Sequence[object], current: int) -> dict[str, Any]:
    """Where we are in a procedure; `current` counts from 1."""
    return {"steps": [(n, text, n < current, n == current) for n, text in enumerate(labels, 1)]}


@register.inclusion_tag("ui/parts/progress.html")
def progress(
    value: Decimal | float, maximum: Decimal | float = 100, label: object = "", url: str = ""
) -> dict[str, Any]:
    """A bar of work done; with `url` it asks that address every second for its new self."""
    share = Decimal(str(value)) / Decimal(str(maximum)) * 100 if maximum else Decimal(0)
    return {
        "value": f"{Decimal(str(value)):f}",
        "maximum": f"{Decimal(str(maximum)):f}",
        "share": share,
        "label": label,
        "url": url if Decimal(str(value)) < Decimal(str(maximum)) else "",
    }


@register.inclusion_tag("ui/parts/breadcrumb.html")
def breadcrumb(*pairs: object) -> dict[str, Any]:
    """`{% breadcrumb "Home" url1 "Schools" url2 "School 62" %}`: the last has no address."""
    items = [
        (pairs[i], pairs[i + 1] if i + 1 < len(pairs) else "") for i in range(0, len(pairs), 2)
    ]
    return {"items": items}


# ---- components with content


@register.simple_block_tag
@pure
def card(
    content: SafeString,
    title: object = "",
    *,
    icon: str = "",
    url: str = "",
    link: object = "",
    flush: bool = False,
    level: int = 2,
    css: str = "",
) -> SafeString:
    """A card; `url` and `link` make a link by the title; `flush` lets a table touch its edge."""
    head: str = ""
    if title:
        more = format_html('<a href="{}">{}</a>', url, link) if url and link else ""
        head = format_html(
            '<div class="card-header"><h{0} class="card-title">{1}{2}</h{0}>{3}</div>',
            level,
            format_html("{} ", _icon(icon)) if icon else "",
            title,
            more,
        )
    classes = " ".join(filter(None, ("card", "card-flush" if flush else "", css)))
    return format_html(
        '<section class="{}">{}<div class="card-body">{}</div></section>', classes, head, content
    )


@register.simple_block_tag
@pure
def alert(
    content: SafeString, tone: str = "info", title: object = "", *, live: bool = False
) -> SafeString:
    """A message in the page; `live` has it read out at once (for answers to an action)."""
    tone = tone_of(tone)
    return format_html(
        '<div class="alert alert-{}"{}>{}<div class="alert-body">{}{}</div></div>',
        tone,
        mark_safe(' role="alert"') if live else "",
        icon(TONE_ICONS.get(tone, "info-circle")),
        format_html('<p class="alert-title">{}</p>', title) if title else "",
        content,
    )


@register.simple_block_tag
@pure
def page_header(
    content: SafeString, title: object, lead: object = "", *, eyebrow: object = ""
) -> SafeString:
    """The page's h1, a sentence under it, and its actions as the content."""
    actions = content.strip()
    return format_html(
        '<header class="page-header"><div class="page-header-text">{}<h1>{}</h1>{}</div>{}'
        "</header>",
        format_html('<p class="eyebrow">{}</p>', eyebrow) if eyebrow else "",
        title,
        format_html('<p class="lead">{}</p>', lead) if lead else "",
        format_html('<div class="btn-list page-header-actions">{}</div>', mark_safe(actions))  # noqa: S308
        if actions
        else "",
    )


@register.simple_block_tag
@pure
def empty(
    content: SafeString, title: object, text: object = "", *, icon: str = "inbox"
) -> SafeString:
    """Nothing here: why, and as content what one can do."""
    return format_html(
        '<div class="empty"><span class="empty-icon">{}</span>'
        '<p class="empty-title h4">{}</p>{}{}</div>',
        _icon(icon),
        title,
        format_html("<p>{}</p>", text) if text else "",
        format_html('<div class="btn-list">{}</div>', content) if content.strip() else "",
    )


@register.simple_block_tag
@pure
def menu(
    content: SafeString,
    label: object,
    *,
    icon: str = "",
    css: str = "btn",
    side: str = "right",
    quiet: bool = False,
) -> SafeString:
    """A drop-down of `.menu-item` links or buttons; `quiet` shows the icon alone."""
    text = format_html('<span class="visually-hidden">{}</span>', label) if quiet else label
    return format_html(
        '<details class="menu menu-{}"><summary class="{}">{}{}{}</summary>'
        '<div class="menu-panel">{}</div></details>',
        side,
        css,
        _icon(icon) if icon else "",
        text,
        "" if quiet else _icon("chevron-down", "sm"),
        content,
    )


@register.simple_block_tag
@pure
def dialog(content: SafeString, name: str, title: object) -> SafeString:
    """A <dialog>; any element with data-dialog="name" opens it."""
    return format_html(
        '<dialog class="dialog" id="{0}" aria-labelledby="{0}-title">'
        '<h2 id="{0}-title">{1}</h2>{2}</dialog>',
        name,
        title,
        content,
    )


# ---- forms


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The input of a field, with our class; ids and descriptions come from Django."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return field.as_widget()
    if isinstance(widget, CheckboxInput):
        name = "form-check-input"
    elif isinstance(widget, Select):
        name = "form-select"
    elif isinstance(widget, FileInput):
        name = "form-file"
    else:
        name = "form-control"
    attrs: dict[str, str | bool] = {"class": f"{widget.attrs.get('class', '')} {name}".strip()}
    if isinstance(widget, Textarea) and widget.attrs.get("rows") == "10":  # Django's default
        attrs["rows"] = "4"
    return field.as_widget(attrs=attrs)


@register.filter
def kind(field: BoundField) -> str:
    """How a field is laid out: check, group, file or plain."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, FileInput) and not (
        isinstance(widget, ClearableFileInput) and field.value()
    ):
        return "file"
    return "plain"


@register.simple_tag
def form(form: Any) -> SafeString:
    """A whole form: errors on top, then every field."""
    return SafeString(form.renderer.render("ui/form/form.html", form.get_context()))


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """One field: label, input, help and errors."""
    return SafeString(bound.form.renderer.render("ui/form/field.html", {"field": bound}))


# ---- lists (of a kernel Listing)


@register.simple_tag
def sort_th(listing: Any, name: str, label: object, css: str = "") -> SafeString:
    """A table heading that sorts by `name`, and by its reverse when pressed again."""
    now = str(listing.sort or "")
    state, arrow, target = "", "selector", name
    if now == name:
        state, arrow, target = "ascending", "sort-ascending", f"-{name}"
    elif now == f"-{name}":
        state, arrow = "descending", "sort-descending"
    return format_html(
        '<th scope="col"{}{}><a href="{}">{}{}</a></th>',
        format_html(' class="{}"', css) if css else "",
        format_html(' aria-sort="{}"', state) if state else "",
        listing.url(sort=target),
        label,
        icon(arrow, "sm"),
    )


@register.inclusion_tag("ui/list/toolbar.html")
def toolbar(listing: Any, placeholder: object = "") -> dict[str, Any]:
    """Search, filters and export of a list."""
    return {"listing": listing, "placeholder": placeholder or _("Search")}


@register.inclusion_tag("ui/list/pagination.html")
def pagination(listing: Any) -> dict[str, Any]:
    return {"listing": listing, "page": listing.page}


@register.simple_block_tag(takes_context=True)
def results(context: Context, content: SafeString, listing: Any) -> SafeString:
    """Frame of a list: count, the table as content, an empty state, pages; htmx swaps it whole.

    Where there is nothing yet, the content's own `empty` is shown; without one, the page may give
    `empty_text`: why there is nothing."""
    own = content if 'class="empty"' in content else ""
    empty_text = context.get("empty_text")
    given = {"listing": listing, "content": content, "own": own, "empty_text": empty_text}
    return Engine.get_default().get_template("ui/list/results.html").render(Context(given))


# ---- charts


@register.simple_tag
def sparkline(values: Iterable[Any], label: str = "") -> SafeString:
    return svg.sparkline(list(values), label)


@register.simple_tag
def ring(value: Any, label: str = "", digits: int = 0) -> SafeString:
    """A share of a hundred as a ring."""
    return svg.ring(value, label, digits)


@register.simple_tag
def bars(items: Iterable[Any], unit: str = "") -> SafeString:
    """Horizontal bars: items are (label, value) or (label, value, url)."""
    return svg.bars(list(items), unit)


@register.simple_tag
def multiples(items: Iterable[Any], unit: str = "") -> SafeString:
    """Small line charts on one scale: items are (label, values) or (label, values, url)."""
    return svg.multiples(list(items), unit)


@register.simple_tag
def donut(items: Iterable[Any], label: str = "") -> SafeString:
    """Parts of a whole with a legend: items are (label, value)."""
    return svg.donut(list(items), label)


@register.simple_tag
def tilemap(tiles: Iterable[Mapping[str, Any]], label: str = "", unit: str = "") -> SafeString:
    """One square for each municipality: name, short, x, y, value and perhaps url."""
    return svg.tilemap(list(tiles), label, unit)


@register.simple_tag
def gantt(
    rows: Iterable[Mapping[str, Any]], start: date, end: date, today: date | None = None
) -> SafeString:
    """Bars of terms: rows have label, start, end and perhaps state, url, title."""
    return svg.gantt(list(rows), start, end, today)


@register.inclusion_tag("ui/parts/chart.html")
def chart(
    name: str,
    title: object,
    labels: Sequence[object],
    series: Iterable[Mapping[str, Any]],
    *,
    kind: str = "bar",
    unit: str = "",
    stacked: bool = False,
    horizontal: bool = False,
) -> dict[str, Any]:
    """A live chart (ECharts) with its table; series are {"name", "values"}."""
    series = list(series)
    plain = [
        {"name": str(s["name"]), "values": [None if v is None else float(v) for v in s["values"]]}
        for s in series
    ]
    rows = [
        (label, [numbers.number(s["values"][i]) for s in series]) for i, label in enumerate(labels)
    ]
    return {
        "name": name,
        "data_id": f"{name}-data",
        "title": title,
        "data": {
            "kind": kind,
            "labels": [str(label) for label in labels],
            "series": plain,
            "unit": unit,
            "stacked": stacked,
            "horizontal": horizontal,
        },
        "names": [s["name"] for s in series],
        "rows": rows,
        "unit": unit,
    }


@register.filter
def dash(value: object) -> object:
    """The value, or a dash in place of nothing."""
    return numbers.DASH if value is None or value == "" else value


@register.filter
def tone(value: object) -> str:
    """A message's tags as one of our tones."""
    return tone_of(str(value).split(" ")[-1])


@register.filter
def tone_icon(value: str) -> str:
    return TONE_ICONS.get(value, "info-circle")
