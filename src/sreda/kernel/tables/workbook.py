"""A workbook (XLSX, ECMA-376) as streams of rows. Shared strings alone are held, packed."""

from __future__ import annotations

import posixpath
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sreda.kernel.tables.archive import Archive
from sreda.kernel.tables.faults import Unreadable
from sreda.kernel.tables.limits import DEPTH, MEGABYTE, PART, STYLES, Limits
from sreda.kernel.tables.values import Formula, Number, Value, Wrong
from sreda.kernel.tables.xml import Attributes, Local, events, read_all

LAST_ROW = 1_048_576
GENERAL = "General"
MERGED_KEPT = 2_000


class Spent:
    """What the sheets of one file have cost so far."""

    def __init__(self, limits: Limits) -> None:
        self.cells = self.text = 0
        self.limits = limits

    def row(self, cells: int, fault: Callable[..., Unreadable]) -> None:
        self.cells += cells
        if self.cells > self.limits.cells:
            raise fault("too-many-cells", limit=self.limits.cells)


class Strings:
    """Shared strings: one run of bytes and where each ends."""

    def __init__(self) -> None:
        self.data, self.ends = bytearray(), array("I")

    def __len__(self) -> int:
        return len(self.ends)

    def size(self, index: int) -> int:
        return self.ends[index] - (self.ends[index - 1] if index else 0)

    def __getitem__(self, index: int) -> str:
        start = self.ends[index - 1] if index else 0
        return self.data[start : self.ends[index]].decode()

    def add(self, text: str) -> None:
        self.data += text.encode(errors="replace")
        self.ends.append(len(self.data))


class Workbook:
    """The sheets of an archive that is a workbook, in their order; charts are no sheets."""

    def __init__(self, archive: Archive, limits: Limits) -> None:
        self.archive, self.limits = archive, limits
        names = [name.lower() for name in archive.names]
        if any("vbaproject" in name or "macrosheets/" in name for name in names):
            raise self.fault("macros")
        self.links_out = any(name.startswith("xl/externallinks/") for name in names)
        self.path = self._start()
        relations = self._relations(self.path)
        found: list[tuple[str, str]] = []
        self.since_1904 = False

        def start(name: str, attributes: Attributes) -> None:
            if name == "sheet":
                kind, target = relations.get(attributes.get("id", ""), ("", ""))
                if kind == "worksheet":
                    found.append((attributes.get("name", "")[:100], target))
                if len(found) > limits.sheets:
                    raise self.fault("too-many-sheets", limit=limits.sheets)
            elif name == "workbookPr":
                self.since_1904 = attributes.get("date1904") in {"1", "true"}

        self._read(self.path, start)
        missing = [target for _title, target in found if target not in archive]
        if missing or not found:
            raise self.fault("workbook-broken")
        archive.check({target: title for title, target in found})
        parts = {kind: target for kind, target in relations.values() if target in archive}
        self.forms = self._forms(parts.get("styles"))
        self._strings_part = parts.get("sharedStrings")
        self._strings: Strings | None = None
        spent = Spent(limits)
        self.sheets = [SheetTable(self, title, target, spent) for title, target in found]

    def fault(self, code: str, **facts: Any) -> Unreadable:
        return Unreadable(code, file=self.archive.name, **facts)

    def _read(self, name: str, start: Callable[[str, Attributes], None]) -> None:
        def fault(code: str, **facts: Any) -> Unreadable:
            return self.fault(code, member=name, **facts)

        try:
            with self.archive.open(name, PART) as part:
                read_all(part, fault, start)
        except KeyError as error:
            raise self.fault("workbook-broken") from error

    def _start(self) -> str:
        for kind, target in self._relations("").values():
            if kind == "officeDocument":
                return target
        raise self.fault("workbook-broken")

    def _relations(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to by id: the last word of the kind, and the part's name."""
        folder, last = posixpath.split(name)
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.join("/" + folder, attributes.get("Target", ""))
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind, posixpath.normpath(target).lstrip("/"))

        self._read(posixpath.join(folder, "_rels", f"{last}.rels"), start)
        return found

    def _forms(self, name: str | None) -> list[str]:
        """The number format of each style of a cell."""
        from openpyxl.styles.numbers import BUILTIN_FORMATS  # a CSV file need not pay for it

        known: dict[str, str] = {str(key): form for key, form in BUILTIN_FORMATS.items()}
        found: list[str] = []
        inside = False

        def start(element: str, attributes: Attributes) -> None:
            nonlocal inside
            if element == "numFmt" and len(known) < STYLES:
                known[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:255]
            elif element in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                inside = element == "cellXfs"
            elif element == "xf" and inside:
                found.append(known.get(attributes.get("numFmtId", "0"), GENERAL))
                if len(found) > STYLES:
                    raise self.fault("too-many-styles", limit=STYLES)

        if name:
            self._read(name, start)
        return found

    @property
    def strings(self) -> Strings:
        if self._strings is None:
            self._strings = self._shared() if self._strings_part else Strings()
        return self._strings

    def _shared(self) -> Strings:
        strings, limits, name = Strings(), self.limits, self._strings_part or ""
        pieces: list[str] = []
        size = depth = 0
        taking = sounds = False
        local = Local()

        def fault(code: str, **facts: Any) -> Unreadable:
            return self.fault(code, member=name, **facts)

        def start(name: str, _attributes: Attributes) -> None:
            nonlocal depth, taking, sounds, size
            depth += 1
            if depth > DEPTH:
                raise fault("xml-deep")
            element = local[name]
            if element == "si":
                pieces.clear()
                size = 0
            elif element == "t":
                taking = not sounds
            elif element == "rPh":
                sounds = True

        def text(data: str) -> None:
            nonlocal size
            if taking and size <= limits.cell:
                pieces.append(data)
                size += len(data)

        def end(name: str) -> None:
            nonlocal depth, taking, sounds
            depth -= 1
            element = local[name]
            if element == "t":
                taking = False
            elif element == "rPh":
                sounds = False
            elif element == "si":
                strings.add("".join(pieces)[: limits.cell + 1])
                if len(strings) > limits.strings:
                    raise fault("too-many-strings", limit=limits.strings)
                if len(strings.data) > limits.string_bytes:
                    raise fault("strings-too-large", limit=limits.string_bytes // MEGABYTE)

        with self.archive.open(name) as part:
            for _ in events(part, fault, start=start, end=end, text=text):
                pass
        return strings


class SheetTable:
    """One sheet. `merged` are the first of its merged ranges, known once its rows were read."""

    def __init__(self, book: Workbook, title: str, part: str, spent: Spent) -> None:
        self.book, self.name, self.part, self.spent = book, title, part, spent
        self.file = book.archive.name
        self.merged: list[str] = []

    def fault(self, code: str, row: int | None = None, **facts: Any) -> Unreadable:
        facts = {"member": self.part, **facts}
        return Unreadable(code, file=self.file, sheet=self.name, row=row, **facts)

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """(number, cells) of every row in which something stands; Unreadable at a limit."""
        limits, fault, spent = self.book.limits, self.fault, self.spent
        found: list[tuple[int, list[Value]]] = []
        row: list[Value] = []
        number = count = depth = size = place = 0
        pieces: list[str] = []
        written = taking = sounds = False
        formula: str | None = None
        kind, style = "n", ""
        local, columns = Local(), _Columns()
        value_of = self._reader()

        def start(name: str, attributes: Attributes) -> None:
            nonlocal row, number, count, depth, size, place, written, taking, sounds, formula
            nonlocal kind, style
            depth += 1
            if depth > DEPTH:
                raise fault("xml-deep")
            element = local[name]
            if element == "c":
                reference = attributes.get("r")
                place = columns[reference.rstrip("0123456789")] if reference else len(row)
                kind, style = attributes.get("t", "n"), attributes.get("s", "")
                pieces.clear()
                size, formula, taking, sounds = 0, None, False, False
            elif element == "v" or element == "t":
                taking = not sounds
            elif element == "row":
                given = attributes.get("r", "")
                number = max(number + 1, int(given) if given.isdecimal() and len(given) < 9 else 0)
                count += 1
                if number > LAST_ROW or count > limits.rows + 1:
                    raise fault("too-many-rows", limit=limits.rows)
                row, written = [], False
            elif element == "f":
                pieces.clear()
                size, formula, taking = 0, "", True
            elif element == "rPh":
                sounds = True
            elif element == "mergeCell" and len(self.merged) < MERGED_KEPT:
                self.merged.append(attributes.get("ref", "")[:30])

        def text(data: str) -> None:
            nonlocal size
            if taking and size <= limits.cell:
                pieces.append(data)
                size += len(data)

        def end(name: str) -> None:
            nonlocal depth, taking, sounds, formula, written, size
            depth -= 1
            element = local[name]
            if element == "c":
                if formula is not None:
                    value: Value = Formula("=" + formula)
                elif pieces:
                    joined = pieces[0] if len(pieces) == 1 else "".join(pieces)
                    value = value_of(kind, style, joined[: limits.cell + 1])
                else:
                    return
                if value == "":
                    return
                if place >= limits.columns:
                    raise fault("too-many-columns", number, limit=limits.columns)
                if place > len(row):
                    row.extend([""] * (place - len(row)))
                if place < len(row):
                    row[place] = value
                else:
                    row.append(value)
                written = True
            elif element == "v" or element == "t":
                taking = False
            elif element == "f":
                formula, taking = "".join(pieces)[:1_000], False
                pieces.clear()
                size = 0
            elif element == "rPh":
                sounds = False
            elif element == "row" and written:
                spent.row(len(row), fault)
                found.append((number, row))

        with self.book.archive.open(self.part) as part:
            for _ in events(part, fault, start=start, end=end, text=text):
                yield from found
                found.clear()

    def _reader(self) -> Callable[[str, str, str], Value]:
        """What a cell of a kind and a style says."""
        from openpyxl.styles.numbers import is_date_format
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel

        strings, forms, spent = self.book.strings, self.book.forms, self.spent
        most = self.book.limits.text
        epoch = CALENDAR_MAC_1904 if self.book.since_1904 else WINDOWS_EPOCH
        # (whether it is a day, form) of a style
        styles: dict[str, tuple[bool, str]] = {}

        def styled(style: str) -> tuple[bool, str]:
            index = int(style) if style.isdecimal() and len(style) < 7 else 0
            form = forms[index] if index < len(forms) else GENERAL
            found = styles[style] = (bool(is_date_format(form)), form)
            return found

        def numeric(style: str, written: str) -> Value:
            try:
                plain = written.lstrip("-").isdecimal() and len(written) < 20
                number = int(written) if plain else float(written)
            except ValueError:
                return Wrong(written[:100])
            is_day, form = styles.get(style) or styled(style)
            if not is_day:
                return Number(number, form)
            try:
                found = from_excel(number, epoch)
            except (ValueError, OverflowError):
                return Wrong("#VALUE!")
            return found if isinstance(found, datetime) else str(found)

        def value(kind: str, style: str, written: str) -> Value:
            if kind == "s":
                index = int(written) if written.isdecimal() and len(written) < 10 else -1
                if not 0 <= index < len(strings):
                    return Wrong("#REF!")
                spent.text += strings.size(index)
                if spent.text > most:
                    raise self.fault("text-too-large", limit=most)
                return strings[index]
            if kind == "n":
                return numeric(style, written)
            if kind == "b":
                return written == "1"
            if kind == "e":
                return Wrong(written[:100])
            if kind == "d":
                try:
                    return datetime.fromisoformat(written)
                except ValueError:
                    return Wrong(written[:100])
            return written

        return value


class _Columns(dict[str, int]):
    """Letters of a column -> its place, from 0; what is no column lies beyond every limit."""

    def __missing__(self, letters: str) -> int:
        if not (1 <= len(letters) <= 3 and letters.isascii() and letters.isalpha()):
            return 1 << 20
        found = 0
        for letter in letters.upper():
            found = found * 26 + ord(letter) - 64
        self[letters] = found - 1
        return found - 1
