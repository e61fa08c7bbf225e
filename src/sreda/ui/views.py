"""Switching the look and the language, and the gallery of components."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from .modes import COOKIE, COOKIE_AGE, Mode


def way_back(request: HttpRequest) -> str:
    """Where the visitor came from, if that is a page of ours."""
    for url in (request.POST.get("next"), request.headers.get("Referer")):
        if url and url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return url
    return "/"


# No token is asked for: a forged request could only change a colour, and public pages that hold
# no token stay the same for everyone, so they can be cached.
@csrf_exempt
@require_POST
def set_mode(request: HttpRequest) -> HttpResponse:
    mode = Mode.read(request.COOKIES.get(COOKIE, "")).change(request.POST.dict())
    way = way_back(request)
    if mode.low_vision:  # on a phone its settings are shown while they are the target
        way = f"{way.partition('#')[0]}#lv-settings"
    response = HttpResponseRedirect(way)
    if value := mode.write():
        response.set_cookie(
            COOKIE,
            value,
            max_age=COOKIE_AGE,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure(),
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


@csrf_exempt
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    return set_language(request)


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component with sample content; for developers and browser tests."""
    if not (settings.DEBUG or settings.GALLERY):
        raise Http404
    from .gallery import sample

    template, base = {
        "public": ("ui/gallery.html", "ui/public.html"),
        "auth": ("ui/gallery_auth.html", ""),
    }.get(request.GET.get("as", ""), ("ui/gallery.html", "ui/cabinet.html"))
    return render(request, template, {"base": base, **sample(request)})


def _error(
    request: HttpRequest, code: int, title: str, text: str, reason: str = "", **way_on: str
) -> HttpResponse:
    context = {"code": code, "title": title, "text": text, "reason": reason, **way_on}
    return render(request, "ui/error.html", context, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request,
        400,
        _("The request could not be read"),
        _("Go back, reload the page and try once more."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The exception's text is the reason, written for the visitor; a `Refused` has the way on."""
    return _error(
        request,
        403,
        _("This is not open to you"),
        getattr(exception, "way_on", "")
        or _(
            "If you hold another post, switch to it; "
            "or ask whoever manages access in your organisation."
        ),
        str(exception),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(
        request,
        403,
        _("The page is out of date"),
        _("For your safety the form was not accepted. Go back, reload the page and send it again."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Whoever has a post that waits for a second factor is told so at every address alike."""
    signed_in = getattr(getattr(request, "actor", None), "signed_in", False)  # finds what is held
    held = signed_in and getattr(request, "withheld_seats", ())
    waits = {
        "reason": _(
            "A post of yours gives its rights only in a session confirmed by a second factor. "
            "If the page belongs to that post, confirm the factor and open the page again."
        ),
        "way_on": reverse("mfa_index"),
        "way_on_label": _("To the second factor"),
    }
    return _error(
        request,
        404,
        _("There is no such page"),
        _(
            "It may have moved, or the address has a mistake in it. "
            "Try the search or the home page."
        ),
        **(waits if held else {}),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Stands alone: whatever broke must not break this page as well."""
    return HttpResponse(render_to_string("500.html"), status=500)
