"""Facts of indicators: computed from the registry for any day, each with what it was made of.

A computation has a name (the pack's column "Вычисляется как" gives it to an indicator). It answers
with a value, its parts, and the rows behind them; it never takes a typed number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from sreda.programme.models import Implementation, Indicator, ListEntry, Programme
from sreda.programme.queries import counted

HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """A count the fact was made of, in the words of the formula."""

    label: Any
    value: Decimal | int | None
    unit: Any = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation's share in the fact: `values` stand under the computation's headings."""

    organisation_id: UUID
    organisation: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """`value` is None when the records do not yet answer; `why` then says what is missing."""

    value: Decimal | None
    on: date
    parts: tuple[Part, ...] = ()
    rows: tuple[Row, ...] = field(default=(), repr=False)
    why: Any = ""


@dataclass(frozen=True, slots=True)
class Computation:
    """How a fact comes about: words for people, headings of its rows, the function itself."""

    name: str
    title: Any
    formula: Any
    sources: Any
    headings: tuple[Any, ...]
    compute: Callable[[Programme, date], Fact]


def share(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Percent with two decimals, half up; None where the whole is nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(HUNDREDTH, ROUND_HALF_UP)


def _rows(sql: str, programme: Programme, on: date, **values: Any) -> list[tuple[Any, ...]]:
    """`sql` with a SELECT of `counted` in it, over every organisation of the programme."""
    given = {
        "programme": programme.key,
        "organisations": list(_places(programme)),
        "on": on,
        "topic": counted.TOPIC,
        **values,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


def _places(programme: Programme) -> set[UUID]:
    listed = ListEntry.objects.filter(programme=programme, organisation__isnull=False)
    implementing = Implementation.objects.filter(programme=programme)
    return set(
        listed.values_list("organisation_id", flat=True)
        .order_by()
        .union(implementing.values_list("organisation_id", flat=True).order_by())
    )


_IMPLEMENTING = f"""
SELECT o.id, o.short_name, i.since, i.basis
  FROM ({counted.IMPLEMENTATIONS}) i JOIN registry_organisation o ON o.id = i.organisation_id
 WHERE i.programme = %(programme)s AND i.kind = %(kind)s
 ORDER BY i.since, o.short_name
"""  # noqa: S608 - own SELECTs


def _implementing(kind: str) -> Callable[[Programme, date], Fact]:
    def compute(programme: Programme, on: date) -> Fact:
        found = _rows(_IMPLEMENTING, programme, on, kind=kind)
        rows = tuple(Row(pk, name, (since, basis)) for pk, name, since, basis in found)
        part = Part(_("organisations with a record of implementation"), len(rows), _("units"))
        return Fact(Decimal(len(rows)), on, (part,), rows)

    return compute


_TRAINED = f"""
SELECT o.id, o.short_name, count(*), count(*) FILTER (WHERE s.trained)
  FROM ({counted.STAFF}) s JOIN registry_organisation o ON o.id = s.organisation_id
 WHERE s.programme = %(programme)s
 GROUP BY o.id, o.short_name
 ORDER BY o.short_name
"""  # noqa: S608 - own SELECTs


def _staff_trained(programme: Programme, on: date) -> Fact:
    found = _rows(_TRAINED, programme, on)
    rows = tuple(
        Row(pk, name, (staff, trained, share(trained, staff))) for pk, name, staff, trained in found
    )
    staff, trained = sum(r.values[0] for r in rows), sum(r.values[1] for r in rows)
    parts = (
        Part(_("staff in posts on the day"), staff, _("people")),
        Part(_("of them with a finished course"), trained, _("people")),
    )
    why = "" if staff else _("No organisation of the list is matched to the registry yet.")
    return Fact(share(trained, staff), on, parts, rows, why)


_COSTS = f"""
SELECT o.id, o.short_name, b.management, b.total, c.management, c.total
  FROM ({counted.COSTS}) b
  JOIN ({counted.COSTS}) c ON c.organisation_id = b.organisation_id
       AND c.programme = b.programme AND c.period = 'now'
  JOIN registry_organisation o ON o.id = b.organisation_id
 WHERE b.programme = %(programme)s AND b.period = 'base'
 ORDER BY o.short_name
"""  # noqa: S608 - own SELECTs


def _cost_cut(programme: Programme, on: date) -> Fact:
    """By how many percent the share of management in all expenses fell since the year before the
    plan; only organisations with figures of both years count, so that like meets like."""
    base, year = programme.plan_from - 1, on.year
    found = _rows(_COSTS, programme, on)
    rows = tuple(
        Row(pk, name, (share(was, of), share(now, to))) for pk, name, was, of, now, to in found
    )
    sums = [sum((row[n] for row in found), Decimal(0)) for n in range(2, 6)]
    before, after = share(sums[0], sums[1]), share(sums[2], sums[3])
    parts = (
        Part(_("share of management in %(year)s") % {"year": base}, before, "%"),
        Part(_("share of management in %(year)s") % {"year": year}, after, "%"),
        Part(_("organisations with figures of both years"), len(rows), _("units")),
    )
    if not sums[0] or not sums[1] or not sums[3]:
        why = _("There are no expenses of %(base)s and %(year)s to compare.")
        return Fact(None, on, parts, rows, why % {"base": base, "year": year})
    # 1 - (now/to) / (was/of), over the exact sums
    fall = 100 - sums[2] * sums[1] * 100 / (sums[3] * sums[0])
    return Fact(fall.quantize(HUNDREDTH, ROUND_HALF_UP), on, parts, rows)


COMPUTATIONS: dict[str, Computation] = {
    c.name: c
    for c in (
        Computation(
            "schools_implementing",
            _("Schools where the target model works"),
            _("number of schools with a record of implementation not later than the day"),
            _("records of implementation; registry of organisations"),
            (_("Works since"), _("Act of acceptance")),
            _implementing("school"),
        ),
        Computation(
            "colleges_implementing",
            _("Colleges where the target model works"),
            _("number of colleges with a record of implementation not later than the day"),
            _("records of implementation; registry of organisations"),
            (_("Works since"), _("Act of acceptance")),
            _implementing("college"),
        ),
        Computation(
            "staff_trained",
            _("Share of staff trained for the target model"),
            _("trained ÷ staff in posts × 100, over the organisations of the list"),
            _("posts; finished courses; the programme's list"),
            (_("Staff"), _("Trained"), _("Share, %")),
            _staff_trained,
        ),
        Computation(
            "management_cost_cut",
            _("Fall of the share of management expenses"),
            _("100 − share of the year ÷ share of the base year × 100"),
            _("expenses of organisations by year; the programme's list"),
            (_("Base year, %"), _("This year, %")),
            _cost_cut,
        ),
    )
}


def fact_of(indicator: Indicator, programme: Programme, on: date) -> Fact:
    """The indicator's fact on a day; says so where nobody has told how to compute it."""
    computation = COMPUTATIONS.get(indicator.measure)
    if computation is None:
        return Fact(None, on, why=_("Nobody has said how to compute this indicator."))
    return computation.compute(programme, on)


def facts_of(
    indicators: Sequence[Indicator], programme: Programme, days: Sequence[date]
) -> dict[UUID, dict[date, Fact]]:
    """Facts of several indicators on several days: one query for each."""
    return {i.pk: {day: fact_of(i, programme, day) for day in days} for i in indicators}
