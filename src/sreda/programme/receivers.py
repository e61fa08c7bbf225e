"""What the programme does when the registry, or the programme itself, changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from sreda.kernel.api import subscribe
from sreda.programme import events
from sreda.programme.domain import merging
from sreda.programme.domain.indicators import keep_facts
from sreda.programme.domain.matching import match_certain
from sreda.programme.enums import FindingStatus
from sreda.programme.models import Action, Decision, Finding, ListEntry, Programme
from sreda.records.api import record
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


@subscribe(registry.PeopleMerged)
def duties_follow(payload: dict[str, Any], at: datetime) -> None:
    merging.follow_merge(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])), at=at)


@subscribe(registry.MergeUndone)
def duties_go_back(payload: dict[str, Any], at: datetime) -> None:
    merging.follow_undone(UUID(str(payload["kept_id"])), UUID(str(payload["merged_id"])), at=at)


@subscribe(registry.CostsRecorded, registry.CostsRemoved)
def recompute_costs(payload: dict[str, Any], at: datetime) -> None:
    """Only the costs of the list's organisations are looked at."""
    place = payload["organisation_id"]
    if ListEntry.objects.filter(organisation=place, gone_at=None).exists():
        _keep(at, payload, COSTS)


# What people do for the programme is in their learning record (docs/xapi.md has the table).

ACTIVITY = "http://activitystrea.ms/schema/1.0/"
COMPLETED = (f"{ACTIVITY}complete", {"ru": "выполнил", "en": "carried out"})
ATTACHED = (f"{ACTIVITY}attach", {"ru": "приложил подтверждение", "en": "attached evidence"})
RECORDED = (f"{ACTIVITY}submit", {"ru": "внёс решение", "en": "recorded a decision"})
RESOLVED = (f"{ACTIVITY}resolve", {"ru": "разобрал замечание", "en": "resolved a finding"})
SHOWN = 300  # characters of a name


def _record(
    key: str,
    payload: dict[str, Any],
    verb: tuple[str, dict[str, str]],
    target: tuple[str, str, UUID, str],
    at: datetime,
) -> None:
    """`target`: its kind for the address, its type, its id and its name."""
    if not payload.get("person_id"):  # done by the system or by an account without a person
        return
    kind, about, pk, name = target
    record(
        key,
        person_id=payload["person_id"],
        verb=verb,
        target={
            "objectType": "Activity",
            "id": f"{settings.SITE_ADDRESS}/activities/{kind}/{pk}",
            "definition": {"type": f"{ACTIVITY}{about}", "name": {"ru": name[:SHOWN]}},
        },
        at=at,
    )


def _action(pk: str) -> tuple[str, str, UUID, str] | None:
    found = Action.objects.filter(pk=pk).first()
    return ("actions", "task", found.pk, found.name) if found else None


@subscribe(events.ActionDone)
def record_the_done(payload: dict[str, Any], at: datetime) -> None:
    if target := _action(payload["action_id"]):
        key = f"{events.ActionDone.type}:{target[2]}:{payload['due']}:{at.isoformat()}"
        _record(key, payload, COMPLETED, target, at)


@subscribe(events.EvidenceAdded)
def record_the_evidence(payload: dict[str, Any], at: datetime) -> None:
    if target := _action(payload["action_id"]):
        key = f"{events.EvidenceAdded.type}:{payload['evidence_id']}"
        _record(key, payload, ATTACHED, target, at)


@subscribe(events.DecisionRecorded)
def record_the_decision(payload: dict[str, Any], at: datetime) -> None:
    if found := Decision.objects.filter(pk=payload["decision_id"]).first():
        key = f"{events.DecisionRecorded.type}:{found.pk}"
        _record(key, payload, RECORDED, ("decisions", "note", found.pk, found.text), at)


@subscribe(events.FindingDecided)
def record_the_finding(payload: dict[str, Any], at: datetime) -> None:
    found = Finding.objects.filter(pk=payload["finding_id"]).first()
    if found is None or payload["status"] == FindingStatus.OPEN:
        return
    key = f"{events.FindingDecided.type}:{found.pk}:{at.isoformat()}"
    _record(key, payload, RESOLVED, ("findings", "issue", found.pk, found.place), at)
