"""Sums of a campaign: region → municipality → organisation → cell → records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    Totals,
    brought_up_to_date,
    of_cell,
    submit_consolidation,
    summed,
    totals_of,
    waiting_in_words,
)
from sreda.reporting.enums import COUNTED
from sreda.reporting.forms import BlockKind, Cell, Field, Schema, Section
from sreda.reporting.models import Campaign, Consolidation, Submission, Value
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.monitoring import others_of_form
from sreda.reporting.queries.versions import cell_ids
from sreda.reporting.web.campaigns import the_campaign
from sreda.reporting.web.frame import page
from sreda.ui.numbers import short_day


def together(field: Field, total: Decimal | None, number: int) -> Decimal | None:
    """What is shown of so many figures that come to `total`: it, or their mean where they do not
    add up."""
    if total is None or field.adds_up:
        return total
    return round(total / number, field.places + 1) if number else None


@dataclass(slots=True)
class SumView:
    """`was` is the sum of the campaign compared with; None: not asked there. `mean`: the figures
    do not add up."""

    key: str
    title: str
    total: Decimal | None
    reports: int
    was: Decimal | None = None
    mean: bool = False

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


def _totals(campaign: Campaign, place: UUID | None) -> tuple[Totals, list[Consolidation]]:
    parts = brought_up_to_date(campaign, None if place is None else [place])
    return summed(parts), parts


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
    totals, parts = _totals(campaign, place)
    others = others_of_form(campaign)
    other = _compared(request, others)
    then, parts_then = _totals(other, place) if other else (None, [])
    ids = cell_ids(campaign.version)
    ids_then = cell_ids(other.version) if other else {}

    def view(key: str, title: str) -> SumView:
        field = schema.cells[key].field
        total, reports = _figure(schema.cells[key], totals, ids[key])
        was = _figure(schema.cells[key], then, ids_then.get(key))[0] if then else None
        return SumView(key, title, total, reports, was, not field.adds_up)

    if request.GET.get("export") in {"csv", "xlsx"}:
        table = _export(campaign, section, parts, ids, other, parts_then, ids_then)
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
            "totals": totals,
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


def _figure(cell: Cell, totals: Totals, pk: int | None) -> tuple[Decimal | None, int]:
    """What is shown of a cell, and of how many reports. How many rows of lists stand in a total is
    not kept, so of rates in lists there is no mean."""
    total, reports = totals.cells.get(pk, (None, 0)) if pk is not None else (None, 0)
    if cell.listed and not cell.field.adds_up:
        return None, reports
    return together(cell.field, total, reports), reports


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


def _export(
    campaign: Campaign,
    section: Section,
    parts: list[Consolidation],
    ids: Mapping[str, int],
    other: Campaign | None,
    parts_then: list[Consolidation],
    ids_then: Mapping[str, int],
) -> Iterator[list[Any]]:
    """A cell a line; beside each figure that of the campaign compared with, if there is one."""
    now, then = ({p.municipality_id: totals_of(p) for p in some} for some in (parts, parts_then))
    names = {p.municipality_id: p.municipality.name for p in (*parts_then, *parts)}
    places = sorted(names, key=lambda pk: names[pk])
    whole, whole_then = summed(parts), summed(parts_then)
    titles = {block.code: block.title for block in section.blocks}
    before = named(other) if other else ""
    heads = [[_("In all (of shares and rates the mean)"), _("Reports")]]
    if other:
        heads[0] += [before, _("Change"), _("Reports: %s") % before]
    heads += [[names[pk], *([f"{names[pk]}: {before}"] if other else [])] for pk in places]
    yield [_("Table"), _("Cell"), _("Unit"), *(head for some in heads for head in some)]
    for cell in numeric_cells(section, campaign.version.schema):

        def figures(
            now: Totals | None, then: Totals | None, cell: Cell = cell
        ) -> tuple[tuple[Decimal | None, int], tuple[Decimal | None, int]]:
            return (
                _figure(cell, now or Totals(), ids[cell.key]),
                _figure(cell, then or Totals(), ids_then.get(cell.key)),
            )

        (total, reports), (was, reports_then) = figures(whole, whole_then)
        line: list[Any] = [titles[cell.block], cell.title, cell.field.unit, total, reports]
        if other:
            line += [was, difference(total, was), reports_then]
        for pk in places:
            here, there = figures(now.get(pk), then.get(pk))
            line += [here[0], there[0]] if other else [here[0]]
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
    rows, total, reports = _taken_apart(campaign, actor, place, cell, other)
    was = None
    if other:
        then, was, _reports = _taken_apart(other, actor, place, cell, None)
        rows = _beside(rows, then)
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
            "total": total,
            "was": was,
            "change": difference(total, was),
            "reports": reports,
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


def _taken_apart(
    campaign: Campaign, actor: Actor, place: UUID | None, cell: Cell, other: Campaign | None
) -> tuple[list[Part], Decimal | None, int]:
    """The parts of a sum in the campaign, the sum, and how many reports have a figure."""
    pk = cell_ids(campaign.version).get(cell.key)
    totals, parts = _totals(campaign, place)
    total, reports = _figure(cell, totals, pk)
    if pk is None:
        return [], total, reports
    if place is not None:
        return _by_organisation(campaign, actor, place, cell, pk), total, reports
    here = reverse("reporting:consolidated_cell", args=[campaign.pk])
    there = of_cell(parts, pk)
    rows = []
    for part in parts:
        figure = there.get(part.municipality_id, (None, 0))
        unknown = cell.listed and not cell.field.adds_up
        query = {"at": cell.key, "municipality": part.municipality_id}
        if other:
            query["with"] = other.pk
        rows.append(
            Part(
                part.municipality_id, part.municipality.name,
                None if unknown else together(cell.field, *figure), figure[1], part.counted,
                url=f"{here}?{urlencode(query, safe='*')}",
            )
        )  # fmt: skip
    return rows, total, reports


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
