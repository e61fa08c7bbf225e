"""Statements taken in by the process without Django: as the site takes them, and gathered."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from sreda.exchange.xapi.hot import Statements, nothing_here
from sreda.kernel import clock
from sreda.kernel.gathering import Full
from sreda.records import hot
from sreda.records.domain import credentials
from sreda.records.domain.writing import forget_months
from sreda.records.models import Credential
from sreda.records.xapi.attachments import media_type, parts_of
from tests.records import test_attachments as mixed
from tests.records.conftest import Lrs
from tests.records.statements import ANNA, full, plain, reference, voiding
from tests.records.test_attachments import CONTENT, MIXED, described, part

SITE = "https://site.test"


def dsn() -> str:
    params = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    return psycopg.conninfo.make_conninfo(**{n: params[n] for n in names if params.get(n)})


class Process:
    """The rooms as the process has them; `commits` counts requests of each transaction."""

    def __init__(self, lrs: Lrs) -> None:
        self.lrs = lrs
        self.gatherer = hot.gatherer(dsn())
        self.credentials = hot.Credentials(dsn(), settings.SECRET_KEY)
        self.room = Statements(self.gatherer, self.credentials, Path(settings.MEDIA_ROOT), SITE)
        self.commits: list[int] = []
        write = self.gatherer.write

        async def counted(connection: Any, requests: Any) -> Any:
            self.commits.append(len(requests))
            return await write(connection, requests)

        self.gatherer.write = counted

    async def ask(
        self,
        method: str,
        body: Any = None,
        /,
        *,
        room: Any = None,
        path: str = "/xapi/statements",
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> tuple[int, Any, dict[str, str]]:
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        given = {
            "authorization": self.lrs.authorization,
            "x-experience-api-version": self.lrs.version,
            "content-type": "application/json",
            "content-length": str(len(data)),
        } | {name.lower(): text for name, text in (headers or {}).items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": urlencode(params).encode(),
            "headers": [(n.encode(), t.encode()) for n, t in given.items()],
        }
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": data}

        async def send(event: Any) -> None:
            said.append(event)

        await (room or self.room)(scope, receive, send)
        start, rest = said
        names = {n.decode(): t.decode() for n, t in start["headers"]}
        return start["status"], json.loads(rest["body"]) if rest["body"] else None, names

    def run(self, work: Callable[[Process], Awaitable[Any]]) -> Any:
        async def life() -> Any:
            self.gatherer.start()
            try:
                return await work(self)
            finally:
                await self.gatherer.stop()
                await self.credentials.close()

        return asyncio.run(life())


@pytest.fixture
def lrs(transactional_db: None) -> Lrs:
    forget_months()
    return Lrs()


def new() -> str:
    return str(uuid.uuid4())


def test_the_process_has_no_django_but_its_exceptions():
    code = (
        "import sys, sreda.config.hot; print([n for n in sys.modules if n.startswith('django.')])"
    )
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join(sys.path), "SREDA_SECRET_KEY": "x" * 50,
             "SREDA_DATABASE_URL": "postgres://nowhere.invalid/x"},
    )  # fmt: skip
    loaded = set(json.loads(made.stdout.replace("'", '"')))
    rest = {name for name in loaded if not name.startswith("django.utils")}
    assert rest <= {"django.core", "django.core.exceptions"}


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_what_is_sent_here_is_read_at_the_site(lrs, version):
    lrs.version = version
    sent = [full(), plain(), full(id=new().upper())]
    put = full(id=new())

    async def work(process: Process) -> Any:
        posted = await process.ask("POST", sent)
        again = await process.ask("PUT", put, statementId=put["id"])
        alone = await process.ask("POST", plain(id=new()))
        none = await process.ask("POST", [])
        return posted, again, alone, none

    posted, again, alone, none = Process(lrs).run(work)
    assert posted[0] == alone[0] == none[0] == 200
    assert none[1] == []
    assert again[:2] == (204, None)
    assert posted[2]["x-experience-api-version"] == version
    assert posted[2]["access-control-allow-origin"] == "*"
    assert [posted[1][0], posted[1][2]] == [sent[0]["id"], sent[2]["id"].lower()]
    for own in [*posted[1], put["id"], *alone[1]]:
        got = lrs.get(own).json()
        assert got["authority"]["account"]["name"] == f"source:{lrs.credential.key}"
    lrs.credential.refresh_from_db()
    assert lrs.credential.version == version
    assert lrs.credential.used_at is not None


WRONG: list[tuple[str, Any, dict[str, Any]]] = [
    ("POST", b"{", {}),
    ("POST", b"\xff", {}),
    ("POST", {**plain(), "verb": {}}, {}),
    ("POST", [plain(), {**plain(), "actor": {"mbox": "x"}}], {}),
    ("POST", [plain(id=ANNA["mbox"])], {}),
    ("POST", [full(id="6b3a2b3e-5a5f-4f6e-8a3e-000000000001")] * 2, {}),
    ("POST", plain(), {"limit": "1"}),
    ("POST", plain(), {"headers": {"Content-Type": "text/plain"}}),
    ("POST", plain(), {"headers": {"X-Experience-API-Version": ""}}),
    ("POST", plain(), {"headers": {"X-Experience-API-Version": "0.9"}}),
    ("POST", plain(), {"headers": {"Authorization": ""}}),
    ("POST", plain(), {"headers": {"Authorization": "Basic !"}}),
    ("POST", plain(), {"headers": {"Authorization": "Basic eDp5"}}),
    ("PUT", plain(), {}),
    ("PUT", plain(), {"statementId": "x"}),
    ("PUT", plain(), {"statementid": new()}),
    ("PUT", plain(id=new()), {"statementId": new()}),
    ("PUT", [plain()], {"statementId": new()}),
    (
        "POST",
        plain(attachments=[{
            "usageType": "https://x.test/u", "display": {"ru": "а"}, "contentType": "text/plain",
            "length": 1, "sha2": "0" * 64}]),
        {},
    ),
]  # fmt: skip


def test_what_is_wrong_is_told_as_by_the_site(lrs):
    async def work(process: Process) -> list[Any]:
        return [await process.ask(method, body, **more) for method, body, more in WRONG]

    found = Process(lrs).run(work)
    for (method, body, more), (status, told, names) in zip(WRONG, found, strict=True):
        params = {name: text for name, text in more.items() if name != "headers"}
        headers = dict(more.get("headers", {}))
        site = lrs.ask(
            method, "statements", body, kind=headers.pop("Content-Type", "application/json"),
            headers=headers, **params,
        )  # fmt: skip
        assert (status, told) == (site.status_code, site.json()), (body, more)
        assert 400 <= status < 500
        for name in ("WWW-Authenticate", "X-Experience-API-Version"):
            assert names.get(name.lower()) == site.headers.get(name)


def test_conflicts_and_voiding_are_of_one_request_alone(lrs):
    kept = full(id=new())
    lrs.send(kept)
    other = Lrs("statements/write", name="Другая")
    mine = [plain(id=new()) for _n in range(5)]

    async def work(process: Process) -> list[Any]:
        theirs = {"authorization": other.authorization}
        return await asyncio.gather(
            *(process.ask("POST", one) for one in mine[:3]),
            process.ask("POST", [plain(id=new()), {**kept, "actor": {"mbox": "mailto:a@b.test"}}]),
            process.ask("POST", voiding(kept["id"]), headers=theirs),
            process.ask("POST", kept),
            *(process.ask("POST", one) for one in mine[3:]),
        )

    found = Process(lrs).run(work)
    assert [status for status, _told, _names in found] == [200] * 3 + [409, 403, 200] + [200] * 2
    assert kept["id"] in found[3][1]["error"]
    assert sorted(lrs.found()) == sorted([kept["id"], *(one["id"] for one in mine)])


def test_the_same_statement_sent_twice_at_once_is_there_once(lrs):
    sent = [plain(id=new(), timestamp="2024-05-06T07:08:09Z") for _n in range(20)]
    late = plain(id=new())
    sent.append(late)
    sent.append(reference(late["id"]) | {"id": new()})

    async def work(process: Process) -> list[Any]:
        return await asyncio.gather(*(process.ask("POST", one) for one in [*sent, *sent]))

    process = Process(lrs)
    assert {status for status, _told, _names in process.run(work)} == {200}
    assert sum(process.commits) == 2 * len(sent)
    assert len(process.commits) < 2 * len(sent)  # some came together
    assert len(lrs.found()) == len(sent)


def test_a_revoked_key_and_a_missing_scope_end_here_too(lrs):
    reader = Lrs("statements/read", name="Читатель")

    async def work(process: Process) -> list[Any]:
        first = await process.ask("POST", plain())
        await asyncio.to_thread(revoke)
        trusted = await process.ask("POST", plain())
        process.credentials.kept = 0
        process.credentials._checked.clear()
        over = await process.ask("POST", plain())
        barred = await process.ask("POST", plain(), headers={"authorization": reader.authorization})
        return [first[0], trusted[0], over[0], barred[0], barred[1]]

    def revoke() -> None:
        Credential.objects.filter(pk=lrs.credential.pk).update(revoked_at=clock.now())
        connection.close()

    site = reader.ask("POST", "statements", plain())
    assert Process(lrs).run(work) == [200, 200, 401, 403, site.json()]
    assert hot.KEPT <= credentials.KEPT


def test_attachments_come_by_either_way_and_go_out_by_the_site(lrs, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    sent = [plain(attachments=[described(CONTENT)]) for _n in range(3)]
    kind = {"Content-Type": MIXED}

    async def work(process: Process) -> list[Any]:
        both = [
            process.ask("POST", mixed.body(one, part(CONTENT)), headers=kind) for one in sent[:2]
        ]
        lacks = process.ask("POST", mixed.body(sent[2]), headers=kind)
        other = process.ask("POST", mixed.body(sent[2], part(b"other")), headers=kind)
        broken = process.ask("POST", b"--x", headers=kind)
        return list(await asyncio.gather(*both, lacks, other, broken))

    first, second, *wrong = Process(lrs).run(work)
    assert [answer[0] for answer in (first, second, *wrong)] == [200, 200, 400, 400, 400]
    at_site = [
        lrs.ask("POST", "statements", sending, kind=MIXED).json()
        for sending in (mixed.body(sent[2]), mixed.body(sent[2], part(b"other")), b"--x")
    ]
    assert [said for _status, said, _names in wrong] == at_site
    answer = lrs.ask("GET", "statements", attachments="true")
    statements, content = parts_of(answer.content, boundary_of(answer))
    assert len(json.loads(statements.content)["statements"]) == 2
    assert content.content == CONTENT
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def boundary_of(answer: Any) -> str:
    return media_type(answer["Content-Type"])[1]["boundary"]


def test_what_is_only_at_the_site_says_so(lrs):
    async def work(process: Process) -> list[Any]:
        return [
            await process.ask("GET"),
            await process.ask("POST", b"a=b", method="PUT"),
            await process.ask("OPTIONS"),
            await process.ask("GET", room=nothing_here(SITE), path="/xapi/about"),
        ]  # fmt: skip

    *told, options, elsewhere = Process(lrs).run(work)
    assert [status for status, _told, _names in told] == [405, 415]
    assert all(f"{SITE}/xapi/statements" in said["error"] for _s, said, _names in told)
    assert (options[0], options[2]["allow"]) == (204, "PUT, POST")
    assert (elsewhere[0], elsewhere[2]["access-control-allow-origin"]) == (404, "*")
    assert f"{SITE}/xapi/about" in elsewhere[1]["error"]


def test_full_or_without_a_database_it_says_when_to_come_again(lrs):
    async def work(process: Process) -> list[Any]:
        process.gatherer.limit = 0
        full = await process.ask("POST", plain())
        process.room.lying = 2**40
        large = await process.ask("POST", plain())
        process.credentials.dsn = "host=/nowhere"
        process.credentials._checked.clear()
        await process.credentials.close()
        away = await process.ask("POST", plain())
        return [full, large, away]

    for status, told, names in Process(lrs).run(work):
        assert status == 503
        assert int(names["retry-after"]) >= 1
        assert told["error"]
    with pytest.raises(Full):
        asyncio.run(hot.Credentials("host=/nowhere", "x").check("a", "b"))
