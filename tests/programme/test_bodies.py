"""Bodies over time: one head a day, who held it when, acts, decisions and training."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import PostFactory, actor_for, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.kernel.api import Actor
from sreda.programme.domain import actions, bodies
from sreda.programme.models import Act, Body, Membership, Programme
from sreda.programme.queries.bodies import bodies_on, body_on, decisions_of, training_in
from sreda.registry.api import Qualification, Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture
def programme() -> Programme:
    made = write_kemerovo(AT)
    bodies.name_in_order(made)
    return made


@pytest.fixture
def operator() -> Actor:
    return seated(Role.OPERATOR)


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def cdo() -> Body:
    return Body.objects.get(key="cdo")


def add(operator: Actor, body: Body, name: str, since: date, **more: Any) -> Membership:
    values = {"role": "head"} | more
    return bodies.add_member(body=body.pk, name=name, since=since, actor=operator, at=AT, **values)


def holder(on: date) -> str:
    head = body_on(cdo(), on).head
    return head.name if head else ""


def test_those_named_hold_their_places_since_the_order(programme: Programme) -> None:
    assert bodies.name_in_order(programme) == 0
    assert holder(date(2018, 10, 26)) == "Барков Владимир Алексеевич"
    assert holder(date(2018, 10, 25)) == ""
    place = Membership.objects.get(body=cdo())
    assert place.act == "Распоряжение № 490-р от 26.10.2018"
    assert place.position.startswith("консультант отдела")


def test_a_second_head_is_refused_by_name_and_term(programme: Programme, operator: Actor) -> None:
    with pytest.raises(ValidationError) as refused:
        add(operator, cdo(), "Иванова А. И.", date(2019, 1, 1))
    assert "Барков Владимир Алексеевич" in refused.value.messages[0]
    assert "с 26.10.2018" in refused.value.messages[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(body=cdo(), name="мимо", role="head", since=date(2019, 1, 1))


def test_who_held_it_on_a_day(programme: Programme, operator: Actor) -> None:
    named = Membership.objects.get(body=cdo())
    add(operator, cdo(), "Заменова Е. П.", date(2019, 7, 1), until=date(2019, 7, 28), acting=True)
    bodies.end_membership(membership=named.pk, until=date(2019, 12, 31), actor=operator, at=AT)
    add(operator, cdo(), "Новая О. Л.", date(2020, 1, 1))
    assert holder(date(2019, 6, 30)) == named.name
    acting = body_on(cdo(), date(2019, 7, 28))
    assert acting.head
    assert acting.head.acting
    assert acting.stood_in == named
    assert holder(date(2019, 7, 29)) == holder(date(2019, 12, 31)) == named.name
    assert holder(date(2020, 1, 1)) == "Новая О. Л."
    page = client_of(operator).get(reverse("programme:bodies"), {"on": "2019-07-10"})
    assert "Заменова Е. П." in page.content.decode()


def test_a_term_is_over_on_the_day_asked_about_or_not(
    programme: Programme, operator: Actor
) -> None:
    client, url = client_of(operator), reverse("programme:bodies")
    assert "срок истёк" in client.get(url).content.decode()
    assert "срок истёк" not in client.get(url, {"on": "2018-11-01"}).content.decode()


def test_an_ended_place_cannot_grow_over_the_next(programme: Programme, operator: Actor) -> None:
    named = Membership.objects.get(body=cdo())
    bodies.end_membership(membership=named.pk, until=date(2019, 1, 1), actor=operator, at=AT)
    add(operator, cdo(), "Новая О. Л.", date(2020, 1, 1))
    with pytest.raises(ValidationError) as refused:
        bodies.end_membership(membership=named.pk, until=None, actor=operator, at=AT)
    assert "Новая О. Л." in refused.value.messages[0]


def test_expected_against_created(programme: Programme, operator: Actor) -> None:
    office = Body.objects.get(key="office")
    bodies.change_body(
        body=office.pk, since=date(2019, 4, 1), until=None, note="", actor=operator, at=AT
    )
    seen = {row.body.key: row for row in bodies_on(programme, AT.date())}
    assert seen["office"].expected == date(2019, 3, 1)
    assert seen["office"].late
    assert seen["agreement"].expected == date(2019, 3, 15)
    assert not seen["agreement"].exists


def test_who_decided_this(programme: Programme, operator: Actor) -> None:
    add(operator, cdo(), "Заменова Е. П.", date(2019, 7, 1), until=date(2019, 7, 28), acting=True)
    for day in (date(2019, 7, 10), date(2019, 8, 10)):
        actions.record_decision(
            programme=programme, body=cdo().pk, text="Решено", decided_on=day,
            actor=operator, at=AT,
        )  # fmt: skip
    later, first = decisions_of(cdo())
    assert later.head
    assert later.head.name.startswith("Барков")
    assert first.head
    assert first.head.name == "Заменова Е. П."


def test_training_of_the_office_by_year(programme: Programme, operator: Actor) -> None:
    office = Body.objects.get(key="office")
    trained, other = (PostFactory(role=Role.HEAD).person for _ in range(2))
    for person in (trained, other):
        add(operator, office, "", date(2019, 3, 1), person=person.pk, role="member")
    add(operator, office, "Вне реестра", date(2019, 3, 1), role="member", until=date(2019, 12, 31))
    Qualification.objects.create(
        person=trained, programme="ЦОС", topic="digital", hours=36, completed_on=date(2020, 5, 1)
    )
    found = {row.member.name: len(row.courses) for row in training_in(office, 2020)}
    assert found == {trained.full_name: 1, other.full_name: 0}
    assert len(training_in(office, 2019)) == 3


def test_a_form_sent_twice_makes_one_member_and_one_act(
    programme: Programme, operator: Actor
) -> None:
    client, office = client_of(operator), Body.objects.get(key="office")
    member = {"name": "Петров П. П.", "role": "member", "since": "2019-03-01", "_key": "a"}
    for _ in range(2):
        paper = SimpleUploadedFile("приказ.txt", b"1")
        act = {"title": "Приказ", "date": "2019-02-28", "file": paper, "_key": "b"}
        for name, values in (("body_member", member), ("body_act", act)):
            url = reverse(f"programme:{name}", args=[office.pk])
            assert client.post(url, values).status_code == 302
    assert office.members.count() == 1
    kept = Act.objects.get()
    answer = client.get(reverse("programme:act_file", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == b"1"  # type: ignore[attr-defined]


def test_a_link_that_runs_a_script_is_refused(programme: Programme, operator: Actor) -> None:
    url = reverse("programme:body_act", args=[cdo().pk])
    values = {"title": "Приказ", "date": "2019-02-28", "url": "javascript:alert(1)"}
    assert client_of(operator).post(url, values).status_code == 422
    assert not Act.objects.exists()


def test_a_member_sees_the_bodies_others_do_not(programme: Programme, operator: Actor) -> None:
    teacher = actor_for(PostFactory().person)
    client, url = client_of(teacher), reverse("programme:bodies")
    assert client.get(url).status_code == 404
    add(operator, Body.objects.get(key="council"), "", date(2020, 1, 1), person=teacher.person_id,
        role="member")  # fmt: skip
    assert client.get(url).status_code == 200
    assert client.get(reverse("programme:board")).status_code == 200


def test_bodies_cost_the_same_however_many_members(programme: Programme, operator: Actor) -> None:
    client, council = client_of(operator), Body.objects.get(key="council")
    urls = [reverse("programme:bodies"), reverse("programme:body", args=[council.pk])]

    def cost() -> list[int]:
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as found:
                assert client.get(url).status_code == 200
            counts.append(len(found))
        return counts

    add(operator, council, "Первый", date(2020, 1, 1), role="member")
    before = cost()
    for n in range(10):
        add(operator, council, f"Участник {n}", date(2020, 1, 1), role="member")
    assert cost() == before
