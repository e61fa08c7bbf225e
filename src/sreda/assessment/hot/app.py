"""The ASGI room of the hot path: POST of answers, acknowledged after their commit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sreda.assessment.hot.messages import BODY_LIMIT, Message, Refusal, read
from sreda.assessment.hot.writing import INSERT, Fate, arguments, fates
from sreda.kernel.asgi import BrokenOff, Receive, Send, TooLarge, body_of, reply
from sreda.kernel.gathering import Connection, Full, Gatherer

# The page comes from another port of the same host; the ticket, not a cookie, gives the right.
HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
]


async def write(connection: Connection, messages: Sequence[Message]) -> list[Fate]:
    async with connection.transaction():
        cursor = await connection.execute(INSERT, arguments(messages))
        return fates(messages, await cursor.fetchall())


class Answers:
    """`gatherer` is started and stopped by whoever serves this."""

    def __init__(self, gatherer: Gatherer[Message, Fate], secret: str) -> None:
        self.gatherer = gatherer
        self.secret = secret

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        match scope["method"]:
            case "POST":
                status, told, extra = await self.take(receive)
            case "OPTIONS":
                methods = (b"access-control-allow-methods", b"POST")
                status, told, extra = 204, None, [methods]
            case _:
                status, told, extra = 405, {"error": "method"}, [(b"allow", b"POST")]
        await answer(send, status, told, extra)

    async def take(self, receive: Receive) -> tuple[int, Any, list[tuple[bytes, bytes]]]:
        try:
            body = await body_of(receive, BODY_LIMIT)
            messages = read(body, secret=self.secret, at=datetime.now(UTC))
            found = await self.gatherer.put(messages)
        except BrokenOff:
            return 400, {"place": "body", "error": "broken off"}, []
        except TooLarge:
            return 413, {"place": "body", "error": f"more than {BODY_LIMIT} bytes"}, []
        except Refusal as refusal:
            return refusal.status, {"place": refusal.place, "error": refusal.reason}, []
        except Full as full:
            wait = [(b"retry-after", str(full.retry_after).encode())]
            return 503, {"error": "busy", "retry_after": full.retry_after}, wait
        return 200, told_of(messages, found), []


def told_of(messages: Sequence[Message], found: Sequence[Fate]) -> dict[str, dict[str, str]]:
    return {"answers": {str(m.id): str(fate) for m, fate in zip(messages, found, strict=True)}}


async def answer(
    send: Send, status: int, told: Any, extra: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    body = b"" if told is None else json.dumps(told).encode()
    await reply(send, status, body, [*HEADERS, *extra])
