"""Sums of a campaign: region → municipality → organisation → cell → records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
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
)
from sreda.reporting.enums import COUNTED
from sreda.reporting.forms import BlockKind, Cell, Field, Schema, Section
from sreda.reporting.models import Campaign, Consolidation, FormCell, Submission, Value
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.monitoring import others_of_form
from sreda.reporting.queries.versions import cell_ids
from sreda.reporting.web.campaigns import the_campaign
from sreda.reporting.web.frame import page


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
        return None if self.total is None or self.was is None else self.total - self.was


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
    then = _totals(other, place)[0] if other else None
    ids = cell_ids(campaign.version)
    ids_then = cell_ids(other.version) if other else {}

    def view(key: str, title: str) -> SumView:
        field = schema.cells[key].field
        total, reports = _figure(schema.cells[key], totals, ids[key])
        was = _figure(schema.cells[key], then, ids_then.get(key))[0] if then else None
        return SumView(key, title, total, reports, was, not field.adds_up)

    if request.GET.get("export") in {"csv", "xlsx"}:
        table = _export(campaign, section, parts, ids)
        write = csv_response if request.GET["export"] == "csv" else xlsx_response
        return write(f"{campaign.version.form.code}-{section.code}", table)
    query = {"municipality": str(place)} if place and actor.role == Role.OPERATOR else {}
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
            "query": query,
            "kept": kept,
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


def _export(
    campaign: Campaign, section: Section, parts: list[Consolidation], ids: Any
) -> Iterator[list[Any]]:
    by_place = [(part.municipality.name, totals_of(part)) for part in parts]
    whole = summed(parts)
    titles = {block.code: block.title for block in section.blocks}
    yield [
        _("Table"), _("Cell"), _("Unit"), _("In all (of shares and rates the mean)"), _("Reports"),
        *(name for name, _totals_there in by_place),
    ]  # fmt: skip
    for cell in numeric_cells(section, campaign.version.schema):
        total, reports = _figure(cell, whole, ids[cell.key])
        yield [
            titles[cell.block], cell.title, cell.field.unit, total, reports,
            *(_figure(cell, there, ids[cell.key])[0] for _name, there in by_place),
        ]  # fmt: skip


@page
@require_GET
def consolidated_cell(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?at=key: one sum taken apart, by municipalities, or (?municipality=) by organisations."""
    campaign, actor = the_campaign(request, pk)
    schema = campaign.version.schema
    numeric = (cell.key for cell in schema.cells.values() if cell.field.type.numeric)
    key = request.GET.get("at") or next(numeric, "")
    cell = schema.cells.get(key)
    if cell is None or not cell.field.type.numeric:
        raise Http404
    place = _seen(request, actor)
    ids = cell_ids(campaign.version)
    totals, parts = _totals(campaign, place)
    total, reports = _figure(cell, totals, ids[key])
    rows: list[dict[str, Any]]
    if place is None:
        here = reverse("reporting:consolidated_cell", args=[pk])
        there = of_cell(parts, ids[key])
        rows = [
            {
                "name": part.municipality.name,
                "total": None
                if cell.listed and not cell.field.adds_up
                else together(cell.field, *there.get(part.municipality_id, (None, 0))),
                "reports": there.get(part.municipality_id, (None, 0))[1],
                "counted": part.counted,
                "url": f"{here}?at={key}&municipality={part.municipality_id}",
            }
            for part in parts
        ]
    else:
        rows = _by_organisation(campaign, actor, place, key, cell.field)
    if request.GET.get("export") in {"csv", "xlsx"}:
        head = [_("Municipality") if place is None else _("Organisation"), cell.title]
        table = [head, *([row["name"], row["total"]] for row in rows)]
        write = csv_response if request.GET["export"] == "csv" else xlsx_response
        return write(f"{campaign.version.form.code}-{key.replace('*', 'rows')}", table)
    return render(
        request,
        "reporting/consolidated_cell.html",
        {
            "campaign": campaign,
            "cell": cell,
            "key": key,
            "total": total,
            "reports": reports,
            "rows": rows,
            "place": Municipality.objects.filter(pk=place).first() if place else None,
            "is_operator": actor.role == Role.OPERATOR,
            "most": max((row["total"] for row in rows if row["total"] is not None), default=None),
        },
    )


def _by_organisation(
    campaign: Campaign, actor: Actor, place: UUID, key: str, field: Field
) -> list[dict[str, Any]]:
    """Two queries: the counted reports, the values of the cell in them."""
    cell = FormCell.objects.get(version=campaign.version_id, key=key)
    reports = list(
        SUBMISSIONS.all(actor)
        .filter(campaign=campaign, municipality=place, status__in=COUNTED)
        .select_related("organisation")
        .order_by("organisation__short_name")
    )
    values: dict[UUID, list[Value]] = {}
    for value in Value.objects.filter(submission__in=reports, cell=cell).order_by("row"):
        values.setdefault(value.submission_id, []).append(value)
    rows = []
    for report in reports:
        found = values.get(report.pk, [])
        numbers = [v.number for v in found if v.number is not None]
        rows.append(
            {
                "name": report.organisation.short_name,
                "total": together(field, sum(numbers, Decimal(0)), len(numbers))
                if numbers
                else None,
                "reports": len(numbers),
                "origin": found[0].get_origin_display() if len(found) == 1 else "",
                "reason": found[0].reason if len(found) == 1 else "",
                "url": _cell_url(report, key, found),
            }
        )
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
