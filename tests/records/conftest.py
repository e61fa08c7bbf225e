"""A client of the learning record store."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from sreda.kernel import clock
from sreda.records.api import make
from sreda.records.clickhouse import client as clickhouse
from sreda.records.domain import credentials, feeding


class Lrs:
    """Speaks one edition with one credential."""

    def __init__(self, *scopes: str, version: str = "1.0.3", name: str = "Система", **fields: Any):
        made = make(name, scopes=scopes or ["all"], at=clock.now(), **fields)
        self.credential = made.credential
        pair = f"{made.credential.key}:{made.secret}"
        self.authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        self.version = version
        self.client = Client()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        kind: str = "application/json",
        version: str | None = None,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> Any:
        given = {
            key: json.dumps(value) if isinstance(value, dict | list) else value
            for key, value in params.items()
        }
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            f"/xapi/{path}" + (f"?{urlencode(given)}" if given else ""),
            data,
            content_type=kind,
            headers={
                "Authorization": self.authorization,
                "X-Experience-API-Version": version or self.version,
            }
            | (headers or {}),
        )

    def send(self, *statements: Any, **more: Any) -> list[str]:
        answer = self.ask("POST", "statements", list(statements), **more)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def found(self, **params: Any) -> list[str]:
        answer = self.ask("GET", "statements", **params)
        assert answer.status_code == 200, answer.content.decode()
        return [statement["id"] for statement in answer.json()["statements"]]

    def get(self, statement_id: str, **params: Any) -> Any:
        return self.ask("GET", "statements", statementId=statement_id, **params)


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    credentials._checked.clear()


@pytest.fixture
def lrs(db):
    return Lrs()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """ClickHouse within this process, its files in a folder of this run."""
    pytest.importorskip("chdb", reason="ClickHouse's engine: pip install 'sreda[clickhouse]'")
    return f"embedded:{tmp_path_factory.mktemp('clickhouse')}"


@pytest.fixture(params=["postgresql", pytest.param("clickhouse", marks=pytest.mark.clickhouse)])
def both_stores(request: Any, settings: Any, monkeypatch: Any) -> Any:
    """The test runs with searches in PostgreSQL and again with those in ClickHouse, which is fed
    before each question."""
    if request.param == "postgresql":
        return
    settings.RECORDS_CLICKHOUSE = request.getfixturevalue("embedded")
    made = clickhouse.configured()
    assert made is not None
    clickhouse.empty(made)
    ask = Lrs.ask

    def fed(self: Lrs, method: str, path: str, /, *args: Any, **more: Any) -> Any:
        if method in {"GET", "HEAD"} and path == "statements":
            while feeding.feed():
                pass
        return ask(self, method, path, *args, **more)

    monkeypatch.setattr(Lrs, "ask", fed)
