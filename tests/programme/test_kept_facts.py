"""Facts are kept by the calendar and by what happens; pages read those that are kept."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import OrganisationFactory, PersonFactory, PostFactory, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.kernel.domain import outbox
from sreda.programme.api import indicator_states
from sreda.programme.domain.indicators import (
    choose_computation,
    keep_due_facts,
    record_implementation,
    withdraw_implementation,
)
from sreda.programme.models import IndicatorFact, ListEntry
from sreda.registry.api import Role
from sreda.registry.domain.posts import give_post

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))
TODAY = AT.date()


@pytest.fixture
def programme():
    return write_kemerovo(AT)


@pytest.fixture
def operator():
    return seated(Role.OPERATOR)


@pytest.fixture
def listed(programme):
    entry = ListEntry.objects.filter(programme=programme, section="school").first()
    entry.organisation = OrganisationFactory(short_name=entry.name[:300])
    entry.save()
    return entry.organisation


def facts(programme, measure):
    rows = IndicatorFact.objects.filter(indicator=programme.indicators.get(measure=measure))
    return dict(rows.values_list("as_of", "value"))


def test_the_day_and_the_ends_of_planned_years_are_kept_once(programme):
    assert keep_due_facts(on=TODAY, at=AT) > 0
    kept = facts(programme, "schools_implementing")
    assert set(kept) == {date(year, 12, 31) for year in range(2019, 2022)} | {TODAY}
    assert keep_due_facts(on=TODAY, at=AT + timedelta(hours=1)) == 0
    assert keep_due_facts(on=TODAY + timedelta(days=1), at=AT + timedelta(days=1)) > 0


def test_a_record_of_implementation_changes_only_what_depends_on_it(programme, operator):
    keep_due_facts(on=TODAY, at=AT)
    before = {
        row.pk: row.computed_at for row in IndicatorFact.objects.exclude(
            indicator__measure__endswith="implementing"
        )
    }  # fmt: skip
    later = AT + timedelta(hours=2)
    record = record_implementation(
        programme, organisation=OrganisationFactory(), since=date(2020, 5, 1), basis="Акт № 1",
        at=later, actor=operator,
    )  # fmt: skip
    outbox.deliver_pending(at=later)
    kept = facts(programme, "schools_implementing")
    assert [kept[date(year, 12, 31)] for year in (2019, 2020, 2021)] == [0, 1, 1]
    assert kept[TODAY] == 1
    after = IndicatorFact.objects.filter(pk__in=before)
    assert before
    assert {row.pk: row.computed_at for row in after} == before
    withdraw_implementation(record, reason="ошибка", at=later, actor=operator)
    outbox.deliver_pending(at=later)
    assert set(facts(programme, "schools_implementing").values()) == {Decimal(0)}


def test_a_post_in_a_listed_organisation_recomputes_the_share_of_staff(programme, listed, operator):
    PostFactory(organisation=listed)
    keep_due_facts(on=TODAY, at=AT)
    later = AT + timedelta(hours=1)

    def given(organisation):
        give_post(
            PersonFactory(),
            values={"role": Role.TEACHER, "organisation": organisation, "title": "Учитель",
                    "since": TODAY},
            actor=operator, at=later,
        )  # fmt: skip
        outbox.deliver_pending(at=later)
        row = IndicatorFact.objects.get(indicator__measure="staff_trained", as_of=TODAY)
        return row.computed_at, row.lineage["parts"][0]["value"]

    assert given(OrganisationFactory()) == (AT, "1")
    assert given(listed) == (later, "2")


def test_another_computation_leaves_no_facts_of_the_old_one(programme, operator):
    keep_due_facts(on=TODAY, at=AT)
    indicator = programme.indicators.get(measure="colleges_implementing")
    choose_computation(indicator, name="", at=AT, actor=operator)
    outbox.deliver_pending(at=AT)
    assert not IndicatorFact.objects.filter(indicator=indicator).exists()
    choose_computation(indicator, name="schools_implementing", at=AT, actor=operator)
    outbox.deliver_pending(at=AT)
    said = IndicatorFact.objects.filter(indicator=indicator).values_list(
        "lineage__computation", flat=True
    )
    assert set(said) == {"schools_implementing"}


def test_states_are_read_from_kept_facts_in_few_queries(programme, operator):
    record_implementation(
        programme, organisation=OrganisationFactory(), since=date(2018, 9, 3), basis="Акт № 1",
        at=AT, actor=operator,
    )  # fmt: skip
    keep_due_facts(on=TODAY, at=AT)
    with CaptureQueriesContext(connection) as asked:
        states = indicator_states(TODAY)
        first = next(s for s in states if s.indicator.measure == "schools_implementing")
        assert first.years[0].state in {"met", "behind"}
    assert len(asked) == 3
    assert first.now.value == 1
    assert first.now.on == TODAY
    assert first.years[0].on == date(2019, 12, 31)
    assert first.goal.year == 2021


def test_the_portal_shows_facts_beside_plans(client: Client, programme, operator):
    keep_due_facts(on=TODAY, at=AT)
    client.get(reverse("home"))
    with CaptureQueriesContext(connection) as few:
        page = client.get(reverse("home")).content.decode()
    assert "Показатели: факт и план" in page
    for n in range(3):
        keep_due_facts(on=TODAY - timedelta(days=n + 1), at=AT)
    with CaptureQueriesContext(connection) as more:
        client.get(reverse("home"))
    assert len(more) == len(few)
    answer = client.get(reverse("open_data_file", args=["programme-indicators", "json"]))
    found = json.loads(b"".join(answer))
    rows = found if isinstance(found, list) else next(v for v in found.values() if type(v) is list)
    assert {"fact", "fact_on", "formula"} <= set(rows[0])
    assert {row["fact_on"] for row in rows if row["year"] == 2019} >= {"2019-12-31"}
