"""From a cell down to the records it was counted from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Records, datasets
from sreda.reporting.expressions import ExpressionError, Used, in_words
from sreda.reporting.forms import Schema
from sreda.reporting.models import Submission, Value
from sreda.reporting.queries.cells import cells_of, values_of
from sreda.reporting.queries.entries import source_of
from sreda.reporting.queries.typed import shown
from sreda.reporting.queries.versions import compiled_form, dictionaries_of, options_of
from sreda.reporting.queries.worlds import world_of


@dataclass(frozen=True, slots=True)
class Part:
    """One question a source asked, in words, and its answer; `listed`: its records are at hand."""

    words: str
    value: Any
    source: str
    listed: bool


@dataclass(frozen=True, slots=True)
class OwnCell:
    """A cell of the same report of which another is made."""

    key: str
    title: str
    shown: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """`text` is the expression, `cells` those of the report it names; `fault` where it cannot be
    computed."""

    text: str
    parts: tuple[Part, ...]
    used: tuple[Used, ...]
    cells: tuple[OwnCell, ...] = ()
    fault: str = ""


def lineage_of(submission: Submission, key: str) -> Lineage | None:
    """What fills a cell (of a list: the whole list); None where nothing does."""
    form = compiled_form(submission.campaign.version)
    source = source_of(form, key)
    if source is None:
        return None
    world = world_of(submission.campaign, [submission.organisation_id])
    values = values_of([submission.pk])
    cells = cells_of(form.schema, values)
    own = _own_cells(form.schema, source.inputs.cells, values)
    try:
        _value, used = source.trace(world, submission.organisation_id, cells)
    except ExpressionError as error:
        return Lineage(source.text, (), (), own, in_words(error))
    parts = tuple(part_of(item, form.schema) for item in used)
    return Lineage(source.text, parts, tuple(used), own)


def _own_cells(
    schema: Schema, keys: Collection[str], values: Iterable[Value]
) -> tuple[OwnCell, ...]:
    """In the order of the form; of a list only that it is asked is said elsewhere."""
    held = {v.cell.key: v for v in values if v.cell.key in keys and not v.row}
    dictionaries = dictionaries_of(schema)
    found = []
    for cell in schema.cells.values():
        if cell.key in keys:
            options = options_of(cell, dictionaries)
            value = held.get(cell.key)
            said = shown(cell.field, value.number, value.text, options) if value else ""
            found.append(OwnCell(cell.key, cell.title, said))
    return tuple(found)


def part_of(used: Used, schema: Any = None) -> Part:
    match used.kind:
        case "dataset":
            dataset = datasets()[used.name]
            words = question_in_words(used.name, used.part, used.filters)
            value = len(used.value) if isinstance(used.value, list) else used.value
            return Part(words, value, str(dataset.source), dataset.records is not None)
        case "previous":
            cell = schema.cells.get(used.name) if schema is not None else None
            title = cell.title if cell else used.name
            return Part(
                _("the report of the period before: %s") % title, used.value, _("reports"), False
            )
        case "form":
            return Part(
                _("the form “%(form)s”, %(cell)s") % {"form": used.name, "cell": used.part},
                used.value,
                _("reports"),
                False,
            )
    return Part(_("the indicator “%s”") % used.name, used.value, _("indicators"), False)


def question_in_words(name: str, part: str, filters: Mapping[str, Any]) -> str:
    """What is asked of a dataset that there is."""
    dataset = datasets()[name]
    measure = next(m for m in dataset.measures if m.name == part)
    words = f"{dataset.title}: {measure.title}"
    return f"{words} ({filters_in_words(name, filters)})" if filters else words


def filters_in_words(name: str, filters: Mapping[str, Any]) -> str:
    """«роль: учитель; категория: высшая, первая»."""
    dataset = datasets().get(name)
    return "; ".join(
        f"{dimension.title}: {_wanted(dimension, filters[dimension.name])}"
        for dimension in (dataset.dimensions if dataset else ())
        if dimension.name in filters
    )


def _wanted(dimension: Any, wanted: Any) -> str:
    if isinstance(wanted, Mapping):
        low, high = wanted.get("from"), wanted.get("to")
        if high is None:
            return _("from %s") % low
        return _("up to %s") % high if low is None else f"{low}–{high}"
    if isinstance(wanted, list | tuple):
        return ", ".join(_wanted(dimension, item) for item in wanted)
    titles = dict(dimension.choices()) if dimension.choices else {}
    if wanted is None:
        return _("not given")
    return str(titles.get(wanted, wanted))


def records_of(
    submission: Submission, key: str, number: int, actor: Actor
) -> tuple[Part, Records] | None:
    """The records behind the question `number` of a cell's source, as far as the actor may see
    them."""
    found = lineage_of(submission, key)
    if found is None or not 0 <= number < len(found.used):
        return None
    used = found.used[number]
    if used.kind != "dataset" or (records := datasets()[used.name].records) is None:
        return None
    return found.parts[number], records(
        actor, [submission.organisation_id], submission.campaign.as_of, used.filters
    )
