"""The pages behind ASGI: who is slow holds no thread, and nothing of a request is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from sreda.config import pages
from sreda.config.pages import Pages

Event = dict[str, Any]
T = TypeVar("T")
PLAIN = [("Content-Type", "text/plain")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the site was asked; it answers with the body it got."""
    seen: list[dict[str, Any]] = []

    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        seen.append(environ)
        start("200 OK", PLAIN)
        return Closing([environ["wsgi.input"].read()])

    monkeypatch.setattr(pages, "site", site)
    return seen


class Closing(list[bytes]):
    closed = False

    def close(self) -> None:
        self.closed = True


def scope(*headers: tuple[bytes, bytes], path: str = "/", raw: bytes = b"") -> Event:
    return {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": path,
        "raw_path": raw, "query_string": b"q=1", "headers": list(headers),
        "client": ("10.0.0.7", 5), "server": ("localhost", 8000),
    }  # fmt: skip


async def answered(app: Pages, request: Event, *events: Event | None) -> list[Event]:
    """What is sent back; after the last event, or at None, the sender says no more."""
    sent: list[Event] = []
    given = iter(events)

    async def receive() -> Event:
        if (event := next(given, None)) is None:
            await asyncio.sleep(60)
        return event or {}

    async def send(event: Any) -> None:
        sent.append(event)

    await app(request, receive, send)
    return sent


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a browser's test may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def part(body: bytes, more: bool = False) -> Event:
    return {"type": "http.request", "body": body, "more_body": more}


LONG = (b"content-length", b"10")


def test_a_body_in_pieces_comes_whole(asked: list[dict[str, Any]]) -> None:
    start, body = run(
        answered(Pages(), scope(LONG), part(b"name=", True), part(b"", True), part(b"Anna!"))
    )
    assert (start["status"], body["body"]) == (200, b"name=Anna!")
    assert start["headers"] == [(b"Content-Type", b"text/plain")]
    (environ,) = asked
    assert environ["CONTENT_LENGTH"] == "10"
    assert (environ["QUERY_STRING"], environ["REMOTE_ADDR"]) == ("q=1", "10.0.0.7")


def test_a_body_without_a_length_gets_one(asked: list[dict[str, Any]]) -> None:
    big = b"x" * (pages.IN_MEMORY + 1)
    chunked = scope((b"transfer-encoding", b"chunked"))
    sent = run(answered(Pages(), chunked, part(big, True), part(b"yz")))
    assert sent[1]["body"] == big + b"yz"
    assert asked[0]["CONTENT_LENGTH"] == str(len(big) + 2)
    assert "HTTP_TRANSFER_ENCODING" not in asked[0]


def test_headers_and_paths_are_what_was_sent(asked: list[dict[str, Any]]) -> None:
    request = scope(
        (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y"),
        (b"x_forwarded_proto", b"https"), (b"x-forwarded-proto", b"http"),
        path="/к", raw=b"/%D0%BA%FF?x",
    )  # fmt: skip
    run(answered(Pages(), request))
    (environ,) = asked
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_ACCEPT"] == "x,y"
    assert environ["HTTP_X_FORWARDED_PROTO"] == "http"
    assert environ["PATH_INFO"].encode("latin-1") == b"/\xd0\xba\xff"


def test_a_long_answer_is_made_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Closing] = []

    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", PLAIN)
        made.append(Closing([b"row\n"] * 100_000))
        return made[0]

    monkeypatch.setattr(pages, "site", site)
    start, *parts = run(answered(Pages(), scope()))
    assert made[0].closed
    assert start["status"] == 200
    assert b"".join(p.get("body", b"") for p in parts) == b"row\n" * 100_000
    assert len(parts) > 3
    assert [p.get("more_body", False) for p in parts] == [True] * (len(parts) - 1) + [False]


def test_an_empty_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("304 Not Modified", [])
        return Closing()

    monkeypatch.setattr(pages, "site", site)
    start, body = run(answered(Pages(), scope()))
    assert (start["status"], body.get("body", b"")) == (304, b"")


def test_who_trickles_holds_nobody_up(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.3)

    async def both() -> tuple[list[list[Event]], list[Event], int]:
        app = Pages()
        slow = [
            asyncio.create_task(answered(app, scope(LONG), part(b"a", True), None))
            for _n in range(20 * pages.THREADS)
        ]
        quick = await answered(app, scope(LONG), part(b"0123456789"))
        waiting = sum(not task.done() for task in slow)
        return await asyncio.gather(*slow), quick, waiting

    slow, quick, waiting = run(both())
    assert quick[0]["status"] == 200
    assert waiting == 20 * pages.THREADS
    assert {sent[0]["status"] for sent in slow} == {408}
    assert len(asked) == 1


def test_too_much_is_refused_and_who_goes_is_forgotten(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST", 5)
    sent = run(answered(Pages(), scope(LONG), part(b"123", True), part(b"456")))
    assert sent[0]["status"] == 413
    gone = run(answered(Pages(), scope(LONG), part(b"1", True), {"type": "http.disconnect"}))
    assert gone == []
    assert asked == []


def test_it_starts_and_ends() -> None:
    def events() -> Iterator[Event]:
        yield {"type": "lifespan.startup"}
        yield {"type": "lifespan.shutdown"}

    sent = run(answered(Pages(), {"type": "lifespan"}, *events()))
    assert [event["type"] for event in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
