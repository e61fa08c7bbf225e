"""From raw sheets to a pack: good rows are kept, everything else is an Issue with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sreda.kernel import tables

from .issues import Issue
from .model import Cell, Pack, Row, natural_key
from .schema import BY_KEY, TABLES, Column, Table, year_column
from .sources import MAX_CELL, RawCell, RawSheet, Refused, as_issue, open_source
from .values import Unreadable, parse, parse_term, plain, tidy

HEADING_ROWS = 10
MAX_ISSUES = 1_000


@dataclass(frozen=True)
class PackReading:
    """`pack` is None when nothing could be read; else it holds every good row."""

    pack: Pack | None
    issues: tuple[Issue, ...] = ()
    rejected: tuple[tuple[str, int], ...] = field(default=())

    @property
    def errors(self) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.issues if issue.severity != "warning")

    @property
    def ok(self) -> bool:
        return self.pack is not None and not self.errors


def read_pack(path: Path | str) -> PackReading:
    """Reads a workbook, a ZIP or a folder of CSV files; raises nothing for bad input."""
    path = Path(path)
    try:
        with open_source(path) as (sheets, issues):
            reader = _Reader(issues)
            while sheets:
                reader.sheet(sheets.pop(0))
    except Refused as refused:
        return PackReading(None, (refused.issue,))
    except tables.Unreadable as error:
        return PackReading(None, (as_issue(error),))
    return reader.finish(path)


class _Reader:
    def __init__(self, issues: list[Issue]) -> None:
        self.issues = list(issues)
        self.tables: dict[str, tuple[Row, ...]] = {}
        self.rejected: list[tuple[str, int]] = []
        self.files: set[str] = set()

    def sheet(self, sheet: RawSheet) -> None:
        table = table_named(sheet.name)
        if table is None:
            if plain(sheet.name) not in {"readme", "пояснение"}:
                self.issues.append(sheet.issue("sheet-unknown"))
            return
        if table.key in self.tables:
            self.issues.append(sheet.issue("sheet-twice", title=table.title))
            return
        sheet.read()
        self.issues += sheet.issues
        before = len(self.issues)
        self.tables[table.key] = tuple(self.rows(table, sheet))
        if table.required and not self.tables[table.key] and len(self.issues) == before:
            self.issues.append(sheet.issue("no-rows"))

    def rows(self, table: Table, sheet: RawSheet) -> Iterator[Row]:
        heading = self.headings(table, sheet)
        if heading is None:
            return
        at, columns = heading
        spoiled = {issue.row for issue in sheet.issues if issue.severity == "error"}
        seen: dict[str, tuple[int, str]] = {}
        for line, raw in sheet.rows:
            if line <= at or not any(cell.text for cell in raw):
                continue
            row, problems = self.row(table, sheet, line, raw, columns)
            if row and row.key in seen:
                other, name = seen[row.key]
                problems.append(sheet.issue("row-twice", row=line, other=other, name=name))
            if row and table.key == "order" and seen:
                problems = [sheet.issue("order-rows", row=line)]
            self.issues += problems
            if problems or row is None or line in spoiled:
                self.rejected.append((table.key, line))
                continue
            said = row.cell("name").printed or row.cell("number").printed or row.key
            seen[row.key] = (line, said)
            yield row

    def headings(self, table: Table, sheet: RawSheet) -> tuple[int, dict[int, Column]] | None:
        """The row of headings and which column of the sheet is which of the table."""
        known = _headings_of(table)
        best: tuple[int, list[RawCell]] | None = None
        score = 1
        for line, raw in sheet.rows[:HEADING_ROWS]:
            hits = sum(_column_named(table, known, cell.text) is not None for cell in raw)
            if hits > score:
                best, score = (line, raw), hits
        if best is None:
            empty = not sheet.rows
            expected = "; ".join(c.title for c in table.columns if c.required)
            issue = (
                sheet.issue("sheet-empty")
                if empty
                else sheet.issue(
                    "headings-wrong", row=sheet.rows[0][0], title=table.title, expected=expected
                )
            )
            self.issues.append(issue)
            return None
        line, raw = best
        if line != 1:
            self.issues.append(sheet.issue("headings-shifted", row=line))
        columns: dict[int, Column] = {}
        for index, cell in enumerate(raw):
            if not cell.text:
                continue
            column = _column_named(table, known, cell.text)
            if column is None:
                self.issues.append(sheet.issue("heading-unknown", row=line, column=cell.text[:80]))
            elif column.key in {c.key for c in columns.values()}:
                self.issues.append(sheet.issue("heading-twice", row=line, title=column.title))
                return None
            else:
                columns[index] = column
        missing = [
            c
            for c in table.columns
            if c.required and c.key not in {x.key for x in columns.values()}
        ]
        for column in missing:
            self.issues.append(
                sheet.issue("heading-missing", row=line, title=column.title, key=column.key)
            )
        return None if missing else (line, columns)

    def row(
        self,
        table: Table,
        sheet: RawSheet,
        line: int,
        raw: list[RawCell],
        columns: dict[int, Column],
    ) -> tuple[Row | None, list[Issue]]:
        problems: list[Issue] = []
        cells: dict[str, Cell] = {}
        if any(cell.text for index, cell in enumerate(raw) if index > max(columns)):
            problems.append(sheet.issue("row-extra", row=line))
        for index, column in columns.items():
            cell = raw[index] if index < len(raw) else RawCell("")
            if cell.fault:
                problems.append(
                    sheet.issue(
                        cell.fault, row=line, column=column.title, value=cell.text, limit=MAX_CELL
                    )
                )
                continue
            printed = tidy(cell.text)
            if not printed:
                if column.required:
                    problems.append(sheet.issue("empty", row=line, column=column.title))
                continue
            try:
                cells[column.key] = Cell(parse(column, printed), printed)
            except Unreadable as error:
                problems.append(
                    sheet.issue(error.code, row=line, column=column.title, **error.params)
                )
        if problems:
            return None, problems
        key = cells["key"].printed if "key" in cells else natural_key(table, cells)
        place = f"{sheet.file}/{sheet.name}" if sheet.file != f"{sheet.name}.csv" else sheet.file
        return Row(table.key, key, cells, sheet=place, line=line), []

    def finish(self, path: Path) -> PackReading:
        for table in TABLES:
            if table.key not in self.tables:
                code = "sheet-missing" if table.required else "sheet-optional"
                self.issues.append(
                    Issue(code, file=path.name, params={"title": table.title, "key": table.key})
                )
        pack = Pack(path.stem if path.is_file() else path.name, self.tables)
        issues = _first_ones(self.issues, path.name)
        return PackReading(read_terms(pack), tuple(issues), tuple(self.rejected))


def read_terms(pack: Pack) -> Pack:
    """Fills start, due and recurrence from the printed term where the pack does not give them."""
    year = pack.order.roadmap_year if pack.order else None
    for table in ("measures", "roadmap"):
        rows = []
        for row in pack[table]:
            term = parse_term(row.cell("term").printed, year if table == "roadmap" else None)
            given = any(row.value(column) for column in ("start", "due", "recurrence"))
            for column in ("start", "due", "recurrence"):
                value = getattr(term, column)
                if value and not given:
                    row = row.with_cell(column, Cell(value))
            rows.append(row)
        if rows:
            pack = pack.with_table(table, tuple(rows))
    return pack


def table_named(name: str) -> Table | None:
    """The table that a sheet of this name holds: by key or title, in any case."""
    wanted = plain(name)
    return next((t for t in TABLES if wanted in {t.key, plain(t.title)}), None)


def _first_ones(issues: list[Issue], name: str) -> list[Issue]:
    """A list somebody can go through, which still names every sheet that is not whole."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for number, issue in enumerate(issues):
        kind = (issue.sheet, issue.code, issue.params.get("key"))
        if number < MAX_ISSUES or kind not in seen:
            kept.append(issue)
        seen.add(kind)
    if more := len(issues) - len(kept):
        kept.append(Issue("more", file=name, params={"count": more}))
    return kept


def _headings_of(table: Table) -> dict[str, Column]:
    known: dict[str, Column] = {}
    for column in table.columns:
        for name in (column.key, column.title, *column.aliases):
            known[_bare(name)] = column
    return known


def _column_named(table: Table, known: dict[str, Column], text: str) -> Column | None:
    bare = _bare(text)
    if table.years:
        head = bare.split(" ")[0]
        if head.isdecimal() and len(head) == 4 and head.startswith("20"):
            return year_column(int(head))
    return known.get(bare)


def _bare(text: str) -> str:
    """A heading without hyphenation («реали-зации» is left to aliases) and without commas."""
    return plain(text).replace(",", "").replace("\u00ad", "")


def pack_from_dict(data: Mapping[str, Any]) -> Pack:
    """Back from `pack_to_dict`; raises Unreadable or KeyError where the data were tampered with."""
    tables = {}
    for name, rows in data["tables"].items():
        table = BY_KEY[name]
        tables[name] = tuple(
            Row(
                name,
                row["key"],
                {
                    column: Cell(parse(table.column(column), printed), printed)
                    for column, printed in row["printed"].items()
                },
                sheet=row["sheet"],
                line=row["line"],
            )
            for row in rows
        )
    return read_terms(Pack(data["name"], tables))
