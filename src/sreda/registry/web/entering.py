"""The loop of every form that writes: check, write, say it; or show what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from sreda.registry.domain.changes import Stale
from sreda.registry.web import base
from sreda.registry.web.forms import Conflict

Trail = list[tuple[str, str]]


def form_page(
    request: HttpRequest,
    form: Any,
    title: str,
    submit: str,
    cancel_url: str,
    trail: Trail,
    **more: Any,
) -> HttpResponse:
    """`more` goes to the template: subject, note, warning, danger, extra (a second form) …"""
    extra = more.get("extra")
    wrong = form.errors or more.get("conflict") or (extra is not None and extra.errors)
    return render(
        request,
        "registry/form.html",
        {
            "form": form,
            "title": title,
            "submit": submit,
            "cancel_url": cancel_url,
            "trail": trail,
            **more,
        },
        status=422 if wrong else 200,
    )


def entered(
    request: HttpRequest,
    form: Any,
    write: Callable[[], Any],
    *,
    said: str,
    title: str,
    submit: str,
    back: str,
    trail: Trail,
    then: Callable[[Any], str] | None = None,
    **more: Any,
) -> HttpResponse:
    """The page of one form. `write` is called once the form is valid, and may refuse: Stale shows
    both versions, a ValidationError its words at their fields. After it the way leads `back`, or
    where `then` says of what was written."""
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            made = write()
        except Stale as stale:
            conflict = Conflict(form, stale.current)
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(request, said)
            return redirect(then(made) if then else back)
    return form_page(request, form, title, submit, back, trail, conflict=conflict, **more)
