"""A section of a report as a page shows it: blocks, rows, cells with their origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sreda.reporting.domain.filling import Fault
from sreda.reporting.enums import Origin
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Option, Section
from sreda.reporting.models import Value
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.typed import plain_text, shown
from sreda.reporting.web.frame import place_id

CONTROLS = {
    CellType.LONG_TEXT: "area",
    CellType.BOOLEAN: "choice",
    CellType.CHOICE: "choice",
    CellType.CHOICES: "choices",
    CellType.DATE: "date",
    CellType.FILE: "file",
}


@dataclass(slots=True)
class CellView:
    """`control` names how it is typed; `state` is its origin, "differs" where the records now say
    otherwise; `value` is as typed, `shown` as read. `condition` is the name under which the form
    says whether the cell is asked now; "": always."""

    place: str
    key: str
    row: str
    field: Field
    title: str
    value: str = ""
    shown: str = ""
    state: str = ""
    source: str = ""
    has_source: bool = False
    computed: bool = False
    reason: str = ""
    edition: int = 0
    by: str = ""
    options: tuple[tuple[str, str, bool], ...] = ()
    file: Any = None
    comments: int = 0
    fault: Fault | None = None
    condition: str = ""
    hidden: bool = False

    @property
    def id(self) -> str:
        return place_id(self.place)

    @property
    def control(self) -> str:
        return CONTROLS.get(self.field.type, "input")

    @property
    def numeric(self) -> bool:
        return self.field.type.numeric

    @property
    def asks_reason(self) -> bool:
        return self.fault is not None and self.fault.kind == "reason"

    @property
    def origin_words(self) -> str:
        return words_of_state(self)


@dataclass(slots=True)
class RowView:
    code: str
    number: str
    title: str
    level: int
    cells: list[CellView | None]


@dataclass(slots=True)
class BlockView:
    block: Block
    rows: list[RowView] = field(default_factory=list)
    blank: RowView | None = None

    @property
    def kind(self) -> str:
        return self.block.kind.value


class SheetView:
    """Makes the views of a section. `values` are all of the report; `faults` by place."""

    def __init__(
        self,
        form: CompiledForm,
        values: Iterable[Value],
        dictionaries: Mapping[str, tuple[Option, ...]],
        *,
        asked: Mapping[str, bool] | None = None,
        comments: Mapping[str, int] | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        self.form = form
        self.values = {(v.cell.key, v.row): v for v in values}
        self.dictionaries = dictionaries
        self.asked = asked or {}
        self.comments = comments or {}
        self.faults = faults or {}

    def section(self, section: Section, *, blank: str = "") -> list[BlockView]:
        """`blank` is the name of an empty row at the end of each list."""
        return [self._block(block, blank) for block in section.blocks]

    def _block(self, block: Block, blank: str) -> BlockView:
        view = BlockView(block)
        match block.kind:
            case BlockKind.FIELDS:
                for item in block.fields:
                    cell = self.cell(f"{block.code}.{item.code}", "", item, item.title)
                    view.rows.append(RowView(item.code, "", item.title, 0, [cell]))
            case BlockKind.TABLE:
                for row in block.rows:
                    cells = [
                        None
                        if f.code in row.closed
                        else self.cell(
                            f"{block.code}.{row.code}.{f.code}", "", f, f"{row.title}: {f.title}"
                        )
                        for f in block.fields
                    ]
                    view.rows.append(RowView(row.code, row.number, row.title, row.level, cells))
            case BlockKind.LIST:
                prefix = f"{block.code}.*."
                names = sorted(
                    {
                        row
                        for (key, row), value in self.values.items()
                        if key.startswith(prefix) and not _empty(value)
                    }
                    | {f.row for f in self.faults.values() if f.key.startswith(prefix)} - {blank}
                )
                for number, name in enumerate(names, 1):
                    view.rows.append(self._list_row(block, name, str(number)))
                if blank and len(names) < block.max_rows:
                    view.blank = self._list_row(block, blank, "+")
        return view

    def _list_row(self, block: Block, name: str, number: str) -> RowView:
        cells: list[CellView | None] = [
            self.cell(f"{block.code}.*.{f.code}", name, f, f"{number}: {f.title}")
            for f in block.fields
        ]
        return RowView(name, number, "", 0, cells)

    def cell(self, key: str, row: str, item: Field, title: str) -> CellView:
        place = place_of(key, row)
        value = self.values.get((key, row))
        options = item.options or self.dictionaries.get(item.dictionary, ())
        view = CellView(place, key, row, item, title)
        view.fault = self.faults.get(place)
        source = self.form.sources.get(key) or self.form.in_rows.get(key)
        rows = self.form.row_sources.get(key.partition(".")[0]) if ".*." in key else None
        found = source or rows
        view.has_source = found is not None
        view.computed = found is not None and not found.inputs.outside
        view.comments = self.comments.get(place, 0)
        block = key.partition(".")[0]
        if f"{block}.{item.code}" in self.form.relevant:
            view.condition = place if row else f"{block}.{item.code}"
            view.hidden = not self.asked.get(view.condition, self.asked.get(key, True))
        if value is not None:
            view.value = plain_text(value.number, value.text)
            view.shown = shown(item, value.number, value.text, options)
            view.state = state_of(value)
            view.source = shown(item, value.source_number, value.source_text, options)
            view.reason, view.edition, view.by = value.reason, value.edition, value.edited_by_name
            view.file = value.file
        if view.fault is not None:
            view.value = view.fault.value
        view.options = _options(item, view.value, options)
        return view


def _options(
    item: Field, value: str, options: tuple[Option, ...]
) -> tuple[tuple[str, str, bool], ...]:
    if item.type is CellType.BOOLEAN:
        pairs = [("true", _("yes")), ("false", _("no"))]
    elif item.type in {CellType.CHOICE, CellType.CHOICES}:
        pairs = [(option.code, option.title) for option in options]
    else:
        return ()
    chosen = set(value.splitlines())
    return tuple((code, title, code in chosen) for code, title in pairs)


def _empty(value: Value) -> bool:
    return value.number is None and not value.text and value.file_id is None


def state_of(value: Value) -> str:
    """ "source", "carried", "typed", "corrected", "imported", or "differs": typed, and the records
    say otherwise without a reason given; "" of an empty cell."""
    differs = value.sourced and (value.number, value.text) != (
        value.source_number,
        value.source_text,
    )
    if differs and value.origin in {Origin.TYPED, Origin.IMPORTED}:
        return "differs"
    if _empty(value) and not differs:
        return ""
    return str(value.origin)


def words_of_state(cell: CellView) -> str:
    """Where a cell's value is from, in a few words."""
    match cell.state:
        case "source":
            return _("computed from the form's cells") if cell.computed else _(
                "from the region's records"
            )  # fmt: skip
        case "carried":
            return _("from an earlier report")
        case "corrected":
            return _("corrected by %(name)s; by the records: %(value)s. %(reason)s") % {
                "name": cell.by, "value": cell.source or "—", "reason": cell.reason,
            }  # fmt: skip
        case "differs":
            return _("typed by %(name)s; the records now say: %(value)s") % {
                "name": cell.by, "value": cell.source or "—",
            }  # fmt: skip
        case "typed":
            return _("typed by %s") % cell.by
        case "imported":
            return _("from the file of %s") % cell.by
    return _("is filled by the records") if cell.has_source else ""


def as_change(value: Value, form: CompiledForm, options: tuple[Option, ...]) -> dict[str, Any]:
    """A changed cell as the page's script takes it."""
    item = form.schema.cells[value.cell.key].field
    view = SheetView(form, [value], {item.dictionary: options}).cell(
        value.cell.key, value.row, item, ""
    )
    return {
        "place": view.place,
        "key": view.key,
        "row": view.row,
        "value": view.value,
        "shown": view.shown,
        "state": view.state,
        "words": view.origin_words,
        "source": view.source,
        "by": view.by,
        "at": value.edited_at.isoformat() if isinstance(value.edited_at, datetime) else "",
        "edition": value.edition,
    }
