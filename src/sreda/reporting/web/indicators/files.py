"""The page of an indicator as a workbook, CSV or document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.kernel import clock
from sreda.reporting.exports import Chart, Figure, Report, Series, Table
from sreda.reporting.web import base
from sreda.reporting.web.indicators import figures
from sreda.ui.pages import page


@page
@require_GET
def export(request: HttpRequest, pk: UUID, form: str) -> HttpResponseBase:
    """The page as a workbook, CSV or document."""
    day, place = figures.asked(request, pk)
    actor, found, on, shown = day.actor, day.indicator, day.on, day.at(place)
    plan = found.planned(on.year)
    value = shown.value if shown else None
    blocks: list[Any] = [
        Figure(
            found.title, value, found.unit, found.places, plan, found.standing(value),
            why=shown.why if shown else "",
        )
    ]  # fmt: skip
    made_of = [
        [row["title"], row.get("filters", "") or row["detail"], row["value"]]
        for row in figures.inputs(shown.inputs if shown else ())
    ]
    if made_of:
        blocks.append(Table(_("Made of"), [_("What"), _("Which"), _("Value")], made_of))
    groups: list[tuple[str, list[Any]]] = [(place.name, blocks)]
    if rows := figures.municipalities(found, day):
        table = [[r["place"].name, r["shown"].value] for r in rows]
        heads = [_("Municipality"), f"{found.title}, {found.unit}" if found.unit else found.title]
        groups.append((_("Municipalities"), [Table(_("Municipalities"), heads, table)]))
    if chart := figures.series(actor, found, place, on):
        lines = [Series(s["name"], s["values"]) for s in chart["series"]]
        groups.append((_("Over time"), [Chart(found.title, chart["labels"], lines, found.unit)]))
    report = Report(
        found.title, place.name, on, groups, notes=[_("Formula: %s") % found.formula, found.about]
    )
    return base.document(report, form, found.code, clock.now(), get_language() or "ru")
