"""The cabinet's home page and the seats one switches between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template import Context, Engine
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Panel, Seat, audit, panels_for, together
from sreda.portal.web.cabinet.context import ask_badges
from sreda.registry.middleware import SEAT_KEY, actor_of


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Cards of the present seat, from whatever apps have any; without a seat, what to do."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    seat = actor.seat  # looking at the actor also finds the seats withheld
    context: dict[str, Any] = {"withheld": getattr(request, "withheld_seats", ())}
    if seat is None:
        return render(request, "portal/cabinet/no_seat.html", context)
    asks = [ask for panel in panels_for(actor) for ask in panel.asks(actor)]
    with together([ask_badges(actor), *asks]):
        context["panels"] = list(shown_panels(request, actor))
        return render(request, "portal/cabinet/home.html", context)


def shown_panels(request: HttpRequest, actor: Actor) -> Iterator[tuple[Panel, SafeString]]:
    """Rendered without context processors, which would run again for each card."""
    common = {
        "request": request,
        "actor": actor,
        "csrf_token": SimpleLazyObject(lambda: get_token(request)),
    }
    kept = caches["local"]
    for panel in panels_for(actor):
        key = panel.shared and f"panel:{panel.name}:{panel.shared(actor)}:{get_language()}"
        content = kept.get(key) if key else None
        if content is None:
            found = panel.context(actor)
            if found is None:
                continue
            template = Engine.get_default().get_template(panel.template)
            content = template.render(Context(common | found))
            if key:
                kept.set(key, content, settings.PANELS_KEPT)
        yield panel, content


@require_POST
@login_required
def seat(request: HttpRequest) -> HttpResponse:
    """Take another of one's seats; back to the same page if the new seat may see it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    chosen = next((s for s in actor.seats if s.key == request.POST.get("seat")), None)
    if chosen is None:
        raise Http404
    take_seat(request, chosen)
    return HttpResponseRedirect(way_back(request))


def take_seat(request: HttpRequest, chosen: Seat) -> None:
    """Another of the actor's seats, which they are told; nothing where they sit in it."""
    if chosen == request.actor.seat:  # type: ignore[attr-defined]
        return
    with transaction.atomic():
        request.session[SEAT_KEY] = chosen.key
        request.actor = actor_of(request)  # type: ignore[attr-defined]
        audit(
            "portal.seat.taken",
            request.user,  # type: ignore[arg-type]
            actor=request.actor,  # type: ignore[attr-defined]
            at=clock.now(),
            seat=chosen.key,
        )
    place = f", {chosen.place}" if chosen.place else ""
    messages.info(request, _("You now act as: %s") % f"{chosen.label}{place}")


def way_back(request: HttpRequest) -> str:
    """The page one came from, if it is ours and opens from the present seat; else home."""
    came = urlsplit(request.headers.get("Referer", ""))
    home_page = reverse("cabinet")
    if came.netloc != request.get_host():
        return home_page
    try:
        match = resolve(came.path)
        shown = _look(request, came.path, came.query, match)
    except (Resolver404, Http404, PermissionDenied):
        return home_page
    if shown.status_code != 200:
        return home_page
    return f"{came.path}?{came.query}" if came.query else came.path


def _look(request: HttpRequest, path: str, query: str, match: Any) -> HttpResponse:
    """Open a page as the present actor would, without answering with it."""
    asked = HttpRequest()
    asked.__dict__.update(request.__dict__)
    asked.method, asked.path, asked.path_info = "GET", path, path
    asked.GET, asked.POST = QueryDict(query), QueryDict()  # type: ignore[assignment]
    asked.resolver_match = match
    response: HttpResponse = match.func(asked, *match.args, **match.kwargs)
    return response
