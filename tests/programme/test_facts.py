"""Facts of indicators: computed from records for any day, with what they were made of."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from tests.factories import OrganisationFactory, PostFactory, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.kernel.api import AuditEntry
from sreda.kernel.models import OutboxEvent
from sreda.programme.domain.demo import record_demo_progress
from sreda.programme.domain.indicators import (
    choose_computation,
    keep_fact,
    record_implementation,
    withdraw_implementation,
)
from sreda.programme.models import Implementation, IndicatorFact, ListEntry
from sreda.programme.queries.facts import fact_of
from sreda.registry.api import (
    Facilities,
    ManagementCost,
    OrganisationSize,
    Qualification,
    Role,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))
TOPIC = "digital-environment"


@pytest.fixture
def programme():
    return write_kemerovo(AT)


@pytest.fixture
def operator():
    return seated(Role.OPERATOR)


@pytest.fixture
def listed(programme):
    """Two organisations of the list, matched to the registry."""
    entries = list(ListEntry.objects.filter(programme=programme, section="school")[:2])
    for entry in entries:
        entry.organisation = OrganisationFactory(short_name=entry.name[:300])
        entry.save()
    return [entry.organisation for entry in entries]


def indicator(programme, measure):
    return programme.indicators.get(measure=measure)


def test_the_pack_says_how_each_indicator_is_computed(programme):
    assert list(programme.indicators.order_by("number").values_list("measure", flat=True)) == [
        "schools_implementing",
        "colleges_implementing",
        "staff_trained",
        "management_cost_cut",
    ]


def test_implementations_count_from_their_day(programme, operator):
    for day, kind in ((3, "school"), (5, "school"), (3, "college")):
        record_implementation(
            programme,
            organisation=OrganisationFactory(kind=kind),
            since=date(2019, 9, day),
            basis="Акт",
            at=AT,
            actor=operator,
        )
    schools = indicator(programme, "schools_implementing")
    values = [fact_of(schools, programme, date(2019, 9, day)).value for day in (2, 3, 5)]
    assert values == [0, 1, 2]
    fact = fact_of(schools, programme, date(2020, 1, 1))
    assert [row.values[0] for row in fact.rows] == [date(2019, 9, 3), date(2019, 9, 5)]


def test_one_organisation_implements_once_and_not_in_the_future(programme, operator):
    school = OrganisationFactory()
    given = {"organisation": school, "basis": "Акт", "at": AT, "actor": operator}
    made = record_implementation(programme, since=date(2019, 9, 1), **given)
    with pytest.raises(ValidationError, match=r"01\.09\.2019"):
        record_implementation(programme, since=date(2020, 9, 1), **given)
    with pytest.raises(ValidationError):
        record_implementation(programme, since=date(2027, 1, 1), **given)
    withdraw_implementation(made, reason="Ошибка", at=AT, actor=operator)
    assert not Implementation.objects.exists()
    said = AuditEntry.objects.filter(action__startswith="programme.implementation")
    assert list(said.order_by("id").values_list("action", flat=True)) == [
        "programme.implementation.recorded",
        "programme.implementation.withdrawn",
    ]


def test_the_trained_share_follows_posts_and_courses_of_the_day(programme, listed):
    first, second = listed
    people = [
        PostFactory(organisation=first, since=date(2015, 9, 1)).person,
        PostFactory(organisation=first, since=date(2015, 9, 1), until=date(2019, 1, 1)).person,
        PostFactory(organisation=second, since=date(2015, 9, 1)).person,
    ]
    PostFactory(since=date(2015, 9, 1))  # not of the list
    PostFactory(person=people[0], organisation=first, role=Role.HEAD, since=date(2016, 1, 1))
    for person, day in zip(people, (date(2018, 5, 1), date(2018, 8, 1), date(2018, 9, 2)),
                           strict=True):  # fmt: skip
        Qualification.objects.create(
            person=person, programme="Курс", topic=TOPIC, hours=36, completed_on=day
        )
    Qualification.objects.create(
        person=people[2], programme="Иное", topic="other", hours=36, completed_on=date(2018, 1, 1)
    )
    share = indicator(programme, "staff_trained")
    assert fact_of(share, programme, date(2018, 9, 1)).value == Decimal("66.67")
    assert fact_of(share, programme, date(2018, 9, 2)).value == Decimal(100)
    later = fact_of(share, programme, date(2019, 6, 1))
    assert [part.value for part in later.parts] == [2, 2]
    assert {row.organisation: row.values[0] for row in later.rows} == {
        first.short_name: 1,
        second.short_name: 1,
    }


def test_without_records_there_is_no_number_but_a_reason(programme):
    for measure in ("staff_trained", "management_cost_cut"):
        fact = fact_of(indicator(programme, measure), programme, date(2019, 12, 31))
        assert fact.value is None
        assert fact.why


def test_costs_are_compared_like_with_like_and_exactly(programme, listed):
    first, second = listed
    for year, management in ((2018, "200.0"), (2019, "190.0")):
        ManagementCost.objects.create(
            organisation=first, year=year, total=Decimal("1000.0"), management=Decimal(management)
        )
    ManagementCost.objects.create(
        organisation=second, year=2019, total=Decimal(500), management=Decimal(500)
    )
    fact = fact_of(indicator(programme, "management_cost_cut"), programme, date(2019, 12, 31))
    assert fact.value == Decimal("5.00")
    assert [part.value for part in fact.parts] == [Decimal("20.00"), Decimal("19.00"), 1]


def test_kept_facts_announce_a_change_once(programme, listed):
    share = indicator(programme, "schools_implementing")
    for _turn in range(2):
        keep_fact(share, on=date(2019, 12, 31), at=AT)
    assert IndicatorFact.objects.get().value == 0
    assert OutboxEvent.objects.filter(type="programme.indicator.computed").count() == 1


def test_only_known_computations_can_be_chosen(programme, operator):
    share = indicator(programme, "staff_trained")
    with pytest.raises(ValidationError):
        choose_computation(share, name="os.system", at=AT, actor=operator)
    choose_computation(share, name="", at=AT, actor=operator)
    assert fact_of(share, programme, date(2019, 1, 1)).why


def test_a_demonstration_goes_a_little_behind_its_plan_and_is_recorded_once(programme, operator):
    for number in range(1, 41):
        made = OrganisationFactory(kind="school")
        OrganisationSize.objects.create(organisation=made, learners=100, counted_at=AT)
        Facilities.objects.create(
            organisation=made, as_of=date(2018, 9, 1), computers_teaching=number
        )
    assert record_demo_progress(programme, at=AT, actor=operator) == 40
    schools = indicator(programme, "schools_implementing")
    assert fact_of(schools, programme, date(2019, 12, 31)).value == 29
    assert record_demo_progress(programme, at=AT, actor=operator) == 0
