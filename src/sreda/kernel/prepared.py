"""Statements that PostgreSQL keeps: asked again, they are neither parsed nor planned anew.

Django puts values into the text of a query, so that each is new to the server. Where the same text
is asked at every page, a third of the server's time goes there. `prepared()` is Django's own cursor
but for that: values travel beside the text, which psycopg prepares when a connection asks it the
second time, and keeps while it is among the last `PREPARED` of them.

Only for texts that are few. A value's type is told, not guessed from its place: a parameter that
stands both in SELECT and GROUP BY is two parameters for the server, and it refuses the query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import connection

PREPARED = 300  # statements kept by one connection


class LoggedCursor(psycopg.Cursor[Any]):
    """Tells Django's log of queries what it asked; psycopg forgets what was prepared."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        super().execute(query, params, **more)
        text = psycopg.ClientCursor(self.connection).mogrify(query, params)
        self._query: Any = SimpleNamespace(query=text.encode())
        return self


@contextmanager
def prepared() -> Iterator[Any]:
    real = _psycopg()
    real.prepared_max = PREPARED
    kind = LoggedCursor if connection.queries_logged else psycopg.Cursor
    with connection._prepare_cursor(kind(real)) as cursor:  # type: ignore[attr-defined]
        yield cursor


def can_be_prepared(sql: str, parameters: tuple[Any, ...]) -> bool:
    """Whether the server takes the text with values beside it."""
    real = _psycopg()
    try:
        with real.transaction():
            psycopg.Cursor(real).execute(f"EXPLAIN {sql}", parameters)
    except psycopg.DatabaseError:
        return False
    return True


def _psycopg() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    real: psycopg.Connection[Any] = connection.connection
    return real
