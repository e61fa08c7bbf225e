"""One's own data and the ways one signs in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor, AuditEntry
from sreda.registry.api import User, administrators_of, record_of


@require_GET
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What the registry keeps of the signed-in person, and who can correct it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context: dict[str, object] = {"on": actor.on}
    if actor.person_id:
        person, posts, learning = record_of(actor.person_id)
        here = {p.organisation_id for p in posts if p.organisation_id}
        here |= {e.organisation_id for e in learning}
        context |= {
            "person": person,
            "posts": posts,
            "learning": learning,
            "keepers": administrators_of(here, actor.on),
        }
    return render(request, "portal/cabinet/profile.html", context)


@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    sign_ins = AuditEntry.objects.filter(actor_id=user.pk, action="portal.session.opened")
    return render(
        request,
        "portal/cabinet/security.html",
        {
            "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
            "app": Authenticator.Type.TOTP in kinds,
            "keys": kinds.count(Authenticator.Type.WEBAUTHN),
            "codes": Authenticator.Type.RECOVERY_CODES in kinds,
            "sessions": UserSession.objects.filter(user=user).count(),
            "outside": SocialAccount.objects.filter(user=user),
            "has_providers": bool(settings.SOCIALACCOUNT_PROVIDERS),
            "sign_ins": sign_ins.order_by("-position", "-pk")[:8],
            "withheld": getattr(request, "withheld_seats", ()) if actor.signed_in else (),
        },
    )
