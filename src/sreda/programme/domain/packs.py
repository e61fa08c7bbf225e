"""Loading a pack: handed in, looked at, then confirmed whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, StoredFile, Told, audit, path_of, publish
from sreda.programme import events
from sreda.programme.domain import findings, matching, rows
from sreda.programme.domain.findings import nothing
from sreda.programme.enums import FindingStatus, LoadStatus
from sreda.programme.models import Correction, Finding, PackLoad, Programme
from sreda.programme.pack import (
    TABLES,
    Change,
    Issue,
    Pack,
    PackReading,
    Table,
    diff_packs,
    read_pack,
    shipped_pack,
    table_named,
)
from sreda.programme.queries.stored import checked, corrected, freeze, pack_of, thaw

EXAMPLE = "kemerovo-2018"


class Overtaken(ValidationError):
    """Another load of the same order was confirmed after this one was compared with it."""


def stage(*, file: StoredFile, actor: Actor | None, at: datetime) -> PackLoad:
    """Read, compare and check an uploaded pack at once. The same file twice is one load."""
    return check_load(begin(file=file, actor=actor, at=at)[0], at=at)


def stage_path(*, path: Path, actor: Actor | None, at: datetime) -> PackLoad:
    """The same for a file or folder of this machine."""
    return check_load(begin_reading(read_pack(path), path.name, actor=actor, at=at)[0], at=at)


def begin_example(*, actor: Actor | None, at: datetime) -> tuple[PackLoad, bool]:
    """The order of Kemerovo that comes with Sreda."""
    path = shipped_pack(EXAMPLE)
    return begin_reading(read_pack(path), path.name, actor=actor, at=at)


def begin(*, file: StoredFile, actor: Actor | None, at: datetime) -> tuple[PackLoad, bool]:
    """A load of the file, still to be checked, and whether it is a new one: what is being checked
    already, or waits and compares with what is in force, is not checked again."""
    made = PackLoad(file=file, name=file.name[:255], sha256=file.sha256)
    return _begin(made, actor=actor, at=at)


def begin_reading(
    reading: PackReading, name: str, *, actor: Actor | None, at: datetime
) -> tuple[PackLoad, bool]:
    said = freeze(reading.pack) if reading.pack else {}
    made = PackLoad(
        name=name[:255],
        sha256=hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest(),
        tables=said,
        issues=[_frozen(issue) for issue in reading.issues],
    )
    return _begin(made, actor=actor, at=at)


def _begin(made: PackLoad, *, actor: Actor | None, at: datetime) -> tuple[PackLoad, bool]:
    made.status = LoadStatus.CHECKING
    made.staged_at = made.asked_at = at
    made.staged_by = actor.user_id if actor else None
    made.staged_by_name = actor.name if actor else ""
    same = PackLoad.objects.filter(sha256=made.sha256, staged_by=made.staged_by)
    for load in same.filter(status=LoadStatus.STAGED):
        if load.previous_id == _in_force(load):
            return load, False
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            audit(
                "programme.pack.staged", made, actor=actor, at=at, file=made.name,
                sha256=made.sha256,
            )  # fmt: skip
    except IntegrityError:
        return same.get(status=LoadStatus.CHECKING), False
    return made, True


def _in_force(load: PackLoad) -> UUID | None:
    """The load that is in force of the document this one is of."""
    pack = thaw(load.name, {"order": load.tables["order"]})
    key = rows.programme_key(pack["order"][0])
    return Programme.objects.filter(key=key).values_list("current_id", flat=True).first()


def check_load(load: PackLoad, *, at: datetime, told: Told = nothing) -> PackLoad:
    """Read, compare and check what was handed in; done before, it changes nothing.

    `told` hears how many per cent are done.
    """
    if load.status != LoadStatus.CHECKING:
        return load
    reading = _reading(load)
    told(10)
    pack, issues = _fitting(reading)
    order = pack["order"][0] if pack and pack["order"] else None
    programme = Programme.objects.filter(key=rows.programme_key(order)).first() if order else None
    previous = programme.current if programme else None
    if pack is not None:
        pack = _whole(pack, previous, issues)
    told(20)
    summary = _summary(pack, previous, programme, issues, told) if pack else {}
    with transaction.atomic():
        load = PackLoad.objects.select_for_update(of=("self",)).get(pk=load.pk)
        if load.status != LoadStatus.CHECKING:
            return load
        load.programme, load.previous = programme, previous
        load.status = LoadStatus.STAGED if order else LoadStatus.REFUSED
        load.tables = freeze(pack) if pack else {}
        load.issues = [_frozen(issue) for issue in issues]
        load.summary = summary
        load.percent, load.attempts = 100, 0
        load.save()
    return load


def _reading(load: PackLoad) -> PackReading:
    if load.file is None:
        return PackReading(pack_of(load) if load.tables else None, tuple(issues_of(load)))
    with tempfile.TemporaryDirectory(prefix="sreda-pack-") as folder:
        named = Path(folder) / load.file.name
        shutil.copyfile(path_of(load.file), named)
        return read_pack(named)


def _fitting(reading: PackReading) -> tuple[Pack | None, list[Issue]]:
    """Without the rows that the database could not hold, each with its issue."""
    issues = list(reading.issues)
    if reading.pack is None:
        return None, issues
    pack = reading.pack
    for table in TABLES:
        good = []
        for row in pack[table.key]:
            found = [
                Issue(
                    "beyond",
                    file=row.sheet.split("/")[0],
                    sheet=table.title,
                    row=row.line,
                    column=_title(table, column),
                    params={"reason": message},
                )
                for column, message in rows.troubles(row)
            ]
            issues += found
            if not found:
                good.append(row)
        if len(good) < len(pack[table.key]):
            pack = pack.with_table(table.key, tuple(good))
    return pack, issues


def _title(table: Any, column: str) -> str:
    try:
        return str(table.column(column).title)
    except KeyError:
        return column


def _frozen(issue: Issue) -> dict[str, Any]:
    return {
        "code": issue.code,
        "file": issue.file,
        "sheet": issue.sheet,
        "row": issue.row,
        "column": issue.column,
        "params": {name: str(value) for name, value in issue.params.items()},
    }


def spoiled_tables(issues: Iterable[Issue]) -> set[str]:
    """Tables of which something could not be read: a row missing there is not a row gone."""
    found = set()
    for issue in issues:
        if issue.severity == "warning" and issue.code != "sheet-optional":
            continue
        if table := _table_of(issue):
            found.add(table.key)
    return found


def _table_of(issue: Issue) -> Table | None:
    """Sheets are named in more than one way: as the reader knows them, so here."""
    names = (issue.sheet, str(issue.params.get("key", "")), Path(issue.file).stem)
    return next(filter(None, map(table_named, names)), None)


def _whole(pack: Pack, previous: PackLoad | None, issues: list[Issue]) -> Pack:
    """The pack, and the rows of the one before it that bad rows may have hidden."""
    if previous is None:
        return pack
    before = pack_of(previous)
    for table in spoiled_tables(issues):
        here = {row.key for row in pack[table]}
        kept = tuple(row for row in before[table] if row.key not in here)
        if kept:
            pack = pack.with_table(table, (*pack[table], *kept))
    return pack


def _summary(
    pack: Pack,
    previous: PackLoad | None,
    programme: Programme | None,
    issues: list[Issue],
    told: Told,
) -> dict[str, Any]:
    """Counts by table, and what the check will find once this is loaded."""
    tables = {table.key: dict.fromkeys(("new", "changed", "unchanged", "gone", "bad"), 0)
              for table in TABLES}  # fmt: skip
    for change in diff_packs(pack_of(previous) if previous else None, pack):
        kind = "gone" if change.change == Change.REMOVED else change.change.value
        tables[change.table][kind] += 1
    bad = {
        (table.key, issue.row)
        for issue in issues
        if issue.row and issue.severity == "error" and (table := _table_of(issue))
    }
    for key, _row in bad:
        tables[key]["bad"] += 1
    standing = Correction.objects.filter(programme=programme, ended_at=None) if programme else ()
    fitting = [c for c in standing if findings.still_printed(pack, c)]
    found = checked(corrected(pack, fitting), lambda percent: told(20 + percent * 7 // 10))
    return {
        "tables": tables,
        "ended_corrections": len(list(standing)) - len(fitting),
        "findings": [
            {
                "fingerprint": f.fingerprint,
                "rule": f.rule,
                "severity": f.severity,
                "place": f.location.place,
                "printed": f.printed,
                "computed": f.computed,
                "texts": dict(f.texts),
            }
            for f in found
        ],
    }


def ask_confirm(
    *, load: UUID, actor: Actor, at: datetime, with_bad: bool = False
) -> tuple[PackLoad, bool]:
    """Mark a staged pack to be loaded by the worker, and whether this asked first.

    `with_bad`: the good rows land although others could not be read.
    """
    if actor.user_id is None or actor.seat is None:
        raise PermissionDenied
    with transaction.atomic():
        staged = PackLoad.objects.select_for_update(of=("self",)).get(pk=load)
        if staged.status in {LoadStatus.LOADING, LoadStatus.CONFIRMED}:
            return staged, False
        _confirmable(staged, with_bad=with_bad)
        staged.status, staged.with_bad = LoadStatus.LOADING, with_bad
        staged.asked_at, staged.asked_by, staged.seat = at, actor.user_id, actor.seat.key
        staged.percent, staged.attempts, staged.trouble = 0, 0, ""
        staged.save()
    return staged, True


def _confirmable(staged: PackLoad, *, with_bad: bool) -> None:
    if staged.status not in {LoadStatus.STAGED, LoadStatus.LOADING}:
        raise ValidationError(_("This load was cancelled or could not be read."))
    if not with_bad and has_errors(staged):
        raise ValidationError(
            _("Some rows could not be read. Correct them, or load the good rows without them.")
        )
    if staged.previous_id != _in_force(staged):
        raise Overtaken(_("Another load of this document was confirmed meanwhile. Compare again."))


def confirm(
    *,
    load: UUID,
    actor: Actor | None,
    at: datetime,
    with_bad: bool = False,
    told: Told = nothing,
) -> PackLoad:
    """Make a staged pack the one in force: all of it in one transaction, once."""
    _check_before(PackLoad.objects.get(pk=load), told)
    with transaction.atomic():
        staged = PackLoad.objects.select_for_update(of=("self",)).get(pk=load)
        if staged.status == LoadStatus.CONFIRMED:
            return staged
        _confirmable(staged, with_bad=with_bad)
        order = pack_of(staged)["order"][0]
        values = rows.order_values(order)
        key = rows.programme_key(order)
        Programme.objects.bulk_create(
            [Programme(key=key, loaded_at=at, **values)], ignore_conflicts=True
        )
        programme = Programme.objects.select_for_update().get(key=key)
        if programme.current_id != staged.previous_id:
            raise Overtaken(
                _("Another load of this document was confirmed meanwhile. Compare again.")
            )
        for name, value in values.items():
            setattr(programme, name, value)
        programme.loaded_at = at
        staged.programme = programme
        staged.status = LoadStatus.CONFIRMED
        staged.closed_at = at
        staged.closed_by_name = actor.name if actor else ""
        staged.save(update_fields=["programme", "status", "closed_at", "closed_by_name"])
        programme.current = staged
        programme.save()
        findings.settle(programme, at=at)
        matching.match_certain(programme, at=at)
        counts = {
            kind: sum(table[kind] for table in staged.summary["tables"].values())
            for kind in ("new", "changed", "gone", "bad")
        }
        audit("programme.pack.loaded", staged, actor=actor, at=at, file=staged.name, **counts)
        publish(
            events.PackLoaded(
                programme_id=programme.pk,
                load_id=staged.pk,
                open_findings=Finding.objects.filter(
                    programme=programme, status=FindingStatus.OPEN, gone_at=None
                ).count(),
            ),
            at=at,
        )
    return staged


def _check_before(staged: PackLoad, told: Told) -> None:
    """What the rules find is worked out before anything is locked."""
    if staged.status in {LoadStatus.STAGED, LoadStatus.LOADING}:
        pack = pack_of(staged)
        standing = Correction.objects.filter(programme=staged.programme_id, ended_at=None)
        fitting = [c for c in standing if findings.still_printed(pack, c)]
        checked(corrected(pack, fitting), lambda percent: told(percent * 9 // 10))


def has_errors(load: PackLoad) -> bool:
    return any(issue.severity != "warning" for issue in issues_of(load))


def issues_of(load: PackLoad) -> list[Issue]:
    return [Issue(**issue) for issue in load.issues]


def cancel(*, load: UUID, actor: Actor | None, at: datetime) -> PackLoad:
    with transaction.atomic():
        staged = PackLoad.objects.select_for_update(of=("self",)).get(pk=load)
        if staged.status == LoadStatus.CANCELLED:
            return staged
        if staged.status != LoadStatus.STAGED:
            raise ValidationError(_("This load is already closed, or in work."))
        staged.status, staged.closed_at = LoadStatus.CANCELLED, at
        staged.closed_by_name = actor.name if actor else ""
        staged.save(update_fields=["status", "closed_at", "closed_by_name"])
        audit("programme.pack.cancelled", staged, actor=actor, at=at, file=staged.name)
    return staged


def begin_again(*, load: PackLoad, actor: Actor | None, at: datetime) -> tuple[PackLoad, bool]:
    """Compare a load once more with what is in force now."""
    if load.file is not None and load.file.removed_at is None:
        return begin(file=load.file, actor=actor, at=at)
    made = PackLoad(name=load.name, sha256=load.sha256, tables=load.tables, issues=load.issues)
    return _begin(made, actor=actor, at=at)


def stage_again(*, load: PackLoad, actor: Actor | None, at: datetime) -> PackLoad:
    return check_load(begin_again(load=load, actor=actor, at=at)[0], at=at)


def load_demo_programme(*, at: datetime, actor: Actor | None = None) -> Programme:
    """Load the shipped order and match its list; done before, it changes nothing."""
    staged = check_load(begin_example(actor=actor, at=at)[0], at=at)
    if staged.previous and staged.previous.tables == staged.tables:
        programme = staged.previous.programme
        assert programme is not None
        cancel(load=staged.pk, actor=actor, at=at)
        matching.match_certain(programme, at=at)
        return programme
    done = confirm(load=staged.pk, actor=actor, at=at)
    assert done.programme is not None
    return done.programme
