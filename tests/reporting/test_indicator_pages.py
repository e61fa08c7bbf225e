"""Pages of indicators: who sees what, drilling down to the records, files, writes."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from sreda.kernel import clock
from sreda.registry.api import Role
from sreda.reporting.domain import freshness
from sreda.reporting.models import Dashboard, Indicator, Widget
from sreda.reporting.queries import indicators as queries
from tests.factories import OrganisationFactory, PersonFactory, PostFactory, UserFactory
from tests.reporting.test_indicators import AT, HIGHER, RATIO, indicator, region  # noqa: F401

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def today(monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    settings.REQUIRE_MFA = frozenset()


@pytest.fixture
def sign_in(client):
    def signed(role, **place):
        person = PersonFactory()
        PostFactory(person=person, role=role, since=date(2020, 1, 1),
                    **{"organisation": None, **place})  # fmt: skip
        client.force_login(UserFactory(person=person))
        return client

    return signed


@pytest.fixture
def figures(region):  # noqa: F811
    indicator("higher", HIGHER, title="Доля с высшим", unit="%", plan={"2026": "70"},
              good_from=Decimal(70), bad_from=Decimal(50))  # fmt: skip
    indicator("ratio", RATIO, title="На один компьютер", public=True)
    freshness.recompute(at=AT)
    return region


def page(client, name, *args, **query):
    response = client.get(reverse(f"reporting:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def pk(code):
    return Indicator.objects.get(code=code).pk


def test_the_operator_finds_filters_and_exports(figures, sign_in):
    client = sign_in(Role.OPERATOR)
    text = page(client, "indicators")
    assert "66,67" in text
    assert "На один компьютер" in text
    assert "На один компьютер" not in page(client, "indicators", q="высшим")
    assert "Доля с высшим" not in page(client, "indicators", state="broken")
    response = client.get(reverse("reporting:indicators"), {"export": "csv"})
    rows = b"".join(response.streaming_content).decode("utf-8-sig")
    assert "66.67" in rows or "66,67" in rows


def test_the_list_costs_the_same_for_any_number(
    figures, sign_in, django_assert_max_num_queries, django_assert_num_queries
):
    client = sign_in(Role.OPERATOR)
    page(client, "indicators")
    with django_assert_max_num_queries(40) as first:
        page(client, "indicators")
    for number in range(5):
        indicator(f"more{number}", HIGHER)
    freshness.recompute(at=AT)
    with django_assert_num_queries(len(first)):
        page(client, "indicators")


def test_a_page_says_value_plan_places_series_and_lineage(figures, sign_in):
    first, second = figures
    indicator("twice", 'indicator("higher") * 2', title="Удвоенная")
    client = sign_in(Role.OPERATOR)
    text = page(client, "indicator", pk("higher"))
    assert "66,67" in text
    assert first.municipality.name in text
    assert "Удвоенная" in text  # a dependent, in the picture
    assert "lineage-picture" in text
    assert "count(&quot;staff&quot;" in text
    here = page(client, "indicator", pk("higher"), municipality=second.municipality.pk)
    assert "50,00" in here
    past = page(client, "indicator", pk("higher"), on="2020-08-31")
    assert "нет данных: " in past
    assert reverse("registry:people") in past


def test_drilling_down_ends_at_the_records(figures, sign_in):
    first, _second = figures
    client = sign_in(Role.OPERATOR)
    text = page(client, "indicator_organisations", pk("higher"),
                municipality=first.municipality.pk)  # fmt: skip
    assert first.short_name.replace("«", "").split("№")[1] in text
    found = page(client, "indicator_records", pk("higher"), 0, organisation=first.pk)
    for post in first.posts.filter(higher_education=True):
        assert str(post.person) in found
    for post in first.posts.filter(higher_education=False):
        assert str(post.person) not in found


def test_a_head_sees_own_records_and_how_many_more_there_are(figures, sign_in):
    first, second = figures
    client = sign_in(Role.HEAD, organisation=first)
    assert "75,00" in page(client, "indicator", pk("higher"))
    # of another school neither the figure nor the records
    text = page(client, "indicator", pk("higher"), organisation=second.pk)
    assert "Здесь он не вычисляется, или вам его не видно" in text
    url = reverse("reporting:indicator_records", args=[pk("higher"), 0])
    assert client.get(url, {"organisation": second.pk}).status_code == 404
    region_records = page(client, "indicator_records", pk("higher"), 0, place="region")
    assert str(second.posts.first().person) not in region_records
    assert "Ещё 1 запись" in region_records
    listed = page(client, "indicator_organisations", pk("higher"))
    assert second.short_name not in listed
    past = page(client, "indicator_organisations", pk("higher"), on="2021-05-05")
    assert second.short_name not in past


def test_a_teacher_sees_only_what_is_public(figures, sign_in):
    first, _second = figures
    client = sign_in(Role.TEACHER, organisation=first)
    text = page(client, "indicators")
    assert "На один компьютер" in text
    assert "Доля с высшим" not in text
    assert client.get(reverse("reporting:indicator", args=[pk("higher")])).status_code == 404
    assert client.get(
        reverse("reporting:indicator_organisations", args=[pk("ratio")])
    ).status_code == 404  # fmt: skip
    assert client.get(reverse("reporting:indicator_add")).status_code == 404


def test_only_the_operator_has_a_day_computed_that_is_not_kept(figures, sign_in, monkeypatch):
    first, second = figures
    asked = []
    kept = queries.compute
    monkeypatch.setattr(queries, "compute", lambda *args: asked.append(1) or kept(*args))
    later = date(2026, 12, 15)
    monkeypatch.setattr(clock, "now", lambda: AT + (later - TODAY))
    monkeypatch.setattr(clock, "today", lambda: later)
    client = sign_in(Role.TEACHER, organisation=first)
    page(client, "indicator", pk("ratio"), on="2020-08-31")
    text = page(client, "indicator", pk("ratio"), on="2026-12-10")
    assert 'name="on" value="2026-11-20"' in text  # the latest kept day
    assert not asked
    sign_in(Role.HEAD, organisation=second)
    page(client, "indicator_organisations", pk("higher"), on="2026-12-10")
    assert client.get(
        reverse("reporting:indicator_export", args=[pk("higher"), "csv"]), {"on": "2026-12-10"}
    ).status_code == 200  # fmt: skip
    assert not asked
    sign_in(Role.OPERATOR)
    page(client, "indicator", pk("ratio"), on="2020-08-31")
    assert asked


def test_files_say_what_the_page_says(figures, sign_in):
    client = sign_in(Role.OPERATOR)
    url = reverse("reporting:indicator_export", args=[pk("higher"), "xlsx"])
    book = openpyxl.load_workbook(io.BytesIO(client.get(url).content))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert Decimal("66.67") in [Decimal(str(c)) for c in cells if isinstance(c, int | float)]
    pdf = client.get(reverse("reporting:indicator_export", args=[pk("higher"), "pdf"]))
    assert pdf.content.startswith(b"%PDF-")
    text = client.get(reverse("reporting:indicator_export", args=[pk("higher"), "csv"])).content
    assert "66,67" in text.decode("utf-8-sig")
    url = reverse("reporting:indicator_export", args=[pk("higher"), "doc"])
    assert client.get(url).status_code == 404


def test_statistics_leave_in_sdmx_and_parquet(figures, sign_in):
    first, _second = figures
    client = sign_in(Role.COORDINATOR, municipality=first.municipality)

    def get(form, **query):
        return client.get(reverse("reporting:indicator_values", args=[form]), query)

    rows = list(csv.DictReader(io.StringIO(get("sdmx-csv", code="higher").content.decode())))
    today = [r for r in rows if r["TIME_PERIOD"] == "2026-11-20"]
    assert {r["REF_AREA"] for r in today} >= {"REGION", f"M{first.municipality.code}"}
    assert next(r for r in today if r["REF_AREA"] == "REGION")["OBS_VALUE"] == "66.67"
    message = json.loads(get("sdmx-json", code="higher").content)
    [structure] = message["data"]["structures"]
    dimensions = structure["dimensions"]["observation"]
    assert [d["id"] for d in dimensions] == ["REF_AREA", "INDICATOR", "TIME_PERIOD"]
    area = [v["id"] for v in dimensions[0]["values"]].index("REGION")
    day = [v["value"] for v in dimensions[2]["values"]].index("2026-11-20")
    [data] = message["data"]["dataSets"]
    assert data["observations"][f"{area}:0:{day}"][0] == 66.67
    definition = json.loads(get("sdmx-structure").content)["data"]
    assert {c["id"] for c in definition["codelists"]} == {"CL_AREA", "CL_INDICATOR",
                                                          "CL_OBS_STATUS"}  # fmt: skip
    table = pq.read_table(io.BytesIO(get("parquet", level="organisation").content)).to_pylist()
    assert {row["place"] for row in table} == {f"o{first.code}"}  # own municipality's alone
    assert get("xml").status_code == 404


def form_of(**fields):
    return {
        "title": "Новый", "code": "fresh", "formula": HIGHER, "places": "1", "levels": ["region"],
        "more_is_better": "on", "plan": "2026 75,5\n2027: 1 000", "good_from": "80,5", **fields,
    }  # fmt: skip


def test_an_indicator_is_added_once_changed_and_deleted(figures, sign_in):
    client = sign_in(Role.OPERATOR)
    url = reverse("reporting:indicator_add")
    for _again in range(2):  # the same form sent twice
        response = client.post(url, form_of(_key="a"))
        assert response.status_code == 302
    made = Indicator.objects.get(code="fresh")
    assert made.plan == {"2026": "75.5", "2027": "1000"}
    assert made.good_from == Decimal("80.5")
    edit = reverse("reporting:indicator_edit", args=[made.pk])
    assert "2026 75,5" in client.get(edit).content.decode()
    assert client.post(edit, form_of(edition="1", title="Другой")).status_code == 302
    assert client.post(edit, form_of(edition="1", title="Третий")).status_code == 422
    wrong = client.post(edit, form_of(edition="2", plan="2026 много"))
    assert wrong.status_code == 422
    assert "Строка 1" in wrong.content.decode()
    bad = client.post(edit, form_of(edition="2", formula='count("staf")'))
    assert bad.status_code == 422
    assert "staf" in bad.content.decode()
    delete = reverse("reporting:indicator_delete", args=[made.pk])
    assert client.post(delete, {"reason": ""}).status_code == 422
    board = Dashboard.objects.create(title="Моя", level="region", shared=True, made_at=AT)
    Widget.objects.create(
        dashboard=board, number=1, kind="figure", sources=[{"indicator": "fresh"}]
    )
    assert "Моя" in client.get(delete).content.decode(), "where it will be missing is said before"
    done = client.post(delete, {"reason": "Лишний"}, follow=True).content.decode()
    assert "лишились источника" not in done, "nothing depended on it"
    assert not Indicator.objects.filter(code="fresh").exists()
    words = page(client, "dashboard", board.pk)
    assert "Другой" in words, "what is missing is named"


def test_a_formula_is_tried_before_it_is_saved(figures, sign_in):
    client = sign_in(Role.OPERATOR)
    url = reverse("reporting:indicator_check")
    text = client.post(url, {"formula": HIGHER, "places": "2"}).content.decode()
    assert "66,67" in text
    text = client.post(url, {"formula": 'indicator("higher") + 1'}).content.decode()
    assert "67,67" in text
    assert "staf" in client.post(url, {"formula": 'count("staf")'}).content.decode()


def test_the_shipped_ones_are_added_once(sign_in):
    OrganisationFactory()
    client = sign_in(Role.OPERATOR)
    url = reverse("reporting:indicators_ship")
    client.post(url)
    count = Indicator.objects.count()
    assert count >= 20
    client.post(url)
    assert Indicator.objects.count() == count
    freshness.recompute(at=AT)
    assert not Indicator.objects.exclude(state="fresh").exists()
    page(client, "indicators")
