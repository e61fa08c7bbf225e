"""A test session as the expressions of the test see it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..expressions import ItemView
from ..model.declarations import Declaration
from ..session.item import ItemState, is_correct
from ..values.numbers import exact, times
from ..values.types import Duration, Value, is_number, same
from .model import ItemRef, Test
from .plan import Entry

NOTHING: dict[str, Declaration] = {}


class SessionItem:
    """One entry of the plan with its reference and its state."""

    def __init__(self, entry: Entry, ref: ItemRef, state: ItemState | None) -> None:
        self.entry = entry
        self.ref = ref
        self.state = state

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        return self.ref.item.declarations if self.ref.item else NOTHING

    @property
    def values(self) -> Mapping[str, Value]:
        return self.state.values if self.state else {}

    def own_name(self, name: str) -> str:
        return self.ref.own_name(name)

    def weight(self, identifier: str) -> Value:
        """1 where the item has no such weight."""
        return self.ref.weights.get(identifier, Fraction(1))

    @property
    def presented(self) -> bool:
        return self.state is not None and self.state.attempts > 0

    @property
    def responded(self) -> bool:
        if not self.presented or self.ref.item is None or self.state is None:
            return False
        return any(
            _differs(
                self.state.values.get(name), self.state.defaults.get(name, declaration.default)
            )
            for name, declaration in self.ref.item.responses.items()
        )

    def correct(self) -> bool | None:
        """None where the item has no correct responses to compare with, or was never attempted."""
        if not self.presented or self.ref.item is None or self.state is None:
            return None
        return is_correct(self.ref.item, self.state.values, self.state.correct)


def _differs(value: Value, default: Value) -> bool:
    if value is None or default is None:
        return value is not default
    return not same(value, default)


class View:
    """Implements `TestView` over the parts of a running test."""

    def __init__(
        self,
        test: Test,
        items: list[SessionItem],
        values: Mapping[str, Value],
        durations: Mapping[str, Fraction],
    ) -> None:
        self.test = test
        self.session_items = items
        self.values = values
        self.durations = durations

    def variable(self, name: str, weight: str) -> Value:
        if name in self.values:
            return self.values[name]
        if name == "duration":
            return Duration(self.durations.get("", Fraction(0)))
        head, _, rest = name.partition(".")
        if rest == "duration" and head in self.durations and not self.of(head):
            return Duration(self.durations[head])
        number, _, variable = rest.rpartition(".")
        found = self.of(head)
        if number:
            found = [one for one in found if str(one.entry.occurrence) == number]
        if not found:
            return None
        # of several, the last that was answered
        one = next((f for f in reversed(found) if f.presented), found[-1])
        value = one.values.get(one.own_name(variable))
        factor = one.weight(weight) if weight else None
        if is_number(value) and is_number(factor):
            return exact(times([value, factor]))  # type: ignore[list-item]
        return value

    def of(self, ref: str) -> list[SessionItem]:
        return [one for one in self.session_items if one.entry.ref == ref]

    def items(self, section: str, include: str, exclude: str) -> list[ItemView]:
        wanted, unwanted = set(include.split()), set(exclude.split())
        return [
            one
            for one in self.session_items
            if (not section or section in one.entry.sections or section == one.entry.part)
            and (not wanted or wanted & one.ref.categories)
            and not unwanted & one.ref.categories
        ]
