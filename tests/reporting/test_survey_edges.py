"""Surveys at their edges: over while one types, asked in another seat, too few, with names."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from sreda.registry.api import Role
from sreda.reporting.domain import surveys as domain
from sreda.reporting.models import Answer
from tests.factories import (
    EnrolmentFactory,
    GuardianshipFactory,
    OrganisationFactory,
    PostFactory,
    actor_for,
    seated,
)
from tests.reporting.test_surveys import GOOD, ON, client_of, now, survey, version
from tests.reporting.world import AT

assert now
assert version  # fixtures


def words_of(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("how", ["closed", "term"])
def test_what_is_typed_into_a_survey_that_has_closed_meanwhile_is_not_lost(version, now, how):
    of, teacher = survey(version, roles=["teacher"]), seated(Role.TEACHER)
    address = reverse("reporting:survey", args=[of.pk])
    assert client_of(teacher).get(address).status_code == 200
    if how == "closed":
        domain.close_survey(of, actor=None, at=AT)
    else:  # the job that closes it comes within minutes
        type(of).objects.filter(pk=of.pk).update(
            opens_on=ON - timedelta(days=9), due_on=ON - timedelta(days=1)
        )
    said = {"q.ease": "yes", "q.uses": ["diary", "tests"], "q.wish": "Длинное <b>пожелание"}
    answer = client_of(teacher).post(address, said)
    assert answer.status_code == 422
    words = words_of(answer)
    assert "Ваши ответы не отправлены" in words
    assert "Длинное &lt;b&gt;пожелание" in words
    assert "Дневник" in words or "diary" not in words
    assert not Answer.objects.exists()
    later = client_of(teacher).get(address)  # the way from the notice
    assert later.status_code == 200
    assert "Ответы больше не принимаются" in words_of(later)
    assert client_of(seated(Role.HEAD)).get(address).status_code == 404  # it never asked them


def test_a_survey_is_answered_in_the_seat_it_asks_whichever_one_sits_in(version, now):
    """The notice comes to the person, not to a seat."""
    child = EnrolmentFactory().person
    parent = GuardianshipFactory(child=child).guardian
    PostFactory(person=parent, role=Role.TEACHER, organisation=OrganisationFactory())
    actor = actor_for(parent)
    assert actor.role == Role.TEACHER
    of = survey(version, roles=["parent"])
    address = reverse("reporting:survey", args=[of.pk])
    client = client_of(actor)
    assert "Опрос спрашивает вас как" in words_of(client.get(address))
    assert client.post(address, {"q.ease": "yes", "_key": "a"}).status_code == 302
    assert Answer.objects.get().role == Role.PARENT
    assert "Спасибо" in words_of(client.get(address))
    planned = domain.open_survey(
        version, title="Позже", opens_on=ON + timedelta(days=2), due_on=ON + timedelta(days=3),
        audience={}, anonymous=True, actor=None, at=AT,
    )  # fmt: skip
    assert client.get(reverse("reporting:survey", args=[planned.pk])).status_code == 404


def test_too_few_are_said_before_and_after(version, now):
    office, teachers = client_of(seated(Role.OPERATOR)), [seated(Role.TEACHER) for _n in range(4)]
    of = survey(version, anonymous=True, roles=["teacher"])
    address = reverse("reporting:survey_results", args=[of.pk])
    words = words_of(office.get(address))
    assert "итогов не будет" in words
    domain.give_answer(of, GOOD, actor=teachers[0], at=AT)
    domain.close_survey(of, actor=None, at=AT)
    words = words_of(office.get(address))
    assert "Ответили меньше 5 человек" in words
    assert "Ещё" not in words


def test_a_survey_with_names_gives_them_and_an_anonymous_one_never(version, now):
    office, teacher = client_of(seated(Role.OPERATOR)), seated(Role.TEACHER)
    of = survey(version, roles=["teacher"])
    domain.give_answer(of, GOOD, actor=teacher, at=AT)
    address = reverse("reporting:survey_results", args=[of.pk])
    assert "export=answers" in words_of(office.get(address))
    answer = office.get(address, {"export": "answers"})
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    head, line = load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    said = dict(zip(head, line, strict=True))
    assert said["Человек"] == teacher.name
    assert said["Роль"] == "Учитель"
    assert "Ещё" in line
    assert any("; " in str(cell) for cell in line)  # several answers in words, not in codes
    assert client_of(teacher).get(address, {"export": "answers"}).status_code == 404
    secret = survey(version, title="Тайный", anonymous=True, roles=["teacher"])
    domain.give_answer(secret, GOOD, actor=teacher, at=AT)
    domain.close_survey(secret, actor=None, at=AT)
    there = reverse("reporting:survey_results", args=[secret.pk])
    assert office.get(there, {"export": "answers"}).status_code == 404
    assert "export=answers" not in words_of(office.get(there))
