"""The portal in Chromium: search by keyboard and without scripts, every page in every mode."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Route, expect

from tests.factories import MunicipalityFactory, OrganisationFactory
from tests.ui.test_browser import AXE, MODES, context, fits, pytestmark, visit
from tests.ui.test_browser import browser as browser

assert pytestmark  # the same marks: Chromium, and a database the live server sees


@pytest.fixture
def site(live_server) -> str:
    place = MunicipalityFactory(name="Кемеровский городской округ", code="32701000")
    for number in (1, 62):
        OrganisationFactory(
            code=f"42{number:05}",
            municipality=place,
            short_name=f"МБОУ «Лицей № {number}»",
            website="https://school.example.org/",
        )
    return live_server.url


PAGES = (
    "/",
    "/organisations/",
    "/organisations/?q=лицей+62+юрга",
    "/organisations/4200062/",
    "/municipalities/",
    "/opendata/",
    "/opendata/organisations/",
    "/about/",
    "/accessibility/",
)


@pytest.mark.parametrize("mode", MODES)
def test_public_pages_fit_and_are_accessible(browser: Browser, site: str, mode: str) -> None:
    made = context(browser, site, MODES[mode], bypass_csp=True, reduced_motion="reduce")
    for path in PAGES:
        page, faults = visit(made, site + path)
        page.add_script_tag(path=AXE)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            fits(page, width)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert not [(path, v["id"], v["nodes"][0]["html"][:160]) for v in found]
        assert not faults
        page.close()
    made.close()


def test_suggestions_are_walked_by_keyboard(browser: Browser, site: str) -> None:
    made = context(browser, site)
    page, faults = visit(made, site + "/")
    box = page.get_by_role("searchbox")
    box.press_sequentially("kbwtq 6", delay=20)
    expect(page.locator(".suggestions a")).to_have_count(0)  # № 6 is not № 62
    box.press_sequentially("2", delay=20)
    expect(page.locator(".suggestions a")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".suggestions a")).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    expect(page.locator(".suggestions a")).to_have_count(0)
    box.press_sequentially(" ", delay=20)
    expect(page.locator(".suggestions a")).to_have_count(1)
    held: list[Route] = []
    page.route("**/suggest/**", lambda route: held.append(route))
    box.press_sequentially("к", delay=20)
    expect(page.locator(".suggestions a")).to_have_count(1)
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("ArrowDown")
    with page.expect_response("**/suggest/**"):
        held[0].continue_()  # it comes late and takes nothing from under the keys
    page.wait_for_timeout(100)
    expect(page.locator(".suggestions a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('organisation', args=['4200062'])}")
    assert not faults
    made.close()


def test_search_and_filters_work_without_scripts(browser: Browser, site: str) -> None:
    made = context(browser, site, java_script_enabled=False)
    page, _faults = visit(made, site + "/")
    page.get_by_role("searchbox").fill("лецей 62")
    page.locator("[data-suggest] button").click()
    expect(page.get_by_role("link", name="МБОУ «Лицей № 62»", exact=True)).to_be_visible()
    page.goto(site + "/organisations/")
    page.locator("#filter-kind").select_option("college")
    page.locator(".toolbar [data-nojs]").click()
    expect(page.locator(".results-count")).to_contain_text("0")
    made.close()


def test_the_list_is_narrowed_in_place_and_keeps_a_clean_address(
    browser: Browser, site: str
) -> None:
    made = context(browser, site)
    page, faults = visit(made, site + "/organisations/")
    page.locator("#list-q").press_sequentially("лицей 62", delay=20)
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator("#filter-link").select_option("100")
    expect(page.locator(".results-count")).to_contain_text("0")
    expect(page).to_have_url(re.compile("link=100"))
    assert page.url.count("q=") == 1
    assert not faults
    made.close()
