"""Signing in reads the user and their name in one query."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from sreda.registry.models import User


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's check of user name or e-mail and password; a session's user comes with its person.

    It is the only backend, so that every request of every session costs this one query.
    """

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.select_related("person").filter(pk=user_id, is_active=True).first()
