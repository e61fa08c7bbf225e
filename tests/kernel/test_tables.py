"""Tables are read as the programs that write them mean them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sreda.kernel.tables import (
    HELD,
    Formula,
    Number,
    Unreadable,
    Wrong,
    open_tables,
    read_rows,
    unpacked_size,
)

STRINGS = """<x:sst xmlns:x="m"><x:si><x:t>Иванова</x:t></x:si>
<x:si><x:r><x:t>Анна </x:t></x:r><x:r><x:rPr/><x:t>Ильинична</x:t></x:r>
<x:rPh><x:t>не читать</x:t></x:rPh></x:si>
<x:si><x:t xml:space="preserve"> a&amp;b&#10;c </x:t></x:si>
</x:sst>"""
SHEET = """<x:worksheet xmlns:x="m"><x:dimension ref="A1:ZZ99"/><x:sheetData>
<x:row r="2"><x:c r="A2" t="s"><x:v>0</x:v></x:c><x:c r="C2" t="s"><x:v>1</x:v></x:c></x:row>
<x:row r="3"/><x:row r="4"><x:c r="B4" s="1"/></x:row>
<x:row r="7"><x:c t="s"><x:v>2</x:v></x:c><x:c t="s"><x:v>9</x:v></x:c><x:c><x:v>1.5E1</x:v></x:c>
<x:c t="str"><x:f>1+1</x:f><x:v>2</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c>
<x:c t="e"><x:v>#N/A</x:v></x:c></x:row>
</x:sheetData><x:mergeCells><x:mergeCell ref="A9:B9"/></x:mergeCells></x:worksheet>"""
BOOK = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": '<Relationships><Relationship Id="r" Type="t/officeDocument" Target="b.xml"/>'
    "</Relationships>",
    "b.xml": '<x:workbook xmlns:x="m" xmlns:q="r"><x:sheets><x:sheet name="Люди" q:id="1"/>'
    '<x:sheet name="График" q:id="2"/></x:sheets></x:workbook>',
    "_rels/b.xml.rels": '<Relationships><Relationship Id="1" Type="t/worksheet" Target="/s/a.xml"/>'
    '<Relationship Id="2" Type="t/chartsheet" Target="c.xml"/>'
    '<Relationship Id="3" Type="t/sharedStrings" Target="./s/../t.xml"/></Relationships>',
    "s/a.xml": SHEET,
    "t.xml": STRINGS,
}


def test_what_other_programs_write(tmp_path: Path) -> None:
    """Prefixes, parts in other places, texts in pieces, gaps, cells without an address."""
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as out:
        for name, content in BOOK.items():
            out.writestr(name, content)
    with open_tables(path, "a.xlsx", HELD) as tables:
        (sheet,) = tables.sheets
        assert sheet.name == "Люди"
        assert list(sheet.rows()) == [
            (2, ["Иванова", "", "Анна Ильинична"]),
            (7, [" a&b\nc ", Wrong("#REF!"), Number(15.0, "General"), Formula("=1+1"), True,
                 Wrong("#N/A")]),
        ]  # fmt: skip
        assert sheet.merged == ["A9:B9"]
    rows = list(read_rows(path, "a.xlsx"))
    assert rows[1] == (7, [" a&b\nc ", "#REF!", "15", "=1+1", "True", "#N/A"])
    assert unpacked_size(path, "a.xlsx") == sum(len(content.encode()) for content in BOOK.values())


@pytest.mark.parametrize("since_1904", [False, True])
def test_days_and_numbers(tmp_path: Path, since_1904: bool) -> None:
    book, path = openpyxl.Workbook(), tmp_path / "a.xlsx"
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    written = [date(2015, 12, 31), datetime(2020, 2, 29, 13, 30), time(8, 45), 5, 2.5, 0.1, -3]
    book.active.append(written)
    book.active["F1"].number_format = "0.00"
    book.active.append(["x", None, "y"])
    book.save(path)
    with open_tables(path, "a.xlsx", HELD) as tables:
        ((_line, row), (line, other)) = tables.sheets[0].rows()
    assert row == [datetime(2015, 12, 31), datetime(2020, 2, 29, 13, 30), "08:45:00",
                   Number(5, "General"), Number(2.5, "General"), Number(0.1, "0.00"),
                   Number(-3, "General")]  # fmt: skip
    assert (line, other) == (2, ["x", "", "y"])
    ((_line, texts), _other) = read_rows(path, "a.xlsx")
    assert texts == ["2015-12-31", "2020-02-29", "08:45:00", "5", "2.5", "0.1", "-3"]


@pytest.mark.parametrize("written", ["1e999", "nan", "9" * 5_000, "1_0", "٣", "-", "1e30", "1.5.5"])
def test_numbers_that_are_none_do_not_stop_the_reading(tmp_path: Path, written: str) -> None:
    path = tmp_path / "a.xlsx"
    cells = (
        f'<worksheet><row><c><v>{written}</v></c><c s="1"><v>{written}</v></c></row></worksheet>'
    )
    with zipfile.ZipFile(path, "w") as out:
        for name, content in (BOOK | {"s/a.xml": cells}).items():
            out.writestr(name, content)
    ((_line, row),) = read_rows(path, "a.xlsx")
    assert len(row) == 2


def test_a_zip_of_tables_names_each(tmp_path: Path) -> None:
    path = tmp_path / "формы.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("а/один.csv", "x;y\n1;2\n")
        out.writestr("__MACOSX/один.csv", "x")
        out.writestr("два.CSV", "x\ty\n" + "z\n" * HELD.rows)
    with open_tables(path, "формы.zip", HELD) as tables:
        one, two = tables.sheets
        assert (one.name, one.file) == ("один", "формы.zip/а/один.csv")
        assert list(one.rows()) == [(1, ["x", "y"]), (2, ["1", "2"])]
        assert sum(1 for _row in two.rows()) == HELD.rows + 1
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("два.csv", "x\ty\n" + "z\n" * (HELD.rows + 1))
    with (
        open_tables(path, "формы.zip", HELD) as tables,
        pytest.raises(Unreadable, match=r"формы\.zip/два\.csv"),
    ):
        list(tables.sheets[0].rows())
