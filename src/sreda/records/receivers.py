"""What people do in Sreda is recorded too: events of the registry become statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sreda.kernel.api import subscribe
from sreda.records.domain import registry
from sreda.records.domain.statements import record_all
from sreda.records.tasks import record_import
from sreda.registry import events
from sreda.registry.api import Organisation


def _where(payload: dict[str, Any]) -> Organisation | None:
    found = payload["organisation_id"]
    return Organisation.objects.filter(pk=found).first() if found else None


@subscribe(events.LearnerEnrolled)
def enrolled(payload: dict[str, Any], at: datetime) -> None:
    if where := _where(payload):
        record_all([registry.enrolled(payload["enrolment_id"], payload["person_id"], where, at)])


@subscribe(events.EnrolmentEnded)
def enrolment_ended(payload: dict[str, Any], at: datetime) -> None:
    if where := _where(payload):
        own, person, until = payload["enrolment_id"], payload["person_id"], payload["until"]
        record_all([registry.left(own, person, where, until, at)])


@subscribe(events.PostGiven)
def post_given(payload: dict[str, Any], at: datetime) -> None:
    if where := _where(payload):
        own, person, role = payload["post_id"], payload["person_id"], payload["role"]
        record_all([registry.employed(own, person, role, where, at)])


@subscribe(events.PeopleImported)
def people_imported(payload: dict[str, Any], at: datetime) -> None:
    """A region's table is many statements: a job of its own writes them, a thousand a commit."""
    record_import.defer(
        import_id=payload["import_id"],
        organisations=payload["organisation_ids"],
        at=at.isoformat(),
    )
