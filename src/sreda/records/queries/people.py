"""Learning records of people, as the cabinets show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import get_language, gettext

from sreda.records.models import Verb
from sreda.records.queries.statements import Cursor, Wanted, find
from sreda.records.queries.verbs import word
from sreda.records.xapi.formats import moment
from sreda.records.xapi.formatting import one_language
from sreda.records.xapi.keys import AGENT, OWN, key
from sreda.records.xapi.reading import read_json
from sreda.registry.api import Person

Json = dict[str, Any]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One statement in words."""

    at: datetime | None
    verb: str
    thing: str
    score: float | None
    success: bool | None
    source: str
    statement: Json

    @property
    def percent(self) -> float | None:
        return None if self.score is None else self.score * 100


def person_key(person_id: UUID) -> int:
    return key(AGENT, f"account {settings.SITE_ADDRESS} {person_id}")


def keys_of_person(person: Person) -> list[int]:
    """Of the person and of the records that were merged into them."""
    merged = Person.objects.filter(merged_into=person).values_list("pk", flat=True)
    return [person_key(person.pk), *(person_key(pk) for pk in merged)]


def wanted(person: Person, **more: Any) -> list[Wanted]:
    """One search for each key of the person; `verb` narrows further."""
    verb = more.pop("verb", None)
    extra = (verb,) if verb is not None else ()
    return [Wanted(keys=(own, *extra), **more) for own in keys_of_person(person)]


def page(
    searches: Sequence[Wanted], after: Cursor | None, size: int = PAGE
) -> tuple[list[Json], Cursor | None]:
    """Newest first, from all searches together; and where the next page begins."""
    found: list[tuple[datetime, Json, Cursor]] = []
    more = False
    for search in searches:
        got = find(replace(search, after=after, limit=size))
        more = more or got.more is not None
        for place, body in zip(got.places, got.bodies, strict=True):
            found.append((place.stored, read_json(body), place))
    found.sort(key=lambda item: (item[2].stored, item[2].seq), reverse=True)
    shown = found[:size]
    more = more or len(found) > size
    return [body for _at, body, _place in shown], shown[-1][2] if more and shown else None


def every(searches: Sequence[Wanted]) -> Iterator[Json]:
    """All of them, page by page, for an export."""
    after: Cursor | None = None
    while True:
        rows, after = page(searches, after, 500)
        yield from rows
        if after is None:
            return


def in_words(statement: Json) -> Row:
    languages = [get_language() or "ru", "ru", "en"]
    target = statement["object"]
    result = statement.get("result", {})
    authority = statement.get("authority", {})
    return Row(
        at=moment(statement["timestamp"]),
        verb=_said(statement["verb"].get("display"), languages) or word(statement["verb"]["id"]),
        thing=_said(target.get("definition", {}).get("name"), languages)
        or target.get("name")
        or target.get("id", ""),
        score=result.get("score", {}).get("scaled"),
        success=result.get("success"),
        source=_source(authority),
        statement=statement,
    )


def _source(authority: Json) -> str:
    account = authority.get("account", {}).get("name", "")
    return gettext("Sreda") if account == OWN else str(authority.get("name") or account)


def _said(words: Json | None, languages: Sequence[str]) -> str:
    return next(iter(one_language(words, languages).values())) if words else ""


def last_of(people: Iterable[UUID]) -> dict[UUID, datetime]:
    """When something of each was stored last; one query for a page of people."""
    numbers = {person_key(pk): pk for pk in people}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.key, r.stored FROM unnest(%s::bigint[]) AS k (key), LATERAL"
            " (SELECT stored FROM records_ref WHERE key = k.key"
            "  ORDER BY stored DESC, seq DESC LIMIT 1) r",
            [list(numbers)],
        )
        return {numbers[number]: stored for number, stored in cursor.fetchall()}


def verb_choices() -> list[tuple[str, str]]:
    languages = [get_language() or "ru", "ru", "en"]
    rows = [
        (str(v.key), _said(read_json(v.display), languages) if v.display else word(v.iri))
        for v in Verb.objects.all()[:200]
    ]
    return sorted(rows, key=lambda row: row[1].lower())
