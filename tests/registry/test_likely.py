"""A person much like one in the registry: what is asked, of whom, and what stays unsaid."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)
from tests.registry.test_web import PERSON, hidden, search_duplicates_now, signed_in, url

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.registry.api import Organisation, Person, Post, Role
from sreda.registry.domain.duplicates import compare
from sreda.registry.models import DuplicatePair
from sreda.registry.receivers import look_for_the_like

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Organisation:
    return OrganisationFactory()


@pytest.fixture
def head(school: Organisation) -> Client:
    return signed_in(seated(Role.HEAD, organisation=school))


def maria(**fields: Any) -> Person:
    made: Person = PersonFactory(
        family_name="Березкина",
        given_name="Мария",
        patronymic="Олеговна",
        birth_date=date(1990, 2, 3),
        **fields,
    )
    return made


def sent(school: Organisation, **fields: str) -> dict[str, Any]:
    place = {
        "first-place": "teacher",
        "first-title": "Учитель",
        "first-organisation": str(school.pk),
        "first-since": "2024-09-01",
    }
    return PERSON | place | fields


def answers(page: str) -> list[str]:
    return re.findall(r'name="who"[^>]*value="([^"]+)"', page)


def test_who_is_in_sight_is_asked_about(head: Client, school: Organisation) -> None:
    known = PostFactory(person=maria(), organisation=school, role=Role.ADMINISTRATOR).person
    asked = head.post(url("person_add"), sent(school))
    assert asked.status_code == 422
    assert Person.objects.filter(given_name="Мария").count() == 1
    page = asked.content.decode()
    who = answers(page)
    assert who[0] == str(known.pk)
    assert len(who) == 2
    assert 'value="Берёзкина"' in page  # nothing typed is lost

    # the existing one is taken: she gets the place, and no second record is made
    taken = head.post(url("person_add"), sent(school, who=who[0]))
    assert taken.headers["Location"] == url("person", known.pk)
    assert Person.objects.filter(given_name="Мария").count() == 1
    assert Post.objects.filter(person=known, role=Role.TEACHER).count() == 1


def test_another_person_is_said_deliberately(head: Client, school: Organisation) -> None:
    known = PostFactory(person=maria(), organisation=school).person
    key = hidden(head, url("person_add"))["_key"]
    who = answers(head.post(url("person_add"), sent(school, _key=key)).content.decode())
    # an answer to another question does not count
    assert head.post(url("person_add"), sent(school, who="another-0000")).status_code == 422
    made = [head.post(url("person_add"), sent(school, _key=key, who=who[-1])) for _ in range(2)]
    assert [a.status_code for a in made] == [302, 302]
    assert Person.objects.filter(given_name="Мария").count() == 2
    newcomer = Person.objects.get(family_name="Берёзкина")
    look_for_the_like({"person_id": str(newcomer.pk)}, clock.now())
    pair = DuplicatePair.objects.get()
    assert {pair.first_id, pair.second_id} == {known.pk, newcomer.pk}
    operator = signed_in(seated(Role.OPERATOR))
    assert known.full_name in operator.get(url("duplicates")).content.decode()


def test_who_is_out_of_sight_is_not_told_of(head: Client, school: Organisation) -> None:
    """The very same answer as where there is nobody like them; the region learns of the pair."""
    hidden_one = PostFactory(person=maria()).person
    with_twin = head.post(url("person_add"), sent(school))
    alone = head.post(url("person_add"), sent(school, family_name="Сосновская", given_name="Зоя"))
    assert with_twin.status_code == alone.status_code == 302
    newcomer = Person.objects.get(family_name="Берёзкина")
    assert with_twin.headers["Location"] == url("person", newcomer.pk)
    look_for_the_like({"person_id": str(newcomer.pk)}, clock.now())
    pair = DuplicatePair.objects.get()
    assert {pair.first_id, pair.second_id} == {hidden_one.pk, newcomer.pk}


def test_one_seen_does_not_give_away_one_unseen(head: Client, school: Organisation) -> None:
    PostFactory(person=maria())
    page = head.post(url("person_add"), sent(school)).status_code
    assert page == 302
    Person.objects.filter(family_name="Берёзкина").delete()
    known = PostFactory(person=maria(), organisation=school).person
    shown = answers(head.post(url("person_add"), sent(school)).content.decode())
    assert shown[:-1] == [str(known.pk)]


def test_who_has_left_is_shown_but_not_written_to(head: Client, school: Organisation) -> None:
    gone = PostFactory(person=maria(), organisation=school, until=date(2020, 1, 1)).person
    answer = head.post(url("person_add"), sent(school, who=str(gone.pk)))
    assert answer.status_code == 422
    assert "региональный оператор" in answer.content.decode()
    assert Post.objects.filter(person=gone).count() == 1


def test_a_key_of_a_record_that_is_not_shown_is_no_answer(
    head: Client, school: Organisation
) -> None:
    PostFactory(person=maria(), organisation=school)
    stranger = PostFactory().person
    answer = head.post(url("person_add"), sent(school, who=str(stranger.pk)))
    assert answer.status_code == 422
    assert Post.objects.filter(person=stranger).count() == 1


def test_the_operator_is_asked_about_anyone() -> None:
    operator = signed_in(seated(Role.OPERATOR))
    known = PostFactory(person=maria()).person
    school = OrganisationFactory()
    asked = operator.post(url("person_add"), sent(school, family_name="Берескина"))
    assert answers(asked.content.decode())[0] == str(known.pk)
    assert (
        operator.post(url("person_add"), sent(school, birth_date="1990-02-04")).status_code == 302
    )


def test_a_new_parent_like_a_known_one_is_asked_about(head: Client, school: Organisation) -> None:
    child = EnrolmentFactory(group=ClassGroupFactory(organisation=school)).person
    known = PostFactory(person=maria(), organisation=school).person
    tie = PERSON | {"tie-kind": "mother", "tie-since": "2020-01-01"}
    who = answers(head.post(url("guardian_new", child.pk), tie).content.decode())
    assert who[0] == str(known.pk)
    assert head.post(url("guardian_new", child.pk), tie | {"who": who[0]}).status_code == 302
    assert [t.guardian for t in child.guardians.all()] == [known]


def test_a_corrected_name_leaves_the_list_and_a_dismissed_pair_stays_dismissed() -> None:
    first, second = maria(), maria()
    at = clock.now()
    for _n in range(2):
        compare(second.pk, at=at, on=clock.today())
    pair = DuplicatePair.objects.get()
    DuplicatePair.objects.update(dismissed_at=at, reason="разные люди")
    compare(first.pk, at=at, on=clock.today())
    assert DuplicatePair.objects.get().dismissed_at is not None
    DuplicatePair.objects.update(dismissed_at=None, reason="")
    second.birth_date = date(1991, 2, 3)
    second.save()
    compare(second.pk, at=at, on=clock.today())
    assert not DuplicatePair.objects.filter(pk=pair.pk).exists()


# ---- taking a dismissal back


def test_a_dismissal_is_listed_and_taken_back() -> None:
    operator = signed_in(seated(Role.OPERATOR))
    first, second = maria(), maria()
    search_duplicates_now()
    pair = DuplicatePair.objects.get()
    operator.post(url("duplicate_dismiss", pair.pk), {"reason": "двойняшки"})
    listed = operator.get(url("duplicates_dismissed")).content.decode()
    assert "двойняшки" in listed
    assert first.full_name in listed
    assert operator.get(url("duplicates_dismissed"), {"q": "нет таких"}).status_code == 200
    address = url("duplicate_restore", pair.pk)
    assert operator.post(address, {"reason": ""}).status_code == 422
    assert DuplicatePair.objects.get().dismissed_at is not None
    answer = operator.post(address, {"reason": "справка оказалась чужой"})
    assert answer.headers["Location"] == url("duplicates_dismissed")
    pair.refresh_from_db()
    assert (pair.dismissed_at, pair.reason) == (None, "")
    entry = AuditEntry.objects.filter(action="registry.duplicate.doubted").first()
    assert entry is not None
    assert entry.data["reason"] == "справка оказалась чужой"
    assert entry.data["dismissed_because"] == "двойняшки"
    assert second.full_name in operator.get(url("duplicates")).content.decode()
    assert operator.post(address, {"reason": "ещё раз"}).status_code == 404
    search_duplicates_now()
    assert DuplicatePair.objects.filter(dismissed_at=None).count() == 1
