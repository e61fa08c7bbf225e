"""What versions of items and tests have in common: a draft is changed, then it is given."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Test, TestVersion

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
