"""Answers to surveys and parts of reports follow the records of people that are merged, and go back
when that is undone."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from sreda.registry.api import Person
from sreda.reporting.models import Answer, Delegation, Participation


def follow_merge(kept: UUID, merged: UUID) -> None:
    """What is of `merged` is of `kept`, unless they have their own: a survey that both records
    answered keeps both answers, each with its record."""
    with transaction.atomic():
        if not Person.objects.filter(pk=merged, merged_into=kept).exists():
            return  # undone meanwhile
        own = Participation.objects.filter(campaign=OuterRef("campaign"), person=kept)
        for one in Participation.objects.filter(~Exists(own), person=merged):
            _answered_by(one, kept, one.written_as_id or merged)
        own_parts = Delegation.objects.filter(
            submission=OuterRef("submission"), section=OuterRef("section"), person=kept
        )
        for part in Delegation.objects.filter(~Exists(own_parts), person=merged):
            part.person_id, part.written_as_id = kept, part.written_as_id or merged
            part.save(update_fields=["person", "written_as"])


def follow_undone(kept: UUID, merged: UUID) -> None:
    """What was written as `merged`, or as a record merged into it before, is theirs again."""
    with transaction.atomic():
        if Person.objects.filter(pk=merged, merged_into__isnull=False).exists():
            return  # merged anew meanwhile
        before = Person.objects.filter(merged_into=merged)
        theirs = Q(person=kept) & (Q(written_as=merged) | Q(written_as__in=before.values("pk")))
        for one in Participation.objects.filter(theirs):
            _answered_by(one, merged, None if one.written_as_id == merged else one.written_as_id)
        for part in Delegation.objects.filter(theirs):
            back = None if part.written_as_id == merged else part.written_as_id
            part.person_id, part.written_as_id = merged, back
            part.save(update_fields=["person", "written_as"])


def _answered_by(one: Participation, person: UUID, written_as: UUID | None) -> None:
    """An anonymous answer names nobody, so that only the participation moves."""
    Answer.objects.filter(campaign=one.campaign_id, person=one.person_id).update(person=person)
    one.person_id, one.written_as_id = person, written_as
    one.save(update_fields=["person", "written_as"])
