"""The order's list of organisations, and matching its rows to the registry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.programme.access import ENTRIES
from sreda.programme.domain import matching
from sreda.programme.enums import Section
from sreda.programme.models import ListEntry, Programme
from sreda.programme.queries import entries as queries
from sreda.programme.web.base import actor_of, chosen, page, visible
from sreda.programme.web.titles import LIST_COLUMNS
from sreda.registry.api import ORGANISATIONS, Organisation

FOUND_LIMIT = 20


def list_heads() -> list[tuple[Any, Any]]:
    """Short headings with their columns; the address stands under the name."""
    return [(LIST_COLUMNS[c.key], c) for c in queries.COLUMNS if c.key in LIST_COLUMNS]


def _matched(rows: QuerySet[ListEntry], value: str) -> QuerySet[ListEntry]:
    return rows.filter(organisation__isnull=value == "no")


def listing_of(
    request: HttpRequest, programme: Programme, rows: QuerySet[ListEntry]
) -> Listing[ListEntry]:
    places = queries.ranks(programme)
    return Listing(
        queries.with_today(rows.filter(programme=programme, gone_at=None)),
        request.GET,
        search=queries.matching,
        filter_by=[
            Filter("section", gettext_lazy("Section"), Section.choices),
            Filter(
                "matched",
                gettext_lazy("In the registry"),
                [("yes", gettext_lazy("Matched")), ("no", gettext_lazy("Not matched"))],
                _matched,
            ),
        ],
        sorts={
            "printed": ["-section", "number"],
            "rank": ["-section", "ratio"],
            "learners": ["learners"],
            "ratio": ["ratio"],
            "name": ["name"],
        },
        default_sort="printed",
        columns=_columns(places),
        name="list",
        page_size=50,
    )


def _columns(places: dict[UUID, int]) -> list[Column]:
    printed = [
        Column(f"{column.graph}. {column.title}", _printed(column.key))
        for column in queries.COLUMNS
    ]
    return [
        Column(gettext_lazy("Section"), lambda e: e.get_section_display()),
        *printed,
        Column(gettext_lazy("Computed ratio"), lambda e: queries.ratio_of(e.computers, e.learners)),
        Column(gettext_lazy("Place by the rule"), lambda e: places.get(e.pk)),
        Column(
            gettext_lazy("Organisation of the registry"),
            lambda e: e.organisation.short_name if e.organisation else "",
        ),
        Column(gettext_lazy("Learners today"), _learners_today),
        Column(gettext_lazy("Computers in teaching today"), lambda e: e.computers_today),
    ]


def _printed(key: str) -> Any:
    return lambda entry: entry.printed.get(key, "")


def _learners_today(entry: ListEntry) -> int | None:
    size = getattr(entry.organisation, "size", None) if entry.organisation else None
    return size.learners if size else None


@page
@require_GET
def entries(request: HttpRequest) -> HttpResponseBase:
    """The rows a person follows: all for the operator, else those of their own."""
    actor = actor_of(request)
    visible(ENTRIES.may(actor, "follow"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    listing = listing_of(request, programme, ENTRIES.all(actor, "follow"))
    return listing.export() or render(
        request,
        "programme/entries.html",
        {
            "programme": programme,
            "listing": listing,
            "rows": queries.shown(programme, listing.page),
            "heads": list_heads(),
            "may_match": ENTRIES.may(actor, "match"),
        },
    )


@page
@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A row of the list: its cells, and which organisation of the registry it is."""
    actor = actor_of(request)
    visible(ENTRIES.may(actor, "follow"))
    found = (
        queries.with_today(ENTRIES.all(actor, "follow"))
        .select_related("programme")
        .filter(pk=pk)
        .first()
    )
    visible(found is not None)
    assert found is not None
    error = ""
    if request.method == "POST":
        ENTRIES.require(actor, "match", found)
        try:
            matching.match(
                entry=found.pk,
                organisation=_asked(request),
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as problem:
            error = " ".join(problem.messages)
        else:
            messages.success(request, _("The match is kept."))
            return redirect("programme:entry", pk=pk)
    may_match = ENTRIES.may(actor, "match")
    context: dict[str, Any] = {
        "entry": found,
        "programme": found.programme,
        "shown": queries.shown(found.programme, [found])[0],
        "may_match": may_match,
        "error": error,
        "q": request.GET.get("q", "").strip()[:100],
    }
    if may_match:
        context["suggestions"] = matching.candidates(found, matching.known_organisations())
        context["found"] = _search(request, found, context["q"])
    return render(request, "programme/entry.html", context, status=422 if error else 200)


def _asked(request: HttpRequest) -> UUID | None:
    """The chosen organisation; empty: none of the registry's."""
    text = request.POST.get("organisation", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise ValidationError(_("There is no such organisation of this kind.")) from error


def _search(request: HttpRequest, found: ListEntry, text: str) -> list[Organisation]:
    if not text:
        return []
    rows = ORGANISATIONS.all(actor_of(request)).filter(kind=found.section)
    for word in text.split():
        rows = rows.filter(name__icontains=word) | rows.filter(
            short_name__icontains=word
        ) | rows.filter(locality__icontains=word)  # fmt: skip
    return list(rows.select_related("municipality")[:FOUND_LIMIT])
