"""Answering in a session: responses stored, attempts ended and marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..items.item import Item
from ..model.declarations import OUTCOME
from ..session.item import (
    CLOSED,
    INTERACTING,
    SUSPENDED,
    ItemState,
    begin_attempt,
    end_attempt,
    respond,
)
from ..session.validation import validate
from ..values.types import Value
from .holding import Holding, SessionError
from .model import INDIVIDUAL, Control
from .plan import Entry


class Answering(Holding):
    """A session whose items are answered."""

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

    def _mark_open(self, entry: Entry) -> None:
        """An answer that was given in time counts though it was not submitted."""
        item, state = self._refs[entry.ref].item, self._state.items.get(entry.key)
        if item is not None and state is not None and state.status == INTERACTING:
            if self._parts[entry.part].submission == INDIVIDUAL:
                self._mark(entry, item, state)
                self._process()
            else:
                self._state.pending.add(entry.key)

    def set_outcome(self, key: str, name: str, value: Value) -> None:
        """An outcome that others decided (a marker, a corrected key); outcomes of the test follow.
        Also possible after the end."""
        item = self.item(key)
        declaration = item.declarations.get(name) if item is not None else None
        if declaration is None or declaration.kind != OUTCOME:
            raise SessionError("unknown")
        self._state.items[key].values[name] = declaration.accept(value)
        self._process()


def _answered(item: Item, state: ItemState) -> bool:
    return any(
        state.values.get(name) not in (None, declaration.default)
        for name, declaration in item.responses.items()
    )
