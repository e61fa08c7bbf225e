"""Writing sittings: a test is given to classes or people for a time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.assessment import events
from sreda.assessment.domain import telling
from sreda.assessment.domain.attempts import hand_in
from sreda.assessment.domain.versions import Stale
from sreda.assessment.enums import AttemptStatus, ItemStatus, ReleaseStatus, SittingStatus
from sreda.assessment.models import Sitting, TestVersion
from sreda.kernel.api import Actor, Notice, audit, is_day_off, made_before, publish, uuid7
from sreda.registry.api import ClassGroup, Enrolment, Person, on_day

log = logging.getLogger(__name__)

FIELDS = (
    "title",
    "opens_at",
    "closes_at",
    "minutes",
    "allowance_seconds",
    "attempts",
    "markers",
    "tolerance",
    "moderated",
    "appeals_until",
)


MORNING, EVENING = time(8), time(20)


def likely_term(at: datetime) -> tuple[datetime, datetime]:
    """From the next morning of a school day to its evening, by the region's clock: what a new
    sitting is proposed. Vacations, and days moved by decree, are the teacher's to know."""
    zone = timezone.get_default_timezone()
    day = at.astimezone(zone).date()
    while (opens := datetime.combine(day, MORNING, zone)) <= at or is_day_off(day):
        day += timedelta(days=1)
    return opens, datetime.combine(day, EVENING, zone)


def plan_sitting(
    *,
    version: TestVersion,
    values: Mapping[str, Any],
    groups: Iterable[ClassGroup],
    people: Iterable[Person] = (),
    organisation_id: UUID,
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> Sitting:
    """A sitting nobody sees yet. `key` is its id: the same key twice makes it once."""
    if version.status != ItemStatus.READY:
        raise ValidationError({"version": _("Only a test that is ready can be given.")})
    with transaction.atomic():
        if (made := made_before(Sitting, key)) is not None:
            return made
        sitting = Sitting(
            pk=key or uuid7(),
            version=version,
            organisation_id=organisation_id,
            owner_id=actor.person_id,
            owner_name=actor.name,
            made_at=at,
            **{name: values[name] for name in FIELDS if name in values},
        )
        _checked(sitting)
        sitting.save(force_insert=True)
        _given_to(sitting, groups, people)
        audit("assessment.sitting.planned", sitting, actor=actor, at=at, title=sitting.title)
        publish(
            events.SittingPlanned(
                sitting_id=sitting.pk,
                organisation_id=organisation_id,
                opens_at=sitting.opens_at,
                closes_at=sitting.closes_at,
            ),
            at=at,
        )
    return sitting


def _checked(sitting: Sitting) -> None:
    others = {field.name for field in sitting._meta.fields} - set(FIELDS)
    sitting.clean_fields(exclude=others)
    if sitting.closes_at <= sitting.opens_at:
        raise ValidationError({"closes_at": _("It closes before it opens.")})
    if sitting.markers not in {1, 2}:
        raise ValidationError({"markers": _("One or two markers.")})


def _given_to(sitting: Sitting, groups: Iterable[ClassGroup], people: Iterable[Person]) -> None:
    groups, people = list(groups), list(people)
    if any(group.organisation_id != sitting.organisation_id for group in groups):
        raise ValidationError({"groups": _("A class of another organisation.")})
    if not groups and not people:
        raise ValidationError({"groups": _("Say who is to take the test.")})
    sitting.groups.set(groups)
    sitting.people.set(people)


def change_sitting(
    sitting: Sitting,
    *,
    edition: int,
    values: Mapping[str, Any],
    groups: Iterable[ClassGroup],
    people: Iterable[Person],
    actor: Actor,
    at: datetime,
) -> Sitting:
    """Times and rules; a time taken back never shortens an attempt that has begun. Who knows of the
    test is told of another time, and who it is given to now is told of it."""
    with transaction.atomic():
        current = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if current.edition != edition:
            raise Stale(current)
        before = (current.opens_at, current.closes_at, current.moderated)
        for name in FIELDS:
            if name in values:
                setattr(current, name, values[name])
        current.edition += 1
        _checked(current)
        current.save()
        if before[2] != current.moderated and current.all_attempts.exclude(marked_at=None).exists():
            raise ValidationError({"moderated": _(
                "Works are marked already: publish or withhold their marks on the page of the test."
            )})  # fmt: skip
        _given_to(current, groups, people)
        if current.status == SittingStatus.OPEN:
            learners = learners_of(current, at=at)
            if before[:2] != (current.opens_at, current.closes_at):
                known = Notice.objects.filter(key=f"sitting:{current.pk}", addressee__in=learners)
                telling.tell_moved(current, known.values_list("addressee", flat=True), at=at)
            telling.tell_announced(current, learners, at=at)
        told = {name: values[name] for name in FIELDS if name in values}
        audit("assessment.sitting.changed", current, actor=actor, at=at, values=told)
    return current


def announce(sitting: Sitting, *, actor: Actor, at: datetime) -> Sitting:
    """Learners see it from now on; they and their parents are told."""
    with transaction.atomic():
        current = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if current.status != SittingStatus.PLANNED:
            return current
        current.status = SittingStatus.OPEN
        current.edition += 1
        current.save(update_fields=["status", "edition"])
        telling.tell_announced(current, learners_of(current, at=at), at=at)
        audit("assessment.sitting.announced", current, actor=actor, at=at)
    return current


def learners_of(sitting: Sitting, *, at: datetime) -> list[UUID]:
    """Everyone the sitting is given to on this day."""
    placed = Enrolment.objects.filter(
        on_day(timezone.localdate(at)), group__in=sitting.groups.all()
    )
    found = dict.fromkeys(placed.values_list("person_id", flat=True))
    found.update(dict.fromkeys(sitting.people.values_list("pk", flat=True)))
    return list(found)


def close(sitting: Sitting, *, actor: Actor | None, at: datetime) -> Sitting:
    """Nobody begins any more; attempts in work are handed in with what has arrived."""
    with transaction.atomic():
        current = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if current.status == SittingStatus.CLOSED:
            return current
        current.status = SittingStatus.CLOSED
        current.edition += 1
        current.save(update_fields=["status", "edition"])
        for attempt in current.all_attempts.filter(status=AttemptStatus.OPEN):
            try:
                hand_in(attempt, actor=actor, at=at)
            except Exception:  # it keeps neither the sitting nor the others open
                log.exception("attempt %s could not be handed in", attempt.pk)
        audit("assessment.sitting.closed", current, actor=actor, at=at)
    return current


def close_over(*, at: datetime) -> int:
    """Close sittings whose time and allowance are over; how many."""
    rows = Sitting.objects.filter(status=SittingStatus.OPEN, closes_at__lt=at)
    over = [one for one in rows if one.closes_at + timedelta(seconds=one.allowance_seconds) < at]
    for one in over:
        close(one, actor=None, at=at)
    return len(over)


def release(sitting: Sitting, *, actor: Actor, at: datetime) -> Sitting:
    """Learners and parents see the marks from now on, and are told."""
    with transaction.atomic():
        current = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if current.release == ReleaseStatus.RELEASED:
            return current
        waiting = current.all_attempts.filter(closed_at__isnull=False, marked_at=None).count()
        if waiting:
            raise ValidationError(
                _("%(count)s attempts are not wholly marked yet.") % {"count": waiting}
            )
        current.release, current.released_at = ReleaseStatus.RELEASED, at
        current.edition += 1
        current.save(update_fields=["release", "released_at", "edition"])
        telling.tell_released(current, at=at)
        audit("assessment.marks.released", current, actor=actor, at=at)
        publish(events.MarksReleased(sitting_id=current.pk), at=at)
    return current


def withhold(sitting: Sitting, *, actor: Actor, at: datetime, reason: str) -> Sitting:
    """Take published marks back while they are checked; who saw them is told. Asked again, it
    changes nothing."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    with transaction.atomic():
        current = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if current.release == ReleaseStatus.HELD and current.moderated:
            return current
        current.release, current.moderated = ReleaseStatus.HELD, True
        current.edition += 1
        current.save(update_fields=["release", "moderated", "edition"])
        telling.tell_withheld(current, at=at)
        audit("assessment.marks.withheld", current, actor=actor, at=at, reason=reason)
        publish(events.MarksWithheld(sitting_id=current.pk), at=at)
    return current
