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
    wrong = (
        form.errors
        or more.get("conflict")
        or (extra is not None and extra.errors)
        or more.get("likely")
    )
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


def valid(*forms: Any) -> bool:
    """Both are asked, so that the errors of both are shown."""
    return not [form for form in forms if form is not None and not form.is_valid()]


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
    ready: bool = True,
    extra: Any = None,
    **more: Any,
) -> HttpResponse:
    """The page of a form, or of two (`extra`). `write` is called once they are valid, and may
    refuse: Stale shows both versions, a ValidationError its words at their fields. After it the
    way leads `back`, or where `then` says of what was written. Not `ready`: there is a question
    to answer first, which the page asks."""
    conflict = None
    if request.method == "POST" and valid(form, extra) and ready:
        try:
            made = write()
        except Stale as stale:
            conflict = Conflict(form, stale.current)
        except ValidationError as error:
            named = set(getattr(error, "error_dict", {}))
            base.add_errors(extra if extra and named & set(extra.fields) else form, error)
        else:
            messages.success(request, said)
            return redirect(then(made) if then else back)
    return form_page(
        request, form, title, submit, back, trail, conflict=conflict, extra=extra, **more
    )


def history_page(
    request: HttpRequest, items: list[dict[str, Any]], *, subject: str, trail: Trail, back: str
) -> HttpResponse:
    """What was changed, newest first."""
    items.sort(key=lambda item: item["sorted_at"], reverse=True)
    context = {"items": items, "subject": subject, "trail": trail, "back_url": back}
    return render(request, "registry/history.html", context)
