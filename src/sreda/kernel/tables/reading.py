"""Rows of a file, one at a time, as text. Nothing is trusted and nothing is unpacked to disk."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MEGABYTE = 1024 * 1024
MAX_FILE = 300 * MEGABYTE
MAX_UNPACKED = 1024 * MEGABYTE
MAX_RATIO = 200
MAX_MEMBERS = 200
MAX_ROWS = 1_000_000
MAX_COLUMNS = 60
MAX_CELL = 1_000
_PROLOGUE = 64 * 1024


class Unreadable(ValidationError):
    """The file as a whole cannot be read; the message says why."""


def read_rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty; `name` tells by its ending what it is."""
    if path.stat().st_size > MAX_FILE:
        raise Unreadable(
            _("The file is larger than %(limit)s MB.") % {"limit": MAX_FILE // MEGABYTE}
        )
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    if zipped != name.lower().endswith(".xlsx"):
        raise Unreadable(_("The file is not what its name says it is: XLSX or CSV is needed."))
    yield from _workbook(path) if zipped else _csv(path)


# CSV


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        head = file.readline(_PROLOGUE)
        delimiter = max(";\t,", key=head.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        try:
            for number, row in enumerate(reader):
                if number > MAX_ROWS:
                    raise _too_many()
                if len(row) > MAX_COLUMNS:
                    raise Unreadable(
                        _("Line %(line)s has more than %(limit)s columns.")
                        % {"line": line, "limit": MAX_COLUMNS}
                    )
                if any("\0" in cell for cell in row):
                    raise Unreadable(_("This is not a text file."))
                # A quoted cell may span lines: a row is named by the line it starts on.
                if any(row):
                    yield line, row
                line = reader.line_num + 1
        except UnicodeDecodeError as error:
            raise Unreadable(_("The encoding is not known: save the file as UTF-8.")) from error
        except csv.Error as error:
            raise Unreadable(
                _("Line %(line)s cannot be read: a quote is not closed, or a cell is too long.")
                % {"line": line}
            ) from error


def _encoding(path: Path) -> str:
    """UTF-8 when all of it is; else Windows-1251, when its letters are Russian ones."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(_PROLOGUE)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        try:
            while chunk := file.read(MEGABYTE):
                if b"\0" in chunk:
                    raise Unreadable(_("This is not a text file."))
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            pass
        else:
            return "utf-8-sig"
    text = start.decode("cp1251", errors="replace")
    letters = len(re.findall(r"[А-Яа-яЁё]", text))
    if "\ufffd" in text or letters * 5 < len(text):
        raise Unreadable(_("The encoding is not known: save the file as UTF-8."))
    return "cp1251"


def _too_many() -> Unreadable:
    return Unreadable(_("The table has more than %(limit)s rows.") % {"limit": MAX_ROWS})


# XLSX


def _workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    _check_archive(path)
    # Imported here: a CSV file need not pay for it.
    import openpyxl

    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # the declared size may be a lie
            cells = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
            for number, values in enumerate(cells, 1):
                if number > MAX_ROWS + 1:
                    raise _too_many()
                row = [_text(value) for value in values]
                if any(row):
                    yield number, row
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises anything on a damaged workbook
        raise Unreadable(_("The workbook is damaged.")) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if "[Content_Types].xml" not in names:
                raise Unreadable(_("This is not a workbook."))
            if any("vbaproject" in n.lower() or "macrosheets/" in n.lower() for n in names):
                raise Unreadable(_("Workbooks with macros are not taken."))
            if len(members) > MAX_MEMBERS or any(m.flag_bits & 1 for m in members):
                raise Unreadable(_("The workbook is damaged."))
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_UNPACKED or any(
                m.file_size > MEGABYTE and m.file_size > MAX_RATIO * m.compress_size
                for m in members
            ):
                raise Unreadable(_("The workbook would unpack to too much."))
            for name in names:
                with archive.open(name) as member:
                    begins = _beginning(member)
                xml = name.lower().endswith((".xml", ".rels"))
                if begins == "doctype" or (xml and begins != "element"):
                    raise Unreadable(_("The workbook is damaged."))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(_("The workbook is damaged.")) from error


def _beginning(member: IO[bytes]) -> str:
    """What XML begins with: "element" or "doctype" (which declares entities); else ""."""
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_rest: found.append("doctype")
    parser.StartElementHandler = lambda *_rest: found.append("element")
    try:
        while not found and (chunk := member.read(_PROLOGUE)):
            parser.Parse(chunk)
    except (expat.ExpatError, ValueError):  # not XML, or not any more
        pass
    return found[0] if found else ""
