"""Tables that are made to break the reader, and what they may cost."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sreda.kernel.tables import BUDGET, HELD, STREAMED, Limits, Unreadable, read_rows
from sreda.kernel.tables.limits import MEGABYTE

SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
BOMB = '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
RELATION = (
    b'<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
ONE = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'


def workbook(
    change: dict[str, tuple[bytes, bytes]],
    rename: dict[str, str] | None = None,
    extra: dict[str, bytes] | None = None,
) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Люди"
    book.active.append(["Фамилия", "Имя"])
    plain, made = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            content = content.replace(*change.get(name, (b"", b"")), 1)
            target.writestr((rename or {}).get(name, name), content)
        for name, content in (extra or {}).items():
            target.writestr(name, content)
    return made.getvalue()


def with_rows(rows: str | Iterable[str]) -> bytes:
    return workbook({SHEET: (b"<sheetData>", ("<sheetData>" + "".join(rows)).encode())})


def with_strings(strings: Iterable[str], rows: str = ONE) -> bytes:
    change = {
        SHEET: (b"<sheetData>", ("<sheetData>" + rows).encode()),
        RELATIONS: (b"</Relationships>", RELATION),
    }
    return workbook(change, extra={SHARED: f"<sst>{''.join(strings)}</sst>".encode()})


def fault(tmp_path: Path, name: str, content: bytes, limits: Limits = STREAMED) -> Unreadable:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        list(read_rows(path, name, limits))
    assert name in caught.value.message, "the message does not name the file"
    return caught.value


def test_a_plain_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({}))
    assert list(read_rows(path, "a.xlsx")) == [(1, ["Фамилия", "Имя"])]


# XML


@pytest.mark.parametrize("before", ["", "<!-- <a> " + "x" * 70_000 + " -->"])
def test_entities_are_refused_wherever_they_hide(tmp_path: Path, before: str) -> None:
    """A comment of 64 KB in front, or a part whose name does not end in .xml, hid them."""
    bomb = (b"<worksheet", (before + BOMB + "<worksheet").encode())
    assert fault(tmp_path, "a.xlsx", workbook({SHEET: bomb})).code == "xml-entities"
    moved = {SHEET: "xl/worksheets/sheet1.part"}
    relation = (b"worksheets/sheet1.xml", b"worksheets/sheet1.part")
    found = fault(tmp_path, "b.xlsx", workbook({SHEET: bomb, RELATIONS: relation}, moved))
    assert (found.code, found.sheet) == ("xml-entities", "Люди")
    related = {RELATIONS: (b"</Relationships>", RELATION)}
    shared = {SHARED: f"{before}{BOMB}<sst/>".encode()}
    assert fault(tmp_path, "c.xlsx", workbook(related, extra=shared)).code == "xml-entities"


@pytest.mark.parametrize(
    "rows",
    [
        "<a>" * 200,
        "<c>" * 200,
        "<row>" * 200,
        "".join(f"<a{n}/>" for n in range(20_000)),
        "".join(f"<a b{n}=''/>" for n in range(20_000)),
        f"<a b='{'ab' * 1_500_000}'/>",
        f"<!-- {'ab' * 1_500_000} -->",
    ],
    ids=["deep", "deep cells", "deep rows", "names", "attributes", "long tag", "long comment"],
)
def test_what_the_parser_would_hold_by_itself_is_bounded(tmp_path: Path, rows: str) -> None:
    assert fault(tmp_path, "a.xlsx", with_rows(rows), replace(STREAMED, ratio=10_000)).code == (
        "xml-deep"
    )


@pytest.mark.parametrize("cut", [b"<sheetData>", b"</row>"])
def test_xml_that_ends_early(tmp_path: Path, cut: bytes) -> None:
    assert fault(tmp_path, "a.xlsx", workbook({SHEET: (cut, b"<")})).code == "workbook-broken"


# Sizes and counts


def test_500_megabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "люди.xlsx"
    with path.open("wb") as out:
        out.write(b"PK\x03\x04")
        out.truncate(500 * MEGABYTE)
    with pytest.raises(Unreadable, match=r"люди\.xlsx.* 100 "):
        next(read_rows(path, path.name))


def test_a_bomb_is_named_with_its_sheet_and_the_limit(tmp_path: Path) -> None:
    content = with_rows(" " * (8 * MEGABYTE))
    assert len(content) < MEGABYTE / 8
    found = fault(tmp_path, "люди.xlsx", content)
    assert (found.code, found.sheet) == ("zip-ratio", "Люди")
    assert "«Люди»" in found.message
    assert str(STREAMED.ratio) in found.message
    found = fault(tmp_path, "люди.xlsx", content, replace(STREAMED, ratio=10**6, unpacked=MEGABYTE))
    assert (found.code, found.sheet) == ("unpacked-too-large", "Люди")
    parts = {f"xl/odd/{n}.bin": bytes(MEGABYTE - 1) for n in range(70)}
    assert fault(tmp_path, "a.xlsx", workbook({}, extra=parts), HELD).code == "unpacked-too-large"


def test_a_size_that_lies_does_not_help(tmp_path: Path) -> None:
    """The directory says 100 bytes; 8 MB would come out."""
    content = with_rows(" " * (8 * MEGABYTE))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        said = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    lying = content.replace(said, (100).to_bytes(4, "little"))
    assert fault(tmp_path, "a.xlsx", lying).code == "zip-broken"


def test_a_directory_of_a_million_entries_is_not_read(tmp_path: Path) -> None:
    plain = workbook({})
    at = plain.rfind(b"PK\x05\x06")
    start = int.from_bytes(plain[at + 16 : at + 20], "little")
    directory = plain[start:at]
    many = directory * (2 * MEGABYTE // len(directory))
    end = plain[at : at + 12] + len(many).to_bytes(4, "little") + plain[at + 16 :]
    assert fault(tmp_path, "a.xlsx", plain[:start] + many + end).code == "zip-broken"


@pytest.mark.parametrize("inside", [b"PK\x03\x04" + b"x" * 30, b"Rar!\x1a\x07"])
def test_an_archive_inside_is_refused(tmp_path: Path, inside: bytes) -> None:
    found = fault(tmp_path, "a.xlsx", workbook({}, extra={"xl/embeddings/a.bin": inside}))
    assert (found.code, found.facts["member"]) == ("zip-nested", "xl/embeddings/a.bin")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(tmp_path: Path, method: int) -> None:
    made = io.BytesIO(workbook({}))
    with zipfile.ZipFile(made, "a") as out:
        out.writestr("xl/odd.bin", b"x" * 100, compress_type=method)
    assert fault(tmp_path, "a.xlsx", made.getvalue()).code == "zip-method"


SMALL = replace(
    HELD, rows=10, columns=5, cells=30, strings=20, string_bytes=MEGABYTE, text=50_000, sheets=3
)
TEXT = "<si><t>{}</t></si>"


def cells(count: int, row: int = 1) -> str:
    return f'<row r="{row}">{"<c><v>1</v></c>" * count}</row>'


@pytest.mark.parametrize(
    ("code", "sheet", "row", "content"),
    [
        ("too-many-rows", "Люди", None, with_rows("<row><c><v>1</v></c></row>" * 12)),
        ("too-many-rows", "Люди", None, with_rows("<row/>" * 20)),
        ("too-many-rows", "Люди", None, with_rows('<row r="9999999"/>')),
        ("too-many-columns", "Люди", 2, with_rows([cells(2), cells(6, 2)])),
        ("too-many-columns", "Люди", 1, with_rows('<row><c r="XFD1"><v>1</v></c></row>')),
        ("too-many-cells", "Люди", None, with_rows(cells(4, n) for n in range(1, 9))),
        ("too-many-strings", "", None, with_strings(TEXT.format(n) for n in range(21))),
        ("text-too-large", "Люди", None, with_strings(
            [TEXT.format("x" * 9_000)],
            "".join(f'<row><c t="s"><v>0</v></c>{"<c><v>1</v></c>"}</row>' for _n in range(8)),
        )),
        ("strings-too-large", "", None, with_strings(
            TEXT.format(chr(0x10000) * 3 + "".join(chr(0x4E00 + (n * 7919 + i * 31) % 20_000)
                                                   for i in range(9_990)))
            for n in range(19)
        )),
    ],
)  # fmt: skip
def test_every_count_has_a_limit_that_is_named(
    tmp_path: Path, code: str, sheet: str, row: int | None, content: bytes
) -> None:
    limits = replace(SMALL, string_bytes=MEGABYTE // 4, ratio=10_000)
    found = fault(tmp_path, "a.xlsx", content, limits)
    assert (found.code, found.sheet, found.row) == (code, sheet, row)
    assert "limit" in found.facts


def test_too_many_sheets(tmp_path: Path) -> None:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for n in range(3):
        book.create_sheet(f"Лист {n}")
    book.save(made)
    assert fault(tmp_path, "a.xlsx", made.getvalue(), SMALL).code == "too-many-sheets"


def test_too_many_styles(tmp_path: Path) -> None:
    styles = (b"<cellXfs", b"<cellXfs>" + b"<xf/>" * 70_001 + b"</cellXfs><cellXfs")
    content = workbook({"xl/styles.xml": styles})
    assert fault(tmp_path, "a.xlsx", content, replace(HELD, ratio=10**6)).code == (
        "too-many-styles"
    )


def test_a_text_too_long_is_cut_and_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_strings([TEXT.format("x" * 50_000)]))
    ((_line, row), *_others) = read_rows(path, "a.xlsx", HELD)
    assert len(row[0]) == HELD.cell + 1


# Text


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("encoding", "Фамилия;Имя\r\n".encode("cp1251") * 6000 + b"\x98;\x98\r\n"),
        ("encoding", b"\xff\xfe" + "Фамилия;Имя\n".encode("utf-16-le") + b"\x00"),
        ("binary", b"\xff\xfe" + "Фам\0илия;Имя\n".encode("utf-16-le")),
        ("binary", "Фамилия;Имя\r\n".encode("cp1251") * 6000 + b"a\0b;c\r\n"),
        ("encoding-line", "Фамилия;Имя\n".encode() * 100 + b"\xd0;\xff\n"),
        ("row-long", b"x" * 3_000_000),
        ("row-long", b"a,b\n" + b'"x\n",' * 500_000),
        ("csv-broken", b'"' + b"x\n" * 100_000),
        ("too-many-columns", b"a;b\n" + b";" * 200 + b"x\n"),
    ],
)
def test_broken_text_is_refused_in_words(tmp_path: Path, code: str, content: bytes) -> None:
    assert fault(tmp_path, "a.csv", content).code == code


# Memory

SHARE = 8  # the files of this test are so much smaller than the worst ones: see bench
READ = """
import sys, django
from dataclasses import replace
from django.conf import settings
settings.configure(USE_I18N=False); django.setup()
import openpyxl
from pathlib import Path
from sreda.kernel.tables import STREAMED, read_rows
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])
share = int(sys.argv[2])
limits = replace(STREAMED, ratio=10**6, strings=STREAMED.strings // share,
                 string_bytes=STREAMED.string_bytes // share)
before = peak()
print(sum(1 for _ in read_rows(Path(sys.argv[1]), sys.argv[1], limits)), (peak() - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("kind", ["short strings", "long strings", "rows", "wide rows"])
def test_memory_stays_within_its_budget(tmp_path: Path, kind: str) -> None:
    count = STREAMED.strings // SHARE - 10
    long = STREAMED.string_bytes // SHARE // 10_001 - 1
    content = {
        "short strings": lambda: with_strings(f"<si><t>{n:020d}</t></si>" for n in range(count)),
        "long strings": lambda: with_strings([TEXT.format("x" * 200_000)] * long),
        "rows": lambda: with_rows(f"<row><c><v>{n}</v></c></row>" for n in range(300_000)),
        "wide rows": lambda: with_rows(
            ['<row><c t="str"><v>' + "x" * 9_000 + "</v></c></row>"] * 3_000
        ),
    }[kind]()
    path = tmp_path / "worst.xlsx"
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(SHARE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows, grown = map(int, done.stdout.split())
    assert rows
    assert grown <= BUDGET // SHARE, f"{grown / MEGABYTE:.0f} MB"
