"""Two records of one person, merged and parted again; what follows from it is delivered."""

from __future__ import annotations

from datetime import UTC, datetime

from sreda.kernel.domain.outbox import deliver_pending
from sreda.registry.api import Person
from sreda.registry.domain.merge import merge_people, undo_merge
from sreda.registry.models import Merge

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def merged(kept: Person, other: Person) -> Merge:
    done = merge_people(kept, other, values={}, reason="Одно лицо", actor=None, at=AT)
    deliver_pending(at=AT)
    return done


def undone(merge: Merge) -> None:
    undo_merge(merge, reason="Ошибка", actor=None, at=AT)
    deliver_pending(at=AT)
