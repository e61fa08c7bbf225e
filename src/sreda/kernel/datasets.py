"""Datasets: what an app's records answer to whoever reports on them, place by place.

An app names them in its `datasets.py`, found by name like its panels; reporting computes forms and
indicators from them and knows no app by name. A dataset is a table of counts for each organisation
over some dimensions, as of a day, from one query for any number of organisations; the records
behind each figure can be listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sreda.kernel.events import Event
from sreda.kernel.permissions import Actor

Plain = str | int | bool | Decimal | date | None
Filters = Mapping[str, object]
"""By dimension: a value, a list (any of these), or {"from": …, "to": …}, both included."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What counts can be told apart by. `choices` are (value, words); None: any value."""

    name: str
    title: Any
    choices: Callable[[], Iterable[tuple[Plain, Any]]] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted or added up. One that is not `additive` (a text, a speed) has a value at
    one organisation only. `of_people`: it tells of single people, so that a small figure of it is
    nearly their name."""

    name: str
    title: Any
    unit: Any = ""
    additive: bool = True
    of_people: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """The records behind a figure: a queryset the actor may see, and how to show a row of it.

    `hidden` is how many more there are that the actor may not see.
    """

    rows: QuerySet[Any]
    label: Callable[[Any], str]
    url: Callable[[Any], str]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody found wrong in the records: how a measure of an organisation should be from
    `on`, as typed."""

    organisation: UUID
    measure: str
    said: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Where people keep the records of a dataset.

    `url(organisation, measure)` is the page on which a measure is entered: the very form where one
    has to do, else the list of its records; of no organisation, the list of all. `advice` says
    what to do there. `correct(correction, actor, at)` does it by itself, for the `measures`
    that are kept as they are shown; ValidationError says why not, Refused or Http404 who may not.
    """

    url: Callable[[UUID | None, str], str]
    advice: Any
    measures: frozenset[str] = frozenset()
    correct: Callable[[Correction, Actor, datetime], object] | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The first measure counts the records themselves, the others are sums or values over them.

    `rows(organisations, on)` yields (organisation id, *dimensions, *measures) in the order they
    are declared here, each combination once; organisations without rows have zeros.
    `records(actor, organisations, on, filters)` lists what a figure was made of.
    `changed_by` are the events after which figures may differ; each carries `organisation_id` where
    the change is of one organisation. `entry`: where people keep the records.
    """

    name: str
    title: Any
    source: Any
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    rows: Callable[[Sequence[UUID], date], Iterable[tuple[Any, ...]]]
    records: Callable[[Actor, Sequence[UUID], date, Filters], Records] | None = None
    changed_by: tuple[type[Event], ...] = ()
    entry: Entry | None = None


_datasets: dict[str, Dataset] = {}
_watchers: list[Callable[[Dataset], None]] = []


def add_dataset(*datasets: Dataset) -> None:
    """Adding one of the same name again replaces it."""
    _datasets.update({dataset.name: dataset for dataset in datasets})
    for watcher in _watchers:
        for dataset in datasets:
            watcher(dataset)


def on_dataset(watcher: Callable[[Dataset], None]) -> None:
    """Have every dataset told of, those that are there and those that come."""
    _watchers.append(watcher)
    for dataset in _datasets.values():
        watcher(dataset)


def datasets() -> Mapping[str, Dataset]:
    return _datasets
