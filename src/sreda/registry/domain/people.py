"""Writing people and the accounts they sign in with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish, remember, state_of, uuid7
from sreda.registry import events
from sreda.registry.domain import changes
from sreda.registry.domain.changes import Stale, local_day
from sreda.registry.models import Person, User

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
_LATIN = dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziiklmnoprstufye", strict=True)) | {
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "iu",
    "я": "ia",
}


def _explain(error: IntegrityError) -> ValidationError:
    return changes.first_error(
        error,
        {
            "external_id": ("external_id", _("Another person has this number.")),
            "username": ("username", _("This user name is taken.")),
        },
    )


def _checked(person: Person) -> None:
    if person.birth_date and person.birth_date < LONG_AGO:
        raise ValidationError({"birth_date": _("Nobody alive was born then.")})


def _not_merged(person: Person) -> None:
    if person.merged_into_id:
        raise ValidationError(
            _("This record was merged into another one; change that one instead.")
        )


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
    """Change fields from a day on. Stale when it was saved since `edition`, unless equally."""
    values = dict(values)
    if "external_id" in values:
        values["external_id"] = values["external_id"] or None
    with transaction.atomic():
        current = Person.objects.select_for_update().get(pk=person.pk)
        _not_merged(current)
        wanted = any(getattr(current, name) != value for name, value in values.items())
        if current.edition != edition and wanted:
            raise Stale(current)
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


def suggested_username(person: Person) -> str:
    """Family name and initials in Latin letters, with a number when that is taken."""
    initials = "".join(part[:1] for part in (person.given_name, person.patronymic))
    latin = "".join(
        _LATIN.get(letter, letter) for letter in f"{person.family_name}.{initials}".lower()
    )
    base = re.sub(r"[^a-z0-9.-]", "", latin).strip(".-")[:60] or "user"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}{number}"
    return name


def invite(
    person: Person, *, actor: Actor | None, at: datetime, username: str = ""
) -> tuple[User, str]:
    """An account for the person, and the path of a page where they set its password.

    The path works until the password is set or changed, or the link's days have passed
    (settings.PASSWORD_RESET_TIMEOUT). For someone who has an account it is a new such path.
    """
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        _not_merged(person)
        user = User.objects.filter(person=person).first()
        if user is None:
            user = User(
                username=username.strip() or suggested_username(person),
                email=person.email,
                person=person,
            )
            user.set_unusable_password()
            user.full_clean(exclude=["password", "person"], validate_constraints=False)
            changes.insert(user, explain=_explain)
        elif not user.is_active:
            raise ValidationError(_("Signing in is switched off for this person; allow it first."))
        audit("registry.person.invited", person, actor=actor, at=at, username=user.username)
        publish(events.PersonInvited(person_id=person.pk, user_id=user.pk), at=at)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return user, path


def switch_sign_in(
    person: Person, *, allowed: bool, actor: Actor | None, at: datetime, reason: str = ""
) -> User:
    """Allow or forbid signing in; forbidding ends the sessions too, at their next request."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(person=person)
        if user.is_active == allowed:
            return user
        if not allowed and actor is not None and actor.user_id == user.pk:
            raise ValidationError(_("You cannot switch off your own account."))
        user.is_active = allowed
        user.save(update_fields=["is_active"])
        audit(
            "registry.person.sign_in_allowed" if allowed else "registry.person.sign_in_forbidden",
            person,
            actor=actor,
            at=at,
            reason=reason,
        )
        publish(events.SignInSwitched(person_id=person.pk, user_id=user.pk, allowed=allowed), at=at)
    return user
