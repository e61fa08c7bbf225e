"""A form sent twice at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from django.db import connections, transaction


def twice(make: Callable[[], Any]) -> list[Any]:
    """What two calls give of which the second comes before the first has committed."""
    made, begun, given = [], Event(), []

    def first() -> None:
        try:
            with transaction.atomic():
                made.append(make())
                begun.set()
                other.join(1)  # it looks while nothing is committed, and should wait
        finally:
            begun.set()
            connections.close_all()

    def second() -> None:
        begun.wait()
        try:
            given.append(make())
        except Exception as error:
            given.append(error)
        finally:
            connections.close_all()

    other, own = Thread(target=second), Thread(target=first)
    other.start()
    own.start()
    own.join()
    other.join()
    return [*made, *given]
