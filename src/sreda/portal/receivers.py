"""Signing in and out, and changes of how one signs in, go to the audit log.

The mark of a second factor in the session is set here too: by it the registry's middleware
gives out seats whose role needs one.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_used
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from sreda.kernel import clock
from sreda.kernel.api import Actor, audit
from sreda.registry.api import User
from sreda.registry.middleware import SECOND_FACTOR_KEY


def write(action: str, user: Any, **data: Any) -> None:
    if not isinstance(user, User):
        return
    now = clock.now()
    actor = Actor(
        on=clock.today(), user_id=user.pk, person_id=user.person_id, name=user.get_full_name()
    )
    audit(action, user, actor=actor, at=now, **data)


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: User, **rest: Any) -> None:
    methods = [m.get("method") for m in request.session.get("account_authentication_methods", [])]
    write("portal.session.opened", user, methods=methods)


@receiver(user_logged_out)
def signed_out(sender: Any, user: Any, **rest: Any) -> None:
    write("portal.session.closed", user)


@receiver([password_changed, password_set, password_reset])
def password(sender: Any, user: User, **rest: Any) -> None:
    write("portal.password.changed", user)


@receiver([authenticator_added, authenticator_used])
def second_factor_shown(sender: Any, request: HttpRequest, user: User, **rest: Any) -> None:
    request.session[SECOND_FACTOR_KEY] = str(user.pk)


@receiver(authenticator_added)
def second_factor_added(sender: Any, user: User, authenticator: Any, **rest: Any) -> None:
    write("portal.second-factor.added", user, kind=authenticator.type)


@receiver(authenticator_removed)
def second_factor_removed(
    sender: Any, request: HttpRequest, user: User, authenticator: Any, **rest: Any
) -> None:
    if not is_mfa_enabled(user):
        request.session.pop(SECOND_FACTOR_KEY, None)
    write("portal.second-factor.removed", user, kind=authenticator.type)


@receiver(social_account_added)
def linked(sender: Any, sociallogin: Any, **rest: Any) -> None:
    write("portal.outside-account.linked", sociallogin.user, provider=sociallogin.account.provider)


@receiver(social_account_removed)
def unlinked(sender: Any, socialaccount: Any, **rest: Any) -> None:
    write("portal.outside-account.unlinked", socialaccount.user, provider=socialaccount.provider)
