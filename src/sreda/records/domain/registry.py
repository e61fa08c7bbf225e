"""What the registry tells of people becomes their record: places of learners, posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from sreda.kernel.api import Revision
from sreda.records.domain.statements import Happening, record_all
from sreda.registry import events
from sreda.registry.api import Enrolment, Organisation, Post, Role

REGISTERED = (
    "http://adlnet.gov/expapi/verbs/registered",
    {"ru": "поступил", "en": "registered"},
)
EXITED = ("http://adlnet.gov/expapi/verbs/exited", {"ru": "выбыл", "en": "exited"})
JOINED = ("http://activitystrea.ms/schema/1.0/join", {"ru": "принят на должность", "en": "joined"})
ORGANISATION = "http://activitystrea.ms/schema/1.0/organization"
ROWS = 2_000  # read at once
_MINUTE = 60_000  # clocks of the server and of its database may differ


def place(organisation: Organisation) -> dict[str, Any]:
    """An organisation as an activity."""
    return {
        "objectType": "Activity",
        "id": f"{settings.SITE_ADDRESS}/activities/organisations/{organisation.pk}",
        "definition": {"type": ORGANISATION, "name": {"ru": organisation.short_name}},
    }


def enrolled(
    enrolment_id: UUID | str, person_id: UUID | str, where: Organisation, at: datetime
) -> Happening:
    key = f"{events.LearnerEnrolled.type}:{enrolment_id}"
    return _happening(key, person_id, REGISTERED, where, at)


def left(
    enrolment_id: UUID | str,
    person_id: UUID | str,
    where: Organisation,
    until: date | str,
    at: datetime,
) -> Happening:
    key = f"{events.EnrolmentEnded.type}:{enrolment_id}:{until}"
    return _happening(key, person_id, EXITED, where, at)


def employed(
    post_id: UUID | str, person_id: UUID | str, role: str, where: Organisation, at: datetime
) -> Happening:
    said = str(Role(role).label)
    context = {"extensions": {f"{settings.SITE_ADDRESS}/xapi/extensions/role": said}}
    key = f"{events.PostGiven.type}:{post_id}"
    return _happening(key, person_id, JOINED, where, at, context)


def _happening(
    key: str,
    person_id: UUID | str,
    verb: tuple[str, dict[str, str]],
    where: Organisation,
    at: datetime,
    context: dict[str, Any] | None = None,
) -> Happening:
    return Happening(
        key=key,
        person_id=person_id,
        verb=verb,
        target=place(where),
        at=at,
        organisation_id=where.pk,
        context=context,
    )


def record_import(import_id: UUID, organisations: Iterable[UUID], at: datetime) -> int:
    """Record the places and posts a table of people brought to these organisations or ended there;
    returns how many were not recorded before. May be done again at any time."""
    return record_all(_imported(_first_after(import_id), list(organisations), at))


def _imported(first: UUID, organisations: list[UUID], at: datetime) -> Iterator[Happening]:
    known = Organisation.objects.in_bulk(organisations)
    opened = Enrolment.objects.filter(organisation_id__in=organisations, pk__gte=first)
    for one in opened.order_by("pk").iterator(ROWS):
        yield enrolled(one.pk, one.person_id, known[one.organisation_id], at)
    posts = Post.objects.filter(organisation_id__in=organisations, pk__gte=first)
    for post in posts.order_by("pk").iterator(ROWS):
        yield employed(post.pk, post.person_id, post.role, known[post.organisation_id], at)
    changed = Revision.objects.filter(
        object_type=Enrolment._meta.label_lower, recorded_at=at, pk__gte=first
    )
    ended = Enrolment.objects.filter(
        organisation_id__in=organisations, until__isnull=False, pk__in=changed.values("object_id")
    )
    for one in ended.order_by("pk").iterator(ROWS):
        assert one.until is not None
        yield left(one.pk, one.person_id, known[one.organisation_id], one.until, at)


def _first_after(import_id: UUID) -> UUID:
    """Ids begin with the time they were made at: what an import wrote has later ones than itself.
    One that was made by hand since then is recorded by its own event, under the same key."""
    milliseconds = max((import_id.int >> 80) - _MINUTE, 0)
    return UUID(int=milliseconds << 80)
