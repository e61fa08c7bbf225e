"""Packages are looked through and taken over behind the page, by the worker.

Each entry of a package lands in a transaction of its own, and an entry that is there already
changes nothing: so a job that was cut off is simply begun again from its file. While it runs, a
lock of the database's session says that its worker lives.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain import packages
from sreda.assessment.enums import PackageStatus
from sreda.assessment.models import PackageImport
from sreda.kernel import clock
from sreda.kernel.api import Actor, StoredFile, at_work, path_of
from sreda.registry.api import actor_again

log = logging.getLogger(__name__)

LOST = timedelta(seconds=30)
FORGOTTEN = timedelta(minutes=3)
KEPT = timedelta(days=7)
MOST_ATTEMPTS = 3
STEP = 0.5  # seconds between two words about the progress


def hand_in(
    file: StoredFile, *, organisation_id: UUID | None, actor: Actor, at: datetime, key: UUID
) -> tuple[PackageImport, bool]:
    """A package to be looked through, and whether it is new: `key` twice is one."""
    if actor.user_id is None or actor.seat is None:
        raise PermissionDenied
    return PackageImport.objects.get_or_create(
        pk=key,
        defaults={
            "file": file, "organisation_id": organisation_id, "made_at": at, "beat_at": at,
            "made_by": actor.user_id, "seat": actor.seat.key,
        },
    )  # fmt: skip


def ask(imported: PackageImport, *, ready: bool, at: datetime) -> bool:
    """Have it taken over; False where that is asked already or it is not looked through."""
    rows = PackageImport.objects.filter(pk=imported.pk, status=PackageStatus.LOOKED)
    return bool(rows.update(
        status=PackageStatus.WAITING, applies=True, ready=ready, beat_at=at, percent=0, attempts=0
    ))  # fmt: skip


def is_lost(imported: PackageImport, at: datetime) -> bool:
    return imported.status == PackageStatus.RUNNING and imported.beat_at < at - LOST


def try_again(imported: PackageImport, *, at: datetime) -> bool:
    """Back in line: one that failed, or that nobody works on."""
    with at_work(_name(imported.pk)) as mine:
        rows = PackageImport.objects.filter(
            pk=imported.pk, status__in=[PackageStatus.FAILED, PackageStatus.RUNNING]
        )
        return mine and bool(
            rows.update(status=PackageStatus.WAITING, reason="", attempts=0, beat_at=at)
        )


def take_up_lost(at: datetime) -> list[UUID]:
    """Those whose worker died, to be run anew; after some attempts they are given up. So are
    those that were never begun. Run twice, the work is done once."""
    again: list[UUID] = []
    lost = PackageImport.objects.filter(status=PackageStatus.RUNNING, beat_at__lt=at - LOST)
    for one in list(lost):
        with at_work(_name(one.pk)) as mine:
            if not mine:
                continue
            if one.attempts >= MOST_ATTEMPTS:
                _fail(one.pk, _("The work was broken off several times. What had landed stays."))
            else:
                PackageImport.objects.filter(pk=one.pk).update(
                    status=PackageStatus.WAITING, beat_at=at
                )
                again.append(one.pk)
    waiting = PackageImport.objects.filter(status=PackageStatus.WAITING, beat_at__lt=at - FORGOTTEN)
    for pk in list(waiting.values_list("pk", flat=True)):
        again += [pk] * waiting.filter(pk=pk).update(beat_at=at)
    return again


def forget(at: datetime) -> int:
    """Old hand-ins go, and with them the claim on their files."""
    return PackageImport.objects.filter(made_at__lt=at - KEPT).delete()[0]


def run(pk: UUID, *, at: datetime) -> None:
    """Do the work, unless somebody does or did it."""
    claimed = PackageImport.objects.filter(pk=pk, status=PackageStatus.WAITING).update(
        status=PackageStatus.RUNNING, beat_at=at, percent=0
    )
    if not claimed:
        return
    with at_work(_name(pk)) as mine:
        if not mine:
            return
        one = PackageImport.objects.select_related("file").get(pk=pk)
        one.attempts += 1
        one.save(update_fields=["attempts"])
        try:
            _work(one, at)
        except qti.QtiError as error:
            _fail(pk, error.issue.text(_))
        except ValidationError as error:
            _fail(pk, " ".join(error.messages))
        except PermissionDenied:
            _fail(pk, _("You no longer hold the post that allows this."))
        except FileNotFoundError:
            _fail(pk, _("The file is not kept any more. Hand it in again."))
        except Exception:
            log.exception("package %s failed", pk)
            _fail(pk, _("Something went wrong on our side. What had landed stays."))


def _work(one: PackageImport, at: datetime) -> None:
    actor = actor_again(one.made_by, one.seat, at)
    told = _teller(one.pk)
    judged = packages.judge(
        path_of(one.file), one.file.name, organisation_id=one.organisation_id, told=told
    )
    if not one.applies:
        one.found, one.status = packages.to_json(judged), PackageStatus.LOOKED
        one.save(update_fields=["found", "status"])
        return
    # what an earlier try of this job took is as in the bank now; it was new when looked through
    before = {entry.path: entry.state for entry in packages.entries_of(one.found)}
    done = packages.take_over(
        judged, organisation_id=one.organisation_id, actor=actor, at=at, ready=one.ready, told=told
    )
    refused = {entry.path: said for entry, said in done.refused}
    landed = [
        before.get(entry.path, entry.state)
        for entry in judged.entries
        if entry.state != packages.WRONG and entry.path not in refused
    ]
    one.done = {
        **{state: landed.count(state) for state in (packages.NEW, packages.CHANGED, packages.SAME)},
        "refused": [[path, said] for path, said in refused.items()],
    }
    judged.entries = [
        replace(entry, state=packages.SAME, items=())
        if entry.state != packages.WRONG and entry.path not in refused
        else entry
        for entry in judged.entries
    ]
    one.found, one.status = packages.to_json(judged), PackageStatus.TAKEN
    one.save(update_fields=["found", "done", "status"])


def _fail(pk: UUID, reason: str) -> None:
    PackageImport.objects.filter(pk=pk).update(status=PackageStatus.FAILED, reason=reason[:2000])


def _teller(pk: UUID) -> Callable[[int], None]:
    """Says how far the work is, and that it goes on, a few times a second at most."""
    last = 0.0

    def tell(percent: int) -> None:
        nonlocal last
        if time.monotonic() - last >= STEP:
            last = time.monotonic()
            PackageImport.objects.filter(pk=pk).update(percent=percent, beat_at=clock.now())

    return tell


def _name(pk: UUID) -> str:
    return f"assessment.package:{pk}"
