"""Results of surveys, with small numbers hidden so that they cannot be reckoned back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.registry.api import Municipality, OrganisationKind, Role
from sreda.reporting.enums import CampaignStatus
from sreda.reporting.forms import Cell, CellType, Option
from sreda.reporting.models import Answer, Campaign, FormVersion
from sreda.reporting.queries.suppression import K, hidden_in_line, small, suppress
from sreda.reporting.queries.typed import shown_number
from sreda.reporting.queries.versions import dictionaries_of, options_of

SCALE = 11
"""A whole number of at most so many values is a scale: its values are counted one by one."""
TEXTS = 200
NO_ANSWER = ""
GROUPS = {"municipality": "municipality_id", "kind": "kind", "role": "role"}
CLOSED_SETS = {CellType.CHOICE, CellType.CHOICES, CellType.BOOLEAN}


@dataclass(frozen=True, slots=True)
class Question:
    cell: Cell
    options: tuple[Option, ...]
    """What may be answered; empty: anything."""

    @property
    def key(self) -> str:
        return self.cell.key

    @property
    def title(self) -> str:
        return self.cell.title

    @property
    def several(self) -> bool:
        return self.cell.field.type is CellType.CHOICES

    @property
    def numeric(self) -> bool:
        return self.cell.field.type.numeric


def questions_of(version: FormVersion) -> list[Question]:
    schema = version.schema
    known = dictionaries_of(schema)
    return [Question(cell, _options(cell, known)) for cell in schema.cells.values()]


def _options(cell: Cell, known: Mapping[str, tuple[Option, ...]]) -> tuple[Option, ...]:
    field = cell.field
    if field.type is CellType.BOOLEAN:
        return (Option("true", _("yes")), Option("false", _("no")))
    if field.type is CellType.INTEGER and field.minimum is not None and field.maximum is not None:
        low, high = int(field.minimum), int(field.maximum)
        if high - low < SCALE:
            return tuple(Option(str(n), str(n)) for n in range(low, high + 1))
    return options_of(cell, known) if field.type in CLOSED_SETS else ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One possible answer; `count` None: hidden."""

    title: str
    count: int | None
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Result:
    question: Question
    answered: int | None
    bars: tuple[Bar, ...] = ()
    mean: Decimal | None = None
    median: Decimal | None = None
    texts: tuple[str, ...] = ()
    hidden: bool = False
    """Something is not shown because too few people stand behind it."""

    @property
    def shown(self) -> list[tuple[str, int]]:
        """Bars that may be drawn."""
        return [(bar.title, bar.count) for bar in self.bars if bar.count is not None]


@dataclass(frozen=True, slots=True)
class Crossed:
    """A question by groups of people; None: hidden."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int | None, ...], int | None], ...]
    totals: tuple[int | None, ...]
    total: int


def answer_count(campaign: Campaign) -> int:
    return Answer.objects.filter(campaign=campaign).count()


def showable(campaign: Campaign, answers: int) -> bool:
    """At least K answers; of an anonymous survey only when no more come: two looks, before an
    answer and after it, would show the answer."""
    return answers >= K and (not campaign.anonymous or campaign.status == CampaignStatus.CLOSED)


def results_of(campaign: Campaign, questions: Sequence[Question]) -> list[Result]:
    """Per question; nothing at all where it is not `showable`."""
    total = answer_count(campaign)
    if not showable(campaign, total):
        return []
    counts = _counted(campaign, [q for q in questions if q.options or q.numeric])
    answered = _answered(campaign)
    found = []
    for question in questions:
        there = answered.get(question.key, 0)
        if question.options:
            found.append(_of_options(question, counts.get(question.key, {}), there, total))
        elif there < K:
            found.append(Result(question, None, hidden=there > 0))
        elif question.numeric:
            mean, median = _middle(counts[question.key])
            found.append(Result(question, there, mean=mean, median=median))
        else:
            found.append(Result(question, there, texts=_texts(campaign, question.key)))
    return found


def _of_options(question: Question, counts: Mapping[str, int], there: int, total: int) -> Result:
    shown = shown_counts(question, counts, there, total)
    bars = tuple(
        Bar(title, count, _share(count, total))
        for (title, _code), count in zip(_columns(question), shown, strict=True)
    )
    hidden = None in shown
    mean = median = None
    if question.numeric and not hidden and there >= K:
        # with hidden counts the mean would be one more equation to find them by
        mean, median = _middle(counts)
    return Result(question, None if hidden else there, bars, mean, median, hidden=hidden)


def _columns(question: Question) -> list[tuple[str, str]]:
    """Titles and codes; "no answer" is a column too, so that a line sums to its total."""
    return [*((o.title, o.code) for o in question.options), (_("no answer"), NO_ANSWER)]


def shown_counts(
    question: Question, counts: Mapping[str, int], there: int, total: int
) -> list[int | None]:
    """The line of all answers, "no answer" last, with what has to be hidden as None."""
    line = [counts.get(o.code, 0) for o in question.options] + [total - there]
    if question.several:  # no sum to reckon by, but each count tells also of those who did not
        return [None if small(n) or small(total - n) else n for n in line]
    return [None if hide else n for n, hide in zip(line, hidden_in_line(line), strict=True)]


def crossed(campaign: Campaign, question: Question, by: str) -> Crossed | None:
    """One question (of one answer) by municipality, kind of organisation or role; None where it
    cannot be shown."""
    total = answer_count(campaign)
    if by not in GROUPS or not question.options or question.several:
        return None
    if not showable(campaign, total):
        return None
    column = GROUPS[by]
    sizes = {
        str(group or ""): n
        for group, n in Answer.objects.filter(campaign=campaign)
        .order_by()
        .values_list(column)
        .annotate(n=Count("pk"))
    }
    names = _names(by)
    groups = sorted(sizes, key=lambda g: (g == "", names.get(g, "")))
    counts: dict[str, dict[str, int]] = {group: {} for group in groups}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce({column}::text, ''), values ->> %s, count(*)"  # noqa: S608 - a fixed name
            " FROM reporting_answer WHERE campaign_id = %s AND values ->> %s IS NOT NULL"
            " GROUP BY 1, 2",
            [question.key, campaign.pk, question.key],
        )
        for group, code, n in cursor.fetchall():
            counts[group][code] = n
    codes = [o.code for o in question.options]
    table = []
    for group in groups:
        line = [counts[group].get(code, 0) for code in codes]
        table.append([*line, sizes[group] - sum(line)])
    sums = [sum(row[c] for row in table) for c in range(len(codes) + 1)]
    rows_hidden = hidden_in_line([sizes[group] for group in groups])
    columns_hidden = hidden_in_line(sums)
    hidden = suppress(table, rows_hidden, columns_hidden)
    return Crossed(
        columns=tuple(title for title, _code in _columns(question)),
        rows=tuple(
            (
                names.get(group, _("not known")),
                tuple(None if h else n for n, h in zip(table[r], hidden[r], strict=True)),
                None if rows_hidden[r] else sizes[group],
            )
            for r, group in enumerate(groups)
        ),
        totals=tuple(None if h else n for n, h in zip(sums, columns_hidden, strict=True)),
        total=total,
    )


def _names(by: str) -> dict[str, str]:
    match by:
        case "kind":
            return {str(value): str(label) for value, label in OrganisationKind.choices}
        case "role":
            return {str(value): str(label) for value, label in Role.choices}
    return {str(pk): name for pk, name in Municipality.objects.values_list("pk", "name")}


def _counted(campaign: Campaign, questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    """How often each value was given, by question; one query."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.key, o.code, count(*) FROM reporting_answer a,"
            " jsonb_each(a.values) v, jsonb_array_elements_text(CASE jsonb_typeof(v.value)"
            " WHEN 'array' THEN v.value ELSE jsonb_build_array(v.value) END) o(code)"
            " WHERE a.campaign_id = %s AND v.key = ANY(%s) GROUP BY 1, 2",
            [campaign.pk, [q.key for q in questions]],
        )
        for key, code, n in cursor.fetchall():
            found.setdefault(key, {})[code] = n
    return found


def _answered(campaign: Campaign) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k, count(*) FROM reporting_answer a, jsonb_object_keys(a.values) k"
            " WHERE a.campaign_id = %s GROUP BY 1",
            [campaign.pk],
        )
        return dict(cursor.fetchall())


def _texts(campaign: Campaign, key: str) -> tuple[str, ...]:
    """Free texts (at most TEXTS, by chance) in an order that says nothing."""
    rows = Answer.objects.filter(campaign=campaign, values__has_key=key).order_by("?")
    texts = [values[key] for values in rows.values_list("values", flat=True)[:TEXTS]]
    random.SystemRandom().shuffle(texts)
    return tuple(texts)


def _middle(counts: Mapping[str, int]) -> tuple[Decimal, Decimal]:
    """Mean and median, to two digits."""
    values = sorted((Decimal(code), n) for code, n in counts.items())
    size = sum(n for _value, n in values)
    mean = sum((value * n for value, n in values), Decimal(0)) / size
    return _two(mean), _two((_at(values, (size - 1) // 2) + _at(values, size // 2)) / 2)


def _at(values: Sequence[tuple[Decimal, int]], place: int) -> Decimal:
    for value, n in values:
        if place < n:
            return value
        place -= n
    raise IndexError(place)


def _two(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _share(count: int | None, total: int) -> Decimal | None:
    return None if count is None else (Decimal(100) * count / total).quantize(Decimal("0.1"))


def table_of(results: Sequence[Result], table: Crossed | None) -> Iterator[list[object]]:
    """The results for a spreadsheet: what is hidden on the page is hidden here."""
    yield [_("Question"), _("Answer"), _("People"), _("Per cent")]
    hidden = _("hidden")
    for found in results:
        title = found.question.title
        for bar in found.bars:
            count = hidden if bar.count is None else bar.count
            share = "" if bar.share is None else shown_number(bar.share)
            yield [title, bar.title, count, share]
        if found.mean is not None and found.median is not None:
            yield [title, _("Mean"), shown_number(found.mean), ""]
            yield [title, _("Median"), shown_number(found.median), ""]
        for text in found.texts:
            yield [title, text, "", ""]
        if found.hidden and not found.bars:
            yield [title, hidden, "", ""]
    if table is not None:
        yield []
        yield ["", *table.columns, _("Total")]
        for name, counts, size in table.rows:
            yield [name, *(hidden if n is None else n for n in (*counts, size))]
        yield [_("Total"), *(hidden if n is None else n for n in (*table.totals, table.total))]


def named_answers(campaign: Campaign, questions: Sequence[Question]) -> Iterator[list[object]]:
    """The answers of a survey with names, a line each, for a spreadsheet."""
    assert not campaign.anonymous
    yield [
        _("Person"), _("Role"), _("Organisation"), _("Municipality"), _("Answered at"),
        *(question.title for question in questions),
    ]  # fmt: skip
    rows = Answer.objects.filter(campaign=campaign).select_related(
        "person", "organisation", "municipality"
    )
    for row in rows.order_by("at", "pk").iterator(chunk_size=2_000):
        yield [
            row.person.full_name if row.person else "",
            str(Role(row.role).label) if row.role else "",
            row.organisation.short_name if row.organisation else "",
            row.municipality.name if row.municipality else "",
            timezone.localtime(row.at).replace(tzinfo=None) if row.at else None,
            *(_in_words(question, row.values.get(question.key)) for question in questions),
        ]


def _in_words(question: Question, value: object) -> str:
    titles = {option.code: option.title for option in question.options}
    said = value if isinstance(value, list) else [] if value is None else [value]
    return "; ".join(titles.get(str(one), str(one)) for one in said)
