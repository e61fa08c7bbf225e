"""Scenarios: who is next by the rule, and what it costs."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.factories import TODAY, OrganisationFactory, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.programme.domain.scenarios import question_of, save_scenario
from sreda.programme.models import ListEntry, Scenario
from sreda.programme.queries.scenarios import Driver, answer, planned, ranked
from sreda.registry.api import Facilities, OrganisationSize, Role

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))


@pytest.fixture
def programme():
    return write_kemerovo(AT)


def school(computers, learners=100, **fields):
    made = OrganisationFactory(**fields)
    OrganisationSize.objects.create(organisation=made, learners=learners, counted_at=AT)
    Facilities.objects.create(
        organisation=made, as_of=date(2018, 9, 1), computers_teaching=computers
    )
    return made


def test_the_plan_is_read_from_the_indicators(programme):
    assert planned(programme) == {
        (2019, "school"): 29,
        (2020, "school"): 80,
        (2021, "school"): 130,
        (2019, "college"): 5,
        (2020, "college"): 15,
        (2021, "college"): 30,
    }


def test_the_listed_come_first_then_the_fewest_computers(programme):
    many, few, listed = school(50), school(5), school(90)
    closed = school(1, until=date(2020, 1, 1))
    school(0, learners=0)
    entry = ListEntry.objects.filter(section="school").first()
    entry.organisation = listed
    entry.save()
    order = [c.organisation_id for c in ranked(programme, TODAY)["school"]]
    assert order[:3] == [listed.pk, few.pk, many.pk]
    assert closed.pk not in order


def test_as_planned_it_costs_what_was_planned(programme):
    found = answer(programme, {}, {}, on=TODAY)
    assert found.difference == 0
    assert [year.planned_sum for year in found.years] == [
        Decimal("4505.0"),
        Decimal("4729.4"),
        Decimal("4969.6"),
    ]


def test_ninety_five_schools_in_2020_instead_of_eighty(programme):
    schools = [school(number) for number in range(1, 100)]
    found = answer(programme, {(2020, "school"): 95}, {}, on=TODAY)
    year = found.years[1]
    assert year.counts == {"school": 95, "college": 15}
    joining = [c.organisation_id for c in year.joining["school"]]
    assert joining == [s.pk for s in schools[29:95]]
    assert year.missing == {"school": 0, "college": 10}
    equipment = next(line for line in year.lines if line.code == "310")
    assert equipment.driver == Driver.NEW
    # 2 835.0 for (80 + 15) - (29 + 5) = 61 newcomers; now there are 76
    assert equipment.price == Decimal("46.5")
    assert equipment.wanted == Decimal("3532.1")
    daily = next(line for line in year.lines if line.code == "212")
    # 51.0 for 95 organisations; now there are 110
    assert daily.wanted == Decimal("59.1")
    assert found.difference == sum((y.wanted_sum - y.planned_sum for y in found.years), Decimal(0))


def test_a_fixed_line_stays(programme):
    lines = programme.budget.filter(kind="line")
    fixed = {line.key: Driver.FIXED for line in lines}
    assert answer(programme, {(2020, "school"): 300}, fixed, on=TODAY).difference == 0


def test_the_number_of_queries_does_not_grow(programme, django_assert_max_num_queries):
    for number in range(30):
        school(number)
    with django_assert_max_num_queries(5):
        answer(programme, {(2021, "school"): 400}, {}, on=TODAY)


def test_a_scenario_is_kept_once(programme):
    operator = seated(Role.OPERATOR)
    question = {(2020, "school"): 95}
    for _turn in range(2):
        save_scenario(programme, name="95 школ", wanted=question, drivers={"B4": Driver.FIXED},
                      at=AT, actor=operator)  # fmt: skip
    assert question_of(Scenario.objects.get()) == (question, {"B4": Driver.FIXED})
