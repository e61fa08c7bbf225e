"""Putting a draft in force: what stands in the way, what is asked twice, what becomes of values."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.reporting.access import CAMPAIGNS, VERSIONS
from sreda.reporting.domain import carrying, drafts
from sreda.reporting.domain import forms as domain
from sreda.reporting.enums import CampaignStatus, VersionStatus
from sreda.reporting.expressions import reason
from sreda.reporting.forms.carry import Fate, carried, possible
from sreda.reporting.models import Campaign, FormVersion
from sreda.reporting.queries.burden import total, yearly
from sreda.reporting.queries.trying import failing
from sreda.reporting.queries.vetting import Problem, ProblemKind, problems, target, title_of
from sreda.reporting.web.design.base import (
    Context,
    actor_of,
    back_to,
    edition_of,
    gone,
    page,
    version_of,
)
from sreda.reporting.web.design.editor import cell_at
from sreda.reporting.web.design.trying import sample_organisations

SHOWN = 200


@page
@require_GET
def publishing(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = version_of(request, pk)
    return _shown(request, found)


def _shown(request: HttpRequest, found: FormVersion, status: int = 200) -> HttpResponseBase:
    actor, schema = actor_of(request), found.schema
    draft = found.status == VersionStatus.DRAFT
    wrong = problems(found, on=actor.on) if draft else []
    base = drafts.before_of(found)
    fates = list(carried(base, schema, found.moves)) if draft and base.cells else []
    free = [one.new for one in fates if one.fate is Fate.NEW and one.new]
    (year,) = yearly([(found.form, found)], actor.on)
    asked, saved = total(actor.on)
    tried = sample_organisations(request, found) if draft else []
    context: Context = {
        "version": found,
        "form": found.form,
        "draft": draft,
        "blocking": [_line(p, found) for p in wrong if p.stops and p.kind in _FAULTS],
        "repeats": [_line(p, found) for p in wrong if p.kind is ProblemKind.REPEAT],
        "likely": [_line(p, found) for p in wrong if p.kind is ProblemKind.LIKELY],
        "open_likely": sum(p.kind is ProblemKind.LIKELY and p.stops for p in wrong),
        "ready": draft and not any(p.stops for p in wrong),
        "failing": [
            {
                "place": place,
                "title": title_of(schema, place),
                "at": target(schema, place),
                "said": reason(fault),
            }
            for place, fault in failing(found, tried, actor.on).items()
        ],
        "tried": tried,
        "may_publish": draft and VERSIONS.may(actor, "publish", found),
        "counts": Counter(one.fate.value for one in fates),
        "converted": [one for one in fates if one.fate is Fate.CONVERTED or one.moved][:SHOWN],
        "dropped": [
            (one.old, [cell for cell in free if possible(one.old, cell)][:100])
            for one in fates
            if one.fate is Fate.DROPPED and one.old
        ][:SHOWN],
        "carried": bool(fates),
        "year": year,
        "total_hours": asked / 60,
        "total_saved": saved / 60,
        "campaigns": _campaigns(request, found),
    }
    return render(request, "reporting/design/publish.html", context, status=status)


_FAULTS = {ProblemKind.STRUCTURE, ProblemKind.EXPRESSION}


def _line(problem: Problem, found: FormVersion) -> dict[str, Any]:
    return {
        "problem": problem,
        "title": title_of(found.schema, problem.place),
        "at": target(found.schema, problem.place),
    }


def _campaigns(request: HttpRequest, found: FormVersion) -> list[Campaign]:
    """Running ones of the same form that ask an older version."""
    rows = CAMPAIGNS.all(actor_of(request), "manage").filter(version__form=found.form_id)
    return list(
        rows.exclude(status=CampaignStatus.CLOSED)
        .exclude(version=found)
        .select_related("version")[:50]
    )


@page
@require_POST
def publish(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = version_of(request, pk, "publish")
    try:
        done = domain.publish_version(
            found, edition=edition_of(request), actor=actor_of(request), at=clock.now()
        )
    except domain.NotReady:
        return _shown(request, found, 422)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:publishing", pk=pk)
    messages.success(request, _("Version %(number)s is in force.") % {"number": done.number})
    return redirect("reporting:publishing" if _campaigns(request, done) else "reporting:form",
                    pk=done.pk if _campaigns(request, done) else done.form_id)  # fmt: skip


@page
@require_POST
def fill_from(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A question that is answered elsewhere takes its value from there."""
    found = version_of(request, pk, "change")
    key = request.POST.get("key", "")
    known = next(
        (p.known for p in problems(found, on=actor_of(request).on) if p.place == key and p.known),
        None,
    )
    if known is None:
        messages.info(request, _("This question is not asked twice any more."))
        return redirect("reporting:publishing", pk=pk)
    place = target(found.schema, key)
    cell = found.schema.cells[key]
    if place is None:
        raise Http404
    values: dict[str, Any] = {"source": known.source}
    if cell.row and not cell.listed:
        _block, row, column = cell_at(found.schema, key)
        kept = [(code, text) for code, text in row.sources if code != column.code]
        values = {"sources": (*kept, (column.code, known.source))}
        place = type(place)("row", row.code, cell.block)
    try:
        drafts.amend(
            found, place, values, edition=edition_of(request), actor=actor_of(request),
            at=clock.now(),
        )  # fmt: skip
    except (drafts.Stale, ValidationError) as error:
        return gone(request, found, error)
    messages.success(
        request,
        _("“%(title)s” is now filled from: %(holder)s.")
        % {"title": cell.title, "holder": known.holder},
    )
    return redirect("reporting:publishing", pk=pk)


@page
@require_POST
def repeat(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A likely repeat is asked all the same, for a reason."""
    found = version_of(request, pk, "change")
    try:
        drafts.decide_repeat(
            found, request.POST.get("key", "")[:130], of=request.POST.get("of", "")[:500],
            reason=request.POST.get("reason", ""), actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Decided: it is asked all the same."))
    return redirect("reporting:publishing", pk=pk)


@page
@require_POST
def connect(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Which new cell carries the values of a dropped one."""
    found = version_of(request, pk, "change")
    try:
        drafts.connect(
            found, request.POST.get("old", ""), request.POST.get("new") or None,
            edition=edition_of(request), actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
    except (drafts.Stale, ValidationError) as error:
        return gone(request, found, error)
    messages.success(request, _("Saved."))
    return redirect("reporting:publishing", pk=pk)


@page
@require_GET
def carry(request: HttpRequest, pk: UUID, campaign: UUID) -> HttpResponseBase:
    """What carrying a running campaign over to this version would do."""
    found, running = _pair(request, pk, campaign)
    outcome = carrying.foreseen(running, found)
    context: Context = {
        "version": found, "campaign": running, "outcome": outcome,
        "counts": {fate.value: number for fate, number in outcome.counts.items()},
        "back": back_to(found),
    }  # fmt: skip
    return render(request, "reporting/design/carry.html", context)


@page
@require_POST
def carry_over(request: HttpRequest, pk: UUID, campaign: UUID) -> HttpResponseBase:
    found, running = _pair(request, pk, campaign)
    try:
        carrying.carry_over(running, found, actor=actor_of(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:carry", pk=pk, campaign=campaign)
    messages.success(request, _("The campaign asks the new version now."))
    return redirect("reporting:form", pk=found.form_id)


def _pair(request: HttpRequest, pk: UUID, campaign: UUID) -> tuple[FormVersion, Campaign]:
    found = version_of(request, pk)
    running = CAMPAIGNS.get(actor_of(request), "manage", pk=campaign)
    if running.version.form_id != found.form_id or found.status != VersionStatus.PUBLISHED:
        raise Http404
    return found, running
