"""Kept reads give what the queryset gives, for whoever asks, or are not kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import CharField, Count, Func, Prefetch, Q, QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from sreda.kernel.api import Actor, Seat, kept, number_of, numbers
from sreda.kernel.kept import Kept
from sreda.registry.access import PEOPLE, POSTS
from sreda.registry.api import Organisation, Person, Post, on_day
from sreda.registry.models import Municipality

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 15)


@pytest.fixture
def schools() -> list[Organisation]:
    made = []
    for n in (1, 2):
        place = Municipality.objects.create(code=f"3270100{n}", name=f"Округ {n}", kind="urban")
        school = Organisation.objects.create(
            code=f"420000{n}", kind="school", ownership="municipal", municipality=place,
            name=f"Школа {n}", short_name=f"Школа {n}", since=date(1990, 1, 1),
        )  # fmt: skip
        made.append(school)
        for role in ("head", "teacher"):
            person = Person.objects.create(family_name=f"Иванов {n}", given_name=role)
            Post.objects.create(
                person=person, role=role, organisation=school, since=date(2020, 9, 1)
            )
    return made


def head_of(school: Organisation) -> Actor:
    person = Person.objects.get(posts__organisation=school, posts__role="head")
    seat = Seat("post:x", "head", "Директор", school.short_name, organisation_id=school.pk)
    return Actor(TODAY, uuid4(), person.pk, str(person), (seat,), seat)


def posts_with_places(organisation_id: UUID, on: date) -> QuerySet[Post]:
    return (
        Post.objects.filter(on_day(on), organisation_id=organisation_id)
        .select_related("person", "organisation__municipality", "municipality")
        .prefetch_related("teaching")
        .annotate(courses=Count("person__qualifications"))
        .order_by("role")
    )


def test_instances_with_what_belongs_to_them(schools: list[Organisation]) -> None:
    read = kept(posts_with_places)
    for school in (*schools, *schools):
        found = read(school.pk, TODAY)
        plain = list(posts_with_places(school.pk, TODAY))
        assert found == plain
        assert len(found) == 2
        for one, other in zip(found, plain, strict=True):
            assert one.__dict__.keys() == other.__dict__.keys()
            assert one.person.full_name == other.person.full_name
            assert one.organisation
            assert one.organisation.municipality.name[-1] in "12"
            assert one.municipality is None
            assert one.courses == 0
    assert read(schools[0].pk, date(1999, 1, 1)) == []
    assert len(read.shapes) == 1


def test_one_query_each_and_the_shape_made_once(
    schools: list[Organisation], django_assert_num_queries: Callable[..., CaptureQueriesContext]
) -> None:
    built = []

    def build(pk: UUID) -> QuerySet[Person]:
        BUILT.append(pk)  # noqa: F821 - a global: what encloses variables is refused
        return Person.objects.filter(posts__organisation_id=pk).order_by("given_name")

    build.__globals__["BUILT"] = built
    read = kept(build)
    with django_assert_num_queries(4):
        answers = [[p.given_name for p in read(s.pk)] for s in (*schools, *schools)]
    assert answers == [["head", "teacher"]] * 4
    assert len(built) == 3  # once for real and twice with stand-ins


def test_rights_are_those_of_who_asks(schools: list[Organisation]) -> None:
    read = kept(lambda actor: PEOPLE.all(actor).order_by("pk"))
    for school in (*schools, *schools):
        actor = head_of(school)
        lazy = SimpleLazyObject(lambda actor=actor: actor)
        assert read(lazy) == list(PEOPLE.all(actor).order_by("pk"))
        assert {p.family_name for p in read(actor)} == {f"Иванов {school.code[-1]}"}
    nobody = Actor(TODAY)
    assert read(nobody) == []
    operator = Actor(TODAY, uuid4(), uuid4(), "", (), Seat("", "operator", ""))
    assert len(read(operator)) == 4
    assert all(read.shapes.values())
    assert len(read.shapes) == 3


def test_lists_of_any_length_values_and_counts(schools: list[Organisation]) -> None:
    named = kept(
        lambda people: (
            Person.objects.filter(pk__in=people).order_by("pk").values_list("pk", "posts__role")
        )
    )
    people = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    for some in ([], people[:1], people, people[1:3]):
        plain = Person.objects.filter(pk__in=some).order_by("pk")
        assert named(some) == list(plain.values_list("pk", "posts__role"))
    number = kept(lambda actor: number_of(POSTS.all(actor)))
    assert number(head_of(schools[0])) == [(2,)]
    assert number(Actor(TODAY)) == []


CODE = uuid4()


@pytest.mark.parametrize(
    "build",
    [
        lambda pk, on: Post.objects.filter(since__lte=on - timedelta(days=1)),
        lambda pk, on: Post.objects.filter(since__year=on.year),
        lambda pk, on: Post.objects.filter(organisation_id=CODE, since__lte=on),
        lambda pk, on: Post.objects.filter(title=str(pk)),
        lambda pk, on: Post.objects.filter(Q(pk=pk) if on < date(2030, 1, 1) else Q()),
        lambda pk, on: Post.objects.filter(pk=pk).values_list("pk", flat=True),
    ],
)
def test_what_reckons_with_its_arguments_is_not_kept(
    build: Any, caplog: pytest.LogCaptureFixture, schools: list[Organisation]
) -> None:
    read = kept(build)
    pk = schools[0].pk
    with caplog.at_level(logging.WARNING, "sreda.kernel.kept"):
        assert read(pk, TODAY) == list(build(pk, TODAY))
    assert list(read.shapes.values()) == [None]
    assert "is not kept" in caplog.text


def test_what_encloses_variables_is_refused() -> None:
    pk = uuid4()
    with pytest.raises(TypeError, match="encloses"):
        kept(lambda: Post.objects.filter(pk=pk))
    with pytest.raises(TypeError, match="argument"):
        kept(lambda rows: rows)(Post.objects.all())


def _posts(actor: Actor) -> QuerySet[Post]:
    return number_of(POSTS.all(actor))


def _people(actor: Actor) -> QuerySet[Person]:
    return number_of(PEOPLE.all(actor))


def _nobody(actor: Actor) -> QuerySet[Person]:
    return number_of(PEOPLE.all(actor).none())


def _reckoned(actor: Actor) -> QuerySet[Post]:
    return number_of(POSTS.all(actor).filter(since__lt=actor.on + timedelta(days=1)))


def test_numbers_of_several_reads_in_one_query(
    schools: list[Organisation], django_assert_num_queries: Callable[..., Any]
) -> None:
    reads: list[Kept[int]] = [kept(_posts), kept(_nobody), kept(_people)]
    for school in schools:
        actor = head_of(school)
        expected = [POSTS.all(actor).count(), 0, PEOPLE.all(actor).count()]
        with django_assert_num_queries(1):
            assert numbers(reads, actor) == expected
    assert numbers([kept(_reckoned), *reads], head_of(schools[0])) == [2, 2, 0, 2]
    assert numbers([], head_of(schools[0])) == []


def test_the_server_keeps_what_is_asked_again(schools: list[Organisation]) -> None:
    read = kept(posts_with_places)
    for school in schools * 2:
        read(school.pk, TODAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert any("registry_post" in text for (text,) in cursor.fetchall())


def with_mark(organisation_id: UUID) -> QuerySet[Post, tuple[Any, ...]]:
    """The function takes values of any type: beside the text the constant has none."""
    mark = Func("title", Value("!"), function="CONCAT", output_field=CharField())
    return Post.objects.filter(organisation_id=organisation_id).values_list("role", mark)


def test_what_the_server_cannot_prepare_is_kept_all_the_same(schools: list[Organisation]) -> None:
    read = kept(with_mark)
    assert read(schools[0].pk) == list(with_mark(schools[0].pk))
    (shape,) = read.shapes.values()
    assert shape is not None
    assert not shape.prepared
    assert read(schools[1].pk) == list(with_mark(schools[1].pk))


def with_own(person_id: UUID) -> QuerySet[Person]:
    own = Post.objects.filter(person_id=person_id)
    return Person.objects.prefetch_related(Prefetch("posts", own, "own"))


def test_a_prefetch_of_its_own_would_keep_values(
    schools: list[Organisation], caplog: pytest.LogCaptureFixture
) -> None:
    read = kept(with_own)
    for person in Person.objects.all():
        found = {one.pk: one.own for one in read(person.pk)}
        assert [post.person_id for post in found.pop(person.pk)] == [person.pk]
        assert not any(found.values())
    assert "prefetch" in caplog.text
