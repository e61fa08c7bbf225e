"""What reporting does when records change."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sreda.kernel.api import datasets, subscribe
from sreda.registry.api import Enrolment, Post, on_day
from sreda.reporting.domain.prefill import mark_to_fill

PEOPLE = ("person_id", "kept_id", "merged_id")


@subscribe(*{event for dataset in datasets().values() for event in dataset.changed_by})
def records_changed(payload: dict[str, Any], at: datetime) -> None:
    """Open reports of the organisations concerned are filled anew: soon, or when next opened."""
    organisations = {UUID(pk) for pk in payload.get("organisation_ids", ())}
    if named := payload.get("organisation_id"):
        organisations.add(UUID(named))
    people = [payload[name] for name in PEOPLE if payload.get(name)]
    if people and not organisations:
        on = timezone.localtime(at).date()
        for model in (Post, Enrolment):
            rows = model._default_manager.filter(on_day(on), person_id__in=people)
            organisations.update(
                rows.filter(organisation__isnull=False).values_list("organisation_id", flat=True)
            )
    if organisations:
        mark_to_fill(organisations)
