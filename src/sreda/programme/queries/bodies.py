"""Bodies as of a day: who held which place, by which act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch

from sreda.programme.enums import MemberRole
from sreda.programme.models import Act, Action, Body, Decision, Membership, Programme
from sreda.registry.api import Qualification, on_day


@dataclass(frozen=True, slots=True)
class Seen:
    """A body on a day. `expected` is the order's latest term of the actions that create it."""

    body: Body
    expected: date | None
    members: Sequence[Membership]

    @property
    def head(self) -> Membership | None:
        """Whoever acts for the head goes before the head."""
        return head_of(self.members)

    @property
    def stood_in(self) -> Membership | None:
        """The head for whom another acts."""
        head = self.head
        if head is None or not head.acting:
            return None
        return next((m for m in self.members if m.role == MemberRole.HEAD and not m.acting), None)

    @property
    def exists(self) -> bool:
        return self.body.since is not None

    @property
    def late(self) -> bool:
        return bool(self.expected and self.body.since and self.body.since > self.expected)


def head_of(members: Iterable[Membership]) -> Membership | None:
    heads = [m for m in members if m.role == MemberRole.HEAD]
    return next((m for m in heads if m.acting), heads[0] if heads else None)


def bodies_on(programme: Programme, on: date) -> list[Seen]:
    """All bodies with those who held a place in them on the day; three queries."""
    rows = Body.objects.filter(programme=programme, gone_at=None).prefetch_related(
        Prefetch(
            "members", Membership.objects.filter(on_day(on)).select_related("person"), "present"
        )
    )
    terms = _terms(programme)
    return [seen(body, body.present, terms) for body in rows]  # type: ignore[attr-defined]


def body_on(body: Body, on: date) -> Seen:
    members = list(body.members.filter(on_day(on)).select_related("person"))
    return seen(body, members, _terms(body.programme))


def seen(body: Body, members: Sequence[Membership], terms: dict[str, date]) -> Seen:
    promised = [terms[key] for key in body.founded_by if key in terms]
    expected = body.expected_on or (max(promised) if promised else None)
    return Seen(body, expected, members)


def _terms(programme: Programme) -> dict[str, date]:
    found = Action.objects.filter(programme=programme, gone_at=None, due__isnull=False)
    return {key: due for key, due in found.values_list("key", "due") if due}


def founders(body: Body) -> list[Action]:
    return list(
        Action.objects.filter(programme=body.programme_id, key__in=body.founded_by, gone_at=None)
    )


def acts_of(body: Body) -> list[Act]:
    return list(body.acts.select_related("file"))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and who headed the body on that day."""

    decision: Decision
    head: Membership | None


def decisions_of(body: Body) -> list[Decided]:
    """Two queries, however many decisions."""
    heads = list(body.members.filter(role=MemberRole.HEAD))
    return [
        Decided(decision, head_of(m for m in heads if held_on(m, decision.decided_on)))
        for decision in body.decisions.select_related("action", "file")
    ]


def held_on(place: Membership, on: date) -> bool:
    return place.since <= on and (place.until is None or place.until >= on)


@dataclass(frozen=True, slots=True)
class Trained:
    member: Membership
    courses: list[Qualification]


def training_in(body: Body, year: int) -> list[Trained]:
    """Who of those in the body in that year finished a course in it, by the registry."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    members = [
        m
        for m in body.members.select_related("person")
        if m.since <= last and (m.until is None or m.until >= first)
    ]
    people = {m.person_id for m in members if m.person_id}
    courses: dict[Any, list[Qualification]] = {}
    for course in Qualification.objects.filter(
        person__in=people, completed_on__range=(first, last)
    ).order_by("completed_on"):
        courses.setdefault(course.person_id, []).append(course)
    once = {(m.person_id or m.name): m for m in members}
    return [Trained(m, courses.get(m.person_id, [])) for m in once.values()]
