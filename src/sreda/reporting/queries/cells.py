"""What stands in the cells of reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sreda.reporting.expressions import CellValues
from sreda.reporting.forms import Schema
from sreda.reporting.models import Submission, Value
from sreda.reporting.queries.typed import to_value


def values_of(submissions: Collection[UUID]) -> list[Value]:
    """Every value of these reports with its cell, in the order of the form and of rows."""
    return list(
        Value.objects.filter(submission_id__in=submissions)
        .select_related("cell", "file")
        .order_by("submission_id", "cell__number", "row")
    )


def place_of(key: str, row: str) -> str:
    """A cell's name on pages and in signed contents: `block.<row>.column` in a list."""
    return key.replace("*", row, 1) if row else key


def cells_of(schema: Schema, values: Iterable[Value]) -> CellValues:
    """As expressions see them. A row of a list is there while any of its cells is filled."""
    found = CellValues()
    rows: dict[str, dict[str, dict[str, object]]] = {}
    for value in values:
        cell = schema.cells.get(value.cell.key)
        if cell is None:
            continue
        content = (
            str(value.file_id)
            if value.file_id
            else to_value(cell.field.type, value.number, value.text)
        )
        if content is None:
            continue
        if cell.listed:
            rows.setdefault(cell.block, {}).setdefault(value.row, {})[cell.field.code] = content
        else:
            found.single[cell.key] = content
    for block, lines in rows.items():
        found.lists[block] = {name: lines[name] for name in sorted(lines)}  # type: ignore[misc]
    return found


def cells_of_submission(submission: Submission, schema: Schema) -> CellValues:
    return cells_of(schema, values_of([submission.pk]))
