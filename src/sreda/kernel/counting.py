"""Datasets from one SELECT: its records grouped are the figures, picked out they are what is
behind a figure; the two cannot differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from sreda.kernel.datasets import Dataset, Dimension, Entry, Filters, Measure, Records
from sreda.kernel.events import Event
from sreda.kernel.permissions import Actor, Permissions

_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Counted:
    """What records a SELECT counts, and how the actor is shown them.

    `sql` yields `id`, `organisation_id`, each dimension and each measure but the first by name; it
    may use %(organisations)s (uuid[]), %(on)s (date) and what `values` adds for the day.
    """

    sql: str
    permissions: Permissions[Any]
    label: Callable[[Any], str]
    url: Callable[[Any], str]
    related: tuple[str, ...] = ()
    values: Callable[[date], Mapping[str, object]] = lambda on: {}


def counted(
    what: Counted,
    *,
    name: str,
    title: Any,
    source: Any,
    dimensions: tuple[Dimension, ...],
    measures: tuple[Measure, ...],
    changed_by: tuple[type[Event], ...] = (),
    entry: Entry | None = None,
) -> Dataset:
    """A dataset over `what`; its first measure is the number of records."""
    known = {dimension.name for dimension in dimensions}

    def rows(organisations: Sequence[UUID], on: date) -> Iterator[tuple[Any, ...]]:
        keys = ["organisation_id", *(d.name for d in dimensions)]
        sums = ["count(*)"] + [
            f"coalesce(sum({m.name}), 0)" if m.additive else f"(array_agg({m.name}))[1]"
            for m in measures[1:]
        ]
        sql = (
            f"SELECT {', '.join(keys + sums)} FROM ({what.sql}) counted"  # noqa: S608 - own names
            f" GROUP BY {', '.join(keys)}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, _values(organisations, on))
            yield from cursor.fetchall()

    def _values(organisations: Sequence[UUID], on: date) -> dict[str, Any]:
        return {"organisations": list(organisations), "on": on, **what.values(on)}

    def records(actor: Actor, organisations: Sequence[UUID], on: date, filters: Filters) -> Records:
        values = _values(organisations, on)
        terms = list(_terms(filters, known, values))
        chosen = f"SELECT id FROM ({what.sql}) counted"  # noqa: S608 - own names
        if terms:
            chosen += f" WHERE {' AND '.join(terms)}"
        positional = _NAMED.sub("%s", chosen)
        given = [values[found] for found in _NAMED.findall(chosen)]
        model: type[Model] = what.permissions.model
        everything = model._default_manager.filter(pk__in=RawSQL(positional, given))  # noqa: S611
        seen: QuerySet[Any] = what.permissions.all(actor).filter(
            pk__in=RawSQL(positional, given)  # noqa: S611
        )
        hidden = everything.count() - seen.count()
        return Records(seen.select_related(*what.related), what.label, what.url, hidden)

    return Dataset(name, title, source, dimensions, measures, rows, records, changed_by, entry)


def _terms(filters: Filters, known: set[str], values: dict[str, Any]) -> Iterator[str]:
    """Conditions over the columns; their values enter `values`. KeyError: an unknown dimension."""
    for number, (name, wanted) in enumerate(filters.items()):
        if name not in known:
            raise KeyError(name)
        place = f"filter_{number}"
        if isinstance(wanted, Mapping):
            for bound, sign in (("from", ">="), ("to", "<=")):
                if wanted.get(bound) is not None:
                    values[f"{place}_{bound}"] = wanted[bound]
                    yield f"{name} {sign} %({place}_{bound})s"
        elif isinstance(wanted, list | tuple | set | frozenset):
            values[place] = list(wanted)
            yield f"{name} = ANY(%({place})s)"
        elif wanted is None:
            yield f"{name} IS NULL"
        else:
            values[place] = wanted
            yield f"{name} = %({place})s"
