"""An XLSX template, as departments send them round: each sheet a section, headings above tables,
numbered rows and columns, units, closed cells. Reading gives a draft to be corrected, and says
by sheet and cell what was not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from sreda.reporting.formats.issues import Issue, Reading
from sreda.reporting.formats.sheets import Sheet, column_letter
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Option, Row, Schema, Section
from sreda.reporting.forms.codes import code_from

CLOSED = {"x", "х", "×", "-", "–", "—"}
MOST_ROWS = 3_000
_NUMBER_HEAD = re.compile(
    r"(№|n|no\.?|номер)\s*(п\s*/?\s*п|строк\w*|графы)?\.?\Z|(код|row no)\.?\s*(строки)?\Z", re.I
)
_UNIT_HEAD = re.compile(r"(ед(иниц\w*|\.)?\s*(изм\w*\.?)?|единица измерения)\Z", re.I)
_TITLE_HEAD = re.compile(r"(наименован|показател|название|статья|перечень|вид\b|категор)", re.I)
_YES_NO = re.compile(r"\(?\bда\s*/\s*нет\b|\(да\s*[-–—=,;]|да\s*[-–]\s*1", re.I)
_DATE = re.compile(r"\bдата\b|\bкогда\b", re.I)
_PART = re.compile(r"\s*(из них|в том числе|из общего|из строки|в т\. ?ч\.)", re.I)
_UNIT = re.compile(
    r"[,(]\s*(чел(?:овек|\.)?|ед(?:иниц\w*|\.)?|шт(?:ук\w*|\.)?|%|проценто\w*|тыс\.? ?руб\w*\.?"
    r"|руб\w*\.?|м2|м²|кв\. ?м\.?|мбит/с|гбайт|час\w*\.?|лет)\s*\)?\s*\Z",
    re.I,
)
_DECIMAL_UNIT = re.compile(r"%|процент|руб|м2|м²|кв|мбит|ставк", re.I)
_WORDS = re.compile(
    r"наименование|название|адрес|ф\.? ?и\.? ?о|фамилия|телефон|почт|e-?mail|сайт|должность"
    r"|примечани|комментари|описани|реквизит|ссылк",
    re.I,
)
_COUNTED = re.compile(
    r"числ|количеств|всего|итого|сколько|объ[её]м|площад|стоимост|дол[яи]\b", re.I
)
_SUM = re.compile(r"=\s*(?:SUM|СУММ)\(\s*([A-Z]{1,3}\d+)\s*:\s*([A-Z]{1,3}\d+)\s*\)\s*\Z", re.I)
_ADDED = re.compile(r"=\s*[A-Z]{1,3}\d+(?:\s*[+-]\s*[A-Z]{1,3}\d+)+\s*\Z", re.I)
_REF = re.compile(r"([A-Z]{1,3})(\d+)", re.I)


def read_template(sheets: Sequence[Sheet], title: str = "") -> Reading:
    found = Reading(title=title)
    sections, taken = [], set[str]()
    blocks: set[str] = set()
    for sheet in sheets:
        reader = _SheetReader(sheet, blocks, found.issues)
        made = reader.blocks()
        if not made:
            if sheet.cells:
                found.issues.append(
                    Issue(sheet.title, 0, "", _("no table and no question was found"))
                )
            continue
        code = code_from(sheet.title, taken, "s")
        taken.add(code)
        sections.append(Section(code, reader.heading or sheet.title, blocks=tuple(made)))
    found.schema = Schema(tuple(sections))
    return found


@dataclass
class _Column:
    number: int
    title: str
    unit: str
    type: CellType


class _SheetReader:
    """One sheet, region by region (an empty row ends a region)."""

    def __init__(self, sheet: Sheet, taken: set[str], issues: list[Issue]) -> None:
        self.sheet, self.taken, self.issues = sheet, taken, issues
        self.heading = ""
        self.titles: list[str] = []
        self.last = max((row for row, _column in sheet.cells), default=0)

    def issue(self, row: int, column: int, said: str) -> None:
        letter = column_letter(column) if column else ""
        self.issues.append(Issue(self.sheet.title, row, letter, said))

    def blocks(self) -> list[Block]:
        made: list[Block] = []
        rows = self.sheet.rows()
        if len(rows) > MOST_ROWS:
            self.issue(rows[MOST_ROWS][0], 0, _("only the first %(count)s rows were read")
                       % {"count": MOST_ROWS})  # fmt: skip
            rows = rows[:MOST_ROWS]
        for region in _regions(rows, self.sheet):
            made += self._region(region)
        return [block for block in made if block.fields]

    def _region(self, rows: list[tuple[int, dict[int, str]]]) -> Iterator[Block]:
        """Lines of words above, then a table or a list of questions."""
        start = 0
        while start < len(rows) and self._is_words(rows[start]):
            self._words(rows[start])
            start += 1
        rest = rows[start:]
        if not rest:
            return
        numbering = next((n for n, row in enumerate(rest) if _is_numbering(row[1])), None)
        if numbering is not None:
            yield self._table(rest[:numbering], rest[numbering], rest[numbering + 1 :])
        elif self._is_questions(rest):
            yield self._questions(rest)
        else:
            head = self._head_height(rest)
            yield self._table(rest[:head], None, rest[head:])

    def _is_words(self, row: tuple[int, dict[int, str]]) -> bool:
        """One text, wide or alone, that is no question with a place for its answer."""
        number, cells = row
        if len(cells) != 1:
            return False
        column, text = next(iter(cells.items()))
        *_first, last_column = self.sheet.span(number, column)
        wide = last_column - column >= 2 or column > 1 or len(text) > 90
        alone = (number, column + 1) not in self.sheet.cells and not text.rstrip().endswith(":")
        following = number + 1 <= self.last and any(
            (number + 1, c) in self.sheet.cells for c in range(1, 30)
        )
        return wide or (alone and following and not self._question_below(number))

    def _question_below(self, number: int) -> bool:
        below = [c for (r, c) in self.sheet.cells if r == number + 1]
        return below == [1] and not self.titles

    def _words(self, row: tuple[int, dict[int, str]]) -> None:
        text = " ".join(next(iter(row[1].values())).split())
        if not self.heading and not self.titles:
            self.heading = text[:300]
        self.titles.append(text[:300])

    def _block_code(self, title: str) -> str:
        code = code_from(title, self.taken, "t", most=20)
        self.taken.add(code)
        return code

    def _title(self) -> tuple[str, str]:
        """The last line of words names the block; the ones before it explain it."""
        words = [w for w in self.titles if w != self.heading]
        self.titles = [self.heading] if self.heading else []
        title = words[-1] if words else self.heading or self.sheet.title
        return title, "\n".join(words[:-1])

    # Questions one under another.

    def _is_questions(self, rows: list[tuple[int, dict[int, str]]]) -> bool:
        columns = {column for _number, cells in rows for column in cells}
        wide = any(len(cells) > 3 for _number, cells in rows)
        headed = any(
            _TITLE_HEAD.search(text) and len(rows[0][1]) > 1 for text in rows[0][1].values()
        )
        return not wide and not headed and len(columns) <= 3 and self._head_height(rows) != 1

    def _questions(self, rows: list[tuple[int, dict[int, str]]]) -> Block:
        title, help_ = self._title()
        fields: list[Field] = []
        for number, cells in rows:
            texts = sorted(cells.items())
            if texts and re.fullmatch(r"\d+(\.\d+)*\.?", texts[0][1].strip()) and len(texts) > 1:
                texts = texts[1:]
            if not texts:
                continue
            said = " ".join(texts[0][1].split()).rstrip(":")
            unit = ""
            for column, text in texts[1:]:
                if _UNIT.search(f", {text}"):
                    unit = text.strip()
                else:
                    self.issue(number, column, _("“%(text)s” was not carried over")
                               % {"text": text[:60]})  # fmt: skip
            fields.append(self._field(said, {f.code for f in fields}, unit, words=True))
        return Block(self._block_code(title), title, BlockKind.FIELDS, tuple(fields), help=help_)

    # Tables.

    def _head_height(self, rows: list[tuple[int, dict[int, str]]]) -> int:
        """Rows of the heading where columns are not numbered: as deep as its merged cells go."""
        number, cells = rows[0]
        if len(cells) < 2:
            return 0
        depth = max(self.sheet.span(number, column)[2] for column in cells)
        return sum(1 for at, _cells in rows if at <= depth) or 1

    def _table(
        self,
        head: list[tuple[int, dict[int, str]]],
        numbering: tuple[int, dict[int, str]] | None,
        body: list[tuple[int, dict[int, str]]],
    ) -> Block:
        title, help_ = self._title()
        columns = self._columns(head, numbering)
        label, row_number, unit = self._roles(columns, body)
        values = [c for c in columns if c.number not in {label, row_number, unit}]
        code = self._block_code(title)
        fields: list[Field] = []
        at: dict[int, str] = {}
        for column in values:
            made = self._field(column.title, {f.code for f in fields}, column.unit)
            fields.append(replace(made, type=column.type, places=_places(column.type)))
            at[column.number] = made.code
        titled = [row for row in body if label and row[1].get(label, "").strip()]
        if not titled:
            return self._growing(code, title, help_, columns, body)
        rows = self._rows(code, titled, label, row_number, unit, at)
        untitled = [row for row in body if row not in titled]
        for number, cells in untitled:
            place, text = next(iter(sorted(cells.items())))
            self.issue(number, place, _("a row without a title was left out: “%(text)s”")
                       % {"text": text[:60]})  # fmt: skip
        return Block(code, title, BlockKind.TABLE, tuple(fields), tuple(rows), help=help_)

    def _growing(
        self, code: str, title: str, help_: str, columns: list[_Column],
        body: list[tuple[int, dict[int, str]]],
    ) -> Block:  # fmt: skip
        """A table without titled rows is filled row by row."""
        fields: list[Field] = []
        for column in columns:
            if _NUMBER_HEAD.match(column.title):
                continue
            fields.append(
                self._field(column.title, {f.code for f in fields}, column.unit, words=True)
            )
        for number, cells in body:
            for place, text in cells.items():
                if not text.strip().rstrip(".").isdigit():
                    self.issue(number, place, _("“%(text)s” was not carried over")
                               % {"text": text[:60]})  # fmt: skip
        return Block(code, title, BlockKind.LIST, tuple(fields), help=help_)

    def _columns(
        self,
        head: list[tuple[int, dict[int, str]]],
        numbering: tuple[int, dict[int, str]] | None,
    ) -> list[_Column]:
        places = sorted(
            numbering[1]
            if numbering
            else {c for _n, cells in head for c in cells}
            | {
                c
                for number, cells in head
                for first in cells
                for c in range(first, self.sheet.span(number, first)[3] + 1)
            }
        )
        found = []
        for column in places:
            parts: list[str] = []
            for number, _cells in head:
                text = " ".join(self.sheet.at(number, column).split())
                if text and (not parts or parts[-1] != text):
                    parts.append(text)
            if not parts:
                parts = [_("Column %(letter)s") % {"letter": column_letter(column)}]
                self.issue(head[0][0] if head else 0, column, _("the column has no heading"))
            title = ": ".join(parts)
            title, unit = _without_unit(title)
            found.append(_Column(column, title, unit, _type_of(title, unit, CellType.INTEGER)))
        return found

    def _roles(
        self, columns: list[_Column], body: list[tuple[int, dict[int, str]]]
    ) -> tuple[int, int, int]:
        """Which columns hold titles of rows, their numbers, their units (0: none)."""
        number = next((c.number for c in columns if _NUMBER_HEAD.match(c.title)), 0)
        unit = next((c.number for c in columns if _UNIT_HEAD.match(c.title)), 0)
        named = [c.number for c in columns if _TITLE_HEAD.search(c.title)]
        others = [c.number for c in columns if c.number not in {number, unit}]
        texts = {
            column: sum(1 for _n, cells in body if _is_title(cells.get(column, "")))
            for column in others
        }
        wordy = [column for column in named if texts.get(column)] or others[:1]
        label = max(wordy, key=lambda column: (texts.get(column, 0), -column), default=0)
        return (label if texts.get(label) else 0), number, unit

    def _rows(
        self, code: str, body: list[tuple[int, dict[int, str]]], label: int, row_number: int,
        unit: int, at: Mapping[int, str],
    ) -> list[Row]:  # fmt: skip
        found: list[Row] = []
        places: dict[int, str] = {}
        for line, cells in body:
            raw = cells[label]
            title = " ".join(raw.split())
            number = cells.get(row_number, "").strip()
            if measured := cells.get(unit, "").strip():
                title = f"{title}, {measured}"
            prefix = f"r{number}" if number.isdigit() else "r"
            name = prefix if number.isdigit() else title
            made = code_from(name, {r.code for r in found}, "r")
            level = min((len(raw) - len(raw.lstrip())) // 2, 4) or int(bool(_PART.match(title)))
            closed = set()
            for column, field in at.items():
                text = cells.get(column, "").strip()
                if text.lower() in CLOSED:
                    closed.add(field)
                elif text:
                    self.issue(line, column, _("“%(text)s” was not carried over")
                               % {"text": text[:60]})  # fmt: skip
            places[line] = made
            found.append(Row(made, title[:600], number, level, closed=frozenset(closed)))
        return [
            replace(row, sources=tuple(self._formulas(code, line, row, at, places)))
            for (line, _cells), row in zip(body, found, strict=True)
        ]

    def _formulas(
        self, code: str, line: int, row: Row, at: Mapping[int, str], places: Mapping[int, str]
    ) -> Iterator[tuple[str, str]]:
        """Sums of other cells of the table become sources; anything else is listed."""
        for column, field in at.items():
            formula = self.sheet.formulas.get((line, column))
            if formula is None or field in row.closed:
                continue
            said = _as_source(formula, code, at, places)
            if said:
                yield field, said
            else:
                self.issue(line, column, _("the formula “%(text)s” was not carried over")
                           % {"text": formula[:80]})  # fmt: skip

    def _field(self, title: str, taken: set[str], unit: str = "", *, words: bool = False) -> Field:
        title, found = _without_unit(title)
        unit = unit or found
        kind = _type_of(title, unit, CellType.TEXT if words else CellType.INTEGER)
        clean = re.sub(r"\s*\(?\bда\s*/\s*нет\b\)?", "", title, flags=re.I).strip(" ,:") or title
        return Field(
            code_from(clean, taken, "c"), clean[:600], kind, unit=unit[:40], places=_places(kind)
        )


def _regions(
    rows: list[tuple[int, dict[int, str]]], sheet: Sheet
) -> Iterator[list[tuple[int, dict[int, str]]]]:
    region: list[tuple[int, dict[int, str]]] = []
    for row in rows:
        if region:
            below = max(sheet.span(region[-1][0], c)[2] for c in region[-1][1])
            if row[0] > below + 1:
                yield region
                region = []
        region.append(row)
    if region:
        yield region


def _is_numbering(cells: Mapping[int, str]) -> bool:
    """The row 1, 2, 3 … under the headings of a form."""
    texts = [text.strip() for _column, text in sorted(cells.items())]
    if texts and texts[0].upper() in {"А", "A"}:
        texts = ["1", *[str(int(t) + 1) if t.isdigit() else t for t in texts[1:]]]
        if len(texts) > 2 and texts[1].upper() in {"Б", "B"}:
            return all(t.isdigit() for t in texts[2:])
    if len(texts) < 2 or not all(text.isdigit() for text in texts):
        return False
    numbers = [int(text) for text in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] in {1, 2}


def _is_title(text: str) -> bool:
    return len(re.findall(r"[A-Za-zА-Яа-яЁё]", text)) >= 2


def _without_unit(title: str) -> tuple[str, str]:
    found = _UNIT.search(title)
    if not found:
        return title, ""
    return title[: found.start()].rstrip(" ,:("), found[1]


def _type_of(title: str, unit: str, default: CellType) -> CellType:
    if _YES_NO.search(title):
        return CellType.BOOLEAN
    if _DECIMAL_UNIT.search(unit) or re.search(r"площад|стоимост|дол[яи]\b|скорост", title, re.I):
        return CellType.DECIMAL
    if unit or _COUNTED.search(title):
        return CellType.INTEGER
    if _DATE.search(title):
        return CellType.DATE
    return CellType.TEXT if _WORDS.search(title) else default


def _places(kind: CellType) -> int:
    return 2 if kind is CellType.DECIMAL else 0


def _as_source(formula: str, code: str, at: Mapping[int, str], places: Mapping[int, str]) -> str:
    def key(letters: str, line: int) -> str:
        column = 0
        for letter in letters.upper():
            column = column * 26 + ord(letter) - 64
        if column not in at or line not in places:
            return ""
        return f"{code}.{places[line]}.{at[column]}"

    if found := _SUM.match(formula):
        first, last = _REF.match(found[1]), _REF.match(found[2])
        assert first is not None
        assert last is not None
        cells = []
        for column in _letters(first[1], last[1]):
            for line in range(int(first[2]), int(last[2]) + 1):
                if line in places:
                    cells.append(key(column, line))
        return " + ".join(cells) if cells and all(cells) and len(cells) <= 60 else ""
    if _ADDED.match(formula):
        said = []
        for sign, letters, line in re.findall(r"([+-]?)\s*([A-Z]{1,3})(\d+)", formula, re.I):
            found_key = key(letters, int(line))
            if not found_key:
                return ""
            said.append(f"{sign or '+'} {found_key}")
        return " ".join(said).removeprefix("+ ")
    return ""


def _letters(first: str, last: str) -> list[str]:
    def number(letters: str) -> int:
        found = 0
        for letter in letters.upper():
            found = found * 26 + ord(letter) - 64
        return found

    return [
        column_letter(n) for n in range(number(first), min(number(last), number(first) + 60) + 1)
    ]


# Writing.


def write_template(
    schema: Schema, title: str, dictionaries: Mapping[str, tuple[Option, ...]]
) -> bytes:
    """A workbook to print, to discuss, or to read in again."""
    import io

    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    line = Side(style="thin", color="999999")
    box = Border(left=line, right=line, top=line, bottom=line)
    head = PatternFill("solid", fgColor="EEF1F5")
    book = Workbook()
    book.remove(book.active)
    names: set[str] = set()
    for section in schema.sections:
        name = re.sub(r"[\[\]:*?/\\']", " ", section.title)[:28].strip() or section.code
        while name.lower() in names:
            name = f"{name[:25]} {len(names)}"
        names.add(name.lower())
        sheet = book.create_sheet(name)
        sheet.column_dimensions["A"].width = 60
        at = 1

        def put(row: int, column: int, text: object, *, bold: bool = False, shaded: bool = False,
                boxed: bool = True, indent: int = 0) -> None:  # fmt: skip
            cell = sheet.cell(row, column)  # noqa: B023 - called in this turn only
            cell.value = _harmless(text)
            cell.font = Font(bold=bold)
            cell.alignment = Alignment(wrap_text=True, vertical="top", indent=indent)
            if shaded:
                cell.fill = head
            if boxed:
                cell.border = box

        put(at, 1, section.title, bold=True, boxed=False)
        sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=4)
        at += 2
        for block in section.blocks:
            put(at, 1, block.title, bold=True, boxed=False)
            sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=4)
            at += 1
            titles = [_heading(field, dictionaries) for field in block.fields]
            match block.kind:
                case BlockKind.FIELDS:
                    for said in titles:
                        put(at, 1, f"{said}:")
                        put(at, 2, None)
                        at += 1
                case BlockKind.LIST:
                    for column, said in enumerate([_("No."), *titles], 1):
                        put(at, column, said, bold=True, shaded=True)
                        put(at + 1, column, column, shaded=True)
                        for row in range(3):
                            put(at + 2 + row, column, row + 1 if column == 1 else None)
                    at += 5
                case BlockKind.TABLE:
                    for column, said in enumerate([_("Name"), _("Row No."), *titles], 1):
                        put(at, column, said, bold=True, shaded=True)
                        put(at + 1, column, column, shaded=True)
                    at += 2
                    for position, one in enumerate(block.rows, 1):
                        put(at, 1, "  " * one.level + one.title, indent=one.level)
                        put(at, 2, one.number or position)
                        for column, field in enumerate(block.fields, 3):
                            put(at, column, "x" if field.code in one.closed else None)
                        at += 1
            at += 1
    if not book.sheetnames:
        book.create_sheet(title[:28] or "1")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _heading(field: Field, dictionaries: Mapping[str, tuple[Option, ...]]) -> str:
    options = field.options or dictionaries.get(field.dictionary, ())
    said = f"{field.title}, {field.unit}" if field.unit else field.title
    if field.type is CellType.BOOLEAN:
        return f"{said} (да/нет)"
    if options:
        listed = "; ".join(option.title for option in options[:12])
        return f"{said} [{listed}{'; …' if len(options) > 12 else ''}]"
    return said


def _harmless(value: object) -> object:
    """Never a formula (CWE-1236)."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value
