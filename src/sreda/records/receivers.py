"""What people do in Sreda is recorded too: events of the registry become statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from sreda.kernel.api import subscribe
from sreda.records.domain.statements import record
from sreda.registry import events
from sreda.registry.api import Organisation, Role

REGISTERED = (
    "http://adlnet.gov/expapi/verbs/registered",
    {"ru": "поступил", "en": "registered"},
)
EXITED = ("http://adlnet.gov/expapi/verbs/exited", {"ru": "выбыл", "en": "exited"})
JOINED = ("http://activitystrea.ms/schema/1.0/join", {"ru": "принят на должность", "en": "joined"})
ORGANISATION = "http://activitystrea.ms/schema/1.0/organization"


def _place(organisation_id: str | None) -> dict[str, Any] | None:
    """An organisation as an activity."""
    found = organisation_id and Organisation.objects.filter(pk=organisation_id).first()
    if not found:
        return None
    return {
        "objectType": "Activity",
        "id": f"{settings.SITE_ADDRESS}/activities/organisations/{found.pk}",
        "definition": {"type": ORGANISATION, "name": {"ru": found.short_name}},
    }


def _record(
    key: str,
    payload: dict[str, Any],
    verb: tuple[str, dict[str, str]],
    at: datetime,
    context: dict[str, Any] | None = None,
) -> None:
    if target := _place(payload.get("organisation_id")):
        record(
            key,
            person_id=payload["person_id"],
            verb=verb,
            target=target,
            at=at,
            organisation_id=payload["organisation_id"],
            context=context,
        )


@subscribe(events.LearnerEnrolled)
def enrolled(payload: dict[str, Any], at: datetime) -> None:
    _record(f"{events.LearnerEnrolled.type}:{payload['enrolment_id']}", payload, REGISTERED, at)


@subscribe(events.EnrolmentEnded)
def enrolment_ended(payload: dict[str, Any], at: datetime) -> None:
    key = f"{events.EnrolmentEnded.type}:{payload['enrolment_id']}:{payload['until']}"
    _record(key, payload, EXITED, at)


@subscribe(events.PostGiven)
def post_given(payload: dict[str, Any], at: datetime) -> None:
    role = str(Role(payload["role"]).label)
    context = {"extensions": {f"{settings.SITE_ADDRESS}/xapi/extensions/role": role}}
    _record(f"{events.PostGiven.type}:{payload['post_id']}", payload, JOINED, at, context)
