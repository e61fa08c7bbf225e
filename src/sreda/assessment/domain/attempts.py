"""Attempts: begun, answered, left, come back to, handed in, ended by their term.

A session of the engine is kept in `Attempt.state`; answers arrive in their own table (see
assessment/hot) and are taken into the session when something is decided: a move, a hand-in.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.assessment import events, qti
from sreda.assessment.domain import results
from sreda.assessment.domain.tests import test_of
from sreda.assessment.enums import AttemptStatus, SittingStatus
from sreda.assessment.models import Answer, Attempt, ItemVersion, Sitting, TestVersion
from sreda.assessment.qti.session.validation import UNREAD
from sreda.assessment.rendering import responses_of
from sreda.kernel.api import Actor, audit, publish

log = logging.getLogger(__name__)


@dataclass
class Running:
    """An attempt with its session. `taken` is, by item, the time of the last answer in it."""

    attempt: Attempt
    session: qti.TestSession
    taken: dict[str, str]

    def save(self) -> None:
        attempt = self.attempt
        attempt.state = {"session": self.session.to_dict(), "taken": self.taken}
        attempt.edition += 1
        attempt.save(update_fields=["state", "edition"])


def running(attempt: Attempt) -> Running:
    test = test_of(attempt.sitting.version)
    session = qti.TestSession.from_dict(test, attempt.state["session"])
    return Running(attempt, session, dict(attempt.state["taken"]))


def why_not(sitting: Sitting, person_id: UUID, *, at: datetime) -> str:
    """Why no attempt can be begun now, in words; empty where it can."""
    if sitting.status == SittingStatus.CLOSED or at >= sitting.closes_at:
        return _("This test is closed.")
    if sitting.status == SittingStatus.PLANNED or at < sitting.opens_at:
        return _("This test is not open yet.")
    used = sitting.all_attempts.filter(person_id=person_id).count()
    if used >= sitting.attempts:
        return _("You have used all your attempts.")
    return ""


def begin(sitting: Sitting, *, actor: Actor, at: datetime) -> Attempt:
    """The attempt in work, or a new one. Its versions are frozen from now on."""
    person_id = actor.person_id
    assert person_id is not None
    sitting = Sitting.objects.select_related("version").get(pk=sitting.pk)
    version = sitting.version
    test = test_of(version)
    seed = secrets.randbelow(2**62)
    ends_at = sitting.closes_at
    if sitting.minutes:
        ends_at = min(ends_at, at + timedelta(minutes=sitting.minutes))
    if test.limits.most is not None:
        ends_at = min(ends_at, at + timedelta(seconds=float(test.limits.most)))
    session = qti.TestSession.start(test, at=at, seed=seed)
    with transaction.atomic():
        # one after another: a double click, the last attempt's hand-in, the sitting's end
        sitting = Sitting.objects.select_for_update(no_key=True).get(pk=sitting.pk)
        if found := _open(sitting, person_id):
            return found
        if reason := why_not(sitting, person_id, at=at):
            raise ValidationError(reason)
        TestVersion.objects.filter(pk=version.pk, used_at=None).update(used_at=at)
        given = version.items.values("item_version_id")
        ItemVersion.objects.filter(pk__in=given, used_at=None).update(used_at=at)
        attempt = Attempt.objects.create(
            sitting=sitting,
            person_id=person_id,
            number=1 + sitting.all_attempts.filter(person_id=person_id).count(),
            seed=seed,
            state={"session": session.to_dict(), "taken": {}},
            started_at=at,
            ends_at=ends_at,
        )
        publish(
            events.AttemptStarted(
                attempt_id=attempt.pk, sitting_id=sitting.pk, person_id=person_id
            ),
            at=at,
        )
    return attempt


def _open(sitting: Sitting, person_id: UUID) -> Attempt | None:
    return sitting.all_attempts.filter(person_id=person_id, status=AttemptStatus.OPEN).first()


def take_answers(run: Running, *, at: datetime) -> dict[str, list[qti.Problem]]:
    """The answers that arrived go into the session, as far as it lets them; problems by item.

    In a part one may move about in, all of its items; in a linear one, the item one is at."""
    session = run.session
    here = session.current
    if here is None:
        return {}
    reachable = {entry.key for entry in session.reachable()} | {here.key}
    problems: dict[str, list[qti.Problem]] = {}
    for answer in latest(run.attempt):
        key, moment = answer.ref, answer.at.isoformat()
        if key not in reachable or moment <= run.taken.get(key, ""):
            continue
        item = session.item(key)
        if item is None:
            continue
        values, found = qti.read_responses(item, fields_to_responses(item, answer.values))
        # what cannot be read is no answer, and no earlier one stands for it
        values |= {one.identifier: None for one in found if one.identifier in item.responses}
        try:
            if key != here.key:
                session.navigate(key, at)
            session.respond(values, at)
        except qti.SessionError:
            continue  # its attempts are used up, or its time is over
        run.taken[key] = moment
        problems[key] = [*found, *qti.validate(item, session.state_of(key).values)]
    if session.current is not None and session.current.key != here.key:
        session.navigate(here.key, at)
    return problems


def latest(attempt: Attempt) -> list[Answer]:
    """The last answer to each item that counts, in the order of their times."""
    rows = attempt.answers.filter(
        at__lte=attempt.ends_at,
        received_at__lte=attempt.ends_at + timedelta(seconds=attempt.sitting.allowance_seconds),
    )
    if attempt.closed_at is not None:
        rows = rows.filter(received_at__lte=attempt.closed_at)
    found = rows.order_by("ref", "-at", "-received_at", "-id").distinct("ref")
    return sorted(found, key=lambda answer: answer.at)


def fields_given(attempt: Attempt) -> dict[str, dict[str, list[str]]]:
    """By item: the fields of the last answer as they were sent, readable or not."""
    return {one.ref: _fields(one.values) or {} for one in latest(attempt)}


def answered(attempt: Attempt) -> set[str]:
    """Items whose last answer says something: one that was emptied again has none."""
    said = ((one.ref, _fields(one.values)) for one in latest(attempt))
    return {ref for ref, fields in said if fields is None or any(map(any, fields.values()))}


def unread(item: qti.Item, fields: Mapping[str, Sequence[str]]) -> list[qti.Problem]:
    """What of the fields as they were sent is no value of its type, such as text for a number."""
    _values, found = qti.read_responses(item, responses_of(item, fields))
    return [one for one in found if one.code in UNREAD]


def fields_to_responses(item: qti.Item, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a device sent: {"fields": {name: [texts]}} of the item's form, or responses."""
    fields = _fields(values)
    if fields is None:
        return {name: value for name, value in values.items() if name in item.responses}
    return responses_of(item, fields)


def _fields(values: Mapping[str, Any]) -> dict[str, list[str]] | None:
    fields = values.get("fields")
    if not isinstance(fields, dict):
        return None
    return {
        str(name): [str(text) for text in texts]
        for name, texts in fields.items()
        if isinstance(texts, list)
    }


def _locked(attempt: Attempt) -> Attempt:
    return (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("sitting__version")
        .get(pk=attempt.pk)
    )


def move(
    attempt: Attempt,
    *,
    at: datetime,
    seen: str = "",
    to: str = "",
    submit: bool = False,
    leave_part: bool = False,
) -> tuple[Running, dict[str, list[qti.Problem]]]:
    """One step of a learner: to the item `to`, or on; `submit` ends the attempt at this item.

    `seen` is the item on the learner's page, and the step is made from it: another window may have
    gone on since. From an item that one cannot go back to there is no step.

    What the session refuses (a skipped item, an answer that is not one) stays where it is and is
    told as problems or as a ValidationError. Where the last part is left, the attempt is closed.
    """
    with transaction.atomic():
        current = _locked(attempt)
        if current.status != AttemptStatus.OPEN:
            return running(current), {}
        run = running(current)
        if at > current.ends_at:
            _close(run, AttemptStatus.ENDED, at=at, actor=None)
            return run, {}
        problems = take_answers(run, at=at)
        session = run.session
        here = session.current
        try:
            session.expire(at)
            if seen and session.current == here and here is not None and here.key != seen:
                if all(entry.key != seen for entry in session.reachable()):
                    raise ValidationError(
                        _("The test has gone on in another window: here is the task it is at.")
                    )
                session.navigate(seen, at)
                here = session.current
            if session.current is not None and session.current == here:
                _step(session, at, to=to, submit=submit, leave_part=leave_part)
        except qti.SessionError as error:
            run.save()
            if error.problems and here is not None:
                return run, {here.key: list(error.problems)}
            raise ValidationError(refusal(error.code)) from error
        run.save()
        if session.status == "closed":
            _close(run, AttemptStatus.SUBMITTED, at=at, actor=None)
        elif here is not None and session.current is not None and session.current.key != here.key:
            problems = {}
    return run, problems


def _step(
    session: qti.TestSession, at: datetime, *, to: str, submit: bool, leave_part: bool
) -> None:
    if submit:
        session.submit(at)
    if leave_part:
        submit_open(session, at)
        session.exit_part(at)
    elif to:
        session.navigate(to, at)
    elif not submit:
        session.advance(at)


def submit_open(session: qti.TestSession, at: datetime) -> None:
    """What was answered and not yet submitted counts: nobody loses a mark to a button."""
    here = session.current
    if here is None:
        return
    for entry in session.reachable() or (here,):
        if session.state_of(entry.key).status != "interacting":
            continue
        try:
            if session.current is not None and session.current.key != entry.key:
                session.navigate(entry.key, at)
            session.submit(at)
        except qti.SessionError:
            continue


def refusal(code: str) -> str:
    return {
        "skipping": _("Answer this task first: it cannot be skipped."),
        "attempts": _("The attempts at this task are used up."),
        "invalid": _("The answer is not complete."),
        "late": _("The time for this is over."),
        "early": _("It is too early to go on: look at the task a little longer."),
        "linear": _("In this part tasks go one after another."),
        "unknown": _("There is no such task in this part."),
    }.get(code, _("This is not possible now."))


def hand_in(attempt: Attempt, *, actor: Actor | None, at: datetime) -> Attempt:
    """Close the attempt with all that has arrived; a second time changes nothing."""
    with transaction.atomic():
        current = _locked(attempt)
        if current.status != AttemptStatus.OPEN:
            return current
        run = running(current)
        late = at > current.ends_at
        _close(run, AttemptStatus.ENDED if late else AttemptStatus.SUBMITTED, at=at, actor=actor)
    return current


def _close(run: Running, status: AttemptStatus, *, at: datetime, actor: Actor | None) -> None:
    """In the caller's transaction, with the attempt locked: nothing more is counted after it."""
    attempt, session = run.attempt, run.session
    moment = min(at, attempt.ends_at) if status == AttemptStatus.ENDED else at
    if session.status != "closed":
        take_answers(run, at=moment)
        submit_open(session, moment)
        session.end(moment)
    attempt.status, attempt.closed_at = status, at
    attempt.state = {"session": session.to_dict(), "taken": run.taken}
    attempt.edition += 1
    attempt.save()
    results.record(attempt, session, at=at)
    audit("assessment.attempt.closed", attempt, actor=actor, at=at, status=str(status))
    publish(
        events.AttemptClosed(
            attempt_id=attempt.pk,
            sitting_id=attempt.sitting_id,
            person_id=attempt.person_id,
            status=str(status),
        ),
        at=at,
    )


def close_due(*, at: datetime, limit: int = 500) -> int:
    """End attempts whose time and allowance are over; how many. Safe in several processes. One that
    cannot be closed is logged and keeps no other open."""
    closed = 0
    for attempt in due(at)[:limit]:
        try:
            closed += _end(attempt, at=at)
        except Exception:
            log.exception("attempt %s could not be closed", attempt.pk)
    return closed


def _end(attempt: Attempt, *, at: datetime) -> bool:
    """Close it, unless somebody else is at it or has closed it."""
    with transaction.atomic():
        current = (
            Attempt.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("sitting__version")
            .filter(pk=attempt.pk, status=AttemptStatus.OPEN)
            .first()
        )
        if current is not None:
            _close(running(current), AttemptStatus.ENDED, at=at, actor=None)
    return current is not None


def due(at: datetime) -> Sequence[Attempt]:
    rows = Attempt.objects.filter(status=AttemptStatus.OPEN, ends_at__lt=at)
    rows = rows.select_related("sitting").order_by("ends_at")
    return [
        one
        for one in rows[:2_000]
        if one.ends_at + timedelta(seconds=one.sitting.allowance_seconds) < at
    ]
