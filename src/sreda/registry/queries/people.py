"""Finding people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from sreda.kernel.kept import kept
from sreda.kernel.permissions import Actor
from sreda.kernel.prepared import Ask, together
from sreda.registry.access import ENROLMENTS, POSTS
from sreda.registry.enums import Role
from sreda.registry.models import Enrolment, Person, Post
from sreda.registry.models.periods import on_day

_NAMES = ("family_name", "given_name", "patronymic")
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def _spellings(word: str) -> Iterator[str]:
    """The word, and with each "е" as "ё": people write them as one letter."""
    plain = word.replace("ё", "е").replace("Ё", "Е")
    yield plain
    for place, letter in enumerate(plain):
        if letter in "еЕ":
            yield plain[:place] + ("ё" if letter == "е" else "Ё") + plain[place + 1 :]


def _named(word: str) -> Q:
    found = Q(external_id__iexact=word)
    if matched := _DATE.fullmatch(word):
        day, month, year = map(int, matched.groups())
        try:
            return found | Q(birth_date=date(year, month, day))
        except ValueError:
            return found
    for spelling in _spellings(word):
        for name in _NAMES:
            found |= Q(**{f"{name}__istartswith": spelling})
    return found


def search_people(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Each word begins a family name, given name or patronymic, or is a number or birth date.

    A few are found by their indexes first, and asked only then which of them may be seen. Of a
    name that many bear the first of a list are met soon: the list is walked in its order.
    """
    named = Q()
    for word in text.split()[:6]:
        named &= _named(word)
    few = list(Person.objects.filter(named).order_by().values_list("pk", flat=True)[: MANY + 1])
    return rows.filter(pk__in=few) if len(few) <= MANY else rows.filter(named)


_IN_MUNICIPALITY = """
SELECT (SELECT coalesce(sum(people), 0) FROM registry_placecount WHERE municipality_id = %(place)s)
     - (SELECT count(*) FROM registry_person m
          JOIN registry_personplace p ON p.person_id = m.id AND p.municipality_id = %(place)s
         WHERE m.merged_into_id IS NOT NULL)
"""


_IN_REGION = """
SELECT coalesce(sum(people), 0) FROM registry_placecount WHERE municipality_id IS NULL
"""


def count_in_municipality(municipality_id: UUID) -> Ask:
    """How many records a coordinator lists: counted as they come and go (`PlaceCount`), less
    those merged into others."""
    return Ask(_IN_MUNICIPALITY, {"place": municipality_id})


def count_in_region() -> Ask:
    """How many records the department lists: counted as they come, are merged and go."""
    return Ask(_IN_REGION)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is, and where, in words."""

    role: str
    place: str
    group: str = ""


def add_places(people: Iterable[Person], actor: Actor) -> None:
    """Adds what each person is on the actor's day, as far as the actor may see it, as `standings`:
    posts, then learning, the latest first. Two queries."""
    found: dict[UUID, Any] = {}
    for person in people:
        found[person.pk] = person
        person.standings = []  # type: ignore[attr-defined]
    numbers = list(found)
    if not found:
        return
    with together([_posts_now.ask(actor, numbers), _enrolments_now.ask(actor, numbers)]):
        for person_id, role, place, municipality in _posts_now(actor, numbers):
            found[person_id].standings.append(Standing(_label(role), place or municipality or ""))
        for person_id, role, place, group in _enrolments_now(actor, numbers):
            found[person_id].standings.append(Standing(_label(role), place, group or ""))


def _label(role: str) -> str:
    return str(Role(role).label)


@kept
def _posts_now(actor: Actor, people: list[UUID]) -> QuerySet[Post, tuple[Any, ...]]:
    rows = POSTS.all(actor).filter(on_day(actor.on), person_id__in=people)
    return rows.values_list("person_id", "role", "organisation__short_name", "municipality__name")


@kept
def _enrolments_now(actor: Actor, people: list[UUID]) -> QuerySet[Enrolment, tuple[Any, ...]]:
    rows = ENROLMENTS.all(actor).filter(on_day(actor.on), person_id__in=people)
    return rows.values_list("person_id", "role", "organisation__short_name", "group__name")


MANY = 1000

# The same birth date, and the same family name or the same given name: a slip in either, a
# changed family name or a missing patronymic is found; both joins are hashed, not nested.
_WITH_PEOPLE = """
WITH people AS MATERIALIZED (
    SELECT id, birth_date, sex,
           replace(lower(family_name), 'ё', 'е') COLLATE "C" AS family,
           replace(lower(given_name), 'ё', 'е') COLLATE "C" AS given,
           replace(lower(patronymic), 'ё', 'е') AS patronymic
      FROM registry_person p
     WHERE merged_into_id IS NULL AND birth_date BETWEEN %(from)s AND %(to)s
"""
_PAIRS = """
), pairs AS (
    SELECT a.id AS first, b.id AS second,
           similarity(concat_ws(' ', a.family, a.given, a.patronymic),
                      concat_ws(' ', b.family, b.given, b.patronymic)) AS score
      FROM people a JOIN people b USING (birth_date, family)
     WHERE a.id < b.id AND (%(person)s::uuid IS NULL OR %(person)s IN (a.id, b.id))
       AND similarity(a.given, b.given) >= 0.3
       AND (a.patronymic = '' OR b.patronymic = ''
            OR similarity(a.patronymic, b.patronymic) >= 0.4)
    UNION
    SELECT a.id, b.id,
           similarity(concat_ws(' ', a.family, a.given, a.patronymic),
                      concat_ws(' ', b.family, b.given, b.patronymic))
      FROM people a JOIN people b USING (birth_date, given)
     WHERE a.id < b.id AND (%(person)s::uuid IS NULL OR %(person)s IN (a.id, b.id))
       AND (similarity(a.family, b.family) >= 0.35
            OR a.sex = 'female' AND a.patronymic <> '' AND a.patronymic = b.patronymic
               AND a.birth_date <= %(grown)s)
       AND (a.patronymic = '' OR b.patronymic = ''
            OR similarity(a.patronymic, b.patronymic) >= 0.4)
)
SELECT first, second, round(score::numeric, 2) AS score FROM pairs
"""
PAIRS = _WITH_PEOPLE + _PAIRS
# The same with one who has no record yet.
_NEWCOMER = """
    UNION ALL
    SELECT %(person)s::uuid, %(from)s::date, %(sex)s,
           replace(lower(%(family)s), 'ё', 'е') COLLATE "C",
           replace(lower(%(given)s), 'ё', 'е') COLLATE "C",
           replace(lower(%(patronymic)s), 'ё', 'е')
"""


def grown_up_by(on: date) -> date:
    """Women born by this day may have changed their family name."""
    return date(on.year - 18, 1, 1)


def likely_duplicates(person: Person, *, on: date, limit: int) -> list[UUID]:
    """Who else may be this person, the likest first. One without a record may be asked for."""
    if person.birth_date is None:
        return []
    born = person.birth_date
    values: dict[str, date | UUID | str] = {
        "from": born,
        "to": born,
        "person": person.pk,
        "grown": grown_up_by(on),
        "sex": person.sex,
        "family": person.family_name,
        "given": person.given_name,
        "patronymic": person.patronymic,
    }
    query = _WITH_PEOPLE + _NEWCOMER + _PAIRS if person._state.adding else PAIRS
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        pairs = sorted(cursor.fetchall(), key=lambda pair: -pair[2])[:limit]
    return [second if first == person.pk else first for first, second, _score in pairs]


def count_heads(organisation_id: UUID, on: date) -> dict[str, int]:
    """How many hold posts and learn in an organisation on a day, and in how many classes."""
    posts = Post.objects.filter(on_day(on), organisation_id=organisation_id)
    learners = Enrolment.objects.filter(on_day(on), organisation_id=organisation_id)
    return {
        "teachers": posts.filter(role=Role.TEACHER).values("person").distinct().count(),
        "learners": learners.values("person").distinct().count(),
        "groups": learners.exclude(group=None).values("group").distinct().count(),
    }
