"""What reporting does when its sources change: open reports are filled anew, and exactly the
indicators that ask what has changed are marked, at exactly the places the event tells of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sreda.kernel.api import Dataset, datasets, on_dataset, subscribe
from sreda.registry import events as registry
from sreda.registry.api import Enrolment, Post, on_day
from sreda.reporting import events
from sreda.reporting.domain import freshness, merging
from sreda.reporting.domain.prefill import mark_to_fill

PEOPLE = ("person_id", "kept_id", "merged_id")


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


def _marker(type_: str) -> Any:
    def mark_dependents(payload: dict[str, Any], occurred_at: datetime) -> None:
        changed = {
            dataset.name
            for dataset in datasets().values()
            if any(event.type == type_ for event in dataset.changed_by)
        }
        _mark(freshness.dependents("dataset", changed), places_in(payload), occurred_at)

    mark_dependents.__qualname__ = f"mark_dependents_of.{type_}"
    return mark_dependents


def places_in(payload: dict[str, Any]) -> set[UUID] | None:
    """The organisations an event tells of: those it names, or where the people it names have ever
    been; None where it names neither: it may be of all."""
    several, one = payload.get("organisation_ids"), payload.get("organisation_id")
    if several is not None:
        return {UUID(pk) for pk in several}
    if one:
        return {UUID(one)}
    people = [payload[name] for name in PEOPLE if payload.get(name)]
    if not people:
        return None
    found: set[UUID] = set()
    for model in (Post, Enrolment):
        rows = model._default_manager.filter(person_id__in=people, organisation__isnull=False)
        found.update(rows.values_list("organisation_id", flat=True))
    return found


def _mark(codes: Collection[str], places: set[UUID] | None, at: datetime) -> None:
    if places is not None and not places:
        return
    if codes and freshness.mark(codes, organisations=places):
        freshness.ask(at=at)


@subscribe(events.ReportCounted)
def a_report_counts(payload: dict[str, Any], occurred_at: datetime) -> None:
    codes = freshness.dependents("form", {payload["form"]})
    _mark(codes, places_in(payload), occurred_at)


@subscribe(events.FormPublished, events.FormWithdrawn)
def look_at_the_sources(payload: dict[str, Any], occurred_at: datetime) -> None:
    """A form's cells came or went."""
    freshness.review(at=occurred_at)
    _mark(freshness.dependents("form", {payload["code"]}), None, occurred_at)


@subscribe(registry.PeopleMerged)
def answers_follow(payload: dict[str, Any], occurred_at: datetime) -> None:
    merging.follow_merge(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])))


@subscribe(registry.MergeUndone)
def answers_go_back(payload: dict[str, Any], occurred_at: datetime) -> None:
    merging.follow_undone(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])))


def watch(dataset: Dataset) -> None:
    """Datasets may come after this module: each is watched as it comes."""
    for event in dataset.changed_by:
        subscribe(event)(records_changed)
        subscribe(event)(_marker(event.type))


on_dataset(watch)
