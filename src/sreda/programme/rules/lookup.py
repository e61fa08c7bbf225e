"""What a rule asks about other rows, answered by an index: a list has thousands of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeVar

from sreda.kernel.rules import to_cel

T = TypeVar("T")
CHANGES = 2  # letters by which similar texts differ at most
LONGEST = 200


class Lookup:
    """Indexes of lists that live as long as the check itself; each is made when first asked."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str, str], tuple[Any, Any]] = {}

    def where(self, rows: Any, column: Any, value: Any) -> Any:
        """The rows with this value in the column, or in the list that stands there."""
        return to_cel(self._index(rows, str(column), _by_value).get(value, []))

    def first_of_each(self, rows: Any, column: Any) -> Any:
        """One row for each value of the column."""
        index = self._index(rows, str(column), _by_value)
        return to_cel([same[0] for same in index.values()])

    def similar(self, rows: Any, column: Any, text: Any) -> Any:
        """The rows whose text in the column is another, but by one or two letters only."""
        if len(text) > LONGEST:
            return to_cel([])
        texts = self._index(rows, str(column), _by_value)
        parts = self._index(rows, str(column), _by_parts)
        close = dict.fromkeys(
            other for other in _candidates(parts, str(text)) if _distance(str(text), other)
        )
        return to_cel([row for other in texts if other in close for row in texts[other]])

    def _index(self, rows: Any, column: str, make: Callable[[Any, str], T]) -> T:
        # The list is kept beside its index, so that no other takes its identity.
        key = (id(rows), column, make.__name__)
        if key not in self._kept:
            self._kept[key] = (rows, make(rows, column))
        found: T = self._kept[key][1]
        return found


def _by_value(rows: Any, column: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        value = row[column]
        for item in dict.fromkeys(value) if isinstance(value, list) else (value,):
            found.setdefault(item, []).append(row)
    return found


Parts = dict[tuple[int, int, str], list[str]]


def _by_parts(rows: Any, column: str) -> Parts:
    """Texts by their length and each third of theirs: of those that differ in two letters, one
    third at least is the same."""
    found: Parts = {}
    for text in dict.fromkeys(str(row[column]) for row in rows):
        if len(text) <= LONGEST:
            for n, (start, end) in enumerate(_thirds(len(text))):
                found.setdefault((len(text), n, text[start:end]), []).append(text)
    return found


def _thirds(length: int) -> list[tuple[int, int]]:
    cuts = [length * n // (CHANGES + 1) for n in range(CHANGES + 2)]
    return list(pairwise(cuts))


def _candidates(parts: Parts, text: str) -> Iterator[str]:
    for length in range(max(len(text) - CHANGES, 0), len(text) + CHANGES + 1):
        for n, (start, end) in enumerate(_thirds(length)):
            for shift in range(-CHANGES, CHANGES + 1):
                if 0 <= start + shift <= len(text):
                    yield from parts.get((length, n, text[start + shift : end + shift]), ())


def _distance(a: str, b: str) -> bool:
    """Whether the texts differ, by no more than the changes we look for (Levenshtein)."""
    if a == b or abs(len(a) - len(b)) > CHANGES:
        return False
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        # Only what lies near the diagonal can still be within the bound.
        low, high = max(1, i - CHANGES), min(len(b), i + CHANGES)
        before, row[low - 1] = row[low - 1], i if low == 1 else CHANGES + 1
        for j in range(low, high + 1):
            above = row[j] if j < i + CHANGES else CHANGES + 1
            before, row[j] = row[j], min(above + 1, row[j - 1] + 1, before + (letter != b[j - 1]))
        if min(row[low - 1 : high + 1]) > CHANGES:
            return False
    return row[len(b)] <= CHANGES
