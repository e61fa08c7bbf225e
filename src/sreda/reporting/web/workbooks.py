"""A report as a workbook, out and in; and on paper."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import path_of, store
from sreda.reporting.domain.workbook import file_name, take_workbook, write_report
from sreda.reporting.models import SubmissionStep
from sreda.reporting.queries.cells import values_of
from sreda.reporting.queries.versions import compiled_form, dictionaries_of
from sreda.reporting.web.acts import link_of
from sreda.reporting.web.frame import page, the_report
from sreda.reporting.web.sheet import SheetView

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page
@require_GET
def xlsx(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    submission, _actor = the_report(request, pk)
    response = HttpResponse(write_report(submission), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{file_name(submission)}"'
    return response


@page
@require_POST
def upload(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Good cells land at once; the page that answers lists the others with sheet and cell."""
    submission, actor = the_report(request, pk, "fill")
    sent = request.FILES.get("file")
    if sent is None:
        messages.error(request, _("Choose a file."))
        return redirect("reporting:report", pk=pk)
    at = clock.now()
    try:
        kept = store(sent, at=at, actor=actor, kinds=frozenset({".xlsx"}), limit=20 * 1024 * 1024)
        taken = take_workbook(submission, path_of(kept), kept.name, actor=actor, at=at)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:report", pk=pk)
    if taken.saved.again:
        messages.info(request, _("This very file was already taken: nothing has changed."))
    rows = [
        (
            item.where,
            item.fault,
            link_of(submission, item.fault.key.replace("*", item.fault.row))
            if item.fault.key.partition(".")[0] in submission.campaign.version.schema.blocks
            else "",
        )
        for item in taken.faults
    ]
    return render(
        request,
        "reporting/uploaded.html",
        {
            "report": submission,
            "taken": taken,
            "rows": rows,
            "edition": taken.saved.edition,
        },
        status=422 if rows else 200,
    )


@page
@require_GET
def paper(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The whole report to print or to save as PDF, with who signed it and the digest."""
    submission, _actor = the_report(request, pk)
    form = compiled_form(submission.campaign.version)
    sheet = SheetView(form, values_of([submission.pk]), dictionaries_of(form.schema))
    signed = (
        SubmissionStep.objects.filter(submission=submission, kind="submitted")
        .order_by("-at")
        .first()
    )
    return render(
        request,
        "reporting/paper.html",
        {
            "report": submission,
            "campaign": submission.campaign,
            "sections": [(s, sheet.section(s)) for s in form.schema.sections],
            "signed": signed,
            "counts": submission.status in {"submitted", "accepted"},
        },
    )
