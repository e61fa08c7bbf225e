"""What the pages of an indicator and its files share: parts of a value, municipalities, series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sreda.kernel.api import Actor, datasets
from sreda.registry.api import Municipality
from sreda.reporting.access import INDICATORS
from sreda.reporting.enums import Level
from sreda.reporting.models import Indicator
from sreda.reporting.queries import indicators as queries
from sreda.reporting.queries.indicators import Day, PlaceChoice, words_of
from sreda.reporting.queries.lineage import filters_in_words
from sreda.reporting.queries.places import PlaceKey
from sreda.reporting.web import base
from sreda.ui.pages import actor_of

TONES = {"fresh": "success", "stale": "warning", "broken": "danger"}
STANDING = {"good": "success", "middling": "warning", "bad": "danger"}
MONTHS = 13


def asked(request: HttpRequest, pk: UUID) -> tuple[Day, PlaceChoice]:
    """An indicator the actor may see, on the day and at the place that are asked for; Http404."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    on = base.past_day(request, actor.on)
    place = base.asked_place(request, actor)
    return Day(actor, found, on), place


def as_number(text: object) -> object:
    try:
        return Decimal(str(text)) if isinstance(text, str) else text
    except ArithmeticError:
        return text


def inputs(made_of: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a value was made of, in words; `number` finds it again in the drill-down."""
    codes = [item["name"] for item in made_of if item["kind"] == "indicator"]
    titles = {i.code: i for i in Indicator.objects.filter(code__in=codes)} if codes else {}
    rows = []
    for number, item in enumerate(made_of):
        row: dict[str, Any] = {"number": number, "kind": item["kind"], "unit": "", "url": ""}
        if item["kind"] == "dataset":
            row["title"], row["detail"], _known = words_of(item["name"], item["part"])
            row["filters"] = filters_in_words(item["name"], item["filters"])
            dataset = datasets().get(item["name"])
            row["source"] = dataset.source if dataset else ""
            row["records"] = bool(dataset and dataset.records)
        elif item["kind"] == "indicator" and (other := titles.get(item["name"])):
            row["title"], row["detail"], row["unit"] = (
                other.title,
                pgettext("reporting", "indicator"),
                other.unit,
            )
            row["url"] = reverse("reporting:indicator", args=[other.pk])
        else:
            row["title"], row["detail"] = item["part"] or item["name"], item["name"]
        row["value"] = as_number(item["value"])
        rows.append(row)
    return rows


def municipalities(indicator: Indicator, day: Day) -> list[dict[str, Any]]:
    """A row for each municipality that has schools or colleges: five levels of shade, the darker
    the greater."""
    if Level.MUNICIPALITY not in indicator.levels:
        return []
    values = day.of_level(Level.MUNICIPALITY)
    known = sorted(v.value for v in values.values() if v.value is not None)
    rows = []
    for place in Municipality.objects.filter(pk__in=values).order_by("name__natural"):
        shown = values[place.pk]
        shade = 0
        if shown.value is not None:
            below = sum(1 for other in known if other <= shown.value)
            shade = -(-below * 5 // len(known))
        rows.append(
            {
                "place": place,
                "shown": shown,
                "shade": shade,
                "standing": STANDING.get(indicator.standing(shown.value), ""),
            }
        )
    return rows


def series(
    actor: Actor, indicator: Indicator, place: PlaceChoice, on: date
) -> dict[str, Any] | None:
    """The series at the place and, at a narrower one, that of the region, against the plan and
    thresholds."""
    since = date(on.year - (MONTHS // 12), on.month, 1)
    years = [int(year) for year in indicator.plan]
    if years and min(years) < since.year:
        since = date(min(years), 1, 1)
    wider = PlaceChoice(PlaceKey(Level.REGION), base.region_name())
    places = [place] if place.level == Level.REGION else [place, wider]
    found = queries.series(actor, [indicator], places, since, on)
    days = sorted({day for values in found.values() for day in values})
    if not days:
        return None
    lines = [
        {
            "name": item.name,
            "values": [found.get((indicator.code, item.key), {}).get(day) for day in days],
        }
        for item in places
        if (indicator.code, item.key) in found
    ]
    for title, value in (
        (_("Plan"), None),
        (_("good from"), indicator.good_from),
        (_("bad from"), indicator.bad_from),
    ):
        values = [indicator.planned(d.year) if title == _("Plan") else value for d in days]
        if any(v is not None for v in values):
            lines.append({"name": title, "values": values})
    return {"labels": [day.strftime("%d.%m.%y") for day in days], "series": lines}
