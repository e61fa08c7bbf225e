"""Filling in Chromium: saved by itself, kept without a network and over a reload, a block pasted
from a spreadsheet, a correction with its reason, another's cell, the plain form without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from sreda.registry.api import Role, User
from sreda.reporting.domain.campaigns import close_campaign
from sreda.reporting.domain.delegation import delegate, revoke
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    seated,
)
from tests.reporting.forms import QUESTIONS, with_a_condition_in_rows
from tests.reporting.world import AT, opened, published, report, values
from tests.ui.test_browser import AXE, context, fits, pytestmark
from tests.ui.test_browser import browser as browser

assert pytestmark  # the same marks: Chromium, and a database the live server sees


class School:
    def __init__(self, url: str) -> None:
        self.url = url
        self.school = OrganisationFactory(phone="+7 3842 11-22-33")
        EnrolmentFactory(group=ClassGroupFactory(organisation=self.school, grade=7))
        self.head = seated(Role.HEAD, organisation=self.school)
        self.colleague = seated(Role.ADMINISTRATOR, organisation=self.school)
        self.report = report(opened(), self.school)

    def enter(self, made: BrowserContext, actor: object) -> None:
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))  # type: ignore[attr-defined]
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        made.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.url}])

    def open(self, made: BrowserContext, section: str = "general") -> Page:
        page = made.new_page()
        page.goto(f"{self.url}/reporting/reports/{self.report.pk}/?section={section}")
        return page


@pytest.fixture
def school(live_server) -> School:
    return School(live_server.url)


@pytest.fixture
def made(browser: Browser, school: School) -> Iterator[BrowserContext]:
    found = context(browser, school.url)
    school.enter(found, school.head)
    yield found
    found.close()


def state(page: Page) -> object:
    return page.locator("[data-save-state]")


def test_a_cell_is_saved_by_itself_and_survives_a_lost_network(made, school) -> None:
    page = school.open(made)
    page.fill("#c-base-shifts", "2")
    page.keyboard.press("Tab")
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["base.shifts"] == 2
    made.set_offline(True)
    page.fill("#c-base-area", "120,5")
    page.keyboard.press("Tab")
    expect(state(page)).to_contain_text("Нет связи")
    made.set_offline(False)
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["base.area"] * 2 == 241


def test_what_was_typed_offline_comes_back_after_a_reload(made, school) -> None:
    page = school.open(made)
    page.route("**/save/", lambda route: route.abort())
    page.fill("#c-base-shifts", "3")
    page.keyboard.press("Tab")
    expect(state(page)).to_contain_text("Нет связи")
    page.unroute("**/save/")
    page.reload()
    expect(page.locator("#c-base-shifts")).to_have_value("3")
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["base.shifts"] == 3


def test_whose_part_was_taken_back_while_typing_is_told_so(browser, school) -> None:
    teacher = seated(Role.TEACHER, organisation=school.school)
    given = delegate(school.report, "general", teacher.person_id, actor=school.head, at=AT)
    made = context(browser, school.url)
    school.enter(made, teacher)
    page = school.open(made)
    page.fill("#c-base-shifts", "2")
    page.keyboard.press("Tab")
    expect(state(page)).to_have_text("Всё сохранено")
    revoke(given, actor=school.head, at=AT)
    page.fill("#c-base-area", "120,5")
    page.keyboard.press("Tab")
    expect(state(page)).to_contain_text("больше не вам")
    assert "base.area" not in values(school.report)
    made.close()


def test_keys_and_a_block_pasted_from_a_spreadsheet(made, school) -> None:
    page = school.open(made)
    page.focus("#c-pupils-g7-total")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#c-pupils-g8-total")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#c-pupils-all-total")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData('text/plain', '5\\t4\\n6\\n');
          document.activeElement.dispatchEvent(
            new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator("#c-pupils-g7-girls")).to_have_value("4")
    expect(page.locator("#c-pupils-g8-total")).to_have_value("6")
    ask = page.locator(".cell-ask").first
    expect(ask).to_be_visible()
    ask.locator("input").fill("Прибыли в ноябре")
    ask.locator("button").first.click()
    expect(page.locator(".cell:has(#c-pupils-g7-total)")).to_have_class("cell is-corrected")
    assert values(school.report)["pupils.g7.total"] == 5


def test_another_s_cell_appears_within_seconds(browser, made, school) -> None:
    page = school.open(made)
    other = context(browser, school.url)
    school.enter(other, school.colleague)
    theirs = school.open(other)
    theirs.select_option("#c-base-heating", "own")
    expect(state(theirs)).to_have_text("Всё сохранено")
    expect(page.locator("#c-base-heating")).to_have_value("own")
    expect(state(page)).to_contain_text(school.colleague.name)
    other.close()


def test_of_two_who_type_into_one_cell_the_second_chooses(browser, made, school) -> None:
    page = school.open(made)
    other = context(browser, school.url)
    school.enter(other, school.colleague)
    theirs = school.open(other)
    for one, area in ((page, "10"), (theirs, "20")):
        one.route("**/state/**", lambda route: route.abort())
        one.fill("#c-base-area", area)
    page.keyboard.press("Tab")
    expect(state(page)).to_have_text("Всё сохранено")
    theirs.keyboard.press("Tab")
    ask = theirs.locator(".cell:has(#c-base-area) .cell-ask")
    expect(ask).to_be_visible()
    expect(theirs.locator("#c-base-area")).to_have_value("20")
    ask.locator("button").first.click()
    expect(state(theirs)).to_have_text("Всё сохранено")
    assert values(school.report)["base.area"] == 20
    page.fill("#c-base-area", "30")
    page.keyboard.press("Tab")
    ask = page.locator(".cell:has(#c-base-area) .cell-ask")
    expect(ask).to_be_visible()
    ask.locator("button").last.click()
    expect(page.locator("#c-base-area")).to_have_value("20")
    assert values(school.report)["base.area"] == 20
    other.close()


def test_who_types_as_the_campaign_closes_reads_of_it_and_loses_nothing(made, school) -> None:
    page = school.open(made)
    close_campaign(school.report.campaign, actor=None, at=AT)
    page.fill("#c-base-area", "10")
    page.keyboard.press("Tab")
    expect(state(page)).to_contain_text("Кампания закрыта")
    expect(state(page)).to_contain_text("Площадь")
    page.wait_for_timeout(1000)
    expect(state(page)).to_contain_text("Кампания закрыта")
    assert values(school.report)["base.area"] == 10


def test_what_is_typed_before_the_script_is_there_is_saved(made, school) -> None:
    held: list[Route] = []
    made.route(re.compile(r"/filling-[^/]*\.js"), lambda route: held.append(route))
    page = school.open(made)
    page.fill("#c-base-shifts", "2")
    page.select_option("#c-base-canteen", "true")
    expect(state(page)).to_be_hidden()
    assert held
    for route in held:
        route.continue_()
    expect(state(page)).to_be_visible()
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["base.shifts"] == 2
    page.reload()
    expect(page.locator("#c-base-shifts")).to_have_value("2")
    expect(page.locator("#c-base-canteen")).to_have_value("true")


def test_rows_are_added_and_removed(made, school) -> None:
    page = school.open(made, "more")
    row = page.locator("#b-clubs tbody tr").last
    row.locator(".cell-input").first.fill("Хор")
    page.locator("[data-add-row=clubs]").click()
    page.keyboard.type("Шахматы")
    page.keyboard.press("Tab")
    expect(state(page)).to_have_text("Всё сохранено")
    assert sorted(v for k, v in values(school.report).items() if k.startswith("clubs")) == [
        "Хор",
        "Шахматы",
    ]
    page.reload()
    page.locator("#b-clubs tbody tr").first.locator("label:has([data-drop])").click()
    expect(state(page)).to_have_text("Всё сохранено")
    page.wait_for_timeout(500)
    assert len([k for k in values(school.report) if k.startswith("clubs")]) == 1


def test_cells_under_a_condition_appear_and_go_at_once(browser, made, school) -> None:
    page = school.open(made)
    seats = page.locator("#c-base-seats")
    expect(seats).to_be_hidden()
    page.select_option("#c-base-canteen", "true")
    expect(seats).to_be_visible()
    seats.fill("40")
    page.keyboard.press("Tab")
    expect(state(page)).to_have_text("Всё сохранено")
    other = context(browser, school.url)
    school.enter(other, school.colleague)
    theirs = school.open(other)
    seats.focus()
    seats.press("End")
    page.keyboard.type("5")
    theirs.select_option("#c-base-canteen", "false")
    expect(theirs.locator("#c-base-seats")).to_be_hidden()
    expect(seats).to_be_hidden()
    expect(page.locator("#c-base-heating")).to_be_focused()
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["base.seats"] == 405, "what was typed when it went is kept"
    page.select_option("#c-base-canteen", "true")
    expect(seats).to_be_visible()
    expect(seats).to_have_value("405")
    other.close()


def test_a_new_row_asks_what_its_own_cells_ask_for(made, school) -> None:
    version = published(with_a_condition_in_rows(), code="clubs")
    school.report = report(opened(version), school.school)
    page = school.open(made, "more")
    members = page.locator("#b-clubs tbody tr td:nth-child(3) .cell-input")
    expect(members).to_be_hidden()
    page.locator("#b-clubs tbody tr .cell-input").first.fill("Хор")
    page.keyboard.press("Tab")
    expect(members).to_be_visible()
    page.locator("[data-add-row=clubs]").click()
    expect(members.last).to_be_hidden()
    expect(members.first).to_be_visible()
    page.keyboard.type("Шахматы")
    page.keyboard.press("Tab")
    expect(members.last).to_be_visible()


def test_several_answers_are_ticked_one_by_one(browser, made, school) -> None:
    school.report = report(opened(published(QUESTIONS, code="asked")), school.school)
    page = school.open(made, "s")
    expect(page.locator(".field-row").first).to_contain_text("*")
    group = page.get_by_role("group", name="Чем пользуетесь")
    for name in ("Тесты", "Дневник"):
        group.get_by_label(name).check()
    expect(state(page)).to_have_text("Всё сохранено")
    assert values(school.report)["q.uses"] == "diary\ntests"
    other = context(browser, school.url, java_script_enabled=False)
    school.enter(other, school.colleague)
    theirs = school.open(other, "s")
    expect(theirs.get_by_label("Тесты")).to_be_checked()
    for name in ("Тесты", "Дневник"):
        theirs.get_by_label(name).uncheck()
    theirs.locator("[data-without-script]").click()
    assert "q.uses" not in values(school.report)
    expect(group.get_by_label("Тесты")).not_to_be_checked()
    other.close()


def test_without_scripts_a_section_is_sent_as_a_form(browser, school) -> None:
    plain = context(browser, school.url, java_script_enabled=False)
    school.enter(plain, school.head)
    page = school.open(plain)
    page.fill("#c-base-shifts", "2")
    page.locator("[data-without-script]").click()
    assert values(school.report)["base.shifts"] == 2
    plain.close()


def test_the_page_fits_and_is_accessible(browser, school) -> None:
    wide = context(browser, school.url, bypass_csp=True, reduced_motion="reduce")
    school.enter(wide, school.head)
    asked = report(opened(published(QUESTIONS, code="asked")), school.school)
    for section in ("general", "more", "s"):
        school.report = asked if section == "s" else school.report
        page = school.open(wide, section)
        page.add_script_tag(path=AXE)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            fits(page, width)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert not [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
    wide.close()
