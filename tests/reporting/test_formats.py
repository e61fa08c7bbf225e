"""Forms out of XLSX templates and XLSForm, and back; JSON that loses nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from sreda.reporting.formats import FormFile, read_json, write_json
from sreda.reporting.formats.sheets import Sheet, Unreadable, read_sheets
from sreda.reporting.formats.template import read_template, write_template
from sreda.reporting.formats.xlsform import is_xlsform, read_xlsform, write_xlsform
from sreda.reporting.formats.xpath import Names, Untranslated, translate
from sreda.reporting.forms import BlockKind, CellType, Option, SchemaError, from_json, to_json

YEARLY = "Раздел 1. Контингент"


def sheets_of(content: bytes | Workbook, path: Path) -> list[Sheet]:
    file = path / "book.xlsx"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content.save(file)
    return read_sheets(file, file.name)


def template() -> Workbook:
    """As a department would draw it: two levels of headings, numbered columns, closed cells."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Раздел 1"
    sheet["A1"] = YEARLY
    sheet.merge_cells("A1:F1")
    sheet["A3"] = "1.1. Численность обучающихся, человек"
    sheet.merge_cells("A3:F3")
    for cell, text in (
        ("A4", "Наименование показателя"), ("B4", "№ строки"), ("C4", "Всего, чел"),
        ("D4", "из них"), ("D5", "девочки"), ("E5", "доля, %"), ("F4", "Есть паспорт (да/нет)"),
    ):  # fmt: skip
        sheet[cell] = text
    for merged in ("A4:A5", "B4:B5", "C4:C5", "D4:E4", "F4:F5"):
        sheet.merge_cells(merged)
    for column in range(1, 7):
        sheet.cell(6, column, column)
    for row in (
        ["1 класс", "01", None, None, "x", None],
        ["  из них с ОВЗ", "02", None, 5, "Х", None],
        ["Итого", "03", "=C7+C8", "=SUM(D7:D8)", "=C7*2", None],
    ):
        sheet.append(row)
    sheet["A12"] = "1.2. Сведения"
    sheet["A13"], sheet["A14"], sheet["A15"] = "Адрес сайта:", "Дата создания:", "Площадь, м2:"
    other = book.create_sheet("Партнёры")
    other["A1"] = "Перечень партнёров"
    other.merge_cells("A1:D1")
    for column, text in enumerate(
        ("№ п/п", "Наименование организации", "Дата договора", "Число программ, ед"), 1
    ):
        other.cell(2, column, text)
        other.cell(3, column, column)
    other["A4"], other["A5"] = 1, 2
    book.create_sheet("Пустой")
    return book


def test_a_template_becomes_a_draft(tmp_path: Path) -> None:
    found = read_template(sheets_of(template(), tmp_path))
    first, second = found.schema.sections
    assert (first.title, second.title) == (YEARLY, "Перечень партнёров")
    table, fields = first.blocks
    assert [(f.title, f.type, f.unit) for f in table.fields] == [
        ("Всего", CellType.INTEGER, "чел"),
        ("из них: девочки", CellType.INTEGER, ""),
        ("из них: доля", CellType.DECIMAL, "%"),
        ("Есть паспорт", CellType.BOOLEAN, ""),
    ]
    assert [(r.title, r.number, r.level, len(r.closed)) for r in table.rows] == [
        ("1 класс", "01", 0, 1), ("из них с ОВЗ", "02", 1, 1), ("Итого", "03", 0, 0),
    ]  # fmt: skip
    total = dict(table.rows[2].sources)
    code = table.code
    assert total["vsego"] == f"{code}.r01.vsego + {code}.r02.vsego"
    assert total["iz_nikh_devochki"] == f"{code}.r01.iz_nikh_devochki + {code}.r02.iz_nikh_devochki"
    assert [(f.title, f.type) for f in fields.fields] == [
        ("Адрес сайта", CellType.TEXT), ("Дата создания", CellType.DATE),
        ("Площадь", CellType.DECIMAL),
    ]  # fmt: skip
    (partners,) = second.blocks
    assert partners.kind is BlockKind.LIST
    assert [f.type for f in partners.fields] == [CellType.TEXT, CellType.DATE, CellType.INTEGER]
    # what was not understood is named by sheet and cell
    places = {(issue.sheet, issue.row, issue.column) for issue in found.issues}
    assert places == {("Раздел 1", 8, "D"), ("Раздел 1", 9, "E")}
    assert not list(found.schema.faults())


def test_a_written_template_is_read_again(tmp_path: Path) -> None:
    schema = read_template(sheets_of(template(), tmp_path)).schema
    again = read_template(sheets_of(write_template(schema, "Форма", {}), tmp_path))
    assert not again.issues

    def shape(one: Any) -> list[Any]:
        return [
            (
                b.kind,
                [f.title for f in b.fields],
                [(r.title, r.level, sorted(r.closed)) for r in b.rows],
            )
            for s in one.sections
            for b in s.blocks
        ]

    assert shape(again.schema) == shape(schema)


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    for name, content in (("a.xlsx", b"PK\x03\x04nonsense"), ("b.xlsx", b"hello")):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(Unreadable):
            read_sheets(file, name)


SURVEY = [
    ["type", "name", "label::English (en)", "label::Русский (ru)", "required", "relevant",
     "constraint", "constraint_message", "calculation", "colour"],
    ["begin_group", "school", "School", "Школа"],
    ["text", "name", "Name", "Название", "yes"],
    ["integer", "pupils", "Pupils", "Учеников", None, None, ". >= 0 and . <= 5000"],
    ["select_multiple eq", "equip", "Has", "Есть"],
    ["integer", "n3d", "Printers", "Принтеров", None, "selected(${equip}, '3d') and ${pupils} > 10",
     ". < ${pupils}", "Меньше, чем учеников"],
    ["end_group"],
    ["begin_repeat", "kits", "Kits", "Наборы"],
    ["text", "kname", "Name", "Название"],
    ["integer", "kqty", "Number", "Штук", None, None, ". != 3 and ${pupils} > 0"],
    ["end_repeat"],
    ["calculate", "per", "Per pupil", "На ученика", None, None, None, None, "${n3d} div ${pupils}"],
    ["geopoint", "geo", "Place", "Место"],
    ["select_one nolist", "z", "Z", "Зет"],
    ["text", "t", "T", "Т", None, "position(..) = 1"],
    ["begin_group", "open", "Open", "Не закрыта"],
    ["note", "n", "Read", "Прочтите"],
]  # fmt: skip


def survey() -> Workbook:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    for row in SURVEY:
        sheet.append(row)
    choices = book.create_sheet("choices")
    for row in (["list_name", "name", "label"], ["eq", "3d", "3D-принтер"], ["eq", "vr", "Очки"],
                ["eq", "vr", "Ещё"], ["", "x", "Без списка"]):  # fmt: skip
        choices.append(row)
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id"])
    settings.append(["Опись", "Inventory 2026"])
    return book


def test_an_xlsform_becomes_a_draft(tmp_path: Path) -> None:
    sheets = sheets_of(survey(), tmp_path)
    assert is_xlsform(sheets)
    found = read_xlsform(sheets)
    assert (found.title, found.code) == ("Опись", "inventory_2026")
    cells = found.schema.cells
    assert list(cells)[:6] == [
        "school_q.name", "school_q.pupils", "school_q.equip", "school_q.n3d",
        "kits.*.kname", "kits.*.kqty",
    ]  # fmt: skip
    assert cells["school_q.name"].field.required
    assert cells["school_q.pupils"].field.title == "Учеников"
    assert (cells["school_q.pupils"].field.minimum, cells["school_q.pupils"].field.maximum) == (
        Decimal(0), Decimal(5000),
    )  # fmt: skip
    assert cells["school_q.equip"].field.options == (
        Option("3d", "3D-принтер"), Option("vr", "Очки"),
    )  # fmt: skip
    assert cells["school_q.n3d"].field.relevant == '"3d" in school_q.equip && school_q.pupils > 10'
    checks = {check.code: check for check in found.schema.checks}
    assert checks["c_n3d"].expression == (
        '!filled("school_q.n3d") || (school_q.n3d < school_q.pupils)'
    )
    assert checks["c_n3d"].message == "Меньше, чем учеников"
    assert checks["c_kqty"].expression == "kits.all(r, r.kqty != 3 && school_q.pupils > 0)"
    per = next(cell for key, cell in cells.items() if key.endswith(".per"))
    assert per.source == "school_q.n3d / school_q.pupils"
    places = {(issue.sheet, issue.row, issue.column) for issue in found.issues}
    assert places == {
        ("survey", 1, "colour"), ("survey", 13, "type"), ("survey", 14, "type"),
        ("survey", 15, "relevant"), ("survey", 0, "type"), ("choices", 4, "name"),
        ("choices", 5, "name"),
    }  # fmt: skip


def test_a_written_xlsform_is_read_again(tmp_path: Path) -> None:
    schema = read_xlsform(sheets_of(survey(), tmp_path)).schema
    content = write_xlsform(schema, title="Опись", code="opis", version=3, dictionaries={})
    again = read_xlsform(sheets_of(content, tmp_path))
    titles = [cell.title for cell in schema.cells.values()]
    assert [cell.title for cell in again.schema.cells.values()] == titles
    kinds = [cell.field.type for cell in schema.cells.values()]
    assert [cell.field.type for cell in again.schema.cells.values()] == kinds


NAMES = Names({"a": "b.a", "m": "b.m"}, frozenset({"m"}), "b.own")


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("${a} = 1 and not(${a} != 2 or . > 3)", "b.a == 1 && !(b.a != 2 || b.own > 3)"),
        ("selected(${m}, 'x')", '"x" in b.m'),
        ("selected(${a}, 'x')", 'b.a == "x"'),
        ("count-selected(${m}) >= 2", "size(b.m) >= 2"),
        ("if(${a} > 0, ${a} div 2, -1)", "(b.a > 0 ? b.a / 2 : -1)"),
        ("regex(., '^[0-9]+$')", 'matches(b.own, "^[0-9]+$")'),
        ("string-length(.) <= 10", "size(b.own) <= 10"),
        ("round(${a}, 2) mod 3", "round(b.a, 2) % 3"),
        ("concat(${a}, 'x\"')", 'string(b.a) + string("x\\"")'),
    ],
)
def test_xpath_is_translated(given: str, ours: str) -> None:
    assert translate(given, NAMES) == ours


@pytest.mark.parametrize(
    "given",
    ["", "${none} = 1", "position(..)", "/data/x = 1", "a = 1", "${a} = ", "(${a}", "${a} ${a}",
     "pulldata('f', 'x')", "count(${a})", "(" * 300 + "1" + ")" * 300, "1 ; 2"],
)  # fmt: skip
def test_what_cannot_be_translated_is_said(given: str) -> None:
    with pytest.raises(Untranslated):
        translate(given, NAMES)


def test_json_loses_nothing(tmp_path: Path) -> None:
    schema = read_xlsform(sheets_of(survey(), tmp_path)).schema
    form = FormFile(
        "opis", "Опись", schema, "report", "quarter", "Приказ", "Зачем",
        {"kinds": ["school"], "municipalities": ["32000001"]},
        {"eq": ("Оборудование", (Option("a", "А"),))},
    )  # fmt: skip
    assert read_json(write_json(form)) == form
    assert from_json(to_json(schema)) == schema


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sreda": "pack"}, "form"),
        ({"format": 99}, "form"),
        ({"colour": 1}, "form"),
        ({"code": "Я"}, "form.code"),
        ({"title": ""}, "form.title"),
        ({"title": 5}, "form.title"),
        ({"kind": "poem"}, "form.kind"),
        ({"period_kind": "century"}, "form.period_kind"),
        ({"audience": []}, "form.audience"),
        ({"audience": {"kinds": "school"}}, "form.audience.kinds"),
        ({"dictionaries": [{"code": "a", "options": [{"code": "x"}]}]}, "form.dictionaries[0]"),
        ({"schema": {"sections": [{"code": "a"}]}}, "form.a"),
    ],
)
def test_a_wrong_json_names_its_place(change: dict[str, Any], place: str) -> None:
    good = {"sreda": "form", "format": 1, "code": "a", "title": "А", "schema": {}}
    read_json(json.dumps(good))
    with pytest.raises(SchemaError) as caught:
        read_json(json.dumps(good | change))
    assert caught.value.place.startswith(place)
    for text in ("{", "[]", "\ud800".encode("utf-8", "surrogatepass")):
        with pytest.raises(SchemaError):
            read_json(text)
