"""Whose people are whose: the kept pairs and counts are what posts and enrolments say."""

from __future__ import annotations

import threading
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum

from sreda.kernel.api import Actor, Seat
from sreda.registry.access import PEOPLE
from sreda.registry.models import (
    Enrolment,
    Municipality,
    Organisation,
    Person,
    PersonPlace,
    PlaceCount,
    Post,
)
from sreda.registry.queries.people import count_in_municipality, count_in_region

pytestmark = pytest.mark.django_db
SINCE = date(2020, 9, 1)

TRUE = """
SELECT o.municipality_id, e.person_id FROM registry_enrolment e
  JOIN registry_organisation o ON o.id = e.organisation_id
 UNION SELECT o.municipality_id, s.person_id FROM registry_post s
  JOIN registry_organisation o ON o.id = s.organisation_id
 UNION SELECT municipality_id, person_id FROM registry_post WHERE municipality_id IS NOT NULL
"""


def place(number: int) -> Municipality:
    return Municipality.objects.create(
        code=f"3270100{number}", name=f"Округ {number}", kind="urban"
    )


def school(number: int, where: Municipality) -> Organisation:
    return Organisation.objects.create(
        code=f"420000{number}", kind="school", ownership="municipal", municipality=where,
        name=f"Школа {number}", short_name=f"Школа {number}", since=date(1990, 1, 1),
    )  # fmt: skip


def pairs() -> set[tuple[UUID, UUID]]:
    """What is kept; checked against the records themselves, and the counts against it."""
    kept = set(PersonPlace.objects.values_list("municipality_id", "person_id"))
    with connection.cursor() as cursor:
        cursor.execute(TRUE)
        assert kept == set(cursor.fetchall())
    for where in Municipality.objects.all():
        counted = PlaceCount.objects.filter(municipality=where).aggregate(
            n=Sum("people", default=0)
        )
        assert counted["n"] == sum(m == where.pk for m, _person in kept)
    listed = Person.objects.filter(merged_into=None)
    assert count_in_region().number() == listed.count()
    return kept


def enrol(person: Person, where: Organisation, since: date = SINCE) -> Enrolment:
    return Enrolment.objects.create(person=person, organisation=where, role="pupil", since=since)


def test_pairs_come_and_go_with_posts_and_enrolments() -> None:
    one, two = place(1), place(2)
    first, other, far = school(1, one), school(2, one), school(3, two)
    person = Person.objects.create(family_name="Иванов", given_name="Пётр")
    assert pairs() == set()
    here = enrol(person, first)
    also = enrol(person, other)
    assert pairs() == {(one.pk, person.pk)}
    here.delete()
    assert pairs() == {(one.pk, person.pk)}
    also.until = date(2021, 5, 25)  # who left stays in the list
    also.save()
    assert pairs() == {(one.pk, person.pk)}
    also.organisation = far
    also.save()
    assert pairs() == {(two.pk, person.pk)}
    post = Post.objects.create(person=person, role="coordinator", municipality=one, since=SINCE)
    assert pairs() == {(one.pk, person.pk), (two.pk, person.pk)}
    post.delete()
    job = Post.objects.create(person=person, role="teacher", organisation=first, since=SINCE)
    far.municipality = one
    far.save()
    assert pairs() == {(one.pk, person.pk)}
    job.delete()
    Enrolment.objects.all().delete()
    assert pairs() == set()


def test_many_at_once_moved_records_and_folded_counts() -> None:
    one, two = place(1), place(2)
    first, far = school(1, one), school(2, two)
    people = Person.objects.bulk_create(
        Person(family_name=f"Иванов {n}", given_name="Пётр") for n in range(40)
    )
    Enrolment.objects.bulk_create(
        Enrolment(person=p, organisation=where, role="pupil", since=SINCE)
        for p in people
        for where in (first, far)
    )
    assert len(pairs()) == 80
    Enrolment.objects.filter(organisation=far, person=people[1]).update(
        person=people[0], since=date(2019, 1, 1), until=date(2019, 2, 1)
    )
    assert (two.pk, people[1].pk) not in pairs()
    PlaceCount.objects.bulk_create([PlaceCount(municipality=one, people=n) for n in (1, -1)] * 300)
    for n in range(30):
        enrol(people[n], school(10 + n, one))
    Enrolment.objects.filter(organisation=first).delete()
    pairs()
    assert PlaceCount.objects.count() < 700


def test_a_coordinator_lists_counts_and_sees_the_municipality_alone() -> None:
    one, two = place(1), place(2)
    mine, theirs = (
        Person.objects.create(family_name=name, given_name="Пётр") for name in ("Иванов", "Петров")
    )
    enrol(mine, school(1, one))
    enrol(theirs, school(2, two))
    merged = Person.objects.create(family_name="Иванов", given_name="Петр", merged_into=mine)
    enrol(merged, school(3, one))
    me = Person.objects.create(family_name="Кузнецова", given_name="Анна")
    Post.objects.create(person=me, role="coordinator", municipality=one, since=SINCE)
    seat = Seat("post:x", "coordinator", "", one.name, municipality_id=one.pk)
    actor = Actor(date(2026, 9, 15), uuid4(), me.pk, "", (seat,), seat)
    assert set(PEOPLE.all(actor)) == {mine, merged, me}
    assert count_in_municipality(one.pk).number() == 2
    assert not PEOPLE.may(actor, "view", theirs)


def test_the_region_counts_who_comes_is_merged_and_goes() -> None:
    names = [Person(family_name="Иванов", given_name=str(n)) for n in range(20)]
    people = Person.objects.bulk_create(names)
    assert count_in_region().number() == 20
    Person.objects.filter(pk__in=[p.pk for p in people[10:]]).update(merged_into=people[0])
    Person.objects.filter(pk=people[1].pk).update(family_name="Петров")
    assert count_in_region().number() == 10
    Person.objects.filter(pk__in=[p.pk for p in people[8:12]]).delete()
    Person.objects.filter(pk=people[12].pk).update(merged_into=None)
    assert count_in_region().number() == Person.objects.filter(merged_into=None).count() == 9


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_lose_no_pair() -> None:
    """One takes a person's last enrolment away while another, not yet done, adds one."""
    where = place(1)
    first, second = school(1, where), school(2, where)
    person = Person.objects.create(family_name="Иванов", given_name="Пётр")
    leaving = enrol(person, first)
    gone = threading.Event()

    def leave() -> None:
        try:
            leaving.delete()
            gone.set()
        finally:
            connections.close_all()

    with transaction.atomic():
        enrol(person, second)
        other = threading.Thread(target=leave)
        other.start()
        assert not gone.wait(0.5)  # it waits for us
    other.join(10)
    assert gone.is_set()
    assert pairs() == {(where.pk, person.pk)}
