"""Searching the registry for records of one person, and setting apart those of two."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Min, Q
from django.utils import timezone

from sreda.kernel.api import Actor, Told, Work, audit, publish
from sreda.registry import events
from sreda.registry.models import DuplicatePair, DuplicateSearch, Person
from sreda.registry.queries.people import PAIRS, grown_up_by

_KEEP = f"""
INSERT INTO registry_duplicatepair AS pair (first_id, second_id, score, search_id, reason)
SELECT first, second, score, %(search)s, '' FROM ({PAIRS}) found
    ON CONFLICT (first_id, second_id) DO UPDATE
   SET score = excluded.score, search_id = excluded.search_id
"""  # noqa: S608 - both texts are ours


@transaction.atomic
def ask_search(*, actor: Actor | None, at: datetime) -> DuplicateSearch | None:
    """A search to be done; None while one is under way."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE registry_duplicatesearch IN SHARE ROW EXCLUSIVE MODE")
    if DuplicateSearch.objects.filter(found__isnull=True).exists():
        return None
    return DuplicateSearch.objects.create(asked_at=at, asked_by=actor.user_id if actor else None)


def run_search(pk: int, *, on: date, told: Told = lambda percent: None) -> int:
    """Compare everyone with those born on the same day, year by year; returns the pairs found."""
    born = Person.objects.aggregate(first=Min("birth_date"), last=Max("birth_date"))
    first, last = (born["first"] or on).year, (born["last"] or on).year
    for year in range(first, last + 1):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")  # the joins stay in memory
            cursor.execute(
                _KEEP,
                {
                    "search": pk,
                    "from": date(year, 1, 1),
                    "to": date(year, 12, 31),
                    "grown": grown_up_by(on),
                    "person": None,
                },
            )
        told((year - first + 1) * 100 // (last - first + 1))
    with transaction.atomic():
        DuplicatePair.objects.filter(search__lt=pk, dismissed_at__isnull=True).delete()
        found = DuplicatePair.objects.filter(search=pk).count()
        DuplicateSearch.objects.filter(pk=pk).update(found=found, percent=100)
    return found


SEARCHES = Work(
    name="registry.duplicates",
    rows=lambda: DuplicateSearch.objects.filter(found__isnull=True),
    do=lambda search, at, told: run_search(search.pk, on=timezone.localtime(at).date(), told=told),
    fail=lambda search, trouble: DuplicateSearch.objects.filter(pk=search.pk).update(
        found=0, trouble=trouble
    ),
    whole=False,
)


@transaction.atomic
def dismiss(pair: DuplicatePair, *, reason: str, actor: Actor, at: datetime) -> None:
    """These are two people: no search offers them again."""
    pair = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
    if pair.dismissed_at is not None:
        return
    pair.dismissed_at, pair.dismissed_by, pair.reason = at, actor.user_id, reason
    pair.save(update_fields=["dismissed_at", "dismissed_by", "reason"])
    for key in (pair.first_id, pair.second_id):
        audit(
            "registry.duplicate.dismissed",
            Person(pk=key),
            actor=actor,
            at=at,
            first=pair.first_id,
            second=pair.second_id,
            reason=reason,
        )
    publish(events.FoundToBeTwo(first_id=pair.first_id, second_id=pair.second_id), at=at)


@transaction.atomic
def doubt_again(pair: DuplicatePair, *, reason: str, actor: Actor, at: datetime) -> None:
    """Takes a dismissal back: the pair is to be judged again, for as long as it is alike."""
    pair = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
    if pair.dismissed_at is None:
        return
    was = {"dismissed_at": pair.dismissed_at, "dismissed_because": pair.reason}
    pair.dismissed_at, pair.dismissed_by, pair.reason = None, None, ""
    pair.save(update_fields=["dismissed_at", "dismissed_by", "reason"])
    for key in (pair.first_id, pair.second_id):
        audit(
            "registry.duplicate.doubted",
            Person(pk=key),
            actor=actor,
            at=at,
            first=pair.first_id,
            second=pair.second_id,
            reason=reason,
            **was,
        )
    publish(events.DoubtedAgain(first_id=pair.first_id, second_id=pair.second_id), at=at)


def compare(person_id: UUID, *, at: datetime, on: date) -> None:
    """Find the likely duplicates of one person anew; the pairs belong to the last search."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        return
    with transaction.atomic():
        search = DuplicateSearch.objects.first() or DuplicateSearch.objects.create(
            asked_at=at, found=0
        )
        DuplicatePair.objects.filter(
            Q(first=person) | Q(second=person), dismissed_at__isnull=True
        ).delete()
        if person.birth_date is None or person.merged_into_id:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP,
                {
                    "search": search.pk,
                    "from": person.birth_date,
                    "to": person.birth_date,
                    "grown": grown_up_by(on),
                    "person": person.pk,
                },
            )
