"""Counted sizes follow the posts and enrolments they are counted from; imports are searched for
duplicates."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sreda.kernel.api import defer_once, subscribe
from sreda.registry import events
from sreda.registry.domain.duplicates import ask_search, compare
from sreda.registry.domain.sizes import recount_sizes
from sreda.registry.models import Enrolment, Post
from sreda.registry.tasks import search_duplicates


@subscribe(
    events.OrganisationClosed,
    events.PostGiven,
    events.PostChanged,
    events.PostEnded,
    events.LearnerEnrolled,
    events.EnrolmentEnded,
    events.PeopleMerged,
    events.MergeUndone,
)
def recount(payload: dict[str, Any], occurred_at: datetime) -> None:
    places = _places(payload)
    if places:
        on = timezone.localtime(occurred_at).date()
        recount_sizes(at=occurred_at, on=on, organisations=places)


@subscribe(events.PeopleImported)
def search_again(payload: dict[str, Any], occurred_at: datetime) -> None:
    if search := ask_search(actor=None, at=occurred_at):
        defer_once(search_duplicates, pk=search.pk)


@subscribe(events.PersonAdded, events.PersonChanged)
def look_for_the_like(payload: dict[str, Any], occurred_at: datetime) -> None:
    """Whoever entered the person may see no other: the region's list gets the pair all the same."""
    on = timezone.localtime(occurred_at).date()
    compare(UUID(payload["person_id"]), at=occurred_at, on=on)


def _places(payload: dict[str, Any]) -> set[UUID]:
    """The organisation named, or all where the named people are."""
    found = {UUID(payload["organisation_id"])} if payload.get("organisation_id") else set()
    people = [payload[name] for name in ("person_id", "kept_id", "merged_id") if name in payload]
    for model in (Post, Enrolment):
        rows = model._default_manager.filter(person__in=people, organisation__isnull=False)
        found |= set(rows.values_list("organisation_id", flat=True))
    return found
