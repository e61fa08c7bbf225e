"""Which column of a table is which: by heading, in any order, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import override

from sreda.kernel.tables.faults import Unreadable

HEADING_ROWS = 10


@dataclass(frozen=True, slots=True)
class Column:
    """`label` is a lazy text, the heading we write; `aliases` are further ones we understand."""

    key: str
    label: Any
    required: bool = False
    aliases: tuple[str, ...] = ()

    def names(self) -> Iterator[str]:
        yield self.key
        yield from self.aliases
        for language in ("ru", "en"):
            with override(language):
                yield str(self.label)


@dataclass(frozen=True, slots=True)
class Headings:
    """Position of each known column in the file's rows."""

    places: dict[str, int]

    def __contains__(self, key: str) -> bool:
        return key in self.places


def find_headings(rows: Iterator[tuple[int, list[str]]], columns: Sequence[Column]) -> Headings:
    """Reads up to and including the row of headings; the caller goes on with the data."""
    known = {_bare(name): column for column in columns for name in column.names()}
    wanted = [column for column in columns if column.required]
    nearest: set[str] = set()
    for _turn, (line, cells) in zip(range(HEADING_ROWS), rows, strict=False):
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            column = known.get(_bare(cell))
            if column is None:
                continue
            if column.key in places:
                raise Unreadable("headings-repeated", row=line, title=column.label)
            places[column.key] = place
        if all(column.key in places for column in wanted):
            return Headings(places)
        nearest = max(nearest, set(places), key=len)
    missing = [str(column.label) for column in wanted if column.key not in nearest]
    raise Unreadable("headings-none", columns=", ".join(missing))


def _bare(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").replace("ё", "е").lower().split()).strip(" *.:")
