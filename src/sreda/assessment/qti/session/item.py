"""An item session: from its start over attempts to its outcomes.

The state is plain data (`ItemState`), so that who delivers the item can keep it; the functions
here change it. Nothing reads a clock: durations are told by the caller.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..expressions import BUILT_IN, Context, Custom
from ..items.item import Item
from ..model.declarations import CONTEXT, OUTCOME, RESPONSE, TEMPLATE, Declaration
from ..processing import ConstraintFailed, run
from ..values.json import Json, dump, load, read_json, to_json, to_pci
from ..values.types import Duration, Record, Value, normal, same
from .typed import typed_values
from .validation import Problem, validate

NOT_ATTEMPTED, UNKNOWN, INCOMPLETE, COMPLETED = (
    "not_attempted", "unknown", "incomplete", "completed",
)  # fmt: skip
INITIAL, INTERACTING, SUSPENDED, CLOSED = "initial", "interacting", "suspended", "closed"
# how often a template is processed anew before its constraint is given up
TRIES = 100


@dataclass
class ItemState:
    """The variables of one item session. `status`: initial, interacting, suspended, closed."""

    values: dict[str, Value]
    seed: int
    correct: dict[str, Value] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)
    status: str = INITIAL
    draws: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        found = self.values.get("numAttempts")
        return found if isinstance(found, int) else 0

    @property
    def completion(self) -> str:
        return str(self.values.get("completionStatus"))

    def to_dict(self) -> dict[str, Json]:
        """Plain JSON data, exact."""
        return {
            "values": {name: dump(value) for name, value in self.values.items()},
            "correct": {name: dump(value) for name, value in self.correct.items()},
            "defaults": {name: dump(value) for name, value in self.defaults.items()},
            "seed": self.seed,
            "draws": self.draws,
            "status": self.status,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ItemState:
        return cls(
            values={name: load(value) for name, value in data["values"].items()},
            correct={name: load(value) for name, value in data["correct"].items()},
            defaults={name: load(value) for name, value in data["defaults"].items()},
            seed=data["seed"],
            draws=data["draws"],
            status=data["status"],
            notes=list(data["notes"]),
        )


def derived_seed(*parts: object) -> int:
    """A seed of its own for each place, the same on every machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def context_of(item: Item, state: ItemState, custom: Mapping[str, Custom] | None = None) -> Context:
    state.draws += 1
    context = Context(
        state.values,
        # each processing draws anew, and a repeated run draws the same
        seed=state.seed * 1_000_003 + state.draws,
        custom=custom,
    )
    context.correct = state.correct
    context.defaults = state.defaults
    return context


def start(
    item: Item,
    *,
    seed: int = 0,
    template_values: Mapping[str, Value] | None = None,
    template_defaults: Mapping[str, Value] | None = None,
    context: Mapping[str, Value] | None = None,
    custom: Mapping[str, Custom] | None = None,
) -> ItemState:
    """A new session. `template_defaults` replace defaults of template variables (a test gives
    them); `template_values` fix template variables to what they should be after processing, for
    reproducing a case; `context` gives context variables."""
    state = ItemState(values={}, seed=seed)
    for name, value in (template_defaults or {}).items():
        declaration = item.declarations.get(name)
        if declaration is not None and declaration.kind == TEMPLATE:
            state.defaults[name] = _fit(declaration, value, state)
    if item.template is not None:
        _process_template(item, state, template_values or {}, custom)
    else:
        _reset(item, state, (TEMPLATE,))
        _set_templates(item, state, template_values or {})
    for name, declaration in item.declarations.items():
        if declaration.kind == CONTEXT:
            given = (context or {}).get(name)
            state.values[name] = (
                declaration.initial if given is None else _fit(declaration, given, state)
            )
    if "QTI_CONTEXT" not in item.declarations:
        given = (context or {}).get("QTI_CONTEXT")
        state.values["QTI_CONTEXT"] = given if isinstance(given, Record) else None
    _reset(item, state, (OUTCOME, RESPONSE))
    state.values["numAttempts"] = 0
    state.values["duration"] = Duration(Fraction(0))
    state.values["completionStatus"] = NOT_ATTEMPTED
    return state


def _fit(declaration: Declaration, value: Value, state: ItemState) -> Value:
    try:
        return declaration.accept(value)
    except (ValueError, OverflowError) as error:
        state.notes.append(str(error))
        return None


def _initial(declaration: Declaration, state: ItemState) -> Value:
    if declaration.identifier in state.defaults:
        found = state.defaults[declaration.identifier]
        if found is not None:
            return found
    return declaration.initial


def _reset(item: Item, state: ItemState, kinds: tuple[str, ...]) -> None:
    for name, declaration in item.declarations.items():
        if declaration.kind in kinds and name != "completionStatus":
            state.values[name] = _initial(declaration, state)


def _set_templates(item: Item, state: ItemState, given: Mapping[str, Value]) -> None:
    for name, value in given.items():
        declaration = item.declarations.get(name)
        if declaration is not None and declaration.kind == TEMPLATE:
            state.values[name] = _fit(declaration, value, state)


def _process_template(
    item: Item,
    state: ItemState,
    given: Mapping[str, Value],
    custom: Mapping[str, Custom] | None,
) -> None:
    """Runs the template rules until no constraint fails; the last try stands after too many."""
    assert item.template is not None
    told = dict(state.defaults)
    for attempt in range(TRIES + 1):
        state.defaults.clear()
        state.defaults.update(told)
        state.correct.clear()
        _reset(item, state, (TEMPLATE,))
        context = context_of(item, state, custom)
        _set_templates(item, state, given)
        try:
            if given:
                _run_fixed(item, context, given)
            else:
                run(item.template, context)
        except ConstraintFailed:
            if attempt < TRIES and not given:
                continue
            context.note("the template constraint held in none of the tries")
        state.notes.extend(context.notes)
        return


class _Fixed(dict[str, Value]):
    """Template variables that rules cannot change."""

    def __init__(self, values: dict[str, Value], fixed: Mapping[str, Value]) -> None:
        super().__init__(values)
        self.fixed = frozenset(fixed)

    def __setitem__(self, name: str, value: Value) -> None:
        if name not in self.fixed:
            super().__setitem__(name, value)


def _run_fixed(item: Item, context: Context, given: Mapping[str, Value]) -> None:
    """The rules still run, for the correct responses that hang on the given values."""
    assert item.template is not None
    kept = context.values
    context.values = _Fixed(kept, given)
    try:
        run(item.template, context)
    finally:
        kept.update(context.values)
        context.values = kept


def begin_attempt(item: Item, state: ItemState) -> None:
    """Counts an attempt; at the first one the item leaves not_attempted."""
    if state.status == CLOSED:
        raise ValueError("the item session is closed")
    if state.status == INTERACTING:
        return
    if state.attempts == 0:
        state.values["completionStatus"] = UNKNOWN
    state.values["numAttempts"] = state.attempts + 1
    state.status = INTERACTING
    # pressing a button is of one attempt only
    for name in item.buttons:
        state.values[name] = False


NUMERIC = {"float": "number", "integer": "whole"}


def read_responses(
    item: Item, data: Mapping[str, Json]
) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    """(values, problems) of responses as JSON; what cannot be read is left out and told."""
    values: dict[str, Value] = {}
    found: list[Problem] = []
    typed = item.typed
    for name, held in data.items():
        declaration = item.declarations.get(name)
        if declaration is None or declaration.kind != RESPONSE:
            found.append(Problem("unknown", name, {"name": name}))
            continue
        try:
            if name in typed and isinstance(held, str):
                made = dict(typed_values(item, typed[name], declaration, held))
                values.update(made)
                if name in made:
                    continue
            values[name] = read_json(held, declaration.base_type, declaration.cardinality)
        except (ValueError, TypeError, KeyError) as error:
            code = NUMERIC.get(declaration.base_type, "type") if isinstance(held, str) else "type"
            shown: dict[str, object] = {"reason": str(error), "value": str(held)[:60]}
            found.append(Problem(code, name, shown))
    return values, tuple(found)


@dataclass(frozen=True)
class Told:
    """What came with an attempt: the responses proper and, beside them, the built-in variables:
    `duration` is how many seconds the item has taken so far, `numAttempts` which attempt it is."""

    responses: Mapping[str, Json]
    duration: Fraction | None = None
    attempt: int | None = None
    problems: tuple[Problem, ...] = ()


def read_told(item: Item, data: Mapping[str, Json]) -> Told:
    """A response that the item itself declares under one of these names is a response."""
    found: dict[str, Value] = {}
    problems: list[Problem] = []
    rest = dict(data)
    for name, kind in (("duration", "duration"), ("numAttempts", "integer")):
        if name not in rest or name in item.declarations:
            continue
        held = rest.pop(name)
        try:
            found[name] = read_json(held, kind, "single")
        except (ValueError, TypeError, KeyError) as error:
            shown: dict[str, object] = {"reason": str(error), "value": str(held)[:60]}
            problems.append(Problem("type", name, shown))
    spent, attempt = found.get("duration"), found.get("numAttempts")
    return Told(
        rest,
        Fraction(spent.seconds) if isinstance(spent, Duration) else None,
        attempt if isinstance(attempt, int) else None,
        tuple(problems),
    )


def respond(item: Item, state: ItemState, values: Mapping[str, Value]) -> None:
    """Stores responses; a text answer to a record is taken apart as the standard says."""
    for name, value in values.items():
        declaration = item.declarations.get(name)
        if declaration is None or declaration.kind != RESPONSE:
            raise ValueError(f"there is no response {name}")
        state.values[name] = declaration.accept(normal(value))


def end_attempt(
    item: Item,
    state: ItemState,
    *,
    duration: Fraction | None = None,
    custom: Mapping[str, Custom] | None = None,
) -> None:
    """Scores the responses; an item that is not adaptive starts from its defaults each time."""
    if duration is not None:
        state.values["duration"] = Duration(duration)
    if not item.adaptive:
        _reset(item, state, (OUTCOME,))
        if "completionStatus" in item.declarations:
            state.values["completionStatus"] = UNKNOWN
    context = context_of(item, state, custom)
    if item.scoring is not None:
        run(item.scoring, context)
    for text in context.notes:
        if text not in state.notes:
            state.notes.append(text)
    if item.adaptive:
        if state.completion == COMPLETED:
            state.status = CLOSED
            return
    elif state.completion in (UNKNOWN, NOT_ATTEMPTED):
        state.values["completionStatus"] = COMPLETED
    state.status = SUSPENDED


@dataclass(frozen=True)
class Scored:
    """What marking gave. `outcomes` are the values; `as_json` prints them."""

    outcomes: dict[str, Value]
    declarations: Mapping[str, Declaration] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    templates: dict[str, Value] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        return {name: to_json(value) for name, value in self.outcomes.items()}

    def as_pci(self) -> dict[str, Json]:
        return {
            name: to_pci(value, declaration.base_type, declaration.cardinality)
            for name, value in self.outcomes.items()
            if (declaration := self.declarations.get(name, BUILT_IN.get(name))) is not None
        }


def outcomes_of(item: Item, state: ItemState) -> dict[str, Value]:
    """All outcome variables, completionStatus among them."""
    found = {name: state.values.get(name) for name in item.outcomes}
    found["completionStatus"] = state.values["completionStatus"]
    return found


def score(
    item: Item,
    responses: Mapping[str, Json] | Sequence[Mapping[str, Json]],
    *,
    seed: int = 0,
    template_values: Mapping[str, Value] | None = None,
    context: Mapping[str, Value] | None = None,
    custom: Mapping[str, Custom] | None = None,
) -> Scored:
    """One whole session: start, answer, mark. `responses` are JSON in either form, or a list of
    them for one attempt after another; what is wrong with them is in `problems`, and marking goes
    on with what could be read."""
    state = start(item, seed=seed, template_values=template_values, context=context, custom=custom)
    problems: tuple[Problem, ...] = ()
    for attempt in [responses] if isinstance(responses, Mapping) else responses:
        if state.status == CLOSED:
            break
        told = read_told(item, attempt)
        values, found = read_responses(item, told.responses)
        problems += told.problems + found
        begin_attempt(item, state)
        if told.attempt is not None and told.attempt > state.attempts:
            state.values["numAttempts"] = told.attempt
        respond(item, state, values)
        end_attempt(item, state, duration=told.duration, custom=custom)
    return Scored(
        outcomes_of(item, state),
        item.declarations,
        (*problems, *validate(item, state.values)),
        tuple(state.notes),
        {name: state.values.get(name) for name in item.templates},
    )


def is_correct(
    item: Item, values: Mapping[str, Value], correct: Mapping[str, Value]
) -> bool | None:
    """Whether every response equals its correct one; None where one has none declared."""
    verdict = True
    responses = item.responses
    if not responses:
        return None
    for name, declaration in responses.items():
        wanted = correct.get(name, declaration.correct)
        if wanted is None:
            return None
        given = values.get(name)
        if given is None or not same(given, wanted):
            verdict = False
    return verdict
