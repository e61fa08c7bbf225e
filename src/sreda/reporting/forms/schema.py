"""The parts of a form. All are frozen; a change makes a new schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")
RESERVED = frozenset({"organisation", "period", "as_of", "row", "true", "false", "null", "in"})
ANY_ROW = "*"


def gettext_noop(text: str) -> str:
    """Marks a text for the catalogue: whoever shows it translates it."""
    return text


class SchemaError(ValueError):
    """What is wrong with a schema, and where: `place` is a path such as `staff.total.women`.

    `said` is the reason before its `parts` are set in, for translation.
    """

    def __init__(self, place: str, said: str, **parts: object) -> None:
        self.place, self.said, self.parts = place, said, parts
        self.reason = said % parts if parts else said
        super().__init__(f"{place}: {self.reason}")


class CellType(StrEnum):
    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    FILE = "file"

    @property
    def numeric(self) -> bool:
        return self in {CellType.INTEGER, CellType.DECIMAL}


class BlockKind(StrEnum):
    FIELDS = "fields"
    TABLE = "table"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """A question, or a column of a table: what may stand in its cells.

    `source` is an expression over what the region knows; its value fills the cell. `element` names
    the piece of knowledge (such as `contingent.learners`), by which a question that is already
    answered elsewhere is found. `dictionary` names a shared list of options, instead of `options`.
    `relevant` is an expression; while it is false the cell is not asked.
    """

    code: str
    title: str
    type: CellType = CellType.INTEGER
    unit: str = ""
    places: int = 0
    required: bool = False
    help: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[Option, ...] = ()
    dictionary: str = ""
    source: str = ""
    element: str = ""
    relevant: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether figures of several organisations may be added: shares and rates (%, Mbit/s) may
        not."""
        return self.type.numeric and not self.unit.startswith("%") and "/" not in self.unit


Column = Field


@dataclass(frozen=True, slots=True)
class Row:
    """A fixed row. `sources` gives columns their own expressions; `closed` columns are crossed
    out; `number` is the printed number of the row."""

    code: str
    title: str
    number: str = ""
    level: int = 0
    sources: tuple[tuple[str, str], ...] = ()
    elements: tuple[tuple[str, str], ...] = ()
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Block:
    """Fields; or a table of fixed rows; or a list of rows that are added while filling.

    `rows_source` fills a list: an expression that gives a list of maps by the columns' codes.
    """

    code: str
    title: str
    kind: BlockKind
    fields: tuple[Field, ...] = ()
    rows: tuple[Row, ...] = ()
    help: str = ""
    rows_source: str = ""
    min_rows: int = 0
    max_rows: int = 1000


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    title: str
    help: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that must hold, over the names a source may use and the form's own cells.

    `cells` are the keys it speaks of. `severity`: an error stops the handing-in, a warning asks
    for an explanation, a note is only shown.
    """

    code: str
    expression: str
    message: str
    severity: str = "error"
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a form that holds a value (in a list: one in every row)."""

    key: str
    section: str
    block: str
    row: str
    field: Field
    source: str
    element: str
    title: str

    @property
    def listed(self) -> bool:
        return self.row == ANY_ROW


@dataclass(frozen=True)
class Schema:
    sections: tuple[Section, ...] = ()
    checks: tuple[Check, ...] = ()

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell by its key, in the order of the form."""
        return {cell.key: cell for cell in self._cells()}

    @cached_property
    def blocks(self) -> dict[str, Block]:
        return {block.code: block for section in self.sections for block in section.blocks}

    def _cells(self) -> Iterator[Cell]:
        for section in self.sections:
            for block in section.blocks:
                match block.kind:
                    case BlockKind.FIELDS:
                        for field in block.fields:
                            yield Cell(
                                f"{block.code}.{field.code}", section.code, block.code, "",
                                field, field.source, field.element, field.title,
                            )  # fmt: skip
                    case BlockKind.LIST:
                        for field in block.fields:
                            yield Cell(
                                f"{block.code}.{ANY_ROW}.{field.code}", section.code, block.code,
                                ANY_ROW, field, field.source, field.element, field.title,
                            )  # fmt: skip
                    case BlockKind.TABLE:
                        for row in block.rows:
                            sources, elements = dict(row.sources), dict(row.elements)
                            for field in block.fields:
                                if field.code not in row.closed:
                                    yield Cell(
                                        f"{block.code}.{row.code}.{field.code}", section.code,
                                        block.code, row.code, field,
                                        sources.get(field.code, field.source),
                                        elements.get(field.code, field.element),
                                        f"{row.title}: {field.title}",
                                    )  # fmt: skip

    def faults(self) -> Iterator[SchemaError]:
        """What is wrong with the structure (expressions are vetted by the engine)."""
        blocks: set[str] = set()
        sections: set[str] = set()
        for section in self.sections:
            yield from _named(section.code, section.code, sections, section.title)
            for block in section.blocks:
                yield from _named(block.code, block.code, blocks, block.title)
                if block.code in RESERVED:
                    yield SchemaError(
                        block.code, gettext_noop("this word means something in expressions")
                    )
                yield from _block_faults(block)
        checks: set[str] = set()
        for check in self.checks:
            yield from _named(f"checks.{check.code}", check.code, checks, check.message)
            for key in check.cells:
                if key not in self.cells:
                    yield SchemaError(
                        f"checks.{check.code}", gettext_noop("there is no cell %(key)s"), key=key
                    )
            if check.severity not in {"error", "warning", "note"}:
                yield SchemaError(
                    f"checks.{check.code}",
                    gettext_noop("there is no severity %(severity)s"),
                    severity=check.severity,
                )


def _named(
    place: str, code: str, taken: set[str], title: str, pattern: re.Pattern[str] = CODE
) -> Iterator[SchemaError]:
    if not pattern.match(code):
        yield SchemaError(
            place, gettext_noop("a code is a Latin letter, then letters, digits, _ (40 at most)")
        )
    if code in taken:
        yield SchemaError(place, gettext_noop("this code is used twice"))
    if not title.strip():
        yield SchemaError(place, gettext_noop("has no title"))
    taken.add(code)


def _block_faults(block: Block) -> Iterator[SchemaError]:
    fields: set[str] = set()
    if not block.fields:
        yield SchemaError(block.code, gettext_noop("has no fields or columns"))
    if block.kind is BlockKind.TABLE and not block.rows:
        yield SchemaError(block.code, gettext_noop("a table needs rows"))
    if block.kind is not BlockKind.TABLE and block.rows:
        yield SchemaError(block.code, gettext_noop("only a table has fixed rows"))
    for field in block.fields:
        place = f"{block.code}.{field.code}"
        yield from _named(place, field.code, fields, field.title)
        if field.type in {CellType.CHOICE, CellType.CHOICES} and not (
            field.options or field.dictionary
        ):
            yield SchemaError(place, gettext_noop("a choice needs options or a dictionary"))
        if not 0 <= field.places <= 4:
            yield SchemaError(place, gettext_noop("from 0 to 4 decimal places"))
        if (
            field.minimum is not None
            and field.maximum is not None
            and field.minimum > field.maximum
        ):
            yield SchemaError(place, gettext_noop("the least is greater than the greatest"))
        options: set[str] = set()
        for option in field.options:
            yield from _named(f"{place}.{option.code}", option.code, options, option.title, OPTION)
    rows: set[str] = set()
    for row in block.rows:
        place = f"{block.code}.{row.code}"
        yield from _named(place, row.code, rows, row.title)
        for code in {*row.closed, *dict(row.sources), *dict(row.elements)} - fields:
            yield SchemaError(place, gettext_noop("there is no column %(code)s"), code=code)
