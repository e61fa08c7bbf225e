"""Work done behind the page, by the worker of background jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection


def worker_there(at: datetime) -> bool:
    """Whether some worker of background jobs has shown itself lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > %s)",
            [at - timedelta(minutes=1)],
        )
        found: bool = cursor.fetchone()[0]
    return found


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
