"""Actions as lists, board and chart show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from sreda.kernel.api import AuditEntry, history_of
from sreda.programme.enums import ActionStatus
from sreda.programme.models import Action, Dependency, Finding, Indicator, Occurrence, Programme
from sreda.registry.api import OrganisationKind, Person, Post, Role, on_day

SOON = 30  # days


def label(action: Action) -> str:
    """How people call an action: its table and number."""
    return f"{action.get_plan_display()}, {action.number}"


def with_terms(rows: QuerySet[Action]) -> QuerySet[Action]:
    """Adds `term_due`: the next open term of one that comes again, else the action's own."""
    following = (
        Occurrence.objects.filter(action=OuterRef("pk"), done_on=None).order_by("due").values("due")
    )
    has = Occurrence.objects.filter(action=OuterRef("pk"))
    return rows.alias(next_due=Subquery(following[:1]), recurs=Exists(has)).annotate(
        term_due=Coalesce("next_due", F("due"), output_field=DateField())
    )


def actions_of(programme: Programme, rows: QuerySet[Action] | None = None) -> QuerySet[Action]:
    return actions_in(programme.pk, rows)


def actions_in(programme_id: UUID, rows: QuerySet[Action] | None = None) -> QuerySet[Action]:
    found = Action.objects.all() if rows is None else rows
    return with_terms(
        found.filter(programme_id=programme_id, gone_at=None).select_related("owner", "programme")
    )


def open_ones(rows: QuerySet[Action]) -> QuerySet[Action]:
    return rows.exclude(status__in=(ActionStatus.DONE, ActionStatus.DROPPED))


def overdue(rows: QuerySet[Action], on: date) -> QuerySet[Action]:
    return open_ones(rows).filter(Q(term_due__lt=on))


def soon(rows: QuerySet[Action], on: date, days: int = SOON) -> QuerySet[Action]:
    return open_ones(rows).filter(Q(term_due__range=(on, on + timedelta(days=days))))


def undated(rows: QuerySet[Action]) -> QuerySet[Action]:
    return rows.filter(Q(term_due=None))


def nearest(rows: QuerySet[Action]) -> QuerySet[Action]:
    """Open ones, the most pressing first; those without a date at the end."""
    return by_term(open_ones(rows))


def by_term(rows: QuerySet[Action]) -> QuerySet[Action]:
    return rows.order_by(F("term_due").asc(nulls_last=True), "plan", "number")


def matching(rows: QuerySet[Action], text: str) -> QuerySet[Action]:
    for word in text.split()[:6]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(result__icontains=word)
            | Q(executor__icontains=word)
            | Q(term__icontains=word)
            | Q(owner__family_name__icontains=word)
        )
    return rows


def is_late(action: Action, on: date) -> bool:
    due: date | None = getattr(action, "term_due", action.due)
    over = action.status in (ActionStatus.DONE, ActionStatus.DROPPED)
    return not over and due is not None and due < on


def owner_candidates(on: date) -> QuerySet[Person]:
    """Operators, heads of organisations, and everybody who works in the department."""
    posts = Post.objects.filter(on_day(on)).filter(
        Q(role__in=[Role.OPERATOR, Role.HEAD]) | Q(organisation__kind=OrganisationKind.DEPARTMENT)
    )
    return Person.objects.filter(pk__in=posts.order_by().values("person"), merged_into=None)


def owners_of(programme: Programme) -> QuerySet[Person]:
    return Person.objects.filter(
        pk__in=Action.objects.filter(programme=programme, owner__isnull=False).values("owner")
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the chart; `needs` are the places of the lines it waits for."""

    action: Action
    start: date | None
    due: date | None
    state: str
    needs: list[int]
    terms: list[date]


def bars(rows: Iterable[Action], on: date) -> list[Bar]:
    """Two queries beside that of the rows: links and repeated terms."""
    actions = list(rows)
    place = {action.pk: i for i, action in enumerate(actions)}
    needs: dict[Any, list[int]] = {}
    for link in Dependency.objects.filter(action__in=place, needs__in=place, ended_at=None):
        needs.setdefault(link.action_id, []).append(place[link.needs_id])
    terms: dict[Any, list[date]] = {}
    for term in Occurrence.objects.filter(action__in=place):
        terms.setdefault(term.action_id, []).append(term.due)
    return [
        Bar(
            action,
            action.start,
            action.due,
            bar_state(action, on),
            sorted(needs.get(action.pk, [])),
            terms.get(action.pk, []),
        )
        for action in actions
    ]


def bar_state(action: Action, on: date) -> str:
    if action.status == ActionStatus.DONE:
        return "done"
    if action.status == ActionStatus.DROPPED:
        return "draft"
    return "late" if is_late(action, on) else "planned"


def years_of(programme: Programme) -> list[int]:
    """The years in which some action has a term."""
    days = [
        day
        for pair in Action.objects.filter(programme=programme, gone_at=None).values_list(
            "start", "due"
        )
        for day in pair
        if day
    ]
    days += Occurrence.objects.filter(action__programme=programme).values_list("due", flat=True)
    return list(range(min(d.year for d in days), max(d.year for d in days) + 1)) if days else []


def in_year(rows: QuerySet[Action], year: int) -> QuerySet[Action]:
    """Actions whose term touches the year, or one of whose repeated terms falls in it."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    again = Occurrence.objects.filter(action=OuterRef("pk"), due__range=(first, last))
    return rows.filter(
        Q(due__gte=first) & (Q(start__lte=last) | Q(start=None, due__lte=last)) | Exists(again)
    )


def links_of(action: Action) -> tuple[list[Dependency], list[Dependency]]:
    """What it waits for, and what waits for it."""
    present = Dependency.objects.filter(ended_at=None)
    return (
        list(
            present.filter(action=action, needs__gone_at=None)
            .select_related("needs")
            .order_by("needs__plan", "needs__number")
        ),
        list(
            present.filter(needs=action, action__gone_at=None)
            .select_related("action")
            .order_by("action__plan", "action__number")
        ),
    )


def indicators_of(action: Action) -> list[Indicator]:
    return list(
        Indicator.objects.filter(
            programme_id=action.programme_id, key__in=action.serves, gone_at=None
        )
    )


def findings_of(action: Action) -> list[Finding]:
    return list(
        Finding.objects.filter(
            programme_id=action.programme_id, table=action.plan, row=action.key, gone_at=None
        )
    )


def trace(action: Action) -> tuple[list[Any], list[AuditEntry]]:
    """Kept states, oldest first; and the log's entries about links, files and decisions."""
    log = (
        AuditEntry.objects.filter(object_type=action._meta.label_lower, object_id=str(action.pk))
        .exclude(action__startswith="programme.action.")
        .order_by("position", "pk")
    )
    return list(reversed(history_of(action))), list(log)


def names(people: Iterable[Any]) -> dict[str, str]:
    """Names by id, for kept states."""
    ids = {str(person) for person in people if person}
    return {str(p.pk): p.full_name for p in Person.objects.filter(pk__in=ids)} if ids else {}


def with_posts(rows: QuerySet[Person], on: date) -> list[tuple[Person, str]]:
    """People with what they are on a day; two queries."""
    found = list(rows)
    posts: dict[Any, list[str]] = {}
    held = Post.objects.filter(on_day(on), person__in=[p.pk for p in found])
    for post in held.select_related("organisation").order_by("-since"):
        place = post.organisation.short_name if post.organisation else ""
        what = post.title or post.get_role_display()
        posts.setdefault(post.person_id, []).append(", ".join(p for p in (what, place) if p))
    return [(person, "; ".join(posts.get(person.pk, []))) for person in found]
