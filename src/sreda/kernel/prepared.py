"""Statements that PostgreSQL keeps: asked again, they are neither parsed nor planned anew.

Django puts values into the text of a query, so that each is new to the server. Where the same text
is asked at every page, a third of the server's time goes there. `asked()` sends the values beside
the text, which psycopg prepares when a connection asks it the second time, and keeps while it is
among the last `PREPARED` of them.

What a page will surely ask can be asked `together`: all of it goes to the server at once, and is
there when each part of the page asks for its own.

Only for texts that are few. A value's type is told, not guessed from its place: a parameter that
stands both in SELECT and GROUP BY is two parameters for the server, and it refuses the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import DatabaseError, connection

PREPARED = 300  # statements kept by one connection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A text, and the values that stand beside it."""

    text: str
    values: tuple[Any, ...] | Mapping[str, Any] = ()

    def rows(self) -> list[Row]:
        return asked(self.text, self.values)

    def number(self) -> int:
        """Of a text that finds one number."""
        ((found,),) = self.rows()
        return int(found)


_together: ContextVar[dict[object, list[Row]] | None] = ContextVar("together", default=None)


def asked(text: str, values: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Row]:
    """The rows that a text finds."""
    if known := _together.get():
        found = known.pop(_key(text, values), None)
        if found is not None:
            return found
    if _watched():
        with connection._prepare_cursor(LoggedCursor(_psycopg())) as cursor:  # type: ignore[attr-defined]
            cursor.execute(text, values)
            return list(cursor.fetchall())
    with connection.wrap_database_errors:
        return psycopg.Cursor(_psycopg()).execute(text, values).fetchall()


@contextmanager
def together(asks: Iterable[Ask | None]) -> Iterator[None]:
    """Within, each of these is answered already, once; they are sent in one go.

    If one fails, each is left to whoever asks it, who then gets its error.
    """
    found = _answers([ask for ask in asks if ask])
    token = _together.set((_together.get() or {}) | found)
    try:
        yield
    finally:
        _together.reset(token)


def _answers(asks: list[Ask]) -> dict[object, list[Row]]:
    if len(asks) < 2 or _watched() or not psycopg.Pipeline.is_supported():
        return {}
    real = _psycopg()
    try:
        with connection.wrap_database_errors, real.pipeline():
            cursors = [psycopg.Cursor(real).execute(ask.text, ask.values) for ask in asks]
            return {
                _key(ask.text, ask.values): cursor.fetchall()
                for ask, cursor in zip(asks, cursors, strict=True)
            }
    except DatabaseError:
        if connection.in_atomic_block:  # nothing more can be asked here
            raise
        # psycopg takes for prepared what stood behind the failure and was skipped
        psycopg.ClientCursor(real).execute("DEALLOCATE ALL")
        return {}


def _key(text: str, values: tuple[Any, ...] | Mapping[str, Any]) -> object:
    return text, values if isinstance(values, tuple) else tuple(values.values())


def _watched() -> bool:
    """Whether someone counts or stops queries, one by one."""
    return connection.queries_logged or bool(connection.execute_wrappers)


class LoggedCursor(psycopg.Cursor[Any]):
    """Tells Django's log of queries what it asked; psycopg forgets what was prepared."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        super().execute(query, params, **more)
        text = psycopg.ClientCursor(self.connection).mogrify(query, params)
        self._query: Any = SimpleNamespace(query=text.encode())
        return self


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
    connection.close_if_health_check_failed()  # once a request, as Django's own cursor does
    connection.ensure_connection()
    real: psycopg.Connection[Any] = connection.connection
    if real.prepared_max != PREPARED:
        real.prepared_max = PREPARED
    return real
