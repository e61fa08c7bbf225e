"""Tables handed in hold personal data: when their term is over, they go."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sreda.kernel.api import StoredFile, remove_content
from sreda.registry.domain.people_import import cancel_import
from sreda.registry.domain.table_import import cancel_table
from sreda.registry.models import (
    BadRow,
    ImportJob,
    ImportStatus,
    JobStatus,
    PeopleImport,
    TableImport,
)


def remove_old_tables(*, at: datetime, days: int) -> int:
    """Remove files whose imports were all taken over, dropped or left lying more than `days` ago,
    with their staged and faulty rows; what was left lying is dropped. Returns how many."""
    due = _due(at - timedelta(days=days))
    removed = 0
    for pk in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                file = due.select_for_update(of=("self",)).filter(pk=pk).first()
                if file is not None:
                    _drop_rows(file, at)
                    remove_content(file, at=at, days=days)
                    removed += 1
        except ValidationError:  # it is being taken over at this moment after all
            continue
    return removed


def _due(before: datetime) -> QuerySet[StoredFile]:
    """Files of imports and jobs, none of which is younger or at work."""
    here = Q(file=OuterRef("pk"))
    young = Q(closed_at__gte=before) | Q(closed_at=None, staged_at__gte=before)
    at_work = Q(status__in=JobStatus.at_work())
    return StoredFile.objects.filter(
        Exists(PeopleImport.objects.filter(here))
        | Exists(TableImport.objects.filter(here))
        | Exists(ImportJob.objects.filter(here)),
        ~Exists(PeopleImport.objects.filter(here & young)),
        ~Exists(TableImport.objects.filter(here & young)),
        ~Exists(ImportJob.objects.filter(here & (Q(made_at__gte=before) | at_work))),
        removed_at=None,
    )


def _drop_rows(file: StoredFile, at: datetime) -> None:
    people = PeopleImport.objects.filter(file=file)
    tables = TableImport.objects.filter(file=file)
    for left in people.filter(status=ImportStatus.STAGED):
        cancel_import(left, actor=None, at=at)
    for lying in tables.filter(status=ImportStatus.STAGED):
        cancel_table(lying, actor=None, at=at)
    BadRow.objects.filter(Q(people_import__in=people) | Q(table_import__in=tables)).delete()
    tables.update(rows=[])
