"""Which cells of a form tell of people, and what of them follows from others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sreda.kernel.api import datasets
from sreda.reporting.expressions import Compiled, CompiledForm
from sreda.reporting.forms import BlockKind, CellType
from sreda.reporting.models import FormCell

UNIT = re.compile(r"\s*(чел|people|person)", re.IGNORECASE)
_KEY = r"[a-z]\w*(?:\.\w+)+"
_SUM = rf"{_KEY}(?:\s*\+\s*{_KEY})*"
_EQUAL = re.compile(rf"\s*({_SUM})\s*==\s*({_SUM})\s*")
_WITHIN = re.compile(rf"\s*({_KEY})\s*<=\s*({_KEY})\s*")


def keys_of_people(form: CompiledForm) -> frozenset[str]:
    """Numbers in people, or made of what a dataset or another form tells of people, or of such
    cells."""
    elsewhere = _told_elsewhere(form)
    numbers = {k: c for k, c in form.schema.cells.items() if c.field.type.numeric}
    found = {
        key
        for key, cell in numbers.items()
        if UNIT.match(cell.field.unit)
        or _asks_of_people(_sources(form, key))
        or any(source.inputs.forms & elsewhere for source in _sources(form, key))
    }
    while True:
        more = {
            key
            for key in numbers.keys() - found
            if any(source.inputs.cells & _named(found) for source in _sources(form, key))
            or any(source.inputs.previous & found for source in _sources(form, key))
        }
        if not more:
            return frozenset(found)
        found |= more


def _told_elsewhere(form: CompiledForm) -> set[tuple[str, str]]:
    """Cells of other forms, by code and key, that the form asks and that tell of people, or at
    which nobody has looked. No query where it asks none."""
    asking = [*form.sources.values(), *form.row_sources.values(), *form.in_rows.values()]
    cells = {pair for source in asking for pair in source.inputs.forms}
    if cells:
        there = FormCell.objects.filter(
            version__form__code__in={code for code, _key in cells},
            key__in={key for _code, key in cells},
        )
        looked = list(there.values_list("version__form__code", "key", "of_people"))
        people = {(code, key) for code, key, of_people in looked if of_people is not False}
        cells -= {(code, key) for code, key, _of in looked} - people
    return cells


@dataclass(frozen=True, slots=True)
class Known:
    """What anybody may reckon: `sums` are a cell and those it is the sum of; `within` are a cell
    and the one of which it counts a part."""

    sums: frozenset[tuple[str, tuple[str, ...]]]
    within: frozenset[tuple[str, str]]


def known_of(form: CompiledForm, keys: frozenset[str]) -> Known:
    """From the sources that are plain sums and from what the checks hold to, `a == b + c` and
    `a <= b`; what holds in one column of a table is taken to hold in the others, and so of rows."""
    whole = {k for k in keys if form.schema.cells[k].field.type is CellType.INTEGER}
    said = [f"{key} == {source.text}" for key, source in form.sources.items() if key in whole]
    said += [part for check, _expression in form.checks for part in check.expression.split("&&")]
    sums: set[tuple[str, tuple[str, ...]]] = set()
    within: set[tuple[str, str]] = set()
    for text in said:
        if (found := _EQUAL.fullmatch(text)) is not None:
            sides = [tuple(k.strip() for k in side.split("+")) for side in found.groups()]
            for total, parts in (sides, sides[::-1]):
                if len(total) == 1:
                    sums |= {(one, tuple(of)) for one, *of in _alike(form, (*total, *parts))}
        elif (found := _WITHIN.fullmatch(text)) is not None:
            within |= {(part, total) for part, total in _alike(form, found.groups())}
    return Known(
        frozenset((one, parts) for one, parts in sums if whole.issuperset((one, *parts))),
        frozenset(pair for pair in within if whole.issuperset(pair)),
    )


def _alike(form: CompiledForm, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """These cells, and those that stand to each other as they do in other columns, or rows, of
    their table."""
    yield keys
    block = form.schema.blocks.get(keys[0].partition(".")[0])
    split = [tuple(key.split(".")) for key in keys]
    if block is None or block.kind is not BlockKind.TABLE:
        return
    if not all(len(at) == 3 and at[0] == block.code for at in split):
        return
    if len({column for _block, _row, column in split}) == 1:
        for field in block.fields:
            yield tuple(f"{block.code}.{row}.{field.code}" for _block, row, _column in split)
    elif len({row for _block, row, _column in split}) == 1:
        for other in block.rows:
            yield tuple(f"{block.code}.{other.code}.{column}" for _block, _row, column in split)


def _named(keys: Iterable[str]) -> set[str]:
    """As expressions name them: cells of a list by their block alone."""
    return {key.partition(".*")[0] + ".*" if ".*." in key else key for key in keys}


def _sources(form: CompiledForm, key: str) -> list[Compiled]:
    rows = form.row_sources.get(key.partition(".")[0]) if ".*." in key else None
    return [s for s in (form.sources.get(key), form.in_rows.get(key), rows) if s is not None]


def _asks_of_people(sources: Iterable[Compiled]) -> bool:
    known = datasets()
    return any(
        measure.of_people
        for source in sources
        for call in source.inputs.calls
        if call.dataset in known
        for measure in known[call.dataset].measures
        if call.function == "listed" or measure.name == call.measure
    )
