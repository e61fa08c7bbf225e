"""Attempts to sign in are counted once for all processes; a code of the app serves once."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from sreda.registry.api import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "сибирский-кедр-2026"
SECRET = "JBSWY3DPEHPK3PXP"


def made(name: str) -> User:
    user = UserFactory.create(username=name)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, name: str, password: str, **headers: str):
    fields = {"login": name, "password": password}
    return client.post(reverse("account_login"), fields, headers=headers)


def test_counters_stand_in_the_database() -> None:
    cache.set("shared", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kernel_cache")
        assert cursor.fetchone() == (1,)
    assert not cache.add("shared", 2)


def test_a_class_behind_one_address_signs_in_within_a_minute() -> None:
    for number in range(35):
        user = made(f"pupil-{number}")
        assert sign_in(Client(), user.username, PASSWORD).status_code == 302


def test_behind_a_proxy_each_visitor_has_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """One who guesses from elsewhere must not shut the whole region out."""
    monkeypatch.setattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 1)
    made("ivanova")
    for number in range(61):
        sign_in(Client(), f"nobody-{number}", "no", **{"X-Forwarded-For": "192.0.2.1"})
    stopped = sign_in(Client(), "ivanova", PASSWORD, **{"X-Forwarded-For": "192.0.2.1"})
    forged = sign_in(Client(), "ivanova", PASSWORD, **{"X-Forwarded-For": "192.0.2.3, 192.0.2.1"})
    other = sign_in(Client(), "ivanova", PASSWORD, **{"X-Forwarded-For": "192.0.2.2"})
    assert (stopped.status_code, forged.status_code, other.status_code) == (200, 200, 302)


def test_a_code_serves_once_while_any_tolerated_step_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library forgets a used code after 30 s, but takes it for three steps."""
    user = made("ivanova")
    TOTP.activate(user, SECRET)
    now = time.time() // 30 * 30 + 1
    code = format_hotp_value(hotp_value(SECRET, int(now // 30) + 1))  # a clock one step ahead

    def enter(at: float) -> bool:
        monkeypatch.setattr(time, "time", lambda: at)
        client = Client()
        sign_in(client, "ivanova", PASSWORD)
        client.post(reverse("mfa_authenticate"), {"code": code[:3] + " " + code[3:]})
        return "_auth_user_id" in client.session

    assert enter(now)
    # What the library's own memory of 30 s has forgotten by then:
    cache.delete_many([f"allauth.mfa.totp.used?user={user.pk}&code={code}"])
    assert not enter(now + 45)
