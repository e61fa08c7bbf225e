"""Proposals to change the records: made by correcting a cell that the records filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Correction, audit, notify
from sreda.reporting.enums import Origin, ProposalStatus
from sreda.reporting.models import Proposal, Submission, Value
from sreda.reporting.queries.cells import place_of
from sreda.reporting.queries.entries import settable, source_of
from sreda.reporting.queries.typed import plain_text
from sreda.reporting.queries.versions import compiled_form

BY_ITSELF = "—"


def propose(
    submission: Submission, values: Mapping[tuple[str, str], Value], *, actor: Actor, at: datetime
) -> None:
    """One open proposal for each corrected cell, with its newest words."""
    for value in values.values():
        said = {
            "was": plain_text(value.source_number, value.source_text),
            "proposed": plain_text(value.number, value.text),
            "reason": value.reason,
        }
        made = Proposal.objects.filter(
            submission=submission, cell_id=value.cell_id, row=value.row, status=ProposalStatus.OPEN
        ).update(**said)
        if not made:
            Proposal.objects.create(
                submission=submission,
                cell_id=value.cell_id,
                row=value.row,
                at=at,
                by=actor.person_id,
                by_name=actor.name,
                **said,
            )


def settle_proposals(
    changed: Mapping[UUID, Mapping[tuple[str, str], Value]], *, at: datetime
) -> None:
    """Close the open proposals of cells that equal the records again: the records were corrected,
    or the organisation has thought better of it. `changed`: cells by report; one query for all."""
    values = {
        (pk, value.cell_id, value.row): value
        for pk, cells in changed.items()
        for value in cells.values()
    }
    for proposal in Proposal.objects.filter(
        submission_id__in=list(changed), status=ProposalStatus.OPEN
    ).select_related("cell"):
        value = values.get((proposal.submission_id, proposal.cell_id, proposal.row))
        if value is None or value.origin == Origin.CORRECTED:
            continue
        followed = plain_text(value.number, value.text) == proposal.proposed
        proposal.status = ProposalStatus.ACCEPTED if followed else ProposalStatus.WITHDRAWN
        proposal.decided_at = at
        proposal.save(update_fields=["status", "decided_at"])
        if followed:
            _tell(proposal, at=at)


def decide_proposal(
    proposal: Proposal, *, accept: bool, answer: str, actor: Actor, at: datetime
) -> Proposal:
    """Accept or reject with a reason, and tell whoever proposed it.

    Where the system can set the record itself (see `queries.entries.settable`), accepting does so:
    ValidationError says why it cannot. Elsewhere whoever accepts has put the record right. A
    proposal that was decided otherwise meanwhile stays so: ValidationError says how.
    """
    answer = answer.strip()
    if not accept and not answer:
        raise ValidationError({"answer": _("Say why the proposal is rejected.")})
    with transaction.atomic():
        current = Proposal.objects.select_for_update().get(pk=proposal.pk)
        if current.status == (ProposalStatus.ACCEPTED if accept else ProposalStatus.REJECTED):
            return current
        if current.status != ProposalStatus.OPEN:
            raise ValidationError(
                _("It was decided meanwhile: %s.") % current.get_status_display().lower()
            )
        current.status = ProposalStatus.ACCEPTED if accept else ProposalStatus.REJECTED
        current.decided_at, current.decided_by_name, current.answer = at, actor.name, answer[:500]
        current.save()
        by_itself = accept and _set_record(current, actor, at)
        audit(
            "reporting.proposal.decided", current, actor=actor, at=at,
            status=current.status, answer=current.answer, by_itself=by_itself,
        )  # fmt: skip
        if current.by != actor.person_id:
            _tell(current, at=at)
    return current


def _set_record(proposal: Proposal, actor: Actor, at: datetime) -> bool:
    """Whether the system could set the record itself, and has."""
    campaign = proposal.submission.campaign
    found = settable(source_of(compiled_form(campaign.version), proposal.cell.key))
    if found is None:
        return False
    entry, measure = found
    assert entry.correct
    wrong = Correction(
        proposal.submission.organisation_id, measure, proposal.proposed, campaign.as_of,
        proposal.reason,
    )  # fmt: skip
    entry.correct(wrong, actor, at)
    return True


def _tell(proposal: Proposal, *, at: datetime) -> None:
    """Whoever proposed: what became of it and why."""
    if proposal.by is None:
        return
    accepted = proposal.status == ProposalStatus.ACCEPTED
    words = _("Your proposal is accepted: %s") if accepted else _("Your proposal is rejected: %s")
    lines = [
        _("By the records: %(was)s; by you: %(proposed)s.")
        % {"was": proposal.was or BY_ITSELF, "proposed": proposal.proposed or BY_ITSELF},
        _("Answer: %s") % proposal.answer if proposal.answer else "",
        proposal.decided_by_name,
    ]
    place = place_of(proposal.cell.key, proposal.row)
    notify(
        [proposal.by],
        key=f"reporting:proposal:{proposal.pk}",
        subject=words % proposal.cell.title,
        text="\n".join(filter(None, lines)),
        link=f"{reverse('reporting:cell', args=[proposal.submission_id])}?at={place}",
        at=at,
    )
