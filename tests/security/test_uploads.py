"""Tables that are made to break the reader."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sreda.kernel.tables.reading import Unreadable, read_rows

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"
BOMB = '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def workbook(change: dict[str, tuple[bytes, bytes]], rename: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Фамилия", "Имя"])
    plain, made = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name in change:
                content = content.replace(*change[name], 1)
            target.writestr((rename or {}).get(name, name), content)
    return made.getvalue()


def refused(tmp_path: Path, name: str, content: bytes) -> bool:
    path = tmp_path / name
    path.write_bytes(content)
    try:
        list(read_rows(path, name))
    except Unreadable:
        return True
    return False


def test_a_plain_workbook_is_read(tmp_path: Path) -> None:
    assert not refused(tmp_path, "a.xlsx", workbook({}))


@pytest.mark.parametrize("before", ["", "<!-- <a> " + "x" * 70_000 + " -->"])
def test_entities_are_refused_wherever_they_hide(tmp_path: Path, before: str) -> None:
    """A comment of 64 KB in front, or a part whose name does not end in .xml, hid them."""
    bomb = (b"<worksheet", (before + BOMB + "<worksheet").encode())
    assert refused(tmp_path, "a.xlsx", workbook({SHEET: bomb}))
    moved = {SHEET: "xl/worksheets/sheet1.part"}
    types = (b"/xl/worksheets/sheet1.xml", b"/xl/worksheets/sheet1.part")
    assert refused(tmp_path, "b.xlsx", workbook({SHEET: bomb, TYPES: types}, moved))


@pytest.mark.parametrize(
    "content",
    [
        "Фамилия;Имя\r\n".encode("cp1251") * 6000 + b"\x98;\x98\r\n",  # no letter of cp1251
        b"\xff\xfe" + "Фамилия;Имя\n".encode("utf-16-le") + b"\x00",  # half a letter
        b"\xff\xfe" + "Фам\0илия;Имя\n".encode("utf-16-le"),
        "Фамилия;Имя\r\n".encode("cp1251") * 6000 + b"a\0b;c\r\n",
    ],
    ids=["undefined byte", "odd length", "nul in utf-16", "nul in cp1251"],
)
def test_broken_text_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    assert refused(tmp_path, "a.csv", content)
