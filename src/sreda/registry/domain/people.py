"""Writing people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish, remember, state_of, uuid7
from sreda.registry import events
from sreda.registry.access import PEOPLE
from sreda.registry.domain import accounts, changes
from sreda.registry.domain.changes import Stale, local_day
from sreda.registry.models import Person

FIELDS = (
    "external_id",
    "family_name",
    "given_name",
    "patronymic",
    "birth_date",
    "sex",
    "email",
    "phone",
)
LONG_AGO = date(1900, 1, 1)


def _explain(error: IntegrityError) -> ValidationError:
    return changes.first_error(
        error,
        {"external_id": ("external_id", _("Another person has this number."))},
    )


def _checked(person: Person) -> None:
    if person.birth_date and person.birth_date < LONG_AGO:
        raise ValidationError({"birth_date": _("Nobody alive was born then.")})


def _check_access(current: Person, values: Mapping[str, Any], actor: Actor | None) -> None:
    found_by = [
        name
        for name in sorted(accounts.found_by())
        if name in values and values[name] != getattr(current, name)
    ]
    if found_by and actor is not None and not PEOPLE.may(actor, "account", current):
        text = _(
            "People sign in by this: only whoever may give this person access may change it."
            " Ask their head or the regional operator."
        )
        raise ValidationError(dict.fromkeys(found_by, text))


def present(person: Person) -> Person:
    """The person, locked; a record merged away takes nothing new."""
    current = Person.objects.select_for_update().get(pk=person.pk)
    if current.merged_into_id:
        raise ValidationError(
            _("This record was merged into another one; change that one instead.")
        )
    return current


def add_person(
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Person:
    """A new person. `key` is its id: the same key twice makes it once."""
    with transaction.atomic():
        if (made := changes.made_before(Person, key)) is not None:
            return made
        person = Person(pk=key or uuid7(), **values)
        person.external_id = person.external_id or None
        person.full_clean(exclude=["id"], validate_constraints=False)
        _checked(person)
        if person.birth_date and person.birth_date > local_day(at):
            raise ValidationError({"birth_date": _("This day has not come yet.")})
        saved = changes.insert(person, explain=_explain)
        if saved is not person:
            return saved
        state = state_of(person, FIELDS)
        remember(
            person,
            before=None,
            after=state,
            since=person.birth_date or LONG_AGO,
            effective_on=local_day(at),
            at=at,
            actor=actor,
            reason=reason,
        )
        audit("registry.person.added", person, actor=actor, at=at)
        publish(events.PersonAdded(person_id=person.pk), at=at)
    return person


def change_person(
    person: Person,
    *,
    edition: int,
    values: Mapping[str, Any],
    effective_on: date,
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> Person:
    """Change fields from a day on. Stale when it was saved since `edition`, unless equally.

    Whoever sets what sign-in finds people by may sign in as them: it takes the right to give them
    access, not only the one to change them.
    """
    values = dict(values)
    if "external_id" in values:
        values["external_id"] = values["external_id"] or None
    with transaction.atomic():
        current = present(person)
        wanted = any(getattr(current, name) != value for name, value in values.items())
        if current.edition != edition and wanted:
            raise Stale(current)
        _check_access(current, values, actor)
        changed = changes.amend(
            current,
            values,
            fields=FIELDS,
            effective_on=effective_on,
            since=current.birth_date or LONG_AGO,
            at=at,
            actor=actor,
            reason=reason,
            check=_checked,
            explain=_explain,
        )
        if changed:
            audit(
                "registry.person.changed",
                current,
                actor=actor,
                at=at,
                effective_on=effective_on,
                reason=reason,
                fields=sorted(changed),
            )
            publish(
                events.PersonChanged(
                    person_id=current.pk, effective_on=effective_on, fields=tuple(changed)
                ),
                at=at,
            )
    return current
