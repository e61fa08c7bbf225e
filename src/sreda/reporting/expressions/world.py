"""What expressions see besides the form: records, earlier and other reports, as of one day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sreda.kernel.api import datasets
from sreda.reporting.expressions.tables import Table

Place = Hashable
Kept = Mapping[tuple[Place, str], Any]


def _nothing(keys: Collection[Any]) -> Mapping[Any, Any]:
    return {}


@dataclass
class World:
    """`places` maps whatever is asked about to its organisations: a school to itself, a
    municipality to all of its own. Records of a dataset are loaded once, when first asked for, for
    all places together.

    `cards(places)` gives each place's `organisation` map; `previous(keys)` and `forms((code,
    key)…)` give values by (place, key) and (place, "code:key"); `indicator(code)` by place. Each
    is asked once for a name and all places.
    """

    places: Mapping[Place, Sequence[UUID]]
    as_of: date
    start: date
    end: date
    cards: Callable[[Collection[Any]], Mapping[Any, Mapping[str, Any]]] = _nothing
    previous: Callable[[Collection[str]], Kept] = _nothing
    forms: Callable[[Collection[tuple[str, str]]], Kept] = _nothing
    indicators: Callable[[Collection[str]], Mapping[tuple[Place, str], Decimal | None]] = _nothing
    _tables: dict[str, Table] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _kept: dict[tuple[str, Place, str], Any] = field(default_factory=dict)
    _cards: Mapping[Any, Mapping[str, Any]] | None = None

    def table(self, name: str) -> Table:
        found = self._tables.get(name)
        if found is None:
            found = self._tables[name] = Table(datasets()[name], self.places, self.as_of)
        return found

    def card(self, place: Place) -> Mapping[str, Any]:
        if self._cards is None:
            self._cards = self.cards(list(self.places))
        return self._cards.get(place, {})

    @property
    def period(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "year": Decimal(self.end.year)}

    def prepare(
        self,
        *,
        previous: Collection[str] = (),
        forms: Collection[tuple[str, str]] = (),
        indicators: Collection[str] = (),
    ) -> None:
        """Ask for many names at once, so that each kind costs one question."""
        self._ask("previous", self.previous, {key: key for key in previous})
        self._ask("form", self.forms, {f"{code}:{key}": (code, key) for code, key in forms})
        self._ask("indicator", self.indicators, {code: code for code in indicators})

    def _ask(self, kind: str, loader: Callable[[Any], Any], names: Mapping[str, Any]) -> None:
        new = {name: asked for name, asked in names.items() if (kind, name) not in self._asked}
        if new:
            for (place, name), value in loader(list(new.values())).items():
                self._kept[kind, place, name] = value
            self._asked.update((kind, name) for name in new)

    def before(self, place: Place, key: str) -> Any:
        self.prepare(previous=[key])
        return self._kept.get(("previous", place, key))

    def of_form(self, place: Place, code: str, key: str) -> Any:
        self.prepare(forms=[(code, key)])
        return self._kept.get(("form", place, f"{code}:{key}"))

    def indicator(self, place: Place, code: str) -> Any:
        self.prepare(indicators=[code])
        return self._kept.get(("indicator", place, code))
