"""COPY and the upsert that leaves equal rows alone."""

from datetime import UTC, datetime, timedelta

import pytest

from sreda.kernel.api import Copied, copy_rows, update_rows, upsert_rows, uuid7
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import Municipality

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, tzinfo=UTC)
FIELDS = ["id", "code", "name", "kind"]


def rows(*names):
    return [(uuid7(), f"c{n}", name, "urban") for n, name in enumerate(names)]


def test_copy_counts_rows():
    assert copy_rows(Municipality, FIELDS, rows("А", "Б")) == 2
    assert Municipality.objects.count() == 2


def test_upsert_tells_new_changed_and_unchanged_apart():
    assert upsert_rows(Municipality, FIELDS, rows("А", "Б"), key=["code"]) == Copied(2, 2, 0)
    before = dict(Municipality.objects.values_list("code", "id"))
    again = upsert_rows(Municipality, FIELDS, rows("А", "В", "Г"), key=["code"])
    assert (again.inserted, again.updated, again.unchanged) == (1, 1, 1)
    assert dict(Municipality.objects.values_list("code", "name")) == {
        "c0": "А",
        "c1": "В",
        "c2": "Г",
    }
    assert before.items() <= dict(Municipality.objects.values_list("code", "id")).items()


def test_rows_are_updated_by_copy():
    copy_rows(Municipality, FIELDS, rows("А", "Б", "В"))
    first, second, third = Municipality.objects.order_by("code")
    first.name, second.name, second.code = "Я", "Ю\t\\N", "c9"
    third.name = "не тронуто"
    assert update_rows([first, second], ["name"]) == 2
    assert [*Municipality.objects.order_by("code").values_list("code", "name")] == [
        ("c0", "Я"), ("c1", "Ю\t\\N"), ("c2", "В"),
    ]  # fmt: skip
    gone = Municipality(pk=uuid7(), name="Нет")
    assert update_rows([gone], ["name"]) == 0
    assert update_rows([], ["name"]) == 0


def test_a_row_updated_by_copy_may_hold_json_and_nothing():
    event = OutboxEvent.objects.create(type="a", payload={}, occurred_at=NOW)
    event.payload = {"текст": ["\u2028", None, 1.5], "null": None}
    event.type, event.occurred_at = "b", NOW + timedelta(seconds=1)
    assert update_rows([event], ["payload", "type", "occurred_at"]) == 1
    found = OutboxEvent.objects.get()
    assert (found.payload, found.type, found.occurred_at) == (
        event.payload, "b", event.occurred_at,
    )  # fmt: skip
