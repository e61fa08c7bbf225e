"""Headers every answer carries."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action {forms}",
        "frame-ancestors 'none'",
    )
)


class ContentSecurityPolicy:
    """No inline scripts or styles, nothing from elsewhere (ASVS 14.4)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # A form's redirect counts as its target: an outside sign-in service has to be named.
        self.policy = POLICY.format(forms=" ".join(["'self'", *settings.FORM_TARGETS]))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response
