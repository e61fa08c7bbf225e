"""Programmes: which there are, and one at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from sreda.kernel.api import kept
from sreda.programme.enums import FindingStatus, LoadStatus, Severity
from sreda.programme.models import (
    Action,
    Body,
    Finding,
    Indicator,
    ListEntry,
    PackLoad,
    Programme,
    Promise,
)


def with_current() -> QuerySet[Programme]:
    """Programmes with the load in force, but not its long tables."""
    return Programme.objects.select_related("current").defer(
        "current__tables", "current__issues", "current__summary"
    )


@kept
def _newest() -> QuerySet[Programme]:
    return with_current()[:1]


def newest() -> Programme | None:
    return next(iter(_newest()), None)


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """A programme on whose list an organisation stands."""

    programme: Programme
    entry: ListEntry


def listed_places(organisation_id: UUID) -> list[ListedPlace]:
    """Where an organisation stands on the lists of the programmes; one query."""
    entries = ListEntry.objects.filter(
        organisation_id=organisation_id, gone_at=None
    ).select_related("programme")
    return [ListedPlace(e.programme, e) for e in entries.order_by("-programme__date")]


def counts(programme: Programme) -> dict[str, int]:
    """How much of everything the programme has; one query a table."""
    present = Q(programme=programme, gone_at=None)
    entries = ListEntry.objects.filter(present).aggregate(
        total=Count("pk"),
        schools=Count("pk", filter=Q(section="school")),
        colleges=Count("pk", filter=Q(section="college")),
        matched=Count("pk", filter=Q(organisation__isnull=False)),
        unmatched=Count("pk", filter=Q(organisation__isnull=True)),
    )
    return {
        **{f"entries_{name}": value for name, value in entries.items()},
        "actions": Action.objects.filter(present).count(),
        "indicators": Indicator.objects.filter(present).count(),
        "promises": Promise.objects.filter(present).count(),
        "bodies": Body.objects.filter(present).count(),
    }


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many findings are open by severity, and how many were decided."""

    error: int = 0
    warning: int = 0
    note: int = 0
    accepted: int = 0
    corrected: int = 0
    waived: int = 0

    @property
    def open(self) -> int:
        return self.error + self.warning + self.note

    @property
    def decided(self) -> int:
        return self.accepted + self.corrected + self.waived

    @property
    def total(self) -> int:
        return self.open + self.decided


def finding_counts(programme: Programme) -> FindingCounts:
    still = Q(gone_at=None)
    is_open = still & Q(status=FindingStatus.OPEN)
    found = Finding.objects.filter(programme=programme).aggregate(
        error=Count("pk", filter=is_open & Q(severity=Severity.ERROR)),
        warning=Count("pk", filter=is_open & Q(severity=Severity.WARNING)),
        note=Count("pk", filter=is_open & Q(severity=Severity.NOTE)),
        accepted=Count("pk", filter=still & Q(status=FindingStatus.ACCEPTED)),
        corrected=Count("pk", filter=Q(status=FindingStatus.CORRECTED)),
        waived=Count("pk", filter=still & Q(status=FindingStatus.WAIVED)),
    )
    return FindingCounts(**found)


def staged_loads() -> int:
    return PackLoad.objects.filter(status=LoadStatus.STAGED).count()
