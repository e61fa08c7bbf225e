"""Filters of long lists: folded on a phone behind one button that tells how many are set."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sreda.registry.api import Role, User
from tests.factories import OrganisationFactory, seated
from tests.ui.test_browser import browser as browser
from tests.ui.test_browser import context, fits, pytestmark

assert pytestmark  # the same marks: Chromium, and a database the live server sees


@pytest.fixture
def address(live_server) -> str:
    OrganisationFactory(kind="school", short_name="Школа 1")
    OrganisationFactory(kind="college", short_name="Техникум")
    return live_server.url + reverse("registry:organisations")


def opened(
    browser: Browser, address: str, width: int, **more: object
) -> tuple[BrowserContext, Page]:
    site = address.removesuffix(reverse("registry:organisations"))
    made = context(browser, site, width=width, **more)
    client = Client()
    client.force_login(User.objects.get(pk=seated(Role.OPERATOR).user_id))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    made.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}])
    page = made.new_page()
    page.goto(address)
    return made, page


def test_on_a_phone_filters_open_by_the_keyboard_and_tell_how_many_are_set(browser, address):
    made, page = opened(browser, address, 390)
    kind, button = page.locator("#filter-kind"), page.locator(".filters > summary")
    expect(kind).to_be_hidden()
    assert page.locator("#results").bounding_box()["y"] < 420, "rows begin on the first screen"
    button.focus()
    page.keyboard.press("Enter")
    expect(kind).to_be_visible()
    fits(page, 390)
    kind.select_option("college")
    expect(page.locator("#results")).not_to_contain_text("Школа 1")
    expect(page.locator("#filters-set .badge")).to_have_text("1")
    expect(kind).to_be_visible()
    page.goto(f"{address}?kind=college")
    expect(kind).to_be_hidden()
    expect(button).to_contain_text("Фильтры 1")
    made.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_desktop_filters_stand_open(browser, address, scripts):
    made, page = opened(browser, address, 1440, java_script_enabled=scripts)
    expect(page.locator("#filter-kind")).to_be_visible()
    expect(page.locator(".filters > summary")).to_be_hidden()
    search, kind = page.locator(".searchbox").last, page.locator("#filter-kind")
    assert abs(search.bounding_box()["y"] - kind.bounding_box()["y"]) < 40, "in one line"
    fits(page, 1440)
    made.close()


def test_on_a_phone_without_a_script_filters_are_set_as_well(browser, address):
    made, page = opened(browser, address, 390, java_script_enabled=False)
    page.locator(".filters > summary").click()
    page.locator("#filter-kind").select_option("college")
    page.locator(".filters > .btn[data-nojs]").click()
    expect(page).to_have_url(re.compile("kind=college"))
    expect(page.locator("#results")).not_to_contain_text("Школа 1")
    made.close()
