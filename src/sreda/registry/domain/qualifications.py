"""Writing finished courses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor
from sreda.registry import events
from sreda.registry.domain import records
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.people import present
from sreda.registry.models import Person, Qualification

FIELDS = ("programme", "topic", "hours", "completed_on", "document")
MOST_HOURS = 5_000


def check_course(course: Qualification, at: datetime) -> None:
    """ValidationError for what cannot be, whatever else is recorded."""
    if course.completed_on > local_day(at):
        raise ValidationError({"completed_on": _("This day has not come yet.")})
    born = course.person.birth_date
    if born and course.completed_on <= born:
        raise ValidationError({"completed_on": _("The person was not born then.")})
    if not 1 <= course.hours <= MOST_HOURS:
        raise ValidationError({"hours": _("From 1 to %(most)s hours.") % {"most": MOST_HOURS}})


def _checked(course: Qualification, at: datetime) -> None:
    check_course(course, at)
    twin = Qualification.objects.filter(
        person=course.person, topic=course.topic, completed_on=course.completed_on
    ).exclude(pk=course.pk)
    if twin.exists():
        raise ValidationError({"completed_on": _ONCE})


_ONCE = gettext_lazy("A course on this topic finished on this day is recorded already.")
NOUN = records.Noun(
    name="qualification",
    model=Qualification,
    fields=FIELDS,
    lock=lambda course: present(course.person),
    check=_checked,
    began=lambda course: course.completed_on,
    about=lambda course: {"person": course.person_id},
    recorded=lambda course: events.QualificationRecorded(
        qualification_id=course.pk, person_id=course.person_id
    ),
    known={"qualification_once": ("completed_on", _ONCE)},
)


def add_qualification(
    person: Person,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Qualification:
    course = Qualification(person=person, **values)
    return records.enter(NOUN, course, key=key, actor=actor, at=at, reason=reason)


def remove_qualification(
    course: Qualification, *, reason: str, actor: Actor | None, at: datetime
) -> None:
    records.remove(
        NOUN,
        course,
        removed=events.QualificationRemoved(qualification_id=course.pk, person_id=course.person_id),
        reason=reason,
        actor=actor,
        at=at,
    )
