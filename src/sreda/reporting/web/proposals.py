"""Proposals to change the records, made by correcting reports."""

from __future__ import annotations

from typing import Any
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
from sreda.reporting.access import CAMPAIGNS, PROPOSALS
from sreda.reporting.domain.proposals import decide_proposal
from sreda.reporting.enums import ProposalStatus
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.entries import places_of, settable, source_of
from sreda.reporting.queries.typed import shown
from sreda.reporting.queries.versions import compiled_form, dictionaries_of, options_of
from sreda.reporting.web.frame import actor_of, page, visible


@page
@require_GET
def proposals(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(PROPOSALS.may(actor, "view"))
    listing = Listing(
        rows=PROPOSALS.all(actor).select_related(
            "cell", "submission__organisation", "submission__campaign__version"
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
        _dress(row)
    watching = CAMPAIGNS.may(actor, "watch")
    context = {
        "listing": listing,
        "may_decide": PROPOSALS.may(actor, "decide"),
        "way_on": reverse("reporting:campaigns" if watching else "reporting:reports"),
        "way_on_label": _("Campaigns") if watching else _("Reports"),
    }
    return render(request, "reporting/proposals.html", context)


def _dress(row: Any) -> None:
    """Add to a proposal what the page shows: both values in words, and what to do about it."""
    version = row.submission.campaign.version
    form = compiled_form(version)
    field = form.schema.cells[row.cell.key].field
    source = source_of(form, row.cell.key)
    options = options_of(form.schema.cells[row.cell.key], dictionaries_of(form.schema))
    row.was_shown, row.proposed_shown = (
        shown(field, None, text, options) for text in (row.was, row.proposed)
    )
    where = reverse("reporting:cell", args=[row.submission_id])
    row.cell_url = f"{where}?at={place_of(row.cell.key, row.row)}"
    row.tone, row.icon = TONES[ProposalStatus(row.status)]
    if row.status == ProposalStatus.OPEN:
        row.by_itself = settable(source) is not None
        asked = source.inputs.datasets if source else ()
        row.places = places_of(asked, row.submission.organisation_id)


TONES = {
    ProposalStatus.OPEN: ("primary", "clock"),
    ProposalStatus.ACCEPTED: ("success", "check"),
    ProposalStatus.REJECTED: ("danger", "x"),
    ProposalStatus.WITHDRAWN: ("neutral", "arrow-back"),
}


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
        words = " ".join(error.messages)
        if request.POST.get("act") == "accept":
            words = _("The record was not changed: %s") % words
        messages.error(request, words)
    else:
        messages.success(request, _("The decision is kept; whoever proposed is told."))
    return redirect("reporting:proposals")
