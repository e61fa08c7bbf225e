"""The designer's pages, as a methodologist goes through them."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from sreda.kernel import clock
from sreda.registry.api import Role
from sreda.reporting.domain import forms as domain
from sreda.reporting.domain.workbook import write_report
from sreda.reporting.forms import Schema
from sreda.reporting.forms.edit import Place, part_at
from sreda.reporting.models import Campaign, Dictionary, Form, FormVersion
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PostFactory,
    UserFactory,
)
from tests.reporting.world import opened, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in("Первый")


def signed_in(family: str) -> Client:
    post = PostFactory(role=Role.OPERATOR, organisation=None, person__family_name=family)
    client = Client()
    client.force_login(UserFactory(person=post.person))
    return client


def at(version: FormVersion, name: str, **query: str) -> str:
    address = reverse(f"reporting:{name}", args=[version.pk])
    return f"{address}?{'&'.join(f'{k}={v}' for k, v in query.items())}" if query else address


def post(client: Client, address: str, data: dict[str, Any], status: int = 302) -> Any:
    answer = client.post(address, data)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer


def fresh(version: FormVersion) -> FormVersion:
    return FormVersion.objects.select_related("form").get(pk=version.pk)


def field(**given: Any) -> dict[str, Any]:
    return {"title": "Вопрос", "type": "integer", **given}


def begun(client: Client, **values: Any) -> FormVersion:
    """A form with a section, a block of questions and a table, all made by the pages."""
    post(client, reverse("reporting:form_add"), {
        "title": "Кабинеты школы", "kind": "report", "period_kind": "year", "kinds": ["school"],
        **values,
    })  # fmt: skip
    version = FormVersion.objects.get(form__title=values.get("title", "Кабинеты школы"))
    post(client, at(version, "part_add", kind="section"), {"title": "Основное", "edition": 1})
    for kind, title in (("fields", "Вопросы"), ("table", "Кабинеты")):
        post(client, at(version, "part_add", kind="block", under="osnovnoe"),
             {"title": title, "kind": kind, "edition": fresh(version).edition})  # fmt: skip
    return fresh(version)


def test_a_form_is_made_without_a_line_of_code(operator: Client) -> None:
    version = begun(operator)
    assert version.form.code == "kabinety_shkoly"
    assert version.form.audience == {"kinds": ["school"]}
    add = at(version, "part_add", kind="field", under="kabinety")
    post(operator, add, field(title="Всего", edition=version.edition))
    post(operator, add, field(title="Площадь, м2", type="decimal", places=1, unit="м²",
                              edition=fresh(version).edition))  # fmt: skip
    post(
        operator,
        at(version, "lines", under="kabinety"),
        {"lines": "Все кабинеты\n  из них компьютерные", "edition": fresh(version).edition},
    )
    post(operator, at(version, "part_add", kind="field", under="voprosy"),
         field(title="Обучающиеся школы", source='count("contingent")',
               edition=fresh(version).edition))  # fmt: skip
    schema = fresh(version).schema
    assert list(schema.cells) == [
        "voprosy.obuchayuschiesya_shkoly",
        "kabinety.vse_kabinety.vsego", "kabinety.vse_kabinety.ploschad_m2",
        "kabinety.iz_nikh_kompyuternye.vsego", "kabinety.iz_nikh_kompyuternye.ploschad_m2",
    ]  # fmt: skip
    key = "kabinety.iz_nikh_kompyuternye.ploschad_m2"
    post(
        operator,
        at(version, "table_cell", key=key),
        {"closed": "on", "edition": fresh(version).edition},
    )
    key = "kabinety.vse_kabinety.vsego"
    post(
        operator,
        at(version, "table_cell", key=key),
        {"element": "rooms.all", "edition": fresh(version).edition},
    )
    post(operator, at(version, "part_add", kind="check"), {
        "message": "Компьютерных больше, чем всех.", "severity": "error",
        "expression": "kabinety.iz_nikh_kompyuternye.vsego <= kabinety.vse_kabinety.vsego",
        "edition": fresh(version).edition,
    })  # fmt: skip
    version = fresh(version)
    # the cells a check speaks of are read out of its condition
    assert set(version.schema.checks[0].cells) == {
        "kabinety.iz_nikh_kompyuternye.vsego", "kabinety.vse_kabinety.vsego",
    }  # fmt: skip
    assert "kabinety.iz_nikh_kompyuternye.ploschad_m2" not in version.schema.cells
    assert (version.cell_count, version.sourced_count) == (4, 1)
    for name, query in (
        ("version", {}), ("version", {"at": "block:kabinety"}), ("version", {"at": "checks"}),
        ("version", {"at": "nonsense"}), ("preview", {}), ("publishing", {}), ("build", {}),
        ("part", {"at": "field:voprosy.obuchayuschiesya_shkoly"}),
        ("part", {"at": "row:kabinety.vse_kabinety"}), ("table_cell", {"key": key}),
    ):  # fmt: skip
        assert operator.get(at(version, name, **query)).status_code == 200, (name, query)
    post(operator, at(version, "publish"), {"edition": version.edition})
    assert fresh(version).status == "published"
    assert operator.get(at(version, "part", at="section:osnovnoe")).status_code == 403
    for shape in ("json", "xlsx", "xlsform"):
        answer = operator.get(reverse("reporting:form_export", args=[version.pk, shape]))
        assert answer.status_code == 200
        assert "attachment" in answer["Content-Disposition"]
    assert operator.get(
        reverse("reporting:form_export", args=[version.pk, "nonsense"])
    ).status_code == 404  # fmt: skip


def test_lists_of_an_expression_open_beside_what_is_being_typed(operator: Client) -> None:
    version = begun(operator)
    page = operator.get(at(version, "part_add", kind="field", under="voprosy")).content.decode()
    link = re.search(r'<a [^>]*href="[^"]*/build/[^>]*>', page)
    assert link
    assert 'target="_blank"' in link[0]


def test_a_wrong_expression_is_named_with_its_place(operator: Client) -> None:
    version = begun(operator)
    add = at(version, "part_add", kind="field", under="voprosy")
    answer = post(
        operator,
        add,
        field(source='count("contingent", {"grate": 5})', edition=version.edition),
        422,
    )
    assert "grate" in answer.content.decode()
    assert not fresh(version).schema.blocks["voprosy"].fields
    answer = post(operator, add, field(type="choice", edition=version.edition), 422)
    answer = post(operator, add, field(minimum="5", maximum="1", edition=version.edition), 422)
    answer = post(operator, add, field(code="Плохой", edition=version.edition), 422)
    answer = post(operator, add, field(title="", edition=version.edition), 422)


def test_two_designers_never_overwrite_each_other_unseen(operator: Client) -> None:
    version = begun(operator)
    post(
        operator,
        at(version, "part_add", kind="field", under="voprosy"),
        field(title="Число", edition=version.edition),
    )
    seen = fresh(version).edition
    other = signed_in("Вторая")
    change = at(version, "part", at="field:voprosy.chislo")
    post(operator, change, field(title="Число учеников", code="chislo", unit="чел.", edition=seen))
    answer = post(other, change, field(title="Количество", code="chislo", edition=seen), 422)
    page = answer.content.decode()
    assert "Число учеников" in page  # what is saved
    assert 'value="Количество"' in page  # what was typed
    assert 'value="чел."' in page  # not touched here: takes what is saved
    assert "Первый" in page
    post(other, change, field(title="Количество", code="chislo", unit="чел.",
                              edition=fresh(version).edition))  # fmt: skip
    saved = part_at(fresh(version).schema, Place("field", "chislo", "voprosy"))
    assert (saved.title, saved.unit) == ("Количество", "чел.")  # type: ignore[union-attr]
    # a change of another part goes through on an old page, and says so
    answer = other.post(
        at(version, "part", at="block:kabinety"),
        {"title": "Комнаты", "code": "kabinety", "edition": seen},
        follow=True,
    )
    assert fresh(version).schema.blocks["kabinety"].title == "Комнаты"
    assert "Тем временем" in answer.content.decode() or "Meanwhile" in answer.content.decode()


def test_parts_are_moved_deleted_and_brought_back(operator: Client) -> None:
    version = begun(operator)
    act = at(version, "part_act")

    def do(what: str, place: str = "", **more: str) -> None:
        post(operator, act, {"do": what, "at": place, "edition": fresh(version).edition, **more})

    do("up", "block:kabinety")
    assert list(fresh(version).schema.blocks) == ["kabinety", "voprosy"]
    do("delete", "block:voprosy")
    assert list(fresh(version).schema.blocks) == ["kabinety"]
    do("undo")
    assert list(fresh(version).schema.blocks) == ["kabinety", "voprosy"]
    page = operator.get(at(version, "version")).content.decode()
    assert 'value="redo"' in page
    do("redo")
    assert list(fresh(version).schema.blocks) == ["kabinety"]
    do("redo")  # nothing is left to bring back
    do("undo")
    assert list(fresh(version).schema.blocks) == ["kabinety", "voprosy"]
    post(
        operator,
        at(version, "part_add", kind="section"),
        {"title": "Второй", "edition": fresh(version).edition},
    )
    do("section", "block:voprosy", section="vtoroy")
    assert [[b.code for b in s.blocks] for s in fresh(version).schema.sections] == [
        ["kabinety"], ["voprosy"],
    ]  # fmt: skip
    assert operator.post(act, {"do": "explode", "at": "block:kabinety"}).status_code == 404
    assert operator.post(act, {"do": "up", "at": "block:none"}).status_code == 404
    # an old press on what somebody changed does nothing
    old = fresh(version).edition
    post(
        operator,
        at(version, "part", at="block:kabinety"),
        {"title": "Комнаты", "code": "kabinety", "edition": old},
    )
    post(operator, act, {"do": "delete", "at": "block:kabinety", "edition": old})
    assert "kabinety" in fresh(version).schema.blocks


def school(learners: int = 3) -> Any:
    made = OrganisationFactory()
    group = ClassGroupFactory(organisation=made)
    for _n in range(learners):
        EnrolmentFactory(group=group)
    return made


def test_an_expression_is_tried_on_real_organisations(operator: Client) -> None:
    made = school(3)
    version = begun(operator)
    answer = operator.get(at(version, "attempt"), {
        "text": 'count("contingent", {"sex": "female"})', "org": made.code,
    })  # fmt: skip
    assert "<strong>3</strong>" in answer.content.decode()
    answer = operator.get(at(version, "attempt"), {"text": "1 / 0", "org": made.code})
    assert answer.status_code == 200
    assert made.short_name in answer.content.decode()
    for code, source in (("a", ""), ("b", "voprosy.a")):
        post(
            operator, at(version, "part_add", kind="field", under="voprosy"),
            field(code=code, source=source, edition=fresh(version).edition),
        )  # fmt: skip
    for place, name, says in (
        ("field:voprosy.a", "source", True),
        ("field:voprosy.a", "relevant", False),
        ("field:voprosy.b", "source", True),
        ("field:voprosy.c", "source", False),
    ):
        sent = {"text": "voprosy.b + 1", "place": place, "name": name, "org": made.code}
        answer = operator.get(at(version, "attempt"), sent)
        assert ("через саму себя" in answer.content.decode()) is says, (place, name)
    answer = operator.get(at(version, "attempt"), {"text": "count(", "org": made.code},
                          headers={"HX-Request": "true"})  # fmt: skip
    assert "1" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    built = operator.get(at(version, "build"), {
        "dataset": "contingent", "measure": "learners", "d-sex": "female",
        "from-grade": "5", "to-grade": "9", "place": "field:voprosy.x", "org": made.code,
    }).content.decode()  # fmt: skip
    assert "&quot;from&quot;: 5, &quot;to&quot;: 9" in built
    assert "<strong>3</strong>" in built


def test_what_cannot_be_computed_anywhere_is_told_before_it_is_in_force(operator: Client) -> None:
    one, other = OrganisationFactory(), OrganisationFactory()
    version = begun(operator)
    operator.post(at(version, "part_act"), {"do": "delete", "at": "block:kabinety",
                                            "edition": fresh(version).edition})  # fmt: skip
    for title, code in (("Мебель", "mebel"), ("Доска", "doska")):
        post(operator, at(version, "part_add", kind="field", under="voprosy"),
             field(title=title, code=code, edition=fresh(version).edition))  # fmt: skip

    def check(code: str, text: str) -> None:
        post(operator, at(version, "part_add", kind="check"), {
            "message": f"Проверка {code}", "code": code, "severity": "error",
            "expression": text, "edition": fresh(version).edition,
        })  # fmt: skip

    check("fine", "voprosy.mebel >= voprosy.doska")
    seen = {"org": f"{one.code},{other.code}"}
    assert not operator.get(at(version, "publishing"), seen).context["failing"]
    check("one", f'organisation.code == "{one.code}" ? 1 / voprosy.doska > 0 : true')
    assert not operator.get(at(version, "publishing")).context["failing"]  # not everywhere
    check("broken", "voprosy.mebel / voprosy.doska >= 0")
    answer = operator.get(at(version, "publishing"))
    page = answer.content.decode()
    assert [line["title"] for line in answer.context["failing"]] == ["Проверка broken"]
    assert "<code>checks.broken</code></a> — Проверка broken" in page
    # it is a warning: the form can be put in force
    assert answer.context["ready"]
    post(operator, at(version, "publish"), {"edition": fresh(version).edition})


def test_faults_say_what_the_part_is_called(operator: Client) -> None:
    made = OrganisationFactory()
    version = begun(operator)
    post(operator, at(version, "part_add", kind="field", under="voprosy"),
         field(title="Мебель", code="mebel", source='form("lost", "a.b")',
               edition=version.edition), 422)  # fmt: skip
    post(operator, at(version, "part_add", kind="field", under="voprosy"),
         field(title="Доля мебели", code="share", type="decimal", source="1 / 0",
               edition=version.edition))  # fmt: skip
    page = operator.get(at(version, "version")).content.decode()
    assert "<code>kabinety</code></a> — Кабинеты" in page  # a table without columns
    page = operator.get(at(version, "publishing")).content.decode()
    assert "<code>kabinety</code></a> — Кабинеты" in page
    page = operator.get(at(version, "preview"), {"org": made.code}).content.decode()
    assert "<code>voprosy.share</code> — Доля мебели" in page


def test_what_is_known_is_not_asked_again(operator: Client) -> None:
    OrganisationFactory()
    version = begun(operator)
    add = at(version, "part_add", kind="field", under="voprosy")
    post(operator, add, field(title="Сколько девочек", element="contingent.learners[sex=female]",
                              edition=version.edition))  # fmt: skip
    post(operator, add, field(title="Компьютеры, занятые в учебном процессе",
                              edition=fresh(version).edition))  # fmt: skip
    post(operator, add, field(title="Мебель", edition=fresh(version).edition))
    operator.post(at(version, "part_act"), {"do": "delete", "at": "block:kabinety",
                                            "edition": fresh(version).edition})  # fmt: skip
    page = operator.get(at(version, "publishing")).content.decode()
    assert "voprosy.skolko_devochek" in page
    post(operator, at(version, "publish"), {"edition": fresh(version).edition}, 422)
    post(
        operator,
        at(version, "fill_from"),
        {"key": "voprosy.skolko_devochek", "edition": fresh(version).edition},
    )
    source = fresh(version).schema.cells["voprosy.skolko_devochek"].source
    assert source == 'count("contingent", {"sex": "female"})'
    # nearly the same words as a measure of a dataset, in another form of theirs
    likely = operator.get(at(version, "publishing")).context["likely"]
    assert [line["problem"].place for line in likely] == ["voprosy.kompyutery_zanyatye_v_uchebnom"]
    key, known = likely[0]["problem"].place, likely[0]["problem"].known
    post(operator, at(version, "publish"), {"edition": fresh(version).edition}, 422)
    operator.post(at(version, "repeat"), {"key": key, "of": known.source, "reason": " "})
    assert not fresh(version).repeats
    post(
        operator,
        at(version, "repeat"),
        {"key": key, "of": known.source, "reason": "Нужно на день проверки"},
    )
    post(operator, at(version, "publish"), {"edition": fresh(version).edition})
    assert fresh(version).repeats[key]["reason"] == "Нужно на день проверки"


def test_a_question_of_one_word_that_the_records_answer_is_found(operator: Client) -> None:
    version = begun(operator)
    for title in ("Численность обучающихся", "Примечание"):
        post(
            operator,
            at(version, "part_add", kind="field", under="voprosy"),
            field(title=title, edition=fresh(version).edition),
        )
    lines = operator.get(at(version, "publishing")).context["likely"]
    assert [(line["problem"].place, line["problem"].known.element) for line in lines] == [
        ("voprosy.chislennost_obuchayuschikhsya", "contingent.learners")
    ]


def test_what_another_form_asks_as_often_is_not_asked_again(operator: Client) -> None:
    first = begun(operator)
    post(
        operator,
        at(first, "part_add", kind="field", under="voprosy"),
        field(title="Кабинеты химии", element="rooms.chemistry", edition=first.edition),
    )
    operator.post(at(first, "part_act"), {"do": "delete", "at": "block:kabinety",
                                          "edition": fresh(first).edition})  # fmt: skip
    post(operator, at(first, "publish"), {"edition": fresh(first).edition})

    def asked(title: str, **values: Any) -> list[str]:
        version = begun(operator, title=title, **values)
        post(
            operator,
            at(version, "part_add", kind="field", under="voprosy"),
            field(title="Химия", element="rooms.chemistry", edition=version.edition),
        )
        lines = operator.get(at(version, "publishing")).context["repeats"]
        return [line["problem"].known.source for line in lines]

    source = f'form("{first.form.code}", "voprosy.kabinety_khimii")'
    assert asked("Ежегодно") == [source]
    assert asked("Однажды", period_kind="once") == [source]
    # a yearly figure does not answer a monthly question, nor schools for colleges
    assert asked("Ежемесячно", period_kind="month") == []
    assert asked("Колледжи", kinds=["college"]) == []


def test_values_find_their_way_into_a_new_version(operator: Client) -> None:
    version = begun(operator)
    post(
        operator,
        at(version, "part_add", kind="field", under="voprosy"),
        field(title="Старый", edition=version.edition),
    )
    operator.post(at(version, "part_act"), {"do": "delete", "at": "block:kabinety",
                                            "edition": fresh(version).edition})  # fmt: skip
    post(operator, at(version, "publish"), {"edition": fresh(version).edition})
    now = clock.now()
    campaign = Campaign.objects.create(
        version=version, title="2026", period_start=date(2026, 1, 1),
        period_end=date(2026, 12, 31), as_of=date(2026, 9, 20), opens_on=date(2026, 9, 20),
        due_on=date(2026, 10, 20), status="open", opened_at=now, made_at=now,
    )  # fmt: skip
    post(operator, reverse("reporting:draft_begin", args=[version.form_id]), {})
    draft = FormVersion.objects.get(form=version.form, status="draft")
    post(operator, at(draft, "part_act"), {"do": "delete", "at": "field:voprosy.staryy",
                                           "edition": draft.edition})  # fmt: skip
    post(
        operator,
        at(draft, "part_add", kind="field", under="voprosy"),
        field(title="Новый", edition=fresh(draft).edition),
    )
    context = operator.get(at(draft, "publishing")).context
    assert (context["counts"]["dropped"], context["counts"]["new"]) == (1, 1)
    post(operator, at(draft, "connect"), {"old": "voprosy.staryy", "new": "voprosy.novyy",
                                          "edition": fresh(draft).edition})  # fmt: skip
    assert operator.get(at(draft, "publishing")).context["counts"] == {"kept": 1}
    post(operator, at(draft, "publish"), {"edition": fresh(draft).edition})
    parts = [draft.pk, campaign.pk]
    assert operator.get(reverse("reporting:carry", args=parts)).status_code == 200
    post(operator, reverse("reporting:carry_over", args=parts), {})
    campaign.refresh_from_db()
    assert campaign.version_id == draft.pk


def workbook(name: str = "form.xlsx", **sheets: list[list[Any]]) -> SimpleUploadedFile:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile(name, stream.getvalue())


def test_forms_are_read_from_files(operator: Client) -> None:
    address = reverse("reporting:form_import")
    xlsform = workbook(
        survey=[["type", "name", "label", "colour"], ["integer", "n", "Число", ""]],
        settings=[["form_title", "form_id"], ["Опрос школ", "survey1"]],
    )
    answer = operator.post(address, {"file": xlsform}, follow=True)
    assert "colour" in answer.content.decode()
    form = Form.objects.get(code="survey1")
    assert form.title == "Опрос школ"
    table = workbook(
        Раздел=[["Наименование", "№ строки", "Всего"], [1, 2, 3], ["Кабинеты", 1, None]]
    )
    post(operator, address, {"file": table, "title": "Таблица", "target": ""})
    assert Form.objects.filter(title="Таблица").exists()
    version = form.versions.get()
    saved = operator.get(reverse("reporting:form_export", args=[version.pk, "json"])).content
    again = SimpleUploadedFile("form.json", saved)
    post(operator, address, {"file": again})
    copy = Form.objects.get(code="survey1_2")  # the code is taken: a new form gets another one
    assert copy.versions.get().content == version.content
    again.seek(0)
    post(operator, address, {"file": again, "target": str(copy.pk)})
    for wrong in (
        SimpleUploadedFile("a.json", b"{"),
        SimpleUploadedFile("a.json", json.dumps({"sreda": "form"}).encode()),
        SimpleUploadedFile("a.xlsx", b"PK\x03\x04 damaged"),
        SimpleUploadedFile("a.exe", b"MZ"),
        workbook(Пусто=[[]]),
    ):
        answer = operator.post(address, {"file": wrong})
        assert answer.status_code == 422
    assert Form.objects.count() == 3


def test_a_filled_report_is_no_form_and_is_led_to_its_page(operator: Client) -> None:
    made = OrganisationFactory()
    mine = report(opened(), made)
    forms = Form.objects.count()
    file = SimpleUploadedFile("report.xlsx", write_report(mine))
    answer = post(operator, reverse("reporting:form_import"), {"file": file}, 422)
    page = answer.content.decode()
    assert made.short_name in page
    assert reverse("reporting:report", args=[mine.pk]) in page
    assert Form.objects.count() == forms
    # of a report that is not here (or may not be seen) nothing is told
    mine.delete()
    file.seek(0)
    page = post(operator, reverse("reporting:form_import"), {"file": file}, 422).content.decode()
    assert made.short_name not in page
    assert f'href="{reverse("reporting:reports")}"' in page
    assert Form.objects.count() == forms


def test_the_same_form_sent_twice_is_made_once(operator: Client) -> None:
    data = {"title": "Дважды", "kind": "report", "period_kind": "year", "_key": "k1"}
    for _turn in range(2):
        post(operator, reverse("reporting:form_add"), data)
    assert Form.objects.filter(title="Дважды").count() == 1


def test_the_card_is_not_saved_over_somebody_elses(operator: Client) -> None:
    form = begun(operator).form
    address = reverse("reporting:form_edit", args=[form.pk])
    data = {"title": "Один", "kind": "report", "period_kind": "year", "edition": form.edition}
    post(operator, address, data)
    answer = post(operator, address, data | {"title": "Два"}, 422)
    assert "Один" in answer.content.decode()
    post(operator, address, data | {"title": "Два", "edition": form.edition + 1})
    answer = post(operator, address, data | {"organisations": "нет-такой", "edition": 3}, 422)


def test_dictionaries_come_and_go_as_files(operator: Client) -> None:
    post(
        operator,
        reverse("reporting:dictionary_add"),
        {"title": "Виды", "options": "a; Первый\nВторой"},
    )
    made = Dictionary.objects.get()
    assert made.options == [
        {"code": "a", "title": "Первый"}, {"code": "vtoroy", "title": "Второй"},
    ]  # fmt: skip
    address = reverse("reporting:dictionary", args=[made.pk])
    assert operator.get(address).status_code == 200
    content = b"".join(operator.get(f"{address}?export=csv").streaming_content)  # type: ignore[attr-defined]
    assert "Первый" in content.decode("utf-8-sig")
    file = SimpleUploadedFile("list.csv", "Код;Название\nx;Третий\n".encode())
    post(operator, address, {"title": "Виды", "edition": 1, "file": file})
    made.refresh_from_db()
    assert made.options == [{"code": "x", "title": "Третий"}]
    wrong = SimpleUploadedFile("list.csv", "Цвет\nx\n".encode())
    post(operator, address, {"title": "Виды", "edition": 2, "file": wrong}, 422)
    post(operator, address, {"title": "Виды", "edition": 1, "options": "x; Иной"}, 422)
    post(operator, reverse("reporting:dictionary_delete", args=[made.pk]), {})
    assert not Dictionary.objects.exists()


def test_the_list_costs_the_same_for_any_number_of_forms(operator: Client) -> None:
    address = reverse("reporting:forms")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert operator.get(address).status_code == 200
        return len(caught)

    def make(number: int) -> None:
        domain.add_form(
            code=f"form_{number}", values={**domain.DEFAULTS, "title": f"Форма {number}"},
            schema=Schema(), actor=None, at=clock.now(),
        )  # fmt: skip

    make(0)
    queries()
    one = queries()
    for number in range(1, 20):
        make(number)
    assert queries() == one
    answer = operator.get(address, {"q": "форма 7", "state": "draft", "sort": "-minutes"})
    assert [line["form"].code for line in answer.context["lines"]] == ["form_7"]
    assert "form_7" in b"".join(operator.get(f"{address}?export=csv").streaming_content).decode()  # type: ignore[attr-defined]
