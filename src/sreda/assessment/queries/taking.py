"""What a learner sees: sittings, attempts, an attempt's place and results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from sreda.assessment.access import ATTEMPTS, RESULTS, SITTINGS
from sreda.assessment.enums import AttemptStatus, ReleaseStatus, SittingStatus
from sreda.assessment.models import Attempt, ItemResult, Sitting
from sreda.kernel.api import Actor, Ask, kept
from sreda.registry.api import Enrolment, Guardianship, Person, on_day

SHOWN = 100
LATEST = 6


@dataclass(frozen=True, slots=True)
class Given:
    """A sitting as one learner sees it; `left` is how many attempts remain."""

    sitting: Sitting
    attempts: Sequence[Attempt]
    state: str
    left: int
    open: Attempt | None = None
    best: Attempt | None = None


def sittings_of(actor: Actor, at: datetime) -> list[Given]:
    """The newest sittings given to the learner: in work and open ones first."""
    if actor.person_id is None:
        return []
    found = _with_own(actor.person_id, _sittings(actor), at)
    places = {"working": 0, "open": 1, "coming": 2, "used": 3, "over": 4}
    return sorted(found, key=lambda given: places[given.state])


def _with_own(person_id: UUID, rows: list[Sitting], at: datetime) -> list[Given]:
    own: dict[UUID, list[Attempt]] = {sitting.pk: [] for sitting in rows}
    for attempt in _own(person_id, list(own)) if own else ():
        own[attempt.sitting_id].append(attempt)
    return [_given(sitting, own[sitting.pk], at) for sitting in rows]


def given_to(actor: Actor, at: datetime) -> QuerySet[Sitting]:
    """All sittings given to the learner, with whether they are `over`."""
    rows = SITTINGS.all(actor, "take").select_related("version__test").distinct()
    return rows.annotate(over=ExpressionWrapper(over(at), BooleanField()))


def over(at: datetime) -> Q:
    """Sittings that can be taken no more."""
    return Q(status=SittingStatus.CLOSED) | Q(closes_at__lte=at)


def with_own(actor: Actor, at: datetime) -> Callable[[list[Sitting]], None]:
    """Completes sittings by what is `given` to the learner, in one query for any number."""

    def complete(rows: list[Sitting]) -> None:
        assert actor.person_id is not None
        for sitting, given in zip(rows, _with_own(actor.person_id, rows, at), strict=True):
            sitting.given = given  # type: ignore[attr-defined]

    return complete


def ask_sittings(actor: Actor) -> Ask | None:
    """The first thing that `sittings_of` will ask."""
    return _sittings.ask(actor) if actor.person_id else None


@kept
def _sittings(actor: Actor) -> QuerySet[Sitting]:
    rows = SITTINGS.all(actor, "take").order_by("-opens_at").select_related("version__test")
    return rows.distinct()[:SHOWN]


@kept
def _own(person_id: UUID, sittings: list[UUID]) -> QuerySet[Attempt]:
    rows = Attempt.objects.filter(person_id=person_id, sitting_id__in=sittings)
    return rows.order_by("number")


def _given(sitting: Sitting, own: Sequence[Attempt], at: datetime) -> Given:
    left = max(sitting.attempts - len(own), 0)
    working = next((one for one in own if one.status == AttemptStatus.OPEN), None)
    if sitting.status == SittingStatus.CLOSED or at >= sitting.closes_at:
        state = "over"
    elif at < sitting.opens_at:
        state = "coming"
    elif working is not None:
        state = "working"
    else:
        state = "open" if left else "used"
    told = [one for one in own if one.score is not None and may_tell(one, sitting)]
    best = max(told, key=lambda one: one.score or Decimal(0), default=None)
    return Given(sitting, own, state, left, working, best)


def given(sitting: Sitting, person_id: UUID, at: datetime) -> Given:
    own = sitting.all_attempts.filter(person_id=person_id).order_by("number")
    return _given(sitting, list(own), at)


def may_tell(attempt: Attempt, sitting: Sitting) -> bool:
    """Whether the learner may see the marks of this attempt: as access says of results."""
    if sitting.release == ReleaseStatus.RELEASED:
        return True
    return not sitting.moderated and attempt.marked_at is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt with the results the actor may see; `told` whether marks are shown at all."""

    attempt: Attempt
    told: bool
    results: list[ItemResult] = field(default_factory=list)


def outcome(actor: Actor, attempt: Attempt) -> Outcome:
    rows = RESULTS.all(actor).filter(attempt=attempt).order_by("number")
    rows = rows.select_related("item_version__item").prefetch_related("marks", "appeals")
    results = list(rows)
    return Outcome(attempt, bool(results), results)


def attempts_of_children(actor: Actor) -> list[Attempt]:
    """The last ones that were handed in, to a parent."""
    return _of_children(actor)


def ask_attempts_of_children(actor: Actor) -> Ask | None:
    return _of_children.ask(actor)


@dataclass(frozen=True, slots=True)
class Coming:
    """A test that a child can still take, or will."""

    child: Person
    sitting: Sitting
    state: str


def coming_to_children(actor: Actor, at: datetime) -> list[Coming]:
    """Tests of the actor's children that are open or to come, the first to close first; as many
    queries for one as for many."""
    rows = SITTINGS.all(actor, "follow").exclude(over(at)).order_by("closes_at", "pk").distinct()
    tests = list(rows.prefetch_related("people")[:SHOWN])
    if not tests:
        return []
    ties = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
    children = [tie.child for tie in ties.select_related("child").order_by("child__given_name")]
    given = Sitting.groups.through.objects.filter(sitting__in=tests)
    classes = set(given.values_list("sitting_id", "classgroup_id"))
    placed = Enrolment.objects.filter(on_day(actor.on), person__in=children)
    places = set(placed.values_list("person_id", "group_id"))
    own: dict[tuple[UUID, UUID], list[Attempt]] = {}
    for attempt in Attempt.objects.filter(person__in=children, sitting__in=tests).defer("state"):
        own.setdefault((attempt.sitting_id, attempt.person_id), []).append(attempt)
    found = []
    for sitting in tests:
        named = {person.pk for person in sitting.people.all()}
        for child in children:
            there = any((sitting.pk, group) in classes for who, group in places if who == child.pk)
            if there or child.pk in named:
                state = _given(sitting, own.get((sitting.pk, child.pk), ()), at).state
                found.append(Coming(child, sitting, state))
    return [one for one in found if one.state != "used"]


def children_followed(actor: Actor) -> QuerySet[Person]:
    """Children who have begun a test."""
    theirs = ATTEMPTS.all(actor, "follow").order_by().values("person_id")
    return Person.objects.filter(pk__in=theirs).order_by("family_name", "given_name")


def in_state(rows: QuerySet[Attempt], actor: Actor, state: str) -> QuerySet[Attempt]:
    """Attempts of children in work (open), without marks that may be told (marking), with them
    (marked)."""
    if state == "open":
        return rows.filter(status=AttemptStatus.OPEN)
    told = Q(pk__in=ATTEMPTS.all(actor, "follow_marks").order_by().values("pk"))
    return rows.exclude(status=AttemptStatus.OPEN).filter(told if state == "marked" else ~told)


@kept
def _of_children(actor: Actor) -> QuerySet[Attempt]:
    rows = ATTEMPTS.all(actor, "follow").exclude(status=AttemptStatus.OPEN).order_by("-started_at")
    return rows.select_related("sitting", "person")[:LATEST]
