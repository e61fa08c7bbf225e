"""COPY and the upsert that leaves equal rows alone."""

import pytest

from sreda.kernel.api import Copied, copy_rows, upsert_rows, uuid7
from sreda.registry.api import Municipality

pytestmark = pytest.mark.django_db
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
