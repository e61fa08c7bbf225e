"""What versions of items and tests have in common: a draft is changed, then it is given."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Test, TestVersion
from sreda.kernel.api import Actor, audit

V = TypeVar("V", ItemVersion, TestVersion)


class Stale(Exception):
    """Somebody saved the draft after it was opened; `current` is how it is now."""

    def __init__(self, current: models.Model) -> None:
        super().__init__(str(current.pk))
        self.current = current


def locked_draft(version: V, *, edition: int, content: str, used: str) -> V:
    """The draft, locked, to be changed to `content`. ValidationError (`used`) where it is none any
    more, Stale where it was saved since `edition`, unless equally."""
    current = type(version)._default_manager.select_for_update().get(pk=version.pk)
    if current.status != ItemStatus.DRAFT:
        raise ValidationError(used)
    if current.edition != edition and current.content != content:
        raise Stale(current)
    return current


def not_yet(faults: list[dict[str, object]]) -> None:
    """ValidationError where faults keep a version from being given."""
    if faults:
        said = "; ".join(str(one.get("text", one.get("code"))) for one in faults[:5])
        raise ValidationError(_("It cannot be given yet: %(faults)s") % {"faults": said})


def put_in_force(current: ItemVersion | TestVersion, owner: Item | Test) -> None:
    """From now on this version of `owner` (locked) is given; the one before is retired."""
    owner.versions.filter(status=ItemStatus.READY).update(status=ItemStatus.RETIRED)
    current.status = ItemStatus.READY
    current.save(update_fields=["status"])
    owner.current = current  # type: ignore[assignment]
    owner.edition += 1
    owner.save(update_fields=["current", "edition"])


def share(owner: Item | Test, shared: bool, *, actor: Actor, at: datetime) -> None:
    """Open it to other organisations, or close it; who uses it already keeps it."""
    with transaction.atomic():
        rows = type(owner)._default_manager.filter(pk=owner.pk).exclude(shared=shared)
        if rows.update(shared=shared):
            name = f"assessment.{owner._meta.model_name}.shared"
            audit(name, owner, actor=actor, at=at, shared=shared)


def archive(owner: Item | Test, *, actor: Actor, at: datetime, back: bool = False) -> None:
    """Take it out of the bank's lists, or bring it back; what uses it keeps it."""
    with transaction.atomic():
        rows = type(owner)._default_manager.filter(pk=owner.pk, archived_at__isnull=not back)
        if rows.update(archived_at=None if back else at):
            name = f"assessment.{owner._meta.model_name}.archived"
            audit(name, owner, actor=actor, at=at, back=back)
