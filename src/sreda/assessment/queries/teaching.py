"""What teachers see: sittings, who is where, what waits for a mark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from sreda.assessment.access import APPEALS, RESULTS, SITTINGS, TESTS
from sreda.assessment.enums import AttemptStatus, ItemStatus, MarkingStatus
from sreda.assessment.models import Answer, Appeal, Attempt, ItemResult, Sitting, Test
from sreda.kernel.api import Actor
from sreda.registry.api import GROUPS, ClassGroup, Enrolment, Person, on_day

WAITING = (MarkingStatus.WAITING, MarkingStatus.SECOND, MarkingStatus.THIRD)


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


@dataclass(frozen=True, slots=True)
class Progress:
    """One learner's state in a sitting: `attempt` is the last one."""

    person: Person
    attempt: Attempt | None
    answered: int


def progress(sitting: Sitting, at: datetime) -> list[Progress]:
    """Everyone it is given to, by name; three queries for any number."""
    placed = Enrolment.objects.filter(
        on_day(timezone.localdate(at)), group__in=sitting.groups.all()
    )
    people = Person.objects.filter(
        Q(pk__in=placed.order_by().values("person_id"))
        | Q(pk__in=sitting.people.order_by().values("pk"))
        | Q(pk__in=sitting.all_attempts.order_by().values("person_id"))
    ).order_by("family_name", "given_name", "patronymic", "pk")
    attempts = sitting.all_attempts.order_by("person_id", "-number").distinct("person_id")
    last = {one.person_id: one for one in attempts}
    counted = Answer.objects.filter(attempt__in=last.values()).values("attempt_id")
    answered = dict(
        counted.annotate(refs=Count("ref", distinct=True)).values_list("attempt_id", "refs")
    )
    found = [(person, last.get(person.pk)) for person in people]
    return [Progress(who, one, answered.get(one.pk, 0) if one else 0) for who, one in found]


def to_mark(actor: Actor, sitting: Sitting | None = None) -> QuerySet[ItemResult]:
    """What this actor may mark now: not what they have marked before (another must)."""
    rows = RESULTS.all(actor, "mark").filter(marking__in=WAITING)
    if sitting is not None:
        rows = rows.filter(attempt__sitting=sitting)
    own = Q(marks__marker_id=actor.person_id, marks__replaced_at=None)
    return rows.exclude(pk__in=ItemResult.objects.filter(own).values("pk"))


def appeals(actor: Actor) -> QuerySet[Appeal]:
    return APPEALS.all(actor).select_related(
        "result__attempt__sitting", "result__attempt__person", "result__item_version__item"
    )


def last_change(sitting: Sitting) -> datetime | None:
    found = sitting.all_attempts.aggregate(at=Max("marked_at"))
    moment: datetime | None = found["at"]
    return moment
