"""The demonstration shows the engine at work in a school and in a college."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from sreda.assessment.api import record_demo_assessment
from sreda.assessment.models import Attempt, ItemResult
from sreda.registry.api import Person, Role, Teaching
from tests.assessment.bank import actor_for
from tests.factories import ClassGroupFactory, EnrolmentFactory, PostFactory, UserFactory


@pytest.mark.django_db
def test_a_student_and_a_teacher_of_the_college_see_tests_too() -> None:
    at = timezone.now()
    seen: dict[str, Person] = {}
    for learner, tutor in (("pupil", "teacher"), ("student", "lecturer")):
        group = ClassGroupFactory()
        people = [EnrolmentFactory(group=group, role=learner).person for _number in range(6)]
        post = PostFactory(role=Role.TEACHER, organisation=group.organisation)
        Teaching.objects.create(post=post, group=group, subject="Информатика")
        seen |= {learner: people[3], tutor: post.person}
    operator = actor_for(PostFactory(role=Role.OPERATOR, organisation=None).person, "operator", at)
    record_demo_assessment(operator=operator, at=at, **seen)
    client, lecturer = Client(), Client()
    client.force_login(UserFactory(person=seen["student"]))
    lecturer.force_login(UserFactory(person=seen["lecturer"]))
    shown = client.get("/assessment/tests/").content.decode()
    assert "Можно начинать" in shown
    attempt = Attempt.objects.get(person=seen["student"])
    assert attempt.marked_at is not None
    page = f"/assessment/attempts/{attempt.pk}/result/"
    assert page in shown
    assert "Я не согласен" in client.get(page).content.decode()
    assert client.post(f"/assessment/tests/{attempt.sitting_id}/").status_code == 302
    waiting = ItemResult.objects.filter(attempt__sitting=attempt.sitting, marking="waiting")
    queue = lecturer.get("/assessment/marking/").content.decode()
    assert queue.count("/mark/") >= waiting.count() > 0
    assert "Цифровая грамотность" in lecturer.get("/assessment/sittings/").content.decode()
    assert not Attempt.objects.filter(person=seen["pupil"]).exists()
