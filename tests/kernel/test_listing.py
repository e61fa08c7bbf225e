"""List pages: search, filters, sorting, paging, export."""

import io
from decimal import Decimal

import pytest
from django.http import QueryDict
from openpyxl import load_workbook

from sreda.kernel.api import Column, Filter, Listing
from sreda.kernel.listing import csv_response
from sreda.registry.api import Organisation
from tests.factories import OrganisationFactory


def listing(query="", **options):
    return Listing(
        Organisation.objects.all(),
        QueryDict(query),
        search=lambda rows, text: rows.filter(short_name__icontains=text),
        filter_by=[Filter("kind", "Kind", [("school", "School"), ("college", "College")])],
        sorts={"name": ["short_name"], "code": ["code"]},
        default_sort="name",
        columns=[Column("Code", lambda o: o.code), Column("Name", lambda o: o.short_name)],
        page_size=2,
        **options,
    )


@pytest.fixture
def three(db):
    return [
        OrganisationFactory(code="3", short_name="Альфа"),
        OrganisationFactory(code="2", short_name="=Бета"),
        OrganisationFactory(code="1", short_name="Гамма", kind="college"),
    ]


def names(found):
    return [o.short_name for o in found.page.object_list]


def test_pages_and_sorting(three):
    assert names(listing("sort=code")) == ["Гамма", "=Бета"]
    assert names(listing("sort=-code")) == ["Альфа", "=Бета"]
    assert names(listing("sort=code&page=2")) == ["Альфа"]
    assert names(listing("sort=code&page=99")) == ["Альфа"]
    assert listing("sort=nonsense; drop").sort == "name"


def test_search_and_filters(three):
    assert names(listing("q=гам")) == ["Гамма"]
    assert names(listing("kind=college")) == ["Гамма"]
    assert listing("kind=hospital").total == 3
    assert listing("q=none").narrowed


@pytest.mark.parametrize(("most", "more", "total"), [(3, False, 3), (2, True, 2)])
def test_what_a_search_finds_is_counted_up_to_a_limit(three, most, more, total):
    for page, expected in ((1, ["Гамма", "Альфа"]), (2, ["=Бета"][: total - 2])):
        found = listing(f"q=а&sort=-name&page={page}", count_to=most)
        assert names(found) == (expected or ["Гамма", "Альфа"])
        assert (found.total, found.more) == (total, more)
    assert names(listing("q=нет такой", count_to=most)) == []


def test_addresses_keep_what_is_chosen(three):
    found = listing("q=а&kind=school&page=2")
    assert found.url(sort="code") == "?q=%D0%B0&kind=school&sort=code"
    assert found.url(kind=None, q=None) == "?"


def test_a_page_costs_two_queries_whatever_its_size(three, django_assert_num_queries):
    for number in range(30):
        OrganisationFactory(code=f"x{number}", municipality=three[0].municipality)
    with django_assert_num_queries(2):
        found = listing()
        names(found)
        assert found.total == 33


def every():
    return Organisation.objects.all()


def test_a_short_list_is_counted_by_the_way(three, django_assert_num_queries):
    for query, expected, total in (
        ("", ["=Бета", "Альфа"], 3),
        ("kind=college", ["Гамма"], 1),
        ("page=2", ["Гамма"], 3),
        ("q=гам", ["Гамма"], 1),
    ):
        found = listing(query, short=True)
        found.rows = every
        assert (names(found), found.total) == (expected, total)
    Organisation.objects.filter(kind="college").delete()
    for query, total in (("kind=college", 0), ("", 2)):
        found = listing(query, short=True)
        found.rows = every
        with django_assert_num_queries(1):
            assert found.total == len(found.page.object_list) == total


def test_csv_export_is_whole_and_harmless(three):
    answer = listing("export=csv&sort=code").export()
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines() == ["Code;Name", "1;Гамма", "2;'=Бета", "3;Альфа"]


def test_xlsx_export(three):
    answer = listing("export=xlsx&sort=code").export()
    rows = list(load_workbook(io.BytesIO(answer.content)).active.values)
    assert rows == [("Code", "Name"), ("1", "Гамма"), ("2", "'=Бета"), ("3", "Альфа")]


def test_no_export_unless_asked(three):
    assert listing("export=exe").export() is None


def test_fractions_in_a_file_are_read_as_fractions():
    """“5.25” would be the twenty-fifth of May."""
    table = [[Decimal("5.2500"), Decimal("17.0000"), Decimal("100"), Decimal("-0.5"), 8, None]]
    text = csv_response("figures", table).getvalue().decode("utf-8-sig")
    assert text == "5,25;17;100;-0,5;8;\r\n"
