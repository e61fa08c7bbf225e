"""Schemas as JSON and back, and what is wrong with a broken one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sreda.reporting.forms import (
    Block,
    BlockKind,
    CellType,
    Check,
    Field,
    Option,
    Row,
    Schema,
    SchemaError,
    Section,
    from_json,
    to_json,
)

STAFF = Block(
    "staff",
    "Staff",
    BlockKind.TABLE,
    fields=(Field("total", "Total"), Field("women", "Women", minimum=Decimal("0"))),
    rows=(
        Row("all", "All", sources=(("total", 'count("staff", {})'),)),
        Row("heads", "Heads", closed=frozenset({"women"})),
    ),
)
KITS = Block("kits", "Kits", BlockKind.LIST, fields=(Field("name", "Name", CellType.TEXT),))
PLACE = Block(
    "place",
    "Place",
    BlockKind.FIELDS,
    fields=(Field("kind", "Kind", CellType.CHOICE, options=(Option("a", "A"), Option("b", "B"))),),
)
FORM = Schema(
    (Section("one", "One", blocks=(STAFF, KITS)), Section("two", "Two", blocks=(PLACE,))),
    (Check("c1", "staff.all.total >= staff.all.women", "Part", cells=("staff.all.women",)),),
)


def test_a_schema_survives_json() -> None:
    assert from_json(to_json(FORM)) == FORM


def test_cells_have_keys_in_the_order_of_the_form() -> None:
    assert list(FORM.cells) == [
        "staff.all.total", "staff.all.women", "staff.heads.total", "kits.*.name", "place.kind",
    ]  # fmt: skip
    assert FORM.cells["staff.all.total"].source == 'count("staff", {})'
    assert FORM.cells["staff.heads.total"].source == ""
    assert not list(FORM.faults())


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"sections": 5}, "form"),
        ({"sections": [{"code": "a"}]}, "form.a"),
        ({"sections": [{"code": "a", "title": "A", "colour": 1}]}, "form"),
        (
            {"sections": [{"code": "a", "title": "A", "blocks": [
                {"code": "b", "title": "B", "kind": "cube"}]}]},
            "form.a.b",
        ),
    ],
)  # fmt: skip
def test_unreadable_content_names_its_place(content: object, place: str) -> None:
    with pytest.raises(SchemaError) as caught:
        from_json(content)
    assert caught.value.place.startswith(place)


def test_faults_name_their_places() -> None:
    broken = Schema(
        (
            Section("one", "One", blocks=(Block("t", "T", BlockKind.TABLE, (Field("A", "A"),)),)),
            Section("one", " ", blocks=(PLACE, PLACE)),
        ),
        (Check("c", "true", "C", cells=("no.such",)),),
    )
    found = {(fault.place, fault.reason) for fault in broken.faults()}
    assert ("t", "a table needs rows") in found
    assert ("one", "this code is used twice") in found
    assert ("one", "has no title") in found
    assert ("place", "this code is used twice") in found
    assert ("checks.c", "there is no cell no.such") in found
    assert any(place == "t.A" for place, _reason in found)
