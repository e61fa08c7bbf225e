"""Packs are checked and loaded, and checked again after decisions, behind the page, by the worker.

A worker that dies leaves nothing half done: the outcome is written in one transaction, and its
lock goes with its connection. The work is then taken up again; twice at most.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from sreda.kernel.api import at_work
from sreda.programme.domain import findings
from sreda.programme.domain.findings import Told
from sreda.programme.domain.packs import check_load, confirm
from sreda.programme.enums import LoadStatus
from sreda.programme.models import PackLoad, Programme
from sreda.registry.api import actor_again

log = logging.getLogger(__name__)

AT_WORK = (LoadStatus.CHECKING, LoadStatus.LOADING)
# What was asked longer ago than this, and nobody works on, is taken up again.
LOST = timedelta(seconds=30)
MOST_ATTEMPTS = 2


def run(pk: UUID, *, at: datetime) -> None:
    """Check or load what waits for it, unless somebody does or did."""
    with at_work(_name(pk)) as held:
        load = PackLoad.objects.filter(pk=pk, status__in=AT_WORK).select_related("file").first()
        if not held or load is None:
            return
        if load.attempts >= MOST_ATTEMPTS:
            _fail(load, _("The work was broken off twice. Nothing of it was written."))
            return
        PackLoad.objects.filter(pk=pk).update(attempts=F("attempts") + 1, percent=0)
        try:
            _do(load, at)
        except ValidationError as error:
            _fail(load, " ".join(error.messages))
        except PermissionDenied:
            _fail(load, _("You no longer hold the post that allows this."))
        except Exception:
            log.exception("pack %s failed", pk)
            _fail(load, _("Something went wrong on our side. Nothing was written."))


def _do(load: PackLoad, at: datetime) -> None:
    if load.status == LoadStatus.CHECKING:
        check_load(load, at=at, told=_teller(load.pk))
        return
    assert load.asked_by is not None
    actor = actor_again(load.asked_by, load.seat, at)
    confirm(load=load.pk, actor=actor, at=at, with_bad=load.with_bad, told=_teller(load.pk))


def _fail(load: PackLoad, reason: str) -> None:
    """A pack that could not be checked is refused; one that could not be loaded still waits."""
    checking = load.status == LoadStatus.CHECKING
    PackLoad.objects.filter(pk=load.pk, status=load.status).update(
        status=LoadStatus.REFUSED if checking else LoadStatus.STAGED,
        trouble=reason[:2000],
        attempts=0,
    )


def _teller(pk: UUID) -> Told:
    return _by_fives(lambda percent: PackLoad.objects.filter(pk=pk).update(percent=percent))


def _rechecking(pk: UUID) -> Told:
    waiting = Programme.objects.filter(pk=pk)
    return _by_fives(lambda percent: waiting.update(recheck_percent=percent))


def _by_fives(write: Callable[[int], object]) -> Told:
    said = 0

    def told(percent: int) -> None:
        nonlocal said
        if percent >= said + 5:
            said = percent
            write(percent)

    return told


def lost(at: datetime) -> list[UUID]:
    """Loads whose worker died, or whose job was lost on its way: those to run again."""
    waiting = PackLoad.objects.filter(status__in=AT_WORK, asked_at__lt=at - LOST)
    return [pk for pk in waiting.values_list("pk", flat=True) if _free(_name(pk))]


def _name(pk: UUID) -> str:
    return f"programme.pack:{pk}"


def recheck(pk: UUID, *, at: datetime) -> None:
    """Work decisions on findings into the document, unless somebody does or did."""
    with at_work(_recheck_name(pk)) as held:
        asked = Programme.objects.filter(pk=pk, recheck_asked_at__isnull=False)
        programme = asked.first()
        if not held or programme is None:
            return
        if programme.recheck_attempts >= MOST_ATTEMPTS:
            _leave(programme, _("The check was broken off twice."))
            return
        asked.update(recheck_attempts=F("recheck_attempts") + 1, recheck_percent=0)
        try:
            findings.recheck(pk, at=at, told=_rechecking(pk))
        except Exception:
            log.exception("checking %s again failed", pk)
            _leave(programme, _("Something went wrong on our side."))


def _leave(programme: Programme, reason: str) -> None:
    """What was decided stays; the page says that the document is not checked, and offers it."""
    asked = Programme.objects.filter(pk=programme.pk, recheck_asked_at=programme.recheck_asked_at)
    asked.update(recheck_asked_at=None, recheck_trouble=reason, recheck_attempts=0)


def lost_rechecks(at: datetime) -> list[UUID]:
    """Documents that wait to be checked again, and nobody does."""
    waiting = Programme.objects.filter(recheck_asked_at__lt=at - LOST)
    return [pk for pk in waiting.values_list("pk", flat=True) if _free(_recheck_name(pk))]


def _recheck_name(pk: UUID) -> str:
    return f"programme.recheck:{pk}"


def _free(name: str) -> bool:
    with at_work(name) as free:
        return free
