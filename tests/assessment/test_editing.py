"""What the editor's forms write, and that the same form comes back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from sreda.assessment import qti
from sreda.assessment.domain.editing import (
    KINDS,
    PICTURED,
    ItemForm,
    Row,
    faults_of,
    form_of,
    most_of,
    start,
)
from sreda.assessment.domain.editing import written as write
from sreda.assessment.rendering import Page, render_item
from sreda.assessment.web.editor import with_rows

D = Decimal
CHOICE = ItemForm(
    "choice", "c", "Числа", text="Дано **число** $\\frac{a}{2}$ и *знак*.\n\nЕщё 5 \\* 2 \\$.",
    question="Что верно?\nВыберите.", points=D(2), shuffle=True, feedback_right="Да!",
    rows=(Row("$x^2$", right=True), Row("![куб](a/cube.png)"), Row("<b>&")),
)  # fmt: skip
FORMS = [
    CHOICE,
    replace(CHOICE, multiple=True, partial=True, points=D(1), feedback_wrong="Нет $1<2$.", rows=(
        Row("а", right=True, points=D("1.5")), Row("б", right=True, points=D("0.5")),
        Row("в", points=D(-1)))),
    ItemForm("order", "o", "Порядок", question="?", points=D("0.5"), rows=(Row("1"), Row("2"))),
    ItemForm("match", "m", "Пары", question="?", partial=True, points=D(2), shuffle=True, rows=(
        Row("кит", "зверь"), Row("волк", "зверь"), Row("щука", "рыба"), Row("гриб"),
        Row("", "птица"))),
    ItemForm("match", "m", "Пары", question="?", points=D(3), rows=(Row("а", "б"),)),
    ItemForm("associate", "a", "Пары", question="?", partial=True, points=D(2), rows=(
        Row("день", "ночь"), Row("лето", "зима"), Row("утро"))),
    ItemForm("gap-match", "g", "Пропуски", question="Вставьте.", points=D(1), partial=True, rows=(
        Row("лишнее"),), text="Мы [[мыли]] раму и **снова [[мыли]]**.\n\nА потом [[спали]]."),
    ItemForm("inline-choice", "i", "Текст", points=D("0.5"),
             text="Корова [[даёт|даст|дала]] молоко, [[а|но]] бык нет.", feedback_wrong="Ещё раз"),
    ItemForm("text-entry", "t", "Числа", points=D(2),
             text="Пи [[=3.14±0.01]], два [[=2]], столица [[Москва|город Москва]]."),
    ItemForm("extended-text", "e", "Эссе", question="Почему?", points=D(5), rubric="За **всё** 5.",
             lines=12, text="Прочтите."),
    ItemForm("upload", "u", "Файл", question="Пришлите.", points=D(3), rubric="Как есть"),
    ItemForm("hotspot", "h", "Карта", question="Где?", picture="map.png", alt="Карта", width=300,
             height=200, multiple=True, rows=(
                 Row("Юг", right=True, shape="rect", coords="0,0,10,10"),
                 Row("Север", shape="circle", coords="50,50,9"))),
    ItemForm("select-point", "sp", "Карта", question="Где озёра?", picture="m.png", alt="Карта",
             width=300, height=200, points=D(2), rows=(
                 Row(shape="circle", coords="50,50,9"),
                 Row(shape="poly", coords="100,0,200,0,200,100,190,100,190,10,100,10"))),
    ItemForm("select-point", "sp", "Карта", question="Где озеро?", picture="m.png", alt="Карта",
             width=300, height=200, rows=(Row(shape="rect", coords="0,0,10,20"),)),
    ItemForm("graphic-order", "go", "Путь", question="По порядку", picture="m.png", alt="Карта",
             width=300, height=200, points=D(3), rows=(
                 Row("Исток", shape="rect", coords="0,0,10,10"),
                 Row("Устье", shape="circle", coords="50,50,9"))),
    ItemForm("graphic-gap-match", "gg", "Подписи", question="Подпишите", picture="m.png",
             alt="Карта", width=300, height=200, points=D(1), partial=True, rows=(
                 Row("река", shape="rect", coords="0,0,10,10"),
                 Row("река", shape="rect", coords="20,0,30,10"),
                 Row("гора", shape="circle", coords="50,50,9"), Row("море"))),
    replace(CHOICE, rows=(
        Row("Кит", right=True, feedback="Да, кит — **зверь**."), Row("Щука", feedback="Это рыба."),
        Row("Ёж"))),
    replace(CHOICE, multiple=True, rows=(
        Row("Кит", right=True, feedback="$x$"), Row("Ёж", right=True), Row("Щука"))),
    ItemForm("graphic-associate", "ga", "Рейсы", question="Соедините", picture="m.png", alt="Карта",
             width=300, height=200, points=D(1), partial=True, rows=(
                 Row("Кемерово", "2, 3", shape="rect", coords="0,0,10,10"),
                 Row("Томск", shape="rect", coords="20,0,30,10"),
                 Row("Москва", shape="circle", coords="50,50,9"),
                 Row("Море", shape="circle", coords="90,50,9"))),
    ItemForm("position-object", "po", "Флажок", question="Куда *воткнуть*?", text="Карта.\n\nЕщё.",
             picture="m.png", alt="Карта", width=300, height=200, points=D(2), thing="f.png",
             thing_alt="флажок", thing_width=20, thing_height=30, rows=(
                 Row(shape="circle", coords="50,50,9"), Row(shape="rect", coords="0,0,10,20"))),
    ItemForm("position-object", "po", "Флажок", question="Куда?", picture="m.png", alt="Карта",
             width=300, height=200, thing="f.png", thing_alt="флажок", thing_width=20,
             thing_height=30, rows=(Row(shape="circle", coords="50,50,9"),)),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
def test_the_same_form_comes_back(form: ItemForm) -> None:
    content = write(form)
    item = qti.read_item(content)
    bad = [one.text() for one in qti.check_item(item) if one.severity != "note"]
    assert bad == []
    assert form_of(content) == form


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_begins_whole(kind: str) -> None:
    form = start(kind, "x", "Название")
    if kind in PICTURED:
        assert set(faults_of(form)) - {"thing"} == {"rows", "picture"}
        assert ("thing" in faults_of(form)) == (kind == "position-object")
    else:
        assert form_of(write(form)) == form


CASES: list[tuple[int, dict[str, Any], str]] = [
    (0, {"RESPONSE": "C1"}, "2"),
    (0, {"RESPONSE": "C2"}, "0"),
    (1, {"RESPONSE": ["C1", "C2"]}, "2"),
    (1, {"RESPONSE": ["C2", "C3"]}, "0"),
    (2, {"RESPONSE": ["C1", "C2"]}, "0.5"),
    (2, {"RESPONSE": ["C2", "C1"]}, "0"),
    (3, {"RESPONSE": ["S1 T1", "S2 T1", "S3 T1"]}, "4"),
    (5, {"RESPONSE": ["B1 A1", "A2 X1"]}, "2"),
    (6, {"RESPONSE": ["W1 G1", "W1 G2", "W3 G3"]}, "2"),
    (7, {"R1": "C1", "R2": "C2"}, "0.5"),
    (8, {"R1": "3.15", "R2": "2", "R3": "город москва"}, "6"),
    (8, {"R1": "3.2", "R2": "2.1", "R3": "Питер"}, "0"),
    (11, {"RESPONSE": ["H1"]}, "1"),
    (11, {"RESPONSE": ["H1", "H2"]}, "0"),
    (12, {"RESPONSE": ["55 50", "195 50"]}, "4"),
    (12, {"RESPONSE": ["50 50", "150 50"]}, "2"),  # the corner's hollow is no part of it
    (13, {"RESPONSE": "5 5"}, "1"),
    (13, {"RESPONSE": "15 5"}, "0"),
    (14, {"RESPONSE": ["H1", "H2"]}, "3"),
    (14, {"RESPONSE": ["H2", "H1"]}, "0"),
    (15, {"RESPONSE": ["W1 G1", "W1 G2", "W3 G3"]}, "2"),
    (18, {"RESPONSE": ["H2 H1", "H1 H3"]}, "2"),
    (18, {"RESPONSE": ["H1 H2", "H2 H3", "H4 H1"]}, "1"),
    (19, {"RESPONSE": ["55 50", "5 5"]}, "4"),
    (19, {"RESPONSE": ["55 50", "56 50"]}, "2"),
    (20, {"RESPONSE": "50 59"}, "1"),
    (20, {"RESPONSE": "70 50"}, "0"),
]


@pytest.mark.parametrize(("number", "responses", "gained"), CASES)
def test_the_points_are_those_of_the_form(
    number: int, responses: dict[str, Any], gained: str
) -> None:
    scored = qti.score(qti.read_item(write(FORMS[number])), responses)
    assert not scored.problems
    assert D(str(float(scored.outcomes["SCORE"]))) == D(gained)  # type: ignore[arg-type]
    assert D(gained) <= most_of(FORMS[number])


@pytest.mark.parametrize(("changes", "field"), [
    ({"rows": (Row("а"), Row("б"))}, "rows"),
    ({"rows": (Row("а", right=True),)}, "rows"),
    ({"rows": (Row("а", right=True), Row("б", right=True))}, "rows"),
    ({"title": " "}, "title"),
    ({"question": "$\\frac{$"}, "question"),
    ({"kind": "text-entry", "text": "без пропуска"}, "text"),
    ({"kind": "text-entry", "text": "[[=два]]"}, "text"),
    ({"kind": "inline-choice", "text": "[[один]]"}, "text"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        write(replace(CHOICE, **changes))
    assert field in refused.value.message_dict


@pytest.mark.parametrize("number", [12, 13, 19, 20])
def test_the_points_shown_as_right_lie_in_their_places(number: int) -> None:
    form = FORMS[number]
    item = qti.read_item(write(form))
    right = [one.text for one in item.source.walk() if one.name == "qti-value"]
    scored = qti.score(item, {"RESPONSE": right if len(right) > 1 else right[0]})
    assert scored.outcomes["SCORE"] == most_of(form)


@pytest.mark.parametrize(("kind", "rows"), [
    ("select-point", ()),
    ("select-point", (Row(shape="rect", coords="1,2,3"),)),
    ("graphic-order", (Row("а", shape="rect", coords="0,0,9,9"),)),
    ("graphic-associate", (Row("а", "2", shape="rect", coords="0,0,9,9"),)),
    ("graphic-associate", (Row("а", shape="rect", coords="0,0,9,9"),
                           Row("б", shape="rect", coords="0,0,9,9"))),
    *(("graphic-associate", (Row("а", other, shape="rect", coords="0,0,9,9"),
                             Row("б", shape="rect", coords="0,0,9,9")))
      for other in ("1", "3", "0", "б", "2, -1", "2 1")),
    ("graphic-gap-match", (Row("а"),)),
    ("graphic-gap-match", (Row(shape="rect", coords="0,0,9,9"),)),
])  # fmt: skip
def test_places_that_are_not_right_are_told(kind: str, rows: tuple[Row, ...]) -> None:
    wrong = ItemForm(kind, "x", "Карта", question="?", picture="m.png", alt="К", width=9, height=9,
                     rows=rows)  # fmt: skip
    assert set(faults_of(wrong)) == {"rows"}


def test_an_item_that_says_more_has_no_form() -> None:
    content = write(CHOICE)
    assert form_of(content.replace("qti-simple-choice id", 'qti-simple-choice fixed="true" id'))\
        is None  # fmt: skip
    assert form_of(content.replace("<qti-item-body>", "<qti-item-body><table/>")) is None


def test_feedback_of_an_option_is_told_to_whoever_chose_it() -> None:
    form = replace(CHOICE, rows=(Row("Кит", right=True), Row("Щука", feedback="Это рыба.")))
    item = qti.read_item(write(form))
    for chosen, told in (("C1", False), ("C2", True)):
        state = qti.start(item)
        qti.begin_attempt(item, state)
        qti.respond(item, state, {"RESPONSE": chosen})
        assert "Это рыба." not in render_item(item, state, Page()).body
        qti.end_attempt(item, state)
        assert ("Это рыба." in render_item(item, state, Page()).body) is told
        assert "Это рыба." not in render_item(item, state, Page(feedback=False)).body


@pytest.mark.parametrize(("what", "names", "others"), [
    ("up:2", "АВБГ", ["3", "4", "", ""]),
    ("down:0", "БАВГ", ["", "1", "4", ""]),
    ("remove:1", "АВГ", ["", "3", ""]),
    ("remove:3", "АБВ", ["2", "", ""]),
    ("up:0", "АБВГ", ["2", "", "4", ""]),
])  # fmt: skip
def test_pairs_follow_the_places_that_are_moved(what: str, names: str, others: list[str]) -> None:
    form = ItemForm("graphic-associate", "x", "Пары", rows=(
        Row("А", "2"), Row("Б"), Row("В", "4"), Row("Г")))  # fmt: skip
    moved = with_rows(form, what).rows
    assert "".join(row.text for row in moved) == names
    assert [row.other for row in moved] == others


def test_a_thing_to_be_placed_is_told_apart() -> None:
    form = FORMS[20]
    assert set(faults_of(replace(form, thing=""))) == {"thing"}
    assert set(faults_of(replace(form, thing_width=0))) == {"thing"}
    assert set(faults_of(replace(form, thing_alt=" "))) == {"thing_alt"}
