"""What learners do in tests is recorded: attempts begun, handed in, marked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from sreda.assessment import events
from sreda.assessment.domain import merging, telling
from sreda.assessment.enums import ReleaseStatus
from sreda.assessment.models import Appeal, Attempt, Sitting
from sreda.assessment.queries.taking import may_tell
from sreda.kernel.api import subscribe
from sreda.records.api import record, statements, void
from sreda.records.xapi.formats import moment
from sreda.registry import events as registry

ATTEMPTED = ("http://adlnet.gov/expapi/verbs/attempted", {"ru": "начал", "en": "attempted"})
COMPLETED = ("http://adlnet.gov/expapi/verbs/completed", {"ru": "сдал", "en": "completed"})
SCORED = ("http://adlnet.gov/expapi/verbs/scored", {"ru": "получил балл", "en": "scored"})
ASSESSMENT = "http://adlnet.gov/expapi/activities/assessment"


def _attempt(payload: dict[str, Any]) -> Attempt | None:
    return Attempt.objects.select_related("sitting").filter(pk=payload["attempt_id"]).first()


def _activity(sitting_id: Any) -> str:
    return f"{settings.SITE_ADDRESS}/activities/sittings/{sitting_id}"


def _tell(
    key: str,
    attempt: Attempt,
    verb: tuple[str, dict[str, str]],
    at: datetime,
    result: dict[str, Any] | None = None,
) -> None:
    sitting = attempt.sitting
    target = {
        "objectType": "Activity",
        "id": _activity(sitting.pk),
        "definition": {"type": ASSESSMENT, "name": {"ru": sitting.title}},
    }
    record(
        key,
        person_id=attempt.person_id,
        verb=verb,
        target=target,
        at=at,
        organisation_id=sitting.organisation_id,
        result=result,
        context={"registration": str(attempt.pk)},
    )


@subscribe(events.AttemptStarted)
def started(payload: dict[str, Any], at: datetime) -> None:
    if attempt := _attempt(payload):
        _tell(f"{events.AttemptStarted.type}:{attempt.pk}", attempt, ATTEMPTED, at)


@subscribe(events.AttemptClosed)
def closed(payload: dict[str, Any], at: datetime) -> None:
    attempt = _attempt(payload)
    if attempt is None or attempt.closed_at is None:
        return
    seconds = int((attempt.closed_at - attempt.started_at).total_seconds())
    result = {"completion": True, "duration": f"PT{max(seconds, 0)}S"}
    _tell(f"{events.AttemptClosed.type}:{attempt.pk}", attempt, COMPLETED, at, result)


@subscribe(events.AttemptMarked)
def marked(payload: dict[str, Any], at: datetime) -> None:
    """Only once the learner may know the mark: their record is theirs to read. A mark that comes
    back to what it was is told again. What an appeal has changed is told with its decision."""
    attempt = _attempt(payload)
    if attempt is None or not may_tell(attempt, attempt.sitting):
        return
    changed = payload["before"] is not None
    _scored(attempt, at, changed=changed)
    published = attempt.sitting.released_at
    if published is not None and at <= published:
        return  # told as they were published
    if not changed:
        telling.tell_marked(attempt, at=at)
    elif not Appeal.objects.filter(result__attempt=attempt, decided_at=at).exists():
        telling.tell_changed(attempt, at=at)


@subscribe(events.MarksReleased)
def released(payload: dict[str, Any], at: datetime) -> None:
    _released(payload["sitting_id"])


@subscribe(events.MarksWithheld)
def withheld(payload: dict[str, Any], at: datetime) -> None:
    """What was told until then is voided; marks published since, before this was heard, are told
    anew."""
    told = statements.of_sreda(SCORED[0], _activity(payload["sitting_id"]))
    void([one for one in told if (moment(one["timestamp"]) or at) <= at], at=at)
    _released(payload["sitting_id"])


def _released(sitting_id: str) -> None:
    """Marks of a sitting that are public and not in the record, or taken back there."""
    sitting = Sitting.objects.get(pk=sitting_id)
    if sitting.release != ReleaseStatus.RELEASED or sitting.released_at is None:
        return
    told = {
        one.get("context", {}).get("registration")
        for one in statements.of_sreda(SCORED[0], _activity(sitting_id))
    }
    rows = Attempt.objects.filter(sitting=sitting, marked_at__isnull=False)
    for attempt in rows.select_related("sitting").iterator(chunk_size=500):
        if str(attempt.pk) not in told:
            _scored(attempt, sitting.released_at, changed=True)


def _scored(attempt: Attempt, at: datetime, *, changed: bool = False) -> None:
    if attempt.score is None:
        return
    score: dict[str, Any] = {"raw": float(attempt.score)}
    most = attempt.max_score
    if most and 0 <= attempt.score <= most:
        score |= {"min": 0, "max": float(most), "scaled": float(round(attempt.score / most, 4))}
    key = f"{events.AttemptMarked.type}:{attempt.pk}:{attempt.score}"
    if changed:
        key += f":{at.isoformat()}"
    _tell(key, attempt, SCORED, at, {"score": score})


@subscribe(registry.PeopleMerged)
def attempts_follow(payload: dict[str, Any], at: datetime) -> None:
    merging.follow_merge(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])))


@subscribe(registry.MergeUndone)
def attempts_go_back(payload: dict[str, Any], at: datetime) -> None:
    merging.follow_undone(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])))
