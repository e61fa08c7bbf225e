"""The catalogue of what analysts read, and the same as Parquet files."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sreda.reporting.access import INDICATORS
from sreda.reporting.domain.people import count_people
from sreda.reporting.exports import to_parquet
from sreda.reporting.queries.analytics import BY_NAME, VIEWS, rows_of
from sreda.reporting.web import base
from sreda.ui.pages import actor_of, page, visible


@page
@require_GET
def catalogue(request: HttpRequest) -> HttpResponseBase:
    visible(INDICATORS.may(actor_of(request), "manage"))
    return render(request, "reporting/analytics/catalogue.html", {"views": VIEWS})


@page
@require_GET
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "manage"))
    view = BY_NAME.get(name)
    if view is None:
        raise Http404
    if view.of_people:
        count_people(on=actor.on)
    columns = [(c.name, "text" if c.type == "moment" else c.type, str(c.meaning))
               for c in view.columns]  # fmt: skip
    rows = ([_plain(value) if kind == "text" else value
             for value, (_name, kind, _title) in zip(row, columns, strict=True)]
            for row in rows_of(view))  # fmt: skip
    content = to_parquet(columns, rows)
    return base.attachment(content, "application/vnd.apache.parquet", f"{name}.parquet")


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
