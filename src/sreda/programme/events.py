"""What happened in the programme of change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from sreda.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLoaded(Event):
    type: ClassVar[str] = "programme.pack.loaded"
    programme_id: UUID
    load_id: UUID
    open_findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDecided(Event):
    """`status` is the new state; "open" when a decision was taken back."""

    type: ClassVar[str] = "programme.finding.decided"
    programme_id: UUID
    finding_id: UUID
    status: str
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMatched(Event):
    """`organisation_id` None: the row is no more said to be an organisation of the registry."""

    type: ClassVar[str] = "programme.entry.matched"
    entry_id: UUID
    organisation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementationRecorded(Event):
    type: ClassVar[str] = "programme.implementation.recorded"
    programme_id: UUID
    organisation_id: UUID
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementationWithdrawn(Event):
    type: ClassVar[str] = "programme.implementation.withdrawn"
    programme_id: UUID
    organisation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputationChosen(Event):
    """How an indicator's fact is computed; an empty name: not at all."""

    type: ClassVar[str] = "programme.indicator.computation_chosen"
    programme_id: UUID
    indicator_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorComputed(Event):
    """`value` is a decimal as text, or None where the records do not answer."""

    type: ClassVar[str] = "programme.indicator.computed"
    indicator_id: UUID
    on: date
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChanged(Event):
    """State, term or owner of a measure or step of the roadmap."""

    type: ClassVar[str] = "programme.action.changed"
    programme_id: UUID
    action_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone(Event):
    """A measure, a step, or (`due`) one term of an action that comes again."""

    type: ClassVar[str] = "programme.action.done"
    action_id: UUID
    person_id: UUID | None
    done_on: date
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAdded(Event):
    type: ClassVar[str] = "programme.evidence.added"
    evidence_id: UUID
    action_id: UUID
    person_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(Event):
    """`person_id` wrote it down; who decided is the decision's body."""

    type: ClassVar[str] = "programme.decision.recorded"
    decision_id: UUID
    person_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Event):
    """`until` None: the place is held with no end known."""

    type: ClassVar[str] = "programme.membership.changed"
    body_id: UUID
    person_id: UUID | None
    since: date
    until: date | None
