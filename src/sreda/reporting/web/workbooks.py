"""A report as a workbook, out and in; and on paper."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import path_of, store
from sreda.reporting.domain.workbook import file_name, take_workbook, write_report
from sreda.reporting.enums import COUNTED, StepKind
from sreda.reporting.exports import Report, Table, to_pdf
from sreda.reporting.models import Submission, SubmissionStep
from sreda.reporting.queries.cells import values_of
from sreda.reporting.queries.signed import values_signed
from sreda.reporting.queries.versions import compiled_form, dictionaries_of
from sreda.reporting.web.acts import link_of
from sreda.reporting.web.base import XLSX, attachment
from sreda.reporting.web.frame import page, the_report
from sreda.reporting.web.sheet import BlockView, SheetView


@page
@require_GET
def xlsx(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    submission, _actor = the_report(request, pk)
    return attachment(write_report(submission), XLSX, file_name(submission))


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
def pdf(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The report as it was last signed, or in the step of ?step=, with signer, day and digest; one
    that was never signed as it is, and called a draft."""
    submission, _actor = the_report(request, pk)
    asked = request.GET.get("step", "")
    steps = SubmissionStep.objects.filter(submission=submission, kind=StepKind.SUBMITTED)
    try:
        signed = (steps.filter(pk=asked) if asked else steps.order_by("-at", "-id")).first()
    except (ValueError, ValidationError):
        raise Http404 from None
    if asked and signed is None:
        raise Http404
    form = compiled_form(submission.campaign.version)
    values = values_signed(signed) if signed else values_of([submission.pk])
    sheet = SheetView(form, values, dictionaries_of(form.schema))
    report = report_to_print(
        submission, [(s.title, sheet.section(s)) for s in form.schema.sections], signed
    )
    made = to_pdf(report, at=clock.now(), language=get_language() or "ru")
    name = file_name(submission).removesuffix(".xlsx")
    return attachment(made, "application/pdf", f"{name}.pdf")


def report_to_print(
    submission: Submission,
    sections: Iterable[tuple[str, Iterable[BlockView]]],
    signed: SubmissionStep | None,
) -> Report:
    campaign = submission.campaign
    if signed is None:
        notes = [_("Draft: the report is not handed in.")]
    else:
        who = f"{signed.by_name} ({signed.post})" if signed.post else signed.by_name
        notes = [
            _("Signed by %(who)s on %(day)s.")
            % {"who": who, "day": date_format(localtime(signed.at), "j E Y H:i")},
            _("SHA-256 of the signed content: %s") % signed.digest,
        ]
        if submission.status not in COUNTED:
            notes.append(
                _("The report was returned or taken back since: this is not its last word.")
            )
    return Report(
        title=campaign.title,
        place=submission.organisation.name,
        on=campaign.as_of,
        groups=[(title, [_table(block) for block in blocks]) for title, blocks in sections],
        region=f"{campaign.period_start:%d.%m.%Y} — {campaign.period_end:%d.%m.%Y}",
        notes=notes,
    )


def _table(part: BlockView) -> Table:
    fields = [f"{f.title}, {f.unit}" if f.unit else f.title for f in part.block.fields]
    if part.kind == "fields":
        names = [_("Question"), _("Answer")]
        rows = [[name, row.cells[0].shown if row.cells[0] else ""]
                for name, row in zip(fields, part.rows, strict=True)]  # fmt: skip
        return Table(part.block.title, names, rows)
    named = part.kind == "table"
    return Table(
        part.block.title,
        [*([""] if named else []), "№", *fields],
        [
            [
                *([row.title] if named else []),
                row.number,
                *(cell.shown if cell else "×" for cell in row.cells),
            ]
            for row in part.rows
        ],
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
        .order_by("-at", "-id")
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
