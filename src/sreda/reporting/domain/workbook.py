"""A report as a workbook to fill without a network, and back.

Nothing is believed of where a cell stands: a hidden sheet says whose report it is, and hidden
marks beside the rows and above the columns say which cell is which. Rows may be put in, columns
moved, sheets renamed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter

from sreda.kernel.api import Actor
from sreda.kernel.listing import harmless
from sreda.kernel.tables import (
    HELD,
    Formula,
    Number,
    SheetTable,
    Value,
    Wrong,
    as_text,
    open_tables,
)
from sreda.reporting.domain.filling import Change, Fault, Saved, save_changes
from sreda.reporting.enums import Origin
from sreda.reporting.formats.sheets import Sheet
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Option
from sreda.reporting.models import Submission
from sreda.reporting.models import Value as Kept
from sreda.reporting.queries.cells import place_of, values_of
from sreda.reporting.queries.typed import plain_text, shown
from sreda.reporting.queries.versions import dictionaries_of

META = "_sreda"
BLOCK, COLUMN, ROW, END = "#block:", "#col:", "#row:", "#end"
NEW_ROWS = 15
FROM_RECORDS_FILL = PatternFill("solid", fgColor="DCEBF1")
HEADING = PatternFill("solid", fgColor="E9EEF1")
THIN = Border(*(Side(style="thin", color="D5DEE3"),) * 4)


# ---- out


def write_report(submission: Submission) -> bytes:
    """The report with what stands in it; `submission` comes with campaign, version and form."""
    return _Writer(submission).done()


class _Writer:
    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.schema = submission.campaign.version.schema
        self.dictionaries = dictionaries_of(self.schema)
        self.values = {(v.cell.key, v.row): v for v in values_of([submission.pk])}
        self.originals: dict[str, str] = {}
        self.book = Workbook()

    def done(self) -> bytes:
        self.book.remove(self.book.active)
        for number, section in enumerate(self.schema.sections, 1):
            self.sheet = self.book.create_sheet(f"{number}. {_sheet_title(section.title)}"[:31])
            self.sheet.column_dimensions["A"].hidden = True
            self.sheet.column_dimensions["B"].width = 8
            self.sheet.column_dimensions["C"].width = 60
            self.at = 1
            self._say(3, section.title, bold=True, size=14)
            campaign = self.submission.campaign
            self._say(3, f"{self.submission.organisation.short_name}. {campaign.title}")
            self.at += 1
            for block in section.blocks:
                self._block(block)
            self.sheet.freeze_panes = "D1"
        self._meta()
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()

    def _say(self, column: int, text: str, *, bold: bool = False, size: int = 11) -> None:
        cell = self.sheet.cell(self.at, column, harmless(text))
        cell.font = Font(bold=bold, size=size)
        self.at += 1

    def _block(self, block: Block) -> None:
        self._say(3, block.title, bold=True)
        if block.help:
            self._say(3, block.help)
        fields = block.kind is BlockKind.FIELDS
        columns = ["value"] if fields else [f.code for f in block.fields]
        self.sheet.cell(self.at, 1, BLOCK + block.code)
        for number, code in enumerate(columns):
            self.sheet.cell(self.at, 4 + number, COLUMN + code)
        self.sheet.row_dimensions[self.at].hidden = True
        self.at += 1
        titles = [_("Value")] if fields else [_with_unit(f) for f in block.fields]
        for column, title in enumerate(["№", "", *titles], 2):
            cell = self.sheet.cell(self.at, column, harmless(str(title)))
            cell.font, cell.fill, cell.border = Font(bold=True), HEADING, THIN
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if column > 3:
                width = self.sheet.column_dimensions[get_column_letter(column)]
                width.width = max(width.width or 0, 18)
        self.at += 1
        match block.kind:
            case BlockKind.FIELDS:
                for item in block.fields:
                    self._row(
                        item.code, "", _with_unit(item), [(f"{block.code}.{item.code}", item)]
                    )
            case BlockKind.TABLE:
                for row in block.rows:
                    cells = [
                        None if f.code in row.closed else (f"{block.code}.{row.code}.{f.code}", f)
                        for f in block.fields
                    ]
                    self._row(row.code, row.number, "  " * row.level + row.title, cells)
            case BlockKind.LIST:
                self._list(block)
        self.sheet.cell(self.at, 1, END)
        self.sheet.row_dimensions[self.at].hidden = True
        self.at += 2

    def _list(self, block: Block) -> None:
        prefix = f"{block.code}.*."
        rows = sorted({row for key, row in self.values if key.startswith(prefix)})
        free = max(0, min(NEW_ROWS, block.max_rows - len(rows)))
        mark = hashlib.sha256(
            f"{self.submission.pk}{self.submission.edition}{block.code}".encode()
        ).hexdigest()[:16]
        for name in [*rows, *(f"x{mark}{n:03d}" for n in range(free))]:
            self._row(name, "", "", [(f"{prefix}{f.code}", f) for f in block.fields], name)

    def _row(
        self,
        code: str,
        number: str,
        title: str,
        cells: list[tuple[str, Field] | None],
        row: str = "",
    ) -> None:
        self.sheet.cell(self.at, 1, ROW + code)
        self.sheet.cell(self.at, 2, harmless(number)).border = THIN
        name = self.sheet.cell(self.at, 3, harmless(title))
        name.alignment, name.border = Alignment(wrap_text=True, vertical="top"), THIN
        for column, item in enumerate(cells, 4):
            cell = self.sheet.cell(self.at, column)
            cell.border = THIN
            if item is None:
                cell.value, cell.alignment = "×", Alignment(horizontal="center")
                continue
            key, about = item
            value = self.values.get((key, row))
            options = about.options or self.dictionaries.get(about.dictionary, ())
            cell.value, cell.number_format = _out(about, value, options)
            cell.protection = Protection(locked=False)
            if value is not None:
                if value.sourced and value.origin in {Origin.SOURCE, Origin.CARRIED}:
                    cell.fill = FROM_RECORDS_FILL
                self.originals[place_of(key, row)] = (
                    shown(about, None, value.text, options)
                    if about.type in {CellType.CHOICE, CellType.CHOICES, CellType.BOOLEAN}
                    else plain_text(value.number, value.text)
                )
        self.at += 1

    def _meta(self) -> None:
        sheet = self.book.create_sheet(META)
        sheet.sheet_state = "hidden"
        submission, version = self.submission, self.submission.campaign.version
        for name, value in (
            ("format", "1"),
            ("report", str(submission.pk)),
            ("form", version.form.code),
            ("version", str(version.number)),
            ("organisation", submission.organisation.code),
            ("name", submission.organisation.short_name),
            ("edition", str(submission.edition)),
        ):
            sheet.append([name, harmless(value)])
        sheet.append(["originals", ""])
        for place, text in self.originals.items():
            sheet.append([place, f"'{text}"])


def _with_unit(item: Field) -> str:
    return f"{item.title}, {item.unit}" if item.unit else item.title


def _sheet_title(title: str) -> str:
    return "".join(" " if letter in r"[]:*?/\'" else letter for letter in title).strip() or "…"


def _out(about: Field, value: Kept | None, options: tuple[Option, ...]) -> tuple[Any, str]:
    if value is None:
        return None, "@" if not about.type.numeric else "General"
    if value.number is not None:
        whole = value.number == value.number.to_integral_value()
        return (int(value.number) if whole else value.number), "General"
    if about.type is CellType.DATE and value.text:
        return date.fromisoformat(value.text), "DD.MM.YYYY"
    return harmless(shown(about, None, value.text, options)), "@"


# ---- in


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault with where it is in the workbook: sheet and cell."""

    where: str
    fault: Fault


@dataclass(slots=True)
class Taken:
    saved: Saved
    faults: list[Placed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Read:
    edition: int = 0
    changes: list[Change] = field(default_factory=list)
    where: dict[tuple[str, str], str] = field(default_factory=dict)
    faults: list[Placed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def take_workbook(
    submission: Submission, path: Path, name: str, *, actor: Actor, at: datetime
) -> Taken:
    """Save what was changed in a workbook made by `write_report`. Good cells land; of the others
    sheet, cell and reason are told. ValidationError: the file as a whole cannot be taken."""
    read = _read(submission, path, name)
    digest = hashlib.sha256(path.read_bytes() + submission.pk.bytes).digest()
    saved = save_changes(
        submission,
        edition=read.edition,
        changes=read.changes,
        actor=actor,
        at=at,
        key=UUID(bytes=digest[:16], version=4),
        origin=Origin.IMPORTED,
    )
    faults = read.faults + [Placed(read.where.get((f.key, f.row), ""), f) for f in saved.faults]
    return Taken(saved, faults, read.notes)


def _read(submission: Submission, path: Path, name: str) -> _Read:
    found = _Read()
    with open_tables(path, name, HELD) as tables:
        sheets = [sheet for sheet in tables.sheets if isinstance(sheet, SheetTable)]
        meta = next((sheet for sheet in sheets if sheet.name == META), None)
        if meta is None:
            raise ValidationError(
                _("This is not a workbook of a report: download it from the report's page,"
                  " fill it and send it back.")
            )  # fmt: skip
        about, originals = _meta_of(meta)
        _whose(submission, about, found)
        found.edition = int(about["edition"]) if about.get("edition", "").isdigit() else 0
        for sheet in sheets:
            if sheet is not meta:
                _sheet(submission, sheet, originals, found)
    if not found.where and not found.faults:
        raise ValidationError(
            _("No cells of the report were found: the hidden marks of rows and columns are gone."
              " Download the workbook again and copy your figures into it.")
        )  # fmt: skip
    return found


def report_named(sheets: Iterable[Sheet]) -> tuple[str, str, str] | None:
    """(report's id, form's code, organisation) where the sheets are a workbook made by
    `write_report`; nothing of it is believed."""
    meta = next((sheet for sheet in sheets if sheet.title == META), None)
    if meta is None:
        return None
    about = {meta.at(row, 1): meta.at(row, 2) for row, cells in meta.rows()[:20] if 1 in cells}
    if not about.get("report"):
        return None
    return about["report"], about.get("form", ""), about.get("name", "")


def _meta_of(sheet: SheetTable) -> tuple[dict[str, str], dict[str, str]]:
    about: dict[str, str] = {}
    originals: dict[str, str] = {}
    into = about
    for _number, row in sheet.rows():
        said = [as_text(value) for value in row[:2]]
        key, text = said[0], said[1] if len(said) > 1 else ""
        if key == "originals":
            into = originals
        else:
            into[key] = text.removeprefix("'") if into is originals else text
    return about, originals


def _whose(submission: Submission, about: Mapping[str, str], found: _Read) -> None:
    version = submission.campaign.version
    if about.get("organisation") != submission.organisation.code:
        raise ValidationError(
            _("The workbook is of another organisation: “%s”.") % about.get("name", "")[:200]
        )
    if about.get("form") != version.form.code:
        raise ValidationError(_("The workbook is of another form."))
    if about.get("report") != str(submission.pk):
        raise ValidationError(
            _("The workbook is of another campaign of this form. Download the one of this page.")
        )
    if about.get("version") != str(version.number):
        found.notes.append(
            _("The workbook is of version %(old)s of the form, now there is version %(new)s:"
              " the cells that both have were taken.")
            % {"old": about.get("version", "?")[:5], "new": version.number}
        )  # fmt: skip


def _sheet(
    submission: Submission, sheet: SheetTable, originals: Mapping[str, str], found: _Read
) -> None:
    schema = submission.campaign.version.schema
    block: Block | None = None
    columns: dict[int, str] = {}
    for number, row in sheet.rows():
        texts = [as_text(value) if not isinstance(value, Formula) else "" for value in row]
        mark = next((t for t in texts if t.startswith((BLOCK, ROW, END))), "")
        if mark.startswith(BLOCK):
            block = schema.blocks.get(mark.removeprefix(BLOCK))
            columns = {
                at: text.removeprefix(COLUMN)
                for at, text in enumerate(texts)
                if text.startswith(COLUMN)
            }
            if block is None:
                place = _where(sheet, number, 0)
                found.faults.append(
                    _fault(place, mark, _("the form has no such table now: it was left out"))
                )
        elif mark == END:
            block = None
        elif block is not None:
            code = mark.removeprefix(ROW)
            _row(sheet, number, row, code, block, columns, originals, found)


def _row(
    sheet: SheetTable,
    number: int,
    row: list[Value],
    code: str,
    block: Block,
    columns: Mapping[int, str],
    originals: Mapping[str, str],
    found: _Read,
) -> None:
    given = {at: row[at] for at in columns if at < len(row)}
    if not code:
        filled = [at for at, value in given.items() if as_text(value).strip()]
        headings = {f.title for f in block.fields} | {_with_unit(f) for f in block.fields}
        if not filled or all(as_text(given[at]) in headings | {_("Value")} for at in filled):
            return
        if block.kind is not BlockKind.LIST:
            found.faults.append(
                _fault(
                    _where(sheet, number, filled[0]),
                    "",
                    _("the row belongs to no row of “%s”: it was left out") % block.title,
                    as_text(given[filled[0]]),
                )
            )
            return
        code = _new_row(block, number)
    elif block.kind is BlockKind.LIST and any(
        (f"{block.code}.*.{column}", code) in found.where for column in columns.values()
    ):
        code = _new_row(block, number)  # copied with its hidden mark: a row of its own
    for at, column in columns.items():
        value = row[at] if at < len(row) else ""
        place = _where(sheet, number, at)
        match block.kind:
            case BlockKind.FIELDS:
                key, name = f"{block.code}.{code}", ""
            case BlockKind.TABLE:
                key, name = f"{block.code}.{code}.{column}", ""
            case BlockKind.LIST:
                key, name = f"{block.code}.*.{column}", code
        text = as_text(value).strip()
        if text == "×":
            continue
        if (first := found.where.get((key, name))) is not None:
            if text:
                said = _("the row stands here twice: %s was taken") % first
                found.faults.append(_fault(place, key, said, text, name))
            continue
        if isinstance(value, Formula | Wrong):
            said = (
                _("a formula: paste its value instead")
                if isinstance(value, Formula)
                else _("an error of the workbook")
            )
            found.faults.append(_fault(place, key, said, str(value), name))
            found.where[key, name] = place
            continue
        text = _number_text(value) if isinstance(value, Number) else _bare(text)
        found.where[key, name] = place
        if text != originals.get(place_of(key, name), ""):
            found.changes.append(Change(key, text, name))


def _new_row(block: Block, number: int) -> str:
    return "y" + hashlib.sha256(f"{block.code}{number}".encode()).hexdigest()[:20]


def _number_text(value: Number) -> str:
    """Floats of the file as people typed them: 0.1, not 0.1000000000000000055."""
    said = format(Decimal(repr(value.value)), "f") if isinstance(value.value, float) else ""
    said = said or str(value.value)
    return (said.rstrip("0").rstrip(".") if "." in said else said).replace(".", ",")


def _bare(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text."""
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _where(sheet: SheetTable, number: int, at: int) -> str:
    return _("sheet “%(sheet)s”, cell %(cell)s") % {
        "sheet": sheet.name,
        "cell": f"{get_column_letter(at + 1)}{number}",
    }


def _fault(where: str, key: str, message: str, value: str = "", row: str = "") -> Placed:
    return Placed(where, Fault(key, row, "value", message, value[:100]))


def file_name(submission: Submission) -> str:
    return f"{submission.campaign.version.form.code}-{submission.organisation.code}.xlsx"
