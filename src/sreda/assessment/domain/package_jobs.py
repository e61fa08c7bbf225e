"""Packages are looked through and taken over behind the page, by the worker.

Each entry of a package lands in a transaction of its own, and an entry that is there already
changes nothing: so a job that was cut off is simply begun again from its file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain import packages
from sreda.assessment.enums import PackageStatus
from sreda.assessment.models import PackageImport
from sreda.kernel.api import Actor, StoredFile, Told, Work, path_of
from sreda.registry.api import actor_again

KEPT = timedelta(days=7)


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
    waits = {"status": PackageStatus.WAITING, "applies": True, "ready": ready}
    return bool(rows.update(**waits, **WORK.anew(at)))


def is_lost(imported: PackageImport, at: datetime) -> bool:
    return imported.status == PackageStatus.RUNNING and WORK.is_lost(imported, at)


def try_again(imported: PackageImport, *, at: datetime) -> bool:
    """Back in line: one that failed, or that nobody works on."""
    stopped = PackageImport.objects.filter(status__in=[PackageStatus.FAILED, PackageStatus.RUNNING])
    return WORK.ask_again(stopped, imported.pk, at, reason="")


def forget(at: datetime) -> int:
    """Old hand-ins go, and with them the claim on their files."""
    return PackageImport.objects.filter(made_at__lt=at - KEPT).delete()[0]


def _do(one: PackageImport, at: datetime, told: Told) -> None:
    try:
        _work(one, at, told)
    except qti.QtiError as error:
        raise ValidationError(error.issue.text(_)) from error
    except FileNotFoundError as error:
        raise ValidationError(_("The file is not kept any more. Hand it in again.")) from error


def _work(one: PackageImport, at: datetime, told: Told) -> None:
    actor = actor_again(one.made_by, one.seat, at)
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


def _fail(one: PackageImport, reason: str) -> None:
    PackageImport.objects.filter(pk=one.pk).update(status=PackageStatus.FAILED, reason=reason)


WORK = Work(
    name="assessment.package",
    rows=lambda: PackageImport.objects.filter(status__in=PackageStatus.at_work()).select_related(
        "file"
    ),
    do=_do,
    fail=_fail,
    most=3,
    whole=False,
    asked="beat_at",
    begun={"status": PackageStatus.RUNNING},
    again={"status": PackageStatus.WAITING},
)
run, take_up_lost = WORK.run, WORK.lost
