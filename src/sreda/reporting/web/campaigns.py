"""Campaigns: planned, opened, watched live, reminded, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.registry.api import Municipality
from sreda.reporting.access import CAMPAIGNS, SUBMISSIONS
from sreda.reporting.domain import campaigns as domain
from sreda.reporting.domain.prefill import FILLABLE
from sreda.reporting.enums import CampaignStatus, FormKind, PeriodKind, SubmissionStatus
from sreda.reporting.models import Campaign, Submission
from sreda.reporting.queries.monitoring import TONES, dress, state_of, tone_of, with_counts
from sreda.reporting.tasks import fill_reports
from sreda.reporting.web.asking import AskingForm, chosen_version, day_field
from sreda.reporting.web.frame import (
    actor_of,
    add_errors,
    key_of,
    page,
    tell,
    visible,
)


class CampaignForm(AskingForm):
    kind = FormKind.REPORT
    of_nobody = gettext_lazy("None chosen: whoever the form says.")
    period_start = day_field(gettext_lazy("Period from"))
    period_end = day_field(gettext_lazy("Period to"))
    as_of = day_field(gettext_lazy("Records as of"), gettext_lazy("The day whose records fill it."))
    due_on = day_field(gettext_lazy("Due on"))
    municipal_due_on = day_field(gettext_lazy("Municipalities are due on"), required=False)
    field_order = (
        "version", "title", "period_start", "period_end", "as_of", "opens_on", "due_on",
        "municipal_due_on", "kinds", "municipalities",
    )  # fmt: skip


@page
@require_GET
def campaigns(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(CAMPAIGNS.may(actor, "watch"))
    rows = CAMPAIGNS.all(actor, "watch").filter(version__form__kind=FormKind.REPORT)
    listing = Listing(
        rows=with_counts(rows.select_related("version__form")),
        params=request.GET,
        search=lambda found, text: found.filter(title__icontains=text),
        filter_by=[Filter("status", gettext_lazy("State"), CampaignStatus.choices)],
        sorts={"due": ["due_on"], "title": ["title"], "period": ["period_start"]},
        default_sort="-due",
        columns=[
            Column(gettext_lazy("Campaign"), lambda c: c.title),
            Column(gettext_lazy("Period from"), lambda c: c.period_start),
            Column(gettext_lazy("Period to"), lambda c: c.period_end),
            Column(gettext_lazy("Due on"), lambda c: c.due_on),
            Column(gettext_lazy("State"), lambda c: c.get_status_display()),
            Column(gettext_lazy("Reports"), lambda c: c.total),
            Column(gettext_lazy("Handed in"), lambda c: c.done),
        ],
        name="campaigns",
    )
    if (answer := listing.export()) is not None:
        return answer
    for row in listing.page:
        row.tone, row.icon = TONES[CampaignStatus(row.status)]  # type: ignore[attr-defined]
    context = {"listing": listing, "may_add": CAMPAIGNS.may(actor, "manage")}
    return render(request, "reporting/campaigns.html", context)


@page
def campaign_add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(CAMPAIGNS.may(actor, "manage"))
    form = CampaignForm(request.POST or None, initial=_usual(actor.on, request))
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.plan_campaign(
                **form.words(),
                audience=form.audience() or None,
                actor=actor,
                at=clock.now(),
                key=key_of(request, "campaign"),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The campaign is planned."))
            return redirect("reporting:campaign", pk=made.pk)
    status = 422 if form.errors else 200
    return render(request, "reporting/campaign_add.html", {"form": form}, status=status)


def _usual(on: date, request: HttpRequest) -> dict[str, Any]:
    """The form's period that the day is in, the records of today."""
    version = chosen_version(request.GET.get("version", ""))
    kind = PeriodKind(version.form.period_kind) if version else PeriodKind.SCHOOL_YEAR
    start, end = kind.around(on)
    return {
        "version": version.pk if version else None,
        "period_start": start,
        "period_end": end,
        "as_of": on,
        "opens_on": on,
        "due_on": date.fromordinal(on.toordinal() + 14),
    }


def the_campaign(request: HttpRequest, pk: UUID, action: str = "watch") -> tuple[Campaign, Actor]:
    actor = actor_of(request)
    found = CAMPAIGNS.get(actor, "view", pk=pk, version__form__kind=FormKind.REPORT)
    if not CAMPAIGNS.may(actor, "watch", found):
        visible(False)
    CAMPAIGNS.require(actor, action, found)
    return Campaign.objects.select_related("version__form").get(pk=pk), actor


def _late(rows: QuerySet[Submission], value: str) -> QuerySet[Submission]:
    return rows.filter(status__in=FILLABLE) if value == "todo" else rows.filter(status=value)


def _places(actor: Actor) -> list[Filter[Any]]:
    if actor.role != "operator":
        return []

    def choices() -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Municipality.objects.values_list("pk", "name")]

    return [Filter("municipality", gettext_lazy("Municipality"), choices)]


@page
@require_GET
def campaign(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The monitor: states by municipality, which renew themselves, and the list of reports."""
    found, actor = the_campaign(request, pk)
    rows = SUBMISSIONS.all(actor).filter(campaign=found)
    listing = Listing(
        rows=rows.select_related("organisation", "municipality"),
        params=request.GET,
        search=lambda reports, text: reports.filter(organisation__short_name__icontains=text),
        filter_by=[
            Filter(
                "state",
                gettext_lazy("State"),
                [("todo", gettext_lazy("Not handed in")), *SubmissionStatus.choices],
                _late,
            ),
            *_places(actor),
        ],
        sorts={
            "name": ["organisation__short_name"],
            "municipality": ["municipality__name", "organisation__short_name"],
            "submitted": ["submitted_at"],
            "changed": ["changed_at"],
            "filled": ["filled"],
        },
        default_sort="municipality",
        columns=[
            Column(gettext_lazy("Registry number"), lambda s: s.organisation.code),
            Column(gettext_lazy("Organisation"), lambda s: s.organisation.short_name),
            Column(gettext_lazy("Municipality"), lambda s: s.municipality.name),
            Column(gettext_lazy("State"), lambda s: s.get_status_display()),
            Column(gettext_lazy("Cells filled"), lambda s: s.filled),
            Column(gettext_lazy("of them from records"), lambda s: s.sourced),
            Column(gettext_lazy("Handed in at"), lambda s: s.submitted_at and str(s.submitted_at)),
            Column(gettext_lazy("Signed by"), lambda s: s.submitted_by_name),
        ],
        name="reports",
    )
    if (answer := listing.export()) is not None:
        return answer
    for row in listing.page:
        row.campaign = found
        dress(row, actor.on)
    tone, icon = tone_of(found.status)
    return render(
        request,
        "reporting/campaign.html",
        {
            "campaign": found,
            "listing": listing,
            "state": state_of(found, SUBMISSIONS.all(actor), actor.on),
            "may_manage": CAMPAIGNS.may(actor, "manage", found),
            "tone": tone,
            "icon": icon,
            "on": actor.on,
            "asked": domain.audience_of(found).count() if found.status == "planned" else None,
        },
    )


@page
@require_GET
def campaign_state(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The part of the monitor that renews itself."""
    found, actor = the_campaign(request, pk)
    state = state_of(found, SUBMISSIONS.all(actor), actor.on)
    return render(
        request, "reporting/parts/campaign_state.html", {"campaign": found, "state": state}
    )


def _act(
    request: HttpRequest, pk: UUID, write: Callable[[Campaign, Actor], str]
) -> HttpResponseBase:
    found, actor = the_campaign(request, pk, "manage")
    tell(request, lambda: write(found, actor))
    return redirect("reporting:campaign", pk=pk)


@page
@require_POST
def campaign_open(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        was = found.status
        opened = domain.open_campaign(found, actor=actor, at=clock.now())
        if was == CampaignStatus.PLANNED and opened.version.form.kind == FormKind.REPORT:
            fill_reports.defer(campaign_id=str(opened.pk))
        return _("The campaign is open: its reports are being filled from the records.")

    return _act(request, pk, write)


@page
@require_POST
def campaign_cancel(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found, actor = the_campaign(request, pk, "manage")

    def write() -> str:
        domain.cancel_campaign(found, actor=actor, at=clock.now())
        return _("The campaign is taken back; nobody was asked.")

    done = tell(request, write)
    return redirect("reporting:campaigns") if done else redirect("reporting:campaign", pk=pk)


@page
@require_POST
def campaign_remind(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        try:
            place = UUID(request.POST["municipality"]) if request.POST.get("municipality") else None
        except ValueError:
            raise Http404 from None
        told = domain.remind(
            found,
            at=clock.now(),
            on=actor.on,
            actor=actor,
            municipality_id=place,
            text=request.POST.get("text", "")[:2000],
        )
        return ngettext(
            "%(n)s person was reminded (nobody twice a day).",
            "%(n)s people were reminded (nobody twice a day).",
            told,
        ) % {"n": told}

    return _act(request, pk, write)


@page
@require_POST
def campaign_close(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        domain.close_campaign(found, actor=actor, at=clock.now())
        return _("The campaign is closed.")

    return _act(request, pk, write)


@page
@require_POST
def campaign_reopen(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        try:
            due = date.fromisoformat(request.POST["due_on"]) if request.POST.get("due_on") else None
        except ValueError:
            raise ValidationError(_("This is not a date.")) from None
        domain.reopen_campaign(found, due_on=due, actor=actor, at=clock.now())
        return _("The campaign is open again.")

    return _act(request, pk, write)
