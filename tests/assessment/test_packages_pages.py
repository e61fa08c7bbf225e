"""Tests composed from the bank; packages given out, looked through and taken over."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from sreda.assessment import qti
from sreda.assessment.domain import media
from sreda.assessment.models import Item, Resource, Test
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


def test_the_list_is_given_out_as_it_is_narrowed(school: School) -> None:
    client = teacher(school)
    school.item(choice_xml("q1"))
    school.item(choice_xml("q2"))
    content = client.get("/assessment/items/packages/out/?q=q2").content
    package = qti.read_package(content)
    assert [one.identifier for one in package.items.values()] == ["q2"]
    assert client.get("/assessment/items/packages/out/?q=нет").status_code == 302
