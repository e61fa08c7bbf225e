"""How signing in fits the registry: nobody makes an account out of nothing."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.registry.domain import accounts
from sreda.registry.models import Person, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": gettext_lazy(
            "Too many wrong attempts. Wait five minutes and try again, or set a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from the registry, by invitation."""
        return False


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def _get_site_name(self) -> str:
        return _("Sreda")

    def get_totp_issuer(self) -> str:
        return _("Sreda")

    def get_totp_label(self, user: User) -> str:
        return user.username

    def encrypt(self, text: str) -> str:
        """Secrets of authenticator apps and recovery codes do not lie open in a backup."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> Fernet:
    key = HKDF(SHA256(), 32, None, b"sreda second factor").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An outside identity becomes a person of the registry by a claim the provider vouches for.

    Which claim is in the provider's settings (docs/sign-in.md):
    `"person": {"claim": "snils", "field": "external_id"}`.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        data = sociallogin.account.extra_data
        claims = {**data.get("id_token", {}), **data.get("userinfo", {})}
        stated = {part["sub"] for part in data.values() if isinstance(part, dict) and "sub" in part}
        provider = sociallogin.provider
        if len(stated) > 1:  # OpenID Connect Core 5.3.2
            self._refuse(request, provider, _("Its answers speak of two different people."))
        if sociallogin.is_existing:
            if not sociallogin.user.is_active:
                self._refuse(request, provider, _("This account is closed."))
            return
        if sociallogin.state.get("process") == "connect" and request.user.is_authenticated:
            return
        person = self._person(request, provider, claims)
        user = accounts.account_of(person=person, actor=None, at=clock.now())
        if not user.is_active:
            self._refuse(request, provider, _("This account is closed."))
        sociallogin.connect(request, user)

    def _person(self, request: HttpRequest, provider: Any, claims: dict[str, Any]) -> Person:
        rule = provider.app.settings.get("person") or {}
        claim, field = rule.get("claim", ""), rule.get("field", "")
        if field not in accounts.MATCHED_FIELDS:
            self._refuse(
                request,
                provider,
                _("This service is set up only for people who connected it in their cabinet."),
            )
        value = str(claims.get(claim) or "").strip()
        if not value:
            self._refuse(
                request,
                provider,
                _("The service did not tell us by what to find you (%s).") % claim,
            )
        if field == "email" and claims.get("email_verified") is not True:
            self._refuse(request, provider, _("The service has not verified your e-mail address."))
        lookup = {"email__iexact" if field == "email" else field: value}
        found = list(Person.objects.filter(merged_into=None, **lookup)[:2])
        if len(found) != 1:
            self._refuse(
                request,
                provider,
                _("There are several people with this e-mail address in the registry.")
                if found
                else _("There is no such person in the region's registry."),
            )
        return found[0]

    def _refuse(self, request: HttpRequest, provider: Any, reason: str) -> None:
        raise ImmediateHttpResponse(
            render(
                request,
                "socialaccount/refused.html",
                {"provider": provider, "reason": reason},
                status=403,
            )
        )
