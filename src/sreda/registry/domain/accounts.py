"""Accounts: how a person of the registry comes to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Refused, audit
from sreda.registry.access import POSTS
from sreda.registry.enums import Role
from sreda.registry.models import Person, Post, User
from sreda.registry.models.periods import on_day

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch . y . e yu ya".split(),  # noqa: SIM905
        strict=True,
    )
)
_RANK = {role: place for place, role in enumerate(Role.values)}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time way in: `uid` and `token` make the address where a password is set."""

    user: User
    uid: str
    token: str


def latin(text: str) -> str:
    """The Latin letters and digits a user name is made of."""
    plain = "".join(_LATIN.get(letter, letter) for letter in text.lower())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def account_of(*, person: Person, actor: Actor | None, at: datetime) -> User:
    """The person's account; one without a password is made when there is none."""
    found = User.objects.filter(person=person).first()
    if found:
        return found
    stem = ".".join(
        part for part in (latin(person.family_name), latin(person.given_name)[:1]) if part
    )
    with transaction.atomic():
        for number in range(1, 10_000):
            name = (stem or "user")[:140] + (str(number) if number > 1 else "")
            try:
                with transaction.atomic():
                    user = User.objects.create_user(name, email=person.email, person=person)
            except IntegrityError:  # the name is taken, or the person got an account just now
                if other := User.objects.filter(person=person).first():
                    return other
                continue
            audit("registry.account.opened", user, actor=actor, at=at, person=person.pk)
            return user
    raise RuntimeError("no free user name")


def invite(*, person: Person, actor: Actor, at: datetime) -> Invitation:
    """Open the account and give out a one-time link to set its password.

    The link is as good as the person's rights, so it is given only for an account that was
    never used, and only by someone whose own post reaches over all of theirs.
    """
    with transaction.atomic():
        user = account_of(person=person, actor=actor, at=at)
        if user.has_usable_password() or user.last_login:
            raise Refused(
                _("This person already has an account and uses it."),
                _("A forgotten password is restored by e-mail from the sign-in page."),
            )
        posts = Post.objects.filter(on_day(actor.on), person=person)
        within = POSTS.all(actor, "change").filter(pk__in=posts.values("pk"))
        higher = any(_RANK[p.role] < _RANK.get(actor.role, len(_RANK)) for p in posts)
        if higher or within.count() != posts.count():
            raise Refused(
                _("This person also holds posts that are not yours to give access to."),
                _("Ask the regional operator to send the invitation."),
            )
        audit("registry.account.invited", user, actor=actor, at=at, person=person.pk)
    return Invitation(user, user_pk_to_url_str(user), default_token_generator.make_token(user))
