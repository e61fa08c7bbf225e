"""What the programme's pages share: who asks, and which programme they look at."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm, DateInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.dateparse import parse_date

from sreda.kernel.api import Actor
from sreda.programme.models import Programme
from sreda.programme.pack import Pack, write_xlsx
from sreda.programme.queries.programmes import newest, with_current

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
CHOSEN = "programme"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


def chosen(request: HttpRequest) -> Programme | None:
    """The programme a person works on: the one they chose, else the newest."""
    key = request.session.get(CHOSEN)
    if key:
        found = with_current().filter(key=key).first()
        if found is not None:
            return found
    return newest()


def the_programme(request: HttpRequest) -> Programme:
    """The same where a page has nothing to show without one."""
    found = chosen(request)
    if found is None:
        raise Http404
    return found


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Each message at its field, where the form has it; otherwise above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)


def key_of(request: HttpRequest, purpose: str) -> UUID | None:
    """The id of what this submission makes: the same form sent twice gives the same id."""
    sent = request.POST.get("_key", "")
    if not sent:
        return None
    text = f"{actor_of(request).user_id}:{purpose}:{sent[:64]}"
    digest = hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()
    return UUID(bytes=digest[:16], version=4)


def day_input() -> DateInput:
    return DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def asked_day(request: HttpRequest) -> date:
    """The day the page shows: ?on=YYYY-MM-DD, else today."""
    try:
        return parse_date(request.GET.get("on", "")) or actor_of(request).on
    except ValueError:
        return actor_of(request).on


def workbook(pack: Pack, name: str) -> HttpResponseBase:
    """A pack as an XLSX file to keep."""
    with tempfile.TemporaryDirectory(prefix="sreda-pack-") as folder:
        path = Path(folder) / "pack.xlsx"
        write_xlsx(pack, path)
        response = HttpResponse(path.read_bytes(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def uuids(values: list[str]) -> list[UUID]:
    """The valid ones among ids that a form sent."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


Context = dict[str, Any]
