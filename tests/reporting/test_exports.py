"""Figures as files: nothing is lost, nothing runs, numbers stay exact."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq

from sreda.reporting.exports import (
    Chart,
    Figure,
    Observation,
    Place,
    Report,
    Series,
    Statistic,
    Table,
    Tiles,
    sdmx_csv,
    sdmx_json,
    sdmx_structure,
    to_csv,
    to_parquet,
    to_pdf,
    to_xlsx,
)

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
ON = date(2026, 11, 20)
HOSTILE = '=HYPERLINK("http://x","y") #strong[x] <b> [a/b:c*d?]'


def report():
    return Report(
        HOSTILE,
        "Регион",
        ON,
        [
            (HOSTILE, [Figure("Доля", Decimal("86.54"), "%", plan=Decimal(100)),
                       Figure("Пусто", None, why="деление на ноль")]),
            ("Места", [Table("Места", ["Место", "Доля"], [["Ёлкино", Decimal("0.10")],
                                                           [HOSTILE, None]])]),
            ("Места", [Tiles("Плитки", [{"name": "Юрга", "value": Decimal("1.5")}], "%")]),
            ("Ряд", [Chart("Ряд", ["2025", "2026"],
                           [Series("а", [None, Decimal(3)]), Series("б", [Decimal(-1), None])]),
                     Chart("Малые", ["2025"], [Series("а", [None])], small=True)]),
        ],
    )  # fmt: skip


def test_a_workbook_holds_numbers_and_runs_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(report())))
    assert len(book.sheetnames) == len({name.lower() for name in book.sheetnames}) == 4
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == 86.54 for cell in cells)
    assert any(str(cell.value).startswith("'=HYPERLINK") for cell in cells)


def test_csv_is_read_by_russian_spreadsheets():
    text = to_csv(report()).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert ["Доля", "86,54", "%", "100"] in rows
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_a_document_is_made_of_data_alone_and_always_the_same():
    made = to_pdf(report(), at=AT)
    assert made.startswith(b"%PDF-")
    assert b"Libertinus" in made  # the font of the wheel, which has Cyrillic
    assert made == to_pdf(report(), at=AT)
    assert to_pdf(Report("Пусто", "Регион", ON), at=AT).startswith(b"%PDF-")


PLACES = [Place("region", "Регион"), Place("m1", "Юрга", "region")]
SHARE = Statistic("higher-share", "Доля", "%", 2)
SEEN = [
    Observation(PLACES[0], SHARE, ON, Decimal("86.54")),
    Observation(PLACES[1], SHARE, ON, Decimal("0.1"), provisional=True),
    Observation(PLACES[1], SHARE, date(2018, 9, 1), None),
]


def test_sdmx_csv_names_its_structure_in_every_row():
    rows = list(csv.DictReader(io.StringIO(sdmx_csv(SEEN).decode())))
    assert [r["STRUCTURE_ID"] for r in rows] == ["SREDA:INDICATORS(1.0.0)"] * 3
    assert [(r["REF_AREA"], r["INDICATOR"], r["TIME_PERIOD"], r["OBS_VALUE"], r["OBS_STATUS"])
            for r in rows] == [
        ("REGION", "HIGHER-SHARE", "2026-11-20", "86.54", "A"),
        ("M1", "HIGHER-SHARE", "2026-11-20", "0.1", "P"),
        ("M1", "HIGHER-SHARE", "2018-09-01", "", "O"),
    ]  # fmt: skip


def test_sdmx_json_points_from_every_value_to_its_codes():
    message = json.loads(sdmx_json(SEEN, at=AT))
    [structure], [data] = message["data"]["structures"], message["data"]["dataSets"]
    dimensions = structure["dimensions"]["observation"]
    attributes = structure["attributes"]["observation"]
    assert [d["keyPosition"] for d in dimensions] == [0, 1, 2]
    found = {}
    for key, (value, *told) in data["observations"].items():
        codes = [d["values"][int(n)] for d, n in zip(dimensions, key.split(":"), strict=True)]
        words = [a["values"][n] for a, n in zip(attributes, told, strict=True)]
        found[codes[0]["id"], codes[2]["value"]] = (value, words[0]["value"], words[2]["id"])
    assert found == {
        ("REGION", "2026-11-20"): (86.54, "%", "A"),
        ("M1", "2026-11-20"): (0.1, "%", "P"),
        ("M1", "2018-09-01"): (None, "%", "O"),
    }
    assert json.loads(sdmx_json([], at=AT))["data"]["dataSets"] == []


def test_the_structure_defines_every_part_that_the_data_uses():
    data = json.loads(sdmx_structure(PLACES, [SHARE], title="Показатели", at=AT))["data"]
    [definition] = data["dataStructures"]
    parts = definition["dataStructureComponents"]
    used = [
        *parts["dimensionList"]["dimensions"],
        parts["dimensionList"]["timeDimension"],
        *parts["measureList"]["measures"],
        *parts["attributeList"]["attributes"],
    ]
    [scheme] = data["conceptSchemes"]
    concepts = {c["id"] for c in scheme["concepts"]}
    assert {p["conceptIdentity"].rpartition(".")[2] for p in used} == concepts
    lists = {c["id"]: {code["id"] for code in c["codes"]} for c in data["codelists"]}
    assert lists["CL_AREA"] == {"REGION", "M1"}
    enumerated = [p["localRepresentation"].get("enumeration") for p in used]
    named = {e.rpartition(":")[2].partition("(")[0] for e in enumerated if e}
    assert named == set(lists)


def test_parquet_keeps_decimals_exact():
    columns = [("place", "text", "Место"), ("value", "decimal", "Значение"), ("on", "date", "")]
    made = to_parquet(columns, [["Юрга", Decimal("0.1"), ON], [None, None, None]])
    table = pq.read_table(io.BytesIO(made))
    assert table.to_pylist()[0] == {"place": "Юрга", "value": Decimal("0.100000"), "on": ON}
    assert table.schema.field("place").metadata[b"title"].decode() == "Место"
