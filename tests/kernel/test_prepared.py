"""What is asked together is answered as if it were asked alone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from sreda.kernel.api import Ask, together
from sreda.kernel.prepared import asked

NUMBER = "SELECT %s::int + 1"
NAMED = "SELECT %(word)s::text, %(id)s::uuid"
LAST = "SELECT 5"
BAD = "SELECT 1 / %s::int"


@pytest.mark.django_db
def test_each_finds_its_own_answer_once() -> None:
    named = {"word": "50 %", "id": uuid4()}
    asks = [Ask(NUMBER, (1,)), None, Ask(NUMBER, (2,)), Ask(NAMED, named)]
    with together(asks), CaptureQueriesContext(connection) as queries:
        assert asked(NUMBER, (2,)) == [(3,)]
        assert Ask(NAMED, dict(named)).rows() == [("50 %", named["id"])]
        assert Ask(NUMBER, (1,)).number() == 2
        assert len(queries) == 0
        assert asked(NUMBER, (1,)) == [(2,)]  # a second time it is asked anew
        assert len(queries) == 1
        assert asked(NUMBER, (7,)) == [(8,)]
        assert len(queries) == 2
    assert asked(NUMBER, (2,)) == [(3,)]


@pytest.mark.django_db
def test_within_another_both_are_answered() -> None:
    with together([Ask(NUMBER, (1,)), Ask(NUMBER, (2,))]):
        with (
            together([Ask(NUMBER, (3,)), Ask(NUMBER, (4,))]),
            CaptureQueriesContext(connection) as queries,
        ):
            assert [asked(NUMBER, (n,)) for n in (1, 3, 4)] == [[(2,)], [(4,)], [(5,)]]
            assert len(queries) == 0
        with CaptureQueriesContext(connection) as queries:
            assert asked(NUMBER, (2,)) == [(3,)]
            assert len(queries) == 0


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_leaves_each_to_whoever_asks() -> None:
    for _time in range(8):  # in the course of which the texts are prepared
        with together([Ask(NUMBER, (1,)), Ask(BAD, (0,)), Ask(NUMBER, (2,)), Ask(LAST)]):
            assert asked(NUMBER, (2,)) == [(3,)]
            with pytest.raises(DataError):
                asked(BAD, (0,))
            assert asked(NUMBER, (1,)) == [(2,)]
        assert asked(LAST) == [(5,)]


@pytest.mark.django_db
def test_a_failure_in_a_transaction_is_told_and_leaves_the_connection_usable() -> None:
    for _time in range(8):
        with (
            pytest.raises(DataError),
            transaction.atomic(),
            together([Ask(BAD, (0,)), Ask(NUMBER, (2,)), Ask(LAST)]),
        ):
            pytest.fail("nothing more can be asked here")
        assert asked(NUMBER, (2,)) == [(3,)]
        assert asked(LAST) == [(5,)]


@pytest.mark.django_db
def test_whoever_watches_queries_sees_each() -> None:
    with CaptureQueriesContext(connection) as queries:
        with together([Ask(NUMBER, (1,)), Ask(NUMBER, (2,))]):
            assert len(queries) == 0
            assert asked(NUMBER, (1,)) == [(2,)]
            assert asked(NUMBER, (2,)) == [(3,)]
        assert [query["sql"] for query in queries] == ["SELECT 1::int + 1", "SELECT 2::int + 1"]


@pytest.mark.django_db(transaction=True)
def test_a_request_after_the_database_was_started_anew_is_answered() -> None:
    with pytest.raises(OperationalError):
        asked("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.health_check_done = False  # as a new request begins
    assert asked(NUMBER, (1,)) == [(2,)]
