"""Pages open to everyone."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sreda.portal.site import site, use_example
from sreda.programme.api import ListEntry, load_demo_programme
from sreda.registry.api import Facilities, Organisation, OrganisationSize, Role
from tests.factories import MunicipalityFactory, OrganisationFactory, PersonFactory, PostFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
PUBLIC_PAGES = ("home", "organisations", "municipalities", "open_data", "about", "accessibility")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    caches["local"].clear()


@pytest.fixture
def place():
    return MunicipalityFactory(name="Кемеровский городской округ", code="32701000")


def school(number: int, place, *, learners: int = 100, link: str = "100", computers: int = 20):
    row = OrganisationFactory(
        code=f"42{number:05}",
        municipality=place,
        short_name=f"МБОУ «Школа № {number}»",
        phone="+7 (3842) 00-00-01",
        email="school@example.org",
        website="https://school.example.org/",
    )
    OrganisationSize.objects.update_or_create(
        organisation=row,
        defaults={"learners": learners, "teachers": 9, "groups": 4, "counted_at": AT},
    )
    Facilities.objects.create(
        organisation=row,
        as_of=date(2018, 9, 1),
        link_mbps=Decimal(link),
        computers_teaching=computers,
        local_network=True,
        source="Перечень",
    )
    return row


@pytest.mark.parametrize("name", PUBLIC_PAGES)
def test_public_pages_open_on_an_empty_registry(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", PUBLIC_PAGES)
def test_public_pages_speak_russian(client: Client, place, name: str) -> None:
    school(1, place)
    page = client.get(reverse(name), headers={"accept-language": "ru"}).content.decode()
    assert '<html lang="ru"' in page
    for english in ("Organisations", "Open data", "Learners", "Where from", "Municipalities"):
        assert f">{english}<" not in page


@pytest.mark.parametrize("name", [*PUBLIC_PAGES, "sitemap"])
def test_queries_do_not_grow_with_the_region(
    client: Client, place, name: str, django_assert_num_queries
) -> None:
    school(1, place)
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(name))
    needed = len(few)
    assert needed or name in {"about", "accessibility"}
    for number in range(2, 30):
        school(number, MunicipalityFactory())
    caches["local"].clear()
    client.get(reverse(name))
    with django_assert_num_queries(needed):
        client.get(reverse(name))


def test_home_of_an_empty_registry_counts_no_share_of_nothing(client: Client) -> None:
    page = client.get(reverse("home")).content.decode()
    assert "—</span>" in page
    assert not re.search(r"—\s*(<[^>]*>)?\s*%", page)


def test_home_shows_figures_made_of_the_records(client: Client, place) -> None:
    school(1, place, learners=300, link="100", computers=20)
    school(2, place, learners=100, link="10", computers=20)
    OrganisationFactory(kind="authority", municipality=place)
    response = client.get(reverse("home"))
    total = response.context["total"]
    assert (total.organisations, total.schools, total.colleges) == (2, 2, 0)
    assert (total.learners, total.teachers) == (400, 18)
    assert total.fast_share == Decimal("50.0")
    assert total.learners_per_computer == Decimal("10.0")
    # a change is seen at once: the cache is of a version of the data
    OrganisationSize.objects.filter(organisation__code="4200001").update(learners=301)
    assert client.get(reverse("home")).context["total"].learners == 401


def test_closed_organisations_are_not_counted_or_listed_but_keep_their_page(
    client: Client, place
) -> None:
    row = school(1, place)
    Organisation.objects.filter(pk=row.pk).update(until=date(2020, 8, 31))
    assert client.get(reverse("home")).context["total"].organisations == 0
    assert client.get(reverse("organisations")).context["listing"].total == 0
    page = client.get(reverse("organisation", args=[row.code]))
    assert page.status_code == 200
    assert page.context["closed"]


def test_list_searches_filters_sorts_pages_and_exports(client: Client, place) -> None:
    for number in range(1, 31):
        school(number, place, learners=number, link="100" if number % 2 else "5")
    url = reverse("organisations")

    def names(**params: str) -> list[str]:
        listing = client.get(url, params).context["listing"]
        return [row.short_name for row in listing.page]

    assert len(names()) == 25
    assert len(names(page="2")) == 5
    assert names(q="школа 7") == ["МБОУ «Школа № 7»"]
    assert names(q="школа 7", sort="name") == ["МБОУ «Школа № 7»"]
    assert names(sort="-learners")[0] == "МБОУ «Школа № 30»"
    assert len(names(link="0")) == 15
    assert names(link="none") == []
    assert names(rural="yes") == []
    assert len(names(municipality=place.code, kind="teaching")) == 25
    assert names(listed="yes") == []
    assert len(names(municipality="нет такого", sort="'--")) == 25
    exported = b"".join(client.get(url, {"q": "школа 7", "export": "csv"})).decode()
    assert exported.count("\r\n") == 2
    assert "МБОУ «Школа № 7»" in exported
    assert client.get(url, {"export": "xlsx"}).content[:2] == b"PK"


def test_list_explains_corrections_and_offers_the_near(client: Client, place) -> None:
    school(7, place)
    headers = {"accept-language": "ru"}
    corrected = client.get(reverse("organisations"), {"q": "шкала 7"}, headers=headers)
    assert "<strong>школа 7</strong>" in corrected.content.decode()
    nothing = client.get(reverse("organisations"), {"q": "школа 7 лондон"}, headers=headers)
    text = nothing.content.decode()
    assert "лондон" in text
    assert "Возможно, вы искали" in text
    assert [row.code for row in nothing.context["listing"].near] == ["4200007"]


def test_suggestions_are_a_fragment(client: Client, place) -> None:
    school(7, place)
    response = client.get(reverse("organisations_suggest"), {"q": "школ"})
    text = response.content.decode()
    assert "<html" not in text
    assert reverse("organisation", args=["4200007"]) in text
    assert client.get(reverse("organisations_suggest"), {"q": "ш"}).content.strip() == b""


def test_organisation_page_tells_all_and_nothing_personal(client: Client, place) -> None:
    row = school(62, place, learners=612, computers=43)
    head = PersonFactory(
        family_name="Руководова", email="private@example.org", phone="+7 900 000-00-00"
    )
    PostFactory(person=head, role=Role.HEAD, organisation=row, title="Директор")
    teacher = PostFactory(organisation=row, person__family_name="Учителева")
    page = client.get(reverse("organisation", args=[row.code]), headers={"accept-language": "ru"})
    text = page.content.decode()
    assert page.context["ratio"] == Decimal("0.07")
    assert "Руководова" in text
    assert "Директор" in text
    assert "https://school.example.org/" in text
    for hidden in ("private@example.org", "900 000-00-00", "14.03.1985", "1985"):
        assert hidden not in text
    assert teacher.person.family_name not in text


def test_organisation_page_costs_the_same_queries_whatever_its_history(
    client: Client, place, django_assert_max_num_queries
) -> None:
    row = school(62, place)
    for year in range(2005, 2018):
        Facilities.objects.create(organisation=row, as_of=date(year, 9, 1))
    with django_assert_max_num_queries(4):
        client.get(reverse("organisation", args=[row.code]))


def test_linked_data_cannot_break_out_of_its_element(client: Client, place) -> None:
    row = school(1, place)
    evil = "</script><script>alert(1)</script>"
    Organisation.objects.filter(pk=row.pk).update(short_name=evil)
    text = client.get(reverse("organisation", args=[row.code])).content.decode()
    assert evil not in text
    block = text.split('type="application/ld+json">')[1].split("</script>")[0]
    assert json.loads(block)["name"] == evil


def test_the_programme_shows_on_the_front_page_and_at_the_organisation(client: Client) -> None:
    programme = load_demo_programme(at=AT)
    row = school(62, MunicipalityFactory(), learners=930)
    entry = ListEntry.objects.filter(programme=programme).first()
    ListEntry.objects.filter(pk=entry.pk).update(organisation=row)
    headers = {"accept-language": "ru"}
    home = client.get(reverse("home"), headers=headers)
    assert home.context["on_list"] == {"total": 34, "schools": 29, "colleges": 5}
    assert home.context["course"] == {"total": 13, "done": 0, "late": 12}
    assert programme.title in home.content.decode()
    page = client.get(reverse("organisation", args=[row.code]), headers=headers)
    assert [place.entry for place in page.context["places"]] == [entry]
    assert f"№ {entry.number} в разделе" in page.content.decode()
    listed = client.get(reverse("organisations"), {"listed": "yes"}).context["listing"]
    assert [r.code for r in listed.page] == [row.code]


def test_unknown_organisation_is_not_found(client: Client) -> None:
    assert client.get(reverse("organisation", args=["0"])).status_code == 404
    assert client.get(reverse("organisation_vcard", args=["0"])).status_code == 404


def test_vcard_escapes_and_folds(client: Client, place) -> None:
    row = school(1, place)
    Organisation.objects.filter(pk=row.pk).update(
        short_name="Школа; с, знаками\nEND:VCARD", name="Очень длинное название " * 10
    )
    card = client.get(reverse("organisation_vcard", args=[row.code])).content.decode()
    assert card.count("\r\nEND:VCARD") == 1
    assert "FN:Школа\\; с\\, знаками\\nEND:VCARD\r\n" in card
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    unfolded = card.replace("\r\n ", "")
    assert "TEL;TYPE=work:+7 (3842) 00-00-01\r\n" in unfolded


def test_imprint_comes_from_the_installation(client: Client, settings, tmp_path) -> None:
    settings.SITE_FILE = tmp_path / "site.json"
    without = client.get(reverse("home")).content.decode()
    assert "Свидетельство № 1" not in without
    settings.SITE_FILE.write_text(
        json.dumps({"region": "Наш край", "registration": "Свидетельство № 1", "unknown": 1}),
        encoding="utf-8",
    )
    for name in PUBLIC_PAGES:
        text = client.get(reverse(name)).content.decode()
        assert "Свидетельство № 1" in text
        assert "Наш край" in text
    settings.SITE_FILE.write_text("{broken", encoding="utf-8")
    assert client.get(reverse("home")).status_code == 200


def test_robots_and_sitemap(client: Client, place) -> None:
    row = school(1, place)
    assert "Disallow: /cabinet/" in client.get("/robots.txt").content.decode()
    xml = client.get("/sitemap.xml").content.decode()
    assert f"<loc>http://testserver{reverse('organisation', args=[row.code])}</loc>" in xml


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_public_pages_change_nothing(client: Client, method: str) -> None:
    for name in PUBLIC_PAGES:
        assert getattr(client, method)(reverse(name)).status_code == 405


def test_an_example_site_never_replaces_ones_own(settings, tmp_path) -> None:
    settings.SITE_FILE = tmp_path / "new" / "site.json"
    assert use_example("kuzbass")
    assert site().region == "Кузбасс"
    assert "71740" in site().registration
    settings.SITE_FILE.write_text('{"region": "Своё"}', encoding="utf-8")
    assert not use_example("kuzbass")
    assert site().region == "Своё"
