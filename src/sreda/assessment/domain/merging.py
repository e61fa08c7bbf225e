"""Attempts, and tests given by name, follow the records of people that are merged, and go back
when that is undone."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from sreda.assessment.enums import AttemptStatus
from sreda.assessment.models import Attempt, GivenAs, Sitting
from sreda.registry.api import Person


def follow_merge(kept: UUID, merged: UUID) -> int:
    """The attempts of `merged` become those of `kept`, numbered after theirs; how many were moved.

    `written_as` keeps whose they were. Of two open attempts in one sitting the other one stays
    with `merged`: one person answers once at a time.
    """
    with transaction.atomic():
        if not Person.objects.filter(pk=merged, merged_into=kept).exists():
            return 0  # undone meanwhile
        _name_instead(kept, merged)
        moved = 0
        theirs = Attempt.objects.select_for_update().filter(person=merged)
        for attempt in theirs.order_by("started_at", "pk"):
            own = Attempt.objects.filter(sitting=attempt.sitting_id, person=kept)
            if attempt.status == AttemptStatus.OPEN and own.filter(status="open").exists():
                continue
            last = own.aggregate(last=Max("number"))["last"] or 0
            Attempt.objects.filter(pk=attempt.pk).update(
                person=kept, number=last + 1, written_as=attempt.written_as_id or merged
            )
            moved += 1
    return moved


def follow_undone(kept: UUID, merged: UUID) -> int:
    """What was written as `merged`, or as a record merged into it before, is theirs again."""
    with transaction.atomic():
        if Person.objects.filter(pk=merged, merged_into__isnull=False).exists():
            return 0  # merged anew meanwhile
        _name_again(kept, merged)
        names = {merged, *Person.objects.filter(merged_into=merged).values_list("pk", flat=True)}
        moved = 0
        theirs = Attempt.objects.select_for_update().filter(person=kept, written_as__in=names)
        for attempt in theirs.order_by("started_at", "pk"):
            own = Attempt.objects.filter(sitting=attempt.sitting_id, person=merged)
            last = own.aggregate(last=Max("number"))["last"] or 0
            back = None if attempt.written_as_id == merged else attempt.written_as_id
            Attempt.objects.filter(pk=attempt.pk).update(
                person=merged, number=last + 1, written_as=back
            )
            moved += 1
    return moved


def _name_instead(kept: UUID, merged: UUID) -> None:
    """Sittings given to `merged` by name are given to `kept`."""
    now, was = Person.objects.get(pk=kept), Person.objects.get(pk=merged)
    for sitting in Sitting.objects.select_for_update().filter(people=merged).order_by("pk"):
        earlier = GivenAs.objects.filter(sitting=sitting, person=kept).first()
        beside = earlier.beside if earlier else sitting.people.filter(pk=kept).exists()
        GivenAs.objects.create(sitting=sitting, person=now, was=was, beside=beside)
        sitting.people.remove(was)
        sitting.people.add(now)


def _name_again(kept: UUID, merged: UUID) -> None:
    """They are given to `merged` again; not those taken from `kept` since."""
    now, was = Person.objects.get(pk=kept), Person.objects.get(pk=merged)
    rows = GivenAs.objects.filter(person=kept, was=merged)
    for sitting in (
        Sitting.objects.select_for_update().filter(pk__in=rows.values("sitting")).order_by("pk")
    ):
        row = rows.get(sitting=sitting)
        row.delete()
        if not sitting.people.filter(pk=kept).exists():
            continue
        sitting.people.add(was)
        if not row.beside and not GivenAs.objects.filter(sitting=sitting, person=kept).exists():
            sitting.people.remove(now)
