"""A CSV file as a stream of rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from sreda.kernel.tables.faults import Unreadable
from sreda.kernel.tables.limits import LINE, MEGABYTE, Limits
from sreda.kernel.tables.values import Value
from sreda.kernel.tables.workbook import Spent

_PROLOGUE = 64 * 1024
_LETTERS = re.compile(r"[А-Яа-яЁё]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """`broken` is the first line that is not what the rest is; its bad signs read as U+FFFD."""

    name: str
    broken: int | None = None


def bytes_of(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


class TextTable:
    """One table. `open` gives its bytes from the beginning, as often as asked."""

    def __init__(
        self,
        name: str,
        file: str,
        open: Callable[[], IO[bytes]],
        limits: Limits,
        spent: Spent | None = None,
    ) -> None:
        self.name, self.file, self.limits = name, file, limits
        self._open = open
        self.spent = spent or Spent(limits)
        self.merged: list[str] = []

    def fault(self, code: str, row: int | None = None, **facts: Any) -> Unreadable:
        return Unreadable(code, file=self.file, row=row, **facts)

    @cached_property
    def encoding(self) -> Encoding:
        """UTF-8 when all, or nearly all, of it is; else Windows-1251, if its letters are Russian
        ones."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self._open() as file:
            chunk = start = file.read(_PROLOGUE)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return Encoding("utf-16")
            strict = True
            while chunk:
                if b"\0" in chunk:
                    raise self.fault("binary")
                try:
                    if strict:
                        decoder.decode(chunk)
                except UnicodeDecodeError:
                    strict = False
                chunk = file.read(MEGABYTE)
        try:
            if strict:
                decoder.decode(b"", final=True)
                return Encoding("utf-8-sig")
        except UnicodeDecodeError:
            pass
        if line := self._nearly_utf8():
            return Encoding("utf-8-sig", line)
        text = start.decode("cp1251", errors="replace")
        if "\ufffd" in text or len(_LETTERS.findall(text)) * 10 < len(text):
            raise self.fault("encoding")
        return Encoding("cp1251")

    def _nearly_utf8(self) -> int | None:
        """The first line with broken signs, when Russian letters are many more than these."""
        first, letters, broken = None, 0, 0
        with self._open() as file:
            number = 0
            while line := file.readline(LINE):
                number += 1
                text = line.decode(errors="replace")
                letters += len(_LETTERS.findall(text))
                if "\ufffd" in text:
                    first = first or number
                    broken += text.count("\ufffd")
                    if broken > 1_000 and letters <= 3 * broken:
                        return None
        return first if letters > 3 * broken else None

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """(line, cells) of every row that is not empty; Unreadable at a limit."""
        limits, fault, spent = self.limits, self.fault, self.spent
        encoding = self.encoding
        errors = "replace" if encoding.broken else "strict"
        room = LINE

        def opened() -> IO[str]:
            return io.TextIOWrapper(self._open(), encoding.name, errors, newline="")

        def lines(file: IO[str]) -> Iterator[str]:
            nonlocal room
            while text := file.readline(LINE + 1):
                room -= len(text)
                if room < 0:
                    raise fault("row-long", line, limit=LINE)
                if "\0" in text:
                    raise fault("binary", line)
                yield text

        line = 1
        with opened() as first, opened() as file:
            try:
                head = first.readline(_PROLOGUE)
                delimiter = max(";\t,", key=head.count)
                reader = csv.reader(lines(file), delimiter=delimiter)
                for number, row in enumerate(reader):
                    if number > limits.rows:
                        raise fault("too-many-rows", limit=limits.rows)
                    if len(row) > limits.columns:
                        raise fault("too-many-columns", line, limit=limits.columns)
                    # A quoted cell may span lines: a row is named by the line it starts on.
                    if any(row):
                        spent.row(len(row), fault)
                        yield line, row  # type: ignore[misc]
                    line, room = reader.line_num + 1, LINE
            except UnicodeError as error:
                raise fault("encoding", line) from error
            except csv.Error as error:
                raise fault("csv-broken", line) from error
