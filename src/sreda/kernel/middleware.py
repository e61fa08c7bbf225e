"""Headers every answer carries."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "frame-src {frames}",
        "base-uri 'self'",
        "form-action {forms}",
        "frame-ancestors 'none'",
    )
)


def policy(*more: str) -> str:
    """The site's policy with further directives, for one answer that needs them: a view sets it as
    the header, and the middleware leaves it there."""
    # A form's redirect counts as its target: an outside sign-in service has to be named.
    forms = " ".join(["'self'", *settings.FORM_TARGETS])
    frames = f"'self' {settings.CONTENT_ORIGIN}".rstrip()
    return "; ".join([POLICY.format(forms=forms, frames=frames), *more])


class ContentHost:
    """The host of frames (SREDA_CONTENT_ORIGIN) is no second site: nothing else is found there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.host = settings.CONTENT_ORIGIN.partition("://")[2]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        inside = request.path_info.startswith(settings.CONTENT_PATHS)
        if self.host and not inside and request.get_host() == self.host:
            return HttpResponse(status=404)
        return self.get_response(request)


class NoNulCharacters:
    """Refuses addresses and forms with NUL in them: no person types one, no table keeps one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the address")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_rest: object) -> None:
        # After the check of the form's token, which has read the form already.
        if request.method == "POST" and any(
            "\0" in text for name, texts in request.POST.lists() for text in (name, *texts)
        ):
            raise BadRequest("NUL in the form")


class PersonalPages:
    """What a signed-in person gets is kept by no cache, and by no browser after they leave.

    School computers are shared: "back" must not show the cabinet of whoever sat there before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ContentSecurityPolicy:
    """No inline scripts or styles, nothing from elsewhere (ASVS 14.4)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response
