"""The list beside the registry, the budget, and what everyone may see."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from tests.factories import TODAY, MunicipalityFactory, OrganisationFactory, seated
from tests.programme.world import AT, LATER, changed, kemerovo, loaded, operator

from sreda.programme.domain import matching
from sreda.programme.enums import MatchedBy
from sreda.programme.models import ListEntry, Programme
from sreda.programme.queries import entries as queries
from sreda.programme.queries.budget import budget_of
from sreda.registry.api import Facilities, Organisation, OrganisationSize, Role, User

pytestmark = pytest.mark.django_db


def school(**fields: object) -> Organisation:
    given = {
        "short_name": "МБОУ «Гимназия № 17»",
        "locality": "Кемерово",
        "postcode": "650055",
        "address": "ул. Пролетарская, д. 13",
    }
    return OrganisationFactory(**(given | fields))


def entry(key: str) -> ListEntry:
    return ListEntry.objects.get(key=key)


def test_a_row_finds_its_organisation_by_kind_number_and_place() -> None:
    mine = school()
    school(short_name="МБОУ «Гимназия № 18»")
    school(short_name="МБОУ «Гимназия № 17»", locality="Юрга", postcode="652050", address="Мира, 1")
    school(kind="college")
    loaded()
    assert entry("school-17").organisation == mine
    assert entry("school-17").matched_by == MatchedBy.RULE


def test_what_is_not_certain_is_left_to_people() -> None:
    one, two = school(), school(address="ул. Пролетарская, д. 13а")
    loaded()
    found = entry("school-17")
    assert found.organisation is None
    likely = matching.candidates(found, matching.known_organisations())
    assert {c.organisation for c in likely} == {one, two}


def test_every_listed_organisation_is_found_among_the_others() -> None:
    """The 34 of the order, each with a namesake elsewhere."""
    place = MunicipalityFactory()
    for item in kemerovo().organisations:
        kind = item.section
        common = {"kind": kind, "municipality": place, "short_name": item.name}
        OrganisationFactory(
            **common,
            locality=item.locality,
            postcode=item.postcode,
            address=item.address.partition(item.locality)[2].strip(", "),
        )
        OrganisationFactory(**common, locality="Далёкое", postcode="659999", address="ул. Иная, 9")
    loaded()
    assert ListEntry.objects.filter(organisation=None).count() == 0
    assert not ListEntry.objects.filter(organisation__locality="Далёкое").exists()


def test_what_a_person_said_stays() -> None:
    mine = school()
    loaded()
    actor = operator()
    matching.match(entry=entry("school-17").pk, organisation=None, actor=actor, at=AT)
    loaded(changed("budget", "B212", "2019", "48,6"), at=LATER)
    assert entry("school-17").organisation is None
    matching.match(entry=entry("school-17").pk, organisation=mine.pk, actor=actor, at=LATER)
    with pytest.raises(ValidationError):
        matching.match(entry=entry("school-16").pk, organisation=mine.pk, actor=actor, at=LATER)
    college = school(kind="college")
    with pytest.raises(ValidationError):
        matching.match(entry=entry("school-16").pk, organisation=college.pk, actor=actor, at=AT)


def test_places_follow_the_rule_of_the_roadmap() -> None:
    programme = loaded()
    places = queries.ranks(programme)
    order = sorted(ListEntry.objects.filter(section="school"), key=lambda e: places[e.pk])
    ratios = [Decimal(e.computers or 0) / (e.learners or 1) for e in order]
    assert ratios == sorted(ratios)
    assert order[0].key == "school-28"


def test_today_stands_beside_the_print(client: Client) -> None:
    mine = school()
    OrganisationSize.objects.create(organisation=mine, learners=1000, teachers=50, counted_at=AT)
    for day, computers in ((TODAY.replace(year=2025), 90), (TODAY, 120)):
        Facilities.objects.create(organisation=mine, as_of=day, computers_teaching=computers)
    programme = loaded()
    rows = queries.with_today(ListEntry.objects.filter(key="school-17"))
    (shown,) = queries.shown(programme, rows)
    assert (shown.entry.printed["ratio"], str(shown.ratio)) == ("0,10", "0.07")
    assert str(shown.ratio_today) == "0.12"
    ratio = next(c for c in shown.cells if c.column.key == "ratio")
    assert ratio.is_wrong


def test_each_follows_their_own_rows(client: Client) -> None:
    mine = school()
    loaded()
    other = seated(Role.HEAD)
    cases = [
        (operator(), 34),
        (seated(Role.COORDINATOR, municipality=mine.municipality), 1),
        (seated(Role.HEAD, organisation=mine), 1),
        (other, 0),
    ]
    for actor, count in cases:
        client.force_login(User.objects.get(pk=actor.user_id))
        page = client.get(reverse("programme:entries"))
        assert page.status_code == 200
        assert page.context["listing"].total == count
    url = reverse("programme:entry", args=[entry("school-17").pk])
    client.force_login(User.objects.get(pk=other.user_id))
    assert client.get(url).status_code == 404
    head = seated(Role.HEAD, organisation=mine)
    client.force_login(User.objects.get(pk=head.user_id))
    assert client.get(url).status_code == 200
    assert client.post(url, {"organisation": ""}).status_code == 403
    assert entry("school-17").organisation == mine
    teacher = seated(Role.TEACHER)
    client.force_login(User.objects.get(pk=teacher.user_id))
    assert client.get(reverse("programme:entries")).status_code == 404


def test_the_operator_matches_in_the_page(client: Client) -> None:
    loaded()
    mine = school(short_name="Кузбасская гимназия")
    client.force_login(User.objects.get(pk=operator().user_id))
    url = reverse("programme:entry", args=[entry("school-17").pk])
    assert "Кузбасская гимназия" in client.get(url, {"q": "кузбасская"}).content.decode()
    assert client.post(url, {"organisation": "чепуха"}).status_code == 422
    assert client.post(url, {"organisation": str(mine.pk)}).status_code == 302
    assert entry("school-17").organisation == mine


def test_the_budget_shows_where_sums_differ() -> None:
    found = budget_of(loaded())
    assert found.years == [2019, 2020, 2021]
    total = next(row for row in found.rows if row.line.key == "total")
    assert [cell.difference for cell in total.sums] == [Decimal("1105.00"), None, None]
    grand = next(row for row in found.rows if row.line.key == "grand-total")
    assert (grand.over_all.value, grand.over_all.computed) == (
        Decimal("15309.00"),
        Decimal("14204.00"),
    )


def test_everyone_sees_the_programme(client: Client) -> None:
    assert client.get(reverse("programme:public")).status_code == 200
    assert client.get(reverse("programme:public_list")).status_code == 404
    programme = loaded()
    text = client.get(reverse("programme:public")).content.decode()
    assert programme.title in text
    assert "расхождение" in text
    for name in ("public_list", "public_findings"):
        assert client.get(reverse(f"programme:{name}")).status_code == 200
    assert client.get(reverse("programme:public"), {"order": "нет"}).status_code == 404
    book = load_workbook(io.BytesIO(client.get(reverse("programme:pack_xlsx")).content))
    assert book["Перечень"].max_row == 35
    empty = load_workbook(io.BytesIO(client.get(reverse("programme:empty_pack")).content))
    assert "Перечень" in empty.sheetnames


def test_the_cabinet_asks_for_a_sign_in(client: Client) -> None:
    loaded()
    for name in ("overview", "packs", "findings", "entries", "budget"):
        answer = client.get(reverse(f"programme:{name}"))
        assert (answer.status_code, "login" in answer.url) == (302, True)


def test_the_list_sorts_searches_and_exports(client: Client) -> None:
    loaded()
    url = reverse("programme:public_list")
    assert client.get(url, {"q": "лицей 62"}).context["listing"].total == 1
    assert client.get(url, {"section": "college"}).context["listing"].total == 5
    first = client.get(url, {"sort": "rank"}).context["rows"][0]
    assert first.entry.key == "school-28"
    csv = b"".join(client.get(url, {"export": "csv"}).streaming_content).decode()
    assert csv.count("\n") == 35
    assert client.get(url, {"export": "xlsx"}).status_code == 200


def test_queries_do_not_grow_with_the_list(client: Client) -> None:
    programme = loaded()

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            for name in ("public", "public_list", "public_findings"):
                assert client.get(reverse(f"programme:{name}")).status_code == 200
        return len(asked)

    cost()
    whole = cost()
    ListEntry.objects.filter(programme=programme).exclude(number__lte=2).delete()
    assert cost() == whole


def test_two_programmes_stand_side_by_side(client: Client) -> None:
    loaded()
    other = loaded(changed("order", "order", "number", "500-р"))
    assert Programme.objects.count() == 2
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    client.post(reverse("programme:choose"), {"programme": other.key})
    assert client.get(reverse("programme:overview")).context["programme"] == other
    answer = client.get(reverse("programme:public_list"), {"order": "42-490-r-2018"})
    assert answer.context["programme"].key == "42-490-r-2018"
