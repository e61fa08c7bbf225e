"""Taking over a table whose rows each go the way of a single change. What differs from table to
table, its `Table` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Permissions, StoredFile, audit, path_of, publish
from sreda.kernel.events import Event
from sreda.kernel.tables import HELD, Column, find_headings, read_rows
from sreda.registry.domain.people_rows import FORMULA, is_formula
from sreda.registry.domain.told import Told
from sreda.registry.models import BadRow, ImportStatus, TableImport

Cells = dict[str, str]
Fault = list[str]  # column, value, what is wrong


@dataclass(slots=True)
class Judged:
    """A row with what it means. `thing` is the record it is about, where there is one; `differing`
    are old and new values where it changes something."""

    line: int
    cells: Cells
    values: dict[str, Any] = field(default_factory=dict)
    thing: Any = None
    differing: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    name: str = ""
    place: str = ""
    people: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        if self.faults:
            return "bad"
        if self.thing is None:
            return "new"
        return "changed" if self.differing else "unchanged"

    def compare(self) -> None:
        """With the record it is about, where there is one."""
        if self.thing is not None:
            self.differing = {
                name: (getattr(self.thing, name), value)
                for name, value in self.values.items()
                if getattr(self.thing, name) != value
            }


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of table.

    `judge` says what rows mean to this actor at this moment, `write` carries one out with a reason,
    `told` makes the event of the whole, where somebody listens for it.
    """

    name: str
    columns: Sequence[Column]
    access: Permissions[Any]
    action: str
    judge: Callable[[Iterable[tuple[int, Cells]], Actor, datetime], Iterator[Judged]]
    write: Callable[[Judged, Actor, datetime, str], object]
    told: Callable[[TableImport], Event] | None = None

    @property
    def labels(self) -> dict[str, Any]:
        return {column.key: column.label for column in self.columns}


def stage_table(
    table: Table, file: StoredFile, *, actor: Actor, at: datetime, told: Told | None = None
) -> TableImport:
    """Read, check and compare a table; nothing in the registry changes."""
    table.access.require(actor, table.action)
    told = told or Told()
    told.say("read", 5)
    source = read_rows(path_of(file), file.name, HELD)
    headings = find_headings(source, table.columns)
    rows: list[tuple[int, Cells]] = []
    for line, row in source:
        cells = {
            key: " ".join(row[place].split()) if place < len(row) else ""
            for key, place in headings.places.items()
        }
        rows.append((line, cells))
    told.say("compare", 40)
    keys = [column.key for column in table.columns]
    with transaction.atomic():
        imported = TableImport(
            kind=table.name, file=file, staged_at=at, staged_by=actor.user_id,
            staged_by_name=actor.name, columns=sorted(headings.places, key=keys.index),
        )  # fmt: skip
        judged = list(table.judge(rows, actor, at))
        for item in judged:
            item.faults += [
                [key, text, str(FORMULA)] for key, text in item.cells.items() if is_formula(text)
            ]
        told.say("write", 80)
        _count(imported, judged)
        imported.rows = [[item.line, item.cells] for item in judged if not item.faults]
        imported.save()
        _keep_bad(imported, (item for item in judged if item.faults))
        _audit(imported, "staged", actor, at, file=file.sha256, **_counts(imported))
    return imported


def _keep_bad(imported: TableImport, judged: Iterable[Judged]) -> None:
    BadRow.objects.bulk_create(
        (
            BadRow(table_import=imported, line=item.line, cells=item.cells, faults=item.faults)
            for item in judged
        ),
        batch_size=1_000,
    )


def apply_table(
    table: Table,
    imported: TableImport,
    *,
    actor: Actor,
    at: datetime,
    only_good: bool,
    told: Told | None = None,
) -> TableImport:
    """Take over the good rows, all in one transaction; an applied import stays as it is."""
    table.access.require(actor, table.action)
    told = told or Told()
    with transaction.atomic():
        imported = TableImport.objects.select_for_update().get(pk=imported.pk)
        if imported.status == ImportStatus.APPLIED:
            return imported
        if imported.status == ImportStatus.CANCELLED:
            raise ValidationError(_("This import was dropped: hand the table in again."))
        told.say("compare", 5)
        judged = list(table.judge(imported.rows, actor, at))
        reason = _("Import “%(file)s”") % {"file": imported.file.name}
        for done, item in enumerate(judged):
            told.say("write", 10 + 85 * done // len(judged))
            if item.state in {"new", "changed"}:
                try:
                    with transaction.atomic():
                        table.write(item, actor, at, reason)
                except ValidationError as error:
                    item.faults = _faults_of(table, item, error)
        _keep_bad(imported, (item for item in judged if item.faults))
        _count(imported, judged)
        imported.bad = imported.bad_rows.count()
        if imported.bad and not only_good:
            raise ValidationError(
                _("%(count)s rows are faulty. Mend them, or take over only the good ones.")
                % {"count": imported.bad}
            )
        _close(imported, ImportStatus.APPLIED, actor, at)
        _audit(imported, "applied", actor, at, file=imported.file.sha256, **_counts(imported))
        if table.told:
            publish(table.told(imported), at=at)
    return imported


def _faults_of(table: Table, item: Judged, error: ValidationError) -> list[Fault]:
    """What the way of a single change refused."""
    first = table.columns[0].key
    found = error.message_dict if hasattr(error, "error_dict") else {first: error.messages}
    labels = table.labels
    return [
        [key if key in labels else first, item.cells.get(key, ""), " ".join(texts)]
        for key, texts in found.items()
    ]


def cancel_table(imported: TableImport, *, actor: Actor | None, at: datetime) -> TableImport:
    with transaction.atomic():
        imported = TableImport.objects.select_for_update().get(pk=imported.pk)
        if imported.status == ImportStatus.APPLIED:
            raise ValidationError(_("This import was taken over already."))
        if imported.status == ImportStatus.STAGED:
            _close(imported, ImportStatus.CANCELLED, actor, at)
            _audit(imported, "cancelled", actor, at)
    return imported


def preview_table(
    table: Table, imported: TableImport, *, actor: Actor, at: datetime
) -> list[Judged]:
    """Rows that would write something as the registry is now."""
    judged = table.judge(imported.rows, actor, at)
    return [item for item in judged if item.state in {"new", "changed"}]


def bad_of_table(imported: TableImport) -> models.QuerySet[BadRow]:
    return imported.bad_rows.all()


def bad_table(table: Table, imported: TableImport) -> Iterator[list[str]]:
    """The bad rows as a table that can be mended and handed in again: reasons come last."""
    keys, labels = imported.columns, table.labels
    yield [_("Line of the file"), *(str(labels[key]) for key in keys), _("What is wrong")]
    for row in bad_of_table(imported):
        reasons = "; ".join(f"{labels[key]}: {text}" for key, _value, text in row.faults)
        yield [str(row.line), *(row.cells.get(key, "") for key in keys), reasons]


# What the tables' own rooms share.


def day_of(text: str) -> date | None:
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day
        except ValueError:
            continue
        return found if found.year >= 1700 else None
    return None


def twice(item: Judged, seen: dict[Any, int], key: Any, column: str) -> None:
    """A fault when an earlier row says the same."""
    if key in seen:
        text = _("Line %(line)s says the same.") % {"line": seen[key]}
        item.faults.append([column, item.cells.get(column, ""), text])
    seen.setdefault(key, item.line)


def _count(imported: TableImport, judged: list[Judged]) -> None:
    states = [item.state for item in judged]
    imported.new, imported.changed, imported.unchanged, imported.bad = (
        states.count(state) for state in ("new", "changed", "unchanged", "bad")
    )
    imported.total = max(imported.total, len(states))


def _counts(imported: TableImport) -> dict[str, int]:
    names = ("total", "new", "changed", "unchanged", "bad")
    return {name: getattr(imported, name) for name in names}


def _audit(
    imported: TableImport, what: str, actor: Actor | None, at: datetime, **facts: Any
) -> None:
    audit(f"registry.{imported.kind}_import.{what}", imported, actor=actor, at=at, **facts)


def _close(imported: TableImport, status: str, actor: Actor | None, at: datetime) -> None:
    imported.status = status
    imported.closed_at, imported.closed_by = at, actor.user_id if actor else None
    imported.closed_by_name = actor.name if actor else ""
    imported.save()
