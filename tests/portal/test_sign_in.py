"""Signing in: password, second factor, passkey page, reset, sessions; nothing tells who exists."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sreda.kernel.api import AuditEntry
from sreda.registry.api import Role, User
from sreda.registry.domain.accounts import switch_sign_in
from tests.factories import PersonFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "сибирский-кедр-2026"


@pytest.fixture(autouse=True)
def _no_limits_from_other_tests() -> None:
    cache.clear()


@pytest.fixture
def user() -> User:
    made = UserFactory(username="ivanova.a", email="ivanova@school.example")
    made.set_password(PASSWORD)
    made.save()
    return made


def sign_in(client: Client, login: str, password: str, **more: str):
    return client.post(reverse("account_login"), {"login": login, "password": password, **more})


def confirm(client: Client) -> None:
    """Sensitive acts ask for the password once more."""
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 302


def code_for(secret: str, later: int = 1) -> str:
    """The oldest code still taken, or one some steps after it: good for half a minute a step."""
    counter = next(iter(yield_hotp_counters_from_time())) + later
    return format_hotp_value(hotp_value(secret, counter))


@pytest.mark.parametrize("login", ["ivanova.a", "ivanova@school.example", "IVANOVA@school.example"])
def test_by_user_name_or_e_mail(user: User, login: str) -> None:
    client = Client()
    client.get(reverse("account_login"))
    before = client.session.session_key
    answer = sign_in(client, login, PASSWORD)
    assert answer.url == reverse("cabinet")
    assert client.session.session_key != before
    entry = AuditEntry.objects.get(action="portal.session.opened")
    assert entry.actor_id == user.pk


def test_one_returns_to_the_page_asked_for_and_nowhere_else(user: User) -> None:
    answer = sign_in(Client(), "ivanova.a", PASSWORD, next="/cabinet/profile/")
    assert answer.url == "/cabinet/profile/"
    answer = sign_in(Client(), "ivanova.a", PASSWORD, next="https://elsewhere.example/")
    assert answer.url == reverse("cabinet")


def test_a_refusal_does_not_tell_whether_the_account_exists(user: User) -> None:
    def words(login: str) -> str:
        body = sign_in(Client(), login, "не тот пароль").content.decode()
        body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
        return body.replace(login, "…")

    assert words("ivanova.a") == words("nobody.here")
    assert words("ivanova@school.example") == words("nobody@school.example")


def test_a_closed_account_does_not_sign_in(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    client = Client()
    sign_in(client, "ivanova.a", PASSWORD)
    assert client.get(reverse("cabinet")).status_code == 302


def test_sessions_closed_with_the_account_do_not_come_back_with_it(user: User) -> None:
    client = Client()
    sign_in(client, "ivanova.a", PASSWORD)
    assert client.get(reverse("cabinet")).status_code == 200
    for allowed in (False, True):
        switch_sign_in(user.person, allowed=allowed, actor=None, at=timezone.now())
    assert client.get(reverse("cabinet")).status_code == 302
    assert sign_in(Client(), "ivanova.a", PASSWORD).url == reverse("cabinet")


def test_guessing_is_slowed_down(user: User) -> None:
    client = Client()
    for _n in range(5):
        sign_in(client, "ivanova.a", "не тот пароль")
    answer = sign_in(client, "ivanova.a", PASSWORD)
    assert answer.status_code == 200
    assert "Слишком много" in answer.content.decode()


def test_nobody_signs_up() -> None:
    client = Client()
    words = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    for answer in (
        client.get(reverse("account_signup")),
        client.post(reverse("account_signup"), words),
    ):
        assert "Как получить учётную запись" in answer.content.decode()
    assert not User.objects.exists()


def test_a_forgotten_password_is_restored_by_mail_once(user: User) -> None:
    client = Client()
    for address in ("ivanova@school.example", "nobody@school.example"):
        answer = client.post(reverse("account_reset_password"), {"email": address})
        assert answer.url == reverse("account_reset_password_done")
    letter = next(m for m in mail.outbox if m.to == ["ivanova@school.example"])
    link = re.search(r"http://testserver(/account/password/reset/key/\S+)", letter.body)[1]
    form = client.get(link, follow=True)
    new = "другой-надёжный-пароль"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert 'name="password1"' not in Client().get(link, follow=True).content.decode()


def test_a_short_or_common_password_is_refused(user: User) -> None:
    client = Client()
    sign_in(client, "ivanova.a", PASSWORD)
    for bad in ("короткий", "ivanova.a@school", "123123123123"):
        words = {"oldpassword": PASSWORD, "password1": bad, "password2": bad}
        client.post(reverse("account_change_password"), words)
        user.refresh_from_db()
        assert user.check_password(PASSWORD), bad


def test_a_changed_password_ends_the_other_sessions(user: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "ivanova.a", PASSWORD)
    new = "другой-надёжный-пароль"
    words = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    here.post(reverse("account_change_password"), words)
    assert here.get(reverse("cabinet")).status_code == 200
    assert there.get(reverse("cabinet")).status_code == 302
    assert AuditEntry.objects.filter(action="portal.password.changed").exists()


def test_one_signs_out_elsewhere(user: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "ivanova.a", PASSWORD)
    here.post(reverse("usersessions_list"))
    assert here.get(reverse("cabinet")).status_code == 200
    assert there.get(reverse("cabinet")).status_code == 302


class TestSecondFactor:
    def activate(self, client: Client) -> str:
        confirm(client)
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
        assert answer.status_code == 302
        return secret

    @pytest.mark.django_db(transaction=True)
    def test_is_asked_for_at_the_next_sign_in(self, user: User) -> None:
        client = Client()
        sign_in(client, "ivanova.a", PASSWORD)
        secret = self.activate(client)
        kept = Authenticator.objects.get(user=user, type="totp")
        assert secret not in str(kept.data)  # it does not lie open

        other = Client()
        assert sign_in(other, "ivanova.a", PASSWORD).url == reverse("mfa_authenticate")
        assert other.get(reverse("cabinet")).status_code == 302
        wrong = other.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert wrong.status_code == 200
        answer = other.post(reverse("mfa_authenticate"), {"code": code_for(secret, 2)})
        assert answer.url == reverse("cabinet")
        assert other.get(reverse("cabinet")).status_code == 200

    def test_the_code_that_set_up_the_app_signs_nobody_in(self, user: User) -> None:
        client, other = Client(), Client()
        sign_in(client, "ivanova.a", PASSWORD)
        confirm(client)
        secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
        code = code_for(secret)
        client.post(reverse("mfa_activate_totp"), {"code": code})
        sign_in(other, "ivanova.a", PASSWORD)
        again = other.post(reverse("mfa_authenticate"), {"code": f"{code[:3]} {code[3:]}"})
        assert again.status_code == 200
        assert other.get(reverse("cabinet")).status_code == 302
        answer = other.post(reverse("mfa_authenticate"), {"code": code_for(secret, 2)})
        assert answer.url == reverse("cabinet")

    @pytest.mark.django_db(transaction=True)
    def test_opens_the_posts_that_wait_for_it(self, user: User, settings) -> None:
        settings.REQUIRE_MFA = frozenset({Role.OPERATOR})
        PostFactory(person=user.person, role=Role.OPERATOR, organisation=None)
        client = Client()
        sign_in(client, "ivanova.a", PASSWORD)
        for address in (reverse("audit"), "/no/such/page/"):  # said alike wherever it is said
            refused = client.get(address)
            assert refused.status_code == 404
            assert reverse("mfa_index") in refused.content.decode()
        self.activate(client)
        assert reverse("mfa_index") not in client.get("/no/such/page/").content.decode()
        assert client.get(reverse("audit")).status_code == 200
        assert AuditEntry.objects.filter(action="portal.second-factor.added").exists()
        client.post(reverse("mfa_deactivate_totp"))
        assert client.get(reverse("audit")).status_code == 404

    def test_is_set_up_only_after_the_password_again(self, user: User) -> None:
        client = Client()
        sign_in(client, "ivanova.a", PASSWORD)
        session = client.session
        methods = session["account_authentication_methods"]
        session["account_authentication_methods"] = [
            {**m, "at": time.time() - 3600} for m in methods
        ]
        session.save()
        answer = client.get(reverse("mfa_activate_totp"))
        assert answer.url.startswith(reverse("account_reauthenticate"))


PAGES = [
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_inactive", "account_reset_password_from_key_done", "account_email_verification_sent",
    "socialaccount_login_cancelled", "socialaccount_login_error",
]  # fmt: skip
OWN_PAGES = [
    "account_email", "account_change_password", "account_reauthenticate", "account_logout",
    "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn",
    "usersessions_list", "socialaccount_connections", "cabinet", "profile", "security",
]  # fmt: skip
KNOWN = {
    "csv",
    "xlsx",
    "eng",
    "english",
    "qr",
    "pin",
    "javascript",
    "https",
    "http",
    "testserver",
    "school",
    "example",
    "ivanova",
    "a",
}


@pytest.mark.parametrize("name", [*PAGES, *OWN_PAGES])
def test_no_english_word_and_no_inline_script_or_style(user: User, name: str) -> None:
    client = Client()
    if name in OWN_PAGES:
        sign_in(client, "ivanova.a", PASSWORD)
        confirm(client)
    answer = client.get(reverse(name), headers={"Accept-Language": "ru"})
    assert answer.status_code in {200, 401}
    body = answer.content.decode()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert not re.search(r"<script(?![^>]*(\bsrc=|application/json))", body)
    assert not re.search(r"\sstyle=|\son\w+=\"", body)
    text = re.sub(r"<(script|svg|title)\b.*?</\1>", " ", body, flags=re.S)
    text = re.sub(r"<input[^>]*>|<[^>]+>", " ", text)
    words = {w.lower() for w in re.findall(r"[A-Za-z]{2,}", text)} - KNOWN
    assert not words, words


def test_a_link_for_a_new_password_logs_nobody_in() -> None:
    """Whoever follows a stale link sees why it does not work."""
    person = PersonFactory()
    UserFactory(person=person)
    page = Client().get(reverse("account_reset_password_from_key", args=["0", "none-none"]))
    assert "недействительна" in page.content.decode() or "неверн" in page.content.decode()


# ---- the way on


def test_an_invited_person_is_led_on_to_sign_in() -> None:
    page = Client().get(reverse("account_reset_password_from_key_done")).content.decode()
    assert f'class="btn btn-primary" href="{reverse("account_login")}"' in page


@pytest.mark.parametrize("name", ["account_reset_password", "account_reset_password_done"])
def test_who_has_no_address_is_told_whom_to_ask(name: str) -> None:
    page = Client().get(reverse(name)).content.decode()
    assert "у того, кто дал вам приглашение" in page
    assert "Свяжитесь с нами" not in page


def test_a_closed_account_is_told_so_and_whom_to_ask() -> None:
    page = Client().get(reverse("account_inactive")).content.decode()
    assert "Вход запрещён" in page
    assert "региональному оператору" in page


def test_too_many_attempts_say_how_long_to_wait(user: User) -> None:
    client = Client()
    for _ in range(6):
        text = sign_in(client, "ivanova.a", "не тот пароль").content.decode()
    assert "Подождите пять минут" in text


def test_a_letter_to_an_unknown_address_leads_nobody_to_sign_up() -> None:
    Client().post(reverse("account_reset_password"), {"email": "nobody@school.example"})
    letter = mail.outbox[-1].body
    assert "по приглашению" in letter
    assert "зарегистрировать" not in letter


def test_the_second_step_asks_by_what_there_is(user: User) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = Client()
    sign_in(client, "ivanova.a", PASSWORD)
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert "mfa_webauthn_authenticate" not in page  # there is no key
    assert "кодов восстановления" in page
    assert "может снять второй фактор" in page


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/120.0 YaBrowser/24.1 Safari/537.36",
            "Яндекс Браузер, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/17.4 Safari/604.1", "Safari, iPhone"),
        ("curl/8.5", "curl/8.5"),
    ],
)  # fmt: skip
def test_sessions_name_the_browser_in_words(user: User, agent: str, words: str) -> None:
    client = Client(headers={"user-agent": agent})
    sign_in(client, "ivanova.a", PASSWORD)
    page = client.get(reverse("usersessions_list")).content.decode()
    assert f">{words}</td>" in page
