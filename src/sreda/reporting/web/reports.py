"""The page on which a report is filled, and what its script asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.reporting.access import SUBMISSIONS
from sreda.reporting.domain.filling import (
    Change,
    Fault,
    Saved,
    changed_since,
    save_changes,
    sections_of,
)
from sreda.reporting.domain.prefill import FILLABLE, refresh
from sreda.reporting.enums import CampaignStatus, FormKind, SubmissionStatus
from sreda.reporting.forms import Schema, Section
from sreda.reporting.models import Comment, Delegation, Submission, Value
from sreda.reporting.queries.cells import cells_of, place_of, values_of
from sreda.reporting.queries.monitoring import dress, tone_of
from sreda.reporting.queries.versions import compiled_form, dictionaries_of
from sreda.reporting.queries.worlds import world_of
from sreda.reporting.web.frame import (
    Context,
    actor_of,
    page,
    the_report,
    visible,
)
from sreda.reporting.web.sheet import SheetView, as_change

MOST_SENT = 2_000_000  # bytes of one batch


def _by_state(rows: QuerySet[Submission], value: str) -> QuerySet[Submission]:
    if value == "todo":
        return rows.filter(status__in=FILLABLE, campaign__status=CampaignStatus.OPEN)
    return rows.filter(status=value)


@page
@require_GET
def reports(request: HttpRequest) -> HttpResponseBase:
    """Reports of the seat's organisation, or (a colleague) those with a part of one's own."""
    actor = actor_of(request)
    visible(SUBMISSIONS.may(actor, "fill") or actor.role == "teacher")
    rows = SUBMISSIONS.all(actor).filter(campaign__version__form__kind=FormKind.REPORT)
    listing = Listing(
        rows=rows.select_related("campaign__version__form", "organisation"),
        params=request.GET,
        search=lambda found, text: found.filter(campaign__title__icontains=text),
        filter_by=[
            Filter(
                "state",
                gettext_lazy("State"),
                [("todo", gettext_lazy("To be done")), *SubmissionStatus.choices],
                _by_state,
            )
        ],
        sorts={"due": ["campaign__due_on"], "title": ["campaign__title"]},
        default_sort="-due",
        columns=[
            Column(gettext_lazy("Report"), lambda s: s.campaign.title),
            Column(gettext_lazy("Due on"), lambda s: s.campaign.due_on),
            Column(gettext_lazy("State"), lambda s: s.get_status_display()),
            Column(gettext_lazy("Handed in at"), lambda s: s.submitted_at),
        ],
        name="reports",
    )
    if (answer := listing.export()) is not None:
        return answer
    for row in listing.page:
        dress(row, actor.on)
    return render(request, "reporting/reports.html", {"listing": listing})


def editable(submission: Submission) -> bool:
    return submission.status in FILLABLE


@page
def report(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One section of a report. A POST without a script saves that section's cells."""
    submission, actor = the_report(request, pk)
    at = clock.now()
    fills = SUBMISSIONS.may(actor, "fill", submission)
    if request.method == "POST":
        SUBMISSIONS.require(actor, "fill", submission)
        return _save_section(request, submission)
    if fills:
        refresh(submission, at=at)
    schema = submission.campaign.version.schema
    wanted = request.GET.get("section") or _own_part(submission, actor, schema)
    section = _section(schema, wanted)
    return render(request, "reporting/report.html", context_of(request, submission, section))


def new_row(at: datetime) -> str:
    """A name for a row of a list; later ones stand behind earlier ones (as in filling.ts)."""
    number, said = int(at.timestamp() * 1000), ""
    while number:
        number, rest = divmod(number, 36)
        said = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + said
    return f"t{said}{uuid4().hex[:8]}"


def _own_part(submission: Submission, actor: Actor, schema: Schema) -> str:
    """Whoever was given a part begins with it."""
    mine = sections_of(submission, actor)
    return next((s.code for s in schema.sections if s.code in mine), "") if mine else ""


def _section(schema: Schema, code: str) -> Section:
    return next((s for s in schema.sections if s.code == code), schema.sections[0])


def context_of(
    request: HttpRequest, submission: Submission, section: Section, faults: Iterable[Fault] = ()
) -> Context:
    """All that the page of a section shows; the number of queries does not depend on its size."""
    actor = actor_of(request)
    campaign = submission.campaign
    form = compiled_form(campaign.version)
    values = values_of([submission.pk])
    dictionaries = dictionaries_of(form.schema)
    mine = sections_of(submission, actor)
    may_fill = SUBMISSIONS.may(actor, "fill", submission)
    writable = may_fill and editable(submission) and (mine is None or section.code in mine)
    comments = list(Comment.objects.filter(submission=submission).select_related("cell"))
    open_comments: dict[str, int] = {}
    for comment in comments:
        comment.place = place_of(comment.cell.key, comment.row) if comment.cell else ""  # type: ignore[attr-defined]
        if comment.settled_at is None and comment.cell is not None:
            open_comments[comment.place] = open_comments.get(comment.place, 0) + 1  # type: ignore[attr-defined]
    asked = _asked(submission, values)
    sheet = SheetView(
        form,
        values,
        dictionaries,
        asked=asked,
        comments=open_comments,
        faults={place_of(f.key, f.row): f for f in faults},
    )
    blocks = sheet.section(section, blank=new_row(clock.now()) if writable else "")
    delegations = list(Delegation.objects.filter(submission=submission).select_related("person"))
    filled = {(v.cell.key) for v in values if v.number is not None or v.text or v.file_id}
    tone, icon = tone_of(submission.status)
    here = reverse("reporting:report", args=[submission.pk])
    return {
        "report": submission,
        "campaign": campaign,
        "section": section,
        "blocks": blocks,
        "tabs": [
            {
                "label": s.title,
                "url": f"{here}?section={s.code}",
                "active": s.code == section.code,
                "count": _left(form.schema, s, filled, asked),
            }
            for s in form.schema.sections
        ],
        "writable": writable,
        "may_fill": may_fill,
        "may_submit": SUBMISSIONS.may(actor, "submit", submission),
        "may_delegate": SUBMISSIONS.may(actor, "delegate", submission),
        "may_review": SUBMISSIONS.may(actor, "review", submission),
        "is_open": campaign.status == CampaignStatus.OPEN,
        "tone": tone,
        "icon": icon,
        "late": submission.status in FILLABLE and campaign.due_on < actor.on,
        "comments": [c for c in comments if c.settled_at is None],
        "settled": sum(c.settled_at is not None for c in comments),
        "delegations": [d for d in delegations if d.section == section.code],
        "given_to_me": mine,
        "my_part": next(
            (
                d
                for d in delegations
                if d.section == section.code and d.person_id == actor.person_id
            ),
            None,
        ),
        "was": json.dumps(
            {
                cell.place: cell.value
                for block in blocks
                for row in block.rows
                for cell in row.cells
                if cell is not None
            }
        ),
        "asked": json.dumps(asked) if asked else "",
        "faults": list(faults),
        "total_cells": sum(not c.listed for c in form.schema.cells.values()),
        "unfinished": submission.status in FILLABLE,
        "next_url": _next(form.schema, section, here),
    }


def _asked(submission: Submission, values: Iterable[Value]) -> dict[str, bool]:
    """Which cells with a condition are asked now; no query where the form has no conditions."""
    form = compiled_form(submission.campaign.version)
    if not form.relevant:
        return {}
    world = world_of(submission.campaign, [submission.organisation_id])
    form.prepare(world)
    return form.asked(world, submission.organisation_id, cells_of(form.schema, values))


def _left(
    schema: Schema, section: Section, filled: set[str], asked: Mapping[str, bool]
) -> int | None:
    """How many required cells of a section are asked and still empty."""
    blocks = {block.code for block in section.blocks}
    empty = sum(
        cell.field.required
        and not cell.listed
        and cell.key not in filled
        and asked.get(f"{cell.block}.{cell.field.code}", True)
        for cell in schema.cells.values()
        if cell.block in blocks
    )
    return empty or None


def _next(schema: Schema, section: Section, here: str) -> str:
    codes = [s.code for s in schema.sections]
    at = codes.index(section.code) + 1
    return f"{here}?section={codes[at]}" if at < len(codes) else ""


def _save_section(request: HttpRequest, submission: Submission) -> HttpResponseBase:
    """The plain form: what differs from what the page showed is a change."""
    schema = submission.campaign.version.schema
    section = _section(schema, request.POST.get("section", ""))
    try:
        was = json.loads(request.POST.get("was", "{}"))
        edition = int(request.POST.get("edition", "0"))
        key = UUID(request.POST.get("key", "")) if request.POST.get("key") else uuid4()
    except ValueError:
        was, edition, key = {}, 0, uuid4()
    was = was if isinstance(was, dict) else {}
    changes = list(_posted(request, schema, section, was))
    try:
        saved = save_changes(
            submission,
            edition=edition,
            changes=changes,
            actor=actor_of(request),
            at=clock.now(),
            key=key,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:report", pk=submission.pk)
    if saved.message:
        messages.warning(request, saved.message)
    if saved.faults:
        submission.refresh_from_db()
        return render(
            request,
            "reporting/report.html",
            context_of(request, submission, section, saved.faults),
            status=422,
        )
    messages.success(request, _("The section is saved."))
    where = reverse("reporting:report", args=[submission.pk])
    return redirect(f"{where}?section={section.code}")


def _posted(
    request: HttpRequest, schema: Schema, section: Section, was: dict[str, Any]
) -> Iterable[Change]:
    blocks = {block.code for block in section.blocks}
    for name in request.POST:
        kind, _colon, place = name.partition(":")
        if kind not in {"cell", "drop"} or place.partition(".")[0] not in blocks:
            continue
        parts = place.split(".")
        if kind == "drop":
            yield Change(f"{parts[0]}.*", row=parts[1] if len(parts) > 1 else "", remove=True)
            continue
        key, row = place, ""
        if place not in schema.cells and len(parts) == 3:
            key, row = f"{parts[0]}.*.{parts[2]}", parts[1]
        value = "\n".join(request.POST.getlist(name)).strip()
        reason = request.POST.get(f"reason:{place}", "").strip()
        if value.replace("\r\n", "\n") != str(was.get(place, "")) or reason:
            yield Change(key, value, row, reason)


@page
@require_POST
def save(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A batch of cells from the page's script: {"key", "edition", "changes": [{"key", "row",
    "value", "reason", "remove", "force"}]}; the answer tells faults and what others changed."""
    submission, actor = the_report(request, pk, "fill")
    try:
        if request.content_type != "application/json" or len(request.body) > MOST_SENT:
            raise ValueError("not a batch of cells")
        sent = json.loads(request.body)
        key, edition = UUID(str(sent["key"])), int(sent["edition"])
        given = sent["changes"]
        changes = [
            Change(
                str(item["key"]),
                str(item.get("value", "")),
                str(item.get("row", "")),
                str(item.get("reason", "")),
                bool(item.get("remove")),
                None if item.get("edition") is None else int(item["edition"]),
            )
            for item in given
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return JsonResponse({"message": _("The page sent something unreadable.")}, status=400)
    try:
        saved = save_changes(
            submission,
            edition=edition,
            changes=changes,
            actor=actor,
            at=clock.now(),
            key=key,
            force=bool(sent.get("force")),
        )
    except ValidationError as error:
        return JsonResponse({"message": " ".join(error.messages), "handed_in": True}, status=409)
    return JsonResponse(_answer(submission, edition, saved))


@page
@require_GET
def state(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What changed since ?edition=, whoever changed it."""
    submission, _actor = the_report(request, pk)
    try:
        edition = int(request.GET.get("edition", "0"))
    except ValueError:
        edition = 0
    return JsonResponse(_answer(submission, edition, Saved(submission.edition)))


def _answer(submission: Submission, edition: int, saved: Saved) -> dict[str, Any]:
    form = compiled_form(submission.campaign.version)
    changed = changed_since(submission, edition) if saved.edition > edition else []
    dictionaries = dictionaries_of(form.schema) if changed else {}
    asked = _asked(submission, values_of([submission.pk])) if changed and form.relevant else {}
    submission.refresh_from_db(fields=["status"])
    return {
        "edition": saved.edition,
        "status": submission.status,
        "status_words": submission.get_status_display(),
        "message": saved.message,
        "landed": saved.landed,
        "asked": asked,
        "faults": [
            {
                "place": place_of(f.key, f.row),
                "key": f.key,
                "row": f.row,
                "kind": f.kind,
                "message": f.message,
                "value": f.value,
            }
            for f in saved.faults
        ],
        "changed": [
            as_change(
                value,
                form,
                dictionaries.get(form.schema.cells[value.cell.key].field.dictionary, ()),
            )
            for value in changed
            if value.cell.key in form.schema.cells
        ],
    }
