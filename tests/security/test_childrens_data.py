"""Lists of children are open for as long as the post that opens them, and in its school alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from sreda.kernel import clock
from sreda.registry.api import Role, Teaching
from sreda.registry.middleware import SEAT_KEY
from tests.factories import ClassGroupFactory, EnrolmentFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db


def opened(client: Client, thing: object, name: str) -> int:
    return client.get(reverse(f"registry:{name}", args=[thing.pk])).status_code


@pytest.mark.parametrize("again_in_the_same_school", [False, True])
def test_a_former_teacher_of_a_class_sees_it_no_more(again_in_the_same_school: bool) -> None:
    former = PostFactory.create(role=Role.TEACHER)
    group = ClassGroupFactory.create(organisation=former.organisation)
    Teaching.objects.create(post=former, group=group, subject="Химия")
    learner = EnrolmentFactory.create(group=group, organisation=group.organisation).person
    client = Client()
    client.force_login(UserFactory.create(person=former.person))
    assert opened(client, group, "group") == 200
    assert opened(client, learner, "person") == 200

    former.until = clock.today() - timedelta(days=1)
    former.save()
    place = {"organisation": former.organisation} if again_in_the_same_school else {}
    PostFactory.create(person=former.person, role=Role.TEACHER, since=clock.today(), **place)
    assert opened(client, group, "group") == 404
    assert opened(client, learner, "person") == 404
    assert str(group.pk) not in client.get(reverse("registry:groups")).content.decode()


def test_a_teacher_of_two_schools_sees_the_classes_of_the_seat_taken() -> None:
    here = PostFactory.create(role=Role.TEACHER)
    there = PostFactory.create(role=Role.TEACHER, person=here.person)
    group = ClassGroupFactory.create(organisation=there.organisation)
    Teaching.objects.create(post=there, group=group, subject="Химия")
    client = Client()
    client.force_login(UserFactory.create(person=here.person))
    for post, status in ((here, 404), (there, 200)):
        session = client.session
        session[SEAT_KEY] = f"post:{post.pk}"
        session.save()
        assert opened(client, group, "group") == status


def test_a_seat_of_another_person_cannot_be_taken() -> None:
    operator = PostFactory.create(role=Role.OPERATOR, organisation=None)
    teacher = PostFactory.create(role=Role.TEACHER)
    client = Client()
    client.force_login(UserFactory.create(person=teacher.person))
    answer = client.post(reverse("seat"), {"seat": f"post:{operator.pk}"})
    assert answer.status_code == 404
    session = client.session
    session[SEAT_KEY] = f"post:{operator.pk}"  # even if it got there
    session.save()
    assert client.get(reverse("audit")).status_code == 404
