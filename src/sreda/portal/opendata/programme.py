"""The datasets of the programme of change: the order's tables as they stand in the system."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel import clock
from sreda.portal.opendata.model import Dataset, Field
from sreda.programme.api import (
    Action,
    ActionStatus,
    BudgetAmount,
    BudgetKind,
    IndicatorState,
    ListEntry,
    Plan,
    Section,
    YearState,
    indicator_states,
)

PRINTED = _("As printed in the order")
PIECES = pgettext_lazy("unit", "items")
KEPT = _("Kept by the programme's office")
COMPUTED = _("Computed from the other fields")
FROM_RECORDS = _("Computed from the registry's records")


def _dataset(
    name: str, title: Any, description: Any, key: tuple[str, ...], fields: tuple[Field, ...],
    rows: Callable[[], Iterable[Any]], refers: tuple[tuple[str, str, str], ...] = (),
) -> Dataset:  # fmt: skip
    """The tables are short: their version is a digest of the rows themselves."""

    def version() -> str:
        table = [[str(field.value(row)) for field in fields] for row in rows()]
        return hashlib.sha256(repr(table).encode()).hexdigest()[:16]

    def on_any_day(on: date) -> Iterable[Any]:
        return rows()

    return Dataset(name, title, description, fields, on_any_day, version, key, refers)


def _programme(path: str = "") -> Field:
    return Field(
        "programme", _("Programme"), attrgetter(f"{path}programme.key"), source=PRINTED,
        required=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndicatorYear:
    state: IndicatorState
    year: YearState


def _indicator_years() -> list[IndicatorYear]:
    return [
        IndicatorYear(state, year)
        for state in indicator_states(clock.today())
        for year in state.years
    ]


programme_list = _dataset(
    "programme-list",
    _("The programme's list of organisations"),
    _("The organisations in which the target model is introduced, as the order lists them."),
    ("programme", "section", "number"),
    (
        _programme(),
        Field(
            "section", _("Section"), attrgetter("section"), source=PRINTED, required=True,
            codes=tuple(Section.choices),
        ),
        Field("number", _("No."), attrgetter("number"), "integer", source=PRINTED, required=True),
        Field("name", _("Name"), attrgetter("name"), source=PRINTED, required=True),
        Field("address", _("Address"), attrgetter("address"), source=PRINTED),
        Field(
            "organisation_code", _("Registry number"),
            lambda row: row.organisation.code if row.organisation else None, source=KEPT,
            description=_("Empty until the line is matched to an organisation of the registry."),
        ),
        Field(
            "learners", _("Learners"), attrgetter("learners"), "integer", unit=_("people"),
            source=PRINTED,
        ),
        Field(
            "link_mbps", _("Link speed"), attrgetter("link_mbps"), "decimal", places=2,
            unit=_("Mbit/s"), source=PRINTED,
        ),
        Field(
            "computers", _("Computers in teaching"), attrgetter("computers"), "integer",
            unit=PIECES, source=PRINTED,
        ),
        Field(
            "printed_ratio", _("Computers per learner, printed"), attrgetter("printed_ratio"),
            "decimal", places=4, source=PRINTED,
        ),
        Field(
            "ratio", _("Computers per learner, computed"), attrgetter("ratio"), "decimal",
            places=6, source=COMPUTED,
        ),
    ),
    lambda: (
        ListEntry.objects.filter(gone_at=None)
        .select_related("programme", "organisation")
        .order_by("programme__key", "-section", "number")
    ),
    (("organisation_code", "organisations", "code"),),
)  # fmt: skip

programme_actions = _dataset(
    "programme-actions",
    _("Measures and the roadmap"),
    _("What is to be done, by whom and until when; and what has been done."),
    ("programme", "plan", "number"),
    (
        _programme(),
        Field(
            "plan", _("Plan"), attrgetter("plan"), source=PRINTED, required=True,
            codes=tuple(Plan.choices),
        ),
        Field("number", _("No."), attrgetter("number"), "integer", source=PRINTED, required=True),
        Field("name", _("Action"), attrgetter("name"), source=PRINTED, required=True),
        Field("result", _("Expected result"), attrgetter("result"), source=PRINTED),
        Field("executor", _("Executor"), attrgetter("executor"), source=PRINTED),
        Field("term", _("Term as printed"), attrgetter("term"), source=PRINTED),
        Field("start", _("Start"), attrgetter("start"), "date", source=COMPUTED),
        Field("due", _("Due"), attrgetter("due"), "date", source=COMPUTED),
        Field(
            "status", _("State"), attrgetter("status"), source=KEPT, required=True,
            codes=tuple(ActionStatus.choices),
        ),
        Field("done_on", _("Done on"), attrgetter("done_on"), "date", source=KEPT),
    ),
    lambda: (
        Action.objects.filter(gone_at=None)
        .select_related("programme")
        .order_by("programme__key", "plan", "number")
    ),
)  # fmt: skip

programme_indicators = _dataset(
    "programme-indicators",
    _("Indicators of the programme"),
    _("The plan of each indicator by year, beside the federal minimum and the computed fact."),
    ("programme", "number", "year"),
    (
        _programme("state.indicator."),
        Field(
            "number", _("No."), attrgetter("state.indicator.number"), "integer", source=PRINTED,
            required=True,
        ),
        Field(
            "name", _("Indicator"), attrgetter("state.indicator.name"), source=PRINTED,
            required=True,
        ),
        Field("unit", _("Unit"), attrgetter("state.indicator.unit"), source=PRINTED),
        Field("year", _("Year"), attrgetter("year.year"), "integer", source=PRINTED, required=True),
        Field(
            "plan", _("Planned value"), attrgetter("year.plan"), "decimal", places=2,
            source=PRINTED,
        ),
        Field(
            "minimum", _("Federal minimum"), attrgetter("state.indicator.minimum"), "decimal",
            places=2, source=PRINTED,
        ),
        Field(
            "fact", _("Fact"), lambda row: row.year.fact and row.year.fact.value, "decimal",
            places=2, source=FROM_RECORDS,
            description=_("Empty where the records do not answer yet."),
        ),
        Field(
            "fact_on", _("Fact as of"), lambda row: row.year.fact and row.year.fact.on, "date",
            source=FROM_RECORDS, description=_("The end of the year, or the last day computed."),
        ),
        Field(
            "formula", _("How the fact is computed"),
            lambda row: str(row.state.computation.formula) if row.state.computation else None,
            source=FROM_RECORDS,
        ),
    ),
    _indicator_years,
)  # fmt: skip

programme_budget = _dataset(
    "programme-budget",
    _("Budget of the programme"),
    _("Lines of the estimate by year, as printed; an empty year is the sum of all years."),
    ("programme", "position", "year"),
    (
        _programme("line."),
        Field(
            "position", _("Line's place"), attrgetter("line.position"), "integer", source=PRINTED,
            required=True,
        ),
        Field(
            "kind", _("Kind"), attrgetter("line.kind"), source=PRINTED, required=True,
            codes=tuple(BudgetKind.choices),
        ),
        Field("code", _("Code of expense"), attrgetter("line.code"), source=PRINTED),
        Field("name", _("Name"), attrgetter("line.name"), source=PRINTED, required=True),
        Field("year", _("Year"), attrgetter("year"), "integer", source=PRINTED),
        Field("amount", _("Amount"), attrgetter("value"), "decimal", places=2, source=PRINTED),
        Field("unit", _("Unit"), attrgetter("line.unit"), source=PRINTED),
    ),
    lambda: (
        BudgetAmount.objects.filter(line__gone_at=None)
        .select_related("line__programme")
        .order_by("line__programme__key", "line__position", "year")
    ),
)  # fmt: skip

PROGRAMME = (programme_list, programme_actions, programme_indicators, programme_budget)
