"""What a demonstration shows of the programme's course. Invented, and said to be so in each act."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

from sreda.kernel.api import Actor
from sreda.programme.domain import actions
from sreda.programme.domain.indicators import keep_fact, record_implementation
from sreda.programme.enums import ActionStatus
from sreda.programme.models import Action, Implementation, Indicator, Programme
from sreda.programme.queries.scenarios import planned, ranked
from sreda.registry.api import Organisation

# How much of each year's plan the invented region managed, in percent.
MANAGED = (100, 96, 91)


def record_demo_progress(programme: Programme, *, at: datetime, actor: Actor) -> int:
    """Record implementations by the rule's order, a little behind the plan; returns how many.

    The actor owns the measures and steps of the roadmap; all that come once are done, those that
    come again are under way. A programme that has records already is left alone.
    """
    if Implementation.objects.filter(programme=programme).exists():
        return 0
    plan, order = planned(programme), ranked(programme, at.date())
    years = sorted({year for year, _section in plan})
    done: set[object] = set()
    for year, managed in zip(years, MANAGED, strict=False):
        for section, candidates in order.items():
            goal = plan.get((year, section), 0) * managed // 100
            for number, candidate in enumerate(islice(candidates, goal), start=1):
                if candidate.organisation_id in done:
                    continue
                done.add(candidate.organisation_id)
                record_implementation(
                    programme,
                    organisation=Organisation(pk=candidate.organisation_id),
                    since=date(year, 9 + number % 4, 1 + number % 28),
                    basis=f"Акт приёмки № {year % 100}-{number} (демонстрационный)",
                    at=at,
                    actor=actor,
                )
    _carry_out(programme, at=at, actor=actor)
    for indicator in Indicator.objects.filter(programme=programme).select_related("programme"):
        for year in years:
            keep_fact(indicator, on=date(year, 12, 31), at=at)
    return len(done)


def _carry_out(programme: Programme, *, at: datetime, actor: Actor) -> None:
    """Each action after what it needs, on its last day or on the day it could be."""
    left = list(Action.objects.filter(programme=programme, gone_at=None).order_by("due", "key"))
    for action in left:
        actions.set_owner(
            action=action.pk, edition=action.edition, owner=actor.person_id, actor=actor, at=at
        )
    while left:
        ready = [action for action in left if not actions.unmet(action)]
        for action in ready or left:
            _finish(action.pk, at=at, actor=actor)
        left = [action for action in left if action not in ready] if ready else []


def _finish(pk: UUID, *, at: datetime, actor: Actor) -> None:
    action = Action.objects.get(pk=pk)
    terms = list(action.occurrences.order_by("due"))
    for term in terms[:-1]:
        actions.finish_occurrence(occurrence=term.pk, done_on=term.due, actor=actor, at=at)
    status, done_on = ActionStatus.ACTIVE, None
    if not terms and not actions.unmet(action):
        after = [need.done_on for need in action.needs.all() if need.done_on]
        due = action.due or date(action.programme.plan_from, 12, 31)
        status, done_on = ActionStatus.DONE, max([due, *(d + timedelta(days=14) for d in after)])
    actions.set_state(
        action=pk, edition=action.edition, status=status, done_on=done_on, actor=actor, at=at
    )
