"""What views of every app share: who asks, what is not theirs, errors at their fields, the key
of a form sent twice, and how far long work is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.dateparse import parse_date

from sreda.kernel import clock
from sreda.kernel.api import Actor, worker_there

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def page(view: View[P]) -> View[P]:
    """A page for the signed in."""

    @wraps(view)
    @login_required
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return wrapped


def visible(allowed: bool) -> None:
    """What one may not see is not there."""
    if not allowed:
        raise Http404


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Each message at its field, where the form has it; otherwise above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)


def key_of(request: HttpRequest, purpose: str) -> UUID | None:
    """The id of what this submission makes: the same form sent twice gives the same id.

    It depends on the sender and the purpose, so that nobody can name somebody else's record.
    """
    sent = request.POST.get("_key", "")
    if not sent:
        return None
    text = f"{actor_of(request).user_id}:{purpose}:{sent[:64]}"
    digest = hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()
    return UUID(bytes=digest[:16], version=4)


def asked_day(request: HttpRequest) -> date | None:
    """The day of ?on=YYYY-MM-DD; None where none, or none that exists, was asked for."""
    try:
        return parse_date(request.GET.get("on", ""))
    except ValueError:
        return None


def polled(request: HttpRequest) -> bool:
    """Whether it is htmx that asks, as a bar of progress does every second."""
    return request.headers.get("HX-Request") == "true"


def refreshed() -> HttpResponse:
    """To a bar whose work is over: the page comes anew."""
    return HttpResponse(headers={"HX-Refresh": "true"})


def under_way(percent: int, label: str, url: str) -> dict[str, Any]:
    """How far long work is, the `work` that `ui/parts/work.html` shows; `url` answers with
    `work_bar`."""
    there = worker_there(clock.now())
    return {"percent": percent, "label": label, "url": url, "no_worker": not there}


def work_bar(request: HttpRequest, work: dict[str, Any]) -> HttpResponse:
    return render(request, "ui/parts/work_bar.html", {"work": work})
