"""The cost estimate."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.kernel.listing import csv_response, xlsx_response
from sreda.programme.access import PROGRAMMES
from sreda.programme.models import Programme
from sreda.programme.queries.budget import Budget, Sum, budget_of
from sreda.programme.web.base import actor_of, chosen, page, visible


@page
@require_GET
def budget(request: HttpRequest) -> HttpResponseBase:
    visible(PROGRAMMES.may(actor_of(request), "manage"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    found = budget_of(programme)
    match request.GET.get("export"):
        case "csv":
            return csv_response("budget", _table(found))
        case "xlsx":
            return xlsx_response("budget", _table(found))
    return render(request, "programme/budget.html", budget_context(programme, found))


def budget_context(programme: Programme, found: Budget) -> dict[str, Any]:
    """What the table and its chart need; the public page shows the same."""
    return {
        "programme": programme,
        "budget": found,
        "chart_labels": [str(year) for year in found.years],
        "chart_series": [
            {"name": row.line.name, "values": [cell.value for cell in row.sums]}
            for row in found.lines
        ],
    }


def _table(found: Budget) -> list[list[Any]]:
    heading: list[Any] = [_("Code"), _("Line"), _("Unit")]
    for year in found.years:
        heading += [
            _("%(year)s, printed") % {"year": year},
            _("%(year)s, computed") % {"year": year},
        ]
    heading += [_("All years, printed"), _("All years, computed")]
    rows = []
    for row in found.rows:
        line: list[Any] = [row.line.code, row.line.name, row.line.unit]
        for cell in [*row.sums, row.over_all]:
            line += [cell.printed, _computed(cell)]
        rows.append(line)
    return [heading, *rows]


def _computed(cell: Sum) -> Any:
    return cell.value if cell.computed is None else cell.computed
