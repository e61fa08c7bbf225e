"""Filling reports from what the region knows, at once for many; typed cells are never touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from sreda.kernel.api import upsert_rows
from sreda.reporting.domain.proposals import settle_proposals
from sreda.reporting.enums import CampaignStatus, Origin, SubmissionStatus
from sreda.reporting.expressions import CompiledForm, Filled
from sreda.reporting.forms.carry import Content
from sreda.reporting.models import Campaign, Submission, Value
from sreda.reporting.queries.cells import cells_of, values_of
from sreda.reporting.queries.typed import from_value
from sreda.reporting.queries.versions import cell_ids, compiled_form
from sreda.reporting.queries.worlds import world_of

AT_ONCE = 100
FRESH = timedelta(minutes=5)
FILLABLE = (SubmissionStatus.WAITING, SubmissionStatus.FILLING, SubmissionStatus.RETURNED)
FROM_RECORDS = (Origin.SOURCE, Origin.CARRIED)
FIELDS = (
    "submission", "cell", "row", "number", "text", "file", "origin", "sourced", "source_number",
    "source_text", "reason", "edition", "edited_at", "edited_by", "edited_by_name",
)  # fmt: skip


@dataclass(slots=True)
class Sheet:
    """One report in memory: its values by (key, row), and which of them are to be written."""

    submission: Submission
    values: dict[tuple[str, str], Value]
    changed: dict[tuple[str, str], Value] = field(default_factory=dict)

    @classmethod
    def of(cls, submission: Submission, values: Iterable[Value]) -> Sheet:
        return cls(submission, {(v.cell.key, v.row): v for v in values})

    def touched(self) -> set[str]:
        """Keys of cells that people filled; of lists `block.*` is there whenever any row is."""
        found = set()
        for (key, _row), value in self.values.items():
            if value.origin not in FROM_RECORDS:
                found.add(key)
                if ".*." in key:
                    found.add(f"{key.partition('.')[0]}.*")
        return found

    @property
    def filled(self) -> int:
        return sum(not is_empty(v) for v in self.values.values())

    @property
    def sourced(self) -> int:
        return sum(v.origin in FROM_RECORDS and not is_empty(v) for v in self.values.values())


def is_empty(value: Value) -> bool:
    return value.number is None and not value.text and value.file_id is None


def content_of(value: Value) -> Content:
    return Content(value.number, value.text, value.file_id)


def source_of(value: Value) -> Content:
    return Content(value.source_number, value.source_text)


def origin_of(form: CompiledForm, key: str) -> Origin:
    """Whether the records fill the cell, or an earlier report."""
    source = form.sources.get(key) or form.row_sources.get(key.partition(".")[0])
    inputs = source.inputs if source else None
    if inputs and (inputs.previous or inputs.forms) and not inputs.datasets:
        return Origin.CARRIED
    return Origin.SOURCE


def fill_campaign(campaign: Campaign, *, at: datetime) -> int:
    """Fill every report of the campaign that was not filled yet, some at a time, each part in its
    own transaction; returns how many. Run again after a failure, it goes on where it stopped."""
    done = 0
    while True:
        waiting = list(
            Submission.objects.filter(
                campaign=campaign, sourced_at__isnull=True, status__in=FILLABLE
            )
            .order_by("municipality_id", "pk")
            .values_list("pk", flat=True)[:AT_ONCE]
        )
        if not waiting:
            return done
        fill_submissions(campaign, waiting, at=at)
        done += len(waiting)


def mark_to_fill(organisations: Iterable[UUID]) -> int:
    """Records of these organisations changed: their open reports are to be filled anew."""
    return Submission.objects.filter(
        organisation_id__in=list(organisations),
        status__in=FILLABLE,
        campaign__status=CampaignStatus.OPEN,
        sourced_at__isnull=False,
    ).update(sourced_at=None)


def refresh(submission: Submission, *, at: datetime) -> bool:
    """Fill one report anew where the records may have changed since; says whether it did."""
    campaign = submission.campaign
    if campaign.status != CampaignStatus.OPEN or submission.status not in FILLABLE:
        return False
    if submission.sourced_at is not None and at - submission.sourced_at < FRESH:
        return False
    fill_submissions(campaign, [submission.pk], at=at)
    submission.refresh_from_db()
    return True


def fill_submissions(campaign: Campaign, ids: Sequence[UUID], *, at: datetime) -> int:
    """Bring cells in step with the records: empty ones are filled, those filled from the records
    follow them, those of people stay and are told what the records say now. Returns how many
    cells changed."""
    form = compiled_form(campaign.version)
    with transaction.atomic():
        submissions = list(
            Submission.objects.select_for_update()
            .filter(pk__in=ids, status__in=FILLABLE)
            .order_by("pk")
        )
        world = world_of(campaign, [s.organisation_id for s in submissions])
        form.prepare(world)
        values: dict[UUID, list[Value]] = {s.pk: [] for s in submissions}
        for value in values_of(list(values)):
            values[value.submission_id].append(value)
        sheets = []
        for submission in submissions:
            sheet = Sheet.of(submission, values[submission.pk])
            known = cells_of(form.schema, sheet.values.values())
            filled = form.fill(world, submission.organisation_id, known, keep=sheet.touched())
            take_over(sheet, form, filled, campaign, at=at)
            submission.sourced_at = at
            submission.source_stamp = stamp(filled)
            sheets.append(sheet)
        written = write_sheets(sheets)
        settle_proposals({sheet.submission.pk: sheet.changed for sheet in sheets}, at=at)
    return written


def take_over(
    sheet: Sheet,
    form: CompiledForm,
    filled: Filled,
    campaign: Campaign,
    *,
    at: datetime,
    only: set[str] | None = None,
) -> None:
    """Enter what the sources gave; `only` narrows it to these places (keys and `block.*`)."""
    ids = cell_ids(campaign.version)
    for key in form.sources:
        if only is not None and key not in only:
            continue
        if key in filled.faults:
            continue
        given = from_value(form.schema.cells[key].field, filled.values.get(key))
        _take(sheet, form, ids, key, "", given, at=at)
    for code, rows in filled.rows.items():
        if only is None or f"{code}.*" in only:
            _take_rows(sheet, form, ids, code, rows, at=at)


def _take_rows(
    sheet: Sheet,
    form: CompiledForm,
    ids: Any,
    code: str,
    rows: list[dict[str, Any]],
    *,
    at: datetime,
) -> None:
    """A row of a source is known again by its texts: its figures may change, it stays itself."""
    block = form.schema.blocks[code]
    prefix = f"{code}.*."
    present = sorted({row for key, row in sheet.values if key.startswith(prefix)})
    by_mark = {row[4:]: row for row in present if row.startswith("s")}
    number = max((int(row[1:4]) for row in by_mark.values()), default=0)
    named: dict[str, dict[str, Any]] = {}
    for given in rows:
        mark = _mark(given, block.code, {f.code for f in block.fields if not f.type.numeric})
        while by_mark.get(mark) in named or any(name[4:] == mark for name in named):
            mark = hashlib.sha256(f"{mark}+".encode()).hexdigest()[:16]
        if mark not in by_mark:
            number += 1
            by_mark[mark] = f"s{number:03d}{mark}"
        named[by_mark[mark]] = given
    for name in {*named, *(row for row in present if row.startswith("s"))}:
        given = named.get(name, {})
        for item in block.fields:
            content = from_value(item, given.get(item.code))
            _take(sheet, form, ids, f"{prefix}{item.code}", name, content, at=at)


def _mark(row: dict[str, Any], code: str, texts: set[str]) -> str:
    said = "\x1f".join(f"{name}={row[name]}" for name in sorted(texts & row.keys()))
    return hashlib.sha256(f"{code}\x1e{said}".encode()).hexdigest()[:16]


def _take(
    sheet: Sheet,
    form: CompiledForm,
    ids: Any,
    key: str,
    row: str,
    given: Content,
    *,
    at: datetime,
) -> None:
    value = sheet.values.get((key, row))
    if value is None:
        if given.empty:
            return
        value = Value(submission=sheet.submission, cell_id=ids[key], row=row, edition=0)
        value.origin = origin_of(form, key)
        sheet.values[key, row] = value
    elif (
        source_of(value) == given
        and value.sourced == (not given.empty)
        and (value.origin not in FROM_RECORDS or content_of(value) == given)
    ):
        return
    value.source_number, value.source_text = given.number, given.text
    value.sourced = not given.empty
    if value.origin in FROM_RECORDS or (
        value.origin != Origin.TYPED and content_of(value) == given
    ):
        value.origin = origin_of(form, key)
        value.number, value.text, value.reason = given.number, given.text, ""
        value.edited_by, value.edited_by_name = None, ""
        value.edited_at = at
    elif value.edited_at is None:
        value.edited_at = at
    sheet.changed[key, row] = value


def stamp(filled: Filled) -> str:
    """A fingerprint of all that the sources gave."""
    said = hashlib.sha256()
    for key, value in sorted(filled.values.items()):
        said.update(f"{key}={value}\n".encode())
    for code, rows in sorted(filled.rows.items()):
        for row in rows:
            said.update(f"{code}: {sorted(row.items())}\n".encode())
    return said.hexdigest()


def write_sheets(sheets: Sequence[Sheet]) -> int:
    """Write what changed, count anew; each changed report's edition grows by one."""
    rows = []
    for sheet in sheets:
        submission = sheet.submission
        if sheet.changed:
            submission.edition += 1
        for value in sheet.changed.values():
            value.edition = submission.edition
            rows.append(_row(value))
        submission.filled, submission.sourced = sheet.filled, sheet.sourced
    if rows:
        upsert_rows(Value, FIELDS, rows, key=("submission", "cell", "row"))
    Submission.objects.bulk_update(
        [sheet.submission for sheet in sheets],
        ["edition", "filled", "sourced", "source_stamp", "sourced_at", "status", "changed_at",
         "opened_at"],
    )  # fmt: skip
    return len(rows)


def _row(value: Value) -> tuple[Any, ...]:
    return (
        value.submission_id, value.cell_id, value.row, value.number, value.text, value.file_id,
        value.origin, value.sourced, value.source_number, value.source_text, value.reason,
        value.edition, value.edited_at, value.edited_by, value.edited_by_name,
    )  # fmt: skip
