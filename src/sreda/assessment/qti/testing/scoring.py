"""Marking a whole test at once: responses by item, outcomes of the test and of its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from ..expressions import Custom
from ..session.item import ItemState, read_responses, read_told
from ..session.validation import Problem
from ..values.json import Json, to_json
from ..values.types import Duration, Value
from .holding import SessionError
from .model import Test
from .session import TestSession

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# no item takes more seconds
LONGEST = Fraction(30 * 24 * 3600)


@dataclass(frozen=True)
class ScoredTest:
    outcomes: dict[str, Value]
    items: dict[str, dict[str, Value]]
    problems: dict[str, tuple[Problem, ...]]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """Outcome variables by the names that rules of the test give them: TOTAL, Q1.SCORE."""
        found = {name: to_json(value) for name, value in self.outcomes.items()}
        for key, one in self.items.items():
            found |= {f"{key}.{name}": to_json(value) for name, value in one.items()}
        return found


def score_test(
    test: Test,
    responses: Mapping[str, Json],
    *,
    seed: int = 0,
    custom: Mapping[str, Custom] | None = None,
) -> ScoredTest:
    """Goes through the test as a candidate who takes no time but what a `duration` beside the
    responses of an item says, in seconds. `responses` holds, by identifier of the item reference
    ("Q1", or "Q1.2" for its second occurrence), the responses of the item, or a list of them for
    one attempt after another; "Q1.RESPONSE" names a single one. An item without responses is not
    attempted."""
    at = EPOCH
    session = TestSession.start(test, at=at, seed=seed, custom=custom)
    responses, problems = by_key(session, responses)
    left = set(responses)
    # every step leaves an item behind, so there are no more steps than items
    for _ in range(len(session.plan) + 1):
        entry = session.current
        if entry is None:
            break
        held = responses.get(entry.key)
        left.discard(entry.key)
        item = session.item(entry.key)
        if held is not None and item is not None:
            for attempt in held if isinstance(held, list) else [held]:
                if not isinstance(attempt, dict):
                    problems[entry.key] = (Problem("type", entry.key, {"reason": str(attempt)}),)
                    continue
                told = read_told(item, attempt)
                values, found = read_responses(item, told.responses)
                problems[entry.key] = (*problems.get(entry.key, ()), *told.problems, *found)
                at = later(at, told.duration, session.state_of(entry.key))
                try:
                    session.respond(values, at)
                    session.submit(at)
                except SessionError as error:
                    refused = error.problems or (
                        Problem("refused", entry.key, {"code": error.code}),
                    )
                    problems[entry.key] = (*problems[entry.key], *refused)
                    break
        session.pass_by(at)
    session.end(at)
    for key in sorted(left):
        problems[key] = (Problem("unreached", key),)
    return ScoredTest(
        session.outcomes(),
        session.item_outcomes(),
        {key: found for key, found in problems.items() if found},
        session.notes,
    )


def later(at: datetime, spent: Fraction | None, state: ItemState) -> datetime:
    """When the item has taken `spent` seconds."""
    before = state.values.get("duration")
    if spent is None or not isinstance(before, Duration):
        return at
    more = min(spent, LONGEST) - Fraction(before.seconds)
    return at + timedelta(seconds=float(more)) if more > 0 else at


def by_key(
    session: TestSession, responses: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, tuple[Problem, ...]]]:
    """Responses by the key of their place in the plan, and those that belong to no place. An
    item's own identifier or file will do where it stands in the test once."""
    keys = {entry.key for entry in session.plan}
    names: dict[str, list[str]] = {}
    for entry in session.plan:
        names.setdefault(f"{entry.ref}.{entry.occurrence}", []).append(entry.key)
        item = session.item(entry.key)
        if item is not None:
            names.setdefault(item.identifier, []).append(entry.key)
            names.setdefault(item.file, []).append(entry.key)

    def key_of(name: str) -> str | None:
        if name in keys:
            return name
        found = names.get(name, [])
        return found[0] if len(found) == 1 else None

    made: dict[str, Json] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    for name, held in responses.items():
        key = key_of(name)
        if key is not None:
            made[key] = held
            continue
        owner, _, response = name.rpartition(".")
        key = key_of(owner)
        if key is not None and isinstance(made.setdefault(key, {}), dict):
            made[key] = {**made[key], response: held}
        else:
            problems[name] = (Problem("unknown", name, {"name": name}),)
    return made, problems
