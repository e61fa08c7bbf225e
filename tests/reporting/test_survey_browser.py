"""A survey from planning to its results, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from sreda.kernel import clock
from sreda.kernel.models import Notice
from sreda.registry.api import Role, User
from sreda.reporting import tasks
from sreda.reporting.domain.surveys import give_answer, open_survey
from sreda.reporting.models import Campaign
from tests.factories import seated
from tests.reporting.forms import QUESTIONS
from tests.reporting.test_surveys import GOOD
from tests.reporting.world import published
from tests.ui.test_browser import AXE, context, fits, pytestmark
from tests.ui.test_browser import browser as browser

assert pytestmark


@pytest.fixture
def enter(browser: Browser, live_server, monkeypatch) -> Iterator:
    monkeypatch.setattr(tasks.tell_of_survey, "defer", tasks.tell_of_survey.func)
    made = []

    def entered(actor) -> Page:
        found = context(browser, live_server.url, bypass_csp=True, reduced_motion="reduce")
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        found.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        made.append(found)
        return found.new_page()

    yield entered
    for one in made:
        one.close()


def sound(page: Page) -> None:
    """Fits a wide and a narrow screen and breaks no rule of access."""
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page, width)
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert not [(v["id"], v["nodes"][0]["html"][:200]) for v in found]


def confirm(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.locator("dialog#confirm [value=yes]").click()


def test_a_survey_is_planned_changed_opened_answered_reminded_of_and_closed(
    enter, live_server
) -> None:
    published(QUESTIONS, code="poll", kind="survey", title="Опрос о дневнике")
    teachers = [seated(Role.TEACHER) for _number in range(7)]
    office = enter(seated(Role.OPERATOR))
    office.goto(f"{live_server.url}/reporting/surveys/all/")
    expect(office.locator("main")).to_contain_text("Опросов нет")
    sound(office)
    office.locator("main .empty a.btn-primary").click()
    office.select_option("[name=version]", index=1)
    office.fill("[name=opens_on]", str(clock.today() + timedelta(days=3)))
    office.locator("label:has([name=roles][value=teacher])").click()
    sound(office)
    office.locator("main form .btn-primary").click()
    expect(office.locator("main")).to_contain_text("спросит 7 человек")
    sound(office)
    office.get_by_role("link", name="Изменить опрос").click()
    expect(office.locator("[name=roles][value=teacher]")).to_be_checked()
    office.fill("[name=title]", "Удобно ли вам?")
    office.locator("main form .btn-primary").click()
    expect(office.locator("h1")).to_have_text("Удобно ли вам?")
    confirm(office, "Открыть сейчас")
    expect(office.locator("main")).to_contain_text("из 7")
    sound(office)
    assert Notice.objects.count() == 7

    school = enter(teachers[0])
    school.goto(f"{live_server.url}/reporting/surveys/")
    school.get_by_role("link", name="Удобно ли вам?").click()
    sound(school)
    school.locator("label:has([value=yes])").first.click()
    school.fill("[name='q.wish']", "Ничего не менять")
    school.locator("main form .btn-primary").click()
    expect(school.locator("main")).to_contain_text("Спасибо")
    sound(school)

    office.get_by_role("button", name="Напомнить").click()
    office.fill("#remind-text", "Осталось два дня")
    office.locator("dialog[open] .btn-primary").click()
    expect(office.locator(".toasts")).to_contain_text("6")
    reminded = Notice.objects.filter(text="Осталось два дня")
    assert {n.addressee for n in reminded} == {t.person_id for t in teachers[1:]}

    survey = Campaign.objects.get()
    for teacher in teachers[1:6]:
        give_answer(survey, GOOD, actor=teacher, at=clock.now())
    confirm(office, "Закрыть опрос")
    expect(office.locator("main")).to_contain_text("Ничего не менять")
    office.locator("#by").select_option("role")
    office.locator("form[action='#crossed'] .btn").click()
    sound(office)
    with office.expect_download() as saved:
        office.locator("a[href*='export=xlsx']").click()
    assert saved.value.suggested_filename.endswith(".xlsx")


def test_a_survey_is_taken_back(enter, live_server) -> None:
    version = published(QUESTIONS, code="poll", kind="survey", title="Опрос о дневнике")
    operator = seated(Role.OPERATOR)
    later = clock.today() + timedelta(days=3)
    made = open_survey(
        version, title="Лишний", opens_on=later, due_on=later, audience={}, anonymous=True,
        actor=operator, at=clock.now(),
    )  # fmt: skip
    page = enter(operator)
    page.goto(f"{live_server.url}/reporting/surveys/all/{made.pk}/results/")
    confirm(page, "Отменить опрос")
    expect(page.locator(".toasts")).to_contain_text("отменён")
    assert not Campaign.objects.exists()
