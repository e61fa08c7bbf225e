"""The gallery in Chromium: no sideways scrolling, no serious fault of access, in every mode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sreda.ui.modes import COOKIE
from tests.browser.visitor import CHROMIUM, chromium, until

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
MODES = {
    "light": "theme=light",
    "dark": "theme=dark",
    "black on white": "lv=1",
    "white on black, A+": "lv=1&size=2&scheme=wb&spacing=2",
    "blue, A++": "lv=1&size=3&scheme=blue&spacing=3&images=off&font=serif",
}
SHOTS = os.environ.get("SREDA_SHOTS")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def site(live_server, settings) -> str:
    settings.GALLERY = True
    return live_server.url


def context(
    browser: Browser, site: str, mode: str = "", width: int = 1440, **more
) -> BrowserContext:
    made = browser.new_context(viewport={"width": width, "height": 900}, locale="ru-RU", **more)
    if mode:
        made.add_cookies([{"name": COOKIE, "value": mode, "url": site}])
    return made


def fits(page: Page, width: int) -> None:
    """Nothing sticks out sideways, once the browser has laid the page out for its new width."""
    until(page, "w => document.documentElement.scrollWidth <= w", width)


def visit(made: BrowserContext, url: str) -> tuple[Page, list[str]]:
    page, faults = made.new_page(), []
    page.on("console", lambda m: m.type == "error" and faults.append(m.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(url)
    return page, faults


@pytest.mark.parametrize("name", ["public", "cabinet", "auth"])
@pytest.mark.parametrize("mode", MODES)
def test_pages_fit_and_are_accessible(browser: Browser, site: str, name: str, mode: str) -> None:
    made = context(browser, site, MODES[mode], bypass_csp=True, reduced_motion="reduce")
    page, faults = visit(made, f"{site}/ui/?as={name}")
    page.add_script_tag(path=AXE)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        if SHOTS:
            label = mode.replace(",", "").replace(" ", "-")
            page.screenshot(path=f"{SHOTS}/{name}-{label}-{width}.png", full_page=True)
        fits(page, width)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        serious = [
            f"{v['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for v in found
            if v["impact"] in {"serious", "critical"}
            for node in v["nodes"]
        ]
        assert not serious, "\n".join(serious)
    assert not faults
    made.close()


def test_the_version_for_low_vision_is_the_first_stop_of_the_keyboard(
    browser: Browser, site: str
) -> None:
    made = context(browser, site)
    page, _faults = visit(made, f"{site}/ui/?as=public")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "low-vision"
    page.keyboard.press("Enter")
    page.wait_for_selector(".lv-panel")
    expect(page.locator("html")).to_have_attribute("data-lv", "1")
    expect(page).to_have_url(f"{site}/ui/?as=public#lv-settings")
    made.close()


def test_everything_needed_works_without_a_script(browser: Browser, site: str) -> None:
    made = context(browser, site, width=390, java_script_enabled=False)
    page, _faults = visit(made, f"{site}/ui/?as=public")
    page.click(".burger")
    expect(page.locator("#site-nav a").first).to_be_visible()
    page.goto(f"{site}/ui/")
    page.fill("#list-q", "лицей")
    page.press("#list-q", "Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#results tbody")).to_contain_text("62")
    page.click("#low-vision")
    expect(page.locator(".lv-panel")).to_be_visible()
    made.close()


def test_the_list_answers_as_one_types(browser: Browser, site: str) -> None:
    made = context(browser, site)
    page, faults = visit(made, f"{site}/ui/")
    page.locator("#list-q").press_sequentially("лицей")
    expect(page.locator("#results")).not_to_contain_text("Тутальская")
    expect(page.locator("#results")).to_contain_text("Лицей № 62")
    page.wait_for_url("**q=*")
    assert not faults
    made.close()


def test_a_dangerous_button_asks_first_and_a_form_sends_once(browser: Browser, site: str) -> None:
    made = context(browser, site)
    page, _faults = visit(made, f"{site}/ui/")
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.evaluate(
        "document.querySelectorAll('form[method=post]').forEach(f => f.noValidate = true)"
    )
    button = page.locator("[data-confirm]")
    button.click()
    dialog = page.locator("#confirm")
    expect(dialog.get_by_text("Удалить запись?")).to_be_visible()
    dialog.locator("[value=no]").click()
    assert not sent
    button.click()
    with page.expect_navigation():
        dialog.locator("[value=yes]").click()
    assert len(sent) == 1
    made.close()


def test_a_chart_is_drawn_under_the_content_policy(browser: Browser, site: str) -> None:
    made = context(browser, site)
    page, faults = visit(made, f"{site}/ui/")
    page.wait_for_selector(".chart-canvas svg")
    page.hover(".chart-canvas")
    page.wait_for_timeout(300)
    assert not faults
    made.close()


def test_paper_shows_the_content_alone(browser: Browser, site: str) -> None:
    made = context(browser, site)
    page, _faults = visit(made, f"{site}/ui/")
    page.emulate_media(media="print")
    for hidden in (".topline", ".sidebar", ".cabinet-bar", ".toolbar", ".pagination"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.locator("h1").is_visible()
    made.close()
