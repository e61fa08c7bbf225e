"""Hiding small numbers of people so that they do not follow from what is shown beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

K = 5
"""Fewer people than this are never shown apart."""
PRIME = (1 << 61) - 1
"""Equations are solved modulo this: exact, and quicker than fractions."""


def small(count: int) -> bool:
    return 0 < count < K


@dataclass(frozen=True, slots=True)
class Line:
    """Places of some numbers whose sum is known: by itself, or where the number at `total` is
    shown. Nobody shows a sum that is small, or is one number alone: of such lines (`total` None)
    nothing is known."""

    members: tuple[int, ...]
    total: int | None = None


def protect(
    counts: Sequence[int],
    lines: Iterable[Line],
    hidden: Sequence[bool],
    fixed: Sequence[bool] | None = None,
) -> list[bool]:
    """Which of `counts` to hide: those `hidden` already, and of the others (but for `fixed` ones),
    smallest first and empty ones last, as many as are needed until

    - in no line with a known sum the hidden numbers are a single one, or stand for fewer than K;
    - no hidden number follows from all known sums together: their equations leave each one free.

    Where that cannot be reached, a number's lines are hidden wholly: then it follows only from sums
    that are shown elsewhere.
    """
    hidden = list(hidden)
    may = [not keep for keep in fixed] if fixed is not None else [True] * len(counts)
    lines = [
        line
        for line in lines
        if line.total is not None
        or (len(line.members) > 1 and not small(sum(counts[n] for n in line.members)))
    ]
    if not any(hidden):
        return hidden
    of_number: dict[int, list[Line]] = {}
    for line in lines:
        for n in (*line.members, *(() if line.total is None else (line.total,))):
            of_number.setdefault(n, []).append(line)

    def widen(line: Line) -> bool:
        """Hide one more of a line, and look at the lines it is in; False: nothing is left."""
        free = [(counts[n] == 0, counts[n], n) for n in line.members if may[n] and not hidden[n]]
        if not free:
            return False
        place = min(free)[2]
        hidden[place] = True
        todo.extend(of_number[place])
        return True

    todo = list(lines)
    while True:
        while todo:
            line = todo.pop()
            gone = [counts[n] for n in line.members if hidden[n]]
            known = line.total is None or not hidden[line.total]
            if known and gone and (len(gone) < 2 or sum(gone) < K):
                widen(line)
        # one number more at a time: it often frees the others
        if not any(any(map(widen, of_number[n])) for n in determined(lines, hidden)):
            return hidden


def protect_apart(
    counts: Sequence[int], lines: Sequence[Line], hidden: Sequence[bool]
) -> list[bool]:
    """The same, much sooner where many numbers have no line in common: each heap of numbers that
    lines hold together is looked at by itself."""
    heap = list(range(len(counts)))

    def top(n: int) -> int:
        while heap[n] != n:
            heap[n] = n = heap[heap[n]]
        return n

    def places(line: Line) -> tuple[int, ...]:
        return line.members if line.total is None else (*line.members, line.total)

    for line in lines:
        first, *others = places(line)
        for other in others:
            heap[top(other)] = top(first)
    of_heap: dict[int, list[Line]] = {}
    for line in lines:
        of_heap.setdefault(top(line.members[0]), []).append(line)
    done = list(hidden)
    for own in of_heap.values():
        here = sorted({n for line in own for n in places(line)})
        at = {n: place for place, n in enumerate(here)}
        within = [
            Line(tuple(at[n] for n in one.members), None if one.total is None else at[one.total])
            for one in own
        ]
        found = protect([counts[n] for n in here], within, [hidden[n] for n in here])
        for n, hide in zip(here, found, strict=True):
            done[n] = hide
    return done


def determined(lines: Iterable[Line], hidden: Sequence[bool]) -> list[int]:
    """The hidden numbers that the known sums fix, smallest place first.

    The equations are brought to reduced echelon form; a row that is left with one unknown fixes it.
    """
    pivots: dict[int, dict[int, int]] = {}
    for line in lines:
        row = {n: 1 for n in line.members if hidden[n]}
        if line.total is not None and hidden[line.total]:
            row[line.total] = PRIME - 1
        for n in [n for n in row if n in pivots]:
            _take(row, pivots[n], n)
        if not row:
            continue
        at = min(row)
        inverse = pow(row[at], -1, PRIME)
        row = {n: value * inverse % PRIME for n, value in row.items()}
        for other in pivots.values():
            _take(other, row, at)
        pivots[at] = row
    return sorted(at for at, row in pivots.items() if len(row) == 1)


def _take(row: dict[int, int], other: dict[int, int], at: int) -> None:
    """Subtract from a row so much of another that nothing is left in the column `at`."""
    times = row.get(at)
    if not times:
        return
    for n, value in other.items():
        left = (row.get(n, 0) - times * value) % PRIME
        if left:
            row[n] = left
        else:
            row.pop(n, None)


def hidden_in_line(line: Sequence[int]) -> list[bool]:
    """Which of some numbers with a known sum to hide: the small ones, and others, smallest first,
    until what is hidden is at least two numbers and at least K people."""
    whole = tuple(range(len(line)))
    first = [small(n) for n in line]
    if not any(first):
        return first
    if sum(line) < K:
        return [True] * len(line)
    return protect(line, [Line(whole)], first)


def suppress(
    table: Sequence[Sequence[int]], rows_hidden: Sequence[bool], columns_hidden: Sequence[bool]
) -> list[list[bool]]:
    """Which cells of a table to hide, when sums of some rows and columns are hidden and all other
    sums, and the sum of all, are known. Rows of fewer than K people are hidden wholly."""
    width, height = len(columns_hidden), len(rows_hidden)
    cells = [n for row in table for n in row]
    row_sums, column_sums = height * width, height * width + height
    counts = [*cells, *map(sum, table), *(sum(row[c] for row in table) for c in range(width))]
    lines = [
        *(Line(tuple(r * width + c for c in range(width)), row_sums + r) for r in range(height)),
        *(Line(tuple(r * width + c for r in range(height)), column_sums + c) for c in range(width)),
    ]
    if sum(cells) >= K:
        lines.append(Line(tuple(range(row_sums, column_sums))))
        lines.append(Line(tuple(range(column_sums, column_sums + width))))
    first = [small(n) or sum(row) < K for row in table for n in row]
    if not any(first):
        return [[False] * width for _row in table]
    done = protect(
        counts,
        lines,
        [*first, *rows_hidden, *columns_hidden],
        [False] * len(cells) + [True] * (height + width),
    )
    return [done[r * width : (r + 1) * width] for r in range(height)]


def numbered(groups: Iterable[Iterable[object]]) -> Iterator[Line]:
    """Lines of the places that have the same key, for each way of grouping: `groups` yields a key
    for each place in order."""
    for keys in groups:
        found: dict[object, list[int]] = {}
        for place, key in enumerate(keys):
            found.setdefault(key, []).append(place)
        yield from (Line(tuple(places)) for places in found.values())
