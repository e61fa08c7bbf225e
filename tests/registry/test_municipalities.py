"""A region of one's own: its municipalities are entered, corrected, removed and imported."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.factories import MunicipalityFactory, OrganisationFactory, seated

from sreda.kernel.api import Actor, AuditEntry
from sreda.registry.api import Municipality, Role, User
from sreda.registry.models import TableImport

pytestmark = pytest.mark.django_db
TABLE = (
    "Код ОКТМО;Наименование;Вид\n"
    "50701000;город Новосибирск;городской округ\n"
    "50604000;Барабинский муниципальный район;муниципальный район\n"
    "50606000;Болотнинский район;посёлок\n"
    "50604000;Ещё один район;район\n"
)


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"registry:{name}", args=args)


@pytest.fixture
def operator() -> Client:
    return signed_in(seated(Role.OPERATOR))


def add(client: Client, **more: str):
    sent = {"code": "50701000", "name": "город Новосибирск", "kind": "urban", "_key": "1"} | more
    return client.post(url("municipality_add"), sent)


def test_an_empty_registry_leads_to_its_municipalities_first(operator: Client) -> None:
    Municipality.objects.all().delete()
    page = operator.get(url("organisations")).content.decode()
    assert url("municipalities") in page
    assert "Сначала муниципалитеты" in page
    page = operator.get(url("municipalities")).content.decode()
    assert url("import_municipalities") in page
    assert url("municipality_add") in page


def test_one_is_added_once_corrected_and_removed(operator: Client) -> None:
    assert add(operator).status_code == add(operator).status_code == 302
    made = Municipality.objects.get(code="50701000")
    again = add(operator, _key="2")
    assert again.status_code == 422
    assert "уже у другого муниципалитета" in again.content.decode()
    edit = url("municipality_edit", made.pk)
    base = operator.get(edit).context["form"].initial["base"]
    changed = {"code": made.code, "name": "Новосибирск", "kind": "urban", "base": base}
    assert operator.post(edit, changed).status_code == 302
    made.refresh_from_db()
    assert made.name == "Новосибирск"
    stale = operator.post(edit, changed | {"name": "Другое"})
    assert stale.status_code == 422
    remove = url("municipality_remove", made.pk)
    assert operator.post(remove, {"reason": "Ошибка"}).status_code == 302
    assert not Municipality.objects.filter(pk=made.pk).exists()
    assert AuditEntry.objects.filter(action="registry.municipality.removed").count() == 1


def test_one_with_organisations_stays(operator: Client) -> None:
    place = OrganisationFactory().municipality
    answer = operator.post(url("municipality_remove", place.pk), {"reason": "Ошибка"})
    assert answer.status_code == 422
    assert Municipality.objects.filter(pk=place.pk).exists()


def test_a_table_is_taken_over_and_its_faulty_rows_are_named(operator: Client) -> None:
    file = SimpleUploadedFile("районы.csv", TABLE.encode())
    shown = operator.post(url("import_municipalities"), {"file": file}, follow=True)
    assert "Напишите «городской округ»" in shown.content.decode()
    imported = TableImport.objects.get(kind="municipalities")
    assert (imported.new, imported.bad) == (2, 2)
    operator.post(url("import_decide", imported.pk), {"what": "good"})
    assert set(Municipality.objects.values_list("code", flat=True)) >= {"50701000", "50604000"}


def test_the_list_asks_the_same_for_one_and_for_many(
    operator: Client, django_assert_max_num_queries
) -> None:
    for _turn in range(30):
        OrganisationFactory(municipality=MunicipalityFactory())
    operator.get(url("municipalities"))
    with django_assert_max_num_queries(12):
        assert operator.get(url("municipalities")).status_code == 200


def test_each_is_counted_once_with_its_working_organisations(operator: Client) -> None:
    place = MunicipalityFactory()
    for _turn in range(3):
        OrganisationFactory(municipality=place)
    listing = operator.get(url("municipalities"), {"sort": "-organisations"}).context["listing"]
    assert listing.total == len(listing.page) == Municipality.objects.count()
    assert next(iter(listing.page)).working == 3
