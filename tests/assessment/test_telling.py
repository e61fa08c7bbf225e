"""What learners and their parents are told of tests, and what parents see and may ask."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sreda.assessment.domain import attempts, marking, sittings
from sreda.assessment.models import Appeal, Attempt, Sitting
from sreda.kernel.domain.outbox import deliver_pending
from sreda.kernel.models import Delivery, Notice
from sreda.registry.api import Person, Role
from tests.assessment.bank import School, answer, choice_xml, essay_xml
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    return School(timezone.now() - timedelta(hours=1))


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(UserFactory(person=person))
    return client


def taken(school: School, sitting: Sitting, value: str = "A", **learner: Any) -> Attempt:
    actor = learner.get("learner") or school.learner()
    attempt = attempts.begin(sitting, actor=actor, at=school.at)
    answer(attempt, "Q1", value, school.at)
    return attempts.hand_in(attempt, actor=actor, at=school.at + timedelta(minutes=1))


def heard() -> None:
    deliver_pending(at=timezone.now() + timedelta(minutes=10))


def told(person: Person) -> list[str]:
    return list(
        Notice.objects.filter(addressee=person.pk).order_by("made_at", "id")
        .values_list("subject", flat=True)
    )  # fmt: skip


def planned(school: School, **values: Any) -> Sitting:
    test = school.test([school.item(choice_xml())])
    assert test.current is not None
    term = {"opens_at": school.at, "closes_at": school.at + timedelta(hours=2)}
    return sittings.plan_sitting(
        version=test.current, values={"title": "Контрольная"} | term | values,
        groups=[school.group], organisation_id=school.organisation.pk,
        actor=school.teacher, at=school.at,
    )  # fmt: skip


def changed(sitting: Sitting, school: School, **more: Any) -> Sitting:
    sitting.refresh_from_db()
    groups = more.pop("groups", None) or sitting.groups.all()
    return sittings.change_sitting(
        sitting, edition=sitting.edition, values=more, groups=groups, people=[],
        actor=school.teacher, at=school.at,
    )  # fmt: skip


def test_parents_are_told_of_a_test_once_a_child(school: School) -> None:
    one, two = (EnrolmentFactory(group=school.group).person for _number in range(2))
    mother = PersonFactory()
    father = GuardianshipFactory(child=one).guardian
    for child in (one, two):
        GuardianshipFactory(child=child, guardian=mother)
    stranger = GuardianshipFactory(child=EnrolmentFactory().person).guardian
    yesterday = timezone.localdate(school.at) - timedelta(days=1)
    former = GuardianshipFactory(child=one, until=yesterday).guardian
    sitting = planned(school)
    assert not Notice.objects.exists()  # nobody knows of what is being prepared
    for _time in range(2):
        sittings.announce(sitting, actor=school.teacher, at=school.at)
    assert told(one) == ["Вас ждёт тест: Контрольная"]
    words = "Ребёнку назначен тест: Контрольная"
    assert told(father) == [f"{words} ({one.given_name} {one.family_name})"]
    assert sorted(told(mother)) == sorted(
        f"{words} ({child.given_name} {child.family_name})" for child in (one, two)
    )
    assert told(stranger) == told(former) == []


def test_who_is_given_an_announced_test_later_is_told_and_a_new_time_too(school: School) -> None:
    child = EnrolmentFactory(group=school.group).person
    parent = GuardianshipFactory(child=child).guardian
    other = ClassGroupFactory(organisation=school.organisation)
    late = EnrolmentFactory(group=other).person
    sitting = planned(school)
    changed(sitting, school, closes_at=school.at + timedelta(hours=5))
    assert told(child) == []
    sittings.announce(sitting, actor=school.teacher, at=school.at)
    changed(sitting, school, title="Контрольная", groups=[school.group, other])
    assert told(late) == ["Вас ждёт тест: Контрольная"]
    assert len(told(child)) == len(told(parent)) == 1
    changed(sitting, school, closes_at=school.at + timedelta(hours=6), minutes=20)
    assert told(child)[1:] == told(late)[1:] == ["Время теста изменилось: Контрольная"]
    assert told(parent)[1:] == [
        f"Время теста изменилось: Контрольная ({child.given_name} {child.family_name})"
    ]
    changed(sitting, school, minutes=30)
    assert len(told(child)) == len(told(parent)) == 2


def test_telling_of_a_test_costs_the_same_for_one_parent_and_for_many(school: School) -> None:
    counts = []
    for number in (1, 5):
        for _number in range(number):
            GuardianshipFactory(child=EnrolmentFactory(group=school.group).person)
        sitting = planned(school)
        with CaptureQueriesContext(connection) as asked:
            sittings.announce(sitting, actor=school.teacher, at=school.at)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_parents_are_told_of_marks_that_are_published_and_taken_back(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), moderated=True)
    attempt = taken(school, sitting)
    parent = GuardianshipFactory(child=attempt.person).guardian
    idle = GuardianshipFactory(child=EnrolmentFactory(group=school.group).person).guardian
    heard()
    assert told(parent) == []
    at = timezone.now()
    for turn in (1, 2):
        for _time in range(2):
            sittings.release(sitting, actor=school.head, at=at + timedelta(minutes=turn))
            heard()
        assert len(told(parent)) == len(told(attempt.person)) == 2 * turn - 1
        assert told(parent)[-1].startswith("Опубликованы баллы: Контрольная в классе (")
        for _time in range(2):
            sittings.withhold(
                sitting, actor=school.head, at=at + timedelta(minutes=turn, seconds=9), reason="?"
            )
            heard()
        for person in (parent, attempt.person):
            assert told(person)[-1].startswith("Баллы снова проверяются: Контрольная в классе")
        assert len(told(parent)) == 2 * turn
    Delivery.objects.update(delivered_at=None)
    heard()
    assert len(told(parent)) == 4
    assert told(idle) == []


@pytest.mark.django_db(transaction=True)
def test_marks_that_nobody_publishes_are_told_when_given_and_when_changed(school: School) -> None:
    test = school.test([school.item(essay_xml())])
    sitting = school.sitting(test, attempts=2, appeals_until=timezone.now() + timedelta(days=1))
    learner = school.learner()
    attempt = taken(school, sitting, "Текст", learner=learner)
    parent = GuardianshipFactory(child=attempt.person).guardian

    def marked(attempt: Attempt, score: int, minute: int) -> None:
        marking.give_mark(
            attempt.results.get(), score=Decimal(score), actor=school.teacher,
            at=timezone.now() + timedelta(minutes=minute),
        )  # fmt: skip
        heard()

    heard()
    assert told(parent) == []
    marked(attempt, 3, 1)
    name = f"({attempt.person.given_name} {attempt.person.family_name})"
    assert told(parent) == [f"Тест проверен: Контрольная в классе {name}"]
    assert told(attempt.person) == ["Тест проверен: Контрольная в классе"]
    marked(taken(school, sitting, "Ещё", learner=learner), 4, 2)
    assert len(told(parent)) == 1  # of one test once
    assert len(told(attempt.person)) == 2
    marked(attempt, 5, 3)
    assert told(parent)[1:] == [f"Балл изменён: Контрольная в классе {name}"]
    assert told(attempt.person)[-1] == "Балл изменён: Контрольная в классе"
    appeal = marking.appeal(attempt.results.get(), text="Мало", actor=learner, at=timezone.now())
    at = timezone.now() + timedelta(minutes=4)
    marking.decide_appeal(appeal, score=Decimal(2), decision="Нет", actor=school.head, at=at)
    heard()
    assert told(parent)[2:] == [f"Решение по апелляции: Контрольная в классе {name}"]
    assert told(attempt.person)[-1] == "Решение по вашей апелляции: Контрольная в классе"
    Delivery.objects.update(delivered_at=None)
    heard()
    assert len(told(parent)) == 3


@pytest.mark.django_db(transaction=True)
def test_marks_by_the_key_are_told_to_parents_alone(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    learner = school.learner()
    attempt = attempts.begin(sitting, actor=learner, at=school.at)
    parent = GuardianshipFactory(child=attempt.person).guardian
    attempts.hand_in(attempt, actor=learner, at=school.at + timedelta(minutes=1))
    heard()
    assert [subject[:13] for subject in told(parent)] == ["Тест проверен"]
    assert told(attempt.person) == []  # they look at the result


def test_whether_marks_are_published_is_not_changed_under_marks_that_are_seen(
    school: School,
) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    client = client_of(PostFactory(role=Role.HEAD, organisation=school.organisation).person)
    page = f"/assessment/sittings/{sitting.pk}/"
    assert "do/withhold/" not in client.get(page).content.decode()
    taken(school, sitting)
    assert "do/withhold/" in client.get(page).content.decode()
    form = client.get(f"{page}edit/").context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    sent |= {"moderated": "on", "edition": sitting.edition}
    for name in ("opens_at", "closes_at"):
        sent[name] = timezone.localtime(getattr(sitting, name)).strftime("%Y-%m-%dT%H:%M")
    reply = client.post(f"{page}edit/", sent)
    assert reply.status_code == 422
    assert "Работы уже проверены" in reply.content.decode()
    client.post(f"{page}do/withhold/", {"reason": "Проверка"})
    sitting.refresh_from_db()
    assert sitting.moderated


def test_a_notice_leads_in_the_seat_it_concerns(school: School) -> None:
    child = EnrolmentFactory(group=school.group).person
    teacher = PostFactory(role=Role.TEACHER, organisation=school.organisation).person
    GuardianshipFactory(child=child, guardian=teacher)
    sittings.announce(planned(school), actor=school.teacher, at=school.at)
    client = client_of(teacher)
    assert client.get("/assessment/children/").status_code == 404  # seated as a teacher
    notice = Notice.objects.get(addressee=teacher.pk)
    assert "Контрольная" in client.get("/cabinet/notices/").content.decode()
    reply = client.post(f"/cabinet/notices/{notice.pk}/", follow=True)
    assert reply.redirect_chain == [("/assessment/children/", 302)]
    assert reply.status_code == 200
    Notice.objects.update(link="/assessment/children/?seat=ward:of-another")
    assert client.post(f"/cabinet/notices/{notice.pk}/", follow=True).status_code == 200


def test_parents_see_the_tests_that_wait_for_their_children(school: School) -> None:
    (one, two) = (EnrolmentFactory(group=school.group).person for _number in range(2))
    third = EnrolmentFactory(group=ClassGroupFactory(organisation=school.organisation)).person
    parent = PersonFactory()
    for child in (one, two, third):
        GuardianshipFactory(child=child, guardian=parent)
    client, page = client_of(parent), "/assessment/children/"
    hidden = planned(school, title="Секретный")
    assert "Секретный" not in client.get(page).content.decode()
    sittings.announce(hidden, actor=school.teacher, at=school.at)
    ahead = timezone.now() + timedelta(days=1)
    coming = planned(
        school, title="Будущий", opens_at=ahead, closes_at=ahead + timedelta(hours=1), minutes=40
    )
    sittings.announce(coming, actor=school.teacher, at=school.at)
    over = planned(school, title="Былой")
    sittings.announce(over, actor=school.teacher, at=school.at)
    sittings.close(over, actor=school.teacher, at=school.at)
    foreign = School(school.at)
    foreign.sitting(foreign.test([foreign.item(choice_xml())]), title="Чужой")
    shown = client.get(page).content.decode().split("<main")[1]
    for title, number in (("Секретный", 2), ("Будущий", 2), ("Былой", 0), ("Чужой", 0)):
        assert shown.count(f"<strong>{title}</strong>") == number, title
    assert shown.count(one.full_name) == shown.count(two.full_name) == 2
    assert third.full_name not in shown
    assert "40 минут" in shown
    assert "Ещё не открыт" in shown
    assert "Будущий" in client.get("/cabinet/").content.decode()
    other = client_of(GuardianshipFactory().guardian)
    assert "Будущий" not in other.get(page).content.decode()
    hidden.people.add(third)  # by name
    assert third.full_name in client.get(page).content.decode()


def test_coming_tests_of_children_cost_the_same_for_one_and_for_many(school: School) -> None:
    parent = PersonFactory()
    client, counts = client_of(parent), []
    for number in (1, 4):
        for _number in range(number):
            child = EnrolmentFactory(group=school.group).person
            GuardianshipFactory(child=child, guardian=parent)
            sittings.announce(planned(school), actor=school.teacher, at=school.at)
        client.get("/assessment/children/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/assessment/children/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_parent_contests_a_mark_of_their_child_alone(school: School) -> None:
    sitting = school.sitting(
        school.test([school.item(essay_xml())]),
        appeals_until=timezone.now() + timedelta(days=1),
    )
    attempt = taken(school, sitting, "Текст")
    result = attempt.results.get()
    bond = GuardianshipFactory(child=attempt.person)
    parent, stranger = client_of(bond.guardian), client_of(GuardianshipFactory().guardian)
    page = f"/assessment/attempts/{attempt.pk}/result/"
    way = f"/assessment/results/{result.pk}/appeal/"
    assert parent.post(way, {"text": "Мало"}).status_code == 404  # not marked yet
    marking.give_mark(result, score=Decimal(2), actor=school.teacher, at=timezone.now())
    assert way in parent.get(page).content.decode()
    assert stranger.post(way, {"text": "Мало"}).status_code == 404
    teacher = client_of(PostFactory(role=Role.HEAD, organisation=school.organisation).person)
    assert teacher.post(way, {"text": "Мало"}).status_code == 404
    assert parent.post(way, {"text": "Мало", "_key": "k"}).url == page
    assert parent.post(way, {"text": "Мало", "_key": "k"}).url == page
    appeal = Appeal.objects.get()
    assert appeal.by == bond.guardian_id
    assert "Мало" in client_of(attempt.person).get(page).content.decode()
    marking.decide_appeal(
        appeal, score=Decimal(4), decision="Верно", actor=school.head, at=timezone.now()
    )
    shown = parent.get(page).content.decode()
    assert "2 → 4" in shown
    assert "Верно" in shown
    assert len(told(bond.guardian)) == 1
    rows = b"".join(teacher.get("/assessment/appeals/?export=csv")).decode()
    line = next(one for one in rows.splitlines() if attempt.person.family_name in one)
    for cell in ("Мало", "Верно", "Балл изменён", bond.guardian.full_name, school.head.name):
        assert cell in line
