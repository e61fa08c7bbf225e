"""Letting an organisation's staff in: one-time links to set a password."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Listing
from sreda.registry.api import PEOPLE, invite, staff_without_account


@require_GET
@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """The organisation's staff who cannot sign in yet."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.organisation_id is None or not PEOPLE.may(actor, "change"):
        raise Http404
    people = staff_without_account(actor.organisation_id, actor.on)
    listing = Listing(
        people,
        request.GET,
        search=lambda rows, text: rows.filter(family_name__istartswith=text),
        name="invitations",
    )
    return render(request, "portal/cabinet/invitations.html", {"listing": listing})


@require_POST
@login_required
def invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open a person's account and show the link once."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    person = PEOPLE.get(actor, "change", pk=pk)
    made = invite(person=person, actor=actor, at=clock.now())
    path = reverse("account_reset_password_from_key", args=[made.uid, made.token])
    return render(
        request,
        "portal/cabinet/invitation.html",
        {
            "person": person,
            "user_name": made.user.username,
            "link": request.build_absolute_uri(path),
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        },
    )
