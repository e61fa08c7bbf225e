"""Pages of the bank and the editor: who sees what, trying, editing, two at once, hostile files."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sreda.assessment.domain import bank, editing, media, versions
from sreda.assessment.models import Item, ItemAnalysis, ItemVersion, Tag
from sreda.kernel.models import AuditEntry
from tests.assessment.bank import School, choice_xml, essay_xml
from tests.factories import PostFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/assessment/items/"


@pytest.fixture
def school() -> School:
    return School(timezone.now())


def teacher(school: School, organisation: Any = None) -> Client:
    post = PostFactory(role="teacher", organisation=organisation or school.organisation)
    client = Client()
    client.force_login(UserFactory(person=post.person))
    return client


def made(client: Client, kind: str = "choice", title: str = "Кит и рыбы") -> Item:
    reply = client.post(f"{LIST}new/", {"kind": kind, "title": title, "_key": "k"})
    assert reply.status_code == 302, reply.content.decode()
    again = client.post(f"{LIST}new/", {"kind": kind, "title": title, "_key": "k"})
    assert again.url == reply.url
    return Item.objects.get()


def fields(item: Item, **changes: Any) -> dict[str, Any]:
    draft = item.versions.get(status="draft")
    return {
        "edition": draft.edition, "kind": "choice", "title": "Кит и рыбы", "language": "ru",
        "question": "Кто не рыба?", "points": "1,5", "row-text": ["Кит", "Щука"],
        "row-right": ["0"], "do": "save-on", "tag-subject": "Биология", "difficulty": "2",
    } | changes  # fmt: skip


def test_from_a_new_item_to_a_ready_one(school: School) -> None:
    client = teacher(school)
    item = made(client)
    page = f"{LIST}{item.pk}/edit/"
    assert client.get(page).status_code == 200
    assert client.post(page, fields(item)).status_code == 302
    draft = item.versions.get()
    form = editing.form_of(draft.content)
    assert form is not None
    assert (str(form.points), form.rows[0].text, draft.difficulty) == ("1.5", "Кит", 2)
    assert client.post(f"{LIST}{item.pk}/act/", {"act": "ready"}).status_code == 302
    item.refresh_from_db()
    assert item.current_id == draft.pk
    shown = client.get(f"{LIST}?q=рыбами").content.decode()
    assert "Кит и рыбы" in shown
    assert "Кит и рыбы" not in client.get(f"{LIST}?q=самолёт").content.decode()
    assert "Кит и рыбы" in client.get(f"{LIST}?subject=биология&kind=choice").content.decode()
    assert "Кит и рыбы" not in client.get(f"{LIST}?difficulty=5").content.decode()
    table = b"".join(client.get(f"{LIST}?export=csv")).decode()  # type: ignore[arg-type]
    assert "Кит и рыбы" in table
    assert client.get(f"{LIST}?export=xlsx").status_code == 200
    page = client.get(f"{LIST}{item.pk}/").content.decode()
    assert "Биология" in page


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(school: School) -> None:
    client = teacher(school)
    item = made(client)
    page = f"{LIST}{item.pk}/edit/"
    before = item.versions.get().content
    reply = client.post(page, fields(item, **{"row-right": [], "question": "Моё <b>"}))
    assert reply.status_code == 422
    assert "Моё &lt;b&gt;" in reply.content.decode()
    assert item.versions.get().content == before
    reply = client.post(page, fields(item, points="много"))
    assert reply.status_code == 422
    for do, texts in {
        "row:add": ["Кит", "Щука", ""], "row:up:1": ["Щука", "Кит"], "row:remove:0": ["Щука"],
    }.items():  # fmt: skip
        shown = client.post(page, fields(item, do=do))
        assert [row.text for row in shown.context["form"].rows] == texts
    assert item.versions.get().content == before


def test_two_people_at_one_draft(school: School) -> None:
    client, other = teacher(school), teacher(school)
    item = made(client)
    page = f"{LIST}{item.pk}/edit/"
    assert other.get(page).status_code == 403  # a colleague looks, the author changes
    stale = fields(item, question="Второй вопрос?")
    client.post(page, fields(item, question="Первый вопрос?"))
    reply = client.post(page, stale)
    assert reply.status_code == 409
    text = reply.content.decode()
    assert "Первый вопрос?" in text
    assert "Второй вопрос?" in text
    assert re.search(r'<pre class="table-scroll[^>]* tabindex="0"', text)  # scrolled by keyboard
    assert "Первый" in item.versions.get().content
    again = fields(item, question="Второй вопрос?")
    assert client.post(page, again).status_code == 302
    assert "Второй" in item.versions.get().content


def test_xml_with_places(school: School) -> None:
    client = teacher(school)
    item = made(client, "xml")
    page = f"{LIST}{item.pk}/edit/?as=xml"
    sent = {"edition": 1, "title": "Новое", "content": choice_xml(most=0), "do": "save-on"}
    assert client.post(page, sent).status_code == 302
    broken = sent | {"content": "<qti-assessment-item>\n<p>", "edition": 2}
    reply = client.post(page, broken)
    assert reply.status_code == 422
    unknown = choice_xml().replace('key="A"', "").replace("<p>", "<p><script>x</script>")
    shown = client.post(f"{LIST}{item.pk}/preview/?as=xml", {"content": unknown}).content.decode()
    assert "<script" not in shown
    assert "script" in shown


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 20"><path d="M0 0"/></svg>'


@pytest.mark.parametrize(
    ("name", "content", "taken"),
    [
        ("карта.png", PNG, True),
        ("a.svg", SVG, True),
        ("a.svg", SVG.replace(b"<path", b'<path onload="x()"'), False),
        ("a.svg", SVG.replace(b"<path", b"<script>x</script><path"), False),
        ("a.png", b"MZ", False),
        ("a.mp3", b"<html>", False),
        ("a.mp4", b"\0\0\0\x18ftypmp42", True),
        ("a.exe", b"MZ", False),
    ],
)
def test_files_are_taken_by_their_content(
    school: School, name: str, content: bytes, taken: bool
) -> None:
    client = teacher(school)
    item = made(client)
    page = f"{LIST}{item.pk}/edit/"
    upload = {"file": SimpleUploadedFile(name, content), "file-alt": "Карта", "do": "upload"}
    reply = client.post(page, fields(item, **upload))
    assert reply.status_code == (200 if taken else 422)
    assert item.versions.get().resources.exists() == taken
    if taken:
        href = item.versions.get().resources.get().href
        address = f"{LIST}{item.pk}/versions/1/files/{href}"
        assert "sandbox" in client.get(address)["Content-Security-Policy"]
        assert teacher(school).get(address).status_code == 200
        stranger = teacher(School(timezone.now()))
        assert stranger.get(address).status_code == 404


@pytest.mark.parametrize("box", ["0 0 1e999 1", "0 0 nan 1", "0 0 ten 5%", "0 0 -1 5", "0 0", ""])
def test_an_odd_box_of_a_picture_says_no_size(box: str) -> None:
    assert media.size_of("a.svg", SVG) == (10, 20)
    assert media.size_of("a.svg", SVG.replace(b"0 0 10 20", box.encode())) == (0, 0)


def test_a_picture_gives_the_hotspots_their_size(school: School) -> None:
    client = teacher(school)
    item = made(client, "hotspot")
    page = f"{LIST}{item.pk}/edit/"
    upload = {"file": SimpleUploadedFile("m.png", PNG), "file-alt": "Карта", "do": "upload"}
    form = client.post(page, fields(item, kind="hotspot", **upload)).context["form"]
    assert (form.width, form.height, form.alt, form.picture) == (640, 480, "Карта", "media/m.png")


@pytest.mark.parametrize("kind", editing.KINDS)
def test_every_kind_is_edited_previewed_and_tried(school: School, kind: str) -> None:
    client = teacher(school)
    item = made(client, kind)
    assert client.get(f"{LIST}{item.pk}/edit/").context["form"].kind == kind
    assert client.get(f"{LIST}{item.pk}/").status_code == 200
    address = f"{LIST}{item.pk}/versions/1/try/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"seed": "1"}).status_code == 200


def test_trying_shows_the_points_and_keeps_nothing(school: School) -> None:
    client = teacher(school)
    item = school.item(choice_xml(key="B"))
    address = f"{LIST}{item.pk}/versions/1/try/"
    with CaptureQueriesContext(connection) as found:
        reply = client.post(address, {"i-RESPONSE": "B", "seed": "1"})
    assert ("SCORE", "1.0") in reply.context["outcomes"]
    assert not [q for q in found if q["sql"].startswith(("INSERT", "UPDATE"))
                and "assessment" in q["sql"]]  # fmt: skip
    wrong = client.post(address, {"i-RESPONSE": ["B", "C"], "seed": "1"})
    assert wrong.context["outcomes"] == []


def test_others_see_what_was_opened_to_them_and_no_draft(school: School) -> None:
    item = school.item(choice_xml())
    client = teacher(School(timezone.now()))
    page = f"{LIST}{item.pk}/"
    assert client.get(page).status_code == 404
    versions.share(item, True, actor=school.teacher, at=school.at)
    bank.draft_of(item, actor=school.teacher, at=school.at)
    assert client.get(page).context["version"].number == 1
    assert client.get(f"{page}versions/2/").status_code == 404
    assert client.get(f"{page}edit/").status_code == 403
    assert client.post(f"{page}act/", {"act": "archive"}).status_code == 403
    copied = client.post(f"{page}act/", {"act": "copy", "_key": "1"})
    client.post(f"{page}act/", {"act": "copy", "_key": "1"})
    mine = Item.objects.exclude(pk=item.pk).get()
    assert str(mine.pk) in copied.url
    assert mine.versions.get().status == "draft"


def test_of_sittings_of_others_only_the_figures_are_seen(school: School) -> None:
    item = school.item(choice_xml())
    versions.share(item, True, actor=school.teacher, at=school.at)
    sitting = school.sitting(school.test([item]), title="Отбор в сборную")
    ItemAnalysis.objects.create(
        sitting=sitting, item_version=item.current, ref="Q1", answered=7,
        figures={"difficulty": 0.5},
    )  # fmt: skip
    page = f"{LIST}{item.pk}/"
    theirs = teacher(School(timezone.now())).get(page).content.decode()
    assert "7 ответов" in theirs
    assert "Отбор в сборную" not in theirs
    post = PostFactory(role="head", organisation=school.organisation)
    own = Client()
    own.force_login(UserFactory(person=post.person))
    assert "Отбор в сборную" in own.get(page).content.decode()


def test_archive_delete_and_share(school: School) -> None:
    client = teacher(school)
    item = made(client)
    act = f"{LIST}{item.pk}/act/"
    client.post(act, {"act": "share"})
    item.refresh_from_db()
    assert not item.shared  # it was never ready
    client.post(act, {"act": "archive"})
    assert item.title not in client.get(LIST).content.decode().split("<tbody")[-1]
    assert item.title in client.get(f"{LIST}?kept=archived").content.decode()
    client.post(act, {"act": "back"})
    assert client.post(act, {"act": "delete"}).url == LIST
    assert not Item.objects.exists()
    assert not ItemVersion.objects.exists()


@pytest.mark.parametrize("kind", ["items", "quizzes"])
def test_items_and_tests_are_acted_on_alike(school: School, kind: str) -> None:
    client = Client()
    head = PostFactory(role="head", organisation=school.organisation)
    client.force_login(UserFactory(person=head.person))
    item = school.item(choice_xml())
    owner = item if kind == "items" else school.test([item])
    page, listed = f"/assessment/{kind}/{owner.pk}/", f"/assessment/{kind}/"
    word = "задание" if kind == "items" else "тест"

    def does(act: str, said: str) -> str:
        reply = client.post(f"{page}act/", {"act": act, "_key": act}, follow=True)
        shown = reply.content.decode()
        assert said in shown.lower(), act
        return str(reply.redirect_chain[-1][0])

    assert does("share", "другие организации") == page
    owner.refresh_from_db()
    assert owner.shared
    assert does("close", "закрыто") == page
    assert does("archive", "в архиве") == page
    assert does("back", f"{word} возвращ") == page
    own = does("copy", "это ваша копия")
    assert own not in {page, listed}
    assert does("copy", "это ваша копия") == own  # the same form twice
    assert does("draft", "") == f"{page}edit/"
    assert does("delete", "черновик удалён") == page
    assert does("delete", "черновика уже нет") == page
    done = AuditEntry.objects.filter(object_id=str(owner.pk)).values_list("action", flat=True)
    of = "item" if kind == "items" else "test"
    assert list(done).count(f"assessment.{of}.archived") == 2
    assert list(done).count(f"assessment.{of}.shared") == 2


def test_free_tags_of_others_are_not_told(school: School) -> None:
    for scheme, code in (("subject", "Биология"), ("free", "наше слово")):
        tag = Tag.objects.create(scheme=scheme, code=code, title=code)
        school.item(choice_xml(code[:3])).tags.add(tag)
    own, theirs = teacher(school), teacher(School(timezone.now()))
    assert "наше слово" in own.get(LIST).content.decode()
    page = theirs.get(LIST).content.decode()
    assert "наше слово" not in page
    assert "Биология" in page


def test_the_list_costs_the_same_for_one_and_for_many(school: School) -> None:
    client = teacher(school)
    counts = []
    for turn in range(2):
        for n in range(1 + turn * 5):
            school.item(essay_xml(f"e{turn}{n}"))
        client.get(LIST)
        with CaptureQueriesContext(connection) as found:
            client.get(LIST)
        counts.append(len(found))
    assert counts[0] == counts[1]
