"""Kept values as observations, for the exchange of statistics and for analysts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from sreda.registry.api import Municipality, Organisation
from sreda.reporting.enums import Level
from sreda.reporting.exports import Observation, Place, Statistic
from sreda.reporting.models import Indicator, IndicatorValue

REGION_CODE = "region"


def statistic(indicator: Indicator) -> Statistic:
    return Statistic(indicator.code, indicator.title, indicator.unit, indicator.places)


def municipality_place(place: Municipality) -> Place:
    return Place(f"m{place.code}", place.name, REGION_CODE)


def organisation_place(place: Organisation) -> Place:
    return Place(f"o{place.code}", place.short_name, f"m{place.municipality.code}")


def chosen(
    values: QuerySet[IndicatorValue],
    indicators: Sequence[Indicator],
    *,
    levels: Sequence[Level],
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[IndicatorValue]:
    """Of the values one may see, those of these indicators, levels and days, in a lasting order."""
    where = Q(pk=None)
    if Level.REGION in levels:
        where |= Q(organisation=None, municipality=None)
    if Level.MUNICIPALITY in levels:
        where |= Q(municipality__isnull=False)
    if Level.ORGANISATION in levels:
        where |= Q(organisation__isnull=False)
    rows = values.filter(where, indicator__in=indicators)
    if since:
        rows = rows.filter(on__gte=since)
    if until:
        rows = rows.filter(on__lte=until)
    return rows.order_by(
        "indicator__code", "municipality__code", "organisation__code", "on"
    ).select_related("indicator", "municipality", "organisation__municipality")


def observations(values: QuerySet[IndicatorValue], region: str) -> Iterator[Observation]:
    for value in values.iterator(chunk_size=2_000):
        place = Place(REGION_CODE, region)
        if value.municipality is not None:
            place = municipality_place(value.municipality)
        elif value.organisation is not None:
            place = organisation_place(value.organisation)
        number = None if value.value is None else round(value.value, value.indicator.places)
        yield Observation(place, statistic(value.indicator), value.on, number, value.stale)
