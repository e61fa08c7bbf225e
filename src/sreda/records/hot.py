"""Statements taken in by a process without Django: credentials checked, requests gathered into few
commits.

Each request is kept whole or not at all, as by `take_in`; its writing is the same `store`.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from sreda.kernel.gathering import Connection, Full, Gatherer, Threaded, connect
from sreda.records.domain.secrets import digest
from sreda.records.domain.writing import (
    AGAIN,
    ATTEMPTS,
    Prepared,
    Source,
    Stored,
    forget_months,
    store,
)
from sreda.records.xapi.scopes import ALL, DEFINE, GRANTS

KEPT = 5.0  # seconds for which a checked credential is trusted; a revoked one ends within them
MOST_KEPT = 1_000
BATCH = 1_000  # statements in a commit, unless one request has more


@dataclass(slots=True)
class Request:
    """One request's statements, prepared; of its attachments, which lie on disk already, the SHA-2
    they are named by, their SHA-256 and length."""

    batch: list[Prepared]
    source: Source
    credential: str
    attachments: list[tuple[str, str, int]] = field(default_factory=list)


def gatherer(dsn: str) -> Gatherer[Request, None]:
    return Gatherer(
        dsn, write, limit=8 * BATCH, batch=BATCH, writers=2, connect=Threaded.connect, size=size_of
    )


def size_of(request: Request) -> int:
    return min(len(request.batch), BATCH)


async def write(connection: Threaded, requests: Sequence[Request]) -> list[None]:
    """All requests in one commit; Conflict and NotYours are of one of them."""
    await connection.run(_write, requests)
    return [None] * len(requests)


def _write(connection: psycopg.Connection[Any], requests: Sequence[Request]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            with connection.transaction():
                _keep(connection, {one for request in requests for one in request.attachments})
                stored = [_store(connection, group) for group in together(requests)]
        except AGAIN:
            forget_months()
            if attempt == ATTEMPTS - 1:
                raise
        except BaseException:
            forget_months()
            raise
        else:
            for one in stored:
                one.remember()
            return


_ATTACHMENTS = """
INSERT INTO records_attachment (sha2, sha256, length)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ORDER BY 1 ON CONFLICT DO NOTHING
"""


def _keep(connection: psycopg.Connection[Any], attachments: set[tuple[str, str, int]]) -> None:
    if attachments:
        connection.execute(_ATTACHMENTS, [list(column) for column in zip(*attachments)])  # noqa: B905


def _store(connection: psycopg.Connection[Any], group: list[Request]) -> Stored:
    return store(connection, [one for request in group for one in request.batch], group[0].source)


def together(requests: Sequence[Request]) -> list[list[Request]]:
    """Requests of one source become one COPY, while no id is among them twice: of two with the
    same id the later is compared with what the earlier has written."""
    groups: list[list[Request]] = []
    open_groups: dict[str, tuple[list[Request], set[str]]] = {}
    for request in requests:
        ids = {one.id for one in request.batch}
        group, known = open_groups.get(request.credential, ([], set()))
        if not group or known & ids:
            group, known = [], set()
            groups.append(group)
            open_groups[request.credential] = (group, known)
        group.append(request)
        known |= ids
    return groups


@dataclass(frozen=True, slots=True)
class Known:
    """A credential in force. `version` is the edition of xAPI it spoke last."""

    id: str
    source: Source
    scopes: frozenset[str]
    version: str

    def may(self, scope: str) -> bool:
        return not GRANTS[scope].isdisjoint(self.scopes)


_FIND = """
SELECT id::text, digest, scopes, agent, organisation_id, version,
       used_at IS NULL OR used_at < now() - interval '1 minute'
  FROM records_credential WHERE key = %s AND revoked_at IS NULL
"""
_USED = "UPDATE records_credential SET used_at = now() WHERE id = %s"
_SPOKE = "UPDATE records_credential SET version = %s WHERE id = %s"


@dataclass
class Credentials:
    """Looks credentials up in the table and trusts what it found for `KEPT` seconds."""

    dsn: str
    secret_key: str
    kept: float = KEPT
    _checked: OrderedDict[str, tuple[bytes, Known, float]] = field(default_factory=OrderedDict)
    _connection: Connection | None = None
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def check(self, key: str, secret: str) -> Known | None:
        """None where there is none in force; Full where the database is away."""
        mark = digest(self.secret_key, secret)
        if known := self._trusted(key, mark):
            return known
        async with self._alone:
            if known := self._trusted(key, mark):  # looked up while we waited
                return known
            return await self._look_up(key, mark)

    async def note_version(self, key: str, known: Known, version: str) -> None:
        """The edition a source speaks: a request without one is answered in it."""
        if known.version == version:
            return
        async with self._alone:
            await self._ask(_SPOKE, [version, known.id])
        if kept := self._checked.get(key):
            self._checked[key] = (kept[0], replace(kept[1], version=version), kept[2])

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    def _trusted(self, key: str, mark: bytes) -> Known | None:
        found = self._checked.get(key)
        if found and found[2] > time.monotonic() and hmac.compare_digest(found[0], mark):
            return found[1]
        return None

    async def _look_up(self, key: str, mark: bytes) -> Known | None:
        rows = await self._ask(_FIND, [key])
        row = rows[0] if rows else None
        if not hmac.compare_digest(bytes(row[1]) if row else bytes(32), mark) or row is None:
            return None
        own, _digest, scopes, agent, organisation, version, unused = row
        if unused:
            await self._ask(_USED, [own])
        rights = frozenset(scopes)
        source = Source(
            authority=agent,
            credential=own,
            organisation=organisation,
            defines=not GRANTS[DEFINE].isdisjoint(rights),
            voids_any=not GRANTS[ALL].isdisjoint(rights),
        )
        known = Known(own, source, rights, version)
        self._checked[key] = (mark, known, time.monotonic() + self.kept)
        while len(self._checked) > MOST_KEPT:
            self._checked.popitem(last=False)
        return known

    async def _ask(self, query: str, arguments: list[Any]) -> list[Any]:
        for last in (False, True):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = await connect(self.dsn)
                cursor = await self._connection.execute(query.encode(), arguments)
                return await cursor.fetchall() if cursor.description else []
            except (psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
                if self._connection is not None:
                    await self._connection.close()
                self._connection = None
                if last:
                    raise Full(2) from error
        raise AssertionError("unreachable")
