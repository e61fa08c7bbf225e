"""Marking by people: the queue, an answer, appeals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.assessment.access import APPEALS, RESULTS, SITTINGS, STAFF_ROLES, stakes
from sreda.assessment.domain import attempts, marking
from sreda.assessment.enums import AppealStatus, MarkingStatus
from sreda.assessment.models import Appeal
from sreda.assessment.queries import teaching
from sreda.assessment.rendering import Page, render_item
from sreda.assessment.web.portable import portable_at
from sreda.assessment.web.taking import files_sent, resource_url, sent_file
from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing, Permissions, Refused
from sreda.ui.pages import actor_of, key_of, page, visible

M = TypeVar("M", bound=Model)


@page
@require_GET
def queue(request: HttpRequest) -> HttpResponseBase:
    """Answers that wait for this marker, oldest first; names are not shown."""
    actor = actor_of(request)
    visible(RESULTS.may(actor, "mark"))
    asked = parsed(request.GET.get("sitting", ""))
    sitting = SITTINGS.all(actor).filter(pk=asked).first() if asked else None
    listing = Listing(
        rows=teaching.to_mark(actor, sitting).select_related(
            "attempt__sitting", "item_version__item"
        ),
        params=request.GET,
        sorts={
            "at": ["attempt__closed_at"],
            "item": ["item_version__item__title"],
            "sitting": ["attempt__sitting__title"],
        },
        default_sort="at",
        name="marking",
    )
    context = {
        "listing": listing,
        "sitting": sitting,
        "may_list": SITTINGS.may(actor, "view"),
    }
    return render(request, "assessment/queue.html", context)


def parsed(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@page
def mark(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One answer without a name, its rubric, and a field for the mark."""
    actor, at = actor_of(request), clock.now()
    found = to_judge(RESULTS, actor, "mark", pk, lambda result: result.attempt.person_id)
    control = found.marking == MarkingStatus.AUTOMATIC
    error, status = "", 200
    if request.method == "POST":
        try:
            score = decimal(request.POST.get("score", ""))
            comment = request.POST.get("comment", "")[:4000]
            if control:
                marking.control_mark(found, score=score, comment=comment, actor=actor, at=at)
            else:
                marking.give_mark(
                    found, score=score, comment=comment, actor=actor, at=at,
                    key=key_of(request, "mark"),
                )  # fmt: skip
            messages.success(request, _("The mark is saved."))
            following = teaching.to_mark(actor, found.attempt.sitting).order_by(
                "attempt__closed_at", "pk"
            )
            after = following.first()
            if after is not None and not control:
                return redirect("assessment:mark", pk=after.pk)
            if SITTINGS.may(actor, "view", found.attempt.sitting):
                return redirect("assessment:watch", pk=found.attempt.sitting_id)
            return redirect("assessment:queue")
        except ValidationError as wrong:
            error, status = " ".join(wrong.messages), 422
    session = attempts.running(found.attempt).session
    item, state = session.item(found.ref), session.state_of(found.ref)
    ref = next(entry.ref for entry in session.plan if entry.key == found.ref)
    view = Page(
        view="scorer",
        closed=True,
        right=True,
        resource=lambda href: resource_url(found.attempt, ref, href),
        portable=portable_at(request, found.attempt, ref),
        file=files_sent(found.attempt, "assessment:sent", found.pk),
        sent=attempts.fields_given(found.attempt).get(found.ref, {}),
    )
    marks = list(found.marks.filter(replaced_at=None))
    own = next((one for one in marks if one.marker_id == actor.person_id), None)
    context = {
        "result": found,
        "sitting": found.attempt.sitting,
        "body": render_item(item, state, view).body if item is not None else "",
        "error": error,
        "control": control,
        "own": own,
        "settled": "" if control else marking.why_settled(found, marks, actor.person_id),
        "score": request.POST.get("score", localize(own.score.normalize() + 0) if own else ""),
        "comment": request.POST.get("comment", own.comment if own else ""),
        "left": teaching.to_mark(actor, found.attempt.sitting).count(),
    }
    return render(request, "assessment/mark.html", context, status=status)


def to_judge(
    permissions: Permissions[M], actor: Actor, act: str, pk: UUID, whose: Callable[[M], UUID]
) -> M:
    """The object; Refused with the reason where it is the actor's own work or their child's."""
    found = permissions.get(actor, pk=pk)
    if not permissions.may(actor, act, found) and actor.role in STAFF_ROLES:
        person = whose(found)
        if actor.person_id == person:
            raise Refused(_("This is your own work: nobody judges their own."), way_on(act))
        if person in stakes(actor):
            raise Refused(
                _("This is your child's work: nobody judges the work of their own child."),
                way_on(act),
            )
    permissions.require(actor, act, found)
    return found


def way_on(act: str) -> str:
    if act == "decide":
        return _(
            "Another head or administrator of the organisation decides this appeal. If there is "
            "none, ask the regional operator to appoint somebody to decide it."
        )
    return _(
        "The answer stays in the queue of the other staff of the organisation. If nobody else is "
        "left there, an expert of the department marks it."
    )


def decimal(text: str) -> Decimal:
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ValidationError({"score": _("A mark is a number, such as 2,5.")}) from None
    if not found.is_finite():
        raise ValidationError({"score": _("A mark is a number, such as 2,5.")})
    return found


@page
@require_GET
def sent(request: HttpRequest, pk: UUID, file: UUID) -> HttpResponseBase:
    """A file that a learner sent as an answer, for a marker who sees no names."""
    return sent_file(RESULTS.get(actor_of(request), pk=pk).attempt, file)


@page
@require_GET
def appeals(request: HttpRequest) -> HttpResponseBase:
    visible(SITTINGS.may(actor_of(request), "mark"))
    return _appeals(request)


def _appeals(request: HttpRequest, typed: dict[str, Any] | None = None) -> HttpResponseBase:
    """The list; with `typed`, one appeal alone with a decision that could not be taken."""
    actor = actor_of(request)
    rows, judged_by_others = teaching.appeals(actor), stakes(actor)

    def complete(shown: list[Appeal]) -> None:
        for row in shown:
            row.own = row.result.attempt.person_id in judged_by_others  # type: ignore[attr-defined]

    listing = Listing(
        rows=rows.filter(pk=typed["pk"]) if typed else rows,
        params=request.GET,
        search=lambda rows, text: rows.filter(
            Q(result__attempt__person__family_name__istartswith=text)
            | Q(result__attempt__sitting__title__icontains=text)
        ),
        filter_by=[Filter("status", _("State"), AppealStatus.choices)],
        sorts={"at": ["at"], "state": ["status", "-at"]},
        default_sort="-at",
        complete=complete,
        columns=[
            Column(_("Learner"), lambda row: row.result.attempt.person.full_name),
            Column(_("Test"), lambda row: row.result.attempt.sitting.title),
            Column(_("Attempt"), lambda row: row.result.attempt.number),
            Column(_("Task"), lambda row: row.result.item_version.item.title),
            Column(_("Lodged on"), lambda row: row.at),
            Column(_("Lodged by"), lambda row: row.by_name),
            Column(_("What is contested"), lambda row: row.text),
            Column(_("State"), lambda row: str(row.get_status_display())),
            Column(_("Mark before"), lambda row: row.score_before),
            Column(_("Mark after"), lambda row: row.score_after),
            Column(_("Greatest mark"), lambda row: row.result.max_score),
            Column(_("Decision"), lambda row: row.decision),
            Column(_("Decided by"), lambda row: row.decided_by_name),
            Column(_("Decided on"), lambda row: row.decided_at),
        ],
        name="appeals",
    )
    if not typed and (export := listing.export()) is not None:
        return export
    shown = [row.pk for row in listing.page]
    context = {
        "listing": listing,
        "way_on": way_on("decide"),
        "mine": set(APPEALS.all(actor, "decide").filter(pk__in=shown).values_list("pk", flat=True)),
        "typed": typed or {},
    }
    return render(request, "assessment/appeals.html", context, status=422 if typed else 200)


@page
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor, at = actor_of(request), clock.now()
    found = to_judge(APPEALS, actor, "decide", pk, lambda appeal: appeal.result.attempt.person_id)
    try:
        upheld = request.POST.get("what") == "uphold"
        marking.decide_appeal(
            found,
            score=decimal(request.POST.get("score", "")) if upheld else None,
            decision=request.POST.get("decision", ""),
            actor=actor,
            at=at,
        )
        messages.success(request, _("The decision is saved."))
    except ValidationError as wrong:
        sent = {name: request.POST.get(name, "")[:4000] for name in ("decision", "score")}
        return _appeals(request, {"pk": pk, "error": " ".join(wrong.messages), **sent})
    return redirect("assessment:appeals")
