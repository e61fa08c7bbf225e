"""Sums of municipalities: kept, made anew only where a report under them changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish
from sreda.reporting.enums import COUNTED, SubmissionStatus
from sreda.reporting.events import ReportCounted
from sreda.reporting.models import Campaign, Consolidation, Submission
from sreda.reporting.queries.consolidated import Totals

# Rows of lists are many to a report, so only they are counted by different reports.
_REFRESH = """
WITH counted AS (
    SELECT s.id, s.municipality_id FROM reporting_submission s
     WHERE s.campaign_id = %(campaign)s AND s.municipality_id = ANY(%(places)s::uuid[])
       AND s.status IN ('submitted', 'accepted')
), sums AS (
    SELECT c.municipality_id, v.cell_id, sum(v.number) AS total, count(*) AS reports
      FROM counted c JOIN reporting_value v ON v.submission_id = c.id AND v.row = ''
     WHERE v.number IS NOT NULL
     GROUP BY c.municipality_id, v.cell_id
    UNION ALL
    SELECT c.municipality_id, v.cell_id, sum(v.number), count(DISTINCT c.id)
      FROM counted c JOIN reporting_value v ON v.submission_id = c.id AND v.row <> ''
     WHERE v.number IS NOT NULL
     GROUP BY c.municipality_id, v.cell_id
)
UPDATE reporting_consolidation k
   SET stale = false,
       totals = coalesce(t.totals, '{}'::jsonb),
       counted = coalesce(n.reports, 0)
  FROM unnest(%(places)s::uuid[]) m(id)
  LEFT JOIN (SELECT municipality_id,
                    jsonb_object_agg(cell_id::text, jsonb_build_array(total::text, reports))
                    AS totals FROM sums GROUP BY municipality_id) t ON t.municipality_id = m.id
  LEFT JOIN (SELECT municipality_id, count(*) AS reports FROM counted
              GROUP BY municipality_id) n ON n.municipality_id = m.id
 WHERE k.campaign_id = %(campaign)s AND k.municipality_id = m.id
"""
_SUMMED = """
SELECT e.key::bigint, sum((e.value ->> 0)::numeric), sum((e.value ->> 1)::int)
  FROM reporting_consolidation k, jsonb_each(k.totals) e
 WHERE k.id = ANY(%s::uuid[]) GROUP BY e.key
"""


def mark_stale(submission: Submission, *, actor: Actor | None, at: datetime) -> None:
    """What counts of this report changed. A consolidated report that was already handed in is
    open again: it no longer says what is under it."""
    place = Consolidation.objects.select_for_update().filter(
        campaign_id=submission.campaign_id, municipality_id=submission.municipality_id
    )
    for kept in place:
        if kept.submitted_at is not None:
            audit(
                "reporting.consolidation.reopened", kept, actor=actor, at=at,
                because=str(submission.pk),
            )  # fmt: skip
            kept.submitted_at, kept.submitted_by_name, kept.digest = None, "", ""
        kept.stale = True
        kept.save()


def tell_counted(submission: Submission, form: str, *, actor: Actor | None, at: datetime) -> None:
    """It has begun to count, or counts no more, as its status says: sums over it and what is
    computed from the form's cells follow."""
    mark_stale(submission, actor=actor, at=at)
    publish(
        ReportCounted(
            campaign_id=submission.campaign_id,
            submission_id=submission.pk,
            organisation_id=submission.organisation_id,
            form=form,
            counted=counts(submission.status),
        ),
        at=at,
    )


def brought_up_to_date(
    campaign: Campaign, municipalities: Iterable[UUID] | None = None
) -> list[Consolidation]:
    """The campaign's municipalities (all, or these) with kept sums; stale ones are made anew in
    one query. The sums themselves are read by `summed`, `totals_of` and `of_cells`."""
    with transaction.atomic():
        rows = Consolidation.objects.filter(campaign=campaign)
        if municipalities is not None:
            rows = rows.filter(municipality__in=list(municipalities))
        stale = list(
            rows.filter(stale=True)
            .order_by("pk")
            .select_for_update()
            .values_list("municipality_id", flat=True)
        )
        if stale:
            with connection.cursor() as cursor:
                cursor.execute(_REFRESH, {"campaign": campaign.pk, "places": stale})
        return list(
            rows.select_related("municipality").defer("totals").order_by("municipality__name")
        )


def totals_of(kept: Consolidation) -> Totals:
    return Totals(
        kept.counted,
        {int(cell): (Decimal(total), count) for cell, (total, count) in kept.totals.items()},
    )


def summed(parts: Iterable[Consolidation]) -> Totals:
    """The region, or any other set of municipalities."""
    parts = list(parts)
    found = Totals(sum(part.counted for part in parts))
    with connection.cursor() as cursor:
        cursor.execute(_SUMMED, [[part.pk for part in parts]])
        found.cells = {cell: (total, reports) for cell, total, reports in cursor.fetchall()}
    return found


def of_cells(parts: Sequence[Consolidation], cells: Iterable[int]) -> dict[UUID, Totals]:
    """Totals of some cells by municipality."""
    found = {part.municipality_id: Totals(part.counted) for part in parts}
    with connection.cursor() as cursor:
        # By hand: Django takes a key of digits for a place in an array.
        cursor.execute(
            "SELECT municipality_id, c.key::bigint, (totals -> c.key ->> 0)::numeric,"
            " (totals -> c.key ->> 1)::int"
            " FROM reporting_consolidation CROSS JOIN unnest(%(cells)s::text[]) c(key)"
            " WHERE id = ANY(%(parts)s::uuid[]) AND totals ? c.key",
            {"cells": [str(pk) for pk in set(cells)], "parts": [part.pk for part in parts]},
        )
        for place, cell, total, reports in cursor.fetchall():
            found[place].cells[cell] = (total, reports)
    return found


def submit_consolidation(kept: Consolidation, *, actor: Actor, at: datetime) -> Consolidation:
    """A municipality hands in its sums: only once every report under it is accepted."""
    with transaction.atomic():
        current = Consolidation.objects.select_for_update().get(pk=kept.pk)
        if current.submitted_at is not None:
            return current
        if waiting := waiting_in_words(current):
            raise ValidationError(waiting)
        brought_up_to_date(current.campaign, [current.municipality_id])
        current.refresh_from_db()
        current.submitted_at, current.submitted_by_name = at, actor.name
        current.digest = digest_of(current.totals)
        current.save()
        audit(
            "reporting.consolidation.submitted", current, actor=actor, at=at,
            digest=current.digest, counted=current.counted,
        )  # fmt: skip
    return current


def waiting_in_words(kept: Consolidation) -> str:
    """What keeps a municipality from handing in its sums: its reports that are not accepted, by
    state; empty: nothing does."""
    rows = (
        Submission.objects.filter(
            campaign_id=kept.campaign_id, municipality_id=kept.municipality_id
        )
        .exclude(status=SubmissionStatus.ACCEPTED)
        .order_by()
        .values_list("status")
        .annotate(n=Count("pk"))
    )
    found = dict(rows)
    if not found:
        return ""
    parts = [f"{s.label.lower()} — {found[s]}" for s in SubmissionStatus if s in found]
    return _(
        "The consolidated report can be handed in once every report is accepted. Not yet: %s."
    ) % ", ".join(parts)


def digest_of(content: Any) -> str:
    """SHA-256 of the canonical JSON: keys in order, no spaces, UTF-8."""
    said = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def counts(status: str) -> bool:
    return status in COUNTED
