"""Reporting's part of the cabinets."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor, Ask, NavItem, Panel, add_nav, add_panel, kept, number_of
from sreda.registry.api import Role
from sreda.reporting.access import CAMPAIGNS, INDICATORS, PROPOSALS, SUBMISSIONS, SURVEYS
from sreda.reporting.domain.prefill import FILLABLE
from sreda.reporting.enums import CampaignStatus, FormKind, IndicatorState, ProposalStatus
from sreda.reporting.models import Campaign, Indicator, Participation, Proposal, Submission
from sreda.reporting.queries.monitoring import DONE, dress

SECTION = _("Reports and monitoring")
OPERATOR = frozenset({Role.OPERATOR})
WATCHING = frozenset({Role.OPERATOR, Role.COORDINATOR})
FILLING = frozenset({Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER})
SHOWN = 5


def _still_to_hand_in(actor: Actor) -> QuerySet[Submission]:
    return SUBMISSIONS.all(actor).filter(
        status__in=FILLABLE,
        campaign__status=CampaignStatus.OPEN,
        campaign__version__form__kind=FormKind.REPORT,
    )


@kept
def _own(actor: Actor) -> QuerySet[Submission]:
    rows = _still_to_hand_in(actor).select_related("campaign")
    return rows.order_by("campaign__due_on")[:SHOWN]


def own(actor: Actor) -> dict[str, Any] | None:
    """What the organisation, or oneself, has still to hand in."""
    rows = _own(actor)
    for row in rows:
        dress(row, actor.on)
    return {"rows": rows} if rows else None


@kept
def _watched(actor: Actor) -> QuerySet[Campaign]:
    seen = Q()
    if actor.role == Role.COORDINATOR:
        seen = Q(submissions__municipality_id=actor.municipality_id)
    return (
        CAMPAIGNS.all(actor, "watch")
        .filter(status=CampaignStatus.OPEN, version__form__kind=FormKind.REPORT)
        .annotate(
            mine=Count("submissions", filter=seen),
            mine_done=Count("submissions", filter=seen & Q(submissions__status__in=DONE)),
        )
        .order_by("due_on")[:SHOWN]
    )


def watched(actor: Actor) -> dict[str, Any] | None:
    """Open campaigns with how many of the reports one sees are handed in."""
    rows = _watched(actor)
    return {"rows": rows} if rows else None


@kept
def _broken(actor: Actor) -> QuerySet[Indicator]:
    return INDICATORS.all(actor, "manage").filter(state=IndicatorState.BROKEN)[:SHOWN]


def broken_indicators(actor: Actor) -> dict[str, Any] | None:
    """Indicators that have lost a source, where there are any."""
    found = _broken(actor)
    return {"rows": found} if found else None


@kept
def to_hand_in(actor: Actor) -> QuerySet[Submission, tuple[int]]:
    return number_of(_still_to_hand_in(actor))


@kept
def open_proposals(actor: Actor) -> QuerySet[Proposal, tuple[int]]:
    return number_of(PROPOSALS.all(actor).filter(status=ProposalStatus.OPEN))


@kept
def _to_answer(actor: Actor) -> QuerySet[Campaign]:
    done = Participation.objects.filter(person=actor.person_id).values("campaign_id")
    return SURVEYS.all(actor, "answer").exclude(pk__in=done).order_by("due_on")[:SHOWN]


def surveys(actor: Actor) -> dict[str, Any] | None:
    """Surveys that ask the person and wait for an answer."""
    if not actor.person_id:
        return None
    rows = _to_answer(actor)
    return {"rows": rows} if rows else None


def ask_surveys(actor: Actor) -> list[Ask | None]:
    return [_to_answer.ask(actor)] if actor.person_id else []


add_panel(
    Panel("reporting.surveys", "reporting/panels/surveys.html", surveys, order=9, asks=ask_surveys)
)
add_panel(
    Panel(
        "reporting.own",
        "reporting/panels/own.html",
        own,
        FILLING,
        8,
        asks=lambda actor: [_own.ask(actor)],
    )
)
add_panel(
    Panel(
        "reporting.watched",
        "reporting/panels/open.html",
        watched,
        WATCHING,
        22,
        shared=lambda actor: actor.municipality_id or "",
    )
)
add_panel(
    Panel(
        "reporting.broken",
        "reporting/panels/broken.html",
        broken_indicators,
        OPERATOR,
        28,
        asks=lambda actor: [_broken.ask(actor)],
    )
)
add_nav(
    NavItem(_("Reports"), "reporting:reports", "report", FILLING, SECTION, 160, to_hand_in),
    NavItem(_("Surveys"), "reporting:surveys", "message", section=SECTION, order=172),
    NavItem(_("Surveys of people"), "reporting:surveys_all", "messages", OPERATOR, SECTION, 167),
    NavItem(_("Campaigns"), "reporting:campaigns", "report", WATCHING, SECTION, 161),
    NavItem(
        _("Proposals to the records"),
        "reporting:proposals",
        "git-compare",
        WATCHING | {Role.HEAD, Role.ADMINISTRATOR},
        SECTION,
        165,
        open_proposals,
    ),
    NavItem(_("Forms"), "reporting:forms", "forms", OPERATOR, SECTION, 166),
    NavItem(
        _("Dashboards"),
        "reporting:dashboards",
        "layout-dashboard",
        WATCHING | {Role.HEAD, Role.ADMINISTRATOR},
        SECTION,
        168,
    ),
    NavItem(
        _("Indicators of monitoring"),
        "reporting:indicators",
        "chart-dots",
        WATCHING | {Role.HEAD, Role.ADMINISTRATOR},
        SECTION,
        169,
    ),
    NavItem(_("For analysts"), "reporting:analytics", "database-export", OPERATOR, SECTION, 170),
)
