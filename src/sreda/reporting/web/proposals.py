"""Proposals to change the records, made by correcting reports."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.reporting.access import PROPOSALS
from sreda.reporting.domain.proposals import decide_proposal
from sreda.reporting.enums import ProposalStatus
from sreda.reporting.queries.cells import place_of
from sreda.reporting.web.frame import actor_of, page, visible


@page
@require_GET
def proposals(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(PROPOSALS.may(actor, "view"))
    listing = Listing(
        rows=PROPOSALS.all(actor).select_related(
            "cell", "submission__organisation", "submission__campaign"
        ),
        params=request.GET,
        search=lambda rows, text: rows.filter(submission__organisation__short_name__icontains=text),
        filter_by=[Filter("status", gettext_lazy("State"), ProposalStatus.choices)],
        sorts={"at": ["at"], "name": ["submission__organisation__short_name"]},
        default_sort="-at",
        columns=[
            Column(gettext_lazy("Organisation"), lambda p: p.submission.organisation.short_name),
            Column(gettext_lazy("Cell"), lambda p: p.cell.title),
            Column(gettext_lazy("By the records"), lambda p: p.was),
            Column(gettext_lazy("By the organisation"), lambda p: p.proposed),
            Column(gettext_lazy("Reason"), lambda p: p.reason),
            Column(gettext_lazy("State"), lambda p: p.get_status_display()),
        ],
        name="proposals",
    )
    if (answer := listing.export()) is not None:
        return answer
    for row in listing.page:
        place = place_of(row.cell.key, row.row)
        where = reverse("reporting:cell", args=[row.submission_id])
        row.cell_url = f"{where}?at={place}"  # type: ignore[attr-defined]
        row.record_url = reverse(  # type: ignore[attr-defined]
            "registry:organisation", args=[row.submission.organisation_id]
        )
    context = {"listing": listing, "may_decide": PROPOSALS.may(actor, "decide")}
    return render(request, "reporting/proposals.html", context)


@page
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    proposal = PROPOSALS.get(actor, "decide", pk=pk)
    try:
        decide_proposal(
            proposal,
            accept=request.POST.get("act") == "accept",
            answer=request.POST.get("answer", ""),
            actor=actor,
            at=clock.now(),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The decision is kept."))
    return redirect("reporting:proposals")
