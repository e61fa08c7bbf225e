"""Passkeys and codes in a real browser, with a virtual authenticator in place of a person's."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import hotp_value
from playwright.sync_api import Browser, Page, expect

from sreda.registry.api import Role, User
from tests.factories import seated
from tests.ui.test_browser import browser as browser
from tests.ui.test_browser import context, pytestmark

assert pytestmark  # the same marks: Chromium, and a database the live server sees
PASSWORD = "длинный-пароль-для-проверки"


@pytest.fixture
def teacher(db) -> User:
    user = User.objects.get(pk=seated(Role.TEACHER).user_id)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def page(browser: Browser, live_server):
    made = context(browser, live_server.url)
    page = made.new_page()
    page.refusals = []
    page.on("console", lambda m: "Content Security" in m.text and page.refusals.append(m.text))
    yield page
    assert page.refusals == []
    made.close()


def sign_in(page: Page, site: str, user: User) -> None:
    page.goto(f"{site}/account/login/")
    page.fill("input[name=login]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def confirm_again(page: Page) -> None:
    """Sensitive acts ask for the password once more, when the last time was long ago."""
    if "reauthenticate" in page.url:
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")


def test_a_passkey_is_added_and_signs_in_alone(page: Page, live_server, teacher: User) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    site = live_server.url
    sign_in(page, site, teacher)
    expect(page).to_have_url(f"{site}/cabinet/")
    page.goto(f"{site}/account/2fa/webauthn/add/")
    confirm_again(page)
    page.fill("input[name=name]", "Ноутбук учителя")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "/webauthn/add" not in url)
    page.goto(f"{site}/account/2fa/webauthn/")
    expect(page.get_by_text("Ноутбук учителя").first).to_be_visible()

    sign_out(page)
    page.goto(f"{site}/account/login/")
    page.click("#passkey_login")
    expect(page).to_have_url(f"{site}/cabinet/")
    expect(page.get_by_text(teacher.person.full_name).first).to_be_visible()


def test_a_code_from_the_phone_is_asked_for_and_serves_once(
    page: Page, live_server, teacher: User
) -> None:
    site = live_server.url
    sign_in(page, site, teacher)
    expect(page).to_have_url(f"{site}/cabinet/")
    page.goto(f"{site}/account/2fa/totp/activate/")
    confirm_again(page)
    secret = page.locator("#authenticator_secret").input_value()
    page.fill("input[name=code]", code_of(secret))
    page.press("input[name=code]", "Enter")
    page.wait_for_url(lambda url: "totp/activate" not in url)

    used = None
    for _turn in range(2):
        sign_out(page)
        sign_in(page, site, teacher)
        expect(page.locator("input[name=code]")).to_be_visible()
        if used is None:
            used = code_of(secret, later=1)  # the one of the activation is spent
            page.fill("input[name=code]", used)
            page.press("input[name=code]", "Enter")
            expect(page).to_have_url(f"{site}/cabinet/")
    page.fill("input[name=code]", used)
    page.press("input[name=code]", "Enter")
    expect(page).not_to_have_url(f"{site}/cabinet/")


def code_of(secret: str, later: int = 0) -> str:
    """RFC 6238, thirty seconds a step; allauth allows for one step of a clock that is ahead."""
    counter = int(time.time()) // 30 + later
    return f"{hotp_value(secret, counter):06}"


def test_a_key_that_does_not_answer_is_told_in_words(page: Page, live_server, db) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}},
    )
    page.goto(f"{live_server.url}/account/login/")
    page.click("#passkey_login")
    expect(page.get_by_role("alert")).to_contain_text("Ключ не ответил")
