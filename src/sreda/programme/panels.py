"""The programme's part of the cabinets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor, NavItem, Panel, add_nav, add_panel, kept, number_of, numbers
from sreda.programme.access import ACTIONS, ENTRIES
from sreda.programme.models import Action, ListEntry
from sreda.programme.queries import actions as action_queries
from sreda.programme.queries import programmes
from sreda.programme.queries.entries import ranked
from sreda.registry.api import Role

SECTION = _("Programme of change")
OPERATOR = frozenset({Role.OPERATOR})
LISTED = frozenset({Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR})


def programme(actor: Actor) -> dict[str, Any] | None:
    found = programmes.newest()
    if found is None:
        return {"programme": None}
    return {
        "programme": found,
        "finding_counts": programmes.finding_counts(found),
        "staged": programmes.staged_loads(),
    }


@kept
def _followed(actor: Actor) -> QuerySet[ListEntry]:
    newest = programmes.with_current().values("pk")[:1]
    rows = ENTRIES.all(actor, "follow").filter(programme_id=Subquery(newest), gone_at=None)
    return ranked(rows).only("name", "section", "number")[:10]


def own_entries(actor: Actor) -> dict[str, Any] | None:
    """One's own places on the newest list, if there are any."""
    entries = _followed(actor)
    return {"rows": entries} if entries else None


@kept
def _near(programme_id: UUID, until: date) -> QuerySet[Action]:
    near = action_queries.nearest(action_queries.actions_in(programme_id))
    return near.filter(Q(term_due__lte=until))[:6]


@kept
def _late(programme_id: UUID, on: date) -> QuerySet[Action, tuple[int]]:
    return number_of(action_queries.overdue(action_queries.actions_in(programme_id), on))


@kept
def _unowned(programme_id: UUID, on: date) -> QuerySet[Action, tuple[int]]:
    rows = action_queries.open_ones(action_queries.actions_in(programme_id))
    return number_of(rows.filter(owner=None))


def deadlines(actor: Actor) -> dict[str, Any] | None:
    """The operator's: what is late and what comes within thirty days."""
    found = programmes.newest()
    if found is None:
        return None
    until = actor.on + timedelta(days=action_queries.SOON)
    late, unowned = numbers([_late, _unowned], found.pk, actor.on)
    return {
        "rows": [(a, action_queries.is_late(a, actor.on)) for a in _near(found.pk, until)],
        "late": late,
        "unowned": unowned,
    }


@kept
def _owned(actor: Actor) -> QuerySet[Action]:
    mine = ACTIONS.all(actor, "view").filter(owner=actor.person_id, gone_at=None)
    return action_queries.nearest(action_queries.with_terms(mine))[:10]


def own_actions(actor: Actor) -> dict[str, Any] | None:
    """What one answers for, if there is anything."""
    if actor.person_id is None:
        return None
    found = _owned(actor)
    return {"rows": [(a, action_queries.is_late(a, actor.on)) for a in found]} if found else None


add_panel(
    Panel(
        "programme.state",
        "programme/panels/state.html",
        programme,
        OPERATOR,
        20,
        wide=True,
        shared=lambda actor: "",
    )
)
add_panel(Panel("programme.deadlines", "programme/panels/deadlines.html", deadlines, OPERATOR, 25))
add_panel(
    Panel(
        "programme.own_actions",
        "programme/panels/own_actions.html",
        own_actions,
        order=15,
        asks=lambda actor: [_owned.ask(actor)] if actor.person_id else [],
    )
)
add_panel(
    Panel(
        "programme.entries",
        "programme/panels/entries.html",
        own_entries,
        LISTED,
        40,
        asks=lambda actor: [_followed.ask(actor)],
    )
)

add_nav(
    NavItem(SECTION, "programme:overview", "rocket", OPERATOR, SECTION, 100),
    NavItem(_("Programme packs"), "programme:packs", "file-import", OPERATOR, SECTION, 110),
    NavItem(_("Findings"), "programme:findings", "report-search", OPERATOR, SECTION, 120),
    NavItem(
        _("List of organisations"),
        "programme:entries",
        "list-details",
        OPERATOR | LISTED,
        SECTION,
        130,
    ),
    NavItem(
        _("Measures and roadmap"), "programme:actions", "checklist", OPERATOR | LISTED, SECTION, 140
    ),
    NavItem(
        _("Bodies and officials"), "programme:bodies", "hierarchy", OPERATOR | LISTED, SECTION, 146
    ),
    NavItem(_("Indicators"), "programme:indicators", "target", OPERATOR | LISTED, SECTION, 150),
    NavItem(
        _("Implementation"), "programme:implementations", "checks", OPERATOR | LISTED, SECTION, 155
    ),
    NavItem(_("Scenarios"), "programme:scenario", "arrows-split", OPERATOR, SECTION, 180),
    NavItem(_("Cost estimate"), "programme:budget", "report-money", OPERATOR, SECTION, 170),
)
