"""A report as it was signed, read from the step that keeps it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sreda.reporting.forms import CellType
from sreda.reporting.models import FormCell, SubmissionStep, Value


def values_signed(step: SubmissionStep) -> list[Value]:
    """The cells of a handing-in, as values that are in no table; of files the digest is told."""
    content: dict[str, Any] = step.content or {}
    cells = {
        cell.key: cell
        for cell in FormCell.objects.filter(version=step.submission.campaign.version_id)
    }
    found = []
    for place, said in content.items():
        block, _dot, rest = place.partition(".")
        row, _dot, column = rest.partition(".")
        cell, row = (
            (cells[place], "") if place in cells else (cells.get(f"{block}.*.{column}"), row)
        )
        if cell is None:  # the report was carried to a version without it
            continue
        numeric = CellType(cell.type).numeric
        found.append(
            Value(
                cell=cell,
                row=row,
                number=Decimal(said) if numeric else None,
                text="" if numeric else said,
            )
        )
    return found
