"""Whether a response is one that its interaction allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..expressions.patterns import PatternError, full_match
from ..items.item import Item
from ..model.interactions import ASSOCIATED, CHOSEN, Choice, Interaction
from ..values.types import (
    DirectedPair,
    File,
    Pair,
    Record,
    Single,
    Value,
    is_number,
    items_of,
)


def _(message: str) -> str:
    """Marks a message for extraction."""
    return message


UNREAD = frozenset({"type", "number", "whole", "unknown"})  # the response was left out
MESSAGES = {
    "unknown": _("there is no response “{name}”"),
    "type": "{reason}",
    "number": _("“{value}” is not a number. Write it in digits alone, such as 2,5 or -3"),
    "whole": _("“{value}” is not a whole number. Write it in digits alone, such as 25 or -3"),
    "refused": _("the attempt is refused: {code}"),
    "unreached": _("the item is not reached in this test; its answers are left out"),
    "choice": _("“{value}” is none of the choices"),
    "twice": _("“{value}” is chosen twice"),
    "few": _("{count} answers; at least {least} are needed"),
    "many": _("{count} answers; at most {most} are allowed"),
    "match-max": _("“{value}” is used {count} times; at most {most} are allowed"),
    "match-min": _("“{value}” is used {count} times; at least {least} are needed"),
    "direction": _("“{value}” cannot be matched this way round"),
    "group": _("“{value}” do not belong to one match group"),
    "pattern": _("“{value}” does not have the form asked for"),
    "bounds": _("{value} is not between {lower} and {upper}"),
    "step": _("{value} is no step of the scale"),
    "required": _("an answer is required"),
    "mime": _("files of the type {value} are not accepted"),
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with the response `identifier`."""

    code: str
    identifier: str
    params: dict[str, object] = field(default_factory=dict)

    def text(self, translate: Callable[[str], str] = str) -> str:
        return translate(MESSAGES[self.code]).format(**self.params)

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, object]:
        return {
            "code": self.code,
            "response": self.identifier,
            "text": self.text(translate),
            "params": {key: str(value) for key, value in self.params.items()},
        }


def validate(item: Item, values: Mapping[str, Value]) -> tuple[Problem, ...]:
    """Everything that the responses of an item break; empty where they are valid."""
    found: list[Problem] = []
    for interaction in item.interactions:
        if interaction.response in item.declarations:
            found.extend(problems(interaction, values.get(interaction.response)))
    return tuple(found)


def problems(interaction: Interaction, value: Value) -> Iterator[Problem]:
    name = interaction.response

    def problem(code: str, **params: object) -> Problem:
        return Problem(code, name, params)

    kind = interaction.kind
    if kind == "end-attempt":
        return
    members = items_of(value) if not isinstance(value, Record) else ()
    known = interaction.known
    if kind in CHOSEN or kind in ASSOCIATED or kind in ("upload", "extended-text"):
        count = len(members) if not isinstance(value, Record) else 1
        if count < interaction.least:
            yield problem("few", count=count, least=interaction.least)
        if interaction.most and count > interaction.most:
            yield problem("many", count=count, most=interaction.most)
    if (kind in CHOSEN and known) or kind == "inline-choice":
        yield from _choices(members, known, problem)
    if kind == "inline-choice" and interaction.required and value is None:
        yield problem("required")
    if kind in ASSOCIATED and known:
        yield from _pairs(kind, members, known, problem)
    if interaction.pattern:
        yield from _patterns(interaction, value, problem)
    if kind == "slider" and is_number(value):
        yield from _scale(interaction, value, problem)
    if kind == "media":
        plays = value if type(value) is int else 0
        if plays < interaction.least:
            yield problem("few", count=plays, least=interaction.least)
        if interaction.most and plays > interaction.most:
            yield problem("many", count=plays, most=interaction.most)
    if interaction.types:
        for one in members:
            if isinstance(one, File) and not _accepted(one.mime, interaction.types):
                yield problem("mime", value=one.mime)


Make = Callable[..., Problem]


def _choices(
    members: tuple[Single, ...], known: dict[str, Choice], problem: Make
) -> Iterator[Problem]:
    for value, count in Counter(str(one) for one in members).items():
        if value not in known:
            yield problem("choice", value=value)
        elif count > 1:
            yield problem("twice", value=value)


def _pairs(
    kind: str, members: tuple[Single, ...], known: dict[str, Choice], problem: Make
) -> Iterator[Problem]:
    uses: Counter[str] = Counter()
    for pair in members:
        if not isinstance(pair, Pair | DirectedPair):
            continue
        said = f"{pair.first} {pair.second}"
        ends = [known.get(pair.first), known.get(pair.second)]
        for name, end in zip((pair.first, pair.second), ends, strict=True):
            uses[name] += 1
            if end is None:
                yield problem("choice", value=name)
        first, second = ends
        if first is None or second is None:
            continue
        if isinstance(pair, DirectedPair) and (first.role, second.role) not in (
            ("source", "target"),
            ("source", "gap"),
            ("choice", "choice"),
        ):
            yield problem("direction", value=said)
        # without groups on either side anything goes
        first_group, second_group = first.match_group, second.match_group
        apart = (first_group and second.identifier not in first_group) or (
            second_group and first.identifier not in second_group
        )
        if apart and not first_group & second_group:
            yield problem("group", value=said)
    for name, choice in known.items():
        count = uses[name]
        if choice.match_max and count > choice.match_max:
            yield problem("match-max", value=name, count=count, most=choice.match_max)
        least = max(choice.match_min, 1 if choice.required else 0)
        if count < least:
            yield problem("match-min", value=name, count=count, least=least)


def _patterns(interaction: Interaction, value: Value, problem: Make) -> Iterator[Problem]:
    if isinstance(value, Record):
        held = value.get("stringValue")
        texts = [held] if isinstance(held, str) else []
    else:
        texts = [one for one in items_of(value) if isinstance(one, str)]
    for text in texts:
        try:
            right = full_match(interaction.pattern, text)
        except PatternError:
            # the pattern is at fault, and the check of the item says so
            continue
        if not right:
            yield problem("pattern", value=text)


def _scale(interaction: Interaction, value: Value, problem: Make) -> Iterator[Problem]:
    lower, upper, step = interaction.lower, interaction.upper, interaction.step
    assert is_number(value)
    if (lower is not None and value < lower) or (upper is not None and value > upper):  # type: ignore[operator]
        yield problem("bounds", value=value, lower=lower, upper=upper)
    elif step and lower is not None and (value - lower) % step:  # type: ignore[operator]
        yield problem("step", value=value)


def _accepted(mime: str, types: tuple[str, ...]) -> bool:
    return any(mime == one or (one.endswith("/*") and mime.startswith(one[:-1])) for one in types)
