"""Who marks where markers differ and nobody is left; why one does not judge one's own child."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sreda.assessment.domain import attempts, marking
from sreda.assessment.models import Attempt, Sitting
from sreda.kernel.models import Notice
from sreda.registry.api import Person, Post, Role, User
from tests.assessment.bank import School, actor_for, answer, essay_xml
from tests.factories import GuardianshipFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    return School(timezone.now() - timedelta(hours=1))


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(User.objects.filter(person=person).first() or UserFactory(person=person))
    return client


def post_of(school: School, role: str) -> Post:
    return PostFactory(role=role, organisation=school.organisation)


def department(role: str) -> Post:
    return PostFactory(role=role, organisation=None)


def differed(school: School, *posts: Post, sitting: Sitting | None = None) -> Attempt:
    """An essay that these have marked, each otherwise."""
    sitting = sitting or school.sitting(school.test([school.item(essay_xml())]), markers=2)
    learner, at = school.learner(), timezone.now()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    answer(attempt, "Q1", "Мой текст", at)
    attempts.hand_in(attempt, actor=learner, at=at)
    for score, post in enumerate(posts):
        actor = actor_for(post.person, post.role, at, organisation_id=school.organisation.pk)
        marking.give_mark(attempt.results.get(), score=Decimal(4 * score), actor=actor, at=at)
    return attempt


def test_where_nobody_is_left_an_expert_marks_blindly(school: School) -> None:
    head, teacher = post_of(school, Role.HEAD), post_of(school, Role.TEACHER)
    expert, other = department(Role.EXPERT), department(Role.EXPERT)
    attempt = differed(school, head)
    page = f"/assessment/results/{attempt.results.get().pk}/mark/"
    client = client_of(expert.person)
    assert client.get("/assessment/marking/").status_code == 200
    assert client.get(page).status_code == 404  # the teacher is left
    assert not Notice.objects.filter(addressee=expert.person_id).exists()
    actor = actor_for(teacher.person, "teacher", school.at, organisation_id=school.organisation.pk)
    result = attempt.results.get()
    marking.give_mark(result, score=Decimal(5), actor=actor, at=timezone.now())
    watch = f"/assessment/sittings/{attempt.sitting_id}/"
    shown = client_of(head.person).get(watch).content.decode()
    assert "Проверять больше некому" in shown
    assert "у экспертов департамента" in shown
    for post in (expert, other):
        assert Notice.objects.get(addressee=post.person_id).subject.startswith(
            "Ответы ждут балла эксперта"
        )
    assert page in client.get("/assessment/marking/").content.decode()
    assert "1 ответ ждёт" in client.get("/cabinet/").content.decode()
    shown = client.get(page).content.decode()
    assert "Мой текст" in shown
    assert attempt.person.family_name not in shown
    assert client.get(watch).status_code == 404
    assert client.get(f"/assessment/works/{attempt.pk}/").status_code == 404
    assert client.post(page, {"score": "3"}).url == "/assessment/marking/"
    attempt.refresh_from_db()
    assert attempt.score == 3
    assert client.get(page).status_code == 200  # their own: they may change it
    assert client_of(other.person).get(page).status_code == 404
    assert "Проверять больше некому" not in client_of(head.person).get(watch).content.decode()
    again = differed(school, head, teacher, sitting=attempt.sitting)
    assert again.results.get().marking == "third"
    assert Notice.objects.filter(addressee=other.person_id).count() == 1  # of one test once


def test_without_an_expert_the_operator_is_told_and_a_new_post_helps(school: School) -> None:
    head, teacher = post_of(school, Role.HEAD), post_of(school, Role.TEACHER)
    operator = department(Role.OPERATOR)
    attempt = differed(school, head, teacher)
    watch = f"/assessment/sittings/{attempt.sitting_id}/"
    notice = Notice.objects.get(addressee=operator.person_id)
    assert notice.link.startswith(watch)
    assert "назначьте" in notice.text
    for post in (head, operator):
        shown = client_of(post.person).get(watch).content.decode()
        assert "попросите регионального оператора" in shown
    page = f"/assessment/results/{attempt.results.get().pk}/mark/"
    third = client_of(post_of(school, Role.TEACHER).person)
    assert third.get(page).status_code == 200
    shown = client_of(head.person).get(watch).content.decode()
    assert "Проверять больше некому" not in shown


def test_the_page_of_a_test_costs_the_same_however_many_are_left_over(school: School) -> None:
    head, teacher = post_of(school, Role.HEAD), post_of(school, Role.TEACHER)
    department(Role.EXPERT)
    client, counts = client_of(head.person), []
    attempt = differed(school, head, teacher)
    for _turn in range(2):
        page = f"/assessment/sittings/{attempt.sitting_id}/"
        client.get(page)
        with CaptureQueriesContext(connection) as asked:
            client.get(page)
        counts.append(len(asked))
        for _number in range(3):
            differed(school, head, teacher, sitting=attempt.sitting)
    assert counts[0] == counts[1]


def test_an_expert_does_not_mark_their_own_child(school: School) -> None:
    head, teacher = post_of(school, Role.HEAD), post_of(school, Role.TEACHER)
    expert = department(Role.EXPERT)
    attempt = differed(school, head, teacher)
    GuardianshipFactory(child=attempt.person, guardian=expert.person)
    page = f"/assessment/results/{attempt.results.get().pk}/mark/"
    assert client_of(expert.person).get(page).status_code == 404


def test_who_is_refused_their_own_childs_work_reads_why_and_who_can(school: School) -> None:
    later = timezone.now() + timedelta(days=1)
    test = school.test([school.item(essay_xml())])
    attempt = differed(school, sitting=school.sitting(test, markers=2, appeals_until=later))
    result, learner = attempt.results.get(), actor_for(attempt.person, "pupil", school.at)
    appeal = marking.appeal(result, text="Мало", actor=learner, at=school.at)
    head = post_of(school, Role.HEAD)
    GuardianshipFactory(child=attempt.person, guardian=head.person)
    client = client_of(head.person)
    reply = client.get(f"/assessment/results/{result.pk}/mark/")
    shown = reply.content.decode()
    assert reply.status_code == 403
    assert "Это работа вашего ребёнка" in shown
    assert "эксперт департамента" in shown
    reply = client.post(f"/assessment/appeals/{appeal.pk}/decide/", {"decision": "x"})
    assert reply.status_code == 403
    assert "другой руководитель или администратор" in reply.content.decode()
    shown = client.get("/assessment/appeals/").content.decode()
    assert "другой руководитель или администратор" in shown
    other = client_of(post_of(school, Role.HEAD).person).get("/assessment/appeals/")
    assert "другой руководитель" not in other.content.decode()
