"""Datasets of the registry and the programme: counts by place as of a day, and what is behind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sreda.kernel.api import datasets
from sreda.registry.api import Facilities, ManagementCost, Qualification, Role
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def table(name, organisations, on=DAY):
    """Rows as {column: value}, by the names the dataset declares."""
    dataset = datasets()[name]
    names = ["organisation", *(d.name for d in dataset.dimensions)]
    names += [f"={m.name}" for m in dataset.measures]
    rows = [
        dict(zip(names, row, strict=True))
        for row in dataset.rows([o.pk for o in organisations], on)
    ]
    keys = [tuple(r[n] for n in names if not n.startswith("=")) for r in rows]
    assert len(set(keys)) == len(keys), "each combination once"
    return rows


@pytest.fixture
def school():
    return OrganisationFactory()


def test_every_dataset_answers_with_its_declared_columns(school):
    EnrolmentFactory(group=ClassGroupFactory(organisation=school))
    for name in datasets():
        table(name, [school])


def test_learners_are_counted_by_grade_sex_and_age_on_any_day(school):
    group = ClassGroupFactory(organisation=school, grade=7)
    for born, sex in ((date(2013, 11, 20), "female"), (date(2013, 11, 21), "male")):
        EnrolmentFactory(group=group, person=PersonFactory(birth_date=born, sex=sex))
    rows = table("contingent", [school, OrganisationFactory()])
    assert {(r["organisation"], r["grade"], r["sex"], r["age"], r["=learners"]) for r in rows} == {
        (school.pk, 7, "female", 13, 1),
        (school.pk, 7, "male", 12, 1),
    }
    assert table("contingent", [school], date(2026, 8, 31)) == []


def test_a_person_with_two_posts_is_counted_once_over_main(school):
    person = PersonFactory()
    PostFactory(organisation=school, person=person, role=Role.HEAD)
    PostFactory(organisation=school, person=person, role=Role.TEACHER)
    Qualification.objects.create(
        person=person, programme="Курс", topic="digital-environment", hours=72,
        completed_on=date(2026, 3, 1),
    )  # fmt: skip
    rows = table("staff", [school])
    assert sorted((r["role"], r["main"], r["digital"], r["=posts"]) for r in rows) == [
        ("head", True, True, 1),
        ("teacher", False, True, 1),
    ]
    assert [r["digital"] for r in table("staff", [school], date(2026, 2, 1))] == [False, False]
    courses = table("qualifications", [school])
    assert [
        (r["topic"], r["year"], r["latest"], r["=courses"], r["=hours_total"]) for r in courses
    ] == [("digital-environment", 2026, True, 1, 72)]


def test_facilities_are_the_latest_of_the_day(school):
    for day, computers in ((date(2025, 1, 1), 10), (date(2026, 10, 1), 30), (date(2027, 1, 1), 99)):
        Facilities.objects.create(
            organisation=school, as_of=day, computers_teaching=computers,
            link_mbps=Decimal("50.00"), local_network=True,
        )  # fmt: skip
    (row,) = table("facilities", [school])
    assert (row["=computers_teaching"], row["=link_mbps"], row["=local_network"]) == (30, 50, True)
    (row,) = table("facilities", [school], date(2026, 1, 1))
    assert row["=computers_teaching"] == 10


def test_the_passport_names_the_head_and_costs_their_year(school):
    head = PostFactory(organisation=school, role=Role.HEAD, title="Директор")
    ManagementCost.objects.create(organisation=school, year=2025, total=100, management=20)
    ManagementCost.objects.create(organisation=school, year=2027, total=1, management=0)
    (row,) = table("passport", [school])
    assert (row["=head"], row["=head_title"]) == (head.person.full_name, "Директор")
    assert [(r["year"], r["=total"]) for r in table("costs", [school])] == [(2025, 100)]


def test_a_past_card_is_the_one_of_its_day(school):
    from datetime import UTC, datetime

    from sreda.registry.domain.organisations import change_organisation

    change_organisation(
        school, edition=1, values={"phone": "+7 3842 00-00-01"}, effective_on=date(2026, 6, 1),
        actor=None, at=datetime(2026, 6, 2, tzinfo=UTC),
    )  # fmt: skip
    assert table("passport", [school])[0]["=phone"] == "+7 3842 00-00-01"
    assert table("passport", [school], date(2026, 5, 31))[0]["=phone"] == ""


def test_sizes_count_the_records_of_the_day(school):
    group = ClassGroupFactory(organisation=school)
    EnrolmentFactory.create_batch(3, group=group)
    PostFactory(organisation=school)
    (row,) = table("sizes", [school])
    assert (row["size"], row["=learners"], row["=teachers"], row["=groups"]) == (3, 3, 1, 1)
    (row,) = table("groups", [school])
    assert (row["grade"], row["size"], row["=groups"], row["=learners"]) == (7, 3, 1, 3)


def test_records_behind_a_figure_are_those_counted_and_respect_rights(school):
    group = ClassGroupFactory(organisation=school, grade=7)
    girl = EnrolmentFactory(group=group, person=PersonFactory(sex="female"))
    EnrolmentFactory(group=group, person=PersonFactory(sex="male"))
    EnrolmentFactory(group=ClassGroupFactory(organisation=school, grade=8))
    behind = datasets()["contingent"].records
    wanted = {"grade": [7, 9], "sex": "female", "age": {"from": 5, "to": 60}}
    head = seated(Role.HEAD, organisation=school)
    found = behind(head, [school.pk], DAY, wanted)
    assert list(found.rows) == [girl]
    assert found.hidden == 0
    assert found.url(girl).endswith(f"{girl.person_id}/")
    assert girl.person.full_name in found.label(girl)
    stranger = behind(seated(Role.HEAD), [school.pk], DAY, wanted)
    assert (list(stranger.rows), stranger.hidden) == ([], 1)
    with pytest.raises(KeyError):
        behind(head, [school.pk], DAY, {"1=1; --": 1})


@pytest.mark.parametrize("name", ["contingent", "staff", "facilities", "passport", "groups"])
def test_one_query_for_any_number_of_organisations(name, django_assert_num_queries):
    schools = [OrganisationFactory() for _ in range(5)]
    for count in (1, 5):
        with django_assert_num_queries(1):
            table(name, schools[:count])
