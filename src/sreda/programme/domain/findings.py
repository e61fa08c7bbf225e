"""Findings: kept in step with the document, and decided by people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Told, audit, publish
from sreda.programme import events
from sreda.programme.domain import rows
from sreda.programme.domain.actions import plan_occurrences
from sreda.programme.domain.bodies import name_in_order
from sreda.programme.enums import FindingStatus
from sreda.programme.models import Correction, Finding, Programme
from sreda.programme.pack import Pack
from sreda.programme.pack.edit import set_cell
from sreda.programme.pack.issues import Issue
from sreda.programme.pack.values import Unreadable, tidy
from sreda.programme.queries.stored import checked, corrected, printed_pack, standing
from sreda.programme.rules import Finding as Found

REASON_LIMIT = 2_000
STATES = (FindingStatus.ACCEPTED, FindingStatus.CORRECTED, FindingStatus.WAIVED)


def nothing(percent: int) -> None:
    """Nobody asks how far it is."""


def settle(programme: Programme, *, at: datetime) -> None:
    """Bring rows and findings in step with the pack in force and its standing corrections.

    The caller holds the programme's lock, so that nothing waits to be checked again afterwards.
    """
    printed = printed_pack(programme)
    pack = corrected(printed, _still_fitting(programme, printed, at))
    rows.write(programme, pack, printed, at=at)
    plan_occurrences(programme)
    name_in_order(programme)
    refresh(programme, checked(pack), at=at)
    programme.recheck_asked_at, programme.recheck_trouble = None, ""
    programme.recheck_attempts = programme.recheck_percent = 0
    programme.save(update_fields=RECHECK)


RECHECK = ("recheck_asked_at", "recheck_percent", "recheck_attempts", "recheck_trouble")
ROUNDS = 3


def ask_recheck(programme: Programme, *, at: datetime) -> None:
    """Mark the document to be settled by the worker. The caller holds the programme's lock."""
    programme.recheck_asked_at, programme.recheck_trouble = at, ""
    programme.recheck_attempts = programme.recheck_percent = 0
    programme.save(update_fields=RECHECK)


def recheck_anew(pk: UUID, *, at: datetime) -> bool:
    """Ask once more for a check that failed; False where none did."""
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=pk)
        if not programme.recheck_trouble:
            return False
        ask_recheck(programme, at=at)
        return True


def recheck(pk: UUID, *, at: datetime, told: Told = nothing) -> None:
    """Settle a document that waits for it; done before, it changes nothing. What the rules find
    is worked out before anything is locked, and anew where a decision came meanwhile."""
    for round_ in range(ROUNDS):
        waiting = Programme.objects.select_related("current").get(pk=pk)
        if waiting.recheck_asked_at is None:
            return
        printed = printed_pack(waiting)
        fitting = [c for c in standing(waiting) if still_printed(printed, c)]
        checked(corrected(printed, fitting), lambda percent: told(percent * 9 // 10))
        with transaction.atomic():
            programme = Programme.objects.select_for_update().get(pk=pk)
            if programme.recheck_asked_at is None:
                return
            if programme.recheck_asked_at == waiting.recheck_asked_at or round_ == ROUNDS - 1:
                settle(programme, at=at)
                return


def _still_fitting(programme: Programme, printed: Pack, at: datetime) -> list[Correction]:
    """Corrections of what is still printed so; the others end here."""
    fitting = []
    for correction in standing(programme):
        if still_printed(printed, correction):
            fitting.append(correction)
        else:
            correction.ended_at = at
            correction.save(update_fields=["ended_at"])
    return fitting


def still_printed(pack: Pack, correction: Correction) -> bool:
    """The pack prints what the correction was made for."""
    if correction.right_order:
        keys = _rows_as_printed(pack, correction.table, correction.right_order)
        return keys == correction.printed
    row = pack.row(correction.table, correction.row)
    return row is not None and row.cell(correction.column).printed == correction.printed


def _rows_as_printed(printed: Pack, table: str, keys: Iterable[str]) -> str:
    wanted = set(keys)
    return "\n".join(row.key for row in printed[table] if row.key in wanted)


def refresh(programme: Programme, found: Iterable[Found], *, at: datetime) -> None:
    """Findings as the check gives them: new ones open, old ones keep what was decided."""
    known = {f.fingerprint: f for f in Finding.objects.filter(programme=programme)}
    corrected_ids = set(
        Correction.objects.filter(programme=programme, ended_at=None).values_list(
            "finding_id", flat=True
        )
    )
    new: list[Finding] = []
    changed: list[Finding] = []
    seen = set()
    for position, item in enumerate(found):
        if item.fingerprint in seen:
            continue
        seen.add(item.fingerprint)
        values = _values(item, position)
        finding = known.get(item.fingerprint)
        if finding is None:
            new.append(
                Finding(programme=programme, fingerprint=item.fingerprint, found_at=at, **values)
            )
            continue
        differing = {n: v for n, v in values.items() if getattr(finding, n) != v}
        reopened = finding.status == FindingStatus.CORRECTED and finding.pk not in corrected_ids
        if differing or reopened or finding.gone_at:
            finding.gone_at = None
            for name, value in differing.items():
                setattr(finding, name, value)
            if reopened:
                _clear(finding)
            changed.append(finding)
    for fingerprint, finding in known.items():
        if fingerprint not in seen and finding.gone_at is None:
            finding.gone_at = at
            changed.append(finding)
    Finding.objects.bulk_create(new)
    if changed:
        Finding.objects.bulk_update(changed, [*VALUES, *DECISION, "gone_at"])


VALUES = (
    "rule",
    "severity",
    "table",
    "place",
    "row",
    "column",
    "column_title",
    "position",
    "printed",
    "computed",
    "suggestion",
    "right_order",
    "texts",
    "advice",
)
DECISION = ("status", "reason", "decided_by", "decided_at")


def _values(item: Found, position: int) -> dict[str, Any]:
    at = item.location
    return {
        "rule": item.rule,
        "severity": item.severity,
        "table": at.table,
        "place": at.place[:300],
        "row": at.row,
        "column": at.column,
        "column_title": at.title[:200],
        "position": position,
        "printed": item.printed,
        "computed": item.computed,
        "suggestion": item.suggestion,
        "right_order": list(item.order),
        "texts": dict(item.texts),
        "advice": dict(item.advice),
    }


def _clear(finding: Finding) -> None:
    finding.status = FindingStatus.OPEN
    finding.reason = ""
    finding.decided_by = finding.decided_at = None


def decide(
    *,
    findings: Iterable[UUID],
    status: str,
    reason: str,
    actor: Actor,
    at: datetime,
    value: str | None = None,
) -> int:
    """Decide one or many findings of one programme alike; returns how many were changed.

    A correction puts `value` (else the suggestion) into the cell, beside what is printed. The
    document then waits to be checked again (`Programme.recheck_asked_at`): `recheck` does it.
    Deciding the same again changes nothing.
    """
    reason = _reason(reason)
    if status not in STATES:
        raise ValidationError(_("Choose what to do with the finding."))
    if actor.person_id is None:
        raise ValidationError(_("Only a named person decides; this account has none."))
    with transaction.atomic():
        chosen = _locked(findings)
        if not chosen:
            return 0
        programme = chosen[0].programme
        done, changed = 0, False
        printed = printed_pack(programme) if status == FindingStatus.CORRECTED else None
        for finding in chosen:
            same = (finding.status, finding.reason) == (status, reason)
            text = value
            if printed is not None and value is not None:
                text = _into_cell(finding, printed, value)
            if same and (text is None or _stands(finding, text)):
                continue
            if printed is not None:
                _correct(finding, printed, text, reason=reason, actor=actor, at=at)
            changed |= status == FindingStatus.CORRECTED or _end_corrections(finding, at)
            finding.status, finding.reason = status, reason
            finding.decided_by_id, finding.decided_at = actor.person_id, at
            finding.save(update_fields=DECISION)
            _tell(finding, actor=actor, at=at, value=value or finding.suggestion)
            done += 1
        if changed:
            ask_recheck(programme, at=at)
    return done


def reopen(*, finding: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Take a decision back; a correction goes with it, and the document waits to be checked."""
    reason = _reason(reason)
    with transaction.atomic():
        chosen = _locked([finding])
        if not chosen or chosen[0].status == FindingStatus.OPEN:
            return
        found = chosen[0]
        ended = _end_corrections(found, at)
        _clear(found)
        found.save(update_fields=DECISION)
        _tell(found, actor=actor, at=at, reason=reason)
        if ended:
            ask_recheck(found.programme, at=at)


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({"reason": _("Say why: the reason stays beside the decision.")})
    if len(text) > REASON_LIMIT:
        raise ValidationError(
            {"reason": _("At most %(limit)s characters.") % {"limit": REASON_LIMIT}}
        )
    return text


def _locked(ids: Iterable[UUID]) -> list[Finding]:
    """The findings, after their programme's lock: decisions and loads follow each other."""
    wanted = list(ids)
    programmes = Finding.objects.filter(pk__in=wanted).order_by().values("programme").distinct()
    locked = list(Programme.objects.select_for_update().filter(pk__in=programmes))
    if len(locked) > 1:
        raise ValidationError(_("The findings belong to different documents."))
    return list(Finding.objects.filter(pk__in=wanted).select_related("programme"))


def _stands(finding: Finding, value: str) -> bool:
    """The finding's cell is corrected to this value already."""
    return finding.status != FindingStatus.CORRECTED or any(
        made.value == tidy(value) for made in finding.corrections.filter(ended_at=None)
    )


def _into_cell(finding: Finding, printed: Pack, value: str) -> str:
    """What is to stand in the whole cell. A finding may be of a part of it, as a postcode is of an
    address: what is entered and looks like that part takes its place, and the rest stays."""
    part, new = finding.printed, tidy(value)
    row = printed.row(finding.table, finding.row) if finding.row and finding.column else None
    if not part or row is None or _shape(new) != _shape(part):
        return value
    cell = (finding.table, finding.row, finding.column)
    made = [c.value for c in standing(finding.programme) if (c.table, c.row, c.column) == cell]
    texts = [*made, row.cell(finding.column).printed]
    within = re.compile(rf"(?<!\w){re.escape(part)}(?!\w)")
    for text in texts:
        if text != part and len(within.findall(text)) == 1:
            return within.sub(lambda _found: new, text)
    return value


def _shape(text: str) -> str:
    return re.sub(r"\d", "0", text)


def _correct(
    finding: Finding, printed: Pack, value: str | None, *, reason: str, actor: Actor, at: datetime
) -> None:
    """Keep the correction; the one that stood for the same cell ends."""
    assert actor.person_id is not None
    made = Correction(
        programme=finding.programme,
        finding=finding,
        table=finding.table,
        row=finding.row,
        column=finding.column,
        reason=reason,
        made_by_id=actor.person_id,
        made_at=at,
    )
    same = Correction.objects.filter(programme=finding.programme, ended_at=None)
    if finding.right_order and value is None:
        made.row = made.column = ""
        made.right_order = finding.right_order
        made.printed = _rows_as_printed(printed, finding.table, finding.right_order)
        same = same.filter(finding=finding)
    else:
        row = printed.row(finding.table, finding.row) if finding.row and finding.column else None
        if row is None:
            raise ValidationError(_("“%(place)s” is no single cell.") % {"place": finding.place})
        text = finding.suggestion if value is None else value
        made.value = _fitting(finding, printed, text)
        made.printed = row.cell(finding.column).printed
        same = same.filter(table=finding.table, row=finding.row, column=finding.column)
    same.update(ended_at=at)
    made.save()


def _fitting(finding: Finding, printed: Pack, value: str) -> str:
    """The text to stand in the cell; ValidationError where the cell cannot hold it."""
    text = tidy(value)
    if not text:
        raise ValidationError({"value": _("Enter the corrected value.")})
    try:
        pack = set_cell(printed, finding.table, finding.row, finding.column, text)
    except Unreadable as error:
        raise ValidationError({"value": Issue(error.code, params=error.params).text()}) from error
    row = pack.row(finding.table, finding.row)
    for _column, message in rows.troubles(row) if row else ():
        raise ValidationError({"value": message})
    return text


def _end_corrections(finding: Finding, at: datetime) -> bool:
    return bool(finding.corrections.filter(ended_at=None).update(ended_at=at))


def _tell(
    finding: Finding, *, actor: Actor, at: datetime, reason: str = "", value: str = ""
) -> None:
    is_open = finding.status == FindingStatus.OPEN
    corrected_to = {"value": value} if finding.status == FindingStatus.CORRECTED else {}
    audit(
        "programme.finding.reopened" if is_open else "programme.finding.decided",
        finding,
        actor=actor,
        at=at,
        status=finding.status,
        reason=reason or finding.reason,
        place=finding.place,
        printed=finding.printed,
        **corrected_to,
    )
    publish(
        events.FindingDecided(
            programme_id=finding.programme_id,
            finding_id=finding.pk,
            status=finding.status,
            person_id=actor.person_id,
        ),
        at=at,
    )
