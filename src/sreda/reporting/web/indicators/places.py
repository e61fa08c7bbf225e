"""From a value down: its organisations, and the records behind one of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from sreda.kernel.api import Column, Filter, Listing, datasets
from sreda.registry.api import Organisation, on_day
from sreda.reporting.access import INDICATORS, organisations_seen
from sreda.reporting.enums import Level
from sreda.reporting.models import IndicatorValue
from sreda.reporting.queries.indicators import Day, Shown, words_of
from sreda.reporting.queries.lineage import filters_in_words
from sreda.reporting.queries.places import TEACHING, places_on
from sreda.reporting.web import base
from sreda.reporting.web.indicators import figures
from sreda.ui.pages import actor_of, page, visible

RECORDS = 50


@page
@require_GET
def organisations(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The indicator by organisations: of one municipality, or of all one may see."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    seen = organisations_seen(actor)
    visible(Level.ORGANISATION in found.levels and seen is not False)
    on = base.past_day(request, actor.on)
    day = Day(actor, found, on)
    on = day.on
    rows: QuerySet[Organisation] = Organisation.objects.filter(on_day(on), kind__in=TEACHING)
    if isinstance(seen, Q):
        rows = rows.filter(seen)
    sorts = {"name": ["short_name__natural"], "municipality": ["municipality__name__natural"]}
    computed: Mapping[UUID, Shown] = {}
    if day.kept:
        kept = IndicatorValue.objects.filter(
            indicator=found, on=on, organisation=OuterRef("pk")
        ).order_by()  # fmt: skip
        rows = rows.annotate(
            figure=Subquery(kept.values("value")[:1]),
            why=Subquery(kept.values("why")[:1]),
            stale=Subquery(kept.values("stale")[:1]),
        )
        sorts["value"] = ["figure"]
    else:
        computed = day.of_level(Level.ORGANISATION)

    def figure(row: Any) -> Decimal | None:
        if day.kept:
            value: Decimal | None = row.figure
            return value
        return computed[row.pk].value if row.pk in computed else None

    listing: Listing[Organisation] = Listing(
        rows.select_related("municipality"),
        request.GET,
        search=lambda rows, text: rows.filter(
            Q(short_name__icontains=text) | Q(code__icontains=text) | Q(locality__icontains=text)
        ),
        filter_by=[
            Filter(
                "municipality",
                gettext_lazy("Municipality"),
                base.municipality_choices,
                lambda rows, value: rows.filter(municipality_id=value),
            ),
            Filter("kind", gettext_lazy("Kind"), [(k.value, k.label) for k in TEACHING]),
        ],
        sorts=sorts,
        default_sort="name",
        columns=[
            Column(gettext_lazy("Registry number"), lambda o: o.code),
            Column(gettext_lazy("Organisation"), lambda o: o.short_name),
            Column(gettext_lazy("Municipality"), lambda o: o.municipality.name),
            Column(gettext_lazy("Kind"), lambda o: o.get_kind_display()),
            Column(found.title, figure),
            Column(gettext_lazy("Unit"), lambda o: found.unit),
            Column(gettext_lazy("As of"), lambda o: on),
        ],
        name=found.code,
    )  # fmt: skip
    if exported := listing.export():
        return exported
    row: Any
    for row in listing.page:
        value = figure(row)
        row.shown_value = value
        row.shown_why = (
            row.why if day.kept else (computed[row.pk].why if row.pk in computed else "")
        )
        row.standing = figures.STANDING.get(found.standing(value), "")
    return render(
        request,
        "reporting/indicators/organisations.html",
        {"listing": listing, "indicator": found, "on": on, "today": actor.on, "kept": day.kept},
    )


@page
@require_GET
def records(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """The records of a dataset behind one input of a value at a place: those the actor may see,
    and how many more there are."""
    day, place = figures.asked(request, pk)
    actor, found, on, shown = day.actor, day.indicator, day.on, day.at(place)
    if shown is None or not 0 <= number < len(shown.inputs):
        raise Http404
    item = shown.inputs[number]
    dataset = datasets().get(item["name"]) if item["kind"] == "dataset" else None
    if dataset is None or dataset.records is None:
        raise Http404
    members = places_on(on).members().get(place.key, [])
    filters = {key: figures.as_number(value) for key, value in item["filters"].items()}
    behind = dataset.records(actor, list(members), on, _exact(filters))
    pages = Paginator(behind.rows, RECORDS).get_page(request.GET.get("page"))
    title, detail, _known = words_of(item["name"], item["part"])
    return render(
        request,
        "reporting/indicators/records.html",
        {
            "indicator": found,
            "on": on,
            "place": place,
            "place_query": base.place_query(place),
            "title": title,
            "detail": detail,
            "filters": filters_in_words(item["name"], item["filters"]),
            "value": figures.as_number(item["value"]),
            "source": dataset.source,
            "rows": [(behind.label(row), behind.url(row)) for row in pages],
            "pages": pages,
            "hidden": behind.hidden,
        },
    )


def _exact(filters: dict[str, Any]) -> dict[str, Any]:
    """Numbers of ranges and lists as they were before JSON; texts stay texts."""

    def exact(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: exact(item) for key, item in value.items()}
        if isinstance(value, list):
            return [exact(item) for item in value]
        return figures.as_number(value)

    return {key: exact(value) for key, value in filters.items()}
