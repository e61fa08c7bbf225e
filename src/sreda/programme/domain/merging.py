"""What people answer for, and their places in bodies, follow their records when those are merged,
and go back when that is undone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from sreda.programme.domain.actions import hand_over
from sreda.programme.models import Action, Membership
from sreda.registry.api import Person


def follow_merge(kept: UUID, merged: UUID, *, at: datetime) -> None:
    """What is of `merged` is of `kept`: alarms before a term go to somebody who can sign in."""
    with transaction.atomic():
        if not Person.objects.filter(pk=merged, merged_into=kept).exists():
            return  # undone meanwhile
        for action in Action.objects.select_for_update().filter(owner=merged):
            was = action.owner_was_id or merged
            hand_over(action, kept, was, at=at, reason=_("Two records of one person were merged."))
        Membership.objects.filter(person=merged).update(
            person=kept, written_as=Coalesce(F("written_as"), merged)
        )


def follow_undone(kept: UUID, merged: UUID, *, at: datetime) -> None:
    """What was of `merged`, or of a record merged into it before, is theirs again."""
    with transaction.atomic():
        if Person.objects.filter(pk=merged, merged_into__isnull=False).exists():
            return  # merged anew meanwhile
        earlier = Person.objects.filter(merged_into=merged).values("pk")
        was = Q(owner_was=merged) | Q(owner_was__in=earlier)
        for action in Action.objects.select_for_update().filter(was, owner=kept):
            back = None if action.owner_was_id == merged else action.owner_was_id
            hand_over(action, merged, back, at=at, reason=_("The merge of two records was undone."))
        theirs = Membership.objects.filter(person=kept)
        theirs.filter(written_as__in=earlier).update(person=merged)
        theirs.filter(written_as=merged).update(person=merged, written_as=None)
