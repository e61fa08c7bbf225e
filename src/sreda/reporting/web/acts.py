"""What is done to a report: checked, explained, delegated, handed in, reviewed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import download
from sreda.registry.api import Post, on_day
from sreda.reporting.access import SUBMISSIONS
from sreda.reporting.domain import delegation, handing_in
from sreda.reporting.domain.filling import save_file
from sreda.reporting.domain.prefill import refresh
from sreda.reporting.enums import COUNTED, SubmissionStatus
from sreda.reporting.models import Comment, Delegation, Submission, Value
from sreda.reporting.queries.checks import Finding, Findings, check_submission
from sreda.reporting.queries.history import steps_of, what_changed
from sreda.reporting.queries.monitoring import tone_of
from sreda.reporting.web.frame import page, place_id, the_report


def link_of(submission: Submission, place: str) -> str:
    """The address of a cell on the page of its section."""
    schema = submission.campaign.version.schema
    code = place.partition(".")[0]
    section = next((s.code for s in schema.sections if any(b.code == code for b in s.blocks)), "")
    where = reverse("reporting:report", args=[submission.pk])
    anchor = place_id(place) if "." in place else f"b-{place}"
    return f"{where}?section={section}#{anchor}"


def shown_findings(submission: Submission, findings: Findings) -> list[dict[str, Any]]:
    schema = submission.campaign.version.schema
    titles = {key: cell.title for key, cell in schema.cells.items()}

    def title(place: str) -> str:
        parts = place.split(".")
        listed = f"{parts[0]}.*.{parts[-1]}"
        return titles.get(place) or titles.get(listed) or schema.blocks[parts[0]].title

    def one(finding: Finding) -> dict[str, Any]:
        return {
            "finding": finding,
            "explainable": finding.severity == "warning",
            "cells": [(title(p), link_of(submission, p)) for p in finding.cells[:12]],
        }

    return [one(finding) for finding in findings.all]


@page
@require_GET
def check(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """All checks at once."""
    submission, actor = the_report(request, pk)
    if SUBMISSIONS.may(actor, "fill", submission):
        refresh(submission, at=clock.now())
    findings = check_submission(submission)
    return render(request, "reporting/check.html", _checked(request, submission, findings))


def _checked(request: HttpRequest, submission: Submission, findings: Findings) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    return {
        "report": submission,
        "campaign": submission.campaign,
        "rows": shown_findings(submission, findings),
        "errors": len(findings.errors),
        "warnings": len(findings.warnings),
        "unexplained": len(findings.unexplained),
        "may_fill": SUBMISSIONS.may(actor, "fill", submission),
        "may_submit": SUBMISSIONS.may(actor, "submit", submission)
        and submission.status not in {SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED},
        "tone": tone_of(submission.status)[0],
    }


@page
@require_POST
def submit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    submission, actor = the_report(request, pk, "submit")
    at = clock.now()
    try:
        for name, text in request.POST.items():
            if name.startswith("explain:") and isinstance(text, str) and text.strip():
                handing_in.explain(submission, name[8:], text, actor=actor, at=at)
        handing_in.submit(submission, actor=actor, at=at, seen=_seen(request))
    except handing_in.NotReady as error:
        messages.error(request, " ".join(error.messages))
        submission.edition = error.edition
        context = _checked(request, submission, error.findings)
        return render(request, "reporting/check.html", context, status=422)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:report", pk=pk)
    messages.success(request, _("The report is signed and handed in."))
    return redirect("reporting:report", pk=pk)


def _seen(request: HttpRequest) -> int:
    """The edition of the report on the page that was signed; -1 is of none."""
    said = request.POST.get("edition", "")
    return int(said) if said.isdecimal() and len(said) < 10 else -1


def _act(
    request: HttpRequest, pk: UUID, action: str, write: Callable[..., Any], said: str, **more: Any
) -> HttpResponseBase:
    """One step of a report's way, and back to its page."""
    submission, actor = the_report(request, pk, action)
    try:
        write(submission, actor=actor, at=clock.now(), **more)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    where = reverse("reporting:report", args=[pk])
    section = request.POST.get("section", "")
    return redirect(f"{where}?section={section}" if section else where)


@page
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return _act(request, pk, "submit", handing_in.withdraw, _("The report is taken back."))


@page
@require_POST
def review(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """accept, return (with a comment) or reopen."""
    comment = request.POST.get("comment", "")
    match request.POST.get("act"):
        case "accept":
            return _act(request, pk, "review", handing_in.accept, _("The report is accepted."))
        case "return":
            return _act(
                request, pk, "review", handing_in.send_back, _("The report is returned."),
                comment=comment,
            )  # fmt: skip
        case "reopen":
            return _act(
                request, pk, "review", handing_in.reopen, _("The report is open again."),
                comment=comment,
            )  # fmt: skip
    return _act(request, pk, "review", lambda *a, **k: None, "")


@page
@require_POST
def comment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A comment on a cell (or the whole report): by those who review and those who fill."""
    submission, actor = the_report(request, pk)
    action = "review" if SUBMISSIONS.may(actor, "review", submission) else "fill"
    return _act(
        request, pk, action, handing_in.say, _("The comment is kept."),
        place=request.POST.get("place", ""), text=request.POST.get("text", ""),
    )  # fmt: skip


@page
@require_POST
def settle(request: HttpRequest, pk: UUID, comment_pk: UUID) -> HttpResponseBase:
    submission, actor = the_report(request, pk)
    action = "review" if SUBMISSIONS.may(actor, "review", submission) else "fill"
    found = get_object_or_404(Comment, pk=comment_pk, submission=submission)

    def write(_submission: Submission, **who: Any) -> None:
        handing_in.settle(found, **who)

    return _act(request, pk, action, write, _("The comment is settled."))


@page
def delegate(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Who fills which section: the table of parts given, and giving one more."""
    submission, actor = the_report(request, pk, "delegate")
    if request.method == "POST":
        try:
            person = UUID(request.POST.get("person", ""))
            delegation.delegate(
                submission,
                request.POST.get("section", ""),
                person,
                actor=actor,
                at=clock.now(),
            )
        except ValueError:
            messages.error(request, _("Choose a colleague."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("The section is given; the colleague is told."))
        return redirect("reporting:delegate", pk=pk)
    titles = {s.code: s.title for s in submission.campaign.version.schema.sections}
    given = list(Delegation.objects.filter(submission=submission).select_related("person"))
    colleagues: dict[UUID, tuple[str, str]] = {}
    for post in (
        Post.objects.filter(
            on_day(actor.on),
            organisation_id=submission.organisation_id,
            role__in=delegation.MAY_BE_ASKED,
        )
        .select_related("person")
        .order_by("person__family_name", "person__given_name")
    ):
        colleagues.setdefault(
            post.person_id, (post.person.full_name, post.title or post.get_role_display())
        )
    return render(
        request,
        "reporting/delegate.html",
        {
            "report": submission,
            "sections": list(titles.items()),
            "given": [(d, titles.get(d.section, d.section)) for d in given],
            "colleagues": [(pk, *words) for pk, words in colleagues.items()],
            "chosen": request.GET.get("section", ""),
        },
    )


@page
@require_POST
def revoke(request: HttpRequest, pk: UUID, given_pk: UUID) -> HttpResponseBase:
    submission, actor = the_report(request, pk, "delegate")
    found = Delegation.objects.filter(pk=given_pk, submission=submission).first()
    if found is not None:
        delegation.revoke(found, actor=actor, at=clock.now())
        messages.success(request, _("The section is taken back."))
    return redirect("reporting:delegate", pk=pk)


@page
@require_POST
def part_done(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return _act(
        request, pk, "fill",
        lambda submission, **who: delegation.done(
            submission, request.POST.get("section", ""), **who
        ),
        _("The state of your part is kept."),
    )  # fmt: skip


@page
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """GET ?at=place hands a file out; POST puts one in, or (`remove`) takes it out."""
    place = request.GET.get("at") or request.POST.get("at", "")
    if request.method == "GET":
        submission, _actor = the_report(request, pk)
        try:
            cell, row = handing_in.cell_at(submission, place)
        except ValidationError:
            cell, row = None, ""
        value = get_object_or_404(
            Value.objects.select_related("file"),
            submission=submission,
            cell=cell,
            row=row,
            file__isnull=False,
        )
        assert value.file is not None  # it was asked for
        return download(value.file)

    def write(submission: Submission, **who: Any) -> None:
        cell, row = handing_in.cell_at(submission, place)
        if upload is None and not remove:
            raise ValidationError(_("Choose a file."))
        save_file(submission, key=cell.key, row=row, upload=None if remove else upload, **who)

    remove, upload = "remove" in request.POST, request.FILES.get("file")
    said = _("The file is removed.") if remove else _("The file is kept.")
    return _act(request, pk, "fill", write, said)


@page
@require_GET
def history(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The report's way, and what changed between two handings-in (or since the last)."""
    submission, _actor = the_report(request, pk)
    steps = steps_of(submission)
    signed = [step for step in steps if step.content is not None]
    chosen = request.GET.get("since", "")
    # Right after a handing-in nothing can have changed since: then since the one before it
    usual = signed[1:2] if submission.status in COUNTED else signed[:1]
    since = next((s for s in signed if str(s.pk) == chosen), next(iter(usual or signed), None))
    return render(
        request,
        "reporting/history.html",
        {
            "report": submission,
            "steps": steps,
            "signed": signed,
            "since": since,
            "changes": what_changed(submission, since) if since else [],
        },
    )
