"""Pages of reports: what a school, a municipality and the region see and do."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.registry.api import Person, Role, User
from sreda.reporting.domain import handing_in
from sreda.reporting.domain.campaigns import add_reports
from sreda.reporting.domain.delegation import delegate
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.indicators import add_indicator
from sreda.reporting.domain.prefill import fill_campaign
from sreda.reporting.enums import PeriodKind
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Schema, Section
from sreda.reporting.models import Campaign, Form, Indicator, Proposal, SubmissionStep
from sreda.reporting.queries.computing import compute
from sreda.reporting.queries.places import PlaceKey
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    actor_for,
    seated,
)
from tests.reporting.forms import BASE, SCHEMA
from tests.reporting.world import AT, campaign, opened, published, report, values

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda: AT.date())


def client_of(actor):
    found = Client()
    found.force_login(User.objects.get(pk=actor.user_id))
    return found


@pytest.fixture
def school():
    school = OrganisationFactory(phone="+7 3842 11-22-33")
    for sex in ("female", "male"):
        EnrolmentFactory(
            group=ClassGroupFactory(organisation=school, grade=7), person=PersonFactory(sex=sex)
        )
    return school


@pytest.fixture
def head(school):
    return seated(Role.HEAD, organisation=school)


@pytest.fixture
def mine(school):
    return report(opened(), school)


@pytest.fixture
def school_page(head):
    return client_of(head)


def page_of(mine):
    return reverse("reporting:report", args=[mine.pk])


def test_a_school_finds_its_report_filled_with_origins(school_page, mine):
    listed = school_page.get(reverse("reporting:reports")).content.decode()
    assert page_of(mine) in listed
    assert page_of(mine) in school_page.get(reverse("cabinet")).content.decode()
    page = school_page.get(page_of(mine)).content.decode()
    assert re.search(r'name="cell:pupils.g7.total" value="2"', page)
    assert "из записей региона" in page
    assert "вычислено из ячеек формы" in page
    assert 'name="cell:pupils.g8.girls"' not in page, "a closed cell is not asked"


def test_a_page_costs_the_same_queries_for_any_number_of_cells(school_page, mine):
    def cost():
        with CaptureQueriesContext(connection) as found:
            assert school_page.get(page_of(mine) + "?section=more").status_code == 200
        return len(found)

    cost()
    before = cost()
    head = actor_for(
        Person.objects.get(user__in=User.objects.filter(pk=school_page.session["_auth_user_id"]))
    )
    rows = [Change("clubs.*.title", f"Кружок {n}", f"t{n}") for n in range(5)]
    mine.refresh_from_db()
    save_changes(mine, edition=mine.edition, changes=rows, actor=head, at=AT, key=uuid4())
    assert cost() == before


def plain_post(client, mine, **cells):
    page = client.get(page_of(mine)).content.decode()
    was = re.search(r'name="was" value="([^"]*)"', page)[1].replace("&quot;", '"')
    edition = re.search(r'name="edition" value="(\d+)"', page)[1]
    return client.post(
        page_of(mine), {"section": "general", "was": was, "edition": edition, **cells}
    )


def test_without_a_script_a_section_is_saved_and_faults_keep_what_was_typed(school_page, mine):
    shown = {"cell:pupils.g7.total": "2", "cell:base.phone": "+7 3842 11-22-33"}
    answer = plain_post(school_page, mine, **shown, **{"cell:base.shifts": "2"})
    assert answer.status_code == 302
    assert values(mine)["base.shifts"] == 2
    answer = plain_post(
        school_page, mine, **{"cell:base.shifts": "9", "cell:base.seats": "15",
        "cell:pupils.g7.total": "5"},
    )  # fmt: skip
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'name="cell:base.shifts" value="9"' in page
    assert 'name="reason:pupils.g7.total"' in page
    assert values(mine)["base.seats"] == 15
    plain_post(
        school_page, mine, **{"cell:pupils.g7.total": "5", "reason:pupils.g7.total": "Прибыли"}
    )
    assert values(mine)["pupils.g7.total"] == 5


def sent(client, mine, changes, edition, key=None, **more):
    return client.post(
        reverse("reporting:save", args=[mine.pk]),
        json.dumps({"key": str(key or uuid4()), "edition": edition, "changes": changes, **more}),
        content_type="application/json",
    )


def test_the_script_saves_and_hears_of_others(school_page, mine, school):
    colleague = client_of(seated(Role.ADMINISTRATOR, organisation=school))
    said = sent(school_page, mine, [{"key": "base.shifts", "value": "2"}], mine.edition).json()
    assert said["faults"] == []
    assert {c["place"] for c in said["changed"]} == {"base.shifts"}
    url = reverse("reporting:state", args=[mine.pk])
    others = colleague.get(url, {"edition": mine.edition}).json()
    assert [(c["place"], c["value"]) for c in others["changed"]] == [("base.shifts", "2")]
    assert others["changed"][0]["by"]
    assert colleague.get(url, {"edition": others["edition"]}).json()["changed"] == []
    said = sent(colleague, mine, [{"key": "base.shifts", "value": "1"}], mine.edition).json()
    assert said["faults"][0]["kind"] == "conflict"


def test_a_cell_under_a_condition_is_asked_as_soon_as_it_holds(school_page, mine, school):
    page = school_page.get(page_of(mine)).content.decode()
    assert re.search(r'data-condition="base.seats" hidden', page)
    said = sent(school_page, mine, [{"key": "base.canteen", "value": "true"}], mine.edition).json()
    assert said["asked"] == {"base.seats": True}
    seats = [{"key": "base.seats", "value": "40"}]
    said = sent(school_page, mine, seats, said["edition"]).json()
    gone = [{"key": "base.canteen", "value": "false"}]
    said = sent(school_page, mine, gone, said["edition"]).json()
    assert said["asked"] == {"base.seats": False}
    assert values(mine)["base.seats"] == 40, "what was typed is kept"
    others = client_of(seated(Role.ADMINISTRATOR, organisation=school))
    url = reverse("reporting:state", args=[mine.pk])
    assert others.get(url, {"edition": mine.edition}).json()["asked"] == {"base.seats": False}
    same = others.get(url, {"edition": said["edition"]}).json()
    assert same["asked"] == {}, "nothing is computed where nothing changed"


def test_a_required_cell_that_is_not_asked_is_not_counted_as_missing(school):
    general, more = SCHEMA.sections
    fields = tuple(replace(f, required=f.code == "seats") for f in BASE.fields)
    general = replace(general, blocks=(replace(BASE, fields=fields),))
    mine = report(opened(published(replace(SCHEMA, sections=(general, more), checks=()))), school)
    client = client_of(seated(Role.HEAD, organisation=school))
    tabs = client.get(page_of(mine)).context["tabs"]
    assert tabs[0]["count"] is None
    sent(client, mine, [{"key": "base.canteen", "value": "true"}], mine.edition)
    assert client.get(page_of(mine)).context["tabs"][0]["count"] == 1


def test_whoever_was_given_a_part_begins_with_it(mine, school, head):
    teacher = seated(Role.TEACHER, organisation=school)
    delegate(mine, "more", teacher.person_id, actor=head, at=AT)
    client = client_of(teacher)
    page = client.get(page_of(mine))
    assert page.context["section"].code == "more"
    assert page.context["writable"]
    other = client.get(page_of(mine) + "?section=general")
    assert other.context["section"].code == "general"
    assert not other.context["writable"]


KEY = '"key": "1d0a2a0e-6f0a-4f5c-9a52-9b8a5a0e7c11"'


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"key": 1}', '{"key": "x", "edition": "y"}', "[" * 100_000,
     f'{{{KEY}, "edition": 1e999, "changes": []}}',
     f'{{{KEY}, "edition": 1, "changes": [{{"key": "a", "edition": 1e999}}]}}'],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_nothing_breaks(body, school_page, mine):
    url = reverse("reporting:save", args=[mine.pk])
    assert school_page.post(url, body, content_type="application/json").status_code == 400


def test_a_handed_in_report_takes_no_cells(school_page, mine, head):
    sent(school_page, mine, [{"key": "base.shifts", "value": "2"}], mine.edition)
    handing_in.submit(mine, actor=head, at=AT)
    answer = sent(school_page, mine, [{"key": "base.shifts", "value": "1"}], 99)
    assert answer.status_code == 409
    assert "сдан" in answer.json()["message"]


def seen_on(page):
    return {"edition": re.search(r'name="edition" value="(\d+)"', page)[1]}


def test_nobody_signs_what_they_have_not_seen(school_page, mine):
    sent(school_page, mine, [{"key": "base.shifts", "value": "2"}], mine.edition)
    check = reverse("reporting:check", args=[mine.pk])
    submit = reverse("reporting:submit", args=[mine.pk])
    seen = seen_on(school_page.get(check).content.decode())
    sent(school_page, mine, [{"key": "base.shifts", "value": "1"}], 99)
    for said in (seen, {}, {"edition": "1e999"}):
        answer = school_page.post(submit, said)
        assert answer.status_code == 422
        assert "после того, как вы открыли" in answer.content.decode()
        mine.refresh_from_db()
        assert mine.status == "filling"
    assert school_page.post(submit, seen_on(answer.content.decode())).status_code == 302
    mine.refresh_from_db()
    assert mine.status == "submitted"


def test_checking_explaining_signing_and_what_the_paper_says(school_page, mine):
    check = reverse("reporting:check", args=[mine.pk])
    submit = reverse("reporting:submit", args=[mine.pk])
    assert "нужно заполнить" in school_page.get(check).content.decode()
    assert school_page.post(submit).status_code == 422
    sent(
        school_page, mine,
        [{"key": "base.shifts", "value": "2"},
         {"key": "clubs.*.title", "row": "t1", "value": "Хор"},
         {"key": "clubs.*.members", "row": "t1", "value": "50"}],
        mine.edition,
    )  # fmt: skip
    page = school_page.get(check).content.decode()
    assert "#c-clubs-t1-members" in page
    seen = seen_on(page)
    assert school_page.post(submit, seen).status_code == 422
    for _time in range(2):  # a double click
        data = seen | {"explain:clubs": "Ходят соседи"}
        assert school_page.post(submit, data).status_code == 302
    mine.refresh_from_db()
    assert mine.status == "submitted"
    digest = SubmissionStep.objects.get(kind="submitted").digest
    assert digest in school_page.get(reverse("reporting:paper", args=[mine.pk])).content.decode()
    history = school_page.get(reverse("reporting:history", args=[mine.pk])).content.decode()
    assert digest in history


def test_a_municipality_returns_with_a_comment_to_a_cell_and_accepts(
    school_page, mine, school, head
):
    sent(school_page, mine, [{"key": "base.shifts", "value": "2"}], mine.edition)
    handing_in.submit(mine, actor=head, at=AT)
    place = client_of(seated(Role.COORDINATOR, municipality=school.municipality))
    place.post(
        reverse("reporting:comment", args=[mine.pk]), {"place": "base.shifts", "text": "Одна же"}
    )
    place.post(reverse("reporting:review", args=[mine.pk]), {"act": "return"})
    mine.refresh_from_db()
    assert mine.status == "returned"
    assert "Одна же" in school_page.get(page_of(mine)).content.decode()
    sent(school_page, mine, [{"key": "base.shifts", "value": "1"}], 99)
    page = school_page.get(reverse("reporting:check", args=[mine.pk])).content.decode()
    school_page.post(reverse("reporting:submit", args=[mine.pk]), seen_on(page))
    place.post(reverse("reporting:review", args=[mine.pk]), {"act": "accept"})
    mine.refresh_from_db()
    assert mine.status == "accepted"


def test_the_drill_down_is_walked_from_the_region_to_the_records(mine, school, head):
    save_changes(
        mine, edition=1, changes=[Change("base.shifts", "1")], actor=head, at=AT, key=uuid4()
    )
    handing_in.submit(mine, actor=head, at=AT)
    operator = client_of(seated(Role.OPERATOR))
    page = operator.get(reverse("reporting:campaign", args=[mine.campaign_id])).content.decode()
    sums = reverse("reporting:consolidated", args=[mine.campaign_id])
    assert sums in page
    page = operator.get(sums).content.decode()
    cell = re.search(r'href="([^"]*\?at=pupils.g7.total)"', page)[1]
    page = operator.get(cell).content.decode()
    place = re.search(rf'href="([^"]*municipality={school.municipality_id})"', page)[1]
    page = operator.get(place.replace("&amp;", "&")).content.decode()
    one = re.search(r'href="([^"]*/reports/[^"]*/cell/\?at=pupils.g7.total)"', page)[1]
    page = operator.get(one).content.decode()
    assert "contingent" in page
    behind = re.search(r'href="([^"]*/reports/[^"]*/records/[^"]*)"', page)[1].replace("&amp;", "&")
    page = operator.get(behind).content.decode()
    people = set(re.findall(r'href="([^"]*/people/[0-9a-f-]{36}/)"', page))
    assert len(people) == 2
    whole = reverse("reporting:cell", args=[mine.pk])
    page = operator.get(whole, {"at": "pupils.all.total"}).content.decode()
    assert f"{whole}?at=pupils.g7.total" in page, "a computed cell leads to those it is made of"
    assert operator.get(people.pop()).status_code == 200


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_sums_are_exported(form, mine, head):
    operator = client_of(seated(Role.OPERATOR))
    for name in ("consolidated", "consolidated_cell"):
        answer = operator.get(
            reverse(f"reporting:{name}", args=[mine.campaign_id]), {"export": form}
        )
        assert answer.status_code == 200
        assert f".{form}" in answer["Content-Disposition"]


def test_periods_are_compared(school, head):
    version = published()
    for year, seats in ((2025, "10"), (2026, "25")):
        now = report(opened(version, year=year), school)
        cells = [Change("base.shifts", "1"), Change("base.seats", seats)]
        save_changes(now, edition=1, changes=cells, actor=head, at=AT, key=uuid4())
        handing_in.submit(now, actor=head, at=AT)
    before = Campaign.objects.order_by("period_start").first()
    gone = OrganisationFactory(
        phone="+7 3842 11-22-34", municipality=MunicipalityFactory(name="Яя")
    )
    EnrolmentFactory(group=ClassGroupFactory(organisation=gone, grade=7))
    add_reports(before, [(gone.pk, gone.municipality_id)])
    fill_campaign(before, at=AT)
    there, of = report(before, gone), seated(Role.HEAD, organisation=gone)
    cells = [Change("base.shifts", "1"), Change("base.seats", "7")]
    save_changes(there, edition=1, changes=cells, actor=of, at=AT, key=uuid4())
    handing_in.submit(there, actor=of, at=AT)
    office, asked = client_of(seated(Role.OPERATOR)), {"with": before.pk}
    sums = reverse("reporting:consolidated", args=[now.campaign_id])
    page = office.get(sums, asked).content.decode()
    assert "(+8)" in page
    assert f"«{before.title}»" in page, "what stands under the figures is said"
    # to every file and every part of a sum it goes along
    ways = [
        unescape(w) for w in re.findall(r'href="([^"]*(?:export=xlsx|at=base.seats)[^"]*)"', page)
    ]
    assert len(ways) == 2
    assert all(f"with={before.pk}" in way for way in ways)
    head_line, *lines = csv.reader(
        io.StringIO(office.get(sums, asked | {"export": "csv"}).getvalue().decode("utf-8-sig")),
        delimiter=";",
    )
    label = f"{before.title}, {before.period_end:%d.%m.%Y}"
    line = next(dict(zip(head_line, one, strict=True)) for one in lines if "Мест" in one[1])
    place = school.municipality.name
    assert (line[label], line["Изменение"], line[f"Отчётов: {label}"]) == ("17", "8", "2")
    assert (line[place], line[f"{place}: {label}"]) == ("25", "10")
    assert (line["Яя"], line[f"Яя: {label}"]) == ("", "7")
    cell = reverse("reporting:consolidated_cell", args=[now.campaign_id])
    asked |= {"at": "base.seats"}
    page = office.get(cell, asked).content.decode()
    assert "+15" in page
    assert "Яя" in page, "who was in the sum then explains the change"
    assert re.search(rf"municipality={school.municipality_id}&amp;with={before.pk}", page)
    page = office.get(cell, asked | {"municipality": school.municipality_id}).content.decode()
    assert "+15" in page
    assert school.short_name in page
    text = office.get(cell, asked | {"export": "csv"}).getvalue().decode("utf-8-sig")
    assert {tuple(one) for one in csv.reader(io.StringIO(text), delimiter=";")} >= {
        (place, "25", "10", "15"), ("Яя", "", "7", ""),
    }  # fmt: skip


def test_shares_and_rates_are_not_added_up(school, head):
    fields = (Field("share", "Доля", CellType.DECIMAL, "%"), Field("seats", "Мест", unit="ед."))
    blocks = (
        Block("b", "Б", BlockKind.FIELDS, fields),
        Block("l", "С", BlockKind.LIST, (Field("speed", "Скорость", unit="Мбит/с"),)),
    )
    version = published(Schema((Section("s", "С", blocks=blocks),)), code="shares")
    running = opened(version, audience={})
    other = OrganisationFactory(municipality=school.municipality)
    add_reports(running, [(other.pk, other.municipality_id)])
    for place, share in ((school, "50"), (other, "101")):
        actor = head if place == school else seated(Role.HEAD, organisation=other)
        mine = report(running, place)
        rows = [Change("l.*.speed", "100", "r1"), Change("l.*.speed", "50", "r2")]
        cells = [Change("b.share", share), Change("b.seats", "10"), *rows]
        save_changes(mine, edition=1, changes=cells, actor=actor, at=AT, key=uuid4())
        handing_in.submit(mine, actor=actor, at=AT)
    operator = client_of(seated(Role.OPERATOR))
    sums = reverse("reporting:consolidated", args=[running.pk])
    text = operator.get(sums).content.decode()
    assert "75,5" in text
    assert "в среднем" in text
    assert ">151</a>" not in text
    assert ">20</a>" in text
    assert ">300</a>" not in text
    file = operator.get(sums, {"export": "csv"}).getvalue().decode()
    assert "75,5" in file or "75.5" in file
    cell = reverse("reporting:consolidated_cell", args=[running.pk])
    for place in ({}, {"municipality": school.municipality_id}):
        found = operator.get(cell, {"at": "b.share", **place})
        assert "75,5" in found.content.decode()
        assert operator.get(cell, {"at": "l.*.speed", **place}).status_code == 200


def test_a_share_is_computed_over_the_sums_it_is_made_of(school, head):
    fields = (
        Field("seats", "Мест", unit="ед."),
        Field("pupils", "Детей", unit="чел."),
        Field("share", "Мест на одного", CellType.DECIMAL, "ед./чел.", 2,
              source="b.pupils == 0 ? null : round(b.seats / b.pupils, 2)"),
        Field("speed", "Скорость", unit="Мбит/с"),
    )  # fmt: skip
    schema = Schema((Section("s", "С", blocks=(Block("b", "Б", BlockKind.FIELDS, fields),)),))
    running = opened(published(schema, code="shares"), audience={})
    other = OrganisationFactory()
    add_reports(running, [(other.pk, other.municipality_id)])
    for place, seats, pupils in ((school, "100", "100"), (other, "10", "900")):
        actor = head if place == school else seated(Role.HEAD, organisation=other)
        mine = report(running, place)
        cells = [Change("b.seats", seats), Change("b.pupils", pupils), Change("b.speed", "50")]
        save_changes(mine, edition=1, changes=cells, actor=actor, at=AT, key=uuid4())
        handing_in.submit(mine, actor=actor, at=AT)
    operator = client_of(seated(Role.OPERATOR))
    sums = reverse("reporting:consolidated", args=[running.pk])
    text = operator.get(sums).content.decode()
    assert ">0,11</a>" in text, "110 seats of 1,000, not the mean of 1 and 0.01"
    assert "по формуле" in text
    csv = operator.get(sums, {"export": "csv"}).getvalue().decode()
    assert "По формуле из сумм" in csv
    cell = reverse("reporting:consolidated_cell", args=[running.pk])
    text = operator.get(cell, {"at": "b.share"}).content.decode()
    assert "0,11" in text
    assert "?at=b.seats" in text
    assert ">1</td>" in text, "of the one municipality its own"
    assert ">0,01</td>" in text

    fields = {"title": "Мест", "levels": ["region", "organisation"], "places": 2}
    for code, asked in (("shares", "b.share"), ("speeds", "b.speed")):
        formula = f'form("shares", "{asked}")'
        add_indicator(fields={**fields, "code": code, "formula": formula}, at=AT, actor=None)
    computed = compute(list(Indicator.objects.all()), AT.date())
    region, own = PlaceKey("region"), PlaceKey("organisation", school.pk)
    assert computed["shares"][region].value == Decimal("0.11")
    assert computed["shares"][own].value == 1
    assert computed["speeds"][region].value is None
    assert "нельзя сложить" in computed["speeds"][region].why
    assert computed["speeds"][own].value == 50


def test_the_monitor_costs_the_same_queries_for_more_schools(mine):
    operator = client_of(seated(Role.OPERATOR))
    url = reverse("reporting:campaign", args=[mine.campaign_id])

    def cost():
        with CaptureQueriesContext(connection) as found:
            assert operator.get(url).status_code == 200
        return len(found)

    cost()
    before = cost()
    more = [OrganisationFactory() for _ in range(4)]
    add_reports(mine.campaign, [(o.pk, o.municipality_id) for o in more])
    assert cost() == before


def test_an_operator_plans_opens_reminds_and_closes(school, head):
    version = published()
    operator = client_of(seated(Role.OPERATOR))
    add = reverse("reporting:campaign_add")
    assert operator.post(add, {"version": version.pk}).status_code == 422
    dates = {
        "period_start": "2026-09-01", "period_end": "2027-08-31", "as_of": "2026-11-20",
        "opens_on": "2026-11-20", "due_on": "2026-12-01",
    }  # fmt: skip
    for _again in range(2):
        operator.post(add, {"version": version.pk, "kinds": ["school"], "_key": "k", **dates})
    made = Campaign.objects.get()
    assert made.title == Form.objects.get().title
    for act in ("open", "remind", "close", "reopen"):
        url = reverse(f"reporting:campaign_{act}", args=[made.pk])
        assert operator.post(url).status_code == 302
    remind = reverse("reporting:campaign_remind", args=[made.pk])
    assert operator.post(remind, {"municipality": "x"}).status_code == 404
    made.refresh_from_db()
    assert made.status == "open"
    assert operator.get(reverse("reporting:campaign", args=[made.pk])).status_code == 200


def test_a_campaign_is_planned_for_the_period_of_its_form_and_may_be_taken_back(school):
    version = published()
    version.form.period_kind = "quarter"
    version.form.save()
    operator = client_of(seated(Role.OPERATOR))
    add = reverse("reporting:campaign_add")
    form = operator.get(add, {"version": version.pk}).context["form"]
    start, end = (form.initial[name] for name in ("period_start", "period_end"))
    assert (start.day, start.month % 3, (end - start).days // 30) == (1, 1, 3)
    for wrong in ("x", str(uuid4())):
        assert operator.get(add, {"version": wrong}).status_code == 200
    planned = campaign(version)
    page = reverse("reporting:campaign", args=[planned.pk])
    assert "Отменить кампанию" in operator.get(page).content.decode()
    cancel = reverse("reporting:campaign_cancel", args=[planned.pk])
    assert operator.post(cancel).url == reverse("reporting:campaigns")
    assert operator.get(page).status_code == 404
    assert AuditEntry.objects.filter(action="reporting.campaign.cancelled").count() == 1
    running = opened(version)
    refused = reverse("reporting:campaign_cancel", args=[running.pk])
    assert operator.post(refused).url == reverse("reporting:campaign", args=[running.pk])
    assert Campaign.objects.filter(pk=running.pk).exists()


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("once", "2026-08-31", "2025-09-01", "2026-08-31"),
        ("day", "2026-11-27", "2026-11-27", "2026-11-27"),
        ("month", "2028-02-10", "2028-02-01", "2028-02-29"),
        ("quarter", "2026-11-27", "2026-10-01", "2026-12-31"),
        ("year", "2026-01-01", "2026-01-01", "2026-12-31"),
        ("school_year", "2026-09-01", "2026-09-01", "2027-08-31"),
    ],
)
def test_the_period_that_a_day_is_in(kind, day, first, last):
    found = PeriodKind(kind).around(date.fromisoformat(day))
    assert [d.isoformat() for d in found] == [first, last]


def test_a_workbook_goes_out_and_comes_back_through_the_pages(school_page, mine):
    book = school_page.get(reverse("reporting:xlsx", args=[mine.pk]))
    assert book["Content-Disposition"].endswith('.xlsx"')
    upload = reverse("reporting:upload", args=[mine.pk])
    file = SimpleUploadedFile("отчёт.xlsx", book.content)
    assert school_page.post(upload, {"file": file}).status_code == 200
    bad = SimpleUploadedFile("отчёт.xlsx", b"PK\x03\x04")
    assert school_page.post(upload, {"file": bad}, follow=True).status_code == 200


def test_after_a_second_handing_in_it_is_shown_what_changed_since_the_first(school, head):
    mine, page = report(opened(), school), client_of(head)
    for shifts in ("1", "2"):
        cells = [Change("base.shifts", shifts), Change("base.seats", "10")]
        mine.refresh_from_db()
        save_changes(mine, edition=mine.edition, changes=cells, actor=head, at=AT, key=uuid4())
        handing_in.submit(mine, actor=head, at=AT)
        found = page.get(reverse("reporting:history", args=[mine.pk])).context
        if shifts == "1":
            assert found["changes"] == []
            handing_in.withdraw(mine, actor=head, at=AT)
    assert [change.place for change in found["changes"]] == ["base.shifts"]


def test_a_file_is_removed_only_where_that_is_asked_for(school, head, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    scan = Field("scan", "Скан", CellType.FILE)
    block = Block("acts", "Акты", BlockKind.FIELDS, (scan,))
    version = published(Schema((Section("s", "С", blocks=(block,)),)), code="scans")
    mine, page = report(opened(version), school), client_of(head)
    put = reverse("reporting:file", args=[mine.pk])
    page.post(put, {"at": "acts.scan", "file": SimpleUploadedFile("a.pdf", b"%PDF-1.4")})
    page.post(put, {"at": "acts.scan"})
    assert page.get(put, {"at": "acts.scan"}).status_code == 200
    cell = page.get(reverse("reporting:cell", args=[mine.pk]), {"at": "acts.scan"})
    assert 'name="remove"' in cell.content.decode()
    page.post(put, {"at": "acts.scan", "remove": "1"})
    assert page.get(put, {"at": "acts.scan"}).status_code == 404


def test_a_proposal_is_seen_and_decided(school_page, mine):
    sent(
        school_page, mine,
        [{"key": "pupils.g7.total", "value": "3", "reason": "Новенький"}], mine.edition,
    )  # fmt: skip
    operator = client_of(seated(Role.OPERATOR))
    page = operator.get(reverse("reporting:proposals")).content.decode()
    assert "Новенький" in page
    proposal = Proposal.objects.get()
    operator.post(reverse("reporting:decide", args=[proposal.pk]), {"act": "accept"})
    proposal.refresh_from_db()
    assert proposal.status == "accepted"
