"""What people answer for follows their records when two of them become one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.factories import PersonFactory, seated
from tests.merging import AT, merged, undone
from tests.programme.kemerovo import write_kemerovo

from sreda.programme.domain import actions
from sreda.programme.domain.alarms import raise_alarms
from sreda.programme.enums import MemberRole
from sreda.programme.models import Action, Body, Membership
from sreda.registry.api import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def action() -> Action:
    write_kemerovo(datetime(2018, 11, 1, tzinfo=UTC))
    Action.objects.exclude(key="M1").update(status="dropped")
    return Action.objects.get(key="M1")


def owner_of(action: Action) -> object:
    return Action.objects.get(pk=action.pk).owner_id


def test_alarms_find_whoever_answers_for_the_measure(action: Action) -> None:
    """A merged record can neither sign in nor be told anything."""
    twin, kept = seated(Role.HEAD).person_id, PersonFactory()
    Action.objects.filter(pk=action.pk).update(owner=twin)
    merge = merged(kept, Action.objects.get(pk=action.pk).owner)
    assert owner_of(action) == kept.pk
    assert raise_alarms(at=datetime(2019, 3, 10, 5, tzinfo=UTC)) == 1
    undone(merge)
    assert owner_of(action) == twin
    assert not Action.objects.exclude(owner_was=None).exists()


def test_duties_follow_link_by_link(action: Action) -> None:
    first, second, third = (PersonFactory() for _n in range(3))
    Action.objects.filter(pk=action.pk).update(owner=first)
    one, other = merged(second, first), merged(third, second)
    assert owner_of(action) == third.pk
    undone(other)
    assert owner_of(action) == second.pk
    undone(one)
    assert owner_of(action) == first.pk


def test_an_owner_named_since_stays(action: Action) -> None:
    first, second = PersonFactory(), PersonFactory()
    another = seated(Role.HEAD).person_id
    Action.objects.filter(pk=action.pk).update(owner=first)
    merge = merged(second, first)
    action.refresh_from_db()
    actions.set_owner(
        action=action.pk, edition=action.edition, owner=another, actor=seated(Role.OPERATOR), at=AT
    )
    undone(merge)
    assert owner_of(action) == another


def test_a_place_in_a_body_follows_too(action: Action) -> None:
    first, second, third = (PersonFactory() for _n in range(3))
    body = Body.objects.filter(programme=action.programme).first()
    place = Membership.objects.create(
        body=body, person=first, name="Иванов И. И.", role=MemberRole.MEMBER, since=date(2019, 1, 1)
    )

    def whose() -> object:
        return Membership.objects.get(pk=place.pk).person_id

    one, other = merged(second, first), merged(third, second)
    assert whose() == third.pk
    undone(other)
    assert whose() == second.pk
    undone(one)
    assert whose() == first.pk
    assert not Membership.objects.exclude(written_as=None).exists()
