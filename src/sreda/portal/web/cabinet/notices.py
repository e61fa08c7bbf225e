"""What one was told, newest first."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Filter, Listing, Notice, led_to, mark_read, notices_of
from sreda.portal.web.cabinet.home import take_seat


def _matching(rows: QuerySet[Notice], text: str) -> QuerySet[Notice]:
    return rows.filter(Q(subject__icontains=text) | Q(text__icontains=text))


def _state(rows: QuerySet[Notice], value: str) -> QuerySet[Notice]:
    return rows.filter(read_at__isnull=value == "new")


@require_GET
@login_required
def notices(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    states = [("new", gettext_lazy("Unread")), ("read", gettext_lazy("Read"))]
    listing = Listing(
        notices_of(actor.person_id),
        request.GET,
        search=_matching,
        filter_by=[Filter("state", gettext_lazy("State"), states, _state)],
        sorts={"made": ["-made_at"], "subject": ["subject"]},
        default_sort="made",
        name="notices",
    )
    return render(request, "portal/cabinet/notices.html", {"listing": listing})


@require_POST
@login_required
def notice(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Take it as read and go where it leads, in the seat that it concerns."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    own = notices_of(actor.person_id)
    found = get_object_or_404(own, pk=pk)
    mark_read(own.filter(pk=pk), at=clock.now())
    link, seat = led_to(found.link)
    for held in actor.seats:
        if held.key == seat:
            take_seat(request, held)
    return redirect(link or "notices")


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    mark_read(notices_of(actor.person_id), at=clock.now())
    messages.success(request, _("All notices are marked as read."))
    return redirect("notices")
