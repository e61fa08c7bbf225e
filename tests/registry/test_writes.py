"""Writes of the registry below the pages: history by day, terms, races, double submissions."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from tests.factories import (
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
    seated,
)

from sreda.kernel.api import AuditEntry, Revision, history_of
from sreda.registry.api import Organisation, OrganisationSize, Person, Post, Role, User
from sreda.registry.domain import accounts, organisations, people, posts
from sreda.registry.domain.changes import Stale
from sreda.registry.queries.past import states_on
from sreda.registry.receivers import recount

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NAMES = {"family_name": "Ветрова", "given_name": "Инна", "birth_date": date(1990, 1, 1)}


def change(person: Person, on: date, **values: Any) -> Person:
    return people.change_person(
        person,
        edition=Person.objects.get(pk=person.pk).edition,
        values=values,
        effective_on=on,
        actor=None,
        at=AT,
    )


def on(person: Person, day: date) -> dict[str, Any]:
    return states_on([person], people.FIELDS, day)[person.pk]


# ---- history


def test_a_person_is_seen_as_they_were_on_each_day() -> None:
    person = PersonFactory(family_name="Первая", phone="1")
    change(person, date(2020, 1, 1), family_name="Вторая")
    change(person, date(2024, 1, 1), family_name="Третья")
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2023, 12, 31), date(2024, 1, 1)]
    assert [on(person, d)["family_name"] for d in days] == ["Первая", "Вторая", "Вторая", "Третья"]
    assert on(person, date(1950, 1, 1))["family_name"] == "Первая"


def test_a_change_dated_back_enters_the_later_states_too() -> None:
    person = PersonFactory(family_name="Первая", phone="1")
    change(person, date(2024, 1, 1), family_name="Вторая")
    change(person, date(2022, 1, 1), phone="2")
    assert (on(person, date(2021, 1, 1))["phone"], on(person, date(2023, 1, 1))["phone"]) == (
        "1",
        "2",
    )
    assert on(person, date(2023, 1, 1))["family_name"] == "Первая"
    assert on(person, date(2025, 1, 1)) == on(person, date(2026, 11, 20))
    person.refresh_from_db()
    assert (person.family_name, person.phone) == ("Вторая", "2")


def test_a_change_dated_before_a_later_one_of_the_same_field_is_refused() -> None:
    person = PersonFactory(family_name="Первая")
    change(person, date(2024, 1, 1), family_name="Вторая")
    with pytest.raises(ValidationError) as refused:
        change(person, date(2022, 1, 1), family_name="Третья")
    assert "01.01.2024" in str(refused.value)
    person.refresh_from_db()
    assert person.family_name == "Вторая"


def test_a_change_of_the_future_is_refused() -> None:
    with pytest.raises(ValidationError):
        change(PersonFactory(), date(2026, 11, 21), family_name="Завтрашняя")


def test_a_change_of_nothing_leaves_no_trace() -> None:
    person = PersonFactory()
    change(person, date(2026, 1, 1), family_name=person.family_name)
    assert not Revision.objects.exists()
    assert Person.objects.get(pk=person.pk).edition == 1


def test_an_edition_grows_and_an_old_one_is_stale() -> None:
    person = PersonFactory()
    change(person, date(2026, 1, 1), phone="1")
    with pytest.raises(Stale) as stale:
        people.change_person(
            person,
            edition=1,
            values={"phone": "2"},
            effective_on=date(2026, 1, 1),
            actor=None,
            at=AT,
        )
    assert stale.value.current.phone == "1"


def test_many_things_are_read_back_in_one_query(django_assert_num_queries: Any) -> None:
    found = [PersonFactory() for _ in range(5)]
    for person in found:
        change(person, date(2024, 1, 1), phone="1")
    with django_assert_num_queries(1):
        states = states_on(found, people.FIELDS, date(2025, 1, 1))
    assert {s["phone"] for s in states.values()} == {"1"}


# ---- what sign-in finds people by


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.HEAD])
@pytest.mark.parametrize("field", ["email", "external_id"])
def test_what_sign_in_finds_by_is_changed_by_those_who_may_give_access(
    role: str, field: str, settings: Any
) -> None:
    service = {"settings": {"person": {"claim": "x", "field": "external_id"}}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [service]}}
    leader = seated(role)
    teacher = PostFactory(organisation_id=leader.organisation_id, role=Role.TEACHER).person
    both = PostFactory(organisation_id=leader.organisation_id, role=Role.TEACHER).person
    PostFactory(person=both, role=Role.OPERATOR, organisation=None)

    def tried(person: Person, **values: str) -> Person:
        return people.change_person(
            person, edition=Person.objects.get(pk=person.pk).edition, values=values,
            effective_on=date(2026, 11, 1), actor=leader, at=AT,
        )  # fmt: skip

    with pytest.raises(ValidationError) as refused:
        tried(both, **{field: "mine@x.ru"}, phone="2")
    assert set(refused.value.message_dict) == {field}
    assert tried(both, phone="3", **{field: getattr(both, field)}).phone == "3"
    if role == Role.HEAD:
        assert getattr(tried(teacher, **{field: "hers@x.ru"}), field) == "hers@x.ru"
    else:
        with pytest.raises(ValidationError):
            tried(teacher, **{field: "hers@x.ru"})


def test_the_number_is_free_to_change_where_nobody_signs_in_by_it() -> None:
    leader = seated(Role.ADMINISTRATOR)
    teacher = PostFactory(organisation_id=leader.organisation_id, role=Role.TEACHER).person
    changed = people.change_person(
        teacher, edition=1, values={"external_id": "T-1"}, effective_on=date(2026, 11, 1),
        actor=leader, at=AT,
    )  # fmt: skip
    assert changed.external_id == "T-1"


# ---- organisations


def test_closing_ends_what_is_open_and_reopening_leaves_it() -> None:
    school = OrganisationFactory()
    post = PostFactory(organisation=school)
    learning = EnrolmentFactory(group__organisation=school)
    organisations.close_organisation(
        school, on=date(2026, 10, 1), actor=None, at=AT, reason="Приказ"
    )
    post.refresh_from_db()
    learning.refresh_from_db()
    assert post.until == learning.until == date(2026, 10, 1)
    with pytest.raises(ValidationError):
        organisations.close_organisation(school, on=date(2026, 10, 2), actor=None, at=AT, reason="")
    organisations.reopen_organisation(school, actor=None, at=AT, reason="Ошибка")
    school.refresh_from_db()
    post.refresh_from_db()
    assert (school.until, post.until) == (None, date(2026, 10, 1))
    assert history_of(school).count() == 3


def test_closing_is_refused_while_something_is_to_begin() -> None:
    school = OrganisationFactory()
    PostFactory(organisation=school, since=date(2026, 12, 1))
    with pytest.raises(ValidationError):
        organisations.close_organisation(school, on=date(2026, 11, 1), actor=None, at=AT, reason="")


# ---- posts


def give(person: Person, school: Organisation | None, since: date, **more: Any) -> Post:
    values = {"role": Role.TEACHER, "organisation": school, "since": since} | more
    key = values.pop("key", None)
    return posts.give_post(person, values=values, actor=None, at=AT, key=key)


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [
        (date(2010, 1, 1), date(2015, 8, 31), True),
        (date(2010, 1, 1), date(2015, 9, 1), False),
        (date(2010, 1, 1), None, False),
        (date(2016, 1, 1), date(2016, 2, 1), False),
        (date(2020, 8, 31), None, False),
        (date(2020, 9, 1), None, True),
    ],
)
def test_terms_of_one_post_share_no_day(since: date, until: date | None, fits: bool) -> None:
    held = PostFactory(since=date(2015, 9, 1), until=date(2020, 8, 31))
    if fits:
        give(held.person, held.organisation, since, until=until)
        return
    with pytest.raises(ValidationError) as refused:
        give(held.person, held.organisation, since, until=until)
    assert "01.09.2015" in str(refused.value)


def test_a_post_lies_within_the_organisations_term() -> None:
    school = OrganisationFactory(since=date(2000, 9, 1), until=date(2020, 6, 30))
    person = PersonFactory()
    for since, until in ((date(1999, 1, 1), date(2001, 1, 1)), (date(2019, 1, 1), None)):
        with pytest.raises(ValidationError):
            give(person, school, since, until=until)
    give(person, school, date(2019, 1, 1), until=date(2020, 6, 30))


def test_the_same_key_makes_one_post_and_one_person() -> None:
    key, school = uuid4(), OrganisationFactory()
    one = people.add_person(values=NAMES, actor=None, at=AT, key=key)
    assert people.add_person(values=NAMES, actor=None, at=AT, key=key) == one
    post = give(one, school, date(2020, 1, 1), key=key)
    assert give(one, school, date(2020, 1, 1), key=key) == post
    assert AuditEntry.objects.count() == 2


def test_a_post_ends_once_and_not_before_it_began() -> None:
    post = PostFactory(since=date(2020, 1, 1))
    with pytest.raises(ValidationError):
        posts.end_post(post, on=date(2019, 12, 31), actor=None, at=AT)
    posts.end_post(post, on=date(2026, 1, 1), actor=None, at=AT)
    posts.end_post(post, on=date(2026, 1, 1), actor=None, at=AT)
    with pytest.raises(ValidationError):
        posts.end_post(post, on=date(2026, 2, 1), actor=None, at=AT)
    assert AuditEntry.objects.filter(action="registry.post.ended").count() == 1


def test_a_category_is_seen_as_of_a_day() -> None:
    post = PostFactory(category="none")
    posts.change_post(
        post,
        seen=posts.seal_of(post),
        values={"category": "highest"},
        effective_on=date(2026, 3, 1),
        actor=None,
        at=AT,
    )
    days = (date(2026, 2, 28), date(2026, 3, 1))
    found = [states_on([post], posts.FIELDS, d)[post.pk]["category"] for d in days]
    assert found == ["none", "highest"]


def test_nothing_is_given_to_a_record_merged_away() -> None:
    person = PersonFactory(merged_into=PersonFactory())
    with pytest.raises(ValidationError):
        give(person, OrganisationFactory(), date(2020, 1, 1))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_give_overlapping_posts() -> None:
    person, school = PersonFactory(), OrganisationFactory()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def attempt() -> None:
        try:
            start.wait()
            give(person, school, date(2020, 1, 1))
            outcomes.append("given")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["given", "refused"]


def test_sizes_follow_posts() -> None:
    post = PostFactory()
    recount({"person_id": str(post.person_id)}, AT)
    assert OrganisationSize.objects.get(organisation=post.organisation).teachers == 1


# ---- accounts


def test_user_names_are_latin_and_free() -> None:
    person = PersonFactory(family_name="Щукин", given_name="Яков")
    first = accounts.suggested_name(person)
    assert first.isascii()
    UserFactory(username=first)
    assert accounts.suggested_name(person) == f"{first}2"


def test_nobody_switches_off_their_own_account() -> None:
    actor = seated(Role.OPERATOR)
    person = Person.objects.get(pk=actor.person_id)
    with pytest.raises(ValidationError):
        accounts.switch_sign_in(person, allowed=False, actor=actor, at=AT)
    assert User.objects.get(person=person).is_active
