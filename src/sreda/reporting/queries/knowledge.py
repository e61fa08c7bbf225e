"""What the region knows already: a question that is answered elsewhere is not asked again.

A piece of knowledge is named by an *element*: of a dataset `contingent.learners`, narrowed
`contingent.learners[grade=5,sex=female]`; of another form by any word its designer gave it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from sreda.kernel.api import Dataset, Measure, datasets
from sreda.reporting.enums import PeriodKind, VersionStatus
from sreda.reporting.expressions import ExpressionError, compile_expression
from sreda.reporting.forms import Cell, CellType, Schema
from sreda.reporting.models import Form, FormCell
from sreda.reporting.queries.audience import covers

# How often a form tells something: a finer period answers a coarser one, not the other way round.
FINENESS = {
    PeriodKind.MONTH: 1, PeriodKind.QUARTER: 2, PeriodKind.DAY: 3, PeriodKind.YEAR: 3,
    PeriodKind.SCHOOL_YEAR: 3, PeriodKind.ONCE: 4,
}  # fmt: skip
LIKELY = Decimal("0.75")
_ELEMENT = re.compile(r"(?P<name>[a-z_]+)\.(?P<measure>[a-z_]+)(?:\[(?P<parts>[^\]]*)\])?\Z")
_PLAIN = re.compile(r"(count|total|value)\([^()]*\)\Z")
_WORD = re.compile(r"[a-zа-яё]{2,}|\d+")
# Words that say only that something is counted.
_EMPTY = frozenset({
    "всего", "итого", "количество", "число", "численность", "общее", "единица", "штука", "человек",
    "чел", "ед", "шт", "них", "том",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """`holder` says in words where it is kept; `source` is the expression that takes it there."""

    element: str
    title: str
    holder: str
    source: str
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Likely:
    known: Known
    likeness: Decimal


def element_of(source: str, schema: Schema | None = None) -> str:
    """The element a plain source takes from a dataset; "" where it computes something else."""
    if not _PLAIN.match(source.strip()):
        return ""
    try:
        compiled = compile_expression(source, "", schema=schema or Schema())
    except ExpressionError:
        return ""
    calls = compiled.inputs.calls
    if len(calls) != 1 or calls[0].function == "listed" or calls[0].filters is None:
        return ""
    call = calls[0]
    parts = sorted((name, _filter_text(value)) for name, value in (call.filters or {}).items())
    return named(call.dataset, call.measure, parts)


def _filter_text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_text(value.get('from', ''))}..{_text(value.get('to', ''))}"
    if isinstance(value, list):
        return "|".join(sorted(map(_text, value)))
    return _text(value)


def _filter_of(text: str, known: Mapping[str, Any]) -> tuple[str, str]:
    """A part of an element as the literal of a filter, and in words."""
    low, dots, high = text.partition("..")
    if dots:
        ends = [f'"{name}": {end}' for name, end in (("from", low), ("to", high)) if end]
        return "{" + ", ".join(ends) + "}", f"{low or '…'}–{high or '…'}"
    values = text.split("|")
    literals = [_literal(known.get(value, (value, ""))[0]) for value in values]
    words = [str(known.get(value, ("", value))[1]) for value in values]
    return literals[0] if len(values) == 1 else f"[{', '.join(literals)}]", ", ".join(words)


def named(dataset: str, measure: str, parts: Iterable[tuple[str, str]] = ()) -> str:
    inner = ",".join(f"{name}={value}" for name, value in parts)
    return f"{dataset}.{measure}[{inner}]" if inner else f"{dataset}.{measure}"


def in_dataset(element: str) -> Known | None:
    """What a dataset answers to this element."""
    found = _ELEMENT.match(element)
    dataset = datasets().get(found["name"]) if found else None
    if found is None or dataset is None:
        return None
    measure = next((m for m in dataset.measures if m.name == found["measure"]), None)
    if measure is None:
        return None
    parts = [part.partition("=") for part in (found["parts"] or "").split(",") if part]
    dimensions = {d.name: d for d in dataset.dimensions}
    words, filters = [str(measure.title)], []
    for name, _sign, value in parts:
        dimension = dimensions.get(name)
        if dimension is None:
            return None
        choices = dimension.choices() if dimension.choices else ()
        known = {_text(code): (code, label) for code, label in choices}
        literal, said = _filter_of(value, known)
        words.append(f"{dimension.title}: {said}")
        filters.append(f'"{name}": {literal}')
    return Known(
        element,
        "; ".join(words),
        _("records “%(title)s” (%(source)s)") % {"title": dataset.title, "source": dataset.source},
        source_for(dataset, measure, "{" + ", ".join(filters) + "}"),
    )


def source_for(dataset: Dataset, measure: Measure, filters: str = "{}") -> str:
    """The expression for a measure of a dataset with filters as they are written."""
    if not measure.additive:
        narrowed = f", {filters}" if filters != "{}" else ""
        return f'value("{dataset.name}", "{measure.name}"{narrowed})'
    if measure is dataset.measures[0]:
        return f'count("{dataset.name}", {filters})'
    return f'total("{dataset.name}", "{measure.name}", {filters})'


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if re.fullmatch(r"-?\d+(\.\d+)?|true|false", text) else f'"{text}"'


def elements() -> Iterator[Known]:
    """What datasets hold: each measure, alone and by each value of one dimension."""
    for dataset in datasets().values():
        for measure in dataset.measures:
            yield _known(in_dataset(named(dataset.name, measure.name)))
            if not measure.additive:
                continue
            for dimension in dataset.dimensions:
                for code, _label in dimension.choices() if dimension.choices else ():
                    name = named(dataset.name, measure.name, [(dimension.name, _text(code))])
                    if known := in_dataset(name):
                        yield known


def _known(found: Known | None) -> Known:
    assert found is not None  # it was named from the dataset itself
    return found


def typed_cells(schema: Schema) -> list[Cell]:
    """Cells that somebody has to fill."""
    return [
        cell
        for cell in schema.cells.values()
        if not cell.source
        and not schema.blocks[cell.block].rows_source
        and cell.field.type is not CellType.FILE
    ]


def repeats(form: Form, schema: Schema) -> dict[str, Known]:
    """Typed cells whose element is known elsewhere, by key; one query."""
    asked = {cell.key: cell.element for cell in typed_cells(schema) if cell.element}
    found = {}
    forms = _in_forms(form, set(asked.values()))
    for key, element in asked.items():
        known = in_dataset(element) or forms.get(element)
        if known is not None:
            found[key] = known
    return found


def _others(form: Form) -> Any:
    return FormCell.objects.filter(
        version__status=VersionStatus.PUBLISHED, version__form__withdrawn_at=None
    ).exclude(version__form=form.pk)


def _in_forms(form: Form, wanted: set[str]) -> dict[str, Known]:
    cells = _others(form).filter(element__in=wanted).select_related("version__form")
    cells = cells.defer("version__content", "version__moves", "version__repeats")
    found: dict[str, Known] = {}
    for cell in cells:
        other = cell.version.form
        if _answers(other, form):
            found.setdefault(cell.element, _of_form(cell))
    return found


def _answers(other: Form, form: Form) -> bool:
    """The other form tells it at least as often, of everybody this one asks."""
    return (
        other.kind == form.kind
        and FINENESS[PeriodKind(other.period_kind)] <= FINENESS[PeriodKind(form.period_kind)]
        and covers(other.audience, form.audience)
    )


def _of_form(cell: FormCell) -> Known:
    form = cell.version.form
    return Known(
        cell.element,
        cell.title,
        _("form “%(title)s”") % {"title": form.title},
        f'form("{form.code}", "{cell.key}")',
        form,
    )


def likely_repeats(form: Form, schema: Schema, least: Decimal = LIKELY) -> dict[str, Likely]:
    """Typed cells whose words are nearly those of something known, by key, the nearest of each.

    Words are compared by their stems (PostgreSQL's Russian dictionary), as shares of both titles
    (Dice's coefficient); a question of one word is near only what the records call so. Four queries
    for any number of cells.
    """
    cells = [cell for cell in typed_cells(schema) if in_dataset(cell.element) is None]
    known = list(elements())
    of_records = len(known)
    rows = _others(form).exclude(key__contains="*").select_related("version__form")
    rows = rows.defer("version__content", "version__moves", "version__repeats")
    known += [_of_form(cell) for cell in rows if _answers(cell.version.form, form)]
    titles = {cell.key: asked_title(schema, cell) for cell in cells}
    stems = stems_of([*titles.values(), *(one.title for one in known)])
    index: dict[str, list[int]] = defaultdict(list)
    bags = [frozenset(_bag(one.title, stems)) for one in known]
    for number, bag in enumerate(bags):
        for stem in bag:
            index[stem].append(number)
    # "Notes" of another form need not be the same notes
    alone = {bags[n]: n for n in reversed(range(of_records)) if len(bags[n]) == 1}
    questions = {c.key: frozenset(_bag(c.title, stems)) for c in cells if not c.row}
    found = {}
    for key, title in titles.items():
        bag = frozenset(_bag(title, stems))
        best = _nearest(bag, bags, index)
        if (same := alone.get(questions.get(key, bag))) is not None:
            best = Decimal(1), same
        if best is not None and best[0] >= least:
            found[key] = Likely(known[best[1]], best[0])
    return found


def asked_title(schema: Schema, cell: Cell) -> str:
    """What a cell asks in words; the title of its block where its own says too little."""
    words = _words(cell.title)
    return cell.title if len(words) > 1 else f"{schema.blocks[cell.block].title}: {cell.title}"


def _nearest(
    bag: frozenset[str], bags: Sequence[frozenset[str]], index: Mapping[str, list[int]]
) -> tuple[Decimal, int] | None:
    if len(bag) < 2:
        return None
    shared: dict[int, int] = defaultdict(int)
    for stem in bag:
        for number in index.get(stem, ()):
            shared[number] += 1
    scored = [
        (Decimal(2 * common) / (len(bag) + len(bags[number])), number)
        for number, common in shared.items()
        if len(bags[number]) > 1
    ]
    return max(scored, key=lambda pair: (pair[0], -pair[1]), default=None)


def _words(text: str) -> list[str]:
    return [w for w in _WORD.findall(text.lower().replace("ё", "е")) if w not in _EMPTY]


def _bag(title: str, stems: Mapping[str, str]) -> list[str]:
    return [stem for word in _words(title) if (stem := stems.get(word, ""))]


def stems_of(titles: Iterable[str]) -> dict[str, str]:
    """Stems of all words of these titles, by word; stop words have none. One query."""
    words = sorted({word for title in titles for word in _words(title)})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w, ts_lexize('russian_stem', w) FROM unnest(%s::text[]) AS w", [words]
        )
        return {word: (stems[0] if stems else "") for word, stems in cursor.fetchall()}
