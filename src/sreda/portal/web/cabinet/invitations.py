"""Letting an organisation's staff in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor, Listing
from sreda.registry.api import PEOPLE, staff_without_account


@require_GET
@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """The organisation's staff who cannot sign in yet; the registry's page invites each."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.organisation_id is None or not PEOPLE.may(actor, "account"):
        raise Http404
    people = staff_without_account(actor.organisation_id, actor.on)
    listing = Listing(
        people,
        request.GET,
        search=lambda rows, text: rows.filter(family_name__istartswith=text),
        name="invitations",
    )
    return render(request, "portal/cabinet/invitations.html", {"listing": listing})
