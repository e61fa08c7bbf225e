"""What happened in the registry. Ids are UUIDs, days are dates; both travel as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sreda.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MunicipalityRecorded(Event):
    """Entered or corrected."""

    type: ClassVar[str] = "registry.municipality.recorded"
    municipality_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MunicipalityRemoved(Event):
    type: ClassVar[str] = "registry.municipality.removed"
    municipality_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationAdded(Event):
    type: ClassVar[str] = "registry.organisation.added"
    organisation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanged(Event):
    type: ClassVar[str] = "registry.organisation.changed"
    organisation_id: UUID
    effective_on: date
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationClosed(Event):
    """`until` is the last day of work."""

    type: ClassVar[str] = "registry.organisation.closed"
    organisation_id: UUID
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationReopened(Event):
    type: ClassVar[str] = "registry.organisation.reopened"
    organisation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilitiesRecorded(Event):
    type: ClassVar[str] = "registry.facilities.recorded"
    organisation_id: UUID
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsRecorded(Event):
    """Entered or corrected."""

    type: ClassVar[str] = "registry.costs.recorded"
    organisation_id: UUID
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsRemoved(Event):
    type: ClassVar[str] = "registry.costs.removed"
    organisation_id: UUID
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingRecorded(Event):
    """Entered or corrected."""

    type: ClassVar[str] = "registry.teaching.recorded"
    teaching_id: UUID
    post_id: UUID
    group_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingRemoved(Event):
    type: ClassVar[str] = "registry.teaching.removed"
    teaching_id: UUID
    post_id: UUID
    group_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRecorded(Event):
    """Entered or corrected."""

    type: ClassVar[str] = "registry.qualification.recorded"
    qualification_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRemoved(Event):
    type: ClassVar[str] = "registry.qualification.removed"
    qualification_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianshipRecorded(Event):
    """Entered, corrected or ended."""

    type: ClassVar[str] = "registry.guardianship.recorded"
    guardianship_id: UUID
    guardian_id: UUID
    child_id: UUID
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(Event):
    type: ClassVar[str] = "registry.person.added"
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    type: ClassVar[str] = "registry.person.changed"
    person_id: UUID
    effective_on: date
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostGiven(Event):
    type: ClassVar[str] = "registry.post.given"
    post_id: UUID
    person_id: UUID
    role: str
    organisation_id: UUID | None
    municipality_id: UUID | None
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostChanged(Event):
    type: ClassVar[str] = "registry.post.changed"
    post_id: UUID
    person_id: UUID
    organisation_id: UUID | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEnded(Event):
    type: ClassVar[str] = "registry.post.ended"
    post_id: UUID
    person_id: UUID
    organisation_id: UUID | None
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerEnrolled(Event):
    type: ClassVar[str] = "registry.enrolment.opened"
    enrolment_id: UUID
    person_id: UUID
    organisation_id: UUID
    group_id: UUID | None
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentEnded(Event):
    type: ClassVar[str] = "registry.enrolment.ended"
    enrolment_id: UUID
    person_id: UUID
    organisation_id: UUID
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleMerged(Event):
    """From now on `merged_id` means `kept_id`."""

    type: ClassVar[str] = "registry.people.merged"
    merge_id: UUID
    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeUndone(Event):
    type: ClassVar[str] = "registry.people.merge_undone"
    merge_id: UUID
    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToBeTwo(Event):
    """Two like records are two people: someone has looked."""

    type: ClassVar[str] = "registry.people.found_to_be_two"
    first_id: UUID
    second_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtedAgain(Event):
    """What was judged two people is a likely duplicate again."""

    type: ClassVar[str] = "registry.people.doubted_again"
    first_id: UUID
    second_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInvited(Event):
    """A link to set a password was made; the link itself is in no event."""

    type: ClassVar[str] = "registry.person.invited"
    person_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorDropped(Event):
    """By somebody else, for one who lost it."""

    type: ClassVar[str] = "registry.account.factor_dropped"
    person_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSwitched(Event):
    type: ClassVar[str] = "registry.person.sign_in_switched"
    person_id: UUID
    user_id: UUID
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImported(Event):
    """A whole table at once: it stands for the events of its single people and places."""

    type: ClassVar[str] = "registry.people.imported"
    import_id: UUID
    organisation_ids: tuple[UUID, ...]
    new: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationsImported(Event):
    """Each organisation has its own event besides."""

    type: ClassVar[str] = "registry.organisations.imported"
    import_id: UUID
    new: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDied(Event):
    """Two checks in a row got no answer; `since` is the first of them."""

    type: ClassVar[str] = "registry.site.died"
    organisation_id: UUID
    website: str
    outcome: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRevived(Event):
    type: ClassVar[str] = "registry.site.revived"
    organisation_id: UUID
    website: str
