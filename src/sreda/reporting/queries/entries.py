"""Where the records behind a figure are entered, and which of them the system can set itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sreda.kernel.api import Entry, datasets
from sreda.reporting.expressions import Compiled, CompiledForm

_SINGLE = re.compile(r'\s*(?:value|total)\(\s*"(\w+)"\s*,\s*"(\w+)"\s*\)\s*')


@dataclass(frozen=True, slots=True)
class Place:
    """A page on which a figure is entered, and what to do there."""

    title: Any
    advice: Any
    url: str


def places_of(asked: Iterable[tuple[str, str]], organisation: UUID | None) -> list[Place]:
    """For the (dataset, measure) that were asked; those that stand on one page are one place."""
    found: dict[str, Place] = {}
    for name, part in sorted(set(asked)):
        dataset = datasets().get(name)
        if dataset is None or dataset.entry is None:
            continue
        url = dataset.entry.url(organisation, part)
        found.setdefault(url, Place(dataset.title, dataset.entry.advice, url))
    return list(found.values())


def source_of(form: CompiledForm, key: str) -> Compiled | None:
    return form.sources.get(key) or form.row_sources.get(key.partition(".")[0])


def settable(source: Compiled | None) -> tuple[Entry, str] | None:
    """Of a source that takes one measure as it is kept, how it can be set: the entry of its
    dataset, and the measure."""
    asked = _SINGLE.fullmatch(source.text) if source else None
    dataset = datasets().get(asked[1]) if asked else None
    if asked is None or dataset is None or dataset.entry is None:
        return None
    entry = dataset.entry
    return (entry, asked[2]) if entry.correct and asked[2] in entry.measures else None
