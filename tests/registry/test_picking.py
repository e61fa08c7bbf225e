"""Choosing an organisation in a form: by suggestions, and by a plain search where there is no
script."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.factories import MunicipalityFactory, OrganisationFactory, PersonFactory, seated
from tests.registry.test_web import hidden, signed_in, url

from sreda.registry.api import Organisation, Post, Role, rebuild_directory

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in(seated(Role.OPERATOR))


@pytest.fixture
def schools() -> list[Organisation]:
    found = [
        OrganisationFactory(short_name=f"МБОУ «Лицей № {n}»", name=f"Лицей № {n}")
        for n in range(101, 121)
    ]
    rebuild_directory()
    return found


def post_form(**fields: str) -> dict[str, Any]:
    return {"role": "teacher", "since": "2024-01-01", "category": "none"} | fields


def test_words_alone_come_back_as_a_list_to_choose_from(
    operator: Client, schools: list[Organisation]
) -> None:
    person, wanted = PersonFactory(), schools[7]
    address = url("post_add", person.pk)
    asked = operator.post(address, post_form(organisation="", organisation_text="лицей 108"))
    assert asked.status_code == 422
    page = asked.content.decode()
    offered = re.findall(r'type="radio" name="organisation" value="([^"]+)"', page)
    assert offered[0] == str(wanted.pk)
    answered = re.search(r'name="organisation_answered" value="([^"]+)"', page)
    assert answered
    chosen = post_form(
        organisation=offered[0],
        organisation_text="лицей 108",
        organisation_answered=answered[1],
    )
    assert operator.post(address, chosen).status_code == 302
    assert Post.objects.get(person=person).organisation == wanted


def test_a_choice_goes_with_its_name_and_not_with_other_words(
    operator: Client, schools: list[Organisation]
) -> None:
    person, first, other = PersonFactory(), schools[0], schools[1]
    address = url("post_add", person.pk)
    key = str(first.pk)
    moved_on = post_form(organisation=key, organisation_text="лицей 102")
    asked = operator.post(address, moved_on)
    assert asked.status_code == 422  # the words name another one than the key
    assert str(other.pk) in asked.content.decode()
    emptied = post_form(organisation=key, organisation_text="")
    assert operator.post(address, emptied).status_code == 422
    sent = post_form(organisation=key, organisation_text=first.short_name)
    assert operator.post(address, sent).status_code == 302
    other_person = PersonFactory()
    whole = post_form(organisation="", organisation_text=other.short_name.upper())
    assert operator.post(url("post_add", other_person.pk), whole).status_code == 302
    assert Post.objects.get(person=other_person).organisation == other


@pytest.mark.parametrize("key", ["", "нет", "00000000-0000-4000-8000-000000000000"])
def test_what_is_not_there_is_not_taken(
    operator: Client, schools: list[Organisation], key: str
) -> None:
    person = PersonFactory()
    sent = post_form(organisation=key, organisation_text="ъъъъъ")
    answer = operator.post(url("post_add", person.pk), sent)
    assert answer.status_code == 422
    assert "ничего не найдено" in answer.content.decode()


def test_a_place_out_of_reach_is_neither_offered_nor_taken(schools: list[Organisation]) -> None:
    here = MunicipalityFactory()
    for _n in range(14):
        OrganisationFactory(municipality=here)
    coordinator = signed_in(seated(Role.COORDINATOR, municipality=here))
    rebuild_directory()
    found = coordinator.get(url("pick_organisation"), {"q": "лицей"}).json()
    assert found == {"found": [], "more": False}
    page = coordinator.post(
        url("person_add"),
        {"first-place": "teacher", "first-organisation": str(schools[0].pk)},
    ).content.decode()
    assert schools[0].short_name not in page


def test_suggestions_begin_with_two_letters_and_say_when_there_are_more(
    operator: Client, schools: list[Organisation]
) -> None:
    def ask(text: str) -> dict[str, Any]:
        found: dict[str, Any] = operator.get(url("pick_organisation"), {"q": text}).json()
        return found

    assert ask("л")["found"] == []
    many = ask("лиц")
    assert (len(many["found"]), many["more"]) == (12, True)
    one = ask("лицей 115")
    assert one["found"][0]["label"] == "МБОУ «Лицей № 115»"
    assert one["found"][0]["note"]
    schools[14].until = date(2020, 1, 1)
    schools[14].save()
    assert schools[14].short_name not in str(ask("лицей 115"))


def test_a_form_is_as_light_for_two_hundred_places_as_for_twenty(
    operator: Client, schools: list[Organisation]
) -> None:
    def ask() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as taken:
            answer = operator.get(url("person_add"))
        return len(taken), len(answer.content)

    ask()
    queries, size = ask()
    for _n in range(180):
        OrganisationFactory(municipality=schools[0].municipality)
    more_queries, more_size = ask()
    assert more_queries == queries
    assert abs(more_size - size) < 200


def test_a_few_places_are_a_plain_list() -> None:
    head = signed_in(seated(Role.HEAD))
    page = head.get(url("person_add")).content.decode()
    own = re.search(r'<select name="first-organisation".*?</select>', page, re.DOTALL)
    assert own
    assert re.findall(r'<option value="([^"]*)"', own[0]) == [
        str(Organisation.objects.get(posts__role=Role.HEAD).pk)
    ]  # nothing else to choose, so it is chosen
    assert "data-picker" not in page


def test_a_stale_form_shows_the_place_saved_meanwhile(
    operator: Client, schools: list[Organisation]
) -> None:
    post = Post.objects.create(
        person=PersonFactory(), role="teacher", organisation=schools[0], since=date(2024, 1, 1)
    )
    address = url("post_edit", post.pk)
    carried = hidden(operator, address)
    Post.objects.filter(pk=post.pk).update(organisation=schools[3])
    sent = carried | post_form(
        organisation=str(schools[0].pk),
        organisation_text=schools[0].short_name,
        title="Завуч",
        effective_on="2026-01-01",
    )
    answer = operator.post(address, sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'name="organisation_text" value="{schools[3].short_name}"' in page
    assert f'name="organisation" value="{schools[3].pk}"' in page
