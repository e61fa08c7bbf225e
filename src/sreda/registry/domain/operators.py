"""The regional operator who begins: everybody else's access comes from theirs."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.registry.domain import accounts
from sreda.registry.domain.accounts import Invitation
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.people import add_person
from sreda.registry.domain.posts import give_post
from sreda.registry.enums import Role
from sreda.registry.models import User


def appoint_operator(
    name: str, *, title: str = "", username: str = "", email: str = "", at: datetime
) -> Invitation:
    """A person with the post of regional operator from today on, and the way in. For whoever
    stands at the machine: no actor."""
    parts = name.split(maxsplit=2)
    if len(parts) < 2:
        raise ValidationError(_("Give family name, given name and patronymic, if there is one."))
    if username and User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_("This user name is taken."))
    with transaction.atomic():
        person = add_person(
            values={
                "family_name": parts[0],
                "given_name": parts[1],
                "patronymic": parts[2] if len(parts) > 2 else "",
                "email": email,
            },
            actor=None,
            at=at,
        )
        give_post(
            person,
            values={"role": Role.OPERATOR, "title": title, "since": local_day(at)},
            actor=None,
            at=at,
        )
        return accounts.invite(person=person, username=username, actor=None, at=at)


def new_link(username: str, *, drop_second_factor: bool = False, at: datetime) -> Invitation:
    """A way in for somebody who lost theirs and whom nobody else can help."""
    user = User.objects.filter(username__iexact=username).select_related("person").first()
    if user is None or user.person is None:
        raise ValidationError(_("There is no account with this user name."))
    with transaction.atomic():
        if drop_second_factor:
            accounts.drop_second_factor(user.person, actor=None, at=at)
        return accounts.invite(person=user.person, actor=None, at=at)
