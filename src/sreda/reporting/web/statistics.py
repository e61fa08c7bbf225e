"""Values of indicators as statistics: SDMX-CSV, SDMX-JSON with its structure, Parquet."""

from __future__ import annotations

from itertools import islice

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sreda.kernel import clock
from sreda.registry.api import Municipality
from sreda.reporting.access import INDICATORS, VALUES
from sreda.reporting.enums import Level
from sreda.reporting.exports import (
    Place,
    sdmx_csv,
    sdmx_json,
    sdmx_structure,
    to_parquet,
)
from sreda.reporting.exports.sdmx import CSV_TYPE, JSON_TYPE, STRUCTURE_TYPE
from sreda.reporting.queries.statistics import (
    REGION_CODE,
    chosen,
    municipality_place,
    observations,
    organisation_place,
    statistic,
)
from sreda.reporting.web import base
from sreda.ui.pages import actor_of

LIMIT = 200_000
LEVELS = [Level.REGION, Level.MUNICIPALITY]


@require_safe
def values(request: HttpRequest, form: str) -> HttpResponseBase:
    """?code=… (several) chooses indicators, ?level=… levels (region and municipalities unless
    asked), ?since, ?until days. What one may not see is not in it; without signing in, what is
    public."""
    actor = actor_of(request)
    action = "view" if actor.signed_in else "publish"
    indicators = INDICATORS.all(actor, action)
    if codes := request.GET.getlist("code"):
        indicators = indicators.filter(code__in=codes)
    found = list(indicators.order_by("code"))
    levels = [Level(v) for v in request.GET.getlist("level") if v in Level.values] or LEVELS
    rows = chosen(
        VALUES.all(actor, action), found, levels=levels,
        since=base.day_in(request, "since"), until=base.day_in(request, "until"),
    )  # fmt: skip
    at, language, region = clock.now(), get_language() or "ru", base.region_name()
    match form:
        case "sdmx-csv":
            content = sdmx_csv(islice(observations(rows, region), LIMIT))
            return base.attachment(content, CSV_TYPE, "indicators.csv")
        case "sdmx-json":
            listed = list(islice(observations(rows, region), LIMIT))
            return base.attachment(
                sdmx_json(listed, at=at, language=language), JSON_TYPE, "indicators.json"
            )
        case "sdmx-structure":
            places = [
                Place(REGION_CODE, region),
                *(municipality_place(m) for m in Municipality.objects.order_by("code")),
            ]
            if Level.ORGANISATION in levels:
                seen = rows.filter(organisation__isnull=False)
                known = {v.organisation_id: v.organisation for v in seen if v.organisation}
                places += [organisation_place(o) for o in known.values()]
            content = sdmx_structure(
                places, [statistic(i) for i in found], title=_("Indicators of monitoring"),
                at=at, language=language,
            )  # fmt: skip
            return base.attachment(content, STRUCTURE_TYPE, "structure.json")
        case "parquet":
            table = (
                (o.place.code, o.place.name, o.statistic.code, o.statistic.name, o.on, o.value,
                 o.statistic.unit, o.provisional)
                for o in islice(observations(rows, region), LIMIT)
            )  # fmt: skip
            columns = [
                ("place", "text", _("Place's code")),
                ("place_name", "text", _("Place")),
                ("indicator", "text", _("Code")),
                ("indicator_title", "text", pgettext("reporting", "Indicator")),
                ("on", "date", _("As of")),
                ("value", "decimal", _("Value")),
                ("unit", "text", _("Unit")),
                ("provisional", "boolean", _("A source has changed since")),
            ]
            return base.attachment(
                to_parquet(columns, table), "application/vnd.apache.parquet", "indicators.parquet"
            )
    raise Http404
