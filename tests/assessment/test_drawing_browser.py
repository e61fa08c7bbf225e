"""Places of a picture are drawn, moved and resized with the pointer; their numbers follow."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from sreda.assessment.domain import editing, media
from sreda.assessment.models import Item, Resource
from tests.assessment.bank import School
from tests.assessment.test_bank_pages import PNG, made, teacher
from tests.assessment.test_portable_browser import browser as browser
from tests.assessment.test_portable_browser import pytestmark

FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

assert pytestmark  # Chromium, and a database the live server sees


def opened(browser: Browser, live_server: Any, kind: str) -> Page:
    """The editor of a new item of this kind, with a picture."""
    school = School(timezone.now())
    client: Client = teacher(school)
    item = made(client, kind, "Карта")
    kept = media.keep("picture.png", PNG, actor=None, at=school.at)
    Resource.objects.create(version=item.versions.get(), href="media/picture.png", file=kept)
    context = browser.new_context(viewport={"width": 1440, "height": 1400}, locale="ru-RU")
    context.add_cookies(
        [{"name": n, "value": c.value, "url": live_server.url} for n, c in client.cookies.items()]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/assessment/items/{item.pk}/edit/")
    expect(page.locator(".drawing .qti-overlay rect").first).to_be_attached()
    page.locator("[data-drawing]").scroll_into_view_if_needed()
    return page


@pytest.fixture
def editor(browser: Browser, live_server: Any) -> Page:
    return opened(browser, live_server, "hotspot")


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator(".drawing .qti-overlay").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x / 400, box["y"] + box["height"] * y / 300


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=4)
    page.mouse.up()


def numbers(page: Page, line: int) -> list[int]:
    text = page.locator("[name=row-coords]").nth(line).input_value()
    return [int(one) for one in text.split(",")]


def test_places_are_drawn_moved_and_resized(editor: Page) -> None:
    page = editor
    page.locator("[data-tool=circle]").click()
    drag(page, (250, 100), (290, 100))
    assert numbers(page, 1) == pytest.approx([250, 100, 40], abs=2)
    page.locator("[data-tool=poly]").click()
    for corner in ((200, 200), (300, 200), (300, 280)):
        page.mouse.click(*at(page, *corner))
    page.keyboard.press("Escape")
    for corner in ((200, 200), (300, 200)):
        page.mouse.click(*at(page, *corner))
    page.mouse.dblclick(*at(page, 250, 270))
    assert numbers(page, 2) == pytest.approx([200, 200, 300, 200, 250, 270], abs=2)
    expect(page.locator("[name=row-right]").nth(2)).to_have_attribute("value", "2")
    drag(page, (250, 110), (270, 130))  # the circle, by its middle
    assert numbers(page, 1) == pytest.approx([270, 120, 40], abs=2)
    drag(page, (70, 70), (60, 10))  # the rectangle, no farther than the edge
    assert numbers(page, 0) == pytest.approx([10, 0, 110, 100], abs=2)
    drag(page, (110, 100), (160, 140))  # its corner
    assert numbers(page, 0) == pytest.approx([10, 0, 160, 140], abs=2)
    page.locator("[name=row-coords]").nth(0).fill("5,5,50,50")  # by keyboard
    expect(page.locator(".drawing .qti-overlay rect")).to_have_attribute("width", "45")
    for line, word in enumerate(("Юг", "Север", "Запад")):
        page.locator("[name=row-text]").nth(line).fill(word)
    page.locator(".btn-primary[value=save-on]").click()
    page.wait_for_load_state()
    form = editing.form_of(Item.objects.get().versions.get().content)
    assert form is not None
    assert [row.shape for row in form.rows] == ["rect", "circle", "poly"]
    assert [row.right for row in form.rows] == [True, False, False]


def test_numbers_of_places_stay_readable_however_large_the_picture(editor: Page) -> None:
    def width() -> float:
        box = editor.locator(".drawing .qti-number").bounding_box()
        assert box is not None
        return float(box["width"])

    before = width()
    for phone, pixels in ((390, "400"), (390, "4000"), (1440, "4000")):
        editor.set_viewport_size({"width": phone, "height": 844})
        editor.locator("[name=width]").fill(pixels)
        editor.evaluate(FRAMES)
        assert width() == pytest.approx(before, rel=0.1)


def test_pairs_of_drawn_places_are_kept(browser: Browser, live_server: Any) -> None:
    page = opened(browser, live_server, "graphic-associate")
    page.locator("[data-tool=circle]").click()
    drag(page, (250, 200), (280, 200))
    expect(page.locator("[name=row-coords]")).to_have_count(3)
    page.locator("[name=row-text]").nth(2).fill("Запад")
    page.locator("[name=row-other]").nth(0).fill("2; 3")
    page.locator("button[value='row:down:0']").click()
    expect(page.locator("[name=row-other]").nth(1)).to_have_value("1, 3")
    page.locator(".btn-primary[value=save-on]").click()
    page.wait_for_load_state()
    form = editing.form_of(Item.objects.get().versions.get().content)
    assert form is not None
    assert editing.joined(form.rows) == [(1, 2), (2, 3)]
    assert form.rows[2].shape == "circle"


def test_a_picture_is_placed_on_another(browser: Browser, live_server: Any) -> None:
    page = opened(browser, live_server, "position-object")
    page.locator("#file").set_input_files(
        {"name": "flag.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.locator("#file-alt").fill("Флажок")
    page.locator("button[value=upload]").click()
    expect(page.locator("[name=thing]")).to_have_value("media/flag.png")
    expect(page.locator("[name=picture]")).to_have_value("media/picture.png")
    page.locator("[data-drawing]").scroll_into_view_if_needed()
    page.locator("[data-tool=circle]").click()
    drag(page, (250, 200), (280, 200))
    page.locator(".btn-primary[value=save-on]").click()
    page.wait_for_load_state()
    expect(page.locator("#preview .qti-thing img")).to_have_attribute("alt", "Флажок")
    form = editing.form_of(Item.objects.get().versions.get().content)
    assert form is not None
    assert (form.thing_alt, len(form.rows)) == ("Флажок", 2)
