"""Writing packs: a workbook, a folder of CSV files, an empty pack to fill in.

Cells are written as printed and as text, so that «0,10» stays «0,10».
"""

from __future__ import annotations

import csv
from pathlib import Path

from .model import Pack, Row
from .schema import TABLES, Column, Table, year_column
from .values import render


def columns_of(table: Table, rows: tuple[Row, ...], years: tuple[int, ...] = ()) -> list[Column]:
    """The table's columns, with its years where the unit column ends."""
    found = list(table.columns)
    if table.years:
        present = {year for row in rows for year in row.years} | set(years)
        after = next(i for i, column in enumerate(found) if column.key == "unit") + 1
        after += found[after].key == "minimum"
        found[after:after] = [year_column(year) for year in sorted(present)]
    return found


def text_of(row: Row, column: Column) -> str:
    """What to write: the printed text. A value derived by the reader is left to be derived again,
    one set by a correction is rendered."""
    cell = row.cell(column.key)
    if cell.printed or cell.value is None or column.key in {"start", "due", "recurrence"}:
        return cell.printed
    return render(cell.value)


def grid(
    table: Table, rows: tuple[Row, ...], years: tuple[int, ...] = ()
) -> tuple[list[str], list[list[str]]]:
    columns = columns_of(table, rows, years)
    body = []
    for row in rows:
        line = [text_of(row, column) for column in columns]
        line[0] = row.key
        body.append(line)
    return [column.title for column in columns], body


def write_csv(pack: Pack, folder: Path | str, years: tuple[int, ...] = ()) -> None:
    """One UTF-8 file per table, semicolons between cells; `years` adds columns of years."""
    years = years or plan_years(pack)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        headings, body = grid(table, pack[table.key], years)
        with (folder / f"{table.key}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
            writer.writerow(headings)
            writer.writerows(body)


def write_xlsx(pack: Pack, path: Path | str, years: tuple[int, ...] = ()) -> None:
    """One sheet per table with frozen headings; help for a column is its heading's comment."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    years = years or plan_years(pack)
    book = Workbook()
    book.remove(book.active)
    for table in TABLES:
        sheet = book.create_sheet(table.title)
        headings, body = grid(table, pack[table.key], years)
        columns = columns_of(table, pack[table.key], years)
        for y, line in enumerate([headings, *body], 1):
            for x, text in enumerate(line, 1):
                cell = sheet.cell(y, x)
                # Never a formula, whatever the text starts with.
                cell.value = text or None
                if text:
                    cell.data_type = "s"
                cell.number_format = "@"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        for x, column in enumerate(columns, 1):
            head = sheet.cell(1, x)
            head.font = Font(bold=True)
            head.fill = PatternFill("solid", start_color="E8EEF7")
            known = "; ".join(title for _, title in column.choices)
            hint = "\n".join(filter(None, [column.help, known, f"Ключ: {column.key}"]))
            head.comment = Comment(hint, "Среда")
            widest = max((len(line[x - 1]) for line in body), default=0)
            sheet.column_dimensions[get_column_letter(x)].width = max(12, min(60, widest + 2))
        sheet.freeze_panes = "A2"
    book.save(Path(path))


def plan_years(pack: Pack) -> tuple[int, ...]:
    if pack.order is None:
        return ()
    return tuple(
        range(pack.order.plan_from, min(pack.order.plan_to, pack.order.plan_from + 20) + 1)
    )
