"""A report's way: signed and handed in, taken back, returned, accepted, opened again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, notify
from sreda.registry.api import administrators_of
from sreda.reporting.domain.consolidation import counts, digest_of, tell_counted
from sreda.reporting.domain.filling import locked_submission
from sreda.reporting.domain.prefill import FILLABLE
from sreda.reporting.enums import CampaignStatus, StepKind, SubmissionStatus
from sreda.reporting.models import (
    Comment,
    Explanation,
    FormCell,
    Submission,
    SubmissionStep,
    Value,
)
from sreda.reporting.queries.cells import place_of, values_of
from sreda.reporting.queries.checks import Findings, check_submission
from sreda.reporting.queries.typed import as_json


class NotReady(ValidationError):
    """The report cannot be signed yet; `findings` are all those of its `edition`."""

    def __init__(self, message: str, findings: Findings, edition: int) -> None:
        super().__init__(message)
        self.findings = findings
        self.edition = edition


def content_of(values: list[Value]) -> dict[str, Any]:
    """The filled cells by place, as they are signed."""
    from sreda.reporting.forms import CellType

    found = {}
    for value in values:
        said = (
            f"sha256:{value.file.sha256}"
            if value.file is not None
            else as_json(CellType(value.cell.type), value.number, value.text)
        )
        if said is not None:
            found[place_of(value.cell.key, value.row)] = said
    return found


def submit(
    submission: Submission, *, actor: Actor, at: datetime, seen: int | None = None
) -> Submission:
    """Sign and hand in. NotReady where a check finds an error, a warning is not explained, or the
    report is no longer of the edition its signer has `seen`; handed in twice, it is handed in
    once."""
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status in {SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED}:
            return current
        if current.campaign.status != CampaignStatus.OPEN:
            raise ValidationError(
                _(
                    "The campaign is closed: the report is kept as a draft but cannot be handed in."
                    " Ask the regional operator to open it again."
                )
            )
        values = values_of([current.pk])
        findings = check_submission(current, values)
        current.errors, current.warnings = len(findings.errors), len(findings.warnings)
        moved = seen is not None and seen != current.edition
        if findings.errors:
            current.save(update_fields=["errors", "warnings"])
        elif not moved:
            content = content_of(values)
            current.submitted_at, current.submitted_by_name = at, actor.name[:300]
            if not findings.unexplained:
                _step(current, StepKind.SUBMITTED, SubmissionStatus.SUBMITTED, actor, at,
                      content=content, digest=digest_of(content))  # fmt: skip
                return current
    if moved:
        text = _(
            "The report was changed after you opened this page, so it is not signed. Look through"
            " it once more, then hand in."
        )
    elif findings.errors:
        text = _("The report has errors: they are listed below.")
    else:
        text = _("Explain each warning, then hand in.")
    raise NotReady(text, findings, current.edition)


def withdraw(submission: Submission, *, actor: Actor, at: datetime) -> Submission:
    """The sender takes it back to change it, while nobody has accepted it."""
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status in FILLABLE:
            return current
        if current.status == SubmissionStatus.ACCEPTED:
            raise ValidationError(_("The report is accepted: ask the municipality to reopen it."))
        if current.campaign.status != CampaignStatus.OPEN:
            raise ValidationError(_("The campaign is closed."))
        _step(current, StepKind.WITHDRAWN, SubmissionStatus.FILLING, actor, at)
    return current


def send_back(
    submission: Submission,
    *,
    comment: str,
    comments: Mapping[str, str] | None = None,
    actor: Actor,
    at: datetime,
) -> Submission:
    """Return for correction; `comments` are by place of a cell. The comment may be empty where
    cells have some."""
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status == SubmissionStatus.RETURNED:
            return current
        if current.status in FILLABLE:
            raise ValidationError(_("The report is not handed in."))
        for place, text in (comments or {}).items():
            say(current, place=place, text=text, actor=actor, at=at)
        said = comment.strip()
        if not said:
            said = "\n".join(
                c.text for c in Comment.objects.filter(submission=current, settled_at=None)[:20]
            )
        if not said:
            raise ValidationError({"comment": _("Say what is to be corrected.")})
        _step(current, StepKind.RETURNED, SubmissionStatus.RETURNED, actor, at, comment=said)
        tell_leaders(
            current,
            key=f"reporting:returned:{current.pk}:{at.isoformat()}",
            subject=_("A report was returned: %s") % current.campaign.title,
            text=said,
            at=at,
        )
    return current


def accept(submission: Submission, *, actor: Actor, at: datetime) -> Submission:
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status == SubmissionStatus.ACCEPTED:
            return current
        if current.status != SubmissionStatus.SUBMITTED:
            raise ValidationError(_("The report is not handed in."))
        current.accepted_at = at
        Comment.objects.filter(submission=current, settled_at=None).update(
            settled_at=at, settled_by_name=actor.name[:300]
        )
        _step(current, StepKind.ACCEPTED, SubmissionStatus.ACCEPTED, actor, at)
    return current


def reopen(submission: Submission, *, comment: str, actor: Actor, at: datetime) -> Submission:
    """Open a handed in or accepted report again, at the request of its organisation."""
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status in FILLABLE:
            return current
        _step(current, StepKind.REOPENED, SubmissionStatus.FILLING, actor, at, comment=comment)
        tell_leaders(
            current,
            key=f"reporting:reopened:{current.pk}:{at.isoformat()}",
            subject=_("A report is open again: %s") % current.campaign.title,
            text=comment,
            at=at,
        )
    return current


def _step(
    current: Submission,
    kind: StepKind,
    status: SubmissionStatus,
    actor: Actor,
    at: datetime,
    **more: Any,
) -> None:
    before, current.status = current.status, status
    if status != SubmissionStatus.ACCEPTED:
        current.accepted_at = None
    current.save()
    SubmissionStep.objects.create(
        submission=current,
        kind=kind,
        at=at,
        by=actor.person_id,
        by_name=actor.name[:300],
        post=(actor.seat.label if actor.seat else "")[:300],
        **more,
    )
    data = {"comment": more["comment"]} if "comment" in more else {}
    if "digest" in more:
        data["digest"] = more["digest"]
    audit(f"reporting.report.{kind.value}", current, actor=actor, at=at, **data)
    if counts(before) != counts(status):
        tell_counted(current, current.campaign.version.form.code, actor=actor, at=at)


def explain(submission: Submission, code: str, text: str, *, actor: Actor, at: datetime) -> None:
    """Why a warning is all right here; an empty text takes the explanation back."""
    said = text.strip()[:1000]
    with transaction.atomic():
        current = locked_submission(submission.pk)
        if current.status not in FILLABLE:
            raise ValidationError(_("The report is already handed in. Take it back to change it."))
        if not said:
            Explanation.objects.filter(submission=current, check_code=code).delete()
            return
        Explanation.objects.update_or_create(
            submission=current,
            check_code=code[:40],
            defaults={"text": said, "at": at, "by_name": actor.name[:300]},
        )


def say(submission: Submission, *, place: str, text: str, actor: Actor, at: datetime) -> Comment:
    """A comment on a cell (a place such as `block.row.column`), or with no place on the report.
    The same words on the same cell are said once."""
    said = text.strip()
    if not said:
        raise ValidationError({"text": _("The comment is empty.")})
    cell, row = cell_at(submission, place) if place else (None, "")
    known = Comment.objects.filter(
        submission=submission, cell=cell, row=row, text=said, settled_at=None
    ).first()
    return known or Comment.objects.create(
        submission=submission,
        cell=cell,
        row=row,
        text=said,
        at=at,
        by=actor.person_id,
        by_name=actor.name[:300],
    )


def settle(comment: Comment, *, actor: Actor, at: datetime) -> None:
    Comment.objects.filter(pk=comment.pk, settled_at=None).update(
        settled_at=at, settled_by_name=actor.name[:300]
    )


def cell_at(submission: Submission, place: str) -> tuple[FormCell, str]:
    """The cell at a place, and the row where it is in a list."""
    version = submission.campaign.version_id
    cell = FormCell.objects.filter(version=version, key=place).first()
    if cell is not None and ".*." not in place:
        return cell, ""
    parts = place.split(".")
    if len(parts) == 3:
        key = f"{parts[0]}.*.{parts[2]}"
        listed = FormCell.objects.filter(version=version, key=key).first()
        if listed is not None and len(parts[1]) <= 26:
            return listed, parts[1]
    raise ValidationError(_("there is no cell “%s” in this form") % place)


def tell_leaders(submission: Submission, *, key: str, subject: str, text: str, at: datetime) -> int:
    """Head and administrators of the report's organisation."""
    from django.urls import reverse
    from django.utils import timezone

    posts = administrators_of([submission.organisation_id], timezone.localtime(at).date())
    return notify(
        {post.person_id for post in posts},
        key=key,
        subject=subject,
        text=text,
        link=reverse("reporting:report", args=[submission.pk]),
        at=at,
    )
