"""Learning records of people: one's own, of the learners one teaches, of one's children."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor, Filter, Listing
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.records.access import RECORDS
from sreda.records.queries import people as queries
from sreda.records.queries.statements import Cursor
from sreda.registry.api import GROUPS, Enrolment, Person, Role, on_day, search_people
from sreda.ui.pages import actor_of, page

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@require_GET
@page
def people(request: HttpRequest) -> HttpResponseBase:
    """Whose records one may read; who may read only their own comes to it at once."""
    actor = actor_of(request)
    rows = RECORDS.all(actor).filter(merged_into__isnull=True)
    if actor.role not in {Role.TEACHER, Role.PARENT} and actor.person_id:
        return redirect("records:person", pk=actor.person_id)
    listing: Listing[Person] = Listing(
        rows,
        request.GET,
        search=search_people,
        filter_by=_classes(actor),
        sorts={"name": ["family_name", "given_name", "patronymic"]},
        default_sort="name",
        name="records",
    )
    last = queries.last_of([person.pk for person in listing.page])
    return render(
        request,
        "records/people.html",
        {
            "listing": listing,
            "rows": [(person, last.get(person.pk)) for person in listing.page],
            "me": actor.person_id,
        },
    )


def _classes(actor: Actor) -> list[Filter[Person]]:
    if actor.role != Role.TEACHER:
        return []

    def within(rows: QuerySet[Person], value: str) -> QuerySet[Person]:
        places = Enrolment.objects.filter(
            on_day(actor.on), group__in=GROUPS.all(actor).filter(pk=value)
        )
        return rows.filter(pk__in=places.values("person_id"))

    def classes() -> list[tuple[str, str]]:
        return [(str(group.pk), group.name) for group in GROUPS.all(actor)]

    return [Filter("group", gettext_lazy("Class"), classes, within)]


@require_GET
@page
def person(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = RECORDS.get(actor, pk=pk)
    verb = request.GET.get("verb", "")
    choices = queries.verb_choices()
    if verb not in {number for number, _name in choices}:
        verb = ""
    since, until = _day(request, "since"), _day(request, "until")
    searches = queries.wanted(
        found,
        verb=int(verb) if verb else None,
        since=_midnight(since) - timedelta(microseconds=1) if since else None,
        until=_midnight(until + timedelta(days=1)) - timedelta(microseconds=1) if until else None,
    )
    match request.GET.get("export"):
        case "csv":
            return csv_response("record", _table(searches))
        case "xlsx":
            return xlsx_response("record", _table(searches))
        case "json":
            return _json(searches)
    rows, more = queries.page(searches, _cursor(request))
    query = request.GET.copy()
    query.pop("after", None)
    return render(
        request,
        "records/person.html",
        {
            "person": found,
            "own": found.pk == actor.person_id,
            "rows": [queries.in_words(row) for row in rows],
            "verbs": [(number, name, number == verb) for number, name in choices],
            "since": since,
            "until": until,
            "narrowed": bool(verb or since or until),
            "later": "after" in request.GET,
            "first_url": f"?{query.urlencode()}",
            "more_url": _with(query, after=_mark(more)) if more else "",
            "exports": [
                (gettext("Table (XLSX)"), _with(query, export="xlsx"), "file-spreadsheet"),
                (gettext("Table (CSV)"), _with(query, export="csv"), "file-type-csv"),
                (gettext("Statements of xAPI (JSON)"), _with(query, export="json"), "code"),
            ],
            "list_url": reverse("records:people"),
            "way_on": _way_on(actor, own=found.pk == actor.person_id),
        },
    )


def _way_on(actor: Actor, *, own: bool) -> tuple[str, str]:
    """What one can do where nothing is recorded yet: a label and an address."""
    if own and actor.role in {Role.PUPIL, Role.STUDENT}:
        return gettext("To my tests"), reverse("assessment:mine")
    if actor.role == Role.TEACHER:
        return gettext("Give a test"), reverse("assessment:sittings")
    return gettext("To the cabinet"), reverse("cabinet")


def _with(query: Any, **more: str) -> str:
    made = query.copy()
    made.update(more)
    return f"?{made.urlencode()}"


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        found = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return found if found and date(1900, 1, 1) < found < date(9000, 1, 1) else None


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, timezone.get_current_timezone())


def _mark(place: Cursor) -> str:
    micros = (place.stored - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(struct.pack(">qq", micros, place.seq)).decode().rstrip("=")


def _cursor(request: HttpRequest) -> Cursor | None:
    """An old or broken mark shows the first page."""
    try:
        packed = base64.urlsafe_b64decode(request.GET.get("after", "") + "==")
        micros, seq = struct.unpack(">qq", packed)
        return Cursor(EPOCH + timedelta(microseconds=micros), seq)
    except (ValueError, struct.error, OverflowError):
        return None


COLUMNS = (
    gettext_lazy("When"),
    gettext_lazy("What was done"),
    gettext_lazy("Object"),
    pgettext_lazy("of a statement", "Score"),
    gettext_lazy("Success"),
    gettext_lazy("Source"),
    gettext_lazy("Number of the statement"),
)


def _table(searches: list[Any]) -> Iterator[list[Any]]:
    yield [str(name) for name in COLUMNS]
    for statement in queries.every(searches):
        row = queries.in_words(statement)
        at = timezone.localtime(row.at).isoformat(" ", "seconds") if row.at else ""
        yield [at, row.verb, row.thing, row.score, row.success, row.source, statement["id"]]


def _json(searches: list[Any]) -> StreamingHttpResponse:
    """The statements as they are kept: what another learning record store takes in."""

    def lines() -> Iterator[str]:
        yield "["
        for number, statement in enumerate(queries.every(searches)):
            yield (",\n" if number else "\n") + json.dumps(statement, ensure_ascii=True)
        yield "\n]\n"

    response = StreamingHttpResponse(lines(), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="record.json"'
    return response
