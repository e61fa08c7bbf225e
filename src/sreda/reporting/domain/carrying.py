"""A running campaign goes over to a new version of its form, with what was filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit
from sreda.reporting.domain.consolidation import tell_counted
from sreda.reporting.enums import CampaignStatus, StepKind, SubmissionStatus, VersionStatus
from sreda.reporting.forms import Cell, Option
from sreda.reporting.forms.carry import Content, Fate, carried, convert
from sreda.reporting.models import (
    Campaign,
    Consolidation,
    Delegation,
    Dictionary,
    FormVersion,
    Submission,
    SubmissionStep,
    Value,
)

BATCH = 50
LOST_SHOWN = 100


@dataclass
class Outcome:
    """How many values were kept, converted, dropped; `lost` names those with no place in the new
    version: (organisation, title of the cell, value)."""

    counts: Counter[Fate] = field(default_factory=Counter)
    lost: list[tuple[str, str, str]] = field(default_factory=list)


def foreseen(campaign: Campaign, version: FormVersion) -> Outcome:
    """What carrying the campaign over would do; changes nothing."""
    plan = _Plan(campaign, version)
    outcome = Outcome()
    names = dict(campaign.submissions.values_list("pk", "organisation__short_name"))
    for value in Value.objects.filter(submission__campaign=campaign).iterator(chunk_size=2000):
        fate, _content, cell = plan.of(value)
        outcome.counts[fate] += 1
        if fate is Fate.DROPPED and len(outcome.lost) < LOST_SHOWN:
            title = cell.title if cell else ""
            outcome.lost.append((names.get(value.submission_id, ""), title, _shown(value)))
    return outcome


@transaction.atomic
def carry_over(campaign: Campaign, version: FormVersion, *, actor: Actor, at: datetime) -> Outcome:
    """The campaign asks `version` from now on. What cannot be carried stays, as it was, in a step
    of its report, and a report that was handed in is opened again where it lost a value or owes a
    new required one."""
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.status == CampaignStatus.CLOSED:
        raise ValidationError(_("The campaign is closed: what was handed in stays as it was."))
    if version.form_id != found.version.form_id or version.status != VersionStatus.PUBLISHED:
        raise ValidationError(_("Only the version in force of the same form can be asked."))
    outcome = Outcome()
    if found.version_id == version.pk:
        return outcome
    plan = _Plan(found, version)
    reports = found.submissions.select_for_update().order_by("pk")
    for report in reports.select_related("organisation").iterator(chunk_size=BATCH):
        _carry_report(report, plan, outcome, actor, at)
    old, found.version = found.version, version
    found.edition += 1
    found.save(update_fields=["version", "edition"])
    Consolidation.objects.filter(campaign=found).update(stale=True)
    sections = {section.code for section in version.schema.sections}
    Delegation.objects.filter(submission__campaign=found).exclude(section__in=sections).delete()
    audit("reporting.campaign.carried", found, actor=actor, at=at, before=old.number,
          after=version.number, counts=dict(outcome.counts))  # fmt: skip
    return outcome


def _carry_report(
    report: Submission, plan: _Plan, outcome: Outcome, actor: Actor, at: datetime
) -> None:
    before = {}
    changed, gone = [], []
    for value in report.values.all():
        fate, content, cell = plan.of(value)
        outcome.counts[fate] += 1
        if fate is Fate.DROPPED or content is None:
            key = cell.key if cell else str(value.cell_id)
            before[f"{key}@{value.row}" if value.row else key] = _shown(value)
            if len(outcome.lost) < LOST_SHOWN:
                outcome.lost.append(
                    (report.organisation.short_name, cell.title if cell else "", _shown(value))
                )
            gone.append(value.pk)
            continue
        value.cell_id = plan.cell_of(value)
        if fate is Fate.CONVERTED:
            value.number, value.text = content.number, content.text
            # What the records gave is of the old kind: the next filling says it anew.
            value.source_number, value.source_text = content.number, content.text
        changed.append(value)
    if gone:
        Value.objects.filter(pk__in=gone).delete()
    for comment in report.comments.exclude(cell=None):
        # One on a cell that is no more speaks of the report.
        comment.cell_id = plan.targets.get(comment.cell_id or 0)
        comment.save(update_fields=["cell"])
    Value.objects.bulk_update(
        changed, ["cell", "number", "text", "source_number", "source_text"], batch_size=1000
    )
    if report.status == SubmissionStatus.WAITING and not changed and not gone:
        return
    SubmissionStep.objects.create(
        submission=report, kind=StepKind.CARRIED, at=at, by=actor.person_id, by_name=actor.name,
        comment=_("Version %(number)s") % {"number": plan.version.number}, content=before or None,
    )  # fmt: skip
    handed_in = report.status in {SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED}
    if handed_in and (gone or plan.owes):
        report.status, report.accepted_at = SubmissionStatus.FILLING, None
        tell_counted(report, plan.version.form.code, actor=actor, at=at)
    report.edition += 1
    report.source_stamp, report.sourced_at = "", None  # the records fill it anew
    report.save(update_fields=["status", "accepted_at", "edition", "source_stamp", "sourced_at"])
    report.values.filter(pk__in=[v.pk for v in changed]).update(edition=report.edition)


class _Plan:
    """Which cell becomes which, by ids."""

    def __init__(self, campaign: Campaign, version: FormVersion) -> None:
        self.version = version
        old, new = campaign.version, version
        moves = moves_between(old, new)
        keys = dict(old.cells.values_list("key", "pk"))
        ids = dict(new.cells.values_list("key", "pk"))
        self.dictionaries = options_by_code()
        self.fates: dict[int, tuple[Fate, Cell, Cell | None]] = {}
        self.targets: dict[int, int] = {}
        self.owes = False
        for one in carried(old.schema, new.schema, moves):
            if one.old is not None:
                self.fates[keys[one.old.key]] = (one.fate, one.old, one.new)
                if one.new is not None:
                    self.targets[keys[one.old.key]] = ids[one.new.key]
            elif one.new is not None and one.new.field.required:
                self.owes = True

    def of(self, value: Value) -> tuple[Fate, Content | None, Cell | None]:
        fate, old, new = self.fates.get(value.cell_id, (Fate.DROPPED, None, None))
        content = Content(value.number, value.text, value.file_id)
        if fate is Fate.CONVERTED and old and new and not content.empty:
            made = convert(content, old, new, self.dictionaries)
            return (fate, made, old) if made is not None else (Fate.DROPPED, None, old)
        return fate, None if fate is Fate.DROPPED else content, old

    def cell_of(self, value: Value) -> int:
        return self.targets[value.cell_id]


def moves_between(old: FormVersion, new: FormVersion) -> dict[str, str | None]:
    """Where the keys of one version lead in a later one, over all versions between."""
    found: dict[str, str | None] = {key: key for key in old.schema.cells}
    later = FormVersion.objects.filter(
        form=old.form_id, number__gt=old.number, number__lte=new.number
    ).order_by("number")
    for version in later:
        moves: Mapping[str, str | None] = version.moves
        found = {
            key: moves.get(now, now) if now is not None else None for key, now in found.items()
        }
    return {key: now for key, now in found.items() if now != key}


def options_by_code() -> dict[str, tuple[Option, ...]]:
    return {
        code: tuple(Option(o["code"], o["title"]) for o in options)
        for code, options in Dictionary.objects.values_list("code", "options")
    }


def _shown(value: Value) -> Any:
    if value.number is not None:
        return format(value.number.normalize(), "f")
    return value.text or (str(value.file_id) if value.file_id else "")
