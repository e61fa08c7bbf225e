"""Large tables are read and taken over behind the page, by the worker.

A job runs in one transaction together with its outcome: a worker that dies leaves nothing half
done.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from sreda.kernel.api import Actor, StoredFile, Work, path_of
from sreda.kernel.tables import unpacked_size
from sreda.registry.domain.people_import import apply_import, stage_people
from sreda.registry.domain.table_import import apply_table, stage_table
from sreda.registry.domain.tables import TABLES
from sreda.registry.domain.told import Told
from sreda.registry.models import ImportJob, JobStatus, PeopleImport, TableImport
from sreda.registry.queries.seats import actor_again

# Bytes, as they are to be read: a packed file is unpacked for it.
LARGE_FILE = 2 * 1024 * 1024
LARGE_UNPACKED = 20 * 1024 * 1024
MANY_ROWS = 5_000
MANY_SINGLE_ROWS = 200  # each goes the way of a single change
PULSE = 2.0  # seconds


def is_large(file: StoredFile) -> bool:
    """Whether reading it is work for the worker; ValidationError when it cannot be read at all."""
    return file.size > LARGE_FILE or unpacked_size(path_of(file), file.name) > LARGE_UNPACKED


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
        running = ImportJob.objects.filter(status__in=JobStatus.at_work())
        if imported is not None:
            field = "people_import" if isinstance(imported, PeopleImport) else "table_import"
            return running.get(**{field: imported}, applies=True), False
        return running.get(
            digest=file.sha256, made_by=actor.user_id, kind=kind, applies=False
        ), False
    return made, True


def try_again(job: ImportJob, *, at: datetime) -> bool:
    """Put a failed job, or one that nobody works on, back in line, if its file is still there."""
    stopped = ImportJob.objects.filter(
        status__in=[JobStatus.FAILED, JobStatus.RUNNING], file__removed_at=None
    )
    return WORK.ask_again(stopped, job.pk, at, reason="")


def is_lost(job: ImportJob, at: datetime) -> bool:
    return job.status == JobStatus.RUNNING and WORK.is_lost(job, at)


def _whole(job: ImportJob, at: datetime, _told: object) -> None:
    """The work in one transaction together with its outcome."""
    with _pulse(job.pk) as told, transaction.atomic():
        _do(job, actor_again(job.made_by, job.seat, at), at, told)
        job.status, job.percent = JobStatus.DONE, 100
        job.save(update_fields=["status", "percent", "people_import", "table_import"])


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


@contextmanager
def _pulse(pk: UUID) -> Iterator[Told]:
    """While the work goes on, say how far it is over a connection of its own: the work's own
    transaction is seen by nobody."""
    told, over = Told(), threading.Event()

    def beat() -> None:
        try:
            while not over.wait(PULSE):
                ImportJob.objects.filter(pk=pk, status=JobStatus.RUNNING).update(
                    step=told.step, percent=told.percent
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


WORK = Work(
    name="registry.import",
    rows=lambda: ImportJob.objects.filter(status__in=JobStatus.at_work()).select_related(
        "file", "people_import", "table_import"
    ),
    do=_whole,
    fail=lambda job, reason: ImportJob.objects.filter(pk=job.pk).update(
        status=JobStatus.FAILED, reason=reason
    ),
    asked="beat_at",
    begun={"status": JobStatus.RUNNING, "step": ""},
    again={"status": JobStatus.WAITING},
)
run_job, take_up_lost = WORK.run, WORK.lost
