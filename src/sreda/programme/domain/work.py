"""Packs are checked and loaded, and checked again after decisions, behind the page."""

from __future__ import annotations

from datetime import datetime

from sreda.kernel.api import Told, Work
from sreda.programme.domain import findings
from sreda.programme.domain.packs import check_load, confirm
from sreda.programme.enums import LoadStatus
from sreda.programme.models import PackLoad, Programme
from sreda.registry.api import actor_again


def _do(load: PackLoad, at: datetime, told: Told) -> None:
    if load.status == LoadStatus.CHECKING:
        check_load(load, at=at, told=told)
        return
    assert load.asked_by is not None
    actor = actor_again(load.asked_by, load.seat, at)
    confirm(load=load.pk, actor=actor, at=at, with_bad=load.with_bad, told=told)


def _refuse(load: PackLoad, trouble: str) -> None:
    """A pack that could not be checked is refused; one that could not be loaded still waits."""
    checking = load.status == LoadStatus.CHECKING
    PackLoad.objects.filter(pk=load.pk, status=load.status).update(
        status=LoadStatus.REFUSED if checking else LoadStatus.STAGED, trouble=trouble, attempts=0
    )


def _leave(programme: Programme, trouble: str) -> None:
    """What was decided stays; the page says that the document is not checked, and offers it."""
    asked = Programme.objects.filter(pk=programme.pk, recheck_asked_at=programme.recheck_asked_at)
    asked.update(recheck_asked_at=None, recheck_trouble=trouble, recheck_attempts=0)


PACKS = Work(
    name="programme.pack",
    rows=lambda: PackLoad.objects.filter(status__in=LoadStatus.at_work()).select_related("file"),
    do=_do,
    fail=_refuse,
)
RECHECKS = Work(
    name="programme.recheck",
    rows=lambda: Programme.objects.filter(recheck_asked_at__isnull=False),
    do=lambda programme, at, told: findings.recheck(programme.pk, at=at, told=told),
    fail=_leave,
    asked="recheck_asked_at",
    attempts="recheck_attempts",
    percent="recheck_percent",
)
run, lost = PACKS.run, PACKS.lost
recheck, lost_rechecks = RECHECKS.run, RECHECKS.lost
