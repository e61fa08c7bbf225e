"""The few words of ASGI that rooms without Django need: a whole body in, one answer out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Room = Callable[[Any, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


class TooLarge(Exception):
    """The body has more bytes than the limit."""


class BrokenOff(Exception):
    """The sender went away in the middle of its body."""


async def body_of(receive: Receive, limit: int) -> bytes:
    """The whole body; one that is too long is read to its end, so that the sender hears why."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise BrokenOff
        part = event.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
        more = event.get("more_body", False)
    if size > limit:
        raise TooLarge
    return b"".join(parts)


async def reply(send: Send, status: int, body: bytes, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})
