"""States an object had: written with each change, read as of any day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from sreda.kernel.models import Revision
from sreda.kernel.permissions import Actor


def state_of(thing: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The named fields as JSON values; a foreign key is its id."""
    meta = thing._meta
    values = {
        name: getattr(thing, str(getattr(meta.get_field(name), "attname", name))) for name in fields
    }
    plain: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain


def remember(
    thing: models.Model,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    since: date,
    effective_on: date,
    at: datetime,
    actor: Actor | None,
    reason: str = "",
) -> None:
    """Keep the state from `effective_on`; the first change also keeps the one before it.

    `since` is the day the object began, from which `before` holds.
    """
    kind = thing._meta.label_lower
    common = {"object_type": kind, "object_id": thing.pk, "recorded_at": at}
    if (
        before is not None
        and not Revision.objects.filter(object_type=kind, object_id=thing.pk).exists()
    ):
        Revision.objects.create(**common, effective_on=min(since, effective_on), state=before)
    Revision.objects.create(
        **common,
        effective_on=effective_on,
        actor_id=actor.user_id if actor else None,
        actor_label=actor.name if actor else "",
        reason=reason,
        state=after,
    )


def history_of(thing: models.Model) -> models.QuerySet[Revision]:
    """Newest first."""
    return Revision.objects.filter(
        object_type=thing._meta.label_lower, object_id=thing.pk
    ).order_by("-effective_on", "-recorded_at", "-id")


def state_on(thing: models.Model, on: date) -> dict[str, Any] | None:
    """The state in force on a day; None where no change was ever kept (the present state holds)
    or the day lies before the first kept one."""
    found = history_of(thing).filter(effective_on__lte=on).first()
    return found.state if found else None
