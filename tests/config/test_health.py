"""What a supervisor or a load balancer is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site looks for its database where nothing listens."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", str(free_port()))
        yield
    connection.close()


def test_well(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_database_that_is_gone_is_said_in_plain_words(no_database: None) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/healthz", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.content == b"the database does not answer\n"
