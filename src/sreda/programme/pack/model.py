"""A pack in memory: rows of cells, and a typed view of every table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from .schema import BY_KEY, TABLES, Column, Table
from .values import Value, plain


@dataclass(frozen=True)
class Cell:
    """`printed` is exactly what stands in the document; empty when the value was derived."""

    value: Value = None
    printed: str = ""


EMPTY = Cell()


@dataclass(frozen=True)
class Location:
    """Where a cell is: in the file (`sheet`, `line`) and in the document (`place`)."""

    table: str
    row: str = ""
    column: str = ""
    sheet: str = ""
    line: int | None = None
    title: str = ""
    place: str = ""


@dataclass(frozen=True)
class Row:
    table: str
    key: str
    cells: Mapping[str, Cell]
    sheet: str = ""
    line: int | None = None

    def cell(self, column: str) -> Cell:
        return self.cells.get(column, EMPTY)

    def value(self, column: str) -> Value:
        return self.cell(column).value

    @property
    def years(self) -> dict[int, Cell]:
        return {int(key): cell for key, cell in self.cells.items() if key.isdecimal()}

    @property
    def place(self) -> str:
        """Where the row is printed, in words."""
        if said := self.cell("place").printed:
            return said
        number = self.cell("number").printed or str(self.line or "")
        return f"{BY_KEY[self.table].title}, строка {number}"

    def location(self, column: str = "") -> Location:
        spec: Column | None = BY_KEY[self.table].column(column) if column else None
        place = self.place
        if spec:
            place += f", графа {spec.graph}" if spec.graph else f", «{spec.title}»"
        return Location(
            table=self.table,
            row=self.key,
            column=column,
            sheet=self.sheet or BY_KEY[self.table].title,
            line=self.line,
            title=spec.title if spec else "",
            place=place,
        )

    def with_cell(self, column: str, cell: Cell) -> Row:
        return replace(self, cells={**self.cells, column: cell})


@dataclass(frozen=True)
class Record:
    """Base of the typed views; the fields are the table's columns."""

    row: Row
    key: str

    @classmethod
    def from_row(cls, row: Row) -> Self:
        names = {f.name for f in fields(cls)} - {"row", "key"}
        values: dict[str, Any] = {}
        for name in names & {column.key for column in BY_KEY[row.table].columns}:
            value = row.value(name)
            if value is None and BY_KEY[row.table].column(name).kind in {"text", "choice"}:
                value = ""
            if value is None and BY_KEY[row.table].column(name).kind == "keys":
                value = ()
            values[name] = value
        if "years" in names:
            values["years"] = {y: c.value for y, c in row.years.items() if c.value is not None}
        return cls(row=row, key=row.key, **values)


@dataclass(frozen=True)
class Order(Record):
    number: str
    date: date
    kind: str
    issuer: str
    title: str
    region: str
    plan_from: int
    plan_to: int
    region_code: str = ""
    postcodes: str = ""
    roadmap_year: int | None = None
    in_force: str = ""
    signer: str = ""
    signer_position: str = ""
    supervisor: str = ""
    supervisor_position: str = ""
    coordinator: str = ""
    bulletin: str = ""
    list_order: str = ""
    list_order_basis: str = ""
    budget_nature: str = ""


@dataclass(frozen=True)
class Organisation(Record):
    section: str
    number: int
    name: str
    address: str
    learners: int
    computers: int
    link: Decimal | None = None
    network: bool | None = None
    office_computers: int | None = None
    management_system: bool | None = None
    ratio: Decimal | None = None
    municipality: str = ""
    ogrn: str = ""

    @property
    def postcode(self) -> str:
        return postcode(self.address)

    @property
    def locality(self) -> str:
        return locality(self.address)

    @property
    def settlement(self) -> str:
        """`town` or `rural` (сёла, посёлки, пгт), as the federal norms divide them."""
        return settlement(self.address)


@dataclass(frozen=True)
class Action(Record):
    """A measure or an item of the roadmap."""

    number: int
    name: str
    result: str = ""
    executor: str = ""
    term: str = ""
    start: date | None = None
    due: date | None = None
    recurrence: str = ""
    needs: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    produces: str = ""
    note: str = ""


@dataclass(frozen=True)
class Indicator(Record):
    number: int
    name: str
    unit: str
    minimum: Decimal | None = None
    minimum_from: int | None = None
    direction: str = ""
    counts: str = ""
    relative: bool | None = None
    base: Decimal | None = None
    years: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class BudgetLine(Record):
    kind: str
    name: str
    code: str = ""
    unit: str = ""
    total: Decimal | None = None
    nature: str = ""
    years: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure(Record):
    name: str
    value: Decimal
    unit: str
    sentence: str
    bound: str = ""
    date: date | None = None
    of: str = ""


@dataclass(frozen=True)
class Relation(Record):
    kind: str
    subject: str
    others: tuple[str, ...] = ()
    expression: str = ""
    tolerance: Decimal | None = None
    sentence: str = ""


@dataclass(frozen=True)
class Promise(Record):
    name: str
    sentence: str
    value: Decimal | None = None
    unit: str = ""
    indicator: tuple[str, ...] = ()
    action: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body(Record):
    kind: str
    name: str
    person: str = ""
    position: str = ""
    act: str = ""
    date_from: date | None = None
    date_to: date | None = None
    founded_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Norm(Record):
    name: str
    value: Decimal
    unit: str
    basis: str = ""


@dataclass(frozen=True)
class Pack:
    """Tables of rows by table key; `pack["roadmap"]`, or a typed view such as `pack.roadmap`."""

    name: str
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def __getitem__(self, table: str) -> tuple[Row, ...]:
        return self.tables.get(table, ())

    def __iter__(self) -> Iterator[Row]:
        for table in TABLES:
            yield from self[table.key]

    def row(self, table: str, key: str) -> Row | None:
        return self._rows.get((table, key))

    @cached_property
    def _rows(self) -> dict[tuple[str, str], Row]:
        return {(table, row.key): row for table in self.tables for row in reversed(self[table])}

    def with_table(self, table: str, rows: tuple[Row, ...]) -> Pack:
        return Pack(self.name, {**self.tables, table: rows})

    @cached_property
    def order(self) -> Order | None:
        return next((Order.from_row(row) for row in self["order"]), None)

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        return tuple(map(Organisation.from_row, self["organisations"]))

    @cached_property
    def measures(self) -> tuple[Action, ...]:
        return tuple(map(Action.from_row, self["measures"]))

    @cached_property
    def roadmap(self) -> tuple[Action, ...]:
        return tuple(map(Action.from_row, self["roadmap"]))

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        return tuple(map(Indicator.from_row, self["indicators"]))

    @cached_property
    def budget(self) -> tuple[BudgetLine, ...]:
        return tuple(map(BudgetLine.from_row, self["budget"]))

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(map(Figure.from_row, self["figures"]))

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        return tuple(map(Relation.from_row, self["relations"]))

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        return tuple(map(Promise.from_row, self["promises"]))

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        return tuple(map(Body.from_row, self["bodies"]))

    @cached_property
    def norms(self) -> tuple[Norm, ...]:
        return tuple(map(Norm.from_row, self["norms"]))


def postcode(address: str) -> str:
    found = re.match(r"\s*(\d{6})\b", address)
    return found[1] if found else ""


PLACE_NAME = r"[А-ЯЁ][А-Яа-яЁё]+(?:[ -][А-ЯЁ]?[А-Яа-яЁё]+)*?"
LOCALITY = re.compile(rf"\b(?:г|пгт|пос|п|с|д|ст-ца|рп|аул)\.? ?({PLACE_NAME})(?=,| ул| пр|$)")
TOWN = re.compile(r"(?:^|,)\s*г\.? ?[А-ЯЁ]")


def locality(address: str) -> str:
    """The town or village of «652010, пгт Яшкино, ул. Куйбышева, д. 14а»."""
    found = LOCALITY.search(address)
    return found[1] if found else ""


def settlement(address: str) -> str:
    return "town" if TOWN.search(address) else "rural"


def name_core(name: str) -> str:
    """A name without its legal form, quotes and spacing: «МБОУ «Лицей №57»» → «лицей №57»."""
    quoted = re.search(r"«(.+)»", name)
    return re.sub(r"№\s+", "№", plain(quoted[1] if quoted else name))


def slug(text: str) -> str:
    return "-".join(re.findall(r"\w+", plain(text)))[:80]


def natural_key(table: Table, cells: Mapping[str, Cell]) -> str:
    """The key of a row that gives none: its number, or its name (and place for a school)."""

    def said(column: str) -> str:
        return cells.get(column, EMPTY).printed

    match table.key:
        case "order":
            return "order"
        case "organisations":
            if said("ogrn"):
                return said("ogrn")
            return slug(f"{name_core(said('name'))} {locality(said('address'))}")
        case "budget":
            return slug(said("code") or said("name"))
    number = cells.get("number", EMPTY).value
    return f"{table.prefix}{number}" if number is not None else slug(said("name"))


def pack_to_dict(pack: Pack) -> dict[str, Any]:
    """The pack as JSON-ready data: what is printed, with keys and places in the files."""
    return {
        "name": pack.name,
        "tables": {
            table: [
                {
                    "key": row.key,
                    "sheet": row.sheet,
                    "line": row.line,
                    "printed": {name: c.printed for name, c in row.cells.items() if c.printed},
                }
                for row in rows
            ]
            for table, rows in pack.tables.items()
        },
    }
