"""Bad and hostile input: nothing is half done, and every message names its place."""

from __future__ import annotations

import csv
import io
import shutil
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils.translation import override

from sreda.programme.pack import (
    Change,
    Issue,
    Pack,
    diff_packs,
    pack_from_dict,
    pack_to_dict,
    read_pack,
    shipped_pack,
    write_csv,
    write_xlsx,
)
from sreda.programme.pack.edit import add_row, remove_row, set_cell
from sreda.programme.pack.issues import MESSAGES
from sreda.programme.pack.values import Unreadable, parse_date, parse_decimal, parse_term, render

KEMEROVO = shipped_pack("kemerovo-2018")


@pytest.fixture(scope="module")
def kemerovo() -> Pack:
    pack = read_pack(KEMEROVO).pack
    assert pack
    return pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(KEMEROVO, tmp_path / "pack"))


@pytest.fixture
def book(tmp_path: Path, kemerovo: Pack) -> Path:
    write_xlsx(kemerovo, tmp_path / "pack.xlsx")
    return tmp_path / "pack.xlsx"


def rewrite(file: Path, change: Callable[[list[list[str]]], object]) -> None:
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines(), delimiter=";"))
    change(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows(rows)
    file.write_text(out.getvalue(), encoding="utf-8")


def column(rows: list[list[str]], title: str) -> int:
    return next(i for i, head in enumerate(rows[0]) if head.startswith(title))


def only(issues: tuple[Issue, ...], code: str) -> Issue:
    found = [issue for issue in issues if issue.code == code]
    assert len(found) == 1, [(i.code, i.text()) for i in issues]
    return found[0]


def codes(path: Path) -> set[str]:
    return {issue.code for issue in read_pack(path).issues}


# --- Good input in every form -------------------------------------------------------------------


def test_workbook_folder_and_zip_read_alike(
    kemerovo: Pack, book: Path, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "pack.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in folder.iterdir():
            out.write(file, f"пакет/{file.name}")
    for path in (book, folder, archive):
        reading = read_pack(path)
        assert reading.issues == ()
        assert reading.pack
        assert {c.change for c in diff_packs(kemerovo, reading.pack)} == {Change.UNCHANGED}


def test_machine_keys_and_other_delimiters_serve_too(folder: Path, kemerovo: Pack) -> None:
    file = folder / "norms.csv"
    file.write_text("value,unit,name,key\n100,Мбит/с,Скорость,link_town\n", encoding="utf-8-sig")
    reading = read_pack(folder)
    assert reading.issues == ()
    assert reading.pack
    assert reading.pack.norms[0].value == 100


def test_numbers_typed_into_excel_keep_their_print(book: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    sheet = workbook["Перечень"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(
        2, heads.index("Соотношение единиц вычислительной техники к числу обучающихся") + 1
    )
    cell.value, cell.number_format = 0.1, "0.00"
    sheet.cell(2, heads.index("Число обучающихся, чел.") + 1).value = 66.0
    workbook.save(book)
    reading = read_pack(book)
    assert reading.ok
    assert reading.pack
    row = reading.pack.organisations[0].row
    assert row.cell("ratio").printed == "0,10"
    assert row.value("ratio") == Decimal("0.10")
    assert row.value("learners") == 66


def test_a_pack_survives_json(kemerovo: Pack) -> None:
    again = pack_from_dict(pack_to_dict(kemerovo))
    assert {c.change for c in diff_packs(kemerovo, again)} == {Change.UNCHANGED}


def test_the_empty_pack_has_every_table_and_no_rows() -> None:
    reading = read_pack(shipped_pack("empty"))
    assert {issue.code for issue in reading.issues} == {"no-rows"}
    assert reading.pack
    assert not list(reading.pack)


# --- Bad cells: the row is left out, the others stay --------------------------------------------


@pytest.mark.parametrize(
    ("title", "text", "code"),
    [
        ("Число обучающихся", "много", "number"),
        ("Число обучающихся", "66,5", "whole"),
        ("Число обучающихся", "-66", "negative"),
        ("Число обучающихся", "", "empty"),
        ("Число обучающихся", "1e5", "number"),
        ("Число обучающихся", "NaN", "number"),
        ("Раздел перечня", "детский сад", "choice"),
        ("Наличие локальной сети", "может быть", "yes-no"),
        ("Число обучающихся", "=SUM(A1:A9)", "formula"),
        ("Наименование организации", "@import", "formula"),
        ("Наименование организации", "х" * 10_001, "cell-long"),
    ],
)
def test_a_bad_cell_is_named(folder: Path, title: str, text: str, code: str) -> None:
    def spoil(rows: list[list[str]]) -> None:
        rows[3][column(rows, title)] = text

    rewrite(folder / "organisations.csv", spoil)
    reading = read_pack(folder)
    issue = only(reading.issues, code)
    assert (issue.file, issue.row, issue.severity) == ("organisations.csv", 4, "error")
    assert issue.column.startswith(title)
    assert reading.pack
    assert len(reading.pack.organisations) == 33
    assert reading.rejected == (("organisations", 4),)


def test_two_rows_for_one_school(folder: Path) -> None:
    def double(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[0] = ""
        rows.append(rows[5].copy())

    rewrite(folder / "organisations.csv", double)
    reading = read_pack(folder)
    issue = only(reading.issues, "row-twice")
    assert (issue.row, issue.params["other"]) == (36, 6)
    assert "Гимназия города Юрги" in issue.text()
    assert reading.pack
    assert len(reading.pack.organisations) == 34


def test_a_shifted_row(folder: Path) -> None:
    rewrite(folder / "organisations.csv", lambda rows: rows[3].insert(0, "лишнее"))
    reading = read_pack(folder)
    assert reading.pack
    assert len(reading.pack.organisations) == 33
    assert {issue.row for issue in reading.issues} == {4}


# --- Bad headings, sheets and encodings ---------------------------------------------------------


def test_a_missing_sheet(folder: Path) -> None:
    (folder / "budget.csv").unlink()
    (folder / "norms.csv").unlink()
    reading = read_pack(folder)
    assert "Калькуляция" in only(reading.issues, "sheet-missing").text()
    assert only(reading.issues, "sheet-optional").severity == "warning"


def test_wrong_headings(folder: Path) -> None:
    (folder / "budget.csv").write_text("а;б;в\n1;2;3\n", encoding="utf-8")
    issue = only(read_pack(folder).issues, "headings-wrong")
    assert issue.file == "budget.csv"
    assert "Вид строки" in issue.text()


def test_a_missing_an_unknown_and_a_doubled_heading(folder: Path) -> None:
    def spoil(rows: list[list[str]]) -> None:
        rows[0][column(rows, "Число обучающихся")] = "Ученики"

    rewrite(folder / "organisations.csv", spoil)
    issues = read_pack(folder).issues
    assert only(issues, "heading-missing").params["key"] == "learners"
    assert only(issues, "heading-unknown").column == "Ученики"
    rewrite(folder / "budget.csv", lambda rows: rows[0].__setitem__(2, rows[0][3]))
    assert "heading-twice" in codes(folder)


def test_headings_below_a_title(folder: Path) -> None:
    rewrite(folder / "budget.csv", lambda rows: rows.insert(0, ["Смета"]))
    reading = read_pack(folder)
    assert only(reading.issues, "headings-shifted").row == 2
    assert reading.pack
    assert len(reading.pack.budget) == 7


def test_windows_1251_is_read_and_said(folder: Path, kemerovo: Pack) -> None:
    for file in folder.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        file.write_bytes(text.encode("cp1251", errors="replace"))
    reading = read_pack(folder)
    assert {issue.code for issue in reading.issues} == {"cp1251"}
    assert reading.pack
    assert reading.pack.organisations[0].name == kemerovo.organisations[0].name


def test_broken_utf8_names_the_line_and_loses_only_that_row(folder: Path) -> None:
    file = folder / "organisations.csv"
    lines = file.read_bytes().split(b"\n")
    lines[7] = lines[7].replace("Гимназия".encode(), b"\xd0\xff\xfe\xd1")
    file.write_bytes(b"\n".join(lines))
    reading = read_pack(folder)
    assert {(i.code, i.row) for i in reading.issues} == {("encoding-line", 8)}
    assert reading.pack
    assert len(reading.pack.organisations) == 33


def test_binary_instead_of_text(folder: Path) -> None:
    (folder / "norms.csv").write_bytes(b"\x00\x01\x02" * 100)
    assert "binary" in codes(folder)


# --- Workbooks ----------------------------------------------------------------------------------


def test_formulas_in_a_workbook_are_named_by_cell(book: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook["Калькуляция"]["F2"] = "=SUM(F3:F5)"
    workbook.save(book)
    reading = read_pack(book)
    issue = only(reading.issues, "formula")
    assert (issue.file, issue.sheet, issue.row) == ("pack.xlsx", "Калькуляция", 2)
    assert issue.column
    assert reading.pack
    assert len(reading.pack.budget) == 6


def test_merged_cells_are_named(book: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook["Дорожная карта"].merge_cells("C2:C4")
    workbook.save(book)
    reading = read_pack(book)
    issue = only(reading.issues, "merged")
    assert (issue.sheet, issue.params["cells"]) == ("Дорожная карта", "C2:C4")
    assert reading.pack
    assert len(reading.pack.roadmap) == 3


def test_what_we_write_is_never_a_formula(tmp_path: Path, kemerovo: Pack) -> None:
    row = kemerovo["norms"][0]
    evil = row.with_cell("name", row.cell("name").__class__("=1+1", "=1+1"))
    write_xlsx(kemerovo.with_table("norms", (evil,)), tmp_path / "evil.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "evil.xlsx")["Нормативы"]
    assert sheet["B2"].data_type == "s"


def remade(book: Path, change: Callable[[str, bytes], bytes], **extra: bytes) -> Path:
    out = book.with_name("remade.xlsx")
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as to:
        for name in source.namelist():
            to.writestr(name, change(name, source.read(name)))
        for name, content in extra.items():
            to.writestr(name.replace("__", "/"), content)
    return out


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


def test_entity_bombs_are_refused(book: Path) -> None:
    def charge(name: str, content: bytes) -> bytes:
        if name != "xl/workbook.xml":
            return content
        return BOMB + content[content.index(b"<workbook") :]

    assert codes(remade(book, charge)) == {"xml-entities"}


def test_macros_are_refused(book: Path) -> None:
    made = remade(book, lambda _, content: content, **{"xl__vbaProject.bin": b"macro"})
    reading = read_pack(made)
    assert reading.pack is None
    assert only(reading.issues, "macros").severity == "fatal"


def test_a_damaged_workbook(book: Path, tmp_path: Path) -> None:
    assert codes(remade(book, lambda n, c: b"<a" if n == "xl/workbook.xml" else c)) == {
        "workbook-broken"
    }
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(book.read_bytes()[:2000])
    assert codes(cut) == {"zip-broken"}


def test_old_excel(tmp_path: Path) -> None:
    file = tmp_path / "old.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    assert codes(file) == {"old-excel"}


# --- Archives and sizes -------------------------------------------------------------------------


def test_500_megabytes_are_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "huge.xlsx"
    with file.open("wb") as out:
        out.truncate(500 * 1024 * 1024)
    assert codes(file) == {"too-large"}


def test_a_sheet_as_wide_and_long_as_excel_allows_is_cut_short(book: Path) -> None:
    cells = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c><c r="XFD%d"><v>1</v></c></row>' % (i, i, i)
        for i in range(1, 5000)
    )

    def widen(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet2.xml":
            return content
        head = content[: content.index(b"<sheetData>")]
        return head + b"<sheetData>" + cells + b"</sheetData></worksheet>"

    started = time.process_time()
    issue = only(read_pack(remade(book, widen)).issues, "too-many-columns")
    assert (issue.severity, issue.row) == ("error", 1)
    assert time.process_time() - started < 5


def test_a_flood_of_bad_rows_is_listed_up_to_a_limit(folder: Path) -> None:
    with (folder / "norms.csv").open("a", encoding="utf-8") as out:
        out.write("x;x;много;x;;\n" * 5_000)
    issues = read_pack(folder).issues
    assert len(issues) == 1_001
    assert issues[-1].params == {"count": 4_000}


def test_zip_bombs(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("budget.csv", b"0" * (5 * 1024 * 1024))
    assert codes(bomb) == {"zip-ratio"}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        for index in range(70):
            out.writestr(f"{index}.csv", b"0" * (1024 * 1024))
    assert codes(bomb) == {"unpacked-too-large"}
    with zipfile.ZipFile(bomb, "w") as out:
        for index in range(600):
            out.writestr(f"{index}.csv", b"")
    assert codes(bomb) == {"zip-members"}


def test_a_size_that_lies_does_not_help(tmp_path: Path) -> None:
    bomb = tmp_path / "lie.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("budget.csv", b"0" * (5 * 1024 * 1024))
    size = (5 * 1024 * 1024).to_bytes(4, "little")
    bomb.write_bytes(bomb.read_bytes().replace(size, (100).to_bytes(4, "little")))
    assert codes(bomb) == {"zip-broken"}


@pytest.mark.parametrize("name", ["../budget.csv", "/etc/budget.csv", "a/../../b.csv", "C:/b.csv"])
def test_paths_that_lead_outside(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "path.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(name, "x")
    assert codes(archive) == {"zip-path"}


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("тайна", encoding="utf-8")
    (folder / "norms.csv").unlink()
    (folder / "norms.csv").symlink_to(secret)
    reading = read_pack(folder)
    assert reading.pack is None
    assert only(reading.issues, "symlink")


def test_what_is_no_pack(tmp_path: Path) -> None:
    assert codes(tmp_path / "absent") == {"not-found"}
    (tmp_path / "x.txt").write_text("текст", encoding="utf-8")
    assert codes(tmp_path / "x.txt") == {"unknown-format"}
    (tmp_path / "empty").mkdir()
    assert codes(tmp_path / "empty") == {"unknown-format"}


# --- Differences --------------------------------------------------------------------------------


def test_differences_cell_by_cell(kemerovo: Pack) -> None:
    after = set_cell(kemerovo, "budget", "total", "2019", "4 505,0")
    after = remove_row(after, "promises", "P02")
    after = add_row(after, "norms", "size", name="Ш", value="1", unit="ед.")
    changes = {
        (c.table, c.key): c for c in diff_packs(kemerovo, after) if c.change != Change.UNCHANGED
    }
    assert {key: c.change.value for key, c in changes.items()} == {
        ("budget", "total"): "changed",
        ("promises", "P02"): "removed",
        ("norms", "size"): "new",
    }
    (cell,) = changes["budget", "total"].cells
    assert (cell.column, cell.before.printed, cell.after.printed) == ("2019", "5 610,0", "4 505,0")
    assert all(c.change == Change.NEW for c in diff_packs(None, kemerovo))


def test_writing_gives_back_the_same_files(kemerovo: Pack, tmp_path: Path) -> None:
    write_csv(kemerovo, tmp_path)
    for file in tmp_path.glob("*.csv"):
        assert file.read_bytes() == (KEMEROVO / file.name).read_bytes(), file.name


# --- Values and messages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("15 309,0", "15309.0"), ("15\u00a0309,0", "15309.0"), ("81,54 %", "81.54"), ("0.36", "0.36"),
     ("−3", "-3"), ("1038", "1038")],
)  # fmt: skip
def test_printed_numbers(text: str, value: str) -> None:
    assert str(parse_decimal(text)) == value


@pytest.mark.parametrize("text", ["1 03", "1,2,3", "двенадцать", "1e5", "inf", "9" * 40, "1_000"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_decimal(text)


@pytest.mark.parametrize(
    "text", ["26 октября 2018", "26.10.2018", "2018-10-26", "26 октября 2018 г."]
)
def test_dates(text: str) -> None:
    assert parse_date(text).isoformat() == "2018-10-26"


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("Второй квартал 2020 года", "2020-04-01", "2020-06-30"),
        ("III квартал 2020 г.", "2020-07-01", "2020-09-30"),
        ("Февраль", "2020-02-01", "2020-02-29"),
        ("Март -апрель", "2020-03-01", "2020-04-30"),
        ("2021 год", "2021-01-01", "2021-12-31"),
        ("по мере готовности", "None", "None"),
    ],
)
def test_terms(text: str, start: str, due: str) -> None:
    term = parse_term(text, 2020)
    assert (str(term.start), str(term.due)) == (start, due)


def test_rendering_follows_the_printed_cell() -> None:
    assert render(Decimal("4505"), "5 610,0") == "4 505,0"
    assert render(Decimal("0.1"), "0,10") == "0,10"
    assert render(Decimal("2835.0"), "2977,0") == "2835,0"


PARAMS = (
    "limit",
    "member",
    "title",
    "key",
    "expected",
    "cells",
    "value",
    "known",
    "other",
    "name",
    "reason",
    "count",
    "columns",
)


def test_every_message_is_said_in_both_languages() -> None:
    for code, (_, message) in MESSAGES.items():
        params: dict[str, object] = dict.fromkeys(PARAMS, "x")
        issue = Issue(code, "f.csv", "s", 3, "c", params)
        with override("en"):
            english = issue.text()
        with override("ru"):
            russian = issue.text()
        assert english.startswith("file f.csv, sheet “s”, row 3, column “c”: "), message
        assert russian.startswith("файл f.csv, лист «s», строка 3, столбец «c»: "), message
        assert russian.split(": ", 1)[1] != english.split(": ", 1)[1], message
