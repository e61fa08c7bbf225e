"""What the programme's pages share: who asks, and which programme they look at."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.forms import DateInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from sreda.programme.models import Programme
from sreda.programme.pack import Pack, write_xlsx
from sreda.programme.queries.programmes import newest, with_current
from sreda.ui.pages import actor_of, add_errors, asked_day, key_of, page, visible

__all__ = [
    "CHOSEN",
    "Context",
    "actor_of",
    "add_errors",
    "asked_day",
    "chosen",
    "day_input",
    "key_of",
    "page",
    "shown_day",
    "the_programme",
    "uuids",
    "visible",
    "workbook",
]

CHOSEN = "programme"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def chosen(request: HttpRequest) -> Programme | None:
    """The programme a person works on: the one they chose, else the newest."""
    key = request.session.get(CHOSEN)
    if key:
        found = with_current().filter(key=key).first()
        if found is not None:
            return found
    return newest()


def the_programme(request: HttpRequest) -> Programme:
    """The same where a page has nothing to show without one."""
    found = chosen(request)
    if found is None:
        raise Http404
    return found


def day_input() -> DateInput:
    return DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def shown_day(request: HttpRequest) -> date:
    """The day the page shows: ?on=YYYY-MM-DD, else today."""
    return asked_day(request) or actor_of(request).on


def workbook(pack: Pack, name: str) -> HttpResponseBase:
    """A pack as an XLSX file to keep."""
    with tempfile.TemporaryDirectory(prefix="sreda-pack-") as folder:
        path = Path(folder) / "pack.xlsx"
        write_xlsx(pack, path)
        response = HttpResponse(path.read_bytes(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def uuids(values: list[str]) -> list[UUID]:
    """The valid ones among ids that a form sent."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


Context = dict[str, Any]
