"""The list of indicators, and one with its places, series, lineage and history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor, Column, Filter, Listing, history_of
from sreda.registry.api import ORGANISATIONS
from sreda.reporting.access import INDICATORS, organisations_seen
from sreda.reporting.domain import indicators as domain
from sreda.reporting.enums import IndicatorState, Level
from sreda.reporting.models import Indicator
from sreda.reporting.queries import indicators as queries
from sreda.reporting.queries.entries import Place, places_of
from sreda.reporting.queries.indicators import PlaceChoice, Shown
from sreda.reporting.web import base
from sreda.reporting.web.drawing import kind_words, lineage_picture
from sreda.reporting.web.indicators import figures
from sreda.ui.pages import actor_of, page, visible


@page
@require_GET
def indicators(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "view"))
    place = base.asked_place(request, actor)
    on = base.past_day(request, actor.on)
    owners = INDICATORS.all(actor).exclude(owner="").order_by("owner")
    listing: Listing[Indicator] = Listing(
        queries.listed(actor, place, on),
        request.GET,
        search=lambda rows, text: rows.filter(Q(title__icontains=text) | Q(code__icontains=text)),
        filter_by=[
            Filter("state", gettext_lazy("State"), IndicatorState.choices),
            Filter(
                "owner",
                gettext_lazy("Who answers for it"),
                lambda: [(o, o) for o in owners.values_list("owner", flat=True).distinct()],
            ),
        ],
        sorts={"title": ["title__natural"], "state": ["state", "title__natural"], "now": ["now"]},
        default_sort="title",
        columns=[
            Column(gettext_lazy("Code"), lambda i: i.code),
            Column(pgettext_lazy("reporting", "Indicator"), lambda i: i.title),
            Column(gettext_lazy("Value"), lambda i: i.now),
            Column(gettext_lazy("Unit"), lambda i: i.unit),
            Column(gettext_lazy("As of"), lambda i: i.now_on),
            Column(gettext_lazy("Plan"), lambda i: i.planned(on.year)),
            Column(gettext_lazy("Owner"), lambda i: i.owner),
            Column(gettext_lazy("State"), lambda i: i.get_state_display()),
            Column(gettext_lazy("Formula"), lambda i: i.formula),
        ],
        name="indicators",
    )
    if exported := listing.export():
        return exported
    for row in listing.page:
        row.tone = figures.TONES[row.state]  # type: ignore[attr-defined]
        row.standing_tone = figures.STANDING.get(row.standing(row.now), "")  # type: ignore[attr-defined]
        row.plan_now = row.planned(on.year)  # type: ignore[attr-defined]
    return render(
        request,
        "reporting/indicators/list.html",
        {
            "listing": listing,
            "place": place,
            "may_manage": INDICATORS.may(actor, "manage"),
            "broken": INDICATORS.all(actor).filter(state=IndicatorState.BROKEN).count(),
        },
    )


@page
@require_GET
def indicator(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    day, place = figures.asked(request, pk)
    actor, found, on, shown = day.actor, day.indicator, day.on, day.at(place)
    municipalities = figures.municipalities(found, day)
    dependence = queries.lineage(found)
    context = {
        "indicator": found,
        "tone": figures.TONES[found.state],
        "on": on,
        "today": actor.on,
        "place": place,
        "place_query": base.place_query(place),
        "shown": shown,
        "standing": figures.STANDING.get(found.standing(shown.value if shown else None), ""),
        "plan": found.planned(on.year),
        "plans": sorted(found.plan.items()),
        "inputs": figures.inputs(shown.inputs if shown else ()),
        "entries": _entries(shown, place) if may_enter(actor) else [],
        "municipalities": municipalities,
        "chart": figures.series(actor, found, place, on),
        "picture": lineage_picture(dependence, _node_url),
        "arrows": _arrows(dependence),
        "levels": [Level(level).label for level in found.levels],
        "has_organisations": Level.ORGANISATION in found.levels
        and organisations_seen(actor) is not False,
        "may_manage": INDICATORS.may(actor, "manage", found),
        "history": _history(found),
        "exports": ["xlsx", "csv", "pdf"],
    }
    return render(request, "reporting/indicators/indicator.html", context)


def _entries(shown: Shown | None, place: PlaceChoice) -> list[Place]:
    """Where what is missing for a value is entered."""
    if shown is None or shown.value is not None:
        return []
    missing = {
        (item["name"], item["part"])
        for item in shown.inputs
        if item["kind"] == "dataset" and not figures.as_number(item["value"])
    }
    return places_of(missing, place.key.id if place.level == Level.ORGANISATION else None)


def may_enter(actor: Actor) -> bool:
    return ORGANISATIONS.may(actor, "manage")


def _node_url(node: queries.Node) -> str:
    return reverse("reporting:indicator", args=[node.url]) if node.url else ""


def _arrows(found: queries.Lineage) -> list[dict[str, Any]]:
    """The picture as rows: what, and what it is made of."""
    nodes = {node.key: node for column in found.columns for node in column}
    rows = []
    for before, after in found.arrows:
        one, other = nodes[before], nodes[after]
        rows.append({"kind": kind_words(one.kind), "source": one, "source_url": _node_url(one),
                     "target": other, "target_url": _node_url(other)})  # fmt: skip
    return rows


def _history(indicator: Indicator) -> list[dict[str, Any]]:
    fields: list[Any] = [Indicator._meta.get_field(name) for name in domain.FIELDS]
    names = {field.name: str(field.verbose_name) for field in fields}
    items: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for revision in reversed(history_of(indicator)):
        changes = [
            (names[name].capitalize(), _plain((before or {}).get(name)), _plain(value))
            for name, value in revision.state.items()
            if before is not None and before.get(name) != value
        ]
        items.append(
            {
                "title": _("Changed") if before is not None else _("Added"),
                "at": revision.recorded_at,
                "actor": revision.actor_label or _("System"),
                "text": revision.reason,
                "changes": changes,
                "icon": "pencil" if before is not None else "plus",
                "tone": "primary" if before is not None else "success",
            }
        )
        before = revision.state
    return list(reversed(items))


def _plain(value: Any) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case dict():
            return "; ".join(f"{key}: {item}" for key, item in sorted(value.items()))
        case list():
            return ", ".join(str(Level(i).label) if i in Level.values else str(i) for i in value)
    return "" if value is None else str(value)
