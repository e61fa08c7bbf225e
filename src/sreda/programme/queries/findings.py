"""Findings: their list, the cell in its row, the summary for everyone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from sreda.kernel.api import AuditEntry
from sreda.programme.enums import FindingStatus
from sreda.programme.models import Correction, Finding, Programme
from sreda.programme.pack import Pack, Row
from sreda.programme.pack.schema import BY_KEY, Column

NEIGHBOURS = 1
STANDING = Q(gone_at=None) & ~Q(status=FindingStatus.WAIVED)


def in_state(rows: QuerySet[Finding], state: str) -> QuerySet[Finding]:
    """`open`, `accepted`, `corrected`, `waived`, or `gone`: no more in the document."""
    if state == FindingStatus.CORRECTED:
        return rows.filter(status=state)
    if state == "gone":
        return rows.filter(gone_at__isnull=False).exclude(status=FindingStatus.CORRECTED)
    return rows.filter(status=state, gone_at=None)


def matching(rows: QuerySet[Finding], text: str) -> QuerySet[Finding]:
    return rows.filter(
        Q(place__icontains=text)
        | Q(printed__icontains=text)
        | Q(texts__ru__icontains=text)
        | Q(texts__en__icontains=text)
    )


def rules_of(programme: Programme) -> list[tuple[str, int]]:
    """Rules that found something, with how often."""
    rows = Finding.objects.filter(programme=programme).order_by("rule").values_list("rule")
    return list(rows.annotate(times=Count("pk")))


@dataclass(frozen=True, slots=True)
class ContextCell:
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Context:
    """The finding's row as in the document's table, between its neighbours."""

    columns: list[Column]
    rows: list[tuple[bool, list[ContextCell]]]


def context_of(finding: Finding, pack: Pack) -> Context | None:
    rows = pack[finding.table]
    at = next((i for i, row in enumerate(rows) if row.key == finding.row), None)
    if at is None:
        return None
    near = rows[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1]
    columns = _printed_columns(finding, near)
    return Context(
        columns,
        [
            (
                row.key == finding.row,
                [
                    ContextCell(
                        row.cell(column.key).printed,
                        row.key == finding.row and column.key == finding.column,
                    )
                    for column in columns
                ],
            )
            for row in near
        ],
    )


def _printed_columns(finding: Finding, rows: Iterable[Row]) -> list[Column]:
    """The columns of the document's own table, else those that say something."""
    table = BY_KEY[finding.table]
    own = [c for c in table.columns if c.graph]
    columns = own or [
        c
        for c in table.columns
        if c.key not in {"key", "place", "note"} and any(row.cell(c.key).printed for row in rows)
    ]
    years = sorted({year for row in rows for year in row.years})
    columns = columns + [table.column(str(year)) for year in years]
    if finding.column and finding.column not in {c.key for c in columns}:
        columns.append(table.column(finding.column))
    return columns


@dataclass(frozen=True, slots=True)
class OrderedRow:
    right: int
    printed: str
    name: str
    value: str


def right_order(finding: Finding, pack: Pack) -> list[OrderedRow]:
    """Rows in the order they should stand, with the number each is printed under."""
    rows = {row.key: row for row in pack[finding.table]}
    return [
        OrderedRow(
            place,
            rows[key].cell("number").printed,
            rows[key].cell("name").printed,
            rows[key].cell(finding.column).printed if finding.column else "",
        )
        for place, key in enumerate(finding.right_order, 1)
        if key in rows
    ]


def trace(finding: Finding) -> list[AuditEntry]:
    """Everything decided about it, newest first."""
    entries = AuditEntry.objects.filter(
        object_type=finding._meta.label_lower, object_id=str(finding.pk)
    )
    return list(entries.order_by("-position", "-pk"))


def correction_of(finding: Finding) -> Correction | None:
    found = Correction.objects.filter(finding=finding, ended_at=None)
    return found.select_related("made_by").first()


@dataclass(frozen=True, slots=True)
class RuleSummary:
    rule: str
    severity: str
    times: int
    example: Finding


def summary(programme: Programme) -> list[RuleSummary]:
    """By rule, gravest first: how often, and one example. What was waived is no fault."""
    groups: dict[str, list[Finding]] = {}
    for finding in Finding.objects.filter(STANDING, programme=programme):
        groups.setdefault(finding.rule, []).append(finding)
    grave = {"error": 0, "warning": 1, "note": 2}
    found = [
        RuleSummary(rule, items[0].severity, len(items), items[0]) for rule, items in groups.items()
    ]
    return sorted(found, key=lambda r: (grave.get(r.severity, 3), r.example.position))
