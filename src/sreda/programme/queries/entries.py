"""The order's list: as printed, as computed, and beside what the registry knows today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from sreda.kernel.api import kept
from sreda.programme.enums import FindingStatus
from sreda.programme.models import Correction, Finding, ListEntry, Programme
from sreda.programme.pack.schema import ORGANISATIONS, Column
from sreda.registry.api import Facilities

CENT = Decimal("0.01")
COLUMNS: list[Column] = [column for column in ORGANISATIONS.columns if column.graph]


def with_today(rows: QuerySet[ListEntry]) -> QuerySet[ListEntry]:
    """With the organisation, its head count, and its newest facilities as `computers_today`."""
    newest = Facilities.objects.filter(organisation=OuterRef("organisation")).order_by("-as_of")
    return rows.select_related("organisation__municipality", "organisation__size").annotate(
        computers_today=Subquery(newest.values("computers_teaching")[:1]),
        link_today=Subquery(newest.values("link_mbps")[:1]),
        facilities_on=Subquery(newest.values("as_of")[:1]),
    )


def matching(rows: QuerySet[ListEntry], text: str) -> QuerySet[ListEntry]:
    found = rows
    for word in text.replace("№", " ").split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(address__icontains=word)
            | Q(organisation__short_name__icontains=word)
        )
    return found


@kept
def _ratios(programme_id: UUID) -> QuerySet[ListEntry, tuple[UUID, str, Decimal]]:
    rows = ListEntry.objects.filter(programme_id=programme_id, gone_at=None, ratio__isnull=False)
    return rows.values_list("pk", "section", "ratio")


def ranks(programme: Programme) -> dict[UUID, int]:
    """Places by the roadmap's rule, the least ratio first, each section for itself.

    Equal ratios share a place.
    """
    sections: dict[str, list[tuple[Decimal, UUID]]] = defaultdict(list)
    for pk, section, ratio in _ratios(programme.pk):
        sections[section].append((ratio, pk))
    found: dict[UUID, int] = {}
    for members in sections.values():
        members.sort(key=lambda member: member[0])
        values = [ratio for ratio, _pk in members]
        found |= {pk: values.index(ratio) + 1 for ratio, pk in members}
    return found


def ranked(rows: QuerySet[ListEntry]) -> QuerySet[ListEntry]:
    """Each row with its `rank`, as `ranks` gives it, where only a few are asked for."""
    before = ListEntry.objects.filter(
        programme=OuterRef("programme"),
        section=OuterRef("section"),
        ratio__lt=OuterRef("ratio"),
        gone_at=None,
    )
    number = before.order_by().values("programme").annotate(number=Count("pk")).values("number")
    place = Coalesce(Subquery(number), 0) + 1
    return rows.annotate(rank=Case(When(ratio__isnull=False, then=place)))


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as printed; `corrected` stands beside it, `wrong` says what is the matter."""

    column: Column
    text: str
    corrected: str
    wrong: tuple[Finding, ...]

    @property
    def is_wrong(self) -> bool:
        return any(finding.severity != "note" for finding in self.wrong)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    entry: ListEntry
    cells: list[ShownCell]
    rank: int | None
    ratio: Decimal | None
    ratio_today: Decimal | None

    @property
    def address(self) -> ShownCell:
        return next(cell for cell in self.cells if cell.column.key == "address")


def ratio_of(computers: int | None, learners: int | None) -> Decimal | None:
    """Column 10: computers to learners, at two decimals."""
    if not learners or computers is None:
        return None
    return (Decimal(computers) / learners).quantize(CENT, ROUND_HALF_UP)


def shown(programme: Programme, entries: Iterable[ListEntry]) -> list[ShownEntry]:
    """Entries (of `with_today`) with their cells, marks and places; three queries in all."""
    wrong: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    standing = Finding.objects.filter(
        programme=programme,
        table="organisations",
        gone_at=None,
        status__in=[FindingStatus.OPEN, FindingStatus.ACCEPTED],
    ).exclude(row="")
    for finding in standing:
        wrong[finding.row, finding.column].append(finding)
    fixed = {
        (c.row, c.column): c.value
        for c in Correction.objects.filter(
            programme=programme, table="organisations", ended_at=None
        )
    }
    places = ranks(programme)
    return [
        ShownEntry(
            entry,
            [
                ShownCell(
                    column,
                    entry.printed.get(column.key, ""),
                    fixed.get((entry.key, column.key), ""),
                    tuple(wrong.get((entry.key, column.key), ())),
                )
                for column in COLUMNS
            ],
            places.get(entry.pk),
            ratio_of(entry.computers, entry.learners),
            _today(entry),
        )
        for entry in entries
    ]


def _today(entry: ListEntry) -> Decimal | None:
    size = getattr(entry.organisation, "size", None) if entry.organisation else None
    computers = getattr(entry, "computers_today", None)
    return ratio_of(computers, size.learners) if size else None
