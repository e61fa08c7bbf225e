"""Values of indicators at all places of a day at once: each dataset is read once for all."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext as _

from sreda.kernel.api import datasets
from sreda.reporting.enums import IndicatorState, Level
from sreda.reporting.expressions import (
    Compiled,
    CompiledForm,
    ExpressionError,
    OverTotals,
    World,
    reason,
)
from sreda.reporting.expressions.tables import asked
from sreda.reporting.forms import Schema
from sreda.reporting.models import Indicator
from sreda.reporting.queries.formulas import Sources, in_order, inputs_of, needs_of
from sreda.reporting.queries.lineage import question_in_words
from sreda.reporting.queries.places import PlaceKey, Places, places_on
from sreda.reporting.queries.reported import cell_sums

LARGEST = Decimal(10) ** 17  # what the column of values holds


@dataclass(frozen=True, slots=True)
class Computed:
    """`inputs` as IndicatorValue keeps them; `why` is said where there is no value."""

    value: Decimal | None
    why: str = ""
    inputs: list[dict[str, Any]] = field(default_factory=list)


class Computation:
    """All that one day's computing shares. Indicators that others need are computed on the way."""

    def __init__(self, indicators: Collection[Indicator], on: date, places: Places | None = None):
        self.on = on
        self.sources = Sources.now()
        self.indicators = {i.code: i for i in _with_needed(indicators)}
        self.places = places or places_on(on)
        members = cast(Mapping[Hashable, Sequence[UUID]], self.places.members())
        self.world = World(
            members,
            as_of=on,
            start=date(on.year, 1, 1),
            end=on,
            forms=self._cells,
            indicators=self._values,
        )
        self._forms: dict[str, OverTotals] = {}
        self._done: dict[str, dict[PlaceKey, Computed]] = {}

    def run(self, indicator: Indicator) -> Mapping[PlaceKey, Computed]:
        """Every place of the indicator's levels; an empty mapping where its formula is broken."""
        levels = set(indicator.levels)
        found = self._of(indicator.code)
        return {place: made for place, made in found.items() if place.level in levels}

    def _of(self, code: str) -> dict[PlaceKey, Computed]:
        found = self._done.get(code)
        if found is None:
            self._done[code] = {}  # a circle, which saving refuses, would end here
            found = self._done[code] = dict(self._compute(self.indicators[code]))
        return found

    def _compute(self, indicator: Indicator) -> Iterator[tuple[PlaceKey, Computed]]:
        if indicator.state == IndicatorState.BROKEN:
            return
        try:
            compiled = self.sources.compile(indicator.code, indicator.formula)
        except ExpressionError:
            return
        self.world.prepare(
            forms=sorted(compiled.inputs.forms), indicators=sorted(compiled.inputs.indicators)
        )
        questions = list(self._questions(compiled))
        for place in self.places.members():
            value, why = self._evaluate(compiled, place, indicator.places)
            inputs = [{**told, "value": _plain(answer(place))} for told, answer in questions]
            yield place, Computed(value, why, inputs)

    def _evaluate(self, compiled: Compiled, place: Any, places: int) -> tuple[Decimal | None, str]:
        try:
            value = compiled.evaluate(self.world, place)
        except ExpressionError as error:
            return None, self._why_not(compiled, place, reason(error))
        if value is None:
            return None, self._why_not(compiled, place, _("the records do not answer"))
        if isinstance(value, bool) or not isinstance(value, Decimal):
            return None, _("the formula gives no number")
        if abs(value) >= LARGEST:
            return None, _("the number is too large or has no value")
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), ""

    def _why_not(self, compiled: Compiled, place: Any, otherwise: str) -> str:
        missing = self._missing(compiled, place)
        told = _("no data: %s") % "; ".join(missing) if missing else otherwise
        return told[:500]

    def _missing(self, compiled: Compiled, place: Any) -> list[str]:
        """In words, what has no answer here, or is divided by and is zero."""
        found = []
        for call in compiled.inputs.calls:
            if call.filters is None or call.function == "listed":
                continue
            answer = self._answer(call.dataset, call.measure, call.filters)(place)
            if answer is None or (not answer and call in compiled.inputs.divisors):
                found.append(question_in_words(call.dataset, call.measure, call.filters))
        for form, key in sorted(compiled.inputs.forms):
            if self.world.of_form(place, form, key) is None:
                found.append(self._no_cell(form, key, place))
        for code in sorted(compiled.inputs.indicators):
            if not self.world.indicator(place, code):
                found.append(_("the indicator “%s”") % self.indicators[code].title)
        return list(dict.fromkeys(found))

    def _no_cell(self, form: str, key: str, place: Any) -> str:
        schema = self.sources.form_of(form)
        title = schema.cells[key].title if schema and key in schema.cells else key
        alone = place.level == Level.ORGANISATION or self._adds_up(form, key)
        if not alone and key not in self._over(form):
            return _("figures of the cell “%s” do not add up over organisations") % title
        return _("the cell “%s” of reports") % title

    def _questions(self, compiled: Compiled) -> Iterator[tuple[dict[str, Any], Any]]:
        """What the formula asks, each once, and how the same question is answered at a place."""
        seen: list[dict[str, Any]] = []
        for call in compiled.inputs.calls:
            if call.filters is None or call.function == "listed":
                continue
            told = {
                "kind": "dataset",
                "name": call.dataset,
                "part": call.measure,
                "filters": {key: _plain(value) for key, value in call.filters.items()},
            }
            if told not in seen:
                seen.append(told)
                yield told, self._answer(call.dataset, call.measure, call.filters)
        for form, key in sorted(compiled.inputs.forms):
            yield (
                {"kind": "form", "name": form, "part": key, "filters": {}},
                lambda place, form=form, key=key: self.world.of_form(place, form, key),
            )
        for code in sorted(compiled.inputs.indicators):
            yield (
                {"kind": "indicator", "name": code, "part": "", "filters": {}},
                lambda place, code=code: self.world.indicator(place, code),
            )

    def _answer(self, name: str, measure: str, filters: Mapping[str, Any]) -> Any:
        dataset, table = datasets()[name], self.world.table(name)
        what, at = asked(dataset, filters), table.measures[measure]
        additive = dataset.measures[at].additive

        def answer(place: Any) -> Any:
            try:
                return table.total(place, what, at) if additive else table.value(place, what, at)
            except TypeError:  # several values at one place
                return None

        return answer

    def _cells(self, cells: Collection[tuple[str, str]]) -> Mapping[tuple[Any, str], Any]:
        """Numbers of an organisation's report; of wider places what `_wider` makes of them."""
        asked = {(form, name) for form, key in cells for name in (key, *self._made_of(form, key))}
        found = cell_sums(asked, list(self.places.municipality_of), self.on)
        own: dict[PlaceKey, dict[tuple[str, str], Decimal]] = {}
        wider: dict[PlaceKey, dict[tuple[str, str], Decimal]] = {}
        for (organisation, form, key), number in found.items():
            own.setdefault(PlaceKey(Level.ORGANISATION, organisation), {})[form, key] = number
            municipality = PlaceKey(Level.MUNICIPALITY, self.places.municipality_of[organisation])
            for place in (municipality, PlaceKey(Level.REGION)):
                sums = wider.setdefault(place, {})
                sums[form, key] = sums.get((form, key), Decimal(0)) + number
        made: dict[tuple[Any, str], Any] = {}
        for form, key in cells:
            name = f"{form}:{key}"
            made.update(
                {
                    (place, name): held[form, key]
                    for place, held in own.items()
                    if (form, key) in held
                }
            )
            for place, sums in wider.items():
                value = self._wider(form, key, sums)
                if value is not None:
                    made[place, name] = value
        return made

    def _wider(
        self, form: str, key: str, sums: Mapping[tuple[str, str], Decimal]
    ) -> Decimal | None:
        """A cell over many organisations: their sum, or by the cell's own formula over sums."""
        if self._adds_up(form, key):
            return sums.get((form, key))
        over = self._over(form)
        return over.value(key, lambda name: sums.get((form, name))) if key in over else None

    def _adds_up(self, form: str, key: str) -> bool:
        schema = self.sources.form_of(form)
        return schema is not None and key in schema.cells and schema.cells[key].field.adds_up

    def _made_of(self, form: str, key: str) -> list[str]:
        return [] if self._adds_up(form, key) else self._over(form).needed(key)

    def _over(self, form: str) -> OverTotals:
        if form not in self._forms:
            schema = self.sources.form_of(form)
            self._forms[form] = OverTotals(CompiledForm(schema or Schema(())))
        return self._forms[form]

    def _values(self, codes: Collection[str]) -> Mapping[tuple[Any, str], Decimal | None]:
        return {
            (place, code): made.value
            for code in codes
            if code in self.indicators
            for place, made in self._of(code).items()
        }


def compute(indicators: Collection[Indicator], on: date) -> dict[str, Mapping[PlaceKey, Computed]]:
    """By indicator's code, at every place of its levels."""
    computation = Computation(indicators, on)
    return {indicator.code: computation.run(indicator) for indicator in indicators}


def _with_needed(indicators: Collection[Indicator]) -> list[Indicator]:
    """The indicators and those their formulas name, over any number of steps."""
    found = {i.code: i for i in indicators}
    while True:
        missing = {
            item.name
            for i in found.values()
            for item in i.inputs.all()
            if item.kind == "indicator" and item.name not in found
        }
        more = list(Indicator.objects.filter(code__in=missing).prefetch_related("inputs"))
        if not more:
            return list(found.values())
        found.update({i.code: i for i in more})


def _plain(value: Any) -> Any:
    """As JSON keeps it exactly."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


__all__ = ["Computation", "Computed", "compute", "in_order", "inputs_of", "needs_of"]
