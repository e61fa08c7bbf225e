"""Small, whole objects for tests. Names are made up."""

from __future__ import annotations

from datetime import date

import factory
from factory.django import DjangoModelFactory

from sreda.kernel.api import Actor
from sreda.registry.api import (
    ClassGroup,
    Enrolment,
    Guardianship,
    Municipality,
    Organisation,
    Person,
    Post,
    Role,
    User,
    seats_of,
)

TODAY = date(2026, 11, 20)


class MunicipalityFactory(DjangoModelFactory[Municipality]):
    class Meta:
        model = Municipality

    code = factory.Sequence(lambda n: f"32{n:06}")
    name = factory.Sequence(lambda n: f"Городской округ {n:04}")
    kind = "urban"


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    code = factory.Sequence(lambda n: f"99{n:05}")
    kind = "school"
    ownership = "municipal"
    municipality = factory.SubFactory(MunicipalityFactory)
    name = factory.LazyAttribute(lambda o: f"Муниципальное учреждение {o.short_name}")
    short_name = factory.Sequence(lambda n: f"МБОУ «Школа № {n:04}»")
    postcode = "650000"
    locality = "Кемерово"
    address = "ул. Весенняя, д. 1"
    since = date(2000, 9, 1)


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person

    family_name = factory.Sequence(lambda n: f"Тестова{n:05}")
    given_name = "Анна"
    patronymic = "Ивановна"
    birth_date = date(1985, 3, 14)
    sex = "female"


class PostFactory(DjangoModelFactory[Post]):
    """A teacher's post; for a coordinator pass `municipality` and `organisation=None`."""

    class Meta:
        model = Post

    person = factory.SubFactory(PersonFactory)
    role = Role.TEACHER
    organisation = factory.SubFactory(OrganisationFactory)
    title = "Учитель"
    since = date(2015, 9, 1)


class ClassGroupFactory(DjangoModelFactory[ClassGroup]):
    class Meta:
        model = ClassGroup

    organisation = factory.SubFactory(OrganisationFactory)
    school_year = 2026
    grade = 7
    name = factory.Sequence(lambda n: f"7-{n}")


class EnrolmentFactory(DjangoModelFactory[Enrolment]):
    class Meta:
        model = Enrolment

    person = factory.SubFactory(PersonFactory, birth_date=date(2013, 5, 2))
    group = factory.SubFactory(ClassGroupFactory)
    organisation = factory.SelfAttribute("group.organisation")
    role = Role.PUPIL
    since = date(2026, 9, 1)


class GuardianshipFactory(DjangoModelFactory[Guardianship]):
    class Meta:
        model = Guardianship

    guardian = factory.SubFactory(PersonFactory)
    child = factory.SubFactory(PersonFactory, birth_date=date(2013, 5, 2))
    kind = "mother"
    since = date(2020, 1, 1)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    person = factory.SubFactory(PersonFactory)


def seated(role: str, *, on: date = TODAY, **post: object) -> Actor:
    """An actor who holds one post of this role; `post` are the post's fields."""
    scope: dict[str, object] = {}
    if role in {Role.OPERATOR, Role.EXPERT}:
        scope = {"organisation": None}
    elif role == Role.COORDINATOR:
        scope = {"organisation": None, "municipality": MunicipalityFactory()}
    made = PostFactory(role=role, **(scope | post))
    return actor_for(made.person, on=on)


def actor_for(person: Person, *, on: date = TODAY) -> Actor:
    """The actor a person is, with a user of their own, in their first seat."""
    user = User.objects.filter(person=person).first() or UserFactory(person=person)
    seats = seats_of(person.pk, on)
    return Actor(
        on=on,
        user_id=user.pk,
        person_id=person.pk,
        name=person.full_name,
        seats=seats,
        seat=seats[0] if seats else None,
    )
