"""Handing a table in, looking at it and taking it over, by the pages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.factories import seated

from sreda.kernel.api import Actor
from sreda.registry.api import Organisation, Person, Post, Role, User
from sreda.registry.models import PeopleImport, TableImport

pytestmark = pytest.mark.django_db
HEAD = "Номер в исходной системе;Фамилия;Имя;Дата рождения;Код организации;Роль;Класс;С"


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def table(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("люди.csv", "\n".join((HEAD, *rows)).encode("cp1251"))


@pytest.fixture
def head() -> Actor:
    return seated(Role.HEAD)


@pytest.fixture
def code(head: Actor) -> str:
    post = Post.objects.get(person_id=head.person_id)
    assert post.organisation
    return post.organisation.code


def test_good_rows_are_taken_over_and_bad_ones_listed(head: Actor, code: str) -> None:
    client = signed_in(head)
    upload = reverse("registry:import_people")
    assert client.get(upload).status_code == 200
    answer = client.post(
        upload,
        {
            "file": table(
                f"И-1;Ивушкина;Ольга;01.02.2013;{code};ученик;7А;01.09.2026",
                f"И-2;Ломов;Пётр;31.02.2013;{code};ученик;7А;01.09.2026",
            )
        },
    )
    imported = PeopleImport.objects.get()
    page = reverse("registry:import", args=[imported.pk])
    assert answer.headers["Location"] == page
    assert not Person.objects.filter(external_id="И-1").exists()
    assert "31.02.2013" in client.get(page).content.decode()
    assert "Ивушкина" in client.get(page, {"show": "new"}).content.decode()
    faulty = client.get(reverse("registry:import_bad", args=[imported.pk]))
    assert "Ломов" in b"".join(faulty.streaming_content).decode()
    decide = reverse("registry:import_decide", args=[imported.pk])
    client.post(decide, {"what": "all"})
    assert not Person.objects.filter(external_id="И-1").exists()  # there is a bad row
    for _ in range(2):
        client.post(decide, {"what": "good"})
    assert Person.objects.get(external_id="И-1").enrolments.count() == 1
    assert not Person.objects.filter(external_id="И-2").exists()
    assert client.get(page).status_code == 200


def test_a_dropped_table_changes_nothing(head: Actor, code: str) -> None:
    client = signed_in(head)
    row = f"И-1;Ивушкина;Ольга;01.02.2013;{code};ученик;7А;01.09.2026"
    client.post(reverse("registry:import_people"), {"file": table(row)})
    imported = PeopleImport.objects.get()
    decide = reverse("registry:import_decide", args=[imported.pk])
    client.post(decide, {"what": "cancel"})
    client.post(decide, {"what": "all"})
    assert not Person.objects.filter(external_id="И-1").exists()


def test_an_import_is_its_owners_and_the_operators(head: Actor, code: str) -> None:
    row = f"И-1;Ивушкина;Ольга;01.02.2013;{code};ученик;7А;01.09.2026"
    signed_in(head).post(reverse("registry:import_people"), {"file": table(row)})
    page = reverse("registry:import", args=[PeopleImport.objects.get().pk])
    assert signed_in(seated(Role.HEAD)).get(page).status_code == 404
    assert signed_in(seated(Role.TEACHER)).get(page).status_code == 404
    assert signed_in(seated(Role.OPERATOR)).get(page).status_code == 200
    assert signed_in(seated(Role.TEACHER)).get(reverse("registry:import_people")).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"), [("люди.csv", b"\0\1\2"), ("люди.xlsx", b"no zip"), ("люди.exe", b"MZ")]
)
def test_a_file_that_is_none_gets_a_message(head: Actor, name: str, content: bytes) -> None:
    answer = signed_in(head).post(
        reverse("registry:import_people"), {"file": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_empty_table_can_be_fetched(head: Actor, kind: str) -> None:
    answer = signed_in(head).get(reverse("registry:import_people"), {"template": kind})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]


def test_organisations_are_imported_by_the_operator_alone(head: Actor, code: str) -> None:
    operator = signed_in(seated(Role.OPERATOR))
    upload = reverse("registry:import_organisations")
    assert signed_in(head).get(upload).status_code == 404
    assert operator.get(upload).status_code == 200
    content = f"Реестровый номер;Краткое наименование\n{code};Школа переименованная\n;Пустая\n"
    file = SimpleUploadedFile("организации.csv", content.encode())
    assert operator.post(upload, {"file": file}).status_code == 302
    imported = TableImport.objects.get()
    page = reverse("registry:import", args=[imported.pk])
    assert "Школа переименованная" in operator.get(page, {"show": "changed"}).content.decode()
    assert operator.get(page, {"show": "bad"}).status_code == 200
    assert signed_in(head).get(page).status_code == 404
    operator.post(reverse("registry:import_decide", args=[imported.pk]), {"what": "good"})
    assert Organisation.objects.get(code=code).short_name == "Школа переименованная"


def test_a_damaged_workbook_is_named_as_its_owner_named_it(head: Actor) -> None:
    broken = SimpleUploadedFile("люди 2026.xlsx", b"PK\x03\x04 not an archive")
    answer = signed_in(head).post(reverse("registry:import_people"), {"file": broken})
    assert answer.status_code == 422
    assert "люди 2026.xlsx" in answer.content.decode()
