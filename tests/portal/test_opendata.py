"""Open data: files, dictionary, caching."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from sreda.portal.opendata.datasets import DATASETS
from sreda.portal.opendata.formats import FORMATS
from sreda.programme.api import load_demo_programme
from sreda.registry.api import Facilities, Organisation, OrganisationSize
from tests.factories import MunicipalityFactory, OrganisationFactory, PostFactory

AT = datetime(2026, 9, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def row() -> Organisation:
    place = MunicipalityFactory(name="Юргинский городской округ", code="32749000")
    row = OrganisationFactory(
        code="4200001", municipality=place, short_name='Лицей; «№ 1», "лучший"', phone="+7 1"
    )
    OrganisationSize.objects.update_or_create(
        organisation=row,
        defaults={
            "learners": 300,
            "teachers": 20,
            "groups": 10,
            "counted_at": AT,
        },
    )
    Facilities.objects.create(
        organisation=row, as_of=date(2018, 9, 1), link_mbps=Decimal("12.50"), computers_teaching=50
    )
    return row


def body(client: Client, name: str, form: str) -> bytes:
    response = client.get(reverse("open_data_file", args=[name, form]))
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_the_three_formats_tell_the_same(client: Client, row: Organisation) -> None:
    load_demo_programme(at=AT)
    OrganisationFactory(code="4200002", municipality=row.municipality)
    for name, dataset in DATASETS.items():
        names = [field.name for field in dataset.fields]
        table = list(csv.reader(io.StringIO(body(client, name, "csv").decode())))
        objects = json.loads(body(client, name, "json"), parse_float=Decimal)
        frame = pq.read_table(io.BytesIO(body(client, name, "parquet"))).to_pylist()
        assert table[0] == names
        assert len(table) - 1 == len(objects) == len(frame) > 0
        for line, thing, record in zip(table[1:], objects, frame, strict=True):
            assert list(thing) == list(record) == names
            for cell, told, kept in zip(line, thing.values(), record.values(), strict=True):
                plain = kept.isoformat() if isinstance(kept, date) else kept
                if isinstance(plain, Decimal) and isinstance(told, int | Decimal):
                    assert plain == told
                    assert Decimal(cell) == plain
                else:
                    assert told == plain
                    if plain is None:
                        assert cell == ""


def test_values_are_exact_and_typed(client: Client, row: Organisation) -> None:
    (thing,) = json.loads(body(client, "organisations", "json"), parse_float=Decimal)
    assert thing["short_name"] == 'Лицей; «№ 1», "лучший"'
    assert thing["link_mbps"] == Decimal("12.50")
    assert thing["computers_per_learner"] == Decimal("0.17")
    assert thing["learners"] == 300
    assert thing["rural"] is False
    assert thing["phone"] == "+7 1"
    schema = pq.read_schema(io.BytesIO(body(client, "organisations", "parquet")))
    assert str(schema.field("link_mbps").type) == "decimal128(18, 2)"
    assert str(schema.field("since").type) == "date32[day]"


def test_a_cell_is_never_a_formula(client: Client, row: Organisation) -> None:
    for evil in ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd"):
        Organisation.objects.filter(pk=row.pk).update(short_name=evil)
        table = list(csv.DictReader(io.StringIO(body(client, "organisations", "csv").decode())))
        assert table[0]["short_name"] == f"'{evil}"
        assert table[0]["phone"] == "+7 1"


def test_an_unchanged_file_is_not_sent_again_and_a_changed_one_is(
    client: Client, row: Organisation
) -> None:
    url = reverse("open_data_file", args=["organisations", "csv"])
    first = client.get(url)
    assert first["Last-Modified"]
    content = b"".join(first.streaming_content)
    again = client.get(url, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    since = client.get(url, headers={"if-modified-since": first["Last-Modified"]})
    assert since.status_code == 304
    OrganisationSize.objects.filter(pk=row.pk).update(learners=301)
    changed = client.get(url, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert b"".join(changed.streaming_content) == content.replace(b",300,", b",301,")


def test_files_of_an_older_state_do_not_pile_up(
    client: Client, row: Organisation, tmp_path
) -> None:
    for learners in range(5):
        OrganisationSize.objects.filter(pk=row.pk).update(learners=learners)
        body(client, "organisations", "csv")
    assert len(list((tmp_path / "opendata").iterdir())) == 1


def test_a_kept_file_costs_one_query(
    client: Client, row: Organisation, django_assert_num_queries
) -> None:
    body(client, "organisations", "csv")
    with django_assert_num_queries(1):
        body(client, "organisations", "csv")


def test_making_a_file_costs_the_same_queries_for_any_number_of_rows(
    client: Client, row: Organisation, django_assert_max_num_queries
) -> None:
    for _n in range(20):
        OrganisationFactory(municipality=row.municipality)
    for name in DATASETS:
        with django_assert_max_num_queries(3):
            body(client, name, "json")


def test_no_person_is_in_any_file(client: Client, row: Organisation) -> None:
    post = PostFactory(organisation=row, role="head", person__family_name="Приватова")
    for name in DATASETS:
        for form in ("csv", "json"):
            assert post.person.family_name not in body(client, name, form).decode()


def test_dictionary_follows_the_declaration(client: Client, row: Organisation) -> None:
    package = client.get(reverse("open_data_package")).json()
    assert len(package["resources"]) == len(DATASETS) * len(FORMATS)
    resource = next(r for r in package["resources"] if r["name"] == "organisations-csv")
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert fields["kind"]["constraints"]["enum"][:2] == ["school", "college"]
    assert fields["link_mbps"]["type"] == "number"
    assert package["licenses"][0]["path"].startswith("https://")
    for dataset in DATASETS.values():
        page = client.get(reverse("open_dataset", args=[dataset.name])).content.decode()
        told = client.get(reverse("open_data_csv_metadata", args=[dataset.name])).json()
        assert [column["name"] for column in told["tableSchema"]["columns"]] == [
            field.name for field in dataset.fields
        ]
        for field in dataset.fields:
            assert f"<code>{field.name}</code>" in page
            assert str(field.title)


def test_unknown_names_are_not_found(client: Client) -> None:
    assert client.get("/opendata/people.csv").status_code == 404
    assert client.get("/opendata/organisations.exe").status_code == 404
    assert client.get("/opendata/people/").status_code == 404
    assert client.get("/opendata/people.csv-metadata.json").status_code == 404


def test_the_orders_tables_are_whole(client: Client) -> None:
    load_demo_programme(at=AT)
    rows = {
        name: json.loads(body(client, f"programme-{name}", "json"), parse_float=Decimal)
        for name in ("list", "actions", "indicators", "budget")
    }
    assert len(rows["list"]) == 34
    assert len(rows["actions"]) == 13
    assert {row["number"] for row in rows["indicators"]} == {1, 2, 3, 4}
    lines = [r["amount"] for r in rows["budget"] if r["kind"] == "line" and r["year"] == 2019]
    assert sum(lines) == Decimal("4505.00")
    first = rows["list"][0]
    assert (first["section"], first["number"], first["printed_ratio"]) == (
        "school",
        1,
        Decimal("0.36"),
    )
