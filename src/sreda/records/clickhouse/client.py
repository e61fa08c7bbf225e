"""Speaking to ClickHouse: a server by its HTTP interface, or the engine within this process."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.conf import settings
from django.db import DatabaseError

Params = Mapping[str, int | str]

TABLES = (
    """CREATE TABLE IF NOT EXISTS records_statement (
        stored DateTime64(6, 'UTC'), seq Int64, verb Int64, organisation Nullable(UUID),
        body String)
    ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(stored) ORDER BY (stored, seq)""",
    """CREATE TABLE IF NOT EXISTS records_ref (
        key Int64, stored DateTime64(6, 'UTC'), seq Int64, entry Int64)
    ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(stored) ORDER BY (key, stored, seq, entry)""",
    """CREATE TABLE IF NOT EXISTS records_voided (stored DateTime64(6, 'UTC'), seq Int64)
    ENGINE = ReplacingMergeTree ORDER BY (stored, seq)""",
)
EMPTY = ("records_statement", "records_ref", "records_voided")


class Away(DatabaseError):
    """ClickHouse cannot be reached, or did not understand."""


class Client(Protocol):
    def run(self, sql: str, params: Params | None = None, body: bytes = b"") -> str:
        """What the server answers; Away where it does not. Rows to INSERT are the body."""


class Server:
    """`http(s)://user:password@host:port/database`; further parameters are settings."""

    def __init__(self, address: str, timeout: float = 60) -> None:
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        self.make = HTTPSConnection if secure else HTTPConnection
        self.host, self.port = (
            parts.hostname or "localhost",
            parts.port or (8443 if secure else 8123),
        )
        self.timeout = timeout
        self.query = dict(parse_qsl(parts.query)) | {"database": parts.path.strip("/") or "default"}
        pair = f"{unquote(parts.username or 'default')}:{unquote(parts.password or '')}"
        self.headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        self.local = threading.local()

    def run(self, sql: str, params: Params | None = None, body: bytes = b"") -> str:
        query = self.query | {f"param_{name}": str(value) for name, value in (params or {}).items()}
        if body:
            query["query"] = sql
        for last in (False, True):
            connection = self._connection()
            try:
                connection.request(
                    "POST", f"/?{urlencode(query)}", body or sql.encode(), self.headers
                )
                answer = connection.getresponse()
                told = answer.read().decode("utf-8", "replace")
            except (OSError, HTTPException) as error:
                connection.close()
                if last:
                    raise Away(f"ClickHouse: {error}") from error
                continue  # the server closed a connection that lay idle
            if answer.status != 200:
                raise Away(f"ClickHouse: {told[:500]}")
            return told
        raise AssertionError("unreachable")

    def _connection(self) -> HTTPConnection:
        found: HTTPConnection | None = getattr(self.local, "connection", None)
        if found is None:
            found = self.local.connection = self.make(self.host, self.port, timeout=self.timeout)
        return found


class Embedded:
    """The engine in this process (chdb), with its files in a folder that is this process' alone."""

    def __init__(self, folder: str) -> None:
        from chdb.session import Session

        Path(folder).mkdir(parents=True, exist_ok=True)
        self.session: Any = Session(folder)  # type: ignore[no-untyped-call]
        self.alone = threading.Lock()
        self.run("CREATE DATABASE IF NOT EXISTS sreda")

    def run(self, sql: str, params: Params | None = None, body: bytes = b"") -> str:
        try:
            with self.alone:
                text = f"{sql}\n{body.decode()}" if body else sql
                found = self.session.query(text, "JSONCompactEachRow", params=dict(params or {}))
        except RuntimeError as error:
            raise Away(f"ClickHouse: {str(error)[:500]}") from error
        return found.bytes().decode() if found is not None and found.bytes() else ""


@lru_cache(maxsize=4)
def _made(address: str) -> Client:
    if address.startswith(("http://", "https://")):
        made: Client = Server(address)
    else:
        made = Embedded(address.removeprefix("embedded:"))
    for table in TABLES:
        made.run(table if isinstance(made, Server) else _within(table))
    return made


def configured() -> Client | None:
    """None: statements are searched in PostgreSQL."""
    return _made(settings.RECORDS_CLICKHOUSE) if settings.RECORDS_CLICKHOUSE else None


def _within(sql: str) -> str:
    """The embedded engine's tables lie in a database of their own."""
    for table in EMPTY:
        sql = sql.replace(table, f"sreda.{table}")
    return sql


def ask(client: Client, sql: str, **params: int | str) -> list[list[Any]]:
    text = client.run(
        f"{sql} FORMAT JSONCompactEachRow" if isinstance(client, Server) else _within(sql), params
    )
    return [json.loads(line) for line in text.splitlines()]


def put(client: Client, table: str, rows: Iterable[Sequence[Any]]) -> None:
    body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    if body:
        sql = f"INSERT INTO {table} FORMAT JSONCompactEachRow"
        client.run(sql if isinstance(client, Server) else _within(sql), body=body)


def empty(client: Client) -> None:
    for table in EMPTY:
        sql = f"TRUNCATE TABLE {table}"
        client.run(sql if isinstance(client, Server) else _within(sql))
