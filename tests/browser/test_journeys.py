"""What people come to do, from the first page to the last. Pictures of the guide are taken here.

The journeys share one installation: each makes what it changes, under names of its own.
"""

from __future__ import annotations

import base64
import csv
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from sreda.kernel import clock
from tests.browser.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.browser

Enter = Callable[..., Visitor]
Shot = Callable[..., None]
WORKED = 120_000  # ms; what the worker does, beside all that the demo gives it at first
SCHOOL = "Городской классический лицей"


@pytest.fixture
def enter(visitor: Enter) -> Iterator[Enter]:
    made: list[Visitor] = []

    def make(*args: Any, **more: Any) -> Visitor:
        made.append(visitor(*args, width=1200, **more))
        return made[-1]

    yield make
    assert not [fault for one in made for fault in one.faults]


def toast(page: Page, words: str) -> None:
    expect(page.locator(".toasts")).to_contain_text(words)


def save(page: Page) -> None:
    page.locator("main form[method=post]").locator(".btn-primary, .btn-danger").first.click()


def test_signing_in_and_out(enter: Enter, shot: Shot) -> None:
    one = enter()
    page = one.open("/cabinet/")
    assert "/account/login/" in page.url
    shot(page, "sign-in")
    page.fill("[name=login]", "teacher")
    page.fill("[name=password]", "не тот пароль")
    page.keyboard.press("Enter")
    expect(page.locator(".form-error, .alert-danger").first).to_be_visible()
    page.fill("[name=login]", "teacher")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cabinet/")
    expect(page.locator("h1")).to_be_visible()
    page.click(".cabinet-bar details.menu:last-of-type summary")
    page.click("text=Выйти")
    page.wait_for_url(one.site + "/")
    page.goto(one.site + "/cabinet/")
    expect(page).to_have_url(re.compile("/account/login/"))


def test_finding_a_school_despite_a_typing_mistake(enter: Enter, shot: Shot) -> None:
    page = enter().open("/")
    shot(page, "portal-home")
    page.locator(".hero input[type=search], main input[type=search]").first.fill("лецей кемерово")
    page.keyboard.press("Enter")
    page.wait_for_url("**/organisations/?**")
    expect(page.locator("#results")).to_contain_text("ицей")
    shot(page, "portal-search")
    page.locator("#results a", has_text="ицей").first.click()
    expect(page.locator("h1")).to_contain_text("ицей")
    shot(page, "portal-organisation")


def test_what_the_home_page_gives_as_an_example_is_found(enter: Enter) -> None:
    page = enter().open("/")
    box = page.locator("main input[name=q]").first
    example = box.get_attribute("placeholder") or ""
    box.fill(example.partition(":")[2].strip())
    box.press("Enter")
    page.wait_for_url("**/organisations/?*")
    expect(page.locator("main table tbody tr")).not_to_have_count(0)


def test_the_programme_and_the_open_data_are_open(enter: Enter, shot: Shot) -> None:
    one = enter()
    page = one.open("/programme/")
    shot(page, "portal-programme")
    one.open("/opendata/")
    shot(page, "portal-opendata")
    with page.expect_download() as got:
        page.locator("main a[href$='.csv']").first.click()
    head = Path(got.value.path()).read_text(encoding="utf-8-sig").splitlines()[0]
    assert "," in head


def test_switching_between_posts(enter: Enter, shot: Shot) -> None:
    page = enter("teacher").open("/cabinet/")
    seat = page.locator(".cabinet-bar details.seat")
    before = seat.locator("summary .seat-role").inner_text()
    seat.locator("summary").click()
    shot(page, "seats")
    other = seat.locator("button.menu-item:not([aria-pressed])").last
    wanted = other.locator(".seat-role").inner_text()
    assert wanted != before
    other.click()
    expect(page.locator(".cabinet-bar .seat-role").first).to_have_text(wanted)
    shot(page, "cabinet-parent")
    page.locator(".cabinet-bar details.seat summary").click()
    page.locator(".cabinet-bar button.menu-item", has_text=before).first.click()
    expect(page.locator(".cabinet-bar .seat-role").first).to_have_text(before)


@pytest.mark.parametrize(
    "role", ["operator", "coordinator", "head", "administrator", "expert", "pupil", "student"]
)
def test_the_cabinet_opens_with_what_is_ones_own(enter: Enter, shot: Shot, role: str) -> None:
    page = enter(role).open("/cabinet/")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main .card, main .stat")).not_to_have_count(0)
    shot(page, f"cabinet-{role}")


def changed_pack(page: Page, site: str, folder: Path) -> Path:
    """The pack in force, as the site gives it, with one cell changed."""
    answer = page.request.get(site + "/programme/pack.xlsx")
    path = folder / "Пакет.xlsx"
    path.write_bytes(answer.body())
    book = load_workbook(path)
    sheet = next(s for s in book.worksheets if "еречень" in s.title or "рганизац" in s.title)
    row = next(r for r in sheet.iter_rows() if any("650" in str(c.value) for c in r))
    cell = next(c for c in row if "650" in str(c.value))
    cell.value = str(cell.value) + ", корпус 2"
    book.save(path)
    return path


def test_loading_a_pack(enter: Enter, shot: Shot, tmp_path: Path) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/packs/")
    shot(page, "packs")
    page.set_input_files("input[type=file]", changed_pack(page, one.site, tmp_path))
    page.click("form[enctype] .btn-primary")
    page.wait_for_url(re.compile(r"/packs/[0-9a-f-]{36}/"))
    expect(page.locator(".stats")).to_contain_text("Изменённые строки", timeout=WORKED)
    shot(page, "pack-preview")
    changed = page.locator(".stat", has_text="Изменённые").locator(".stat-value")
    expect(changed).to_have_text("1")
    page.click("button:has-text('Подтвердить')")
    expect(page.locator("main")).to_contain_text("Загружено", timeout=WORKED)
    expect(page.locator("main")).not_to_contain_text("Подтвердить и загрузить")


def test_a_file_that_is_no_pack_is_refused_in_words(enter: Enter, tmp_path: Path) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/packs/")
    path = tmp_path / "заметки.xlsx"
    path.write_bytes(b"PK not a workbook")
    page.set_input_files("input[type=file]", path)
    with one.refused():
        page.click("form[enctype] .btn-primary")
        expect(page.locator("main")).to_contain_text("заметки.xlsx")
    expect(page.locator(".alert-danger, .form-error, .is-bad").first).to_be_visible()


def test_deciding_on_a_finding(enter: Enter, shot: Shot) -> None:
    page = enter("operator").open("/programme/manage/findings/")
    shot(page, "findings")
    page.locator("#results tbody tr a").first.click()
    page.locator("main form input[type=radio]").first.check()
    page.fill("main form textarea[name=reason]", "Проверено по тексту распоряжения.")
    shot(page, "finding")
    save(page)
    page.wait_for_load_state()
    expect(page.locator(".toasts .alert-success").first).to_be_visible()


def test_following_the_programme(enter: Enter, shot: Shot) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/")
    shot(page, "programme-overview")
    one.open("/programme/manage/indicators/")
    page.locator("main a[href*='/indicators/']").first.click()
    expect(page.locator("main")).to_contain_text("Откуда цифра")
    shot(page, "indicator")
    one.open("/programme/manage/budget/")
    shot(page, "budget")
    one.open("/programme/manage/scenario/")
    shot(page, "scenario")


def test_measures_as_a_list_a_chart_and_bodies(enter: Enter, shot: Shot) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/actions/")
    shot(page, "measures")
    page.locator("#results a[href*='/actions/']").first.click()
    expect(page.locator("h1")).to_be_visible()
    shot(page, "measure")
    one.open("/programme/manage/actions/chart/")
    shot(page, "gantt")
    one.open("/programme/manage/bodies/")
    shot(page, "bodies")


def test_a_card_is_dragged_and_one_that_may_not_move_goes_back(enter: Enter) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/actions/board/")
    card = page.locator("[data-column=active] [data-card]").first
    name = card.locator("h3").inner_text()

    def drag(column: str) -> None:
        moved = page.locator("[data-card]", has_text=name).locator("[data-handle]")
        moved.hover()
        page.mouse.down()
        page.locator(f"[data-column={column}] h2").hover()
        page.locator(f"[data-column={column}] h2").hover(position={"x": 30, "y": 8})
        page.mouse.up()

    def column() -> str:
        found = page.locator("[data-column]", has=page.locator("[data-card]", has_text=name))
        return found.get_attribute("data-column") or ""

    drag("planned")
    toast(page, "состояние сохранено")
    assert column() == "planned"
    dialog = page.locator("#move")
    with one.refused():
        drag("dropped")
        expect(dialog).to_contain_text("почему мероприятие отменяется")
    assert column() == "planned"
    dialog.locator("textarea").fill("Снято приказом")
    dialog.locator(".btn-primary").click()
    expect(page.locator("[data-column=dropped]")).to_contain_text(name)
    # and back again by the menu, as the keyboard does
    back = page.locator("[data-card]", has_text=name).locator("form")
    page.locator("[data-card]", has_text=name).locator("h3 a").click()
    page.locator("#form-state select").select_option("active")
    page.locator("#form-state textarea").fill("Проверка окончена")
    page.locator("#form-state .btn-primary").click()
    toast(page, "состояние сохранено")
    assert back.count() == 0


def test_a_card_is_moved_by_keyboard_and_one_that_may_not_move_stays(enter: Enter) -> None:
    one = enter("operator")
    page = one.open("/programme/manage/actions/board/")
    card = page.locator("[data-column=active] [data-card]").first
    menu, button = card.locator("select"), card.locator("button")
    dialog = page.locator("#move")
    expect(card.locator("[data-handle]")).to_be_visible()  # the script is there
    with one.refused():
        menu.focus()
        page.keyboard.press("End")  # of the menu: dropped
        page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("почему мероприятие отменяется")
    assert page.url.endswith("/board/")
    expect(dialog.locator("textarea")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_value("active")
    expect(button).to_be_focused()
    menu.focus()
    page.keyboard.press("Home")  # planned
    page.keyboard.press("Tab")
    name = card.locator("h3").inner_text()
    page.keyboard.press("Enter")
    toast(page, "состояние сохранено")
    moved = page.locator("[data-column=planned] [data-card]", has_text=name)
    expect(moved.locator("h3 a")).to_be_focused()


def test_naming_a_parent_by_keyboard_with_a_script_and_without(enter: Enter) -> None:
    page = enter("head").open("/registry/groups/")
    page.locator("#results tbody a").first.click()
    page.locator("#results tbody a").first.click()
    page.get_by_role("link", name="Законный представитель").click()
    address = page.url
    box = page.get_by_role("combobox", name="Законный представитель")
    box.press_sequentially("лытк")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    label = chosen.inner_text()
    box.press("Enter")
    expect(box).to_have_value(label)
    expect(box).to_have_attribute("aria-expanded", "false")

    plain = enter("head", java_script_enabled=False)
    page = plain.open(address)
    page.get_by_label("Законный представитель").fill("лытк")
    page.locator("[name=tie-kind]").select_option("guardian")
    with plain.refused():
        save(page)
    page.locator(".picker-found input[type=radio]").first.check()
    page.locator("[name=tie-since]").fill("2026-01-01")
    save(page)
    expect(page.locator("main")).to_contain_text("Семья")


def test_adding_a_person_and_a_post(enter: Enter, shot: Shot) -> None:
    one = enter("coordinator")
    page = one.open("/registry/people/add/")
    page.fill("[name=family_name]", "Образцова")
    page.fill("[name=given_name]", "Мария")
    page.fill("[name=patronymic]", "Сергеевна")
    page.fill("[name=birth_date]", "1990-04-12")
    page.select_option("[name=sex]", "female")
    first_place(page, "Учитель", "2020-09-01")
    shot(page, "person-add")
    save(page)
    expect(page.locator("h1")).to_have_text("Образцова Мария Сергеевна")
    shot(page, "person")
    page.locator("main a.btn", has_text="Назначить на должность").first.click()
    page.select_option("[name=role]", "teacher")
    page.fill("[name=title]", "Преподаватель-организатор")
    page.select_option("[name=organisation]", index=2)
    page.fill("[name=since]", "2024-09-01")
    shot(page, "post-add")
    save(page)
    expect(page.locator("main")).to_contain_text("Преподаватель-организатор")


def first_place(page: Page, title: str, since: str) -> None:
    place = page.locator("[name$=place]")
    place.select_option(
        place.locator("option", has_text="Учитель").first.get_attribute("value") or "teacher"
    )
    page.fill("[name$=title]", title)
    school = page.locator("select[name$=organisation]")
    if school.input_value() == "":
        school.select_option(index=1)
    page.fill("[name$=since]", since)


def test_ending_a_post(enter: Enter, shot: Shot) -> None:
    one = enter("head")
    page = one.open("/registry/people/add/")
    page.fill("[name=family_name]", "Увольняева")
    page.fill("[name=given_name]", "Ольга")
    page.fill("[name=birth_date]", "1975-02-03")
    page.select_option("[name=sex]", "female")
    first_place(page, "Лаборант", "2019-09-02")
    save(page)
    expect(page.locator("h1")).to_contain_text("Увольняева")
    page.locator("main a", has_text="Завершить").first.click()
    page.fill("[name=on]", (clock.today() - timedelta(days=1)).isoformat())
    page.fill("[name=reason]", "Приказ № 17 от 20.11.2026")
    shot(page, "post-end")
    save(page)
    page.wait_for_url(re.compile(r"/people/[0-9a-f-]{36}/$"))
    page.goto(page.url)
    expect(page.locator("main")).not_to_contain_text("Завершить")


def people_file(path: Path, school: str) -> Path:
    head = "Идентификатор;Фамилия;Имя;Отчество;Дата рождения;Пол;Код организации;Роль;Класс;С"
    rows = [
        f"Г-1;Новикова;Вера;Олеговна;14.05.2014;ж;{school};ученица;;01.09.2026",
        f"Г-2;Осипов;Лев;Ильич;02.02.2014;м;{school};ученик;;01.09.2026",
        f"Г-3;Петрова;Анна;;31.02.2014;ж;{school};ученица;;01.09.2026",
    ]
    path.write_text("\r\n".join([head, *rows]), encoding="cp1251")
    return path


def test_importing_people_with_one_bad_row(enter: Enter, shot: Shot, tmp_path: Path) -> None:
    one = enter("administrator")
    page = one.open("/registry/organisations/")
    page.locator("main a", has_text=SCHOOL).first.click()
    code = re.search(r"\b42\d{5}\b", page.locator("main").inner_text())
    assert code
    one.open("/registry/import/people/")
    page.set_input_files("input[type=file]", people_file(tmp_path / "Дети.csv", code[0]))
    shot(page, "import-upload")
    page.click("form[enctype] .btn-primary")
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}/"))
    counted = page.locator(".stat .stat-value").all_inner_texts()
    assert counted == ["3", "2", "0", "0", "1"]
    expect(page.locator("tr.is-bad")).to_contain_text("31.02.2014")
    shot(page, "import-preview")
    page.click("button[value=good]")
    expect(page.locator(".stepper, main").first).to_be_visible()
    one.open("/registry/people/?q=Осипов+Лев")
    expect(page.locator("#results")).to_contain_text("Осипов Лев Ильич")


def test_merging_two_records_and_undoing_it(enter: Enter, shot: Shot) -> None:
    one = enter("operator")
    page = one.page
    for given in ("Зинаида", "Зинайда"):
        one.open("/registry/people/add/")
        page.fill("[name=family_name]", "Двойникова")
        page.fill("[name=given_name]", given)
        page.fill("[name=birth_date]", "1981-06-07")
        page.select_option("[name=sex]", "female")
        first_place(page, "Учитель", "2015-09-01")
        if given == "Зинайда":  # so like the first that the form asks
            with one.refused():
                save(page)
            page.get_by_label("Нет, это другой человек").check()
        save(page)
        expect(page.locator("h1")).to_contain_text("Двойникова")
    person = page.url
    page.goto(person + "merge/")
    page.locator("main a", has_text="Сравнить").first.click()
    shot(page, "merge")
    page.fill("[name=reason]", "Одно лицо: та же дата рождения и школа.")
    save(page)
    page.wait_for_url(re.compile(r"/people/[0-9a-f-]{36}/$"))
    one.open("/registry/people/?q=Двойникова")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    one.open("/registry/merges/")
    shot(page, "merges")
    page.locator("main a", has_text="Отменить").first.click()
    page.fill("[name=reason]", "Это сёстры.")
    save(page)
    expect(page.locator("[name=reason]")).to_have_count(0)
    one.open("/registry/people/?q=Двойникова")
    expect(page.locator("#results tbody tr")).to_have_count(2)


def test_the_version_for_low_vision_by_keyboard_alone(enter: Enter, shot: Shot) -> None:
    page = enter().open("/organisations/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lv-panel")
    for _press in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "wb":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".lv-panel [name=scheme][value=wb]")).to_have_attribute(
        "aria-pressed", "true"
    )
    shot(page, "low-vision")
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "q":
            break
    page.keyboard.type("лицей")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#results")).to_contain_text("ицей")


def test_without_a_script(enter: Enter) -> None:
    one = enter(java_script_enabled=False)
    page = one.open("/organisations/")
    page.fill("#list-q, main input[name=q]", "лицей")
    page.press("#list-q, main input[name=q]", "Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#results")).to_contain_text("ицей")
    one.sign_in("head")
    page.goto(one.site + "/registry/people/")
    page.fill("#list-q", "Новикова")
    page.press("#list-q", "Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#results tbody")).to_contain_text("Новикова")
    page.locator("#results tbody a").first.click()
    assert page.locator("h1").inner_text()


def test_security_pages(enter: Enter, shot: Shot) -> None:
    one = enter("teacher")
    page = one.open("/cabinet/security/")
    shot(page, "security")
    page.locator("main a", has_text="Настроить").first.click()
    expect(page.locator("h1")).to_be_visible()


def test_a_source_sends_and_the_learner_sees(enter: Enter, shot: Shot) -> None:
    """A key is made, a partner agreed with; what the source sends is in the learner's record."""
    pupil = enter("pupil")
    pupil.open("/records/")
    record = pupil.page.url
    person = record.rstrip("/").rpartition("/")[2]
    one = enter("operator")
    page = one.open("/records/credentials/add/")
    page.fill("[name=name]", "Тренажёр по физике")
    save(page)
    facts = page.locator("dl.facts .copyable > span").all_inner_texts()
    key, secret, home = (text.strip() for text in facts[1:4])
    given = {"homePage": home, "name": person}
    answer = page.request.post(
        one.site + "/xapi/statements",
        headers={
            "Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode(),
            "X-Experience-API-Version": "2.0.0",
        },
        data=[
            {
                "actor": {"account": given},
                "verb": {
                    "id": f"http://adlnet.gov/expapi/verbs/{verb}",
                    "display": display,
                },
                "object": {
                    "id": f"https://physics.example/{verb}",
                    "definition": {"name": {"ru": name}},
                },
                "result": {"success": success, "score": {"scaled": score}},
            }
            for verb, display, name, success, score in (
                ("passed", {"ru": "прошёл"}, "Закон Ома", True, 0.9),
                ("failed", {}, "Плотность", False, 0.4),
                ("completed", {"ru": "завершил"}, "Лабораторная работа 3", True, 1),
            )
        ],
    )
    assert answer.status == 200, answer.text()
    one.open("/records/credentials/")
    shot(page, "sources")
    one.open("/records/credentials/add/")
    page.fill("[name=name]", "Институт развития образования")
    for box in page.locator("[name=scopes]").all():
        box.uncheck()
    page.get_by_label("читать то, что разрешают соглашения").check()
    save(page)
    one.open("/records/agreements/add/")
    page.fill("[name=number]", "12-ИР")
    page.fill("[name=partner]", "Институт развития образования")
    page.fill("[name=purpose]", "Исследование трудностей в физике")
    page.fill("[name=since]", "2026-09-01")
    page.fill("[name=until]", "2037-05-31")
    page.select_option("[name=credential]", label="Институт развития образования")
    page.fill("[name=organisations]", "нет такой")
    with one.refused():
        save(page)
    expect(page.locator("#id_organisations_error")).to_contain_text("Строка 1")
    code = page.request.get(one.site + "/opendata/organisations.csv").text().splitlines()
    number = next(csv.DictReader(code))["code"]
    page.fill("[name=organisations]", number)
    save(page)
    expect(page.locator("h1")).to_contain_text("12-ИР")
    shot(page, "agreement")
    pupil.open(record)
    rows = pupil.page.locator("main tbody tr")
    expect(rows.first).to_contain_text("Тренажёр по физике")
    shot(pupil.page, "record")
    pupil.page.select_option("[name=verb]", label="не справился")
    pupil.page.locator("main form button").click()
    expect(rows).to_have_count(1)
    pupil.page.locator("summary", has_text="Выгрузить").click()
    with pupil.page.expect_download() as got:
        pupil.page.locator("a[href*='export=csv']").click()
    assert "Плотность" in Path(got.value.path()).read_text(encoding="utf-8-sig")
