"""What the designer's pages share: the version they work on, and the way back into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from sreda.reporting.access import VERSIONS
from sreda.reporting.domain import drafts
from sreda.reporting.forms import BlockKind, CellType, SchemaError
from sreda.reporting.forms.edit import Part, Place, part_at
from sreda.reporting.models import FormVersion
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible

__all__ = [
    "KINDS",
    "TYPES",
    "Context",
    "actor_of",
    "add_errors",
    "at_place",
    "back_to",
    "edition_of",
    "gone",
    "key_of",
    "page",
    "say_others",
    "version_of",
    "visible",
]

Context = dict[str, Any]


def TYPES() -> dict[CellType, str]:
    return {
        CellType.INTEGER: _("whole number"),
        CellType.DECIMAL: _("number with a fraction"),
        CellType.TEXT: _("line of text"),
        CellType.LONG_TEXT: _("long text"),
        CellType.DATE: _("date"),
        CellType.BOOLEAN: _("yes or no"),
        CellType.CHOICE: _("one of a list"),
        CellType.CHOICES: _("several of a list"),
        CellType.FILE: _("file"),
    }


def KINDS() -> dict[BlockKind, str]:
    return {
        BlockKind.FIELDS: _("Questions one under another"),
        BlockKind.TABLE: _("Table with fixed rows"),
        BlockKind.LIST: _("Table with growing rows"),
    }


def version_of(request: HttpRequest, pk: UUID, action: str = "view") -> FormVersion:
    found = VERSIONS.get(actor_of(request), action, pk=pk)
    return FormVersion.objects.select_related("form").get(pk=found.pk)


def at_place(version: FormVersion, text: str) -> tuple[Place, Part]:
    """What ?at= names; 404 where it is not in the form."""
    try:
        place = Place.read(text)
    except SchemaError as error:
        raise Http404 from error
    part = part_at(version.schema, place)
    if part is None:
        raise Http404
    return place, part


def edition_of(request: HttpRequest) -> int:
    """The edition the page was made from; a damaged one is older than all."""
    sent = request.POST.get("edition", "")
    return int(sent) if sent.isdecimal() and len(sent) < 9 else 0


def back_to(version: FormVersion, place: Place | None = None, **more: str) -> str:
    """The editor, at the section or block that holds the place."""
    query = dict(more)
    if place is not None:
        block = place.block or (place.code if place.kind == "block" else "")
        if block:
            query["at"] = f"block:{block}"
        elif place.kind == "section":
            query["at"] = str(place)
        else:
            query["at"] = "checks"
    address = reverse("reporting:version", args=[version.pk])
    return f"{address}?{urlencode(query)}" if query else address


def say_others(request: HttpRequest, saved: drafts.Saved) -> None:
    """Changes of others that this one was put on top of are told, not hidden."""
    if saved.others:
        names = ", ".join(sorted({step.by_name for step in saved.others if step.by_name}))
        said = "; ".join(step.said for step in saved.others[:3])
        messages.info(
            request,
            _("Meanwhile %(names)s changed: %(said)s. Both changes are kept.")
            % {"names": names or _("somebody"), "said": said},
        )


def gone(request: HttpRequest, version: FormVersion, error: Exception) -> HttpResponseBase:
    """A change that could not be made, said above the editor."""
    if isinstance(error, ValidationError):
        messages.error(request, " ".join(error.messages))
    elif isinstance(error, drafts.Stale):
        names = ", ".join(error.by) or _("somebody")
        messages.error(
            request,
            _("Nothing was changed: %(names)s changed this meanwhile. Look at it and try again.")
            % {"names": names},
        )
    return redirect(back_to(version))
