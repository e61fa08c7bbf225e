"""Tests composed from the bank; packages given out, looked through and taken over."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from sreda.assessment import qti
from sreda.assessment.domain import bank, media, package_jobs
from sreda.assessment.models import Item, PackageImport, Resource, Test
from sreda.kernel.api import StoredFile
from tests.assessment.bank import School, choice_xml
from tests.assessment.test_bank_pages import PNG, teacher

pytestmark = pytest.mark.django_db
PICTURE = choice_xml("pic").replace("<p>", '<p><img src="img/a.png" alt="Кит"/>')


@pytest.fixture
def school() -> School:
    return School(timezone.now())


def composed(client: Client, items: list[Item]) -> Test:
    reply = client.post("/assessment/quizzes/new/", {"title": "Зачёт", "_key": "1"})
    test = Test.objects.get()
    page: str = reply.url  # type: ignore[attr-defined]
    base: dict[str, Any] = {
        "edition": "1", "title": "Зачёт", "section-title": ["Раздел"], "section-take": [""],
        "navigation": "linear", "submission": "individual", "max_attempts": "1",
    }  # fmt: skip
    shown = client.post(page, base | {"do": "search", "q": "вопрос"})
    assert {row["item"].pk for row in shown.context["results"]} >= {one.pk for one in items}
    added = client.post(page, base | {"do": "add", "found": [str(one.pk) for one in items]})
    plan = added.context["plan"]
    assert {one.item.pk for one in plan.places} == {one.pk for one in items}
    base |= {
        "place-item": [str(one.item.pk) for one in plan.places], "place-section": ["0", "0"],
        "place-weight": ["1", "2,5"],
    }  # fmt: skip
    refused = client.post(page, base | {"do": "save", "section-take": ["9"]})
    assert refused.status_code == 422
    moved = client.post(page, base | {"do": "place:up:1"}).context["plan"]
    assert [one.item.pk for one in moved.places] == [one.item.pk for one in plan.places][::-1]
    assert client.post(page, base | {"do": "save"}).status_code == 302
    stale = client.post(page, base | {"do": "save", "title": "Другой"})
    assert stale.status_code == 409
    again = client.get(page).context["plan"]
    assert [str(one.weight) for one in again.places] == ["1", "2.5"]
    return test


def test_a_test_is_composed_given_out_and_taken_in_elsewhere(school: School) -> None:
    client = teacher(school)
    items = [school.item(choice_xml("q1")), school.item(PICTURE)]
    kept = media.keep("a.png", PNG, actor=None, at=school.at)
    Resource.objects.create(version=items[1].current, href="img/a.png", file=kept)
    test = composed(client, items)
    act = f"/assessment/quizzes/{test.pk}/act/"
    client.post(act, {"act": "ready"})
    test.refresh_from_db()
    assert test.current is not None
    assert test.current.max_score == 3.5
    assert client.get(f"/assessment/quizzes/{test.pk}/").status_code == 200
    assert "Зачёт" in client.get("/assessment/quizzes/").content.decode()
    content = client.get(f"/assessment/quizzes/{test.pk}/package/").content
    package = qti.read_package(content)
    assert [one.text() for one in package.issues if one.severity in {"error", "fatal"}] == []
    assert len(package.items) == 2

    other = School(timezone.now())
    stranger = teacher(other)
    files = StoredFile.objects.count()
    page = handed_in(stranger, "test.zip", content)
    shown = stranger.get(page)
    assert (shown.context["new"], shown.context["wrong"]) == (3, 0)
    assert not Item.objects.filter(organisation=other.organisation).exists()
    stranger.post(page, {"ready": "1"})
    mine = Item.objects.filter(organisation=other.organisation)
    assert mine.count() == 2
    copy = Test.objects.get(organisation=other.organisation)
    assert copy.current is not None
    again = stranger.get(page)
    assert (again.context["new"], again.context["changed"], again.context["same"]) == (0, 0, 3)
    stranger.post(page)
    assert sum(one.versions.count() for one in mine) == 2
    assert StoredFile.objects.count() == files + 1  # the package; the picture is kept once
    assert client.get(page).status_code == 404  # the token of somebody else


def handed_in(client: Client, name: str, content: bytes) -> str:
    reply = client.post("/assessment/items/packages/", {"file": SimpleUploadedFile(name, content)})
    assert reply.status_code == 302, reply.content.decode()
    return str(reply.url)  # type: ignore[attr-defined]


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_good_ones_land_and_bad_ones_are_listed(school: School) -> None:
    client = teacher(school)
    page = handed_in(client, "p.zip", zipped({
        "good.xml": choice_xml("good"),
        "twice.xml": choice_xml("good", key="B"),
        "script.xml": choice_xml("script").replace("<p>", "<p><script>x</script>"),
        "broken.xml": "<qti-assessment-item",
        "lost.xml": PICTURE,
        "../evil.xml": choice_xml("evil"),
    }))  # fmt: skip
    shown = client.get(page)
    assert (shown.context["new"], shown.context["wrong"]) == (1, 3)
    text = " ".join(shown.context["issues"])
    assert "broken.xml" in text
    assert "evil" in text
    table = b"".join(client.get(f"{page}?export=csv")).decode()  # type: ignore[arg-type]
    assert "script.xml" in table
    client.post(page)
    assert list(Item.objects.values_list("identifier", flat=True)) == ["good"]
    changed = handed_in(client, "good.xml", choice_xml("good", key="C").encode())
    assert client.get(changed).context["changed"] == 1
    client.post(changed)
    item = Item.objects.get()
    assert item.versions.count() == 1  # it was a draft still, and is changed
    assert ">C<" in item.versions.get().content


@pytest.mark.parametrize(("name", "content", "status"), [
    ("a.exe", b"MZ", 422), ("a.zip", b"PK\x03\x04nothing", 302), ("a.xml", b"<p/>", 302),
])  # fmt: skip
def test_what_is_no_package_is_refused_in_words(
    school: School, name: str, content: bytes, status: int
) -> None:
    client = teacher(school)
    reply = client.post("/assessment/items/packages/", {"file": SimpleUploadedFile(name, content)})
    assert reply.status_code == status
    if status == 302:
        assert client.get(reply.url).status_code in {200, 422}  # type: ignore[attr-defined]
        assert client.post(reply.url).status_code in {302, 422}  # type: ignore[attr-defined]
    assert not Item.objects.exists()


@pytest.mark.parametrize(("name", "content", "said"), [
    ("пустой.zip", b"PK\x05\x06" + b"\0" * 18, "пустой.zip: в пакете нет ни заданий, ни тестов"),
    ("не то.zip", zipped({"a.xml": "<qti-assessment-item"}),
     "a.xml:1: неправильный XML: незакрытый тег, столбец 1"),
    ("текст.xml", b"hello", "текст.xml:1: неправильный XML: синтаксическая ошибка, столбец 1"),
])  # fmt: skip
def test_a_file_with_nothing_to_take_says_so_and_why(
    school: School, name: str, content: bytes, said: str
) -> None:
    client = teacher(school)
    shown = client.get(handed_in(client, name, content)).content.decode().split("<main")[1]
    assert "Из этого файла нечего принять" in shown
    assert "уже есть в банке" not in shown
    assert said in shown
    assert not re.search(r"[0-9a-f]{64}", shown)  # the name under which it is kept


def test_the_list_is_given_out_as_it_is_narrowed(school: School) -> None:
    client = teacher(school)
    school.item(choice_xml("q1"))
    school.item(choice_xml("q2"))
    content = client.get("/assessment/items/packages/out/?q=q2").content
    package = qti.read_package(content)
    assert [one.identifier for one in package.items.values()] == ["q2"]
    assert client.get("/assessment/items/packages/out/?q=нет").status_code == 302


def test_ticked_items_are_given_out_alone(school: School) -> None:
    client = teacher(school)
    first, _second = school.item(choice_xml("q1")), school.item(choice_xml("q2"))
    foreign = School(timezone.now()).item(choice_xml("q3"))
    out = "/assessment/items/packages/out/"
    content = client.get(out, {"ticked": "1", "pk": [first.pk, foreign.pk, "x"]}).content
    assert [one.identifier for one in qti.read_package(content).items.values()] == ["q1"]
    reply = client.get(out, {"ticked": "1"}, follow=True)
    assert "отметьте" in reply.content.decode()


def test_many_items_cost_as_many_queries_as_one(school: School) -> None:
    client, counts = teacher(school), []
    for turn in range(2):
        for n in range(1 + turn * 5):
            made = school.item(choice_xml(f"q{turn}{n}"))
            bank.draft_of(made, actor=school.teacher, at=school.at)
            bank.add_item(content=choice_xml(f"d{turn}{n}"), actor=school.teacher, at=school.at,
                          organisation_id=school.organisation.pk)  # fmt: skip
        client.get("/assessment/items/packages/out/")
        with CaptureQueriesContext(connection) as asked:
            content = client.get("/assessment/items/packages/out/").content
        counts.append(len(asked))
        assert len(qti.read_package(content).items) == 2 + turn * 12
    assert counts[0] == counts[1]


def given(school: School, client: Client) -> tuple[Test, bytes]:
    test = school.test([school.item(choice_xml("q1")), school.item(choice_xml("q2"))])
    return test, client.get(f"/assessment/quizzes/{test.pk}/package/").content


def with_key(content: bytes, name: str, old: str, new: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for one in source.namelist():
            data = source.read(one)
            target.writestr(one, data.replace(old.encode(), new.encode()) if name in one else data)
    return buffer.getvalue()


def test_a_test_whose_items_alone_changed_says_which_and_follows_them(school: School) -> None:
    client = teacher(school)
    test, content = given(school, client)
    page = handed_in(client, "same.zip", content)
    assert client.get(page).context["same"] == 3
    other = with_key(content, "q2", ">A<", ">C<")
    page = handed_in(client, "other.zip", other)
    shown = client.get(page)
    assert (shown.context["changed"], shown.context["same"]) == (2, 1)
    assert "Вопрос q2" in shown.content.decode().split("Отличаются только задания")[1][:60]
    client.post(page, {"ready": "1"})
    test.refresh_from_db()
    assert test.versions.count() == 2
    assert test.current is not None
    bound = test.current.items.get(item_version__item__identifier="q2").item_version
    assert ">C<" in bound.content
    again = handed_in(client, "again.zip", other)
    assert client.get(again).context["same"] == 3
    client.post(again, {"ready": "1"})
    assert test.versions.count() == 2


def test_changed_items_that_are_not_made_ready_leave_the_test_as_it_is(school: School) -> None:
    client = teacher(school)
    test, content = given(school, client)
    other = with_key(content, "q2", ">A<", ">C<")
    page = handed_in(client, "other.zip", other)
    client.post(page)
    assert test.versions.count() == 1
    assert client.get(handed_in(client, "again.zip", other)).context["same"] == 3


def test_twins_of_every_kind_circles_and_bombs_are_listed_with_their_places(
    school: School,
) -> None:
    client = teacher(school)
    _test, content = given(school, client)
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        files: dict[str, str | bytes] = {n: source.read(n) for n in source.namelist()}
    name = next(one for one in files if one.startswith("tests/"))
    lost = (
        files[name]
        .replace(b"items/q2", b"items/q9")
        .replace(  # type: ignore[union-attr]
            b'identifier="test"', b'identifier="lost"', 1
        )
    )
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    circle = (
        '<qti-assessment-section xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" '
        'identifier="s" title="s" visible="true">'
        '<qti-assessment-section-ref identifier="r" href="circle.xml"/></qti-assessment-section>'
    )
    round_test = files[name].replace(  # type: ignore[union-attr]
        b"<qti-assessment-section ", b'<qti-assessment-section-ref identifier="r" '
        b'href="circle.xml"/><qti-assessment-section ', 1
    ).replace(b'identifier="test"', b'identifier="round"', 1)  # fmt: skip
    files |= {
        "tests/twin.xml": files[name], "tests/lost.xml": lost, "bomb.xml": bomb,
        "tests/circle.xml": circle, "tests/round.xml": round_test,
    }  # fmt: skip
    del files["imsmanifest.xml"]
    page = handed_in(client, "p.zip", zipped(files))
    shown = client.get(page)
    wrong = {
        row["entry"].path: row["faults"] for row in shown.context["rows"]
        if row["entry"].state == "wrong"
    }  # fmt: skip
    assert "tests/twin.xml" in wrong
    told = " ".join(shown.context["issues"]) + " ".join(" ".join(f) for f in wrong.values())
    assert "items/q9/item.xml" in told
    assert "bomb.xml" in told
    assert "circle" in told
    assert shown.context["same"] == 3  # the good ones are not touched by it


class TestBehindThePage:
    def worker(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")

    def test_a_worker_does_it_once_and_anew_after_a_kill(self, school: School) -> None:
        client = teacher(school)
        self.worker()
        page = handed_in(client, "p.zip", zipped({"a.xml": choice_xml("a"), "b.xml": PICTURE}))
        one = PackageImport.objects.get()
        assert f'hx-get="{page}"' in client.get(page).content.decode()
        bar = client.get(page, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in bar
        assert ProcrastinateJob.objects.filter(args={"pk": str(one.pk)}).count() == 1
        package_jobs.run(one.pk, at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        reply = client.get(page, headers={"HX-Request": "true"})
        assert reply.headers["HX-Refresh"] == "true"
        assert client.get(page).context["new"] == 1
        for _time in range(2):
            client.post(page, {"ready": "1"})
        assert ProcrastinateJob.objects.filter(args={"pk": str(one.pk)}).count() == 1
        # a worker takes it, lands an item, and is killed
        late = timezone.now() - timedelta(minutes=2)
        PackageImport.objects.update(status="running", attempts=1, beat_at=late)
        banked = Item.objects.count()
        assert package_jobs.take_up_lost(timezone.now()) == [one.pk]
        assert package_jobs.take_up_lost(timezone.now()) == []
        package_jobs.run(one.pk, at=timezone.now())
        package_jobs.run(one.pk, at=timezone.now())
        one.refresh_from_db()
        assert (one.status, one.done["new"]) == ("taken", 1)
        assert Item.objects.count() == banked + 1
        assert page in client.get("/assessment/items/packages/").content.decode()

    def test_it_is_given_up_and_may_be_tried_again(self, school: School) -> None:
        client = teacher(school)
        self.worker()
        page = handed_in(client, "p.zip", zipped({"a.xml": choice_xml("a")}))
        late = timezone.now() - timedelta(minutes=2)
        PackageImport.objects.update(status="running", attempts=3, beat_at=late)
        assert "прервалась" in client.get(page).content.decode()
        assert package_jobs.take_up_lost(timezone.now()) == []
        assert "Попробовать" in client.get(page).content.decode()
        client.post(page, {"do": "again"})
        package_jobs.run(PackageImport.objects.get().pk, at=timezone.now())
        assert client.get(page).context["new"] == 1
        PackageImport.objects.update(made_at=timezone.now() - timedelta(days=8))
        assert package_jobs.forget(timezone.now()) == 1

    def test_nothing_lands_for_a_post_that_ended(self, school: School) -> None:
        client = teacher(school)
        page = handed_in(client, "p.zip", zipped({"a.xml": choice_xml("a")}))
        one = PackageImport.objects.get()
        package_jobs.ask(one, ready=False, at=timezone.now())
        PackageImport.objects.update(seat="gone")
        package_jobs.run(one.pk, at=timezone.now())
        assert not Item.objects.exists()
        assert "должност" in client.get(page).content.decode()
