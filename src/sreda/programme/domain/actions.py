"""Running the measures and the roadmap: states, terms, owners, dependencies, what shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, StoredFile, audit, publish, remember, state_of
from sreda.programme import events
from sreda.programme.enums import ActionStatus
from sreda.programme.models import (
    Action,
    Body,
    Decision,
    Dependency,
    Evidence,
    Occurrence,
    Programme,
)
from sreda.programme.queries.actions import label, owner_candidates

KEPT = ("status", "done_on", "start", "due", "owner", "note", "waiver")
OVER = (ActionStatus.DONE, ActionStatus.DROPPED)
TEXT_LIMIT = 2_000


def local_day(at: datetime) -> date:
    return timezone.localtime(at).date()


def set_state(
    *,
    action: UUID,
    edition: int,
    status: str,
    actor: Actor,
    at: datetime,
    done_on: date | None = None,
    reason: str = "",
    waive: bool = False,
) -> Action:
    """Move an action on. Done comes after what it depends on, unless `waive` says why not."""
    if status not in ActionStatus.values:
        raise ValidationError({"status": _("Choose a state.")})
    reason = _limited(reason, "reason")
    with transaction.atomic():
        found = _locked(action)
        if found.status == status and (done_on is None or done_on == found.done_on):
            return found
        _unchanged(found, edition)
        before = state_of(found, KEPT)
        waiver = ""
        if status == ActionStatus.DONE:
            done_on = _past(done_on or local_day(at), at, "done_on")
            waiver = _may_be_done(found, reason if waive else "", waive)
        elif status == ActionStatus.DROPPED and not reason:
            raise ValidationError({"reason": _("Say why the action is dropped.")})
        elif found.status in OVER and not reason:
            raise ValidationError({"reason": _("Say why the action is opened again.")})
        found.status, found.waiver = status, waiver
        found.done_on = done_on if status == ActionStatus.DONE else None
        _save(found, before, actor=actor, at=at, reason=reason, what="programme.action.moved")
        if found.done_on is not None:
            publish(
                events.ActionDone(
                    action_id=found.pk, person_id=actor.person_id, done_on=found.done_on
                ),
                at=at,
            )
    return found


def _may_be_done(action: Action, waiver: str, waive: bool) -> str:
    """The waiver that is needed and given; a refusal names what is not done yet."""
    open_terms = action.occurrences.filter(done_on=None)
    if open_terms.exists():
        days = ", ".join(term.due.strftime("%d.%m.%Y") for term in open_terms)
        raise ValidationError(
            {"status": _("This action comes again; not all of its terms are done: %s.") % days}
        )
    waiting = unmet(action)
    if not waiting:
        return ""
    if waive and waiver:
        return waiver
    if waive:
        raise ValidationError({"reason": _("Say why it is done before what it depends on.")})
    raise ValidationError(
        {
            "status": _(
                "It depends on what is not done yet: %s. Finish that first, or mark it as done"
                " all the same and say why."
            )
            % "; ".join(label(needed) for needed in waiting)
        },
    )


def unmet(action: Action) -> list[Action]:
    """What the action depends on and is not done. What was dropped holds nobody up."""
    return list(
        Action.objects.filter(
            dependents__action=action, dependents__ended_at=None, gone_at=None
        ).exclude(status__in=OVER)
    )


def set_term(
    *,
    action: UUID,
    edition: int,
    start: date | None,
    due: date | None,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Action:
    """The department's own dates; what the order prints stays beside them."""
    if due is None:
        raise ValidationError({"due": _("Name the last day.")})
    if start and start > due:
        raise ValidationError({"due": _("The last day is before the first.")})
    reason = _said(reason, "reason", _("Say why the term changes: it stays in the history."))
    with transaction.atomic():
        found = _locked(action)
        if (found.start, found.due) == (start, due):
            return found
        _unchanged(found, edition)
        before = state_of(found, KEPT)
        found.start, found.due, found.term_ours = start, due, True
        _save(found, before, actor=actor, at=at, reason=reason, what="programme.action.term-set")
    return found


def set_owner(
    *, action: UUID, edition: int, owner: UUID | None, actor: Actor, at: datetime
) -> Action:
    """Who answers for it: operators, heads and the department's staff; None for nobody."""
    if owner is not None and not owner_candidates(local_day(at)).filter(pk=owner).exists():
        raise ValidationError(
            {"owner": _("Only the department's staff, operators and heads can be owners.")}
        )
    with transaction.atomic():
        found = _locked(action)
        if found.owner_id == owner:
            return found
        _unchanged(found, edition)
        before = state_of(found, KEPT)
        found.owner_id, found.owner_was_id = owner, None
        _save(found, before, actor=actor, at=at, what="programme.action.owner-set")
    return found


def hand_over(action: Action, owner: UUID, was: UUID | None, *, at: datetime, reason: str) -> None:
    """The same person answers for it under another record; the action is locked by the caller."""
    before = state_of(action, KEPT)
    action.owner_id, action.owner_was_id = owner, was
    _save(action, before, actor=None, at=at, reason=reason, what="programme.action.owner-set")


def set_note(*, action: UUID, edition: int, note: str, actor: Actor, at: datetime) -> Action:
    note = _limited(note, "note")
    with transaction.atomic():
        found = _locked(action)
        if found.note == note:
            return found
        _unchanged(found, edition)
        before = state_of(found, KEPT)
        found.note = note
        _save(found, before, actor=actor, at=at, what="programme.action.noted")
    return found


def add_dependency(*, action: UUID, needs: UUID, actor: Actor, at: datetime) -> None:
    """`action` waits for `needs`; a circle is refused, with the way round it."""
    with transaction.atomic():
        programme = _programme_locked(action)
        known = {
            found.pk: found for found in Action.objects.filter(programme=programme, gone_at=None)
        }
        if action not in known or needs not in known:
            raise ValidationError({"needs": _("There is no such action in this programme.")})
        if action == needs:
            raise ValidationError({"needs": _("An action cannot wait for itself.")})
        links = Dependency.objects.filter(action__programme=programme, ended_at=None)
        path = _path(needs, action, links.values_list("action_id", "needs_id"))
        if path:
            way = " → ".join(label(known[step]) for step in [action, *path])
            raise ValidationError(
                {"needs": _("They would wait for each other in a circle: %s.") % way}
            )
        link = Dependency.objects.filter(action_id=action, needs_id=needs).first()
        if link is None:
            Dependency.objects.create(action_id=action, needs_id=needs, ours=True)
        elif link.ended_at is None:
            return
        else:
            link.ended_at = None
            link.save(update_fields=["ended_at"])
        audit(
            "programme.dependency.added",
            known[action],
            actor=actor,
            at=at,
            needs=label(known[needs]),
        )


def _path(start: UUID, goal: UUID, links: Iterable[tuple[UUID, UUID]]) -> list[UUID]:
    """The actions from `start` to `goal`, each waiting for the next; empty where none leads."""
    ahead: dict[UUID, list[UUID]] = {}
    for action, needs in links:
        ahead.setdefault(action, []).append(needs)
    came: dict[UUID, UUID | None] = {start: None}
    queue = [start]
    for step in queue:
        if step == goal:
            path: list[UUID] = []
            at: UUID | None = step
            while at is not None:
                path.append(at)
                at = came[at]
            return path[::-1]
        for following in ahead.get(step, ()):
            if following not in came:
                came[following] = step
                queue.append(following)
    return []


def drop_dependency(*, action: UUID, needs: UUID, actor: Actor, at: datetime) -> None:
    """One of the order's stays as taken away, so that loading the order does not restore it."""
    with transaction.atomic():
        _programme_locked(action)
        link = (
            Dependency.objects.select_related("action", "needs")
            .filter(action_id=action, needs_id=needs, ended_at=None)
            .first()
        )
        if link is None:
            return
        if link.ours:
            link.delete()
        else:
            link.ended_at = at
            link.save(update_fields=["ended_at"])
        audit(
            "programme.dependency.removed",
            link.action,
            actor=actor,
            at=at,
            needs=label(link.needs),
        )


def add_evidence(
    *,
    action: UUID,
    file: StoredFile,
    title: str,
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> Evidence:
    """`key` is the id of what this sending makes: sent twice, it is one."""
    title = _said(title, "title", _("Say what the file shows."), 300)
    with transaction.atomic():
        found = _locked(action)
        twin = Evidence.objects.filter(pk=key).first() if key else None
        if twin is not None:
            return twin
        made = Evidence(
            action=found, file=file, title=title, added_at=at, added_by_id=actor.person_id
        )
        if key:
            made.pk = key
        made.save(force_insert=True)
        audit(
            "programme.evidence.added",
            found,
            actor=actor,
            at=at,
            title=title,
            file=file.name,
            sha256=file.sha256,
        )
        publish(
            events.EvidenceAdded(
                evidence_id=made.pk, action_id=found.pk, person_id=actor.person_id
            ),
            at=at,
        )
    return made


def remove_evidence(*, evidence: UUID, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        found = (
            Evidence.objects.select_for_update(of=("self",))
            .select_related("action", "file")
            .get(pk=evidence)
        )
        if found.removed_at is not None:
            return
        found.removed_at = at
        found.save(update_fields=["removed_at"])
        audit(
            "programme.evidence.removed",
            found.action,
            actor=actor,
            at=at,
            title=found.title,
            file=found.file.name,
            sha256=found.file.sha256,
        )


def record_decision(
    *,
    programme: Programme,
    text: str,
    decided_on: date,
    actor: Actor,
    at: datetime,
    action: UUID | None = None,
    body: UUID | None = None,
    number: str = "",
    file: StoredFile | None = None,
    key: UUID | None = None,
) -> Decision:
    """Who decided what: `body` about `action`, or about the programme as a whole."""
    text = _said(text, "text", _("Say what was decided."))
    _past(decided_on, at, "decided_on")
    if body and not Body.objects.filter(pk=body, programme=programme).exists():
        raise ValidationError({"body": _("There is no such body in this programme.")})
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        twin = Decision.objects.filter(pk=key).first() if key else None
        if twin is not None:
            return twin
        made = Decision(
            programme=programme,
            action_id=action,
            body_id=body,
            decided_on=decided_on,
            number=number.strip()[:60],
            text=text,
            file=file,
            recorded_at=at,
            recorded_by_id=actor.person_id,
        )
        if key:
            made.pk = key
        made.save(force_insert=True)
        about = made.action or programme
        audit(
            "programme.decision.recorded",
            about,
            actor=actor,
            at=at,
            text=text,
            number=made.number,
            decided_on=decided_on,
        )
        publish(events.DecisionRecorded(decision_id=made.pk, person_id=actor.person_id), at=at)
    return made


def plan_occurrences(programme: Programme) -> int:
    """The terms of actions that come again, until the plan's last year; made once each."""
    new = []
    for action in Action.objects.filter(programme=programme, gone_at=None).exclude(recurrence=""):
        every = interval(action.recurrence)
        if every is None:
            continue
        first = action.due or date(programme.plan_from, 12, 31)
        for year in range(first.year, programme.plan_to + 1, every):
            new.append(Occurrence(action=action, due=_in_year(first, year)))
    before = Occurrence.objects.filter(action__programme=programme).count()
    Occurrence.objects.bulk_create(new, ignore_conflicts=True)
    return Occurrence.objects.filter(action__programme=programme).count() - before


def interval(recurrence: str) -> int | None:
    """Years between the terms: the pack's "1 year", "3 years"."""
    number, _space, unit = recurrence.partition(" ")
    return int(number) if number.isdigit() and unit.startswith("year") and int(number) else None


def _in_year(day: date, year: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if leap_day else day.replace(year=year)


def add_occurrence(*, action: UUID, due: date, actor: Actor, at: datetime) -> Occurrence:
    """One more term of an action that comes again."""
    with transaction.atomic():
        found = _locked(action)
        made, new = Occurrence.objects.get_or_create(action=found, due=due)
        if new:
            audit("programme.occurrence.added", found, actor=actor, at=at, due=due)
    return made


def finish_occurrence(
    *, occurrence: UUID, done_on: date | None, actor: Actor, at: datetime, note: str = ""
) -> Occurrence:
    """One term done; `done_on` None opens it again."""
    if done_on is not None:
        _past(done_on, at, "done_on")
    note = _limited(note, "note", 500)
    with transaction.atomic():
        action = _locked(Occurrence.objects.values_list("action", flat=True).get(pk=occurrence))
        found = Occurrence.objects.select_for_update().get(pk=occurrence)
        if (found.done_on, found.note) == (done_on, note):
            return found
        if done_on is None and action.status == ActionStatus.DONE:
            raise ValidationError(_("The whole action is done. Open it again first."))
        found.done_on, found.note = done_on, note
        found.save(update_fields=["done_on", "note"])
        audit(
            "programme.occurrence.done" if done_on else "programme.occurrence.reopened",
            action,
            actor=actor,
            at=at,
            due=found.due,
            done_on=done_on,
            note=note,
        )
        if done_on is not None:
            publish(
                events.ActionDone(
                    action_id=action.pk,
                    person_id=actor.person_id,
                    done_on=done_on,
                    due=found.due,
                ),
                at=at,
            )
    return found


def _locked(action: UUID) -> Action:
    return Action.objects.select_for_update().get(pk=action)


def _programme_locked(action: UUID) -> Programme:
    """Links of one programme change one after another, so that no circle slips in."""
    return Programme.objects.select_for_update().get(actions=action)


def _unchanged(action: Action, edition: int) -> None:
    if action.edition != edition:
        raise ValidationError(
            _("Somebody changed this action after you opened the page. See how it is now.")
        )


def _save(
    action: Action,
    before: dict[str, Any],
    *,
    actor: Actor | None,
    at: datetime,
    what: str,
    reason: str = "",
) -> None:
    action.edition += 1
    action.save(update_fields=["status", "done_on", "start", "due", "term_ours", "owner",
                               "owner_was", "note", "waiver", "edition"])  # fmt: skip
    after = state_of(action, KEPT)
    remember(
        action,
        before=before,
        after=after,
        since=action.programme.date,
        effective_on=local_day(at),
        at=at,
        actor=actor,
        reason=reason[:500],
    )
    changed = {n: [before[n], value] for n, value in after.items() if before[n] != value}
    audit(what, action, actor=actor, at=at, reason=reason, changes=changed)
    publish(
        events.ActionChanged(
            programme_id=action.programme_id, action_id=action.pk, status=action.status
        ),
        at=at,
    )


def _past(day: date, at: datetime, field: str) -> date:
    if day > local_day(at):
        raise ValidationError({field: _("This day is still to come.")})
    return day


def _limited(text: str, field: str, limit: int = TEXT_LIMIT) -> str:
    text = text.strip()
    if len(text) > limit:
        raise ValidationError({field: _("At most %(limit)s characters.") % {"limit": limit}})
    return text


def _said(text: str, field: str, otherwise: str, limit: int = TEXT_LIMIT) -> str:
    text = _limited(text, field, limit)
    if not text:
        raise ValidationError({field: otherwise})
    return text
