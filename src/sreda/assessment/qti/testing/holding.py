"""What a session holds: its test and state, what can be read of them, clocks, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from ..expressions import Context, Custom
from ..items.item import Item
from ..processing import run
from ..session.content import visible
from ..session.item import CLOSED, INTERACTING, ItemState, derived_seed, outcomes_of, start
from ..session.validation import Problem
from ..values.types import Duration, Value
from .model import (
    LINEAR,
    STANDARD_CONTROL,
    Control,
    ItemRef,
    Rules,
    Section,
    Test,
    TestFeedback,
    TimeLimits,
)
from .plan import Entry
from .state import SessionState
from .views import SessionItem, View


class SessionError(Exception):
    """The operation is not allowed now. `code`: closed, suspended, linear, unknown, attempts,
    skipping, invalid, late, early."""

    def __init__(self, code: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.problems = problems


@dataclass(frozen=True)
class Clock:
    """How long a part has lasted and may last, in seconds."""

    scope: str
    spent: Fraction
    limits: TimeLimits

    @property
    def left(self) -> Fraction | None:
        if self.limits.most is None:
            return None
        return max(Fraction(0), Fraction(self.limits.most) - self.spent)

    @property
    def over(self) -> bool:
        return self.limits.most is not None and self.spent > self.limits.most


class Holding:
    """A session as it stands. Each room above adds what may be done with it."""

    def __init__(
        self, test: Test, state: SessionState, custom: Mapping[str, Custom] | None = None
    ) -> None:
        self.test = test
        self._state = state
        self._custom = custom
        self._refs = {ref.identifier: ref for ref in test.refs()}
        self._parts = {part.identifier: part for part in test.parts}
        self._sections: dict[str, Section] = {}
        for part in test.parts:
            for child in part.children:
                self._index(child)

    def _index(self, child: Section | ItemRef) -> None:
        if isinstance(child, Section):
            self._sections[child.identifier] = child
            for one in child.children:
                self._index(one)

    # Reading

    @property
    def status(self) -> str:
        return self._state.status

    @property
    def plan(self) -> tuple[Entry, ...]:
        return self._state.plan

    @property
    def current(self) -> Entry | None:
        at = self._state.position
        return None if at is None else self._state.plan[at]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._state.notes)

    def item(self, key: str) -> Item | None:
        return self._refs[self._entry(key).ref].item

    def state_of(self, key: str) -> ItemState:
        return self._state.items[key]

    def outcomes(self) -> dict[str, Value]:
        return dict(self._state.values)

    def item_outcomes(self) -> dict[str, dict[str, Value]]:
        """Outcomes of each item of the plan, by its key."""
        found = {}
        for entry in self._state.plan:
            item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
            if item is not None and state is not None:
                found[entry.key] = outcomes_of(item, state)
        return found

    def control(self, key: str) -> Control:
        """The session control of an item, with what it inherits."""
        entry = self._entry(key)
        made = STANDARD_CONTROL
        for rules in self._around(entry):
            made = rules.control.under(made)
        return made

    def clocks(self) -> tuple[Clock, ...]:
        """The clocks that run now: of the test, its part, its sections and its item."""
        entry = self.current
        found = [Clock("", self._spent(""), self.test.limits)]
        if entry is not None:
            names = (entry.part, *entry.sections, f"item:{entry.key}")
            for name, rules in zip(names, self._around(entry), strict=True):
                found.append(Clock(name, self._spent(name), rules.limits))
        return tuple(found)

    def feedback(self) -> tuple[TestFeedback, ...]:
        """Messages to show now: those of the test and of the current part."""
        over = self._state.status == CLOSED
        part = self._parts[self.current.part] if self.current else None
        groups = [self.test.feedback, part.feedback if part else ()]
        return tuple(
            one
            for group in groups
            for one in group
            if (one.access == "atEnd") == over
            and visible(self._state.values.get(one.outcome), one.identifier, one.show)
        )

    def reachable(self) -> tuple[Entry, ...]:
        """Items that `navigate` may go to now."""
        entry = self.current
        if entry is None or self._parts[entry.part].navigation == LINEAR:
            return ()
        return tuple(e for e in self._state.plan if e.part == entry.part)

    # Time

    def tick(self, at: datetime) -> None:
        """Adds the time since the last operation to the clocks that run."""
        last, self._state.last = self._state.last, at
        if last is None or self._state.status != INTERACTING or at <= last:
            return
        passed = Fraction((at - last).total_seconds()).limit_denominator(1_000_000)
        entry = self.current
        names = [""]
        if entry is not None:
            names += [entry.part, *entry.sections, f"item:{entry.key}"]
        for name in names:
            self._state.durations[name] = self._spent(name) + passed
        if entry is not None and (state := self._state.items.get(entry.key)) is not None:
            state.values["duration"] = Duration(self._spent(f"item:{entry.key}"))

    def _spent(self, name: str) -> Fraction:
        return self._state.durations.get(name, Fraction(0))

    def _in_time(self) -> None:
        for clock in self.clocks():
            if clock.over and not clock.limits.late:
                raise SessionError("late")

    def _hold(self, code: str, *, part: bool = False) -> None:
        """Least times hold a candidate in a linear part."""
        entry = self.current
        if entry is None or self._parts[entry.part].navigation != LINEAR:
            return
        for clock in self.clocks():
            wanted = clock.scope == entry.part if part else clock.scope.startswith("item:")
            if wanted and clock.limits.least is not None and clock.spent < clock.limits.least:
                raise SessionError(code)

    # Outcomes

    def _items(self) -> list[SessionItem]:
        return [
            SessionItem(entry, self._refs[entry.ref], self._state.items.get(entry.key))
            for entry in self._state.plan
        ]

    def _context(self) -> Context:
        self._state.draws += 1
        durations = {
            name: spent
            for name, spent in self._state.durations.items()
            if not name.startswith("item:")
        }
        view = View(self.test, self._items(), self._state.values, durations)
        seed = derived_seed(self._state.seed, "test", self._state.draws)
        return Context(self._state.values, seed=seed, test=view, custom=self._custom)

    def _reset(self) -> None:
        self._state.values.clear()
        for name, declaration in self.test.declarations.items():
            self._state.values[name] = declaration.initial

    def _process(self) -> None:
        """Outcome processing; every run starts from the defaults."""
        self._reset()
        if self.test.scoring is None:
            return
        context = self._context()
        run(self.test.scoring, context)
        for note in context.notes:
            if note not in self._state.notes:
                self._state.notes.append(note)

    # Small helps

    def _entry(self, key: str) -> Entry:
        found = next((entry for entry in self._state.plan if entry.key == key), None)
        if found is None:
            raise SessionError("unknown")
        return found

    def _around(self, entry: Entry) -> list[Rules]:
        """Rules of the part, the sections and the item, outermost first."""
        return [
            self._parts[entry.part].rules,
            *(self._sections[name].rules for name in entry.sections),
            self._refs[entry.ref].rules,
        ]

    def _running(self, at: datetime) -> None:
        if self._state.status != INTERACTING:
            raise SessionError(self._state.status)
        self.tick(at)

    def _current(self, at: datetime) -> Entry:
        self._running(at)
        entry = self.current
        if entry is None:
            raise SessionError("closed")
        return entry

    def _start_item(self, entry: Entry, defaults: Mapping[str, Value]) -> None:
        item = self._refs[entry.ref].item
        if item is not None:
            self._state.items[entry.key] = start(
                item,
                seed=derived_seed(self._state.seed, entry.key),
                template_defaults=defaults,
                custom=self._custom,
            )
