"""The same searches in ClickHouse as in PostgreSQL, on the embedded engine; feeding; its server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sreda.kernel import clock
from sreda.records.clickhouse import client as clickhouse
from sreda.records.domain import feeding
from sreda.records.models import FeedMark
from sreda.records.queries import columns
from sreda.registry.api import Role, User
from tests.factories import OrganisationFactory, seated
from tests.records.conftest import Lrs
from tests.records.statements import ANNA, BORIS, plain, voiding

pytestmark = [pytest.mark.django_db, pytest.mark.clickhouse]


@pytest.fixture(autouse=True)
def engine(embedded: str, settings: Any) -> clickhouse.Client:
    settings.RECORDS_CLICKHOUSE = embedded
    made = clickhouse.configured()
    assert made is not None
    clickhouse.empty(made)
    return made


def test_nothing_is_told_before_it_is_fed(lrs: Lrs) -> None:
    sent = lrs.send(plain(), plain())
    first = lrs.ask("GET", "statements")
    assert first.json()["statements"] == []
    assert first["X-Experience-API-Consistent-Through"].startswith("1970")
    assert feeding.feed(1)
    assert lrs.found() == []  # both were stored at one moment: half of a batch is not told
    while feeding.feed(1):
        pass
    assert set(lrs.found()) == set(sent)
    through = lrs.ask("GET", "statements")["X-Experience-API-Consistent-Through"]
    assert through > lrs.get(sent[0]).json()["stored"]


def test_feeding_again_changes_nothing(lrs: Lrs) -> None:
    sent = lrs.send(*[plain() for _n in range(7)])
    while feeding.feed(3):
        pass
    FeedMark.objects.all().delete()  # as after a crash between ClickHouse's commit and ours
    while feeding.feed(2):
        pass
    assert sorted(lrs.found()) == sorted(sent)
    assert sorted(lrs.found(agent=ANNA)) == sorted(sent)
    feeding.feed_anew()
    assert lrs.found() == []
    feeding.feed()
    assert len(lrs.found(limit="4")) == 4


def test_what_is_voided_afterwards_is_gone(lrs: Lrs) -> None:
    kept, gone = lrs.send(plain(), plain())
    feeding.feed()
    [by] = lrs.send(voiding(gone))
    feeding.feed()
    assert lrs.found() == [by, kept]
    assert lrs.ask("GET", "statements", voidedStatementId=gone).status_code == 200


def test_what_refers_to_one_that_comes_later_is_found_by_it(lrs: Lrs) -> None:
    later = "6f3b2c1e-2f51-4a0e-9d5c-1d2f3a4b5c6d"
    [first] = lrs.send(plain(actor=BORIS, object={"objectType": "StatementRef", "id": later}))
    [second] = lrs.send(plain(actor=BORIS, object={"objectType": "StatementRef", "id": first}))
    feeding.feed()
    assert lrs.found(agent=ANNA) == []
    lrs.send(plain(actor=ANNA) | {"id": later})
    feeding.feed()
    assert set(lrs.found(agent=ANNA)) == {later, first, second}


def test_totals_are_the_same_in_both(lrs: Lrs, settings: Any) -> None:
    place = OrganisationFactory()
    school = Lrs("statements/write", name="Школа", organisation=place)
    lrs.send(plain(), plain())
    school.send(plain())
    feeding.feed()
    operator = Client()
    operator.force_login(User.objects.get(pk=seated(Role.OPERATOR).user_id))
    from sreda.records.domain.figures import count_new
    from sreda.records.queries.figures import totals

    count_new()
    there = totals(clock.today())
    assert operator.get(reverse("records:totals")).status_code == 200
    settings.RECORDS_CLICKHOUSE = ""
    here = totals(clock.today())
    assert (there.by_day, there.by_verb, there.by_organisation, there.whole) == (
        here.by_day, here.by_verb, here.by_organisation, here.whole,
    )  # fmt: skip
    assert here.whole == 3
    assert here.by_organisation == [(place.short_name, 1)]


class Bridge(BaseHTTPRequestHandler):
    """ClickHouse's HTTP interface over the embedded engine: query, param_*, body, errors."""

    protocol_version = "HTTP/1.1"
    engine: Any = None
    password = "Basic dTpwIDE="  # u:p 1

    def do_POST(self) -> None:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers["Content-Length"]))
        params = {k[6:]: v for k, v in asked.items() if k.startswith("param_")}
        status, told = 200, b""
        if self.headers["Authorization"] != self.password or asked["database"] != "sreda":
            status, told = 403, b"AUTHENTICATION_FAILED"
        else:
            sql = clickhouse._within(asked.get("query") or body.decode())
            data = body if "query" in asked else b""
            try:
                text = sql.removesuffix(" FORMAT JSONCompactEachRow") if not data else sql
                told = self.engine.run(text, params, data).encode()
            except clickhouse.Away as error:
                status, told = 404, str(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server(engine: Any) -> Iterator[str]:
    Bridge.engine = engine
    made = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{made.server_port}/sreda"
    made.shutdown()
    made.server_close()


def test_a_server_is_spoken_to_over_http(server: str, settings: Any, lrs: Lrs) -> None:
    settings.RECORDS_CLICKHOUSE = f"http://u:p%201@{server}"
    sent = lrs.send(plain(), plain(actor=BORIS))
    feeding.feed()
    assert sorted(lrs.found()) == sorted(sent)
    assert lrs.found(agent=BORIS) == [sent[1]]
    assert columns.whole(clickhouse.configured()) == 2  # type: ignore[arg-type]


def test_a_server_that_is_away_is_said_to_be(settings: Any, lrs: Lrs, server: str) -> None:
    lrs.send(plain())
    feeding.feed()
    good = clickhouse.configured()
    settings.RECORDS_CLICKHOUSE = f"http://u:wrong@{server}"
    with pytest.raises(clickhouse.Away, match="AUTHENTICATION_FAILED"):
        clickhouse.configured()
    answer = lrs.ask("GET", "statements")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    before = FeedMark.objects.get().seq
    lrs.send(plain())  # is kept all the same
    with pytest.raises(clickhouse.Away):
        feeding.feed()
    assert FeedMark.objects.get().seq == before
    assert good is not None


def test_answers_say_up_to_when_they_hold(lrs: Lrs) -> None:
    lrs.send(plain())
    feeding.feed()
    through = columns.through()
    assert clock.now() - through < timedelta(minutes=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM records_statement WHERE stored > %s", [through])
        assert cursor.fetchone() == (0,)
