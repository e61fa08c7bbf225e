"""The audit log for the regional operator."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor, AuditEntry, Column, Filter, Listing, together
from sreda.kernel.listing import Rows
from sreda.portal.access import AUDIT
from sreda.portal.queries import audit as log
from sreda.portal.web.cabinet.context import ask_badges
from sreda.portal.web.cabinet.wording import action_label, object_label

DAY = timedelta(days=1)


@require_GET
@login_required
def audit(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not AUDIT.may(actor, "view"):
        raise Http404
    rows = AUDIT.all(actor)
    since, until = day(request, "since"), day(request, "until")
    if since:
        rows = rows.filter(at__gte=midnight(since))
    if until:
        rows = rows.filter(at__lt=midnight(until + DAY))
    thing = request.GET.get("object", "")
    if ":" in thing:
        kind, key = thing.split(":", 1)
        rows = rows.filter(object_type=kind, object_id=key)
    narrowed = bool(since or until or thing)
    listing = listing_of(rows if narrowed else _whole, request, () if narrowed else (actor,))
    if exported := listing.export():
        return exported
    with together([ask_badges(actor), *log.asks()]):
        return render(
            request,
            "portal/cabinet/audit.html",
            {
                "listing": listing,
                "rows": [
                    {
                        "entry": entry,
                        "action": action_label(entry.action),
                        "object": object_label(entry.object_type),
                    }
                    for entry in listing.page
                ],
                "chain": log.chain(),
                "since": since,
                "until": until,
                "object": thing,
                "narrowed": narrowed,
            },
        )


@require_GET
@login_required
def audit_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with all it says and its link of the chain."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    entry = AUDIT.get(actor, pk=pk)
    return render(
        request,
        "portal/cabinet/audit_entry.html",
        {
            "entry": entry,
            "action": action_label(entry.action),
            "object": object_label(entry.object_type),
            "data": json.dumps(entry.data, ensure_ascii=False, indent=2, sort_keys=True),
            "hash": bytes(entry.hash or b"").hex(),
            "previous": bytes(entry.previous_hash or b"").hex(),
        },
    )


def _whole(actor: Actor) -> QuerySet[AuditEntry]:
    return AUDIT.all(actor)


def listing_of(
    rows: QuerySet[AuditEntry] | Rows[AuditEntry], request: HttpRequest, of: tuple[Any, ...] = ()
) -> Listing[AuditEntry]:
    return Listing(
        rows,
        request.GET,
        of=of,
        search=log.said_by,
        filter_by=[
            Filter(
                "action",
                gettext_lazy("Action"),
                lambda: sorted(
                    ((a, action_label(a)) for a in log.distinct("action")), key=lambda p: p[1]
                ),
            ),
            Filter(
                "object_type",
                gettext_lazy("Object"),
                lambda: sorted(
                    ((t, object_label(t)) for t in log.distinct("object_type")),
                    key=lambda p: p[1],
                ),
            ),
        ],
        sorts={"at": ["position"]},
        default_sort="-at",
        columns=[
            Column(gettext_lazy("Number"), lambda e: e.position),
            Column(
                gettext_lazy("When"), lambda e: timezone.localtime(e.at).isoformat(" ", "seconds")
            ),
            Column(gettext_lazy("Who"), lambda e: e.actor_label or _("The system")),
            Column(gettext_lazy("Action"), lambda e: action_label(e.action)),
            Column(gettext_lazy("Code of the action"), lambda e: e.action),
            Column(gettext_lazy("Object"), lambda e: object_label(e.object_type)),
            Column(gettext_lazy("Object's number"), lambda e: e.object_id),
            Column(gettext_lazy("Details"), lambda e: json.dumps(e.data, ensure_ascii=False)),
            Column(gettext_lazy("Link of the chain"), lambda e: bytes(e.hash or b"").hex()),
        ],
        name="audit",
        page_size=50,
    )


def day(request: HttpRequest, name: str) -> date | None:
    try:
        found = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return found if found and date.min < found < date(9999, 1, 1) else None


def midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, timezone.get_current_timezone())
