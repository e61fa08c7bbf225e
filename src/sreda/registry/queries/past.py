"""Records as they were on a day, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import models

from sreda.kernel.api import Revision, state_of


def states_on(
    things: Sequence[models.Model], fields: Iterable[str], on: date
) -> dict[UUID, dict[str, Any]]:
    """The state of each thing on a day, in one query.

    Before the first kept state the first one holds; without any, the present one.
    """
    names = tuple(fields)
    found: dict[UUID, dict[str, Any]] = {}
    if things:
        revisions = (
            Revision.objects.filter(
                object_type=things[0]._meta.label_lower, object_id__in=[t.pk for t in things]
            )
            .order_by("effective_on", "recorded_at", "id")
            .values_list("object_id", "effective_on", "state")
        )
        for key, effective_on, state in revisions:
            if effective_on <= on or key not in found:
                found[key] = state
    return {t.pk: {**state_of(t, names), **found.get(t.pk, {})} for t in things}
