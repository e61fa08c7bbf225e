"""Opening what was handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sreda.kernel.tables.archive import Archive
from sreda.kernel.tables.faults import Unreadable
from sreda.kernel.tables.limits import MEGABYTE, STREAMED, Limits
from sreda.kernel.tables.texts import TextTable, bytes_of
from sreda.kernel.tables.values import as_text
from sreda.kernel.tables.workbook import SheetTable, Spent, Workbook

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
CONTENTS = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Tables:
    """`links_out`: the workbook refers to others, which are not read."""

    sheets: list[SheetTable] | list[TextTable]
    links_out: bool = False


@contextmanager
def open_tables(path: Path, name: str, limits: Limits) -> Iterator[Tables]:
    """The tables of a workbook, of a ZIP with CSV files, or of one CSV file; `name` is what the
    file is called, by its ending it is CSV or not. Unreadable says what is wrong, here and later.
    """
    if path.stat().st_size > limits.file:
        raise Unreadable("too-large", file=name, limit=limits.file // MEGABYTE)
    with path.open("rb") as file:
        begins = file.read(4)
        if begins == OLD_EXCEL:
            raise Unreadable("old-excel", file=name)
        if not begins.startswith(b"PK"):
            if not name.lower().endswith(".csv"):
                raise Unreadable("unknown-format", file=name)
            yield Tables([TextTable(_bare(name), name, bytes_of(path), limits)])
            return
        archive = Archive(file, name, limits)
        if CONTENTS in archive:
            book = Workbook(archive, limits)
            yield Tables(book.sheets, book.links_out)
            return
        archive.check()
        texts = sorted(n for n in archive.names if n.lower().endswith(".csv"))
        texts = [n for n in texts if "__MACOSX" not in n]
        if not texts:
            raise Unreadable("unknown-format", file=name)
        if len(texts) > limits.sheets:
            raise Unreadable("too-many-sheets", file=name, limit=limits.sheets)
        spent = Spent(limits)
        yield Tables([
            TextTable(_bare(Path(n).name), f"{name}/{n}", partial(archive.open, n), limits, spent)
            for n in texts
        ])  # fmt: skip


def read_rows(path: Path, name: str, limits: Limits = STREAMED) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty, of a CSV file or a workbook's first sheet."""
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    if zipped != name.lower().endswith(".xlsx"):
        raise Unreadable("not-as-named", file=name)
    with open_tables(path, name, limits) as tables:
        table = tables.sheets[0]
        if isinstance(table, TextTable):
            if table.encoding.broken:
                raise table.fault("encoding-line", table.encoding.broken)
            yield from table.rows()  # type: ignore[misc]
        else:
            for number, row in table.rows():
                yield number, [as_text(value) for value in row]


def unpacked_size(path: Path, name: str) -> int:
    """Bytes to be read, as the file says of itself: what decides who reads it."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return path.stat().st_size
        return Archive(file, name, STREAMED).unpacked


def _bare(name: str) -> str:
    return re.sub(r"\.csv$", "", name, flags=re.IGNORECASE)
