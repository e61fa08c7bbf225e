"""A test session: start, navigate, answer, submit, suspend, resume, exit, end.

Its state is plain data (`TestSession.to_dict`), so that it can be kept in a database between two
requests. Time is told by the caller as an aware `datetime`; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from random import Random
from typing import Any

from ..expressions import Context, Custom
from ..items.item import Item
from ..model.declarations import OUTCOME
from ..processing import run
from ..session.content import visible
from ..session.item import (
    CLOSED,
    INTERACTING,
    SUSPENDED,
    ItemState,
    begin_attempt,
    derived_seed,
    end_attempt,
    outcomes_of,
    respond,
    start,
)
from ..session.validation import Problem, validate
from ..values.json import Json
from ..values.types import Duration, Value
from .model import (
    EXIT_PART,
    EXIT_SECTION,
    EXIT_TEST,
    INDIVIDUAL,
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
from .plan import Entry, make_plan
from .state import SessionState
from .views import SessionItem, View
from .ways import after, after_part, find, outer


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


class TestSession:
    """One candidate's way through a test."""

    # pytest takes every Test… for one of its own
    __test__ = False

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

    # Life

    @classmethod
    def start(
        cls,
        test: Test,
        *,
        at: datetime,
        seed: int = 0,
        custom: Mapping[str, Custom] | None = None,
    ) -> TestSession:
        """A new session: items selected and ordered by the seed, the first one entered."""
        plan = make_plan(test, Random(derived_seed(seed, "plan")))  # noqa: S311
        state = SessionState(seed=seed, plan=plan, status=INTERACTING, last=at, started=at)
        made = cls(test, state, custom)
        for entry in plan:
            made._start_item(entry, {})
        made._reset()
        made._process()
        made._settle_part(0, at)
        return made

    def _start_item(self, entry: Entry, defaults: Mapping[str, Value]) -> None:
        item = self._refs[entry.ref].item
        if item is not None:
            self._state.items[entry.key] = start(
                item,
                seed=derived_seed(self._state.seed, entry.key),
                template_defaults=defaults,
                custom=self._custom,
            )

    def suspend(self, at: datetime) -> None:
        """Stops the clocks; nothing is possible until `resume`."""
        self._running(at)
        self._state.status = SUSPENDED

    def resume(self, at: datetime) -> None:
        if self._state.status != SUSPENDED:
            raise SessionError(self._state.status)
        self._state.status, self._state.last = INTERACTING, at

    def end(self, at: datetime) -> None:
        """Ends the test: what waits is marked, outcomes are processed a last time."""
        if self._state.status == CLOSED:
            return
        if self._state.status == INTERACTING:
            self.tick(at)
        self._mark_pending(None)
        for state in self._state.items.values():
            state.status = CLOSED
        self._state.status, self._state.ended, self._state.position = CLOSED, at, None
        self._process()

    def exit_part(self, at: datetime) -> None:
        """Leaves the current part, as the candidate's “finish”; what waits is marked."""
        entry = self._current(at)
        self._hold("early", part=True)
        self._leave_part(entry.part, at)

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

    # Answering

    def respond(self, values: Mapping[str, Value], at: datetime) -> None:
        """Stores responses to the current item without marking them."""
        entry = self._current(at)
        self._in_time()
        item, state = self._ready(entry)
        if state.status != INTERACTING:
            self._may_attempt(entry, item, state)
            begin_attempt(item, state)
        respond(item, state, values)

    def submit(self, at: datetime) -> None:
        """Ends the attempt at the current item. Marked at once, or, in a part submitted as a
        whole, when that part is left."""
        entry = self._current(at)
        self._in_time()
        item, state = self._ready(entry)
        part, control = self._parts[entry.part], self.control(entry.key)
        if state.status != INTERACTING:
            self._may_attempt(entry, item, state)
        if part.submission == INDIVIDUAL:
            self._validated(item, state, control)
        begin_attempt(item, state)
        if part.submission == INDIVIDUAL:
            self._mark(entry, item, state)
            self._process()
        else:
            self._state.pending.add(entry.key)
            state.status = SUSPENDED

    def _ready(self, entry: Entry) -> tuple[Item, ItemState]:
        item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
        if item is None or state is None:
            raise SessionError("unknown")
        if state.status == CLOSED:
            raise SessionError("attempts")
        return item, state

    def _may_attempt(self, entry: Entry, item: Item, state: ItemState) -> None:
        if self._parts[entry.part].submission != INDIVIDUAL:
            # answers may be changed until the part is left; that is one attempt
            if state.attempts:
                state.values["numAttempts"] = state.attempts - 1
            return
        most = self.control(entry.key).max_attempts
        if not item.adaptive and most and state.attempts >= most:
            raise SessionError("attempts")

    def _validated(self, item: Item, state: ItemState, control: Control) -> None:
        if not control.allow_skipping and not _answered(item, state):
            raise SessionError("skipping")
        if control.validate_responses and (found := validate(item, state.values)):
            raise SessionError("invalid", found)

    def _mark(self, entry: Entry, item: Item, state: ItemState) -> None:
        spent = self._spent(f"item:{entry.key}")
        end_attempt(item, state, duration=spent, custom=self._custom)
        most = self.control(entry.key).max_attempts
        if not item.adaptive and most and state.attempts >= most:
            state.status = CLOSED
        for note in state.notes:
            if f"{entry.key}: {note}" not in self._state.notes:
                self._state.notes.append(f"{entry.key}: {note}")

    def _mark_pending(self, part: str | None) -> None:
        for entry in self._state.plan:
            item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
            if item is None or state is None or (part is not None and entry.part != part):
                continue
            waits = entry.key in self._state.pending
            whole = self._parts[entry.part].submission != INDIVIDUAL
            if waits or (whole and state.status == INTERACTING):
                self._mark(entry, item, state)
                self._state.pending.discard(entry.key)

    def set_outcome(self, key: str, name: str, value: Value) -> None:
        """An outcome that others decided (a marker, a corrected key); outcomes of the test follow.
        Also possible after the end."""
        item = self.item(key)
        declaration = item.declarations.get(name) if item is not None else None
        if declaration is None or declaration.kind != OUTCOME:
            raise SessionError("unknown")
        self._state.items[key].values[name] = declaration.accept(value)
        self._process()

    # Moving

    def advance(self, at: datetime) -> Entry | None:
        """Goes on: by branch rules and pre-conditions in a linear part, to the next item in a
        nonlinear one. At the end of the last part the test ends. Returns the new current item."""
        entry = self._current(at)
        self._hold("early")
        part = self._parts[entry.part]
        if part.navigation == LINEAR:
            item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
            if (
                part.submission == INDIVIDUAL
                and item is not None
                and state is not None
                and state.attempts == 0
                and not self.control(entry.key).allow_skipping
            ):
                raise SessionError("skipping")
        self.pass_by(at)
        return self.current

    def pass_by(self, at: datetime) -> None:
        """Goes on like `advance`, whatever least times and session control say: for proctors and
        for marking on paper."""
        entry = self._current(at)
        position = self._state.position
        assert position is not None
        self._leave_item(entry)
        self._move_from(position, at)

    def navigate(self, key: str, at: datetime) -> Entry:
        """Goes to another item of the current nonlinear part."""
        entry = self._current(at)
        wanted = self._entry(key)
        if self._parts[entry.part].navigation == LINEAR:
            raise SessionError("linear")
        if wanted.part != entry.part:
            raise SessionError("unknown")
        self._enter(self._state.plan.index(wanted))
        return wanted

    def _leave_item(self, entry: Entry) -> None:
        """A linear part is not returned to: its item is over."""
        state = self._state.items.get(entry.key)
        part = self._parts[entry.part]
        if state is not None and part.navigation == LINEAR and part.submission == INDIVIDUAL:
            state.status = CLOSED

    def _move_from(self, position: int, at: datetime) -> None:
        """To the next item that may be presented after `position`."""
        entry = self._state.plan[position]
        target, whole = position + 1, False
        if self._parts[entry.part].navigation == LINEAR:
            target, whole = self._branched(position)
        if whole:
            self.end(at)
        else:
            self._go(entry.part, target, at)

    def _go(self, part: str, target: int, at: datetime) -> None:
        """To the item at `target`, or out of the part where it lies beyond."""
        plan = self._state.plan
        if target >= len(plan) or plan[target].part != part:
            self._leave_part(part, at)
        elif self._parts[part].navigation == LINEAR:
            self._settle_linear(target, at)
        else:
            self._enter(target)

    def _skipped(self, entry: Entry) -> str | None:
        """The outermost section, or the item itself (""), whose pre-condition does not hold."""
        for name in entry.sections:
            first = f"section:{name}"
            if first not in self._state.seen and not self._may_enter(self._sections[name].rules):
                return name
            self._state.seen.add(first)
        return None if self._may_enter(self._refs[entry.ref].rules) else ""

    def _branched(self, position: int) -> tuple[int, bool]:
        """(where to go, the whole test is over) after the item at `position` of a linear part."""
        plan = self._state.plan
        entry = plan[position]
        following = position + 1
        holders: list[tuple[str, Rules]] = [("", self._refs[entry.ref].rules)]
        # a section is left with its last item, and then its own rules count
        for name in reversed(entry.sections):
            if after(plan, position, name) != following:
                break
            holders.append((name, self._sections[name].rules))
        for name, rules in holders:
            for branch in rules.branches:
                if branch.holds(self._context()) is not True:
                    continue
                if branch.target == EXIT_TEST:
                    return following, True
                if branch.target == EXIT_PART:
                    return after_part(plan, position), False
                if branch.target == EXIT_SECTION:
                    around = outer(entry, name)
                    beyond = after(plan, position, around) if around else after_part(plan, position)
                    return beyond, False
                found = find(plan, branch.target, following, entry.part)
                if found is not None:
                    return found, False
                self._state.notes.append(f"the branch target {branch.target} is not ahead")
        return following, False

    def _leave_part(self, name: str, at: datetime) -> None:
        """Marks what waits, then goes to the next part, or where the part's rules branch to."""
        self._mark_pending(name)
        self._process()
        part = self._parts[name]
        for entry in self._state.plan:
            if entry.part == name and entry.key in self._state.items:
                self._state.items[entry.key].status = CLOSED
        names = [one.identifier for one in self.test.parts]
        following = names.index(name) + 1
        for branch in part.rules.branches:
            if branch.holds(self._context()) is True:
                if branch.target == EXIT_TEST:
                    self.end(at)
                    return
                if branch.target in names[following:]:
                    following = names.index(branch.target)
                    break
        ahead = set(names[following:])
        target = next((i for i, e in enumerate(self._state.plan) if e.part in ahead), None)
        if target is None:
            self.end(at)
            return
        self._settle_part(target, at)

    def _settle_part(self, target: int, at: datetime) -> None:
        """Enters the first part from `target` on whose pre-conditions hold."""
        plan = self._state.plan
        while target < len(plan):
            part = plan[target].part
            if self._may_enter(self._parts[part].rules):
                self._go(part, target, at)
                return
            target = after_part(self._state.plan, target)
        self.end(at)

    def _settle_linear(self, target: int, at: datetime) -> None:
        plan, part = self._state.plan, self._state.plan[target].part
        while target < len(plan) and plan[target].part == part:
            skipped = self._skipped(plan[target])
            if skipped is None:
                self._enter(target)
                return
            target = after(self._state.plan, target, skipped)
        self._leave_part(part, at)

    def _enter(self, position: int) -> None:
        self._state.position = position
        entry = self._state.plan[position]
        ref = self._refs[entry.ref]
        if entry.key in self._state.seen:
            return
        self._state.seen.add(entry.key)
        state = self._state.items.get(entry.key)
        if ref.template_defaults and state is not None and state.attempts == 0:
            context = self._context()
            self._start_item(entry, {name: value(context) for name, value in ref.template_defaults})

    def _may_enter(self, rules: Rules) -> bool:
        return all(condition(self._context()) is True for condition in rules.conditions)

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

    def expire(self, at: datetime) -> bool:
        """Where a limit is over, marks what was answered and leaves what it limits. Returns
        whether anything was left."""
        self._running(at)
        entry = self.current
        if entry is None:
            return False
        over = next((clock for clock in self.clocks() if clock.over), None)
        if over is None:
            return False
        self._mark_open(entry)
        position = self._state.position
        assert position is not None
        if over.scope == "":
            self.end(at)
        elif over.scope == entry.part:
            self._leave_part(entry.part, at)
        else:
            section = "" if over.scope.startswith("item:") else over.scope
            self._leave_item(entry)
            state = self._state.items.get(entry.key)
            if state is not None:
                state.status = CLOSED
            self._go(entry.part, after(self._state.plan, position, section), at)
        return True

    def _mark_open(self, entry: Entry) -> None:
        """An answer that was given in time counts though it was not submitted."""
        item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
        if item is not None and state is not None and state.status == INTERACTING:
            if self._parts[entry.part].submission == INDIVIDUAL:
                self._mark(entry, item, state)
                self._process()
            else:
                self._state.pending.add(entry.key)

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
        return Context(
            self._state.values,
            seed=seed,
            test=view,
            custom=self._custom,
        )

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

    # Keeping

    def to_dict(self) -> dict[str, Json]:
        """Plain JSON data, from which `from_dict` goes on exactly where this session is."""
        return {"test": self.test.identifier, **self._state.to_dict()}

    @classmethod
    def from_dict(
        cls, test: Test, data: Mapping[str, Any], *, custom: Mapping[str, Custom] | None = None
    ) -> TestSession:
        """The session that `to_dict` wrote, of the same test. Raises `ValueError` where the test
        no longer has an item of the plan."""
        state = SessionState.from_dict(data)
        known = {ref.identifier for ref in test.refs()}
        if gone := {entry.ref for entry in state.plan} - known:
            raise ValueError(f"the test no longer has {', '.join(sorted(gone))}")
        return cls(test, state, custom)


def _answered(item: Item, state: ItemState) -> bool:
    return any(
        state.values.get(name) not in (None, declaration.default)
        for name, declaration in item.responses.items()
    )
