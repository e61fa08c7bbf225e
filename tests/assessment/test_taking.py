"""A learner's pages without a script: begin, answer, move, hand in, see the marks, appeal."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from sreda.assessment.domain import marking, sittings
from sreda.assessment.models import (
    Answer,
    AnswerFile,
    Attempt,
    ItemResult,
    Resource,
    Sitting,
    Stimulus,
)
from sreda.kernel.api import StoredFile, store
from sreda.kernel.domain.retention import remove_unused
from sreda.registry.api import Person
from tests.assessment.bank import CORRECT, NS, School, choice_xml, essay_xml
from tests.factories import GuardianshipFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    return School(timezone.now() - timedelta(minutes=1))


def learner(school: School) -> tuple[Client, Any]:
    from tests.factories import EnrolmentFactory

    person = EnrolmentFactory(group=school.group).person
    client = Client()
    client.force_login(UserFactory(person=person))
    return client, person


def begun(client: Client, sitting: Sitting) -> str:
    reply = client.post(f"/assessment/tests/{sitting.pk}/")
    assert reply.status_code == 302
    return str(reply.url)


def test_a_test_is_taken_without_a_script(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}", key)) for n, key in enumerate("AB")]
    sitting = school.sitting(school.test(items))
    client, person = learner(school)
    assert sitting.title in client.get("/assessment/tests/").content.decode()
    page = begun(client, sitting)
    shown = client.get(page).content.decode()
    assert "Что верно?" in shown
    assert 'data-item="Q1"' in shown
    sent = {"ref": "Q1", "i-RESPONSE": "A", "go": "next"}
    assert client.post(page, sent).status_code == 302
    assert 'data-item="Q2"' in client.get(page).content.decode()
    client.post(page, {"ref": "Q2", "i-RESPONSE": "A", "go": "to:Q1"})
    shown = client.get(page).content.decode()
    assert 'value="A" checked' in shown
    reply = client.post(page, {"ref": "Q1", "i-RESPONSE": "A", "go": "hand-in"})
    assert reply.status_code == 302
    assert Answer.objects.count() == 2  # the same answer again is not another one
    result = client.get(reply.url).content.decode()
    assert "being marked" not in result
    attempt = Attempt.objects.get(person=person)
    assert (attempt.score, attempt.status) == (1, "submitted")
    assert client.get(page).status_code == 302


def test_a_stale_window_goes_on_from_its_own_task(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(3)]
    client, person = learner(school)
    page = begun(client, school.sitting(school.test(items)))
    client.post(page, {"ref": "Q1", "go": "next"})  # another window is at Q2 now
    client.post(page, {"ref": "Q1", "i-RESPONSE": "A", "go": "next"})
    assert 'name="ref" value="Q2"' in client.get(page).content.decode()
    client.post(page, {"ref": "Q2", "go": "next"})
    assert 'name="ref" value="Q3"' in client.get(page).content.decode()
    assert Answer.objects.get(attempt__person=person).values == {"fields": {"RESPONSE": ["A"]}}


def test_a_stale_window_of_a_linear_part_skips_no_task(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(3)]
    test = school.test(items, navigation="linear", submission="individual", max_attempts="1")
    client, _person = learner(school)
    page = begun(client, school.sitting(test))
    step = {"ref": "Q1", "i-RESPONSE": "A", "go": "next"}
    client.post(page, step)
    told = client.post(page, step, follow=True).content.decode()  # once more, from another window
    assert "Тест продолжен в другом окне" in told
    assert 'name="ref" value="Q2"' in told
    told = client.post(page, {**step, "go": "check"}, follow=True).content.decode()
    assert "Тест продолжен в другом окне" in told
    assert 'name="ref" value="Q2"' in told
    client.post(page, {"ref": "Q2", "i-RESPONSE": "A", "go": "next"})
    assert 'name="ref" value="Q3"' in client.get(page).content.decode()


def test_an_answer_that_was_emptied_is_asked_about(school: School) -> None:
    client, _person = learner(school)
    page = begun(client, school.sitting(school.test([school.item(choice_xml("q"))])))
    asks = 'data-confirm="1 задание без ответа'
    assert asks in client.get(page).content.decode()
    client.post(page, {"ref": "Q1", "i-RESPONSE": "A", "go": "to:Q1"})
    shown = client.get(page).content.decode()
    assert asks not in shown
    assert "Задание 1, ответ дан" in shown
    client.post(page, {"ref": "Q1", "go": "to:Q1"})
    shown = client.get(page).content.decode()
    assert asks in shown
    assert "Задание 1, ответа нет" in shown


def test_the_pages_cost_the_same_for_one_and_for_many(
    school: School, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, _person = learner(school)
    counts = []
    for _turn in range(2):
        for _n in range(3):
            school.sitting(school.test([school.item(choice_xml())]))
        client.get("/assessment/tests/")
        with CaptureQueriesContext(connection) as found:
            client.get("/assessment/tests/")
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_learner_finds_every_test_however_many(school: School) -> None:
    client, _person = learner(school)
    test = school.test([school.item(choice_xml())])
    now = timezone.now()
    for n in range(26):
        school.sitting(test, title=f"Зачёт {n:02}", opens_at=now - timedelta(days=n + 2),
                       closes_at=now - timedelta(days=n + 1))  # fmt: skip
    old = school.sitting(test, title="Долгий", opens_at=now - timedelta(days=99))
    client.post(f"/assessment/tests/{old.pk}/")

    def titles(query: str = "") -> list[str]:
        shown = client.get(f"/assessment/tests/?{query}").content.decode().split("<main")[1]
        return re.findall(r"(Зачёт \d\d|Долгий)", shown)

    assert titles()[:3] == ["Долгий", "Зачёт 00", "Зачёт 01"]
    assert "Зачёт 25" not in titles()
    assert titles("page=2") == ["Зачёт 23", "Зачёт 24", "Зачёт 25"]
    assert titles("q=зачёт 25") == ["Зачёт 25"]
    assert titles("state=now") == ["Долгий"]
    assert len(titles("state=over")) == 24
    assert "Продолжить" in client.get("/assessment/tests/?q=долг").content.decode()


def test_marks_and_appeals(school: School) -> None:
    sitting = school.sitting(
        school.test([school.item(essay_xml())]),
        appeals_until=timezone.now() + timedelta(days=1),
    )
    client, person = learner(school)
    page = begun(client, sitting)
    text = "Текст <script>alert(1)</script>"
    client.post(page, {"ref": "Q1", "i-RESPONSE": text, "go": "hand-in"})
    attempt = Attempt.objects.get(person=person)
    result_page = f"/assessment/attempts/{attempt.pk}/result/"
    shown = client.get(result_page).content.decode()
    assert "Баллы появятся здесь" in shown
    assert "card-title" not in shown.split("<main")[1]
    result = attempt.results.get()
    refused = client.post(f"/assessment/results/{result.pk}/appeal/", {"text": "Нет"})
    assert refused.status_code == 404
    marking.give_mark(
        result, score=Decimal("2.5"), comment="Мало", actor=school.teacher, at=timezone.now()
    )
    shown = client.get(result_page).content.decode()
    assert "2,5" in shown
    assert "Мало" in shown
    assert "Комментарий проверяющего" in shown
    assert "Я не согласен" in shown
    tiles = shown.split('class="stats')[1].split("<section")[0]
    assert "из 1" in tiles
    assert ":" not in re.sub(r"<[^>]+>", "", tiles)  # a moment is too long for a tile
    assert "Попытка 1, сдана" in shown
    assert "<script>alert(1)" not in shown
    assert (
        client.post(f"/assessment/results/{result.pk}/appeal/", {"text": "Нет"}).status_code == 302
    )
    lodged = result.appeals.get()
    assert lodged.text == "Нет"
    assert "Я не согласен" not in client.get(result_page).content.decode()  # it is considered
    marking.decide_appeal(
        lodged, score=None, decision="Верно", actor=school.head, at=timezone.now()
    )
    assert "Я не согласен" in client.get(result_page).content.decode()
    other, _person = learner(school)
    assert other.get(result_page).status_code == 404
    assert other.post(f"/assessment/results/{result.pk}/appeal/", {"text": "x"}).status_code == 404


UPLOAD = f"""<qti-assessment-item {NS} identifier="up" title="Файл" time-dependent="false">
  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="file"/>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
    normal-maximum="5" external-scored="human"/>
  <qti-item-body><p><img src="img/map.png" alt="Карта"/></p>
    <qti-upload-interaction response-identifier="RESPONSE"/></qti-item-body>
</qti-assessment-item>"""


def test_a_file_is_sent_and_stays(school: School) -> None:
    item = school.item(UPLOAD)
    picture = SimpleUploadedFile("map.png", b"\x89PNG\r\n\x1a\n0000")
    at = timezone.now()
    kept = store(picture, at=at, actor=None)
    Resource.objects.create(version=item.current, href="img/map.png", file=kept)
    sitting = school.sitting(school.test([item]))
    client, person = learner(school)
    page = begun(client, sitting)
    shown = client.get(page).content.decode()
    address = shown.split('<img src="')[1].split('"')[0]
    reply = client.get(address)
    assert reply["Content-Type"] == "image/png"
    assert "sandbox" in reply["Content-Security-Policy"]
    work = SimpleUploadedFile("work.pdf", b"%PDF-1.4")
    client.post(page, {"ref": "Q1", "uploads": "RESPONSE", "i-RESPONSE:file": work, "go": "to:Q1"})
    assert "work.pdf" in client.get(page).content.decode()
    client.post(page, {"ref": "Q1", "uploads": "RESPONSE", "go": "hand-in"})
    result = Attempt.objects.get(person=person).results.get()
    assert (result.marking, result.answered) == ("waiting", True)
    assert StoredFile.objects.filter(name="work.pdf").exists()
    hostile = SimpleUploadedFile("work.exe", b"MZ")
    other, _person = learner(school)
    page = begun(other, sitting)
    reply = other.post(page, {"ref": "Q1", "i-RESPONSE:file": hostile, "go": "to:Q1"}, follow=True)
    assert "work.exe" in reply.content.decode()
    assert not StoredFile.objects.filter(name="work.exe").exists()


def test_only_files_of_the_learner_are_their_answer(school: School) -> None:
    other = store(SimpleUploadedFile("secret.pdf", b"%PDF-1.4"), at=timezone.now(), actor=None)
    sitting = school.sitting(school.test([school.item(UPLOAD)]))
    client, person = learner(school)
    page = begun(client, sitting)
    data = base64.b64encode(f"stored:{other.pk}".encode()).decode()
    named = json.dumps({"file": {"name": "secret.pdf", "mime": "application/pdf", "data": data}})
    client.post(page, {"ref": "Q1", "i-RESPONSE": named, "go": "hand-in"})
    result = Attempt.objects.get(person=person).results.get()
    assert result.answered
    head = Client()
    post = PostFactory(role="head", organisation=school.organisation)
    head.force_login(UserFactory(person=post.person))
    there = f"/assessment/results/{result.pk}/"
    assert head.get(f"{there}mark/").status_code == 200
    sent = f"{there}sent/{other.pk}/"
    assert sent not in head.get(f"{there}mark/").content.decode()
    assert head.get(sent).status_code == 404
    AnswerFile.objects.create(attempt=result.attempt, file=other)
    assert sent in head.get(f"{there}mark/").content.decode()
    assert head.get(sent).status_code == 200


def test_learners_open_the_files_they_sent_and_nobody_elses(school: School) -> None:
    sitting = school.sitting(school.test([school.item(UPLOAD)]), moderated=True)
    client, person = learner(school)
    page = begun(client, sitting)
    for number in range(2):  # the second takes the place of the first
        work = SimpleUploadedFile(f"work{number}.pdf", b"%PDF-1.4 " + str(number).encode())
        sent = {"ref": "Q1", "uploads": "RESPONSE", "i-RESPONSE:file": work, "go": "to:Q1"}
        client.post(page, sent)
    attempt = Attempt.objects.get(person=person)
    own = f"/assessment/attempts/{attempt.pk}/sent/"

    def address(where: str) -> str:
        found = re.findall(rf'href="({own}[^"]+)"', client.get(where).content.decode())
        assert len(found) == 1, where
        return str(found[0])

    during = address(page)
    client.post(page, {"ref": "Q1", "uploads": "RESPONSE", "go": "hand-in"})
    result = f"/assessment/attempts/{attempt.pk}/result/"
    assert address(result) == during  # marks are not told yet
    marking.give_mark(
        attempt.results.get(), score=Decimal(3), actor=school.teacher, at=timezone.now()
    )
    sittings.release(sitting, actor=school.head, at=timezone.now())
    assert address(result) == during
    reply = client.get(during)
    assert b"".join(reply) == b"%PDF-1.4 1"
    assert "attachment" in reply["Content-Disposition"]
    other, _person = learner(school)
    begun(other, sitting)
    assert other.get(during).status_code == 404
    there = Attempt.objects.exclude(pk=attempt.pk).get()
    assert other.get(during.replace(str(attempt.pk), str(there.pk))).status_code == 404


def test_a_table_sent_as_an_answer_is_kept(school: School) -> None:
    sitting = school.sitting(school.test([school.item(UPLOAD)]))
    client, _person = learner(school)
    table = SimpleUploadedFile("work.csv", "а;б".encode())
    page = begun(client, sitting)
    client.post(page, {"ref": "Q1", "uploads": "RESPONSE", "i-RESPONSE:file": table})
    AnswerFile.objects.all().delete()  # as it was before there were such rows
    migration = import_module("sreda.assessment.migrations.0005_answer_files")
    migration.find(apps, SimpleNamespace(connection=connection))
    assert remove_unused(at=timezone.now() + timedelta(days=400), days=90) == 0
    assert StoredFile.objects.get(name="work.csv").removed_at is None


@pytest.mark.parametrize(
    "sent", ['{"file": 5}', '{"file": {"name": "\\u0000"}}', '{"file": {"mime": "\\ud800"}}']
)
def test_a_hostile_answer_is_none(school: School, sent: str) -> None:
    sitting = school.sitting(school.test([school.item(UPLOAD)]))
    client, person = learner(school)
    client.post(begun(client, sitting), {"ref": "Q1", "i-RESPONSE": sent, "go": "hand-in"})
    attempt = Attempt.objects.get(person=person)
    assert (attempt.status, attempt.results.get().answered) == ("submitted", False)


def test_the_time_is_the_servers(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), minutes=1)
    client, person = learner(school)
    page = begun(client, sitting)
    past = timezone.now() - timedelta(minutes=2)
    Attempt.objects.filter(person=person).update(
        started_at=past - timedelta(minutes=1), ends_at=past
    )
    client.post(page, {"ref": "Q1", "i-RESPONSE": "A", "go": "hand-in"})
    attempt = Attempt.objects.get(person=person)
    assert (attempt.status, attempt.score) == ("ended", 0)
    assert attempt.answers.count() == 1  # late, and kept


def test_the_page_knows_where_answers_go_first(school: School, settings: Any) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml("q1"))]))
    client, _person = learner(school)
    page = begun(client, sitting)

    def seen(port: int, url: str, secure: bool = False) -> tuple[str, str]:
        settings.HOT_PORT, settings.HOT_URL = port, url
        reply = client.get(page, secure=secure)
        found = re.search(r'data-hot-url="([^"]*)"', reply.content.decode())
        assert found is not None
        _before, _name, rest = reply["Content-Security-Policy"].partition("connect-src ")
        return found[1], rest

    assert seen(0, "") == ("", "")
    here = "http://testserver:8001"
    assert seen(8001, "") == (f"{here}/hot/answers", f"'self' {here}")
    assert seen(8001, "", secure=True) == ("", "")  # a browser would not send there
    assert seen(8001, "/", secure=True) == ("/hot/answers", "")
    named = "https://hot.example.org"
    assert seen(8001, named, secure=True) == (f"{named}/hot/answers", f"'self' {named}")


STIMULUS = f"""<qti-assessment-stimulus {NS} identifier="text" title="Отрывок">
  <qti-stimulus-body><p>Мороз и солнце <script>alert(1)</script></p>
    <p><img src="pic.png" alt="Зима"/></p></qti-stimulus-body></qti-assessment-stimulus>"""


def test_a_shared_material_stands_by_its_item(school: School) -> None:
    content = choice_xml().replace(
        "<qti-item-body>",
        '<qti-assessment-stimulus-ref identifier="text" href="text.xml"/><qti-item-body>',
    )
    at = timezone.now()
    stimulus = Stimulus.objects.create(
        identifier="text", title="Отрывок", organisation=school.organisation, content=STIMULUS,
        sha256="0" * 64, made_at=at,
    )  # fmt: skip
    picture = store(SimpleUploadedFile("pic.png", b"\x89PNG\r\n\x1a\n1"), at=at, actor=None)
    Resource.objects.create(stimulus=stimulus, href="pic.png", file=picture)
    sitting = school.sitting(school.test([school.item(content)]))
    client, _person = learner(school)
    shown = client.get(begun(client, sitting)).content.decode()
    assert "Мороз и солнце" in shown
    assert "alert(1)" not in shown
    address = shown.split('<img src="')[1].split('"')[0]
    assert client.get(address)["Content-Type"] == "image/png"
    other, _person = learner(school)
    assert other.get(address).status_code == 404


NUMBER = """<qti-assessment-item {ns} identifier="n" title="Число" time-dependent="false"
  xml:lang="ru"><qti-response-declaration identifier="RESPONSE" cardinality="single"
  base-type="float"><qti-correct-response><qti-value>2.5</qti-value></qti-correct-response>
  </qti-response-declaration><qti-outcome-declaration identifier="SCORE" cardinality="single"
  base-type="float" normal-maximum="1"/><qti-item-body><p>
  <qti-text-entry-interaction response-identifier="RESPONSE"/></p></qti-item-body>
  <qti-response-processing template="{correct}"/></qti-assessment-item>"""


@pytest.mark.parametrize("text", ["2,5", "2.5", " 2,50 "])
def test_a_number_is_typed_with_comma_or_point(school: School, text: str) -> None:
    item = school.item(NUMBER.format(ns=NS, correct=CORRECT))
    sitting = school.sitting(school.test([item]))
    client, person = learner(school)
    page = begun(client, sitting)
    client.post(page, {"ref": "Q1", "i-RESPONSE": text, "go": "to:Q1"})
    assert "не число" not in client.get(page).content.decode()
    client.post(page, {"ref": "Q1", "i-RESPONSE": text, "go": "hand-in"})
    assert ItemResult.objects.get(attempt__person=person).score == 1


def test_what_is_no_number_is_told_and_not_lost(school: School) -> None:
    items = [school.item(NUMBER.format(ns=NS, correct=CORRECT)), school.item(choice_xml("q2"))]
    sitting = school.sitting(school.test(items))
    client, person = learner(school)
    page = begun(client, sitting)
    client.post(page, {"ref": "Q1", "i-RESPONSE": "2,5", "go": "to:Q1"})
    moved = client.post(page, {"ref": "Q1", "i-RESPONSE": "2,5 кг", "go": "next"}, follow=True)
    told = moved.content.decode()
    assert "«2,5 кг» — не число" in told
    assert 'data-item="Q2"' in told
    client.post(page, {"ref": "Q2", "go": "to:Q1"})
    shown = client.get(page).content.decode()
    assert 'value="2,5 кг"' in shown
    assert "«2,5 кг» — не число" in shown
    assert 'aria-invalid="true"' in shown
    client.post(page, {"ref": "Q1", "i-RESPONSE": "2,5 кг", "go": "hand-in"})
    result = ItemResult.objects.get(attempt__person=person, ref="Q1")
    assert (result.score, result.responses["RESPONSE"]) == (0, None)  # nor does "2,5" stand for it


def parent_of(child: Person, guardian: Person | None = None) -> tuple[Client, Person]:
    bond = GuardianshipFactory(child=child, **({"guardian": guardian} if guardian else {}))
    client = Client()
    if guardian is None:
        client.force_login(UserFactory(person=bond.guardian))
    return client, bond.guardian


def test_parents_list_tests_of_their_children(school: School) -> None:
    (one, first), (two, second) = learner(school), learner(school)
    client, guardian = parent_of(first)
    parent_of(second, guardian)
    shown = client.get("/assessment/children/").content.decode()
    assert "Тестов пока нет" in shown
    held = school.sitting(school.test([school.item(choice_xml())]), moderated=True, title="Тайный")
    told = school.sitting(school.test([school.item(choice_xml())]), title="Явный")
    begun_only = school.sitting(school.test([school.item(choice_xml())]), title="Начатый")
    for sitting in (held, told):
        one.post(begun(one, sitting), {"ref": "Q1", "i-RESPONSE": "A", "go": "hand-in"})
    begun(two, begun_only)

    page = "/assessment/children/"
    shown = client.get(page).content.decode().split("<main")[1]
    assert all(name in shown for name in ("Тайный", "Явный", "Начатый", first.full_name))
    assert shown.count("<strong>1</strong> / 1") == 1  # of the one whose marks may be told

    def found(query: str) -> set[str]:
        body = client.get(f"{page}?{query}").content.decode().split('id="results"')[1]
        return {name for name in ("Тайный", "Явный", "Начатый") if name in body}

    assert found("state=open") == {"Начатый"}
    assert found("state=marking") == {"Тайный"}
    assert found("state=marked") == {"Явный"}
    assert found(f"child={second.pk}") == {"Начатый"}
    assert found("q=тайн") == {"Тайный"}
    assert found(f"child={second.pk}&state=marked") == set()
    rows = client.get(f"{page}?export=csv").getvalue().decode()  # type: ignore[attr-defined]
    assert [line.split(";")[-2:] for line in rows.splitlines()[1:] if "Тайный" in line] == [
        ["", ""]
    ]
    sittings.close(held, actor=school.head, at=timezone.now())
    sittings.release(held, actor=school.head, at=timezone.now())
    assert found("state=marked") == {"Тайный", "Явный"}
    assert found("state=marking") == set()
    result = client.get(f"/assessment/attempts/{first.attempts.get(sitting=held).pk}/result/")
    assert page in result.content.decode().split("<main")[1]  # the way back


def test_a_parent_sees_no_test_of_others(school: School) -> None:
    one, _first = learner(school)
    sitting = school.sitting(school.test([school.item(choice_xml())]), title="Чужой")
    one.post(begun(one, sitting), {"ref": "Q1", "i-RESPONSE": "A", "go": "hand-in"})
    client, _guardian = parent_of(learner(School(school.at))[1])
    assert "Чужой" not in client.get("/assessment/children/").content.decode()
    assert one.get("/assessment/children/").status_code == 404


def test_tests_of_children_cost_the_same_for_one_and_for_many(school: School) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    one, child = learner(school)
    client, _guardian = parent_of(child)
    counts = []
    for number in (1, 4):
        for _n in range(number):
            sitting = school.sitting(school.test([school.item(choice_xml())]))
            one.post(begun(one, sitting), {"ref": "Q1", "i-RESPONSE": "A", "go": "hand-in"})
        client.get("/assessment/children/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/assessment/children/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
