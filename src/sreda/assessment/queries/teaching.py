"""What teachers see: sittings, who is where, what waits for a mark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from sreda.assessment.access import (
    APPEALS,
    RESULTS,
    SITTINGS,
    TESTS,
    WAITING,
    left_to_experts,
)
from sreda.assessment.enums import AttemptStatus, ItemStatus, ReleaseStatus
from sreda.assessment.models import Answer, Appeal, ItemResult, Sitting, Test
from sreda.kernel.api import Actor
from sreda.registry.api import GROUPS, ClassGroup, Enrolment, Person, Post, Role, on_day

CLOSED = Q(last_status__in=[AttemptStatus.SUBMITTED, AttemptStatus.ENDED])


def sittings(actor: Actor) -> QuerySet[Sitting]:
    """With how many have begun, handed in, and wait for marks."""
    return SITTINGS.all(actor).annotate(
        begun=Count("all_attempts", distinct=True),
        handed_in=Count(
            "all_attempts", filter=~Q(all_attempts__status=AttemptStatus.OPEN), distinct=True
        ),
        to_mark=Count(
            "all_attempts",
            filter=Q(all_attempts__closed_at__isnull=False, all_attempts__marked_at__isnull=True),
            distinct=True,
        ),
    )


def with_marks_to_give(rows: QuerySet[Sitting]) -> QuerySet[Sitting]:
    waiting = ItemResult.objects.filter(marking__in=WAITING)
    return rows.filter(pk__in=waiting.order_by().values("attempt__sitting_id"))


def tests_to_give(actor: Actor) -> QuerySet[Test]:
    return (
        TESTS.all(actor)
        .filter(current__status=ItemStatus.READY, archived_at__isnull=True)
        .order_by("title")
    )


tests_to_give.__test__ = False  # type: ignore[attr-defined]


def groups_of(actor: Actor, school_year: int) -> QuerySet[ClassGroup]:
    """Classes of the seat's organisation this school year, of a teacher those they have."""
    rows = GROUPS.all(actor).filter(school_year=school_year)
    if actor.organisation_id is None:
        return rows.none()
    return rows.filter(organisation_id=actor.organisation_id)


def learners(sitting: Sitting, at: datetime) -> QuerySet[Person]:
    """Everyone it is given to, with the state and mark of the last attempt."""
    people = Person.objects.filter(
        Q(pk__in=_placed(sitting, at).order_by().values("person_id"))
        | Q(pk__in=sitting.people.order_by().values("pk"))
        | Q(pk__in=sitting.all_attempts.order_by().values("person_id"))
    )
    last = sitting.all_attempts.filter(person=OuterRef("pk")).order_by("-number")
    return people.annotate(
        last_status=Subquery(last.values("status")[:1]),
        last_marked_at=Subquery(last.values("marked_at")[:1]),
        last_score=Subquery(last.values("score")[:1]),
    )


def _placed(sitting: Sitting, at: datetime) -> QuerySet[Enrolment]:
    on = on_day(timezone.localdate(at))
    return Enrolment.objects.filter(on, group__in=sitting.groups.all())


def in_group(rows: QuerySet[Person], group: str, at: datetime) -> QuerySet[Person]:
    there = Enrolment.objects.filter(on_day(timezone.localdate(at)), group_id=UUID(group))
    return rows.filter(pk__in=there.order_by().values("person_id"))


def in_state(rows: QuerySet[Person], state: str) -> QuerySet[Person]:
    """Learners who have not begun (none), are at work (open), wait for marks (marking), have them
    (marked)."""
    match state:
        case "none":
            return rows.filter(Q(last_status=None))
        case "open":
            return rows.filter(Q(last_status=AttemptStatus.OPEN))
    return rows.filter(CLOSED & Q(last_marked_at__isnull=state == "marking"))


def totals(sitting: Sitting, at: datetime) -> dict[str, int]:
    """How many it is given to, how many have begun, how many have handed in."""
    return learners(sitting, at).aggregate(
        given=Count("pk"),
        begun=Count("last_status"),
        handed_in=Count("pk", filter=CLOSED),
    )


def with_progress(sitting: Sitting, at: datetime) -> Callable[[list[Person]], None]:
    """Completes learners by their last `attempt`, the number of tasks `answered` in it, and their
    `classes`: three queries for any number."""

    def complete(people: list[Person]) -> None:
        known = [person.pk for person in people]
        rows = sitting.all_attempts.filter(person__in=known)
        last = {
            one.person_id: one
            for one in rows.order_by("person_id", "-number").distinct("person_id").defer("state")
        }
        counted = Answer.objects.filter(attempt__in=last.values()).values("attempt_id")
        answered = dict(
            counted.annotate(refs=Count("ref", distinct=True)).values_list("attempt_id", "refs")
        )
        classes: dict[UUID, list[str]] = {}
        placed = _placed(sitting, at).filter(person__in=known).order_by("group__name")
        for person_id, name in placed.values_list("person_id", "group__name"):
            classes.setdefault(person_id, []).append(name)
        for person in people:
            one = last.get(person.pk)
            person.attempt = one  # type: ignore[attr-defined]
            person.answered = answered.get(one.pk, 0) if one else 0  # type: ignore[attr-defined]
            person.classes = ", ".join(classes.get(person.pk, ()))  # type: ignore[attr-defined]

    return complete


def to_mark(actor: Actor, sitting: Sitting | None = None) -> QuerySet[ItemResult]:
    """What this actor may mark now: not what they have marked before (another must)."""
    rows = RESULTS.all(actor, "queue").filter(marking__in=WAITING)
    if sitting is not None:
        rows = rows.filter(attempt__sitting=sitting)
    own = Q(marks__marker_id=actor.person_id, marks__replaced_at=None)
    return rows.exclude(pk__in=ItemResult.objects.filter(own).values("pk"))


def left_over(sitting: Sitting, on: date) -> int:
    """How many answers wait that nobody of the organisation may mark any more."""
    rows = ItemResult.objects.filter(left_to_experts(on), attempt__sitting=sitting)
    return rows.count()


def experts(on: date) -> QuerySet[Post]:
    return Post.objects.filter(on_day(on), role=Role.EXPERT)


def appeals(actor: Actor) -> QuerySet[Appeal]:
    return APPEALS.all(actor).select_related(
        "result__attempt__sitting", "result__attempt__person", "result__item_version__item"
    )


def shown_to_learners(sitting: Sitting) -> bool:
    """Whether some learner sees a mark."""
    if sitting.release == ReleaseStatus.RELEASED:
        return True
    return not sitting.moderated and sitting.all_attempts.exclude(marked_at=None).exists()


def last_change(sitting: Sitting) -> datetime | None:
    found = sitting.all_attempts.aggregate(at=Max("marked_at"))
    moment: datetime | None = found["at"]
    return moment
