"""Files of packs go when their term is over; the packs themselves, their names and sums stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sreda.kernel.api import StoredFile, remove_content
from sreda.programme.domain.packs import cancel
from sreda.programme.enums import LoadStatus
from sreda.programme.models import PackLoad


def remove_old_packs(*, at: datetime, days: int) -> int:
    """Remove files whose loads were all confirmed, cancelled, refused or left lying more than
    `days` ago; what was left lying is cancelled. Returns how many."""
    due = _due(at - timedelta(days=days))
    removed = 0
    for pk in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                file = due.select_for_update(of=("self",)).filter(pk=pk).first()
                if file is not None:
                    for left in PackLoad.objects.filter(file=file, status=LoadStatus.STAGED):
                        cancel(load=left.pk, actor=None, at=at)
                    remove_content(file, at=at, days=days)
                    removed += 1
        except ValidationError:  # it was confirmed at this moment after all
            continue
    return removed


def _due(before: datetime) -> QuerySet[StoredFile]:
    """Files of loads, none of which is younger."""
    loads = PackLoad.objects.filter(file=OuterRef("pk"))
    young = Q(closed_at__gte=before) | Q(closed_at=None, staged_at__gte=before)
    return StoredFile.objects.filter(Exists(loads), ~Exists(loads.filter(young)), removed_at=None)
