"""Large tables are read and taken over behind the page, by the worker.

A job runs in one transaction together with its outcome. A worker that dies leaves nothing half
done, only a job whose pulse has stopped: that is taken up again once, then given back with a
reason and a way to try again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.kernel.api import Actor, StoredFile, path_of
from sreda.kernel.tables import unpacked_size
from sreda.registry.domain.people_import import Told, apply_import, stage_people
from sreda.registry.domain.table_import import apply_table, stage_table
from sreda.registry.domain.tables import TABLES
from sreda.registry.models import ImportJob, JobStatus, PeopleImport, TableImport
from sreda.registry.queries.seats import actor_again

log = logging.getLogger(__name__)

# Bytes, as they are to be read: a packed file is unpacked for it.
LARGE_FILE = 2 * 1024 * 1024
LARGE_UNPACKED = 20 * 1024 * 1024
MANY_ROWS = 5_000
MANY_SINGLE_ROWS = 200  # each goes the way of a single change
PULSE = 2.0  # seconds
LOST = timedelta(seconds=30)
FORGOTTEN = timedelta(minutes=3)
MOST_ATTEMPTS = 2


def is_large(file: StoredFile) -> bool:
    """Whether reading it is work for the worker; ValidationError when it cannot be read at all."""
    return file.size > LARGE_FILE or unpacked_size(path_of(file)) > LARGE_UNPACKED


def is_long(imported: PeopleImport | TableImport) -> bool:
    """Whether taking it over is work for the worker."""
    many = MANY_ROWS if isinstance(imported, PeopleImport) else MANY_SINGLE_ROWS
    return imported.new + imported.changed > many


def start_job(
    file: StoredFile,
    *,
    actor: Actor,
    at: datetime,
    imported: PeopleImport | TableImport | None = None,
    kind: str = "people",
    only_good: bool = False,
) -> tuple[ImportJob, bool]:
    """A job to read a file, or to take over `imported`; and whether it is a new one: the same
    asked twice is one job."""
    if actor.user_id is None or actor.seat is None:
        raise PermissionDenied
    made = ImportJob(
        file=file, digest=file.sha256, kind=kind, applies=imported is not None,
        people_import=imported if isinstance(imported, PeopleImport) else None,
        table_import=imported if isinstance(imported, TableImport) else None,
        only_good=only_good, made_at=at, made_by=actor.user_id, seat=actor.seat.key, beat_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        running = ImportJob.objects.filter(status__in=[JobStatus.WAITING, JobStatus.RUNNING])
        if imported is not None:
            field = "people_import" if isinstance(imported, PeopleImport) else "table_import"
            return running.get(**{field: imported}, applies=True), False
        return running.get(
            digest=file.sha256, made_by=actor.user_id, kind=kind, applies=False
        ), False
    return made, True


def try_again(job: ImportJob, *, at: datetime) -> bool:
    """Put a failed job, or one that nobody works on, back in line, if its file is still there."""
    return job.file.removed_at is None and _back_in_line(job.pk, at, anew=True)


def is_lost(job: ImportJob, at: datetime) -> bool:
    return job.status == JobStatus.RUNNING and job.beat_at < at - LOST


def take_up_lost(at: datetime) -> list[UUID]:
    """Jobs whose worker died: those to run again; others are given up."""
    again = []
    lost = ImportJob.objects.filter(status=JobStatus.RUNNING, beat_at__lt=at - LOST)
    for pk in list(lost.values_list("pk", flat=True)):
        if _back_in_line(pk, at, anew=False):
            again.append(pk)
    # A worker may also die between taking a job and beginning it. Asked twice, it is done once.
    waiting = ImportJob.objects.filter(status=JobStatus.WAITING, beat_at__lt=at - FORGOTTEN)
    for pk in list(waiting.values_list("pk", flat=True)):
        again += [pk] * waiting.filter(pk=pk).update(beat_at=at)
    return again


@transaction.atomic
def _back_in_line(pk: UUID, at: datetime, *, anew: bool) -> bool:
    job = ImportJob.objects.select_for_update().get(pk=pk)
    if not (is_lost(job, at) or (anew and job.status == JobStatus.FAILED)) or not _free(pk):
        return False
    if job.attempts >= MOST_ATTEMPTS and not anew:
        job.status = JobStatus.FAILED
        job.reason = _("The work was broken off twice. Nothing of it was written.")
    else:
        job.status, job.reason, job.beat_at = JobStatus.WAITING, "", at
        job.attempts = 0 if anew else job.attempts
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError:  # the same was begun anew meanwhile
        return False
    return bool(job.status == JobStatus.WAITING)


def _free(pk: UUID) -> bool:
    """Take the job's lock until the transaction ends; False while somebody works on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [str(pk)])
        found: bool = cursor.fetchone()[0]
    return found


def run_job(pk: UUID, *, at: datetime) -> None:
    """Do the work, unless somebody does or did it."""
    claimed = ImportJob.objects.filter(pk=pk, status=JobStatus.WAITING).update(
        status=JobStatus.RUNNING, beat_at=at, step="", percent=0
    )
    if not claimed:
        return
    job = ImportJob.objects.select_related("file", "people_import", "table_import").get(pk=pk)
    job.attempts += 1
    job.save(update_fields=["attempts"])
    try:
        with _pulse(pk) as told, transaction.atomic():
            if not _free(pk):
                return
            actor = actor_again(job.made_by, job.seat, at)
            _do(job, actor, at, told)
            job.status, job.percent = JobStatus.DONE, 100
            job.save(update_fields=["status", "percent", "people_import", "table_import"])
    except ValidationError as error:
        _fail(pk, " ".join(error.messages))
    except PermissionDenied:
        _fail(pk, _("You no longer hold the post that allows this."))
    except Exception:
        log.exception("import job %s failed", pk)
        _fail(pk, _("Something went wrong on our side. Nothing was written."))


def _do(job: ImportJob, actor: Actor, at: datetime, told: Told) -> None:
    table = TABLES.get(job.kind)
    if job.people_import is not None:
        apply_import(job.people_import, actor=actor, at=at, only_good=job.only_good, told=told)
    elif table is None:
        job.people_import = stage_people(job.file, actor=actor, at=at, told=told)
    elif job.table_import is not None:
        apply_table(table, job.table_import, actor=actor, at=at, only_good=job.only_good, told=told)
    else:
        job.table_import = stage_table(table, job.file, actor=actor, at=at, told=told)


def _fail(pk: UUID, reason: str) -> None:
    ImportJob.objects.filter(pk=pk).update(status=JobStatus.FAILED, reason=reason[:2000])


@contextmanager
def _pulse(pk: UUID) -> Iterator[Told]:
    """While the work goes on, say so and how far it is, over a connection of its own: the work's
    own transaction is seen by nobody."""
    told, over = Told(), threading.Event()

    def beat() -> None:
        try:
            while not over.wait(PULSE):
                ImportJob.objects.filter(pk=pk, status=JobStatus.RUNNING).update(
                    beat_at=clock.now(), step=told.step, percent=told.percent
                )
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"import-{pk}", daemon=True)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()
