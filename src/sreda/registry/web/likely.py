"""The question before a person is entered: is it one of these, who are in the registry already?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from sreda.kernel.api import Actor, uuid7
from sreda.registry.models import Person
from sreda.registry.queries.people import add_places, likely_duplicates
from sreda.registry.web.base import places_of

SHOWN = 10
LOOKED_AT = 500


class Likely:
    """Records like the one being entered, as far as the actor may see them: of the others the
    page says nothing, not even that there are any. `key` is the record this very form has made.

    `who` of the form answers: a record's key, or `another`, which names the records shown, so
    that it answers for no others.
    """

    def __init__(
        self,
        request: HttpRequest,
        actor: Actor,
        values: Mapping[str, Any],
        seen: QuerySet[Person],
        key: UUID | None,
    ) -> None:
        person = Person(pk=uuid7(), **values)
        ids = [pk for pk in likely_duplicates(person, on=actor.on, limit=LOOKED_AT) if pk != key]
        made = key is not None and Person.objects.filter(pk=key).exists()
        found = {p.pk: p for p in seen.filter(pk__in=ids)} if ids else {}
        add_places(found.values(), actor)
        people = [found[pk] for pk in ids if pk in found][:SHOWN]
        self.people = [] if made else people
        shown = ",".join(sorted(str(person.pk) for person in self.people))
        self.another = f"another-{hashlib.sha256(shown.encode()).hexdigest()[:16]}"
        self.who = request.POST.get("who", "")
        self.taken = next((p for p in self.people if str(p.pk) == self.who), None)
        self.settled = not self.people or self.taken is not None or self.who == self.another

    def __bool__(self) -> bool:
        return bool(self.people)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {"person": p, "places": places_of(p), "chosen": p is self.taken} for p in self.people
        ]
