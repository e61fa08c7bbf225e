"""What a report was when it was signed, and what has changed since, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sreda.reporting.forms import CellType, Schema
from sreda.reporting.models import Submission, SubmissionStep, Value
from sreda.reporting.queries.cells import place_of, values_of
from sreda.reporting.queries.typed import as_json, shown
from sreda.reporting.queries.versions import dictionaries_of


@dataclass(frozen=True, slots=True)
class Changed:
    """One cell that differs. `why` is the reason of the correction, where one was given."""

    place: str
    title: str
    was: str
    now: str
    why: str
    origin: str
    by: str
    at: datetime | None


def steps_of(submission: Submission) -> list[SubmissionStep]:
    """Newest first."""
    return list(SubmissionStep.objects.filter(submission=submission).order_by("-at", "-id"))


def what_changed(submission: Submission, since: SubmissionStep) -> list[Changed]:
    """The cells that differ from what was signed in a step, in the order of the form."""
    schema = submission.campaign.version.schema
    dictionaries = dictionaries_of(schema)
    then: dict[str, Any] = since.content or {}
    found = []
    seen = set()
    for value in values_of([submission.pk]):
        place = place_of(value.cell.key, value.row)
        seen.add(place)
        now = (
            f"sha256:{value.file.sha256}"
            if value.file is not None
            else as_json(CellType(value.cell.type), value.number, value.text)
        )
        if now != then.get(place):
            found.append(_changed(schema, dictionaries, place, value, then.get(place)))
    for place in then:
        if place not in seen:
            title = _title(schema, place)
            found.append(Changed(place, title, str(then[place]), "", "", "", "", None))
    return found


def _title(schema: Schema, place: str) -> str:
    parts = place.split(".")
    cell = schema.cells.get(place) or schema.cells.get(f"{parts[0]}.*.{parts[-1]}")
    return f"{schema.blocks[cell.block].title}: {cell.title}" if cell else place


def _changed(schema: Schema, dictionaries: Any, place: str, value: Value, was: Any) -> Changed:
    cell = schema.cells.get(value.cell.key)
    words_was, words_now = "" if was is None else str(was), ""
    if cell is not None:
        item = cell.field
        options = item.options or dictionaries.get(item.dictionary, ())
        if was is not None:
            number = Decimal(was) if item.type.numeric else None
            words_was = shown(item, number, "" if item.type.numeric else str(was), options)
        words_now = shown(item, value.number, value.text, options)
        if value.file is not None:
            words_now = value.file.name
    return Changed(
        place,
        _title(schema, place),
        words_was,
        words_now,
        value.reason,
        value.get_origin_display(),
        value.edited_by_name,
        value.edited_at,
    )
