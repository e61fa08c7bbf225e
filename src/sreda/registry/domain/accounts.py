"""Accounts: how a person of the registry comes to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Refused, audit, notify, publish
from sreda.registry.access import PEOPLE
from sreda.registry.events import PersonInvited, SecondFactorDropped, SignInSwitched
from sreda.registry.models import Person, User

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch . y . e yu ya".split(),  # noqa: SIM905
        strict=True,
    )
)


MATCHED_FIELDS = frozenset({"external_id", "email"})


def found_by() -> set[str]:
    """Fields of a person by which somebody signs in as them: the e-mail, for it goes to their
    account and a forgotten password is sent there, and what outside services match by."""
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    services = providers.get("openid_connect", {}).get("APPS", [])
    matched = {(app.get("settings", {}).get("person") or {}).get("field") for app in services}
    return {"email"} | {field for field in MATCHED_FIELDS if field in matched}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time way in: `uid` and `token` make the address where a password is set."""

    user: User
    uid: str
    token: str

    @property
    def path(self) -> str:
        names = {"uidb36": self.uid, "key": self.token}
        return reverse("account_reset_password_from_key", kwargs=names)


def latin(text: str) -> str:
    """The Latin letters and digits a user name is made of."""
    plain = "".join(_LATIN.get(letter, letter) for letter in text.lower())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def suggested_name(person: Person) -> str:
    """Family name and initial in Latin letters, with a number where that is taken."""
    parts = (latin(person.family_name), latin(person.given_name)[:1])
    stem = ".".join(part for part in parts if part)[:140] or "user"
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    return next(n for n in chain([stem], (f"{stem}{i}" for i in count(2))) if n not in taken)


def account_of(*, person: Person, actor: Actor | None, at: datetime, username: str = "") -> User:
    """The person's account; one without a password is made when there is none."""
    for _turn in range(5):
        if found := User.objects.filter(person=person).first():
            return found
        user = User(username=username or suggested_name(person), email=person.email, person=person)
        user.set_unusable_password()
        user.full_clean(exclude=["person", "password"], validate_constraints=False)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:  # the name was taken, or the account made, at this very moment
            continue
        audit("registry.account.opened", user, actor=actor, at=at, person=person.pk)
        return user
    raise ValidationError({"username": _("This user name is taken.")})


def invite(*, person: Person, actor: Actor | None, at: datetime, username: str = "") -> Invitation:
    """Open the account and give out a one-time link to set its password.

    The link is as good as the person's rights, so only someone may make it whose own post
    reaches over all of theirs; without an actor, who stands at the machine. For an account in use
    it serves instead of a lost password.
    """
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        if person.merged_into_id or (actor and not PEOPLE.may(actor, "account", person)):
            raise Refused(
                _("This person also holds posts that are not yours to give access to."),
                _("Ask the regional operator to send the invitation."),
            )
        user = account_of(person=person, actor=actor, at=at, username=username)
        if not user.is_active:
            raise ValidationError(_("Signing in is switched off for this person; allow it first."))
        audit(
            "registry.account.invited",
            user,
            actor=actor,
            at=at,
            person=person.pk,
            in_use=user.has_usable_password(),
        )
        publish(PersonInvited(person_id=person.pk, user_id=user.pk), at=at)
    return Invitation(user, user_pk_to_url_str(user), default_token_generator.make_token(user))


def drop_second_factor(
    person: Person, *, actor: Actor | None, at: datetime, reason: str = ""
) -> None:
    """For a lost telephone and lost codes: authenticator app, passkeys and recovery codes go, and
    every open session ends. The password stays; where a factor is required, a new one is set up
    at the next sign-in."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(person=person)
        if actor is not None and actor.user_id == user.pk:
            raise ValidationError(
                _("Your own second factor you change yourself, under “Sign-in and security”.")
            )
        factors = Authenticator.objects.filter(user=user)
        kinds = sorted(set(factors.values_list("type", flat=True)))
        if not kinds:
            return
        factors.delete()
        _end_sessions(user)
        audit(
            "registry.account.factor_dropped", user, actor=actor, at=at, kinds=kinds, reason=reason
        )
        notify(
            [person.pk],
            key=f"registry.factor-dropped:{at.isoformat()}",
            subject=_("Your second factor was taken off"),
            text=_(
                "Whoever gives you access did so. If you did not ask for it, tell them at once."
            ),
            link=reverse("security"),
            at=at,
        )
        publish(SecondFactorDropped(person_id=person.pk, user_id=user.pk), at=at)


def _end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user).exists())


def switch_sign_in(
    person: Person, *, allowed: bool, actor: Actor | None, at: datetime, reason: str = ""
) -> User:
    """Allow or forbid signing in; forbidding ends every open session, for good."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(person=person)
        if user.is_active == allowed:
            return user
        if not allowed and actor is not None and actor.user_id == user.pk:
            raise ValidationError(_("You cannot switch off your own account."))
        user.is_active = allowed
        user.save(update_fields=["is_active"])
        if not allowed:
            _end_sessions(user)
        action = "allowed" if allowed else "forbidden"
        audit(f"registry.account.{action}", user, actor=actor, at=at, reason=reason)
        publish(SignInSwitched(person_id=person.pk, user_id=user.pk, allowed=allowed), at=at)
    return user
