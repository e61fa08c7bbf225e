"""What pages of indicators and dashboards share: the day and the place they are asked for."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor
from sreda.registry.api import ORGANISATIONS, Municipality, Organisation
from sreda.reporting.enums import Level
from sreda.reporting.exports import Report, to_csv, to_pdf, to_xlsx
from sreda.reporting.queries.indicators import PlaceChoice, home_of
from sreda.reporting.queries.places import PlaceKey
from sreda.ui.pages import asked_day

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENTS = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


def past_day(request: HttpRequest, today: date) -> date:
    """?on=2019-12-31, not later than today; anything else is today."""
    return min(asked_day(request) or today, today)


def day_in(request: HttpRequest, name: str) -> date | None:
    try:
        return parse_date(request.GET.get(name, ""))
    except ValueError:
        return None


def region_name() -> str:
    return _("The whole region")


def asked_place(request: HttpRequest, actor: Actor) -> PlaceChoice:
    """?organisation=id or ?municipality=id or ?place=region; else where the actor sits. A place
    that is not there is not found."""
    if pk := _uuid(request.GET.get("organisation", "")):
        found = ORGANISATIONS.all(actor).filter(pk=pk).first()
        return place_of(found)
    if pk := _uuid(request.GET.get("municipality", "")):
        return place_of(Municipality.objects.filter(pk=pk).first())
    if request.GET.get("place") == "region":
        return PlaceChoice(PlaceKey(Level.REGION), region_name())
    return home_of(actor, region_name())


def place_of(found: Organisation | Municipality | None) -> PlaceChoice:
    match found:
        case Organisation():
            key = PlaceKey(Level.ORGANISATION, found.pk)
            return PlaceChoice(key, found.short_name, found.municipality_id)
        case Municipality():
            return PlaceChoice(PlaceKey(Level.MUNICIPALITY, found.pk), found.name, found.pk)
    raise Http404


def municipality_of(place: PlaceChoice) -> PlaceChoice:
    """The municipality an organisation lies in."""
    return place_of(Municipality.objects.filter(pk=place.municipality_id or UUID(int=0)).first())


def municipality_choices() -> list[tuple[str, str]]:
    places = Municipality.objects.order_by("name__natural")
    return [(str(pk), name) for pk, name in places.values_list("pk", "name")]


def place_query(place: PlaceChoice) -> str:
    match place.level:
        case Level.ORGANISATION:
            return f"organisation={place.key.id}"
        case Level.MUNICIPALITY:
            return f"municipality={place.key.id}"
    return "place=region"


def _uuid(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def document(report: Report, form: str, name: str, at: Any, language: str) -> HttpResponse:
    """The report as a file to keep."""
    match form:
        case "xlsx":
            content = to_xlsx(report)
        case "csv":
            content = to_csv(report)
        case "pdf":
            content = to_pdf(report, at=at, language=language)
        case _:
            raise Http404
    return attachment(content, DOCUMENTS[form], f"{name}.{form}")


def attachment(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
