"""What the programme does when the registry, or the programme itself, changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sreda.kernel.api import subscribe
from sreda.programme import events
from sreda.programme.domain.indicators import keep_facts
from sreda.programme.domain.matching import match_certain
from sreda.programme.models import ListEntry, Programme
from sreda.registry import events as registry

IMPLEMENTING = ("schools_implementing", "colleges_implementing")
STAFF = ("staff_trained",)
COSTS = ("management_cost_cut",)
BY_LIST = (*STAFF, *COSTS)


@subscribe(registry.OrganisationAdded)
def look_for_the_listed(payload: dict[str, Any], at: datetime) -> None:
    """A new organisation may be one that a list names."""
    for programme in Programme.objects.all():
        match_certain(programme, at=at)


def _keep(at: datetime, payload: dict[str, Any], computations: tuple[str, ...] | None) -> None:
    """Only the facts that the event can have changed, of only its programme where it names one."""
    named = payload.get("programme_id")
    keep_facts(
        on=timezone.localtime(at).date(),
        at=at,
        programme_id=UUID(named) if named else None,
        computations=computations,
    )


@subscribe(events.PackLoaded, events.ComputationChosen)
def recompute_the_programme(payload: dict[str, Any], at: datetime) -> None:
    _keep(at, payload, None)


@subscribe(
    events.ImplementationRecorded,
    events.ImplementationWithdrawn,
    registry.OrganisationClosed,
    registry.OrganisationReopened,
)
def recompute_where_it_works(payload: dict[str, Any], at: datetime) -> None:
    _keep(at, payload, IMPLEMENTING)


@subscribe(events.EntryMatched)
def recompute_over_the_list(payload: dict[str, Any], at: datetime) -> None:
    _keep(at, payload, BY_LIST)


@subscribe(
    registry.PostGiven,
    registry.PostChanged,
    registry.PostEnded,
    registry.PeopleImported,
    registry.PeopleMerged,
    registry.MergeUndone,
    registry.QualificationRecorded,
    registry.QualificationRemoved,
)
def recompute_staff(payload: dict[str, Any], at: datetime) -> None:
    """Posts outside the list's organisations change nothing; where the event names none, the
    facts are computed anew."""
    places = payload.get("organisation_ids")
    if places is None and payload.get("organisation_id"):
        places = [payload["organisation_id"]]
    if places is None or ListEntry.objects.filter(organisation__in=places, gone_at=None).exists():
        _keep(at, payload, STAFF)


@subscribe(registry.CostsRecorded, registry.CostsRemoved)
def recompute_costs(payload: dict[str, Any], at: datetime) -> None:
    """Only the costs of the list's organisations are looked at."""
    place = payload["organisation_id"]
    if ListEntry.objects.filter(organisation=place, gone_at=None).exists():
        _keep(at, payload, COSTS)
