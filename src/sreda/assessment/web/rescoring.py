"""A corrected key: choose the versions, see whose mark changes, have the marks changed."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sreda.assessment.access import SITTINGS
from sreda.assessment.domain import rescoring as domain
from sreda.assessment.enums import ItemStatus, MarkingStatus, RescoringStatus
from sreda.assessment.models import ItemResult, ItemVersion, Rescoring, Sitting
from sreda.assessment.tasks import run_rescoring
from sreda.kernel import clock
from sreda.kernel.api import Column, Listing, defer_once
from sreda.ui.pages import actor_of, key_of, page, polled, refreshed, under_way, work_bar

EARLIER = 20


@page
def rescore(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Which item's key was corrected, and why; a POST has the list made of whose mark changes."""
    actor = actor_of(request)
    sitting: Sitting = SITTINGS.get(actor, "manage", pk=pk)
    pairs = pairs_of(sitting)
    status = 200
    if request.method == "POST":
        chosen = request.POST.get("pair", "")
        found = next(((a, b) for value, a, b in pairs if value == chosen), None)
        try:
            if found is None:
                raise ValidationError(_("Choose the item whose key was corrected."))
            made = domain.ask(
                sitting, before=found[0], after=found[1], reason=request.POST.get("reason", ""),
                actor=actor, at=clock.now(), key=key_of(request, f"rescore {pk}"),
            )  # fmt: skip
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            status = 422
        else:
            defer_once(run_rescoring, pk=made.pk)
            return redirect("assessment:rescoring", pk=made.pk)
    earlier = sitting.rescorings.select_related("before__item").defer("changes")[:EARLIER]
    context = {
        "sitting": sitting,
        "pairs": pairs,
        "chosen": request.POST.get("pair", ""),
        "reason": request.POST.get("reason", ""),
        "made": earlier,
    }
    return render(request, "assessment/rescore.html", context, status=status)


def pairs_of(sitting: Sitting) -> list[tuple[str, ItemVersion, ItemVersion]]:
    """Versions the key has marked answers of, each with every other that may be given; the value
    of the choice first."""
    marked = ItemResult.objects.filter(
        attempt__sitting=sitting, marking=MarkingStatus.AUTOMATIC
    ).order_by()  # fmt: skip
    others = ItemVersion.objects.exclude(status=ItemStatus.DRAFT).defer("content")
    given = (
        ItemVersion.objects.filter(pk__in=marked.values("item_version_id"))
        .select_related("item")
        .prefetch_related(Prefetch("item__versions", others))
        .order_by("item__title", "number")
    )
    return [
        (f"{before.pk}:{after.pk}", before, after)
        for before in given
        for after in before.item.versions.all()
        if after.pk != before.pk
    ]


@page
def rescoring(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """How far the work is, then whose mark changes; a POST has them changed, or tries again."""
    actor, at = actor_of(request), clock.now()
    rows = Rescoring.objects.select_related("sitting", "before__item", "after")
    made = rows.filter(pk=pk).first()
    if made is None:
        raise Http404
    SITTINGS.get(actor, "manage", pk=made.sitting_id)
    if request.method == "POST":
        try:
            asked = domain.again if request.POST.get("do") == "again" else domain.confirm
            if asked(made, actor=actor, at=at):
                defer_once(run_rescoring, pk=pk)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("assessment:rescoring", pk=pk)
    if made.at_work:
        applying = made.status == RescoringStatus.APPLYING
        label = _("Marking anew") if applying else _("Looking whose mark changes")
        work = under_way(made.percent, label, f"{request.path}?progress=1")
        if polled(request):
            return work_bar(request, work)
        return render(request, "assessment/rescoring.html", {"made": made, "work": work})
    if polled(request) and "progress" in request.GET:
        return refreshed()
    listing = changes_of(made, request)
    if (export := listing.export()) is not None:
        return export
    by_hand = domain.by_hand(made.before, made.after)
    context = {
        "made": made,
        "listing": listing,
        "by_hand": by_hand,
        "may_apply": made.status == RescoringStatus.LISTED and not by_hand,
    }
    return render(request, "assessment/rescoring.html", context)


def changes_of(made: Rescoring, request: HttpRequest) -> Listing[ItemResult]:
    """The results whose mark changes, each with `old` and `new` (None: for people to look at)."""
    found = {UUID(pk): (old, new) for pk, old, *new in made.changes}

    def complete(rows: list[ItemResult]) -> None:
        for row in rows:
            old, new = found[row.pk]
            marks = Decimal(old or 0), Decimal(new[0] or 0) if new else None
            row.old, row.new = marks  # type: ignore[attr-defined]

    return Listing(
        rows=ItemResult.objects.filter(pk__in=found).select_related("attempt__person"),
        params=request.GET,
        search=lambda rows, text: rows.filter(attempt__person__family_name__istartswith=text),
        sorts={"name": ["attempt__person__family_name", "attempt__person__given_name"]},
        default_sort="name",
        columns=[
            Column(pgettext("person", "Name"), lambda row: row.attempt.person.full_name),
            Column(pgettext("mark", "Before"), lambda row: row.old),
            Column(pgettext("mark", "After"), lambda row: row.new),
        ],
        complete=complete,
        name="changes",
    )
