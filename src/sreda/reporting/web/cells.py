"""One cell: where its value is from, who changed it and why, the records behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sreda.reporting.access import PROPOSALS, SUBMISSIONS
from sreda.reporting.domain.handing_in import cell_at
from sreda.reporting.models import Comment, FormCell, Submission, Value
from sreda.reporting.queries.lineage import lineage_of, records_of
from sreda.reporting.queries.versions import compiled_form, dictionaries_of
from sreda.reporting.web.acts import link_of
from sreda.reporting.web.frame import page, the_report
from sreda.reporting.web.sheet import CellView, SheetView

PAGE = 50


def asked_cell(submission: Submission, request: HttpRequest) -> tuple[FormCell, str]:
    """?at=place; without one, the first cell of the form."""
    at = request.GET.get("at") or next(iter(submission.campaign.version.schema.cells))
    try:
        return cell_at(submission, at)
    except ValidationError as error:
        raise Http404 from error


def view_of(submission: Submission, cell: FormCell, row: str) -> tuple[CellView, Value | None]:
    form = compiled_form(submission.campaign.version)
    about = form.schema.cells[cell.key]
    value = (
        Value.objects.filter(submission=submission, cell=cell, row=row)
        .select_related("cell", "file")
        .first()
    )
    sheet = SheetView(form, [value] if value else [], dictionaries_of(form.schema))
    return sheet.cell(cell.key, row, about.field, about.title), value


@page
@require_GET
def cell(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?at=place; with ?bar only the short part that the page of the report shows beside it."""
    submission, actor = the_report(request, pk)
    found, row = asked_cell(submission, request)
    view, value = view_of(submission, found, row)
    context: dict[str, Any] = {
        "report": submission,
        "cell": view,
        "value": value,
        "lineage": lineage_of(submission, found.key),
        "proposal": PROPOSALS.all(actor).filter(submission=submission, cell=found, row=row).first(),
        "comments": Comment.objects.filter(submission=submission, cell=found, row=row),
        "back": link_of(submission, view.place),
        "may_comment": SUBMISSIONS.may(actor, "review", submission)
        or SUBMISSIONS.may(actor, "fill", submission),
    }
    bar = "bar" in request.GET
    return render(
        request, "reporting/parts/cell_bar.html" if bar else "reporting/cell.html", context
    )


@page
@require_GET
def records(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?at=place&part=n: the records behind one figure, those that may be seen."""
    submission, actor = the_report(request, pk)
    found, row = asked_cell(submission, request)
    try:
        number = int(request.GET.get("part", "0"))
    except ValueError:
        number = 0
    behind = records_of(submission, found.key, number, actor)
    if behind is None:
        raise Http404
    part, them = behind
    shown = Paginator(them.rows.order_by("pk"), PAGE).get_page(request.GET.get("page"))
    view, _value = view_of(submission, found, row)
    return render(
        request,
        "reporting/records.html",
        {
            "report": submission,
            "cell": view,
            "part": part,
            "page": shown,
            "rows": [(them.label(thing), them.url(thing)) for thing in shown],
            "hidden": them.hidden,
            "number": number,
        },
    )
