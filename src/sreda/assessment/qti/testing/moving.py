"""The way through a session: by rules, by the candidate, by time, to its end."""

from __future__ import annotations

from datetime import datetime

from ..session.item import CLOSED, INTERACTING
from .answering import Answering
from .holding import SessionError
from .model import EXIT_PART, EXIT_SECTION, EXIT_TEST, INDIVIDUAL, LINEAR, Rules
from .plan import Entry
from .ways import after, after_part, find, outer


class Moving(Answering):
    """A session that goes on."""

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

    def exit_part(self, at: datetime) -> None:
        """Leaves the current part, as the candidate's “finish”; what waits is marked."""
        entry = self._current(at)
        self._hold("early", part=True)
        self._leave_part(entry.part, at)

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
