"""Expressions while they are written: built from lists, tried on real organisations; the form as
a school will see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.kernel.api import Dataset, Dimension, Measure, datasets
from sreda.registry.api import Organisation
from sreda.reporting.enums import Origin
from sreda.reporting.expressions import CellValues, CompiledForm, ExpressionError
from sreda.reporting.forms import Schema
from sreda.reporting.models import Form, FormCell, FormVersion, Value
from sreda.reporting.queries import trying
from sreda.reporting.queries.knowledge import source_for
from sreda.reporting.queries.typed import from_value
from sreda.reporting.queries.versions import dictionaries_of
from sreda.reporting.queries.vetting import title_of
from sreda.reporting.web.design.base import Context, actor_of, page, version_of
from sreda.reporting.web.design.editor import said
from sreda.reporting.web.sheet import SheetView
from sreda.ui.numbers import number

CHOSEN = "reporting_samples"


@dataclass(frozen=True, slots=True)
class Tried:
    organisation: Organisation
    shown: str
    made_of: list[tuple[str, str]]
    fault: str = ""


def sample_organisations(request: HttpRequest, version: FormVersion) -> list[Organisation]:
    """Those named in ?org= (kept for the session), else a few of the audience."""
    if "org" in request.GET:
        codes = request.GET["org"].replace(",", " ").split()[:10]
        request.session[CHOSEN] = codes
    codes = request.session.get(CHOSEN, [])
    return trying.samples(version.form.audience, actor_of(request).on, codes)


def tried(
    text: str,
    place: str,
    version: FormVersion,
    organisations: Sequence[Organisation],
    on: Any,
    *,
    fills: bool = True,
) -> tuple[list[Tried], str]:
    """(an answer for each organisation, what is wrong with the text)."""
    if not text.strip():
        return [], ""
    try:
        answers = trying.attempt(text, place, version, organisations, on, fills=fills)
    except ExpressionError as error:
        return [], said(error)
    return [
        Tried(
            answer.organisation,
            shown(answer.value),
            [
                (f"{use.name}.{use.part}" if use.part else use.name, shown(use.value))
                for use in answer.used[:8]
            ],
            said(answer.fault) if answer.fault else "",
        )
        for answer in answers
    ], ""


def shown(value: Any) -> str:
    match value:
        case None | "":
            return "—"
        case bool():
            return _("yes") if value else _("no")
        case Decimal():
            exact = value.normalize()
            exponent = exact.as_tuple().exponent
            digits = max(-exponent, 0) if isinstance(exponent, int) else 0
            return number(value, min(digits, 6))
        case list():
            return _("%(count)s rows: %(first)s") % {
                "count": len(value),
                "first": "; ".join(", ".join(map(shown, item.values())) if isinstance(item, dict)
                                   else shown(item) for item in value[:3]),
            }  # fmt: skip
        case dict():
            return ", ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return str(value)


@page
@require_GET
def attempt(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What ?text= gives; `name` says in which field of the form it was typed."""
    version = version_of(request, pk)
    name = request.GET.get("name", "")
    text = request.GET.get("text", "") or request.GET.get(name, "")
    organisations = sample_organisations(request, version)
    found, wrong = tried(
        text[:4000], request.GET.get("place", ""), version, organisations, actor_of(request).on,
        fills=name in {"", "source"},
    )  # fmt: skip
    context: Context = {
        "version": version, "tried": found, "wrong": wrong, "text": text,
        "place": request.GET.get("place", ""), "on": actor_of(request).on,
        "codes": ", ".join(o.code for o in organisations),
    }  # fmt: skip
    part = "reporting/design/parts/tried.html"
    template = part if request.headers.get("HX-Request") else "reporting/design/try.html"
    return render(request, template, context)


# The builder: an expression chosen from lists.


@dataclass(frozen=True, slots=True)
class Choice:
    """A dimension to narrow by: a list of values, or two ends of a range."""

    dimension: Dimension
    choices: list[tuple[str, str, bool]]
    low: str
    high: str


@page
@require_GET
def build(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?dataset=&measure=&d-NAME=&from-NAME=&to-NAME= and the expression they make."""
    version = version_of(request, pk)
    dataset = datasets().get(request.GET.get("dataset", ""))
    measure = _measure(dataset, request.GET.get("measure", ""))
    choices = list(_choices(request, dataset)) if dataset else []
    text = expression(request, dataset, measure) if dataset and measure else ""
    organisations = sample_organisations(request, version)
    found, wrong = tried(
        text, request.GET.get("place", ""), version, organisations, actor_of(request).on
    )
    context: Context = {
        "version": version, "datasets": datasets().values(), "dataset": dataset,
        "measure": measure, "choices": choices, "text": text, "tried": found, "wrong": wrong,
        "place": request.GET.get("place", ""), "into": _into(request, version, text),
        "codes": ", ".join(o.code for o in organisations),
        "functions": functions(), "cells": list(version.schema.cells.values())[:1000],
        "others": Form.objects.exclude(pk=version.form_id)
        .filter(versions__status="published", withdrawn_at=None)
        .order_by("title"),
        "on": actor_of(request).on,
    }  # fmt: skip
    return render(request, "reporting/design/build.html", context)


def _into(request: HttpRequest, version: FormVersion, text: str) -> str:
    """Where the form with this text in it is, not yet saved; "" where it is for no known part."""
    place = request.GET.get("place", "")
    if not text or not place or "adding" in request.GET:
        return ""
    if ":" not in place:
        address = reverse("reporting:table_cell", args=[version.pk])
        return f"{address}?{urlencode({'key': place, 'source': text})}"
    name = {"check": "expression", "block": "rows_source"}.get(place.partition(":")[0], "source")
    address = reverse("reporting:part", args=[version.pk])
    return f"{address}?{urlencode({'at': place, name: text})}"


def _measure(dataset: Dataset | None, name: str) -> Measure | None:
    if dataset is None:
        return None
    return next((m for m in dataset.measures if m.name == name), dataset.measures[0])


def _choices(request: HttpRequest, dataset: Dataset) -> Iterable[Choice]:
    for dimension in dataset.dimensions:
        asked = set(request.GET.getlist(f"d-{dimension.name}"))
        listed = [
            (_code(value), str(label), _code(value) in asked)
            for value, label in (dimension.choices() if dimension.choices else ())
        ]
        yield Choice(
            dimension,
            listed,
            request.GET.get(f"from-{dimension.name}", ""),
            request.GET.get(f"to-{dimension.name}", ""),
        )


def _code(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(value: str, real: Any = None) -> str:
    if isinstance(real, bool) or (real is None and _is_number(value)):
        return value
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _is_number(value: str) -> bool:
    return value.lstrip("-").replace(".", "", 1).isdecimal()


def expression(request: HttpRequest, dataset: Dataset, measure: Measure) -> str:
    filters = []
    for dimension in dataset.dimensions:
        known = {_code(v): v for v, _l in (dimension.choices() if dimension.choices else ())}
        values = [v for v in request.GET.getlist(f"d-{dimension.name}") if v]
        if known:
            values = [v for v in values if v in known]
        said = [_quoted(value, known.get(value)) for value in values]
        ends = [
            (name, request.GET.get(f"{name}-{dimension.name}", "").strip().replace(",", "."))
            for name in ("from", "to")
        ]
        bounds = [f'"{name}": {end}' for name, end in ends if _is_number(end)]
        if said:
            inner = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
            filters.append(f'"{dimension.name}": {inner}')
        elif bounds:
            filters.append(f'"{dimension.name}": {{{", ".join(bounds)}}}')
    return source_for(dataset, measure, "{" + ", ".join(filters) + "}")


def functions() -> list[tuple[str, str]]:
    """What an expression may use, with an example each."""
    return [
        ('count("contingent", {"grade": 5})', _("number of records; a filter narrows them")),
        ('count("contingent", {"age": {"from": 15, "to": 17}})', _("a range of values")),
        ('count("staff", {"category": ["highest", "first"]})', _("any of several values")),
        ('total("facilities", "computers_teaching")', _("another measure, added up")),
        ('value("passport", "phone")', _("a text or a speed: what cannot be added up")),
        ('listed("staff", {"role": "teacher"}, ["title", "posts"])', _("rows for a growing table")),
        ("block.row.column", _("another cell of this form; an empty number is 0")),
        ('filled("block.row.column")', _("whether the cell is filled")),
        ('previous("block.row.column")', _("the value of the period before; null: none")),
        ('form("code", "block.row.column")', _("the value of another form, the latest")),
        (
            'organisation.kind == "school"',
            _("the card: kind, rural, municipality …"),
        ),
        ("period.year, period.start, as_of", _("days of the campaign")),
        ("a == 0 ? null : round(b / a, 2)", _("if … then … else; rounding; null: nothing")),
        ("kits.all(k, k.number > 0)", _("every row of a growing table")),
    ]


# The form as it will be seen.


@page
@require_GET
def preview(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A section (?section=) as an organisation (?one=) will see it, filled from its records."""
    version = version_of(request, pk)
    schema, on = version.schema, actor_of(request).on
    organisations = sample_organisations(request, version)
    wanted = request.GET.get("one", "")
    one = next((o for o in organisations if o.code == wanted), None)
    one = one or (organisations[0] if organisations else None)
    section = next(
        (s for s in schema.sections if s.code == request.GET.get("section", "")),
        next(iter(schema.sections), None),
    )
    form, values = CompiledForm(schema), CellValues()
    asked: dict[str, bool] = {}
    faults: list[tuple[str, str, str]] = []
    if one is not None:
        values, filled = trying.filled(version, [one], on)[one.pk]
        asked = form.asked(trying.world_for(version, [one], on), one.pk, values)
        faults = [(key, title_of(schema, key), said(error)) for key, error in filled.faults.items()]
    sheet = SheetView(form, _as_stored(schema, values), dictionaries_of(schema), asked=asked)
    context: Context = {
        "version": version, "form": version.form, "one": one, "organisations": organisations,
        "section": section, "faults": faults[:20], "on": on, "writable": True,
        "blocks": sheet.section(section, blank="new") if section else [],
        "tabs": [
            {"label": s.title, "active": s is section,
             "url": f"?{urlencode({'section': s.code, 'one': one.code if one else ''})}"}
            for s in schema.sections
        ],
        "filled": len(values.single), "all": len(schema.cells),
    }  # fmt: skip
    return render(request, "reporting/design/preview.html", context)


def _as_stored(schema: Schema, values: CellValues) -> Iterable[Value]:
    """What the sources gave, as a report would hold it; nothing of it is saved."""

    def stored(key: str, row: str, given: Any) -> Value:
        content = from_value(schema.cells[key].field, given)
        return Value(
            cell=FormCell(key=key), row=row, number=content.number, text=content.text,
            origin=Origin.SOURCE, sourced=True, source_number=content.number,
            source_text=content.text, edition=0,
        )  # fmt: skip

    for key, given in values.single.items():
        if key in schema.cells:
            yield stored(key, "", given)
    for code, rows in values.lists.items():
        for row, cells in rows.items():
            for column, given in cells.items():
                if (key := f"{code}.*.{column}") in schema.cells:
                    yield stored(key, row, given)
