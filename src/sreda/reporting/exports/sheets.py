"""A report as a workbook, a sheet a widget, or as one CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date

from django.utils.translation import gettext as _

from sreda.kernel.listing import harmless, spelled
from sreda.reporting.exports.report import Block, Figure, Plain, Report, Table, table_of

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def tables_of(report: Report) -> Iterator[tuple[str, list[Table]]]:
    """Each widget's tables; neighbouring single figures make one."""
    names = (_("Figure"), _("Value"), _("Unit"), _("Plan"))
    for title, blocks in report.groups:
        tables: list[Table] = []
        if figures := [block for block in blocks if isinstance(block, Figure)]:
            rows: list[Sequence[Plain]] = [[f.title, f.value, f.unit, f.plan] for f in figures]
            tables.append(Table(title, list(names), rows))
        others: list[Block] = [block for block in blocks if not isinstance(block, Figure)]
        tables += [table_of(block, names) for block in others]
        yield title, tables


def to_xlsx(report: Report) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    taken: set[str] = set()
    for title, tables in tables_of(report):
        sheet = book.create_sheet(_sheet_name(title or report.title, taken))
        sheet.column_dimensions["A"].width = 48

        def bold(text: str, sheet: object = sheet) -> object:
            cell = WriteOnlyCell(sheet, value=harmless(text))
            cell.font = Font(bold=True)
            return cell

        sheet.append([bold(report.title)])
        sheet.append([harmless(report.place), report.on])
        for table in tables:
            sheet.append([])
            sheet.append([bold(table.title)])
            sheet.append([bold(heading) for heading in table.headings])
            for row in table.rows:
                sheet.append([harmless(value) for value in row])
            if table.note:
                sheet.append([harmless(table.note)])
    if not book.worksheets:
        book.create_sheet(_sheet_name(report.title, taken))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def to_csv(report: Report) -> bytes:
    """Semicolons, decimal commas and a mark of UTF-8, as Russian spreadsheets expect."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(report.title), harmless(report.place), report.on.isoformat()])
    for _title, tables in tables_of(report):
        for table in tables:
            writer.writerow([])
            writer.writerow([harmless(table.title)])
            writer.writerow([harmless(heading) for heading in table.headings])
            writer.writerows([_cell(value) for value in row] for row in table.rows)
    return ("\ufeff" + stream.getvalue()).encode()


def _cell(value: Plain) -> object:
    return value.isoformat() if isinstance(value, date) else spelled(value)


def _sheet_name(title: str, taken: set[str]) -> str:
    """At most 31 characters, none that a workbook forbids, and not used before."""
    base = _FORBIDDEN.sub(" ", title).strip("' ")[:31] or "1"
    name, number = base, 2
    while name.lower() in taken:
        name, number = f"{base[:27]} ({number})", number + 1
    taken.add(name.lower())
    return name
