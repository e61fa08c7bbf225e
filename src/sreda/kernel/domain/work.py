"""Work done behind the page, by the worker of background jobs.

A row asks for it and says how far it is. While somebody works on it, a lock of the database's
session says that its worker lives: a worker that dies lets go of it, and the work is taken up
again, a few times at most. A worker that is alive and hangs, waiting for a lock or a source that
does not answer, is told by its session: nothing is asked in it any more. Its session is ended by
the server, so that what it may still write lands nowhere, and the work is free.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model, QuerySet
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Model)
Key = UUID | int
Told = Callable[[int], None]
"""Hears how many per cent are done."""

LOST = timedelta(seconds=30)  # what was asked longer ago, and nobody works on, is taken up again
HUNG = timedelta(minutes=15)  # a session in which nothing happens for so long is ended
STEP = 0.5  # seconds between two words about the progress


def worker_there(at: datetime) -> bool:
    """Whether some worker of background jobs has shown itself lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > %s)",
            [at - timedelta(minutes=1)],
        )
        found: bool = cursor.fetchone()[0]
    return found


def defer_once(task: Any, **named: Key) -> None:
    """Hand a row's work to the worker; waiting in line already, it does not wait twice."""
    args = {name: pk if isinstance(pk, int) else str(pk) for name, pk in named.items()}
    lock = ":".join((task.name, *map(str, args.values())))
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.configure(queueing_lock=lock).defer(**args)


@contextmanager
def at_work(name: str) -> Iterator[bool]:
    """Hold the work of this name; False when somebody does already.

    The lock lives as long as the connection: a process that is killed lets go of it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 11))", [name])
        held: bool = cursor.fetchone()[0]
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 11))", [name])


_END_HUNG = """
    SELECT pg_terminate_backend(a.pid)
    FROM (SELECT hashtextextended(%s, 11) AS key) AS work
    JOIN pg_locks l ON l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
        AND l.classid = (key >> 32 & 4294967295)::oid AND l.objid = (key & 4294967295)::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    JOIN pg_stat_activity a ON a.pid = l.pid AND a.pid <> pg_backend_pid()
    WHERE a.state_change < clock_timestamp() - make_interval(secs => %s)
        AND (a.state <> 'active' OR a.wait_event_type = 'Lock')
"""


def end_hung(name: str) -> bool:
    """End the session that holds the work of this name and in which nothing has happened for
    long; a statement that is being carried out, however long, is work. Whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute(_END_HUNG, [name, HUNG.total_seconds()])
        found = bool(cursor.fetchall())
    if found:
        log.warning("%s hung and was broken off", name)
    return found


@dataclass(frozen=True, kw_only=True)
class Work(Generic[M]):
    """Long work that rows of one model ask for; `name` is its own.

    `rows` gives those that ask for it now, with what `do(row, at, told)` reads of them. Both `do`
    and `fail(row, trouble)` end with a row that asks no more; `do` is begun `most` times at most,
    and bears to be cut off and begun again. `whole`: its outcome lands in one transaction or not at
    all. The words for a ValidationError are its own, other errors are logged.

    `asked`, `attempts`, `percent` name the columns; `begun` and `again` are what else changes in
    the row when its work begins, and when it is to be begun anew.
    """

    name: str
    rows: Callable[[], QuerySet[M]]
    do: Callable[[M, datetime, Told], object]
    fail: Callable[[M, str], object]
    most: int = 2
    whole: bool = True
    asked: str = "asked_at"
    attempts: str = "attempts"
    percent: str = "percent"
    begun: Mapping[str, Any] = field(default_factory=dict)
    again: Mapping[str, Any] = field(default_factory=dict)

    def run(self, pk: Key, *, at: datetime) -> None:
        """Do what the row asks for, unless somebody does or did."""
        with self._hold(pk) as row:
            if row is None:
                return
            begun = {self.attempts: F(self.attempts) + 1, self.percent: 0, **self.begun}
            self.rows().filter(pk=pk).update(**begun)
            try:
                self.do(row, at, self._teller(pk))
            except ValidationError as error:
                self.fail(row, " ".join(error.messages)[:2000])
            except PermissionDenied:
                self.fail(row, _("You no longer hold the post that allows this."))
            except Exception:
                log.exception("%s of %s failed", self.name, pk)
                if not connection.is_usable():  # whose session is gone holds the work no more
                    connection.close()
                    return
                self.fail(row, self._left(_("Something went wrong on our side.")))

    def lost(self, at: datetime) -> list[Any]:
        """Rows whose worker died or hangs, or whose job was lost on its way: to be handed to the
        worker again, which is said once. What was begun too often is given up."""
        waiting = self.rows().filter(**{f"{self.asked}__lt": at - LOST})
        found = []
        for pk in list(waiting.values_list("pk", flat=True)):
            end_hung(self._lock(pk))
            with self._hold(pk) as row:
                if row is not None:
                    self.rows().filter(pk=pk).update(**{self.asked: at}, **self.again)
                    found.append(pk)
        return found

    def is_lost(self, row: M, at: datetime) -> bool:
        """Whether nobody works on a row that asked some time ago."""
        if getattr(row, self.asked) >= at - LOST:
            return False
        with at_work(self._lock(row.pk)) as free:
            return free

    def anew(self, at: datetime) -> dict[str, Any]:
        """What a row is set to that begins to ask."""
        return {self.asked: at, self.attempts: 0, self.percent: 0}

    def ask_again(self, stopped: QuerySet[M], pk: Key, at: datetime, **values: Any) -> bool:
        """Have work begun anew that failed or that nobody does, if the row is among those that
        `stopped`; False while somebody works on it, and where the row would be another's double."""
        with at_work(self._lock(pk)) as free:
            try:
                with transaction.atomic():
                    rows = stopped.filter(pk=pk)
                    return free and bool(rows.update(**self.anew(at), **self.again, **values))
            except IntegrityError:
                return False

    @contextmanager
    def _hold(self, pk: Key) -> Iterator[M | None]:
        """The row to work on, which is nobody else's for as long; None where there is none."""
        with at_work(self._lock(pk)) as held:
            row = self.rows().filter(pk=pk).first() if held else None
            if row is not None and getattr(row, self.attempts) >= self.most:
                often = _("The work was broken off several times.")
                twice = _("The work was broken off twice.")
                self.fail(row, self._left(twice if self.most == 2 else often))
                row = None
            yield row

    def _left(self, trouble: str) -> str:
        left = _("Nothing of it was written.") if self.whole else _("What had landed stays.")
        return f"{trouble} {left}"

    def _teller(self, pk: Key) -> Told:
        last = -STEP

        def told(percent: int) -> None:
            nonlocal last
            if time.monotonic() - last >= STEP:
                last = time.monotonic()
                self.rows().filter(pk=pk).update(**{self.percent: percent})

        return told

    def _lock(self, pk: Key) -> str:
        return f"{self.name}:{pk}"
