"""Portable custom interactions in Chromium: one that works, and ones that attack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Error, Page, Route, expect

from sreda.assessment.models import Answer, ItemResult
from tests.assessment import portable
from tests.assessment.bank import School
from tests.assessment.test_portable import banked
from tests.assessment.test_taking import begun
from tests.browser.visitor import CHROMIUM, chromium
from tests.factories import EnrolmentFactory, UserFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Seat:
    """A learner in front of an attempt at one portable item."""

    def __init__(self, browser: Browser, site: str, module: str, tmp: Any) -> None:
        school = School(timezone.now() - timedelta(minutes=1))
        item = banked(school, portable.package(module.replace("ADDRESS", repr(site))), tmp)
        person = EnrolmentFactory(group=school.group).person
        client = Client()
        client.force_login(UserFactory(person=person))
        self.person = person
        self.path = begun(client, school.sitting(school.test([item])))
        context = browser.new_context(viewport={"width": 390, "height": 800}, locale="ru-RU")
        context.add_cookies(
            [{"name": n, "value": c.value, "url": site} for n, c in client.cookies.items()]
        )
        self.context = context
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        context.on("response", lambda answer: self.asked.append(answer.url))
        self.page.goto(site + self.path)
        self.frame = self.page.frame_locator(".qti-portable-frame")
        self.value = self.page.locator("[data-portable-response]")


STORE_OPENS_LATE = """
    const { get, set } = Object.getOwnPropertyDescriptor(IDBRequest.prototype, "onsuccess");
    Object.defineProperty(IDBOpenDBRequest.prototype, "onsuccess", {
        get, set(then) { set.call(this, (event) => setTimeout(() => then(event), 3000)); },
    });
"""


def test_it_runs_by_keyboard_keeps_its_state_and_is_marked(
    browser: Browser, live_server: Any, tmp_path: Any
) -> None:
    seat = Seat(browser, live_server.url, portable.COUNTER, tmp_path)
    page = seat.page
    button = seat.frame.get_by_role("button", name="Ещё ➕")
    expect(button).to_be_visible()
    expect(seat.frame.locator("output")).to_have_css("font-weight", "700")  # its own style
    page.locator("[data-item]").evaluate("e => { e.tabIndex = -1; e.focus(); }")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    with page.expect_response("**/assessment/answers/"):
        for _time in range(3):
            page.keyboard.press("Enter")
    expect(seat.frame.locator("output")).to_have_text("6/3")
    expect(seat.value).to_have_value('{"base":{"integer":6}}')
    page.keyboard.press("Tab")  # and out of the frame again
    expect(page.locator("[data-hand-in]")).to_be_focused()
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "saved")
    page.reload()
    expect(seat.frame.locator("output")).to_have_text("6/3")
    seat.frame.get_by_role("button").click()
    expect(seat.value).to_have_value('{"base":{"integer":8}}')
    page.reload()  # at once: what came last is not lost either
    expect(seat.frame.locator("output")).to_have_text("8/4")
    height = page.locator(".qti-portable-frame").bounding_box()
    assert height is not None
    assert height["height"] < 120  # as high as what is in it
    page.locator("[data-hand-in]").click()
    page.locator("dialog[open] button[value=yes]").click()
    page.wait_for_url("**/result/")
    assert ItemResult.objects.get(attempt__person=seat.person).responses == {"RESPONSE": 8}
    expect(seat.frame.locator("output")).to_have_text("8/4")
    expect(seat.frame.get_by_role("button")).to_be_disabled()


def test_what_waited_on_the_device_is_shown_by_a_frame_that_began_before(
    browser: Browser, live_server: Any, tmp_path: Any
) -> None:
    seat = Seat(browser, live_server.url, portable.COUNTER, tmp_path)
    page, button, shown = seat.page, seat.frame.get_by_role("button"), seat.frame.locator("output")
    with page.expect_response("**/assessment/answers/"):
        button.click()
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "saved")
    page.route("**/assessment/answers/", lambda route: route.abort())
    button.click()
    expect(seat.value).to_have_value('{"base":{"integer":4}}')
    page.add_init_script(STORE_OPENS_LATE)
    held: list[Route] = []
    page.route("**/modules/counter.js", lambda route: held.append(route))
    page.reload()
    expect(seat.value).to_have_value('{"base":{"integer":4}}')
    assert held  # the frame had been given what the site has
    page.unroute("**/modules/counter.js")
    for route in held:
        with suppress(Error):  # of a frame that is gone
            route.continue_()
    expect(shown).to_have_text("4/2")
    page.close()


def test_a_hostile_module_gets_at_nothing(
    browser: Browser, live_server: Any, tmp_path: Any
) -> None:
    seat = Seat(browser, live_server.url, portable.HOSTILE, tmp_path)
    expect(seat.frame.locator("#got")).to_have_text("got:")
    assert seat.page.url == live_server.url + seat.path
    assert len(seat.context.pages) == 1
    expect(seat.value).to_have_value("")  # none of its wrong responses was taken
    mine = ("/portable/", "/static/", seat.path, "/assessment/answers/", "/favicon", "blob:")
    strange = [url for url in seat.asked if not any(part in url for part in mine)]
    assert strange == []
    assert not [url for url in seat.asked if "leak" in url or "manifest.json" in url]
    seat.page.reload()
    expect(seat.page.locator(".qti-portable")).to_be_visible()  # still signed in
    assert not Answer.objects.exists()


@pytest.mark.parametrize("module", [portable.LOOP, portable.FLOOD, portable.BROKEN])
def test_one_that_hangs_floods_or_breaks_is_taken_out(
    browser: Browser, live_server: Any, tmp_path: Any, module: str
) -> None:
    seat = Seat(browser, live_server.url, module, tmp_path)
    page = seat.page
    notice = page.locator("[data-portable-notice]")
    page.wait_for_timeout(1500)
    assert page.evaluate("1 + 1") == 2  # the page itself goes on
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Пропустите")
    expect(page.locator(".qti-portable-frame")).to_have_count(0)
    with page.expect_event("frameattached"):  # it may be gone again the next moment
        page.locator("[data-portable-again]").click()
    page.locator("[data-hand-in]").click()
    page.locator("dialog[open] button[value=yes]").click()
    page.wait_for_url("**/result/")


def test_without_a_script_words_stand_in_its_place(
    browser: Browser, live_server: Any, tmp_path: Any
) -> None:
    seat = Seat(browser, live_server.url, portable.COUNTER, tmp_path)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(seat.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(live_server.url + seat.path)
    expect(page.locator("[data-portable-notice]")).to_be_visible()
