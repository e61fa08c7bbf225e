"""Attempts follow the records of one person that are merged, and go back when it is undone."""

from __future__ import annotations

import pytest

from sreda.assessment.models import Attempt
from sreda.kernel.domain.outbox import deliver_pending
from sreda.registry.api import Person
from tests.assessment.sittings import open_attempt
from tests.factories import PersonFactory
from tests.merging import AT, merged, undone

pytestmark = pytest.mark.django_db


def handed_in(attempt: Attempt, person: Person, number: int) -> Attempt:
    return Attempt.objects.create(
        sitting=attempt.sitting, person=person, number=number, seed=1, started_at=AT,
        ends_at=attempt.ends_at, status="closed", closed_at=AT,
    )  # fmt: skip


def whose() -> dict[object, list[int]]:
    found: dict[object, list[int]] = {}
    for person, number in Attempt.objects.order_by("number").values_list("person", "number"):
        found.setdefault(person, []).append(number)
    return found


def test_attempts_follow_are_counted_together_and_go_back() -> None:
    first = open_attempt(AT)
    kept, other = first.person, PersonFactory()
    handed_in(first, other, 1)
    merge = merged(kept, other)
    assert whose() == {kept.pk: [1, 2]}
    deliver_pending(at=AT)  # twice moves once
    assert whose() == {kept.pk: [1, 2]}
    undone(merge)
    assert whose() == {kept.pk: [1], other.pk: [1]}
    assert not Attempt.objects.exclude(written_as=None).exists()


def test_of_two_open_attempts_the_other_one_waits() -> None:
    first = open_attempt(AT)
    other = PersonFactory()
    Attempt.objects.create(
        sitting=first.sitting, person=other, number=1, seed=1, started_at=AT, ends_at=first.ends_at
    )
    merge = merged(first.person, other)
    assert whose() == {first.person_id: [1], other.pk: [1]}
    undone(merge)
    assert whose() == {first.person_id: [1], other.pk: [1]}


def test_a_chain_of_merges_is_undone_link_by_link() -> None:
    attempt = open_attempt(AT)
    first, second, third = attempt.person, PersonFactory(), PersonFactory()
    one = merged(second, first)
    two = merged(third, second)
    assert whose() == {third.pk: [1]}
    undone(two)
    assert whose() == {second.pk: [1]}
    undone(one)
    assert whose() == {first.pk: [1]}


def test_a_test_given_by_name_follows_and_goes_back() -> None:
    sitting = open_attempt(AT).sitting
    kept, other, third = PersonFactory(), PersonFactory(), PersonFactory()
    sitting.people.set([other])
    one = merged(kept, other)
    deliver_pending(at=AT)  # twice moves once
    assert list(sitting.people.all()) == [kept]
    two = merged(third, kept)
    assert list(sitting.people.all()) == [third]
    undone(two)
    assert list(sitting.people.all()) == [kept]
    undone(one)
    assert list(sitting.people.all()) == [other]


def test_who_was_named_beside_the_other_stays_named() -> None:
    sitting = open_attempt(AT).sitting
    kept, first, second = PersonFactory(), PersonFactory(), PersonFactory()
    sitting.people.set([kept, first, second])
    merges = [merged(kept, first), merged(kept, second)]
    assert list(sitting.people.all()) == [kept]
    for merge in merges:
        undone(merge)
    assert set(sitting.people.all()) == {kept, first, second}


def test_who_is_named_by_two_merged_records_loses_one_at_a_time() -> None:
    sitting = open_attempt(AT).sitting
    kept, first, second = PersonFactory(), PersonFactory(), PersonFactory()
    sitting.people.set([first, second])
    merges = [merged(kept, first), merged(kept, second)]
    undone(merges[0])
    assert set(sitting.people.all()) == {kept, first}
    undone(merges[1])
    assert set(sitting.people.all()) == {first, second}


def test_what_the_teacher_has_taken_back_since_does_not_come_back() -> None:
    sitting = open_attempt(AT).sitting
    kept, other = PersonFactory(), PersonFactory()
    sitting.people.set([other])
    merge = merged(kept, other)
    sitting.people.clear()
    undone(merge)
    assert not sitting.people.exists()
