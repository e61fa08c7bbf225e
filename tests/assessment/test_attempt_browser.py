"""What was answered is not lost, however slowly the device's own store opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.assessment.bank import School, choice_xml
from tests.assessment.test_portable_browser import browser as browser
from tests.assessment.test_portable_browser import pytestmark
from tests.assessment.test_taking import begun
from tests.factories import EnrolmentFactory, UserFactory

assert pytestmark  # Chromium, and a database the live server sees

# The store opens after a second and a half, as on a phone that is busy.
SLOW_STORE = """
const real = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...args) {
  const told = {};
  setTimeout(() => {
    const request = real.apply(this, args);
    for (const name of ['upgradeneeded', 'success', 'error']) {
      request['on' + name] = (event) => {
        if (name !== 'error') told.result = request.result;
        told['on' + name]?.(event);
      };
    }
  }, 1500);
  return told;
};
"""


@pytest.fixture
def seat(browser: Browser, live_server: Any) -> Iterator[tuple[BrowserContext, str, Client]]:
    """A learner's browser, the address of an attempt at one choice, and the learner without it."""
    school = School(timezone.now() - timedelta(minutes=1))
    client = Client()
    client.force_login(UserFactory(person=EnrolmentFactory(group=school.group).person))
    path = begun(client, school.sitting(school.test([school.item(choice_xml())])))
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="ru-RU")
    context.add_cookies(
        [{"name": n, "value": c.value, "url": live_server.url} for n, c in client.cookies.items()]
    )
    yield context, live_server.url + path, client
    context.close()


def chosen(page: Page) -> Locator:
    return page.locator("[data-item] input[value=B]")


def acknowledged(page: Page, client: Client) -> None:
    page.reload()
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "saved")
    expect(chosen(page)).to_be_checked()
    shown = client.get(urlsplit(page.url).path).content.decode()
    assert re.search(r'value="B"[^>]* checked', shown)


@pytest.mark.parametrize("wait", [0, 700])  # before the answer is to be kept, and while it is
def test_an_answer_given_while_the_store_opens_is_kept(
    seat: tuple[BrowserContext, str, Client], wait: int
) -> None:
    context, address, client = seat
    context.add_init_script(SLOW_STORE)
    # the server hears nothing: what the page shows again, the device has kept
    context.route("**/assessment/answers/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(address)
    expect(page.locator("form[data-bound]")).to_be_attached()
    chosen(page).check()
    page.wait_for_timeout(wait)
    page.reload()
    expect(page.locator("form[data-bound]")).to_be_attached()
    expect(chosen(page)).to_be_checked()
    context.unroute("**/assessment/answers/**")
    acknowledged(page, client)


def test_an_answer_given_before_the_script_is_there_is_kept(
    seat: tuple[BrowserContext, str, Client],
) -> None:
    context, address, client = seat
    held: list[Route] = []
    context.route(re.compile(r"/attempt-[^/]*\.js"), lambda route: held.append(route))
    page = context.new_page()
    page.goto(address)
    chosen(page).check()
    expect(page.locator("form[data-bound]")).not_to_be_attached()
    for route in held:
        route.continue_()
    expect(page.locator("form[data-bound]")).to_be_attached()
    context.unroute_all()
    acknowledged(page, client)


def test_what_is_asked_before_the_hand_in_counts_the_answer_on_the_page(
    seat: tuple[BrowserContext, str, Client],
) -> None:
    context, address, _client = seat
    page = context.new_page()
    page.goto(address)
    expect(page.locator("form[data-bound]")).to_be_attached()
    button = page.locator("[data-hand-in]")
    expect(button).to_have_attribute("data-confirm", re.compile("^1 задание без ответа"))
    chosen(page).check()
    expect(button).to_have_attribute("data-confirm", re.compile("^Сдать"))
    button.click()
    expect(page.locator("dialog#confirm")).not_to_contain_text("без ответа")
