"""Who has handed in, who not, who is late: a campaign as it is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from sreda.reporting.enums import CampaignStatus, SubmissionStatus
from sreda.reporting.models import Campaign, Consolidation, Submission

DONE = (SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED)


@dataclass(slots=True)
class PlaceState:
    """A municipality (or the region): reports by state, and whether its sums are handed in."""

    id: UUID | None
    name: str
    counts: dict[str, int] = field(default_factory=dict)
    submitted: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return sum(self.counts.get(state, 0) for state in DONE)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    def of(self, state: str) -> int:
        return self.counts.get(state, 0)

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """(state, words, count) in the order of a report's way."""
        return [(s.value, str(s.label), self.of(s)) for s in SubmissionStatus]


@dataclass(slots=True)
class CampaignState:
    whole: PlaceState
    places: list[PlaceState]
    late: int
    filled_from_records: int
    cells: int
    prefilled: int


def state_of(campaign: Campaign, rows: QuerySet[Submission], on: date) -> CampaignState:
    """Over the reports the asker sees; two queries for any number of them."""
    places: dict[UUID, PlaceState] = {}
    whole = PlaceState(None, "", {})
    filled = sourced = prefilled = 0
    for place, name, status, count, cells, known, ready in (
        rows.filter(campaign=campaign)
        .order_by()
        .values_list("municipality_id", "municipality__name", "status")
        .annotate(
            n=Count("pk"),
            cells=Sum("filled"),
            known=Sum("sourced"),
            ready=Count("pk", filter=Q(sourced_at__isnull=False)),
        )
    ):
        found = places.setdefault(place, PlaceState(place, name, {}))
        found.counts[status] = found.counts.get(status, 0) + count
        whole.counts[status] = whole.counts.get(status, 0) + count
        filled, sourced, prefilled = filled + cells, sourced + known, prefilled + ready
    handed = set(
        Consolidation.objects.filter(
            campaign=campaign, municipality__in=places, submitted_at__isnull=False
        ).values_list("municipality_id", flat=True)
    )
    for found in places.values():
        found.submitted = found.id in handed
    late = whole.total - whole.done if on > campaign.due_on else 0
    ordered = sorted(places.values(), key=lambda p: (p.percent, p.name))
    return CampaignState(whole, ordered, late, sourced, filled, prefilled)


def with_counts(rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Campaigns with `total` and `done` reports, counted beside them."""
    return rows.annotate(
        total=Count("submissions"),
        done=Count("submissions", filter=Q(submissions__status__in=DONE)),
    )


def others_of_form(campaign: Campaign) -> list[Campaign]:
    """Other opened campaigns of the same form, the newest first: to compare with."""
    return list(
        Campaign.objects.filter(version__form_id=campaign.version.form_id)
        .exclude(pk=campaign.pk)
        .exclude(status=CampaignStatus.PLANNED)
        .select_related("version__form")
        .order_by("-period_end")[:20]
    )


TONES = {
    SubmissionStatus.WAITING: ("neutral", "clock"),
    SubmissionStatus.FILLING: ("info", "edit"),
    SubmissionStatus.SUBMITTED: ("primary", "send"),
    SubmissionStatus.RETURNED: ("warning", "arrow-left"),
    SubmissionStatus.ACCEPTED: ("success", "circle-check"),
    CampaignStatus.PLANNED: ("neutral", "calendar-event"),
    CampaignStatus.OPEN: ("primary", "send"),
    CampaignStatus.CLOSED: ("success", "lock"),
}


def tone_of(status: str) -> tuple[str, str]:
    """(tone, icon) of a state."""
    return TONES.get(status, ("neutral", "clock"))  # type: ignore[call-overload, no-any-return]


def dress(row: Any, on: date) -> None:
    """What a list shows of a report besides its fields: tone, icon, whether it is late."""
    row.tone, row.icon = tone_of(row.status)
    row.late = row.status not in DONE and row.campaign.due_on < on
