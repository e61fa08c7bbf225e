"""Changing a schema by place, and what becomes of values in another version."""

from __future__ import annotations

from dataclasses import replace
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
)
from sreda.reporting.forms.burden import burden_of
from sreda.reporting.forms.carry import Content, Fate, carried, convert
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.edit import (
    Place,
    add,
    drop,
    move,
    move_block,
    moved,
    part_at,
    put,
    renamed_keys,
)

PUPILS = Block(
    "pupils",
    "Обучающиеся",
    BlockKind.TABLE,
    (Field("total", "Всего"), Field("girls", "Девочки")),
    (
        Row("g1", "1 класс", sources=(("total", 'count("contingent", {"grade": 1})'),)),
        Row("g2", "2 класс", closed=frozenset({"girls"})),
        Row("all", "Итого", sources=(("total", "pupils.g1.total + pupils.g2.total"),)),
    ),
)
KITS = Block("kits", "Наборы", BlockKind.LIST, (Field("name", "Название", CellType.TEXT),))
FORM = Schema(
    (Section("one", "Первый", blocks=(PUPILS,)), Section("two", "Второй", blocks=(KITS,))),
    (
        Check(
            "c1",
            'pupils.g1.total >= pupils.g1.girls && filled("pupils.g1.girls")',
            "Часть не больше целого",
            cells=("pupils.g1.girls",),
        ),
        Check("c2", "kits.all(k, k.name != '')", "Без названия", cells=("kits.*.name",)),
    ),
)


def test_a_renamed_row_takes_expressions_and_checks_along() -> None:
    place = Place.read("row:pupils.g1")
    row = part_at(FORM, place)
    assert isinstance(row, Row)
    made = put(FORM, place, replace(row, code="first"))
    assert made.cells["pupils.all.total"].source == "pupils.first.total + pupils.g2.total"
    assert made.checks[0].expression == (
        'pupils.first.total >= pupils.first.girls && filled("pupils.first.girls")'
    )
    assert made.checks[0].cells == ("pupils.first.girls",)
    assert not list(made.faults())


def test_a_renamed_column_stays_closed_and_sourced() -> None:
    place = Place("field", "total", "pupils")
    made = put(FORM, place, replace(PUPILS.fields[0], code="heads"))
    row = made.blocks["pupils"].rows[0]
    assert dict(row.sources) == {"heads": 'count("contingent", {"grade": 1})'}
    assert made.cells["pupils.all.heads"].source == "pupils.g1.heads + pupils.g2.heads"
    made = put(made, Place("field", "girls", "pupils"), replace(PUPILS.fields[1], code="g"))
    assert made.blocks["pupils"].rows[1].closed == {"g"}


def test_a_renamed_list_is_followed_as_a_whole() -> None:
    made = put(FORM, Place("block", "kits"), replace(KITS, code="sets"))
    assert made.checks[1].expression == "sets.all(k, k.name != '')"
    assert made.checks[1].cells == ("sets.*.name",)


def test_names_inside_longer_names_are_left_alone() -> None:
    schema = replace(
        FORM, checks=(Check("c", "pupils.g1.total_old + xpupils.g1.total + pupils.g1.total", "т"),)
    )
    made = put(schema, Place("field", "total", "pupils"), replace(PUPILS.fields[0], code="t"))
    assert made.checks[0].expression == "pupils.g1.total_old + xpupils.g1.total + pupils.g1.t"


def test_parts_move_among_their_own_and_blocks_between_sections() -> None:
    made = move(FORM, Place("row", "all", "pupils"), -5)
    assert [r.code for r in made.blocks["pupils"].rows] == ["all", "g1", "g2"]
    assert move(FORM, Place("section", "two"), -1).sections[0].code == "two"
    made = move_block(FORM, "kits", "one")
    assert [b.code for b in made.sections[0].blocks] == ["pupils", "kits"]
    assert made.sections[1].blocks == ()
    assert move_block(FORM, "kits", "nowhere") == FORM


def test_a_dropped_column_leaves_nothing_behind() -> None:
    made = drop(FORM, Place("field", "girls", "pupils"))
    assert made.blocks["pupils"].rows[1].closed == frozenset()
    places = {fault.place for fault in made.faults()}
    assert places == {"checks.c1"}  # what still speaks of it is said, not silently changed


@pytest.mark.parametrize("text", ["", "row", "row:a", "cell:a.b", "section:a.b", "field:x"])
def test_no_place(text: str) -> None:
    with pytest.raises(SchemaError):
        Place.read(text)


def test_codes_read_like_titles_and_are_free() -> None:
    assert code_from("Всего учителей, чел.") == "vsego_uchiteley_chel"
    assert code_from("5 класс", prefix="r") == "r_5_klass"
    assert code_from("Период", {"period_2"}) == "period_3"
    assert code_from("", prefix="s") == "s"


def test_moves_follow_several_renames_and_remember_what_was_dropped() -> None:
    step = put(FORM, Place("row", "g1", "pupils"), replace(PUPILS.rows[0], code="x"))
    moves = moved({}, FORM, FORM, step, renamed_keys(FORM, Place("row", "g1", "pupils"), "x"))
    assert moves == {"pupils.g1.total": "pupils.x.total", "pupils.g1.girls": "pupils.x.girls"}
    place = Place("row", "x", "pupils")
    row = part_at(step, place)
    assert isinstance(row, Row)
    again = put(step, place, replace(row, code="y"))
    moves = moved(moves, FORM, step, again, renamed_keys(step, place, "y"))
    assert moves["pupils.g1.total"] == "pupils.y.total"
    gone = drop(again, Place("row", "g2", "pupils"))
    moves = moved(moves, FORM, again, gone, {})
    assert moves["pupils.g2.total"] is None
    back = add(gone, Row("g2", "Другая строка"), under="pupils")
    moves = moved(moves, FORM, gone, back, {})
    fates = {c.old.key: c.fate for c in carried(FORM, back, moves) if c.old}
    assert fates["pupils.g2.total"] is Fate.DROPPED
    assert fates["pupils.g1.total"] is Fate.KEPT
    new = {c.new.key for c in carried(FORM, back, moves) if c.fate is Fate.NEW and c.new}
    assert new == {"pupils.g2.total", "pupils.g2.girls"}


OPTIONS = (Option("a", "Первый"), Option("b", "Второй"))


def _cell(kind: CellType, **more: object) -> object:
    field = Field("f", "F", kind, **more)  # type: ignore[arg-type]
    return Schema(
        (Section("s", "S", blocks=(Block("b", "B", BlockKind.FIELDS, (field,)),)),)
    ).cells["b.f"]


@pytest.mark.parametrize(
    ("old", "value", "new", "becomes"),
    [
        (CellType.INTEGER, Content(number=Decimal(7)), CellType.DECIMAL,
         Content(number=Decimal(7))),
        (CellType.DECIMAL, Content(number=Decimal("7.5")), CellType.INTEGER, None),
        (CellType.DECIMAL, Content(number=Decimal("7.00")), CellType.INTEGER,
         Content(number=Decimal(7))),
        (CellType.TEXT, Content(text=" 1 234,5 "), CellType.DECIMAL, None),
        (CellType.TEXT, Content(text="12"), CellType.INTEGER, Content(number=Decimal(12))),
        (CellType.TEXT, Content(text="много"), CellType.INTEGER, None),
        (CellType.TEXT, Content(text="NaN"), CellType.INTEGER, None),
        (CellType.INTEGER, Content(number=Decimal("12.0000")), CellType.TEXT, Content(text="12")),
        (CellType.BOOLEAN, Content(text="true"), CellType.INTEGER, Content(number=Decimal(1))),
        (CellType.TEXT, Content(text="Да"), CellType.BOOLEAN, Content(text="true")),
        (CellType.TEXT, Content(text="31.12.2026"), CellType.DATE, None),
        (CellType.TEXT, Content(text="2026-12-31"), CellType.DATE, Content(text="2026-12-31")),
        (CellType.CHOICE, Content(text="b"), CellType.TEXT, Content(text="Второй")),
        (CellType.TEXT, Content(text="второй"), CellType.CHOICE, Content(text="b")),
        (CellType.CHOICES, Content(text="a\nb"), CellType.CHOICE, None),
        (CellType.CHOICE, Content(text="c"), CellType.CHOICE, None),
    ],
)  # fmt: skip
def test_values_are_carried_whole_or_not_at_all(
    old: CellType, value: Content, new: CellType, becomes: Content | None
) -> None:
    choice = {CellType.CHOICE, CellType.CHOICES}
    a = _cell(old, options=OPTIONS if old in choice else ())
    b = _cell(new, options=OPTIONS if new in choice else ())
    assert convert(value, a, b, {}) == becomes  # type: ignore[arg-type]


def test_burden_counts_typed_cells_and_saves_on_filled_ones() -> None:
    found = burden_of(FORM)
    assert (found.cells, found.sourced) == (6, 2)
    # girls of the first and the last row, total of the second: a minute each; five names: two each
    assert found.asked == Decimal(1) * 3 + Decimal(2) * 5 + Decimal("0.1") * 2
    assert found.saved == Decimal("0.9") * 2
