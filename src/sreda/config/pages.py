"""The pages, as an ASGI application: nobody who sends or takes slowly holds a thread of theirs.

A request is gathered first, beyond `IN_MEMORY` in a temporary file, then worked on by one of
`SREDA_THREADS` threads that run Django (`config/wsgi.py`), and its answer is sent when it is made.
So the threads, and the connections to the database that they keep, are busy only with work.

Who sends nothing for `PATIENCE` seconds, or more than `MOST` bytes, is answered 408 or 413.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from sreda.config.wsgi import application as site
from sreda.kernel.asgi import Receive, Send

Scope = MutableMapping[str, Any]

IN_MEMORY = 256 * 1024
PIECE = 64 * 1024
MOST = 600 * 1024 * 1024  # a form says more kindly that a file is too large, up to here
PATIENCE = 30.0
THREADS = int(os.environ.get("SREDA_THREADS", "4"))


class Refused(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


class Gone(Exception):
    """Nobody waits for the answer any more."""


class Pages:
    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(THREADS, "pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            await self.answer(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                self.threads.shutdown(wait=True)
                return

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await gathered(scope, receive)
        except Gone:
            return
        except Refused as refused:
            status = f"{refused.status.value} {refused.status.phrase}"
            await send(head(status, [("Connection", "close")]))
            await send({"type": "http.response.body"})
            return
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self.threads, work, scope, body)
        await send(head(status, headers))
        if isinstance(content, bytes):
            await send({"type": "http.response.body", "body": content})
            return
        with content:
            while piece := content.read(PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


async def gathered(scope: Scope, receive: Receive) -> IO[bytes]:
    """The body, whole."""
    headers = dict(scope["headers"])
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return io.BytesIO()
    body: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by who works on it
    size, more = 0, True
    try:
        while more:
            try:
                async with asyncio.timeout(PATIENCE):
                    event = await receive()
            except TimeoutError:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
            if event["type"] == "http.disconnect":
                raise Gone
            piece = event.get("body", b"")
            size += len(piece)
            if size > MOST:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            body.write(piece)
            more = event.get("more_body", False)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def work(scope: Scope, body: IO[bytes]) -> tuple[str, list[tuple[str, str]], bytes | IO[bytes]]:
    """Django's answer: status, headers, and the content, in a file where it is long."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        told[:] = status, headers

    with body:
        answer: Any = site(environ(scope, body), start)
        try:
            content = kept(iter(answer))
        finally:
            answer.close()
    return told[0], told[1], content


def kept(pieces: Iterator[bytes]) -> bytes | IO[bytes]:
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None:
        return first
    content: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    content.write(first)
    content.write(second)
    content.writelines(pieces)
    content.seek(0)
    return content


def environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """As PEP 3333 has it: text is bytes read as Latin-1."""
    raw = scope.get("raw_path") or b""
    path = unquote_to_bytes(raw.partition(b"?")[0]) if raw else scope["path"].encode()
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:  # would pass for the name with a dash, which a proxy may have checked
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        between = "; " if key == "HTTP_COOKIE" else ","
        found[key] = f"{found[key]}{between}{text}" if key in found else text
    if found.pop("HTTP_TRANSFER_ENCODING", None):
        found["CONTENT_LENGTH"] = str(body.seek(0, io.SEEK_END))
        body.seek(0)
    return found


def head(status: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": int(status[:3]),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    }


application = Pages()
