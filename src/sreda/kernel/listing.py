"""List pages: search, filters, sorting, paging and export from one description.

The number of queries does not depend on the number of rows: one count and one page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Model, QuerySet, Window
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from sreda.kernel.kept import kept, number_of
from sreda.kernel.prepared import Ask, together

M = TypeVar("M", bound=Model)

PAGE_SIZE = 25
EXPORT_LIMIT = 50_000
CHUNK = 2000
SHORT = 10  # a filter's value of so many letters is one of a few

Rows = Callable[..., QuerySet[M]]


@dataclass(frozen=True, slots=True)
class Filter(Generic[M]):
    """A choice above the list. `apply` narrows the rows; by default `name=value`."""

    name: str
    label: Any
    choices: Callable[[], Iterable[tuple[str, Any]]] | Sequence[tuple[str, Any]]
    apply: Callable[[QuerySet[M], str], QuerySet[M]] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the export: `value(row)` is a plain value."""

    label: Any
    value: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ShownFilter:
    name: str
    label: Any
    value: str
    choices: list[tuple[str, Any, bool]]


@dataclass(eq=False)
class Listing(Generic[M]):
    """A list page's state, read from its query string.

    `search(rows, text)` narrows by the text in `q`; `sorts` maps a public name to order_by
    fields (a leading "-" in the address reverses). Unknown values are ignored, not errors:
    an old bookmark still opens. `count_all` asks for the number of rows, all of them, where that is
    told more cheaply than by counting what `rows` selects. What a search finds is counted up to
    `count_to`, if given: `more` says that there is more. `complete` adds to rows to be shown what
    is asked for all of them at once.

    `rows` may be a function that encloses nothing, and `of` its arguments: then the first page of
    the list as it is opened is a kept read (`kernel.kept`), which costs a fraction of a query put
    together anew. A list of at most some thousand rows may be `short`: PostgreSQL, which sorts it
    whole in any case, counts it by the way.
    """

    rows: QuerySet[M] | Rows[M]
    params: QueryDict
    search: Callable[[QuerySet[M], str], QuerySet[M]] | None = None
    filter_by: Sequence[Filter[M]] = ()
    sorts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default_sort: str = ""
    columns: Sequence[Column] = ()
    name: str = "list"
    page_size: int = PAGE_SIZE
    count_all: Ask | None = None
    count_to: int = 0
    of: tuple[Any, ...] = ()
    short: bool = False
    complete: Callable[[list[M]], None] | None = None
    more: bool = field(default=False, init=False)

    @property
    def all(self) -> QuerySet[M]:
        """All there is to list."""
        return self.rows(*self.of) if callable(self.rows) else self.rows

    @property
    def q(self) -> str:
        return self.params.get("q", "").strip()[:200]

    @cached_property
    def filters(self) -> list[ShownFilter]:
        shown = []
        for item in self.filter_by:
            value = self.params.get(item.name, "")
            choices = item.choices() if callable(item.choices) else item.choices
            options = [(key, label, key == value) for key, label in choices]
            if not any(chosen for *_rest, chosen in options):
                value = ""
            shown.append(ShownFilter(item.name, item.label, value, options))
        return shown

    @property
    def sort(self) -> str:
        wanted = self.params.get("sort", "")
        return wanted if wanted.lstrip("-") in self.sorts else self.default_sort

    @cached_property
    def selected(self) -> QuerySet[M]:
        """All rows that match, in order, not yet paged."""
        rows = self.all
        for item, shown in zip(self.filter_by, self.filters, strict=True):
            if shown.value:
                apply = item.apply
                rows = (
                    apply(rows, shown.value) if apply else rows.filter(**{item.name: shown.value})
                )
        searched = bool(self.q and self.search)
        if searched and self.search:
            rows = self.search(rows, self.q)
        if self.sort and not (searched and not self.params.get("sort") and rows.ordered):
            rows = rows.order_by(*self._order)
        return rows

    @property
    def _order(self) -> tuple[str, ...]:
        fields = self.sorts[self.sort.lstrip("-")]
        if self.sort.startswith("-"):
            fields = [f[1:] if f.startswith("-") else f"-{f}" for f in fields]
        return (*fields, "pk")

    @cached_property
    def page(self) -> Page[M]:
        page = self._opened()
        if page is None:
            page = self._paged()
        if self.complete:
            page.object_list = list(page.object_list)
            self.complete(page.object_list)
        return page

    def _paged(self) -> Page[M]:
        paginator = Paginator(self.selected, self.page_size)
        if self.count_all and not self.narrowed:
            paginator.count = self.count_all.number()
        elif self.q and self.search and self.count_to:
            found = self.selected.order_by().values("pk")[: self.count_to + 1].count()
            self.more = found > self.count_to
            paginator.count = min(found, self.count_to)
            if not self.more:
                return self._few(paginator)
        return paginator.get_page(self.params.get("page"))

    def _few(self, paginator: Paginator[M]) -> Page[M]:
        """A page of what is few enough to be put in order whole: asked for its first rows alone,
        PostgreSQL would look for them by walking along the list of all there is."""
        numbers = Paginator(list(self.selected.values_list("pk", flat=True)), self.page_size)
        page = numbers.get_page(self.params.get("page"))
        found = {row.pk: row for row in self.all.filter(pk__in=page.object_list)}
        return Page([found[pk] for pk in page.object_list if pk in found], page.number, paginator)

    def _opened(self) -> Page[M] | None:
        """The first page by kept reads; None where these are not for it."""
        set_ = [item for item in zip(self.filter_by, self.filters, strict=True) if item[1].value]
        if (
            not callable(self.rows)
            or self.q
            or not self.sort
            or self.params.get("page", "1") != "1"
            or any(item.apply or len(shown.value) > SHORT for item, shown in set_)
        ):
            return None
        where = tuple((item.name, shown.value) for item, shown in set_)
        paginator: Paginator[M] = Paginator([], self.page_size)  # type: ignore[arg-type]
        if self.short:
            rows = _counted(self.rows, self.of, where, self._order, self.page_size)
            paginator.count = rows[0].rows_in_all if rows else 0
            return Page(rows, 1, paginator)
        first = (self.rows, self.of, where, self._order, self.page_size)
        count = None if set_ else self.count_all
        with together([count or _number.ask(self.rows, self.of, where), _first.ask(*first)]):
            paginator.count = count.number() if count else _number.number(self.rows, self.of, where)
            return Page(_first(*first), 1, paginator)

    @property
    def total(self) -> int:
        return self.page.paginator.count

    @property
    def filters_set(self) -> int:
        return sum(bool(item.value) for item in self.filters)

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.filters_set)

    def url(self, **changes: Any) -> str:
        """The list's address with some parameters changed (None removes one)."""
        query = {key: value for key, value in self.params.items() if value and key != "page"}
        query.update({key: str(value) for key, value in changes.items() if value is not None})
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
        return f"?{urlencode(query)}" if query else "?"

    @property
    def pages(self) -> list[tuple[int | str, str]]:
        """Page numbers with their addresses; an ellipsis has none."""
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_ends=1)
        return [(n, self.url(page=n) if isinstance(n, int) else "") for n in numbers]

    @property
    def previous_url(self) -> str:
        return self.url(page=self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        return self.url(page=self.page.next_page_number()) if self.page.has_next() else ""

    @property
    def reset_url(self) -> str:
        return "?"

    @property
    def exports(self) -> list[tuple[str, str]]:
        if not self.columns:
            return []
        return [("CSV", self.url(export="csv")), ("XLSX", self.url(export="xlsx"))]

    def export(self) -> HttpResponse | StreamingHttpResponse | None:
        """The answer to ?export=csv|xlsx: all matching rows; None when no export was asked."""
        match self.params.get("export"):
            case "csv" if self.columns:
                return csv_response(self.name, self._table())
            case "xlsx" if self.columns:
                return xlsx_response(self.name, self._table())
        return None

    def _table(self) -> Iterator[list[Any]]:
        yield [str(column.label) for column in self.columns]
        rows = self.selected[:EXPORT_LIMIT].iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            if self.complete:
                self.complete(chunk)
            for row in chunk:
                yield [column.value(row) for column in self.columns]


def _where(
    rows: Rows[Any], of: tuple[Any, ...], where: tuple[tuple[str, str], ...]
) -> QuerySet[Any]:
    return rows(*of).filter(**dict(where)) if where else rows(*of)


@kept
def _number(
    rows: Rows[Any], of: tuple[Any, ...], where: tuple[tuple[str, str], ...]
) -> QuerySet[Any, Any]:
    return number_of(_where(rows, of, where))


@kept
def _first(
    rows: Rows[Any],
    of: tuple[Any, ...],
    where: tuple[tuple[str, str], ...],
    order: tuple[str, ...],
    size: int,
) -> QuerySet[Any]:
    return _where(rows, of, where).order_by(*order)[:size]


@kept
def _counted(
    rows: Rows[Any],
    of: tuple[Any, ...],
    where: tuple[tuple[str, str], ...],
    order: tuple[str, ...],
    size: int,
) -> QuerySet[Any]:
    counted: QuerySet[Any] = _where(rows, of, where).annotate(rows_in_all=Window(Count("*")))
    return counted.order_by(*order)[:size]


class _Echo(io.StringIO):
    def write(self, text: str) -> int:  # type: ignore[override]
        return text  # type: ignore[return-value]


def harmless(value: Any) -> Any:
    """Text a spreadsheet would run as a formula, with an apostrophe before it (CWE-1236)."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else value


def spelled(value: Any) -> Any:
    """A cell of a CSV file: of fractions the digits that say something, after a comma; with a dot
    spreadsheets would take them for dates."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
    return harmless(value)


def csv_response(name: str, table: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """UTF-8 with a mark, semicolons and decimal commas, as Russian spreadsheets expect."""
    writer = csv.writer(_Echo(), delimiter=";")
    lines = (writer.writerow([spelled(cell) for cell in row]) for row in table)
    response = StreamingHttpResponse(_with_bom(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _with_bom(lines: Iterable[Any]) -> Iterator[str]:
    yield "\ufeff"
    for line in lines:
        yield str(line)


def xlsx_response(name: str, table: Iterable[Sequence[Any]]) -> HttpResponse:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    for row in table:
        sheet.append([harmless(cell) if isinstance(cell, str | bool) else cell for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    response = HttpResponse(
        stream.getvalue(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
