"""Answers arrive: tickets, messages, fates, gathering, and a database that goes away."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from sreda.assessment.hot import Fate, Message, Refusal, issue, read, verify
from sreda.assessment.hot.app import Answers, write
from sreda.assessment.hot.messages import ANSWERS_LIMIT, BODY_LIMIT
from sreda.assessment.models import Answer, Attempt
from sreda.assessment.web import answers
from sreda.kernel.gathering import Full, Gatherer
from tests.assessment.sittings import open_attempt

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "secret"
ATTEMPT = UUID(int=7)


def body(ticket: str | None = None, **changes: Any) -> bytes:
    answer = {"id": str(uuid4()), "ref": "q1", "values": {"RESPONSE": "A"}, "at": 1000, "ms": 5}
    ticket = issue(SECRET, ATTEMPT, AT + timedelta(hours=1)) if ticket is None else ticket
    return json.dumps({"ticket": ticket, "sent": 4000, "answers": [answer | changes]}).encode()


def test_a_ticket_opens_its_attempt_until_its_end() -> None:
    ticket = issue(SECRET, ATTEMPT, AT)
    found = verify(SECRET, ticket, at=AT)
    assert found is not None
    assert (found.attempt, found.until) == (ATTEMPT, AT)
    assert verify(SECRET, ticket, at=AT + timedelta(seconds=1)) is None
    assert verify("other", ticket, at=AT) is None
    assert verify(SECRET, issue(SECRET, UUID(int=8), AT)[:30] + ticket[30:], at=AT) is None
    for wrong in ("", "x", "я", "=" * 40, ticket + "AAAA"):
        assert verify(SECRET, wrong, at=AT) is None


def test_the_device_is_believed_only_about_the_time_that_passed() -> None:
    [message] = read(body(), secret=SECRET, at=AT)
    assert (message.attempt, message.ref, message.values) == (ATTEMPT, "q1", '{"RESPONSE": "A"}')
    assert message.at == AT - timedelta(seconds=3)
    assert message.milliseconds == 5
    [ahead] = read(body(at=9_000_000), secret=SECRET, at=AT)
    assert ahead.at == AT
    [none] = read(body(at=None, ms="x"), secret=SECRET, at=AT)
    assert (none.at, none.milliseconds) == (AT, 0)


@pytest.mark.parametrize(
    ("sent", "status", "place"),
    [
        (b"{", 400, "body"),
        (b"[" * 100_000, 400, "body"),
        (b"[]", 400, "body"),
        (body(ticket="x"), 403, "ticket"),
        (body(id="x"), 422, "answers[0].id"),
        (body(id=None), 422, "answers[0].id"),
        (body(ref=""), 422, "answers[0].ref"),
        (body(ref="q\0"), 422, "answers[0].ref"),
        (body(values=[]), 422, "answers[0].values"),
        (body(values={"R": "\0"}), 422, "answers[0].values"),
        (body(values={"R": "\ud800"}), 422, "answers[0].values"),
        (body(values={"R": float("inf")}), 422, "answers[0].values"),
        (body(ref="q\ud800"), 422, "answers[0].ref"),
    ],
)
def test_a_wrong_body_is_refused_with_its_place(sent: bytes, status: int, place: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(sent, secret=SECRET, at=AT)
    assert (caught.value.status, caught.value.place) == (status, place)


def test_so_many_answers_and_no_more() -> None:
    whole = json.loads(body())
    for count in (0, ANSWERS_LIMIT + 1):
        whole["answers"] = [whole["answers"][0] if whole["answers"] else {}] * count
        with pytest.raises(Refusal) as caught:
            read(json.dumps(whole).encode(), secret=SECRET, at=AT)
        assert caught.value.place == "answers"
        whole = json.loads(body())


def post(client: Client, attempt: Attempt, **changes: Any) -> tuple[int, list[str]]:
    ticket = issue(settings.SECRET_KEY, attempt.pk, timezone.now() + timedelta(days=1))
    reply = client.post("/assessment/answers/", body(ticket, **changes), "text/plain")
    return reply.status_code, [*reply.json().get("answers", {}).values()]


@pytest.mark.django_db
def test_an_answer_counts_once_and_says_so_again(client: Client) -> None:
    attempt = open_attempt(timezone.now())
    key = str(uuid4())
    assert post(client, attempt, id=key) == (200, ["saved"])
    assert post(client, attempt, id=key, values={"RESPONSE": "B"}) == (200, ["saved"])
    assert Answer.objects.get().values == {"RESPONSE": "A"}


@pytest.mark.django_db
def test_a_late_answer_is_kept_and_told(client: Client) -> None:
    given_late = open_attempt(timezone.now() - timedelta(minutes=61), minutes=60)
    assert post(client, given_late, at=4000) == (200, ["late"])
    # given 90 seconds ago, before the end; the link was away: within the allowance
    assert post(client, given_late, at=4000 - 3999) == (200, ["late"])
    whole = json.loads(body(issue(settings.SECRET_KEY, given_late.pk, timezone.now())))
    whole["sent"], whole["answers"][0]["at"] = 1_000_000, 1_000_000 - 90_000
    whole["ticket"] = issue(
        settings.SECRET_KEY, given_late.pk, timezone.now() + timedelta(minutes=1)
    )
    reply = client.post("/assessment/answers/", json.dumps(whole), "text/plain")
    assert [*reply.json()["answers"].values()] == ["saved"]
    assert Answer.objects.count() == 3


@pytest.mark.django_db
def test_an_answer_after_the_handing_in_is_kept_aside(client: Client) -> None:
    attempt = open_attempt(timezone.now())
    before, after = str(uuid4()), str(uuid4())
    assert post(client, attempt, id=before) == (200, ["saved"])
    closed = timezone.now()
    Attempt.objects.filter(pk=attempt.pk).update(status="submitted", closed_at=closed)
    assert post(client, attempt, id=after) == (200, ["closed"])
    assert post(client, attempt, id=after) == (200, ["closed"])
    assert post(client, attempt, id=before) == (200, ["saved"])
    assert Answer.objects.filter(received_at__lte=closed).count() == 1


@pytest.mark.django_db
def test_nobody_writes_into_an_attempt_that_is_not(client: Client) -> None:
    attempt = open_attempt(timezone.now())
    key = str(uuid4())
    assert post(client, attempt, id=key) == (200, ["saved"])
    assert post(client, Attempt(pk=uuid4())) == (200, ["unknown"])
    other = Attempt.objects.create(
        sitting=attempt.sitting,
        person=attempt.person,
        number=2,
        seed=1,
        status="ended",
        started_at=attempt.started_at,
        ends_at=attempt.ends_at,
        closed_at=timezone.now(),
    )
    assert post(client, other, id=key) == (200, ["unknown"])
    assert Answer.objects.count() == 1


@pytest.mark.django_db
def test_too_much_is_refused_by_the_view(client: Client) -> None:
    reply = client.post("/assessment/answers/", b" " * (BODY_LIMIT + 1), "text/plain")
    assert reply.status_code == 413
    assert client.get("/assessment/answers/").status_code == 405


@pytest.mark.django_db
def test_without_the_database_the_view_says_when_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = open_attempt(timezone.now())

    def away(*_whatever: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(answers, "arguments", away)
    ticket = issue(settings.SECRET_KEY, attempt.pk, timezone.now() + timedelta(days=1))
    reply = client.post("/assessment/answers/", body(ticket), "text/plain")
    assert reply.status_code == 503
    assert int(reply["Retry-After"]) == reply.json()["retry_after"] > 0


def dsn() -> str:
    params = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    return psycopg.conninfo.make_conninfo(**{n: params[n] for n in names if params.get(n)})


def messages(attempt: Attempt, count: int) -> list[Message]:
    at = timezone.now()
    return [Message(uuid4(), attempt.pk, f"q{n}", "{}", at, at, 0) for n in range(count)]


async def gathered(gatherer: Gatherer[Message, Fate], parts: list[list[Message]]) -> list[Any]:
    gatherer.start()
    try:
        return await asyncio.gather(*map(gatherer.put, parts), return_exceptions=True)
    finally:
        await gatherer.stop()


@pytest.mark.django_db(transaction=True)
def test_what_comes_at_once_is_written_in_few_commits() -> None:
    attempt = open_attempt(timezone.now())
    batches: list[int] = []

    async def counted(connection: Any, items: Any) -> list[Fate]:
        batches.append(len(items))
        return await write(connection, items)

    parts = [messages(attempt, 2) for _n in range(300)]
    found = asyncio.run(gathered(Gatherer(dsn(), counted), parts))
    assert found == [[Fate.SAVED] * 2] * 300
    assert Answer.objects.count() == 600
    assert len(batches) < 30


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_kept_fails_alone() -> None:
    attempt = open_attempt(timezone.now())
    parts = [messages(attempt, 1) for _n in range(9)]
    wrong = Message(uuid4(), attempt.pk, "q" * 500, "{}", AT, AT, 0)
    found = asyncio.run(gathered(Gatherer(dsn(), write), [*parts[:4], [wrong], *parts[4:]]))
    assert isinstance(found.pop(4), psycopg.DataError)
    assert found == [[Fate.SAVED]] * 9


@pytest.mark.django_db(transaction=True)
def test_what_is_nested_too_deep_fails_alone() -> None:
    attempt = open_attempt(timezone.now())
    parts = [messages(attempt, 1) for _n in range(4)]
    deep = '{"R": ' + "[" * 50_000 + "]" * 50_000 + "}"
    wrong = Message(uuid4(), attempt.pk, "q", deep, AT, AT, 0)
    found = asyncio.run(gathered(Gatherer(dsn(), write), [*parts[:2], [wrong], *parts[2:]]))
    assert isinstance(found.pop(2), psycopg.errors.StatementTooComplex)
    assert found == [[Fate.SAVED]] * 4


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_loses_and_doubles_nothing() -> None:
    attempt = open_attempt(timezone.now())
    seen: list[int] = []

    async def cut(connection: Any, items: Any) -> list[Fate]:
        async with connection.transaction():
            result = await write(connection, items)
            seen.append(len(items))
            if len(seen) == 1:  # after the write, before the commit
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return result

    found = asyncio.run(gathered(Gatherer(dsn(), cut), [messages(attempt, 1) for _n in range(5)]))
    assert found == [[Fate.SAVED]] * 5
    assert Answer.objects.count() == 5


def test_a_full_queue_says_when_to_come_again() -> None:
    async def never(connection: Any, items: Any) -> list[Fate]:
        raise AssertionError

    async def run() -> None:
        gatherer: Gatherer[Message, Fate] = Gatherer("host=nowhere.invalid", never, limit=3)
        waiting = asyncio.create_task(gatherer.put(messages(Attempt(pk=ATTEMPT), 3)))
        await asyncio.sleep(0)
        with pytest.raises(Full) as caught:
            await gatherer.put(messages(Attempt(pk=ATTEMPT), 1))
        assert caught.value.retry_after >= 1
        gatherer.patience = 0
        await gatherer.stop()
        with pytest.raises(Full):
            await waiting
        room = Answers(Gatherer("", never, limit=0), SECRET)
        said: list[Any] = []

        async def receive() -> Any:
            ticket = issue(SECRET, ATTEMPT, datetime.now(UTC) + timedelta(minutes=1))
            return {"type": "http.request", "body": body(ticket)}

        async def send(event: Any) -> None:
            said.append(event)

        await room({"type": "http", "method": "POST"}, receive, send)
        assert said[0]["status"] == 503
        assert dict(said[0]["headers"])[b"retry-after"] == b"1"

    asyncio.run(run())


@pytest.mark.django_db(transaction=True)
def test_an_answer_waits_for_a_handing_in_and_hears_of_it(client: Client) -> None:
    attempt = open_attempt(timezone.now())
    told: list[tuple[int, list[str]]] = []

    def send() -> None:
        told.append(post(Client(), attempt))
        connection.close()

    sender = threading.Thread(target=send)
    with transaction.atomic():
        Attempt.objects.select_for_update().get(pk=attempt.pk)
        sender.start()
        sender.join(0.5)
        assert not told
        Attempt.objects.filter(pk=attempt.pk).update(status="submitted", closed_at=timezone.now())
    sender.join(10)
    assert told == [(200, ["closed"])]
