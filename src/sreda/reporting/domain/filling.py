"""Saving cells. Good ones land, bad ones are named; sent twice they are saved once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, store
from sreda.registry.api import Role
from sreda.reporting.domain.prefill import (
    FILLABLE,
    Sheet,
    content_of,
    is_empty,
    origin_of,
    source_of,
    take_over,
    write_sheets,
)
from sreda.reporting.domain.proposals import propose, settle_proposals
from sreda.reporting.enums import CampaignStatus, Origin, SubmissionStatus
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.forms import BlockKind, CellType
from sreda.reporting.forms.carry import Content
from sreda.reporting.models import Delegation, FormCell, SavedChange, Submission, Value
from sreda.reporting.queries.cells import cells_of, values_of
from sreda.reporting.queries.typed import parse, shown
from sreda.reporting.queries.versions import (
    cell_ids,
    compiled_form,
    dictionaries_of,
    options_of,
)
from sreda.reporting.queries.worlds import world_of

ROW = re.compile(r"[a-z0-9]{1,26}\Z")
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to a cell: `row` in a list; `remove` takes the whole row `block.*` away.
    `edition` is the one the sender has of this cell, where it differs from the batch's."""

    key: str
    value: str = ""
    row: str = ""
    reason: str = ""
    remove: bool = False
    edition: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a change was not saved. `kind`: "value", "reason" (one must be given), "conflict"
    (somebody else has changed the cell meanwhile), "place" (not theirs to fill, or no cell)."""

    key: str
    row: str
    kind: str
    message: str
    value: str = ""


@dataclass(slots=True)
class Saved:
    """`edition` is the report's now; `message` says what the sender should know."""

    edition: int
    faults: list[Fault] = field(default_factory=list)
    landed: int = 0
    message: str = ""
    again: bool = False


def sections_of(submission: Submission, actor: Actor) -> frozenset[str] | None:
    """The sections an actor may fill; None: all of them."""
    if actor.role in {Role.HEAD, Role.ADMINISTRATOR}:
        return None if actor.organisation_id == submission.organisation_id else frozenset()
    if actor.person_id is None:
        return frozenset()
    given = Delegation.objects.filter(submission=submission, person_id=actor.person_id)
    return frozenset(given.values_list("section", flat=True))


def save_changes(
    submission: Submission,
    *,
    edition: int,
    changes: Sequence[Change],
    actor: Actor,
    at: datetime,
    key: UUID,
    origin: Origin = Origin.TYPED,
    force: bool = False,
) -> Saved:
    """Save a batch of cells. `edition` is the report's that the sender has seen: a cell somebody
    else has changed since is not overwritten (unless `force`) but named with both values.

    ValidationError: the report is handed in. In a closed campaign cells are still kept, as a
    draft that is not sent, and the message says so. The rights are the caller's to ask.
    """
    with transaction.atomic():
        locked = locked_submission(submission.pk)
        earlier = SavedChange.objects.filter(submission=locked, key=key).first()
        if earlier is not None:
            faults = [Fault(**fault) for fault in earlier.answer.get("faults", [])]
            landed = earlier.answer.get("landed", 0)
            message = earlier.answer.get("message", "")
            return Saved(locked.edition, faults, landed, message, again=True)
        if locked.status not in FILLABLE:
            raise ValidationError(_("The report is already handed in. Take it back to change it."))
        batch = _Batch(locked, actor, at, edition, origin, force)
        for change in changes[:MOST]:
            batch.take(change)
        saved = batch.finish()
        if len(changes) > MOST:
            saved.message = _("Only the first %s cells were saved.") % MOST
        SavedChange.objects.create(
            submission=locked,
            key=key,
            edition=locked.edition,
            at=at,
            answer={
                "faults": [
                    {
                        "key": f.key, "row": f.row, "kind": f.kind, "message": f.message,
                        "value": f.value,
                    }
                    for f in saved.faults
                ],
                "landed": saved.landed,
                "message": saved.message,
            },
        )  # fmt: skip
    return saved


def locked_submission(pk: UUID) -> Submission:
    """With its campaign, version and form; the row is held until the transaction ends."""
    return (
        Submission.objects.select_for_update(of=("self",))
        .select_related("campaign__version__form", "organisation")
        .get(pk=pk)
    )


class _Batch:
    def __init__(
        self,
        submission: Submission,
        actor: Actor,
        at: datetime,
        edition: int,
        origin: Origin,
        force: bool,
    ) -> None:
        self.submission = submission
        self.actor, self.at = actor, at
        self.edition, self.origin, self.force = edition, origin, force
        self.version = submission.campaign.version
        self.form: CompiledForm = compiled_form(self.version)
        self.schema = self.form.schema
        self.ids = cell_ids(self.version)
        self.dictionaries = dictionaries_of(self.schema)
        self.sections = sections_of(submission, actor)
        self.sheet = Sheet.of(submission, values_of([submission.pk]))
        self.saved = Saved(submission.edition)
        self.corrected: dict[tuple[str, str], Value] = {}

    def fault(self, change: Change, kind: str, message: str) -> None:
        self.saved.faults.append(Fault(change.key, change.row, kind, message, change.value))

    def take(self, change: Change) -> None:
        if change.remove:
            self._remove(change)
            return
        cell = self.schema.cells.get(change.key)
        if cell is None or cell.listed != bool(change.row) or change.key not in self.ids:
            self.fault(change, "place", _("there is no cell “%s” in this form") % change.key)
            return
        if self.sections is not None and cell.section not in self.sections:
            self.fault(change, "place", _("this section was not given to you"))
            return
        if cell.listed and not self.row_fits(change):
            return
        try:
            content = parse(cell.field, change.value, options_of(cell, self.dictionaries))
        except ValidationError as error:
            self.fault(change, "value", " ".join(error.messages))
            return
        self._enter(change, content)

    def row_fits(self, change: Change) -> bool:
        if not ROW.match(change.row):
            self.fault(change, "place", _("there is no cell “%s” in this form") % change.key)
            return False
        block = self.schema.blocks[change.key.partition(".")[0]]
        rows = {
            row
            for (key, row), value in self.sheet.values.items()
            if key.startswith(f"{block.code}.*.") and not is_empty(value)
        }
        if change.row not in rows and len(rows) >= block.max_rows:
            self.fault(
                change,
                "value",
                _("“%(title)s” has at most %(count)s rows")
                % {"title": block.title, "count": block.max_rows},
            )
            return False
        return True

    def _remove(self, change: Change) -> None:
        code = change.key.partition(".")[0]
        block = self.schema.blocks.get(code)
        if block is None or block.kind is not BlockKind.LIST:
            self.fault(change, "place", _("there is no list “%s” in this form") % code)
            return
        cell = self.schema.cells[f"{code}.*.{block.fields[0].code}"]
        if self.sections is not None and cell.section not in self.sections:
            self.fault(change, "place", _("this section was not given to you"))
            return
        for key, row in list(self.sheet.values):
            if row == change.row and key.startswith(f"{code}.*."):
                self._enter(Change(key, "", row, change.reason, edition=change.edition), Content())

    def enter_file(self, change: Change, file_id: UUID | None) -> None:
        self._enter(change, Content(file=file_id))

    def _enter(self, change: Change, content: Content) -> None:
        where = change.key, change.row
        value = self.sheet.values.get(where)
        if value is None:
            if content.empty:
                self.saved.landed += 1
                return
            value = Value(
                submission=self.submission, cell_id=self.ids[change.key], row=change.row, edition=0
            )
        known = self.edition if change.edition is None else change.edition
        if content_of(value) == content and (not change.reason or change.reason == value.reason):
            self.saved.landed += 1
            return
        if (
            not self.force
            and value.edition > known
            and value.edited_by not in {None, self.actor.person_id}
            and content_of(value) != content
        ):
            cell = self.schema.cells[change.key]
            said = shown(cell.field, value.number, value.text, options_of(cell, self.dictionaries))
            self.fault(
                change,
                "conflict",
                _("%(name)s has meanwhile entered “%(value)s”")
                % {"name": value.edited_by_name, "value": said or "—"},
            )
            return
        if value.sourced and content != source_of(value):
            reason = " ".join(change.reason.split())[:500] or (
                value.reason if value.origin == Origin.CORRECTED else ""
            )
            if not reason:
                self.fault(
                    change,
                    "reason",
                    _("the records say otherwise: give the reason of the correction"),
                )
                return
            value.origin, value.reason = Origin.CORRECTED, reason
            self.corrected[where] = value
        elif value.sourced or content.empty:  # an emptied cell may be filled by the records again
            value.origin, value.reason = origin_of(self.form, change.key), ""
        else:
            value.origin, value.reason = self.origin, ""
        value.number, value.text = content.number, content.text
        value.file_id = content.file  # type: ignore[assignment]
        value.edited_at = self.at
        value.edited_by, value.edited_by_name = self.actor.person_id, self.actor.name[:300]
        self.sheet.values[where] = value
        self.sheet.changed[where] = value
        self.saved.landed += 1

    def finish(self) -> Saved:
        submission, sheet = self.submission, self.sheet
        typed = [self.schema.cells[key].title for key, _row in sheet.changed]
        if sheet.changed:
            touched = dict(sheet.changed)
            self._derive({key for key, _row in touched})
            submission.changed_at = self.at
            if submission.status == SubmissionStatus.WAITING:
                submission.status = SubmissionStatus.FILLING
                submission.opened_at = submission.opened_at or self.at
            write_sheets([sheet])
            outside = {
                where: value
                for where, value in self.corrected.items()
                if self._from_records(where[0])
            }
            propose(submission, outside, actor=self.actor, at=self.at)
            settle_proposals({submission.pk: touched}, at=self.at)
            if self.corrected:
                audit(
                    "reporting.cells.corrected", submission, actor=self.actor, at=self.at,
                    cells={
                        f"{key} {row}".strip(): [str(content_of(v)), v.reason]
                        for (key, row), v in self.corrected.items()
                    },
                )  # fmt: skip
        self.saved.edition = submission.edition
        if submission.campaign.status == CampaignStatus.CLOSED:
            some = ", ".join(f"«{title}»" for title in typed[:3]) + (" …" if typed[3:] else "")
            self.saved.message = _(
                "The campaign is closed: what you type (%(cells)s) is kept as a draft but is not"
                " handed in. Ask the regional operator to open it again."
            ) % {"cells": some or "—"}
        return self.saved

    def _from_records(self, key: str) -> bool:
        source = self.form.sources.get(key) or self.form.row_sources.get(key.partition(".")[0])
        return bool(source and source.inputs.datasets)

    def _derive(self, changed: Iterable[str]) -> None:
        """Cells computed from others of the form follow at once."""
        places = self.form.dependents(changed)
        if not places:
            return
        campaign = self.submission.campaign
        organisation = self.submission.organisation_id
        known = cells_of(self.schema, _named(self.sheet, self.ids))
        filled = self.form.fill(
            world_of(campaign, [organisation]),
            organisation,
            known,
            keep=self.sheet.touched(),
            only=places,
        )
        take_over(self.sheet, self.form, filled, campaign, at=self.at, only=set(places))


def _named(sheet: Sheet, ids: Any) -> Iterable[Value]:
    """The values of a sheet, the new ones with their cells."""
    keys = {pk: key for key, pk in ids.items()}
    for value in sheet.values.values():
        if "cell" not in value._state.fields_cache:
            value.cell = FormCell(pk=value.cell_id, key=keys[value.cell_id])
        yield value


def save_file(
    submission: Submission,
    *,
    key: str,
    row: str,
    upload: UploadedFile[Any] | None,
    actor: Actor,
    at: datetime,
    reason: str = "",
) -> Saved:
    """Put a file into its cell, or take it out. ValidationError says what is wrong with it."""
    with transaction.atomic():
        locked = locked_submission(submission.pk)
        if locked.status not in FILLABLE:
            raise ValidationError(_("The report is already handed in. Take it back to change it."))
        batch = _Batch(locked, actor, at, locked.edition, Origin.TYPED, force=True)
        cell = batch.schema.cells.get(key)
        if cell is None or cell.field.type is not CellType.FILE:
            raise ValidationError(_("there is no cell “%s” in this form") % key)
        if batch.sections is not None and cell.section not in batch.sections:
            raise ValidationError(_("this section was not given to you"))
        change = Change(key, row=row, reason=reason)
        if cell.listed and not batch.row_fits(change):
            raise ValidationError(batch.saved.faults[-1].message)
        stored = store(upload, at=at, actor=actor) if upload is not None else None
        batch.enter_file(change, stored.pk if stored else None)
        return batch.finish()


def changed_since(submission: Submission, edition: int) -> list[Value]:
    """Values that changed after an edition, whoever changed them; one query."""
    return list(
        Value.objects.filter(submission=submission, edition__gt=edition)
        .select_related("cell", "file")
        .order_by("cell__number", "row")
    )
