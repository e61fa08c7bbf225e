"""Gathering: what many send at once is written in one commit, and acknowledged after it.

For processes on asyncio; no Django. One database connection writes while the next batch gathers,
so that a busy server commits large batches and an idle one answers at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import psycopg

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
Connection = psycopg.AsyncConnection[tuple[object, ...]]
Write = Callable[[Any, Sequence[T]], Awaitable[Sequence[R]]]

RECONNECT_PAUSES = (0.05, 0.2, 0.5, 1, 2)


AWAY = (psycopg.OperationalError, psycopg.InterfaceError)


def _too_complex(error: psycopg.Error) -> bool:
    """Class 54, such as JSON nested too deep: an item's fault, though the driver counts it among
    those of operation."""
    return (error.sqlstate or "").startswith("54")


class Full(Exception):
    """The queue is full or the database is away: send it again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = retry_after


async def connect(dsn: str) -> Connection:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True)


class Threaded:
    """A blocking connection for writing that is not asyncio's: what is done with it happens in a
    thread of its own, one thing after the other."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._thread = ThreadPoolExecutor(1, "writer")
        self._connection: psycopg.Connection[Any] | None = None

    @classmethod
    async def connect(cls, dsn: str) -> Threaded:
        made = cls(dsn)
        try:
            await made._in_thread(made._open)
        except BaseException:
            made._thread.shutdown(wait=False)
            raise
        return made

    @property
    def closed(self) -> bool:
        return self._connection is None or self._connection.closed

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """`work(connection, *arguments)` in the thread; it goes on when nobody waits any more."""
        return await self._in_thread(work, self._connection, *arguments)

    async def close(self) -> None:
        try:
            await self._in_thread(self._close)
        finally:
            self._thread.shutdown(wait=False)

    def _open(self) -> None:
        self._connection = psycopg.connect(self._dsn, autocommit=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, work, *arguments))


def one(_item: object) -> int:
    return 1


@dataclass
class _Waiting(Generic[T, R]):
    items: Sequence[T]
    size: int
    done: asyncio.Future[list[R]]


@dataclass
class Gatherer(Generic[T, R]):
    """`write(connection, items)` puts a batch into the database in one transaction and gives a
    result for each item, in order; it is called again with the same items when the connection
    broke before the commit was known, so it must be idempotent.

    An error that one item causes reaches only those who sent that item: the batch is halved until
    it stands alone. `limit` is how much may wait, `batch` how much one commit holds, both in
    `size`s of items. `connect` makes what `write` is given; it has `closed` and `close()`.
    """

    dsn: str
    write: Write[T, R]
    limit: int = 8_000
    batch: int = 1_000
    writers: int = 2
    patience: float = 10.0
    connect: Callable[[str], Awaitable[Any]] = connect
    size: Callable[[T], int] = one
    _queue: deque[_Waiting[T, R]] = field(default_factory=deque)
    _size: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._work()) for _n in range(self.writers)]

    async def stop(self) -> None:
        """What waits or is being written is still written, then the writers end."""
        ends = asyncio.get_running_loop().time() + self.patience
        while self._size and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse(list(self._queue))
        self._queue.clear()

    async def put(self, items: Sequence[T]) -> list[R]:
        """Returns after the commit that holds all of them; raises Full when there is no room, and
        what `write` raised about them."""
        size = sum(map(self.size, items))
        if self._size + size > self.limit:
            raise Full(1 + self._size // max(self.batch, 1))
        waiting: _Waiting[T, R] = _Waiting(items, size, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._size += size
        self._arrived.set()
        try:
            return await waiting.done
        finally:
            self._size -= size

    async def _work(self) -> None:
        connection: Any = None
        failures = 0
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            taken = self._take()
            try:
                if connection is None or connection.closed:
                    connection = await self.connect(self.dsn)
                await self._write(connection, taken)
                failures = 0
            except (*AWAY, OSError) as error:
                log.warning("the database is away: %s", error)
                if connection is not None:
                    with suppress(Exception):
                        await connection.close()
                connection = None
                failures += 1
                if failures > len(RECONNECT_PAUSES):
                    self._refuse(taken)
                else:  # nobody was told anything yet: they go first again
                    self._queue.extendleft(reversed([w for w in taken if not w.done.done()]))
                await asyncio.sleep(RECONNECT_PAUSES[min(failures, len(RECONNECT_PAUSES)) - 1])
            except asyncio.CancelledError:
                self._refuse(taken)
                if connection is not None:
                    await connection.close()
                raise

    def _take(self) -> list[_Waiting[T, R]]:
        taken: list[_Waiting[T, R]] = []
        size = 0
        while self._queue and (not taken or size + self._queue[0].size <= self.batch):
            waiting = self._queue.popleft()
            if not waiting.done.done():  # its sender may have gone
                taken.append(waiting)
                size += waiting.size
        return taken

    async def _write(self, connection: Any, taken: list[_Waiting[T, R]]) -> None:
        if not taken:
            return
        items = [item for waiting in taken for item in waiting.items]
        try:
            results = await self.write(connection, items)
        except Exception as error:
            if isinstance(error, AWAY) and not _too_complex(error):
                raise
            if len(taken) == 1:
                if not taken[0].done.done():
                    taken[0].done.set_exception(error)
                return
            middle = len(taken) // 2
            await self._write(connection, taken[:middle])
            await self._write(connection, taken[middle:])
            return
        start = 0
        for waiting in taken:
            end = start + len(waiting.items)
            if not waiting.done.done():
                waiting.done.set_result(list(results[start:end]))
            start = end

    def _refuse(self, taken: Sequence[_Waiting[T, R]]) -> None:
        for waiting in taken:
            if not waiting.done.done():
                waiting.done.set_exception(Full(2))
