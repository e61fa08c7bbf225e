"""The cost estimate as a table: printed sums beside computed ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from sreda.programme.enums import BudgetKind, FindingStatus
from sreda.programme.models import BudgetLine, Correction, Finding, Programme

Year = int | None


@dataclass(frozen=True, slots=True)
class Sum:
    """A cell: the value in force, how it is printed, and for totals what the lines add up to."""

    value: Decimal | None
    printed: str
    computed: Decimal | None
    corrected: bool
    wrong: tuple[Finding, ...]

    @property
    def difference(self) -> Decimal | None:
        if self.value is None or self.computed is None or self.value == self.computed:
            return None
        return self.value - self.computed


@dataclass(frozen=True, slots=True)
class BudgetRow:
    line: BudgetLine
    sums: list[Sum]
    over_all: Sum

    @property
    def is_total(self) -> bool:
        return self.line.kind != BudgetKind.LINE


@dataclass(frozen=True, slots=True)
class Budget:
    years: list[int]
    rows: list[BudgetRow]
    unit: str
    line_totals: list[Decimal]
    total: Decimal

    @property
    def lines(self) -> list[BudgetRow]:
        return [row for row in self.rows if not row.is_total]


def budget_of(programme: Programme) -> Budget:
    """Four queries, whatever its length."""
    lines = list(
        BudgetLine.objects.filter(programme=programme, gone_at=None).prefetch_related("amounts")
    )
    values: dict[tuple[str, Year], tuple[Decimal, str]] = {
        (line.key, amount.year): (amount.value, amount.printed)
        for line in lines
        for amount in line.amounts.all()
    }
    years = sorted({year for _key, year in values if year is not None})
    own = [line.key for line in lines if line.kind == BudgetKind.LINE]
    by_year = {
        year: sum((values[key, year][0] for key in own if (key, year) in values), Decimal(0))
        for year in years
    }
    whole = sum(by_year.values(), Decimal(0))
    wrong: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in Finding.objects.filter(
        programme=programme,
        table="budget",
        gone_at=None,
        status__in=[FindingStatus.OPEN, FindingStatus.ACCEPTED],
    ):
        wrong[finding.row, finding.column].append(finding)
    fixed = set(
        Correction.objects.filter(programme=programme, table="budget", ended_at=None).values_list(
            "row", "column"
        )
    )

    def one(line: BudgetLine, year: Year) -> Sum:
        value, printed = values.get((line.key, year), (None, ""))
        column = "total" if year is None else str(year)
        computed: Decimal | None = None
        if year is None and line.kind == BudgetKind.LINE:
            found = [values[line.key, y][0] for y in years if (line.key, y) in values]
            computed = sum(found, Decimal(0)) if found else None
        elif year is None:
            computed = whole
        elif line.kind == BudgetKind.TOTAL:
            computed = by_year[year]
        return Sum(
            value,
            printed,
            computed,
            (line.key, column) in fixed,
            tuple(wrong.get((line.key, column), ())),
        )

    return Budget(
        years,
        [BudgetRow(line, [one(line, year) for year in years], one(line, None)) for line in lines],
        next((line.unit for line in lines if line.unit), ""),
        [by_year[year] for year in years],
        whole,
    )
