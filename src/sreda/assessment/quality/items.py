"""Figures of one item over all who were given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sreda.assessment.quality.moments import correlation, mean, quantile

ENDS = 0.27  # the parts compared by Kelley's index of discrimination (Kelley, 1939)


@dataclass(frozen=True, slots=True)
class Response:
    """One person at the item: score there, total of the whole test, options chosen (if it is a
    choice), seconds spent (None: not known)."""

    score: float
    total: float
    answered: bool
    chosen: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """An option: who chose it, of all, of the best and of the weakest; their mean total without
    this item."""

    code: str
    right: bool
    count: int
    share: float
    share_of_best: float | None
    share_of_weakest: float | None
    mean_rest: float | None


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """`difficulty` is the mean score as a part of the greatest one: 1 is the easiest.
    `discrimination` is the correlation of the item's score with the total of the other items;
    `index` the difference of difficulty between the best and the weakest 27 %."""

    count: int
    answered: int
    omitted: float
    difficulty: float | None
    discrimination: float | None
    index: float | None
    median_seconds: float | None
    long_seconds: float | None
    choices: tuple[Choice, ...] = ()


def item_figures(
    responses: Sequence[Response], *, max_score: float, options: Sequence[tuple[str, bool]] = ()
) -> ItemFigures:
    """`options` are (code, whether it is right) of a choice item."""
    count = len(responses)
    answered = sum(r.answered for r in responses)
    scores = [r.score for r in responses]
    rest = [r.total - r.score for r in responses]
    average = mean(scores)
    best, weakest = _ends(responses)
    index = None
    if best and weakest and max_score > 0:
        highest, lowest = mean([r.score for r in best]), mean([r.score for r in weakest])
        assert highest is not None
        assert lowest is not None
        index = (highest - lowest) / max_score
    seconds = [r.seconds for r in responses if r.seconds is not None]
    return ItemFigures(
        count=count,
        answered=answered,
        omitted=(count - answered) / count if count else 0.0,
        difficulty=average / max_score if average is not None and max_score > 0 else None,
        discrimination=correlation(scores, rest),
        index=index,
        median_seconds=quantile(seconds, 0.5),
        long_seconds=quantile(seconds, 0.9),
        choices=tuple(_choice(code, right, responses, best, weakest) for code, right in options),
    )


def _ends(responses: Sequence[Response]) -> tuple[list[Response], list[Response]]:
    """The best and the weakest by the rest of the test; empty where too few to compare."""
    size = int(len(responses) * ENDS)
    if size < 2:
        return [], []
    ordered = sorted(responses, key=lambda r: r.total - r.score)
    return ordered[-size:], ordered[:size]


def _choice(
    code: str,
    right: bool,
    responses: Sequence[Response],
    best: Sequence[Response],
    weakest: Sequence[Response],
) -> Choice:
    chosen = [r for r in responses if code in r.chosen]
    return Choice(
        code=code,
        right=right,
        count=len(chosen),
        share=len(chosen) / len(responses) if responses else 0.0,
        share_of_best=_share(code, best),
        share_of_weakest=_share(code, weakest),
        mean_rest=mean([r.total - r.score for r in chosen]),
    )


def _share(code: str, responses: Sequence[Response]) -> float | None:
    return sum(code in r.chosen for r in responses) / len(responses) if responses else None
