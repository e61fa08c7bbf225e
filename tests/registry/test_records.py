"""What people enter beside people, classes and organisations: guardians, courses, teaching,
costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    actor_for,
    seated,
)
from tests.registry.test_web import hidden, signed_in, url

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import (
    Guardianship,
    ManagementCost,
    Organisation,
    Person,
    Post,
    Qualification,
    Role,
    Teaching,
)
from sreda.registry.domain import guardianships, teaching

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Organisation:
    return OrganisationFactory()


@pytest.fixture
def head(school: Organisation) -> Client:
    return signed_in(seated(Role.HEAD, organisation=school))


@pytest.fixture
def child(school: Organisation) -> Person:
    return EnrolmentFactory(group=ClassGroupFactory(organisation=school)).person


TIE = {"tie-kind": "mother", "tie-since": "2020-01-01"}


# ---- parents and guardians


def test_a_head_names_a_colleague_as_parent_and_she_gets_a_seat(
    head: Client, school: Organisation, child: Person
) -> None:
    mother = PostFactory(organisation=school).person
    address = url("guardian_add", child.pk)
    data = TIE | {"person": str(mother.pk), "_key": hidden(head, address)["_key"]}
    answers = [head.post(address, data) for _ in range(2)]
    assert [a.status_code for a in answers] == [302, 302]
    tie = Guardianship.objects.get(child=child)
    assert (tie.guardian, tie.kind, tie.since) == (mother, "mother", date(2020, 1, 1))
    assert AuditEntry.objects.filter(action="registry.guardianship.recorded").count() == 1
    assert OutboxEvent.objects.filter(type="registry.guardianship.recorded").count() == 1
    assert Role.PARENT in {seat.role for seat in actor_for(mother).seats}
    assert mother.full_name in head.get(url("person", child.pk)).content.decode()


def test_nobody_out_of_sight_can_be_named(head: Client, child: Person) -> None:
    stranger = PostFactory().person
    sent = TIE | {"person": str(stranger.pk), "person_text": stranger.full_name}
    answer = head.post(url("guardian_add", child.pk), sent)
    assert answer.status_code == 422
    assert not Guardianship.objects.exists()
    asked = head.get(url("pick_guardian"), {"q": stranger.family_name, "child": str(child.pk)})
    assert asked.json() == {"found": [], "more": False}


def test_a_parent_of_another_child_here_is_found_and_named(
    head: Client, school: Organisation, child: Person
) -> None:
    other = EnrolmentFactory(group=ClassGroupFactory(organisation=school)).person
    mother = GuardianshipFactory(child=other, guardian__family_name="Ёлкина").guardian
    found = head.get(url("pick_guardian"), {"q": "елк", "child": str(child.pk)}).json()["found"]
    assert [row["key"] for row in found] == [str(mother.pk)]
    sent = TIE | {"person": found[0]["key"], "person_text": found[0]["label"]}
    assert head.post(url("guardian_add", child.pk), sent).status_code == 302
    assert set(mother.wards.values_list("child", flat=True)) == {child.pk, other.pk}


def test_nobody_younger_is_offered_and_nothing_without_a_child_of_ones_own(
    head: Client, school: Organisation, child: Person
) -> None:
    group = ClassGroupFactory(organisation=school)
    EnrolmentFactory(group=group, person__family_name="Юнцов")
    elder = PostFactory(organisation=school, person__family_name="Юнцова").person
    stranger = EnrolmentFactory().person

    def ask(**params: str) -> list[str]:
        answer = head.get(url("pick_guardian"), {"q": "юнц", **params})
        return [row["key"] for row in answer.json()["found"]]

    assert ask(child=str(child.pk)) == [str(elder.pk)]
    assert ask() == ask(child="нет") == ask(child=str(stranger.pk)) == []


def test_a_new_parent_is_entered_with_the_tie(head: Client, child: Person) -> None:
    sent = TIE | {
        "family_name": "Новикова",
        "given_name": "Ольга",
        "birth_date": "1985-05-05",
        "phone": "+7 900 000-00-00",
    }
    assert head.post(url("guardian_new", child.pk), sent).status_code == 302
    tie = Guardianship.objects.get(child=child)
    assert tie.guardian.family_name == "Новикова"
    assert "+7 900 000-00-00" in head.get(url("person", child.pk)).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tie-since": "2001-01-01"}, "ребёнок родился"),
        ({"tie-until": "2019-01-01"}, "последний день раньше первого"),
    ],
)
def test_what_cannot_be_is_refused(
    head: Client, school: Organisation, child: Person, fields: dict[str, str], words: str
) -> None:
    mother = PostFactory(organisation=school).person
    answer = head.post(url("guardian_add", child.pk), TIE | {"person": str(mother.pk)} | fields)
    assert answer.status_code == 422
    assert words in answer.content.decode().lower()


def test_ties_that_contradict_each_other_are_refused(school: Organisation) -> None:
    mother, child = PersonFactory(), PersonFactory(birth_date=date(2013, 5, 2))
    values = {"kind": "mother", "since": date(2020, 1, 1), "until": None}

    def add(guardian: Person, ward: Person) -> Any:
        return guardianships.add_guardian(guardian, ward, values=values, actor=None, at=clock.now())

    add(mother, child)
    for guardian, ward in ((mother, child), (child, mother), (child, child)):
        with pytest.raises(ValidationError):
            add(guardian, ward)


def test_a_guardianship_is_corrected_and_ended(head: Client, child: Person) -> None:
    tie = GuardianshipFactory(child=child)
    address = url("guardianship_edit", tie.pk)
    carried = hidden(head, address)
    sent = {"kind": "guardian", "since": "2020-01-01", "reason": "ошибка"}
    assert head.post(address, carried | sent).status_code == 302
    tie.refresh_from_db()
    assert tie.kind == "guardian"
    stale = head.post(address, carried | {"kind": "father", "since": "2020-01-01"})
    assert stale.status_code == 422
    assert "Сохранено за это время" in stale.content.decode()
    ended = head.post(url("guardianship_end", tie.pk), {"on": "2021-01-31", "reason": "решение"})
    assert ended.status_code == 302
    tie.refresh_from_db()
    assert tie.until == date(2021, 1, 31)
    assert actor_for(tie.guardian).seats == ()
    text = head.get(url("person_history", child.pk)).content.decode()
    assert tie.guardian.full_name in text


def test_another_school_sees_and_changes_nothing(child: Person) -> None:
    foreign = signed_in(seated(Role.HEAD))
    tie = GuardianshipFactory(child=child)
    for name, pk in (
        ("guardian_add", child.pk),
        ("guardian_new", child.pk),
        ("guardianship_edit", tie.pk),
        ("guardianship_end", tie.pk),
    ):
        assert foreign.get(url(name, pk)).status_code == 404, name


# ---- finished courses


COURSE = {
    "programme": "Работа в цифровой среде",
    "topic": "digital-environment",
    "hours": "72",
    "completed_on": "2024-03-01",
    "document": "№ 1",
}


def test_a_course_is_recorded_corrected_and_removed(head: Client, school: Organisation) -> None:
    person = PostFactory(organisation=school).person
    address = url("qualification_add", person.pk)
    sent = COURSE | {"_key": hidden(head, address)["_key"]}
    assert [head.post(address, sent).status_code for _ in range(2)] == [302, 302]
    course = Qualification.objects.get(person=person)
    assert (course.hours, course.completed_on) == (72, date(2024, 3, 1))
    again = head.post(address, COURSE)
    assert again.status_code == 422
    assert "уже внес" in again.content.decode().lower()

    edit = url("qualification_edit", course.pk)
    carried = hidden(head, edit)
    assert head.post(edit, carried | COURSE | {"hours": "36"}).status_code == 302
    assert head.post(edit, carried | COURSE | {"hours": "18"}).status_code == 422
    course.refresh_from_db()
    assert course.hours == 36
    assert "Работа в цифровой среде" in head.get(url("person_history", person.pk)).content.decode()

    remove = url("qualification_remove", course.pk)
    assert head.post(remove, {"reason": ""}).status_code == 422
    assert head.post(remove, {"reason": "не тот человек"}).status_code == 302
    assert not Qualification.objects.exists()
    kept = AuditEntry.objects.get(action="registry.qualification.removed").data
    assert kept["reason"] == "не тот человек"
    assert kept["state"]["programme"] == COURSE["programme"]
    types = list(OutboxEvent.objects.values_list("type", flat=True))
    assert types.count("registry.qualification.recorded") == 2
    assert types.count("registry.qualification.removed") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("completed_on", "2999-01-01"), ("completed_on", "1980-01-01"), ("hours", "0"),
     ("hours", "999999"), ("topic", "выдумка"), ("programme", "")],
)  # fmt: skip
def test_a_course_that_cannot_be_is_refused(
    head: Client, school: Organisation, field: str, value: str
) -> None:
    person = PostFactory(organisation=school).person
    answer = head.post(url("qualification_add", person.pk), COURSE | {field: value})
    assert answer.status_code == 422
    assert not Qualification.objects.exists()


# ---- teaching in a class


def test_who_teaches_what_is_recorded_and_taken_back(head: Client, school: Organisation) -> None:
    group = ClassGroupFactory(organisation=school)
    post = PostFactory(organisation=school)
    learner = EnrolmentFactory(group=group).person
    teacher = signed_in(actor_for(post.person))
    assert teacher.get(url("person", learner.pk)).status_code == 404
    address = url("teaching_add", group.pk)
    assert head.post(address, {"post": post.pk, "subject": "Химия"}).status_code == 302
    assert teacher.get(url("person", learner.pk)).status_code == 200
    twice = head.post(address, {"post": post.pk, "subject": "химия"})
    assert twice.status_code == 422
    row = Teaching.objects.get()
    edit = url("teaching_edit", row.pk)
    sent = hidden(head, edit) | {"subject": "Химия", "homeroom": "on"}
    assert head.post(edit, sent).status_code == 302
    other = PostFactory(organisation=school)
    second = head.post(address, {"post": other.pk, "homeroom": "on"})
    assert second.status_code == 422
    assert post.person.full_name in second.content.decode()
    assert post.person.full_name in head.get(url("group_history", group.pk)).content.decode()
    assert head.post(url("teaching_remove", row.pk), {"reason": "замена"}).status_code == 302
    assert teacher.get(url("person", learner.pk)).status_code == 404
    assert head.post(address, {"post": other.pk, "homeroom": "on"}).status_code == 302


def test_only_teachers_of_the_school_year_are_offered(school: Organisation) -> None:
    group = ClassGroupFactory(organisation=school)
    PostFactory(organisation=school, until=date(2026, 7, 31))
    PostFactory(organisation=school, role=Role.HEAD)
    PostFactory()
    inside = PostFactory(organisation=school, since=date(2027, 7, 31))
    assert list(teaching.posts_for(group)) == [inside]


def test_a_class_without_subject_or_care_says_so(head: Client, school: Organisation) -> None:
    group = ClassGroupFactory(organisation=school)
    post = PostFactory(organisation=school)
    assert head.post(url("teaching_add", group.pk), {"post": post.pk}).status_code == 422


# ---- yearly costs


def test_costs_are_recorded_once_a_year_and_corrected(head: Client, school: Organisation) -> None:
    address = url("costs_add", school.pk)
    sent = {"year": "2020", "total": "1000.5", "management": "90.1"}
    assert head.post(address, sent).status_code == 302
    cost = ManagementCost.objects.get()
    assert (cost.total, cost.management) == (Decimal("1000.5"), Decimal("90.1"))
    assert head.post(address, sent | {"total": "7"}).status_code == 422
    edit = url("costs_edit", cost.pk)
    carried = hidden(head, edit)
    changed = carried | sent | {"management": "80", "reason": "уточнено"}
    assert head.post(edit, changed).status_code == 302
    assert head.post(edit, changed).status_code == 302  # the same once more
    assert head.post(edit, carried | sent | {"management": "70"}).status_code == 422
    cost.refresh_from_db()
    assert cost.management == 80
    page = head.get(url("organisation_history", school.pk)).content.decode()
    assert "2020" in page
    assert "уточнено" in page
    assert head.post(url("costs_remove", cost.pk), {"reason": "не та"}).status_code == 302
    assert not ManagementCost.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"year": "2999"}, {"year": "1900"}, {"total": "-1"}, {"management": "1000.6"},
     {"management": "-1"}, {"total": "сто"}],
)  # fmt: skip
def test_costs_that_cannot_be_are_refused(
    head: Client, school: Organisation, wrong: dict[str, str]
) -> None:
    sent = {"year": "2020", "total": "1000.5", "management": "90.1"} | wrong
    assert head.post(url("costs_add", school.pk), sent).status_code == 422
    assert not ManagementCost.objects.exists()


def test_the_page_of_a_person_costs_the_same_for_one_tie_and_for_ten(
    head: Client, school: Organisation, child: Person
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as taken:
            assert head.get(url("person", child.pk)).status_code == 200
        return len(taken)

    GuardianshipFactory(child=child)
    queries()
    one = queries()
    for _n in range(9):
        GuardianshipFactory(child=child)
        Qualification.objects.create(
            person=child, programme="К", topic="other", hours=1,
            completed_on=date(2020, 1, 1 + _n),
        )  # fmt: skip
    assert queries() == one
    assert Post.objects.exists()
