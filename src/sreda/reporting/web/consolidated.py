"""Sums of a campaign: region → municipality → organisation → cell → records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.registry.api import Municipality, Role
from sreda.reporting.access import CONSOLIDATIONS, SUBMISSIONS
from sreda.reporting.domain.consolidation import (
    brought_up_to_date,
    of_cells,
    submit_consolidation,
    summed,
    totals_of,
    waiting_in_words,
)
from sreda.reporting.enums import COUNTED
from sreda.reporting.forms import BlockKind, Cell, Schema, Section
from sreda.reporting.models import Campaign, Consolidation, Submission, Value
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.consolidated import Figure, Figures, Totals, Way, together
from sreda.reporting.queries.monitoring import others_of_form
from sreda.reporting.web.campaigns import the_campaign
from sreda.reporting.web.frame import page
from sreda.ui.numbers import short_day


@dataclass(slots=True)
class SumView:
    """`was` is the figure of the campaign compared with; None: not asked there."""

    key: str
    title: str
    total: Decimal | None
    way: Way
    was: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        return difference(self.total, self.was)


def _seen(request: HttpRequest, actor: Actor) -> UUID | None:
    """The municipality asked about; a coordinator's own in any case."""
    if actor.role == Role.COORDINATOR:
        return actor.municipality_id
    place = request.GET.get("municipality", "")
    try:
        return UUID(place) if place else None
    except ValueError as error:
        raise Http404 from error


@dataclass(frozen=True, slots=True)
class Sums:
    """A campaign over one municipality or all: its figures, the totals, what they are sums of."""

    campaign: Campaign
    figures: Figures
    totals: Totals
    parts: list[Consolidation]

    def of(self, key: str) -> Figure:
        return self.figures.of(key, self.totals)


def _sums(campaign: Campaign, place: UUID | None) -> Sums:
    parts = brought_up_to_date(campaign, None if place is None else [place])
    return Sums(campaign, Figures(campaign.version), summed(parts), parts)


def _compared(request: HttpRequest, others: list[Campaign]) -> Campaign | None:
    return next((c for c in others if str(c.pk) == request.GET.get("with", "")), None)


def _numbers_in(section: Section) -> bool:
    return any(field.type.numeric for block in section.blocks for field in block.fields)


def numeric_cells(section: Section, schema: Schema) -> Iterator[Cell]:
    blocks = {block.code for block in section.blocks}
    for cell in schema.cells.values():
        if cell.block in blocks and cell.field.type.numeric:
            yield cell


@page
@require_GET
def consolidated(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One section summed; ?municipality= one of them, ?with= another campaign beside it."""
    campaign, actor = the_campaign(request, pk)
    place = _seen(request, actor)
    schema = campaign.version.schema
    summed_up = [s for s in schema.sections if _numbers_in(s)] or schema.sections
    section = next((s for s in summed_up if s.code == request.GET.get("section")), summed_up[0])
    sums = _sums(campaign, place)
    parts = sums.parts
    others = others_of_form(campaign)
    other = _compared(request, others)
    then = _sums(other, place) if other else None

    def view(key: str, title: str) -> SumView:
        was = then.of(key).value if then else None
        return SumView(key, title, sums.of(key).value, sums.figures.way(key), was)

    if request.GET.get("export") in {"csv", "xlsx"}:
        table = _export(section, sums, then)
        write = csv_response if request.GET["export"] == "csv" else xlsx_response
        return write(f"{campaign.version.form.code}-{section.code}", table)
    query: dict[str, str] = {}
    if place and actor.role == Role.OPERATOR:
        query["municipality"] = str(place)
    if other:
        query["with"] = str(other.pk)
    kept = next((p for p in parts if p.municipality_id == place), None) if place else None
    return render(
        request,
        "reporting/consolidated.html",
        {
            "campaign": campaign,
            "section": section,
            "sections": summed_up,
            "blocks": [_block(block, view) for block in section.blocks],
            "totals": sums.totals,
            "place": Municipality.objects.filter(pk=place).first() if place else None,
            "places": Municipality.objects.filter(pk__in=[p.municipality_id for p in parts])
            if actor.role == Role.OPERATOR and place is None
            else [],
            "others": others,
            "other": other,
            "query": urlencode(query),
            "kept": kept,
            "waiting": waiting_in_words(kept) if kept and kept.submitted_at is None else "",
            "may_submit": kept is not None and CONSOLIDATIONS.may(actor, "submit", kept),
            "is_operator": actor.role == Role.OPERATOR,
        },
    )


def _block(block: Any, view: Any) -> dict[str, Any]:
    """Rows of sums of a block; of a list one row: the sums of its columns."""
    columns = [f for f in block.fields if f.type.numeric]
    rows: list[dict[str, Any]] = []
    match block.kind:
        case BlockKind.FIELDS:
            rows = [
                {"title": f.title, "number": "", "level": 0,
                 "cells": [view(f"{block.code}.{f.code}", f.title)]}
                for f in columns
            ]  # fmt: skip
            return {"block": block, "columns": [], "rows": rows}
        case BlockKind.TABLE:
            rows = [
                {
                    "title": row.title, "number": row.number, "level": row.level,
                    "cells": [
                        None if f.code in row.closed
                        else view(f"{block.code}.{row.code}.{f.code}", f"{row.title}: {f.title}")
                        for f in columns
                    ],
                }
                for row in block.rows
            ]  # fmt: skip
        case BlockKind.LIST:
            if columns:
                cells = [view(f"{block.code}.*.{f.code}", f.title) for f in columns]
                rows = [{"title": _("All rows"), "number": "", "level": 0, "cells": cells}]
    return {"block": block, "columns": columns, "rows": rows}


def named(campaign: Campaign) -> str:
    """A campaign beside others of its form, which often have the same title."""
    return f"{campaign.title}, {short_day(campaign.period_end)}"


def difference(now: Decimal | None, was: Decimal | None) -> Decimal | None:
    return None if now is None or was is None else now - was


def _export(section: Section, sums: Sums, then: Sums | None) -> Iterator[list[Any]]:
    """A cell a line; beside each figure that of the campaign compared with, if there is one."""
    sides = [sums, *([then] if then else [])]
    totals = [{part.municipality_id: totals_of(part) for part in side.parts} for side in sides]
    names = {p.municipality_id: p.municipality.name for side in sides for p in side.parts}
    places = sorted(names, key=lambda pk: names[pk])
    schema, nothing = sums.campaign.version.schema, Totals()
    titles = {block.code: block.title for block in section.blocks}
    before = named(then.campaign) if then else ""
    heads = [_("In all"), _("How put together"), _("Reports")]
    if then:
        heads += [before, _("Change"), _("Reports: %s") % before]
    for pk in places:
        heads += [names[pk], *([f"{names[pk]}: {before}"] if then else [])]
    yield [_("Table"), _("Cell"), _("Unit"), *heads]
    for cell in numeric_cells(section, schema):
        key, total = cell.key, sums.of(cell.key)
        line: list[Any] = [titles[cell.block], cell.title, cell.field.unit]
        line += [total.value, sums.figures.way(key).label, total.reports]
        if then:
            was = then.of(key)
            line += [was.value, difference(total.value, was.value), was.reports]
        for pk in places:
            line += [
                side.figures.of(key, there.get(pk, nothing)).value
                for side, there in zip(sides, totals, strict=True)
            ]
        yield line


@page
@require_GET
def consolidated_cell(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?at=key: one sum taken apart, by municipalities, or (?municipality=) by organisations;
    ?with= another campaign beside it."""
    campaign, actor = the_campaign(request, pk)
    schema = campaign.version.schema
    numeric = (cell.key for cell in schema.cells.values() if cell.field.type.numeric)
    key = request.GET.get("at") or next(numeric, "")
    cell = schema.cells.get(key)
    if cell is None or not cell.field.type.numeric:
        raise Http404
    place = _seen(request, actor)
    others = others_of_form(campaign)
    other = _compared(request, others)
    sums = _sums(campaign, place)
    found = sums.of(key)
    rows = _parts(sums, actor, place, cell, other)
    was = None
    if other:
        then = _sums(other, place)
        was = then.of(key).value
        rows = _beside(rows, _parts(then, actor, place, cell, None))
    if request.GET.get("export") in {"csv", "xlsx"}:
        first = _("Municipality") if place is None else _("Organisation")
        head = [first, cell.title, *([named(other), _("Change")] if other else [])]
        table = [[row.name, row.total, *([row.was, row.change] if other else [])] for row in rows]
        write = csv_response if request.GET["export"] == "csv" else xlsx_response
        return write(f"{campaign.version.form.code}-{key.replace('*', 'rows')}", [head, *table])
    return render(
        request,
        "reporting/consolidated_cell.html",
        {
            "campaign": campaign,
            "cell": cell,
            "key": key,
            "total": found.value,
            "was": was,
            "change": difference(found.value, was),
            "reports": found.reports,
            "way": sums.figures.way(key).label,
            "made_of": [
                (schema.cells[name], sums.of(name).value) for name in sums.figures.made_of(key)
            ],
            "rows": rows,
            "others": others,
            "other": other,
            "compared": f"&with={other.pk}" if other else "",
            "place": Municipality.objects.filter(pk=place).first() if place else None,
            "is_operator": actor.role == Role.OPERATOR,
            "most": max((row.total for row in rows if row.total is not None), default=None),
        },
    )


@dataclass(slots=True)
class Part:
    """What a municipality or an organisation gives to a sum; `was`: to the sum compared with."""

    id: UUID
    name: str
    total: Decimal | None
    reports: int
    counted: int = 0
    origin: str = ""
    reason: str = ""
    url: str = ""
    was: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        return difference(self.total, self.was)


def _parts(
    sums: Sums, actor: Actor, place: UUID | None, cell: Cell, other: Campaign | None
) -> list[Part]:
    """The parts of a figure in the campaign; links of theirs keep the one compared with."""
    campaign, figures, key = sums.campaign, sums.figures, cell.key
    if key not in figures.ids:
        return []
    if place is not None:
        return _by_organisation(campaign, actor, place, cell, figures.ids[key])
    here = reverse("reporting:consolidated_cell", args=[campaign.pk])
    there = of_cells(sums.parts, figures.needed(key))
    rows = []
    for part in sums.parts:
        figure = figures.of(key, there[part.municipality_id])
        query = {"at": key, "municipality": part.municipality_id}
        if other:
            query["with"] = other.pk
        rows.append(
            Part(
                part.municipality_id, part.municipality.name,
                figure.value, figure.reports, part.counted,
                url=f"{here}?{urlencode(query, safe='*')}",
            )
        )  # fmt: skip
    return rows


def _beside(rows: list[Part], then: list[Part]) -> list[Part]:
    """The parts with those of the other campaign; who was only there stands here with nothing."""
    here = {row.id: row for row in rows}
    for row in then:
        if row.id not in here:
            here[row.id] = Part(row.id, row.name, None, 0)
        here[row.id].was = row.total
    return sorted(here.values(), key=lambda row: row.name)


def _by_organisation(
    campaign: Campaign, actor: Actor, place: UUID, cell: Cell, pk: int
) -> list[Part]:
    """Two queries: the counted reports, the values of the cell in them."""
    reports = list(
        SUBMISSIONS.all(actor)
        .filter(campaign=campaign, municipality=place, status__in=COUNTED)
        .select_related("organisation")
        .order_by("organisation__short_name")
    )
    values: dict[UUID, list[Value]] = {}
    for value in Value.objects.filter(submission__in=reports, cell=pk).order_by("row"):
        values.setdefault(value.submission_id, []).append(value)
    rows = []
    for report in reports:
        found = values.get(report.pk, [])
        numbers = [v.number for v in found if v.number is not None]
        total = together(cell.field, sum(numbers, Decimal(0)), len(numbers)) if numbers else None
        rows.append(
            Part(
                report.organisation_id, report.organisation.short_name, total, len(numbers),
                origin=found[0].get_origin_display() if len(found) == 1 else "",
                reason=found[0].reason if len(found) == 1 else "",
                url=_cell_url(report, cell.key, found),
            )
        )  # fmt: skip
    return rows


def _cell_url(report: Submission, key: str, found: list[Value]) -> str:
    if ".*." in key and not found:
        return reverse("reporting:report", args=[report.pk])
    place = place_of(key, found[0].row) if found else key
    return f"{reverse('reporting:cell', args=[report.pk])}?at={place}"


@page
@require_POST
def consolidation_submit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A municipality hands in its consolidated report."""
    campaign, actor = the_campaign(request, pk)
    kept = CONSOLIDATIONS.get(
        actor, "submit", campaign=campaign, municipality=actor.municipality_id
    )
    try:
        submit_consolidation(kept, actor=actor, at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The consolidated report is handed in."))
    return redirect("reporting:consolidated", pk=pk)
