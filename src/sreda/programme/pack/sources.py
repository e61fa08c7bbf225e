"""Opening what was handed in: a workbook, a ZIP or a folder of CSV files. All of it is hostile.

Nothing is unpacked to disk; sizes are checked before reading, and never trusted afterwards.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from .issues import Issue
from .values import render

MEGABYTE = 1024 * 1024
MAX_FILE = 20 * MEGABYTE
MAX_UNPACKED = 60 * MEGABYTE
MAX_RATIO = 150
MAX_MEMBERS = 500
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_CELL = 10_000
OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class RawCell:
    """`fault` is the code of an Issue when the cell may not be used."""

    text: str
    fault: str = ""


@dataclass
class RawSheet:
    name: str
    file: str
    rows: list[tuple[int, list[RawCell]]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def issue(self, code: str, row: int | None = None, column: str = "", **params: object) -> Issue:
        return Issue(code, file=self.file, sheet=self.name, row=row, column=column, params=params)


class Refused(Exception):
    """The whole input is refused."""

    def __init__(self, code: str, file: str, **params: object) -> None:
        self.issue = Issue(code, file=file, params=params)
        super().__init__(code)


def open_source(path: Path) -> tuple[list[RawSheet], list[Issue]]:
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise Refused("not-found", path.name)
    if path.stat().st_size > MAX_FILE:
        raise Refused("too-large", path.name, limit=MAX_FILE // MEGABYTE)
    data = path.read_bytes()
    if data.startswith(OLD_EXCEL):
        raise Refused("old-excel", path.name)
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise Refused("zip-broken" if data.startswith(b"PK") else "unknown-format", path.name)
    with _safe_zip(data, path.name) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names:
            return _workbook(data, archive, path.name)
        texts = sorted(n for n in names if n.lower().endswith(".csv") and "__MACOSX" not in n)
        if not texts:
            raise Refused("unknown-format", path.name)
        try:
            contents = [(Path(name).name, archive.read(name)) for name in texts]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Refused("zip-broken", path.name) from error
    return [_csv(name, content, f"{path.name}/{name}") for name, content in contents], []


def _folder(path: Path) -> tuple[list[RawSheet], list[Issue]]:
    files = sorted(p for p in path.iterdir() if p.suffix.lower() == ".csv")
    if not files:
        raise Refused("unknown-format", path.name)
    total = 0
    for file in files:
        if file.is_symlink():
            raise Refused("symlink", path.name, member=file.name)
        total += file.stat().st_size
        if total > MAX_FILE:
            raise Refused("too-large", file.name, limit=MAX_FILE // MEGABYTE)
    return [_csv(file.name, file.read_bytes(), file.name) for file in files], []


def _safe_zip(data: bytes, file: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Refused("zip-broken", file) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise Refused("zip-members", file, limit=MAX_MEMBERS)
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refused("unpacked-too-large", file, limit=MAX_UNPACKED // MEGABYTE)
    for member in members:
        name = member.filename
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            raise Refused("zip-path", file, member=name)
        if member.external_attr >> 28 == 0xA:
            raise Refused("symlink", file, member=name)
        if member.flag_bits & 0x1:
            raise Refused("zip-encrypted", file)
        if member.file_size > MEGABYTE and member.file_size > MAX_RATIO * member.compress_size:
            raise Refused("zip-ratio", file, member=name, limit=MAX_RATIO)
    return archive


# --- CSV -------------------------------------------------------------------------------------


def _csv(name: str, content: bytes, file: str) -> RawSheet:
    sheet = RawSheet(name=re.sub(r"\.csv$", "", name, flags=re.IGNORECASE), file=file)
    text = _decode(content, sheet)
    if text is None:
        return sheet
    head = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(";\t,", key=head.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    first = 1
    try:
        for number, row in enumerate(reader):
            if number >= MAX_ROWS:
                sheet.issues.append(sheet.issue("too-many-rows", limit=MAX_ROWS))
                break
            if len(row) > MAX_COLUMNS:
                sheet.issues.append(sheet.issue("too-many-columns", row=first, limit=MAX_COLUMNS))
                break
            # A quoted cell may span lines: the row is named by the line it starts on.
            if any(cell.strip() for cell in row):
                sheet.rows.append((first, [_text_cell(cell) for cell in row]))
            first = reader.line_num + 1
    except csv.Error:
        sheet.issues.append(sheet.issue("csv-broken", row=first))
    return sheet


def _decode(content: bytes, sheet: RawSheet) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        sheet.issues.append(sheet.issue("binary"))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = error.start
    text = content.decode("utf-8", errors="replace")
    cyrillic = len(re.findall(r"[А-Яа-яЁё]", text))
    if cyrillic > 3 * text.count("\ufffd"):
        line = content.count(b"\n", 0, broken) + 1
        sheet.issues.append(sheet.issue("encoding-line", row=line))
        return text
    try:
        text = content.decode("cp1251")
    except UnicodeDecodeError:
        sheet.issues.append(sheet.issue("encoding"))
        return None
    sheet.issues.append(sheet.issue("cp1251"))
    return text


def _text_cell(text: str) -> RawCell:
    bare = text.strip()
    if len(bare) > MAX_CELL:
        return RawCell("", "cell-long")
    if "\ufffd" in bare:
        return RawCell(bare, "encoding-line")
    if re.match(r"[=@]|[+-](?=[A-Za-z(])", bare):
        return RawCell(bare, "formula")
    return RawCell(bare)


# --- XLSX ------------------------------------------------------------------------------------


def _workbook(
    data: bytes, archive: zipfile.ZipFile, file: str
) -> tuple[list[RawSheet], list[Issue]]:
    names = archive.namelist()
    if any("vbaproject" in name.lower() or "macrosheets/" in name.lower() for name in names):
        raise Refused("macros", file)
    for name in names:
        if name.lower().endswith((".xml", ".rels")) and _declares_entities(archive, name, file):
            raise Refused("xml-entities", file, member=name)
    issues = []
    if any(name.startswith("xl/externalLinks/") for name in names):
        issues.append(Issue("external-links", file=file))
    # Imported here: a CSV pack need not pay for it.
    import openpyxl

    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=False, keep_links=False
        )
        merged = _merged(archive, book)
        sheets = []
        for worksheet in book.worksheets:
            sheet = RawSheet(name=worksheet.title, file=file)
            for cells in merged.get(worksheet.title, ()):
                row = int(re.findall(r"\d+", cells)[0])
                sheet.issues.append(sheet.issue("merged", row=row, cells=cells))
            _read_worksheet(worksheet, sheet)
            sheets.append(sheet)
        book.close()
    except Exception as error:  # openpyxl raises anything on a damaged workbook
        raise Refused("workbook-broken", file) from error
    return sheets, issues


def _declares_entities(archive: zipfile.ZipFile, name: str, file: str) -> bool:
    try:
        content = archive.read(name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused("zip-broken", file) from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4]:
        content = content.replace(b"\0", b"")
    return b"<!DOCTYPE" in content or b"<!ENTITY" in content


def _merged(archive: zipfile.ZipFile, book: Any) -> dict[str, list[str]]:
    """openpyxl's read-only mode drops merges, and a merged row reads as an empty one."""
    found: dict[str, list[str]] = {}
    for worksheet in book.worksheets:
        try:
            content = archive.read(worksheet._worksheet_path.lstrip("/"))
        except (KeyError, AttributeError):
            continue
        cells = re.findall(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"', content)
        found[worksheet.title] = [ref.decode() for ref in cells[:50]]
    return found


def _read_worksheet(worksheet: Any, sheet: RawSheet) -> None:
    for number, cells in enumerate(_rows(worksheet), 1):
        if number > MAX_ROWS:
            sheet.issues.append(sheet.issue("too-many-rows", limit=MAX_ROWS))
            return
        row = [_workbook_cell(cell) for cell in cells[:MAX_COLUMNS]]
        if len(cells) > MAX_COLUMNS and cells[MAX_COLUMNS].value is not None:
            sheet.issues.append(sheet.issue("too-many-columns", row=number, limit=MAX_COLUMNS))
            return
        if any(cell.text for cell in row):
            line = next((cell.row for cell in cells if hasattr(cell, "row")), number)
            sheet.rows.append((line, row))


def _rows(worksheet: Any) -> Iterator[Any]:
    # The declared size of a sheet may be a lie in either direction.
    worksheet.reset_dimensions()
    yield from worksheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS + 1)


def _workbook_cell(cell: Any) -> RawCell:
    value = cell.value
    if value is None:
        return RawCell("")
    kind = getattr(cell, "data_type", "")
    if kind == "f" or not isinstance(value, str | int | float | bool | date | datetime):
        return RawCell(str(value)[:100], "formula")
    if kind == "e":
        return RawCell(str(value)[:100], "cell-error")
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, datetime):
        return RawCell(render(value.date()))
    if isinstance(value, float | int) and not isinstance(value, bool):
        # Excel keeps numbers as floats; their shortest form is what was typed in.
        shown = re.fullmatch(r"#?,?#*0(?:\.(0+))?(?:%)?", str(cell.number_format or ""))
        number = Decimal(repr(value))
        if not number.is_finite() or abs(number) > Decimal(10) ** 24:
            return RawCell(str(value), "cell-error")
        like = "0," + "0" * len(shown[1]) if shown and shown[1] else ""
        return RawCell(render(Decimal(format(number, "f")), like))
    return RawCell(render(value))
