"""The statements resource in the process that takes what many send at once (ASGI, no Django).

POST and PUT of statements, with attachments or without, are answered as by the site. What needs
more (reading, forms of 1.0.3, documents) is the site's: the answer says where.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from sreda.exchange.xapi.protocol import (
    CORS,
    LIMIT,
    NEWEST,
    NO_KEY,
    NO_VERSION,
    TOO_LARGE,
    Answer,
    Call,
    Sent,
    basic,
    named,
    params_of,
    refusal,
    sent_in,
    target,
)
from sreda.kernel.asgi import BrokenOff, Receive, Room, Send, TooLarge, body_of, reply
from sreda.kernel.contents import keep_in
from sreda.kernel.gathering import Full, Gatherer
from sreda.records.domain.writing import (
    LARGE,
    Conflict,
    NotYours,
    Prepared,
    Source,
    fit,
    prepare,
    without_collecting,
)
from sreda.records.hot import Credentials, Known, Request
from sreda.records.xapi import scopes
from sreda.records.xapi.attachments import media_type
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, edition_of

log = logging.getLogger(__name__)

METHODS = "PUT, POST"
KINDS = frozenset({"application/json", "multipart/mixed"})
IN_THREAD = 16 * 1024  # a body from here on is checked in a thread; others wait less for it
AT_ONCE = 2 * LIMIT  # bytes of bodies that may lie in memory


class Busy(Exception):
    """Too much lies in memory already."""


class Statements:
    """`/xapi/statements`. The gatherer is started and stopped by whoever serves this; `files` is
    the folder of attachments, `site` where the whole store answers."""

    def __init__(
        self,
        gatherer: Gatherer[Request, None],
        credentials: Credentials,
        files: Path,
        site: str = "",
    ) -> None:
        self.gatherer = gatherer
        self.files = files
        self.credentials = credentials
        self.site = site
        self.lying = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        spoken = edition_of(headers.get("x-experience-api-version", ""))
        version = EDITIONS[spoken] if spoken else NEWEST
        if scope["method"] == "OPTIONS":
            await self.say(send, 204, None, version, {"Allow": METHODS})
            return
        body = Body(receive)
        more: dict[str, str] = {}
        told: Any
        try:
            call = _call(scope, headers)
            self.ours(call)
            status, told = await self.take(call, body)
        except Answer as end:
            status, told = end.status, {"error": end.text}
            if status == 401:
                more["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
            if status == 405:
                more["Allow"] = f"{METHODS}, OPTIONS"
        except NoVersion as end:
            status, told = 400, {"error": str(Invalid("X-Experience-API-Version", NO_VERSION))}
            version = end.version or version
        except (Invalid, Conflict, NotYours) as error:
            refused = refusal(error)
            status, told = refused.status, {"error": refused.text}
        except BrokenOff:
            return
        except (Full, Busy) as full:
            wait = full.retry_after if isinstance(full, Full) else 2
            more["Retry-After"] = str(wait)
            status, told = 503, {"error": f"Busy; send this again after {wait} s."}
        except psycopg.Error:
            log.exception("statements could not be written")
            more["Retry-After"] = "5"
            told = {"error": "The database is not available; send this again later."}
            status = 503
        await body.drop()
        await self.say(send, status, told, version, more)

    async def say(
        self, send: Send, status: int, told: Any, version: str, more: Mapping[str, str]
    ) -> None:
        headers = {
            "Cache-Control": "no-cache",
            **CORS,
            **more,
            "X-Experience-API-Version": version,
            "X-Content-Type-Options": "nosniff",
        }
        body = b""
        if told is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        pairs = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
        await reply(send, status, body, pairs)

    def ours(self, call: Call) -> None:
        """Answer for what only the site takes."""
        if call.method not in {"PUT", "POST"}:
            raise Answer(405, f"Statements are only taken here ({METHODS}). {self.elsewhere()}")
        form = call.method == "POST" and "method" in call.params
        if form and edition_of(call.header("X-Experience-API-Version")) != 2:
            raise Answer(415, f"The alternate syntax is not taken here. {self.elsewhere()}")

    def elsewhere(self) -> str:
        return f"Ask the site: {self.site or 'its own port'}/xapi/statements"

    async def take(self, call: Call, body: Body) -> tuple[int, Any]:
        known = await self.known(call)
        call.require(scopes.WRITE)
        wanted = target(call) if call.method == "PUT" else None
        if wanted is None:
            call.only()
        if media_type(call.header("Content-Type"))[0] not in KINDS:
            raise Invalid("Content-Type", "must be application/json or multipart/mixed")
        length = call.header("Content-Length")
        size = int(length) if length.isdecimal() and len(length) < 12 else LIMIT
        if size > LIMIT and length:
            raise Answer(413, TOO_LARGE)
        if self.lying and self.lying + size > AT_ONCE:
            raise Busy
        self.lying += size
        try:
            call.body = await body.whole()
            batch, attachments = await self.prepared(call, known.source, wanted)
            call.body = b""
            if batch:
                await self.gatherer.put([Request(batch, known.source, known.id, attachments)])
        finally:
            self.lying -= size
        return (200, [one.id for one in batch]) if wanted is None else (204, None)

    async def known(self, call: Call) -> Known:
        key, secret = basic(call.header("Authorization"))
        known = await self.credentials.check(key, secret)
        if known is None:
            raise Answer(401, NO_KEY)
        edition = edition_of(call.header("X-Experience-API-Version"))
        if edition is None:
            raise NoVersion(known.version)
        call.edition, call.credential = edition, known
        await self.credentials.note_version(key, known, EDITIONS[edition])
        return known

    async def prepared(self, call: Call, source: Source, wanted: str | None) -> Ready:
        kind = call.header("Content-Type")
        given = (call.body, kind, call.edition, source, wanted, self.files)
        if len(call.body) < IN_THREAD and media_type(kind)[0] == "application/json":
            return read(*given)
        return await asyncio.to_thread(read, *given)


class NoVersion(Exception):
    """A request without an edition; `version` is the one its source spoke last."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class Body:
    """The body of a request, read once or dropped: who sends hears an answer only after it."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.read = False

    async def whole(self) -> bytes:
        self.read = True
        try:
            return await body_of(self.receive, LIMIT)
        except TooLarge:
            raise Answer(413, TOO_LARGE) from None

    async def drop(self) -> None:
        if not self.read:
            self.read = True
            with suppress(TooLarge, BrokenOff):
                await body_of(self.receive, 0)


Ready = tuple[list[Prepared], list[tuple[str, str, int]]]


def read(
    body: bytes, kind: str, edition: int, source: Source, wanted: str | None, files: Path
) -> Ready:
    """The statements of a body, checked, and the attachments with them, kept in `files`; `wanted`
    is the id of the address of a PUT."""
    # A statement of any size is more than this; the guess decides only about the collector.
    with without_collecting(len(body) > LARGE * 500):
        sent: Sent
        sent, several, contents = sent_in(body, kind)
        if wanted is not None:
            sent = named(sent, several, wanted)
        batch = prepare(
            [statement for statement, _text in sent],
            texts=[text for _statement, text in sent],
            edition=edition,
            source=source,
        )
        fit(batch, contents, edition)
    kept = [(sha2, keep_in(files, content), len(content)) for sha2, content in contents.items()]
    return batch, kept


def _call(scope: Any, headers: Mapping[str, str]) -> Call:
    query = scope.get("query_string", b"").decode("latin-1")
    return Call(scope["method"], scope["path"], _Headers(headers), params_of(query), b"")


class _Headers(dict[str, str]):
    """ASGI gives names in small letters."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def nothing_here(site: str) -> Room:
    """The other resources of the store: they are at the site."""

    async def room(scope: Any, receive: Receive, send: Send) -> None:
        await Body(receive).drop()
        words = f"Only statements are taken here. Ask the site: {site or 'its own port'}"
        body = json.dumps({"error": words + scope["path"]}, ensure_ascii=False).encode()
        pairs = [(name.lower().encode(), text.encode()) for name, text in CORS.items()]
        await reply(send, 404, body, [(b"content-type", b"application/json"), *pairs])

    return room
