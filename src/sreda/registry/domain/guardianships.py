"""Writing who is the parent or guardian of whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish
from sreda.registry import events
from sreda.registry.domain import changes, records
from sreda.registry.domain.people import present
from sreda.registry.models import Guardianship, Person

FIELDS = ("kind", "since", "until")


def _lock(tie: Guardianship) -> None:
    """Both people, in one order, so that two writers never wait for each other."""
    for person in sorted((tie.guardian, tie.child), key=lambda person: person.pk):
        present(person)


def check_tie(tie: Guardianship) -> None:
    """ValidationError for what cannot be between these two, whatever else is recorded."""
    if tie.guardian_id == tie.child_id:
        raise ValidationError(_("Nobody is their own parent or guardian."))
    if tie.until and tie.until < tie.since:
        raise ValidationError({"until": _("The last day is before the first.")})
    older, born = tie.guardian.birth_date, tie.child.birth_date
    if born and tie.since < born:
        raise ValidationError(
            {"since": _("The child was born on %(day)s.") % {"day": changes.day(born)}}
        )
    if older and born and older >= born:
        raise ValidationError(_("A parent or guardian is older than the child."))


def _checked(tie: Guardianship, at: datetime) -> None:
    check_tie(tie)
    if Guardianship.objects.filter(guardian=tie.child_id, child=tie.guardian_id).exists():
        raise ValidationError(_("The child is recorded as a parent or guardian of this person."))
    twin = (
        Guardianship.objects.filter(guardian=tie.guardian_id, child=tie.child_id)
        .exclude(pk=tie.pk)
        .first()
    )
    if twin is not None:
        raise ValidationError(
            _("They are recorded as parent and child already, %(term)s: change that record.")
            % {"term": changes.term(twin.since, twin.until)}
        )


NOUN = records.Noun(
    name="guardianship",
    model=Guardianship,
    fields=FIELDS,
    lock=_lock,
    check=_checked,
    began=lambda tie: tie.since,
    about=lambda tie: {"guardian": tie.guardian_id, "child": tie.child_id},
    recorded=lambda tie: events.GuardianshipRecorded(
        guardianship_id=tie.pk,
        guardian_id=tie.guardian_id,
        child_id=tie.child_id,
        since=tie.since,
        until=tie.until,
    ),
    known={},
)


def add_guardian(
    guardian: Person,
    child: Person,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Guardianship:
    """From `since` on the guardian has a seat from which the child's data are seen."""
    tie = Guardianship(guardian=guardian, child=child, **values)
    return records.enter(NOUN, tie, key=key, actor=actor, at=at, reason=reason)


def end_guardianship(
    tie: Guardianship, *, on: date, actor: Actor | None, at: datetime, reason: str = ""
) -> Guardianship:
    """`on` is the last day. Ending it on that day again changes nothing."""
    with transaction.atomic():
        current = Guardianship.objects.select_for_update().get(pk=tie.pk)
        if current.until == on:
            return current
        changes.end_term(current, FIELDS, on, actor=actor, at=at, reason=reason)
        audit(
            "registry.guardianship.ended",
            current,
            actor=actor,
            at=at,
            reason=reason,
            **NOUN.about(current),
            until=on,
        )
        publish(NOUN.recorded(current), at=at)
    return current
