"""Signing in reads the user and their name in one query."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from sreda.registry.models import User


class PersonBackend(BaseBackend):
    """Loads the session's user together with the person; it authenticates nobody itself."""

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.select_related("person").filter(pk=user_id, is_active=True).first()
