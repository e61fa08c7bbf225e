"""What the pages of reports share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from sreda.kernel.api import Actor
from sreda.reporting.access import SUBMISSIONS
from sreda.reporting.models import Submission
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible

__all__ = [
    "Context",
    "actor_of",
    "add_errors",
    "key_of",
    "page",
    "place_id",
    "tell",
    "the_report",
    "visible",
]

Context = dict[str, Any]


def the_report(request: HttpRequest, pk: UUID, action: str = "view") -> tuple[Submission, Actor]:
    """A report the actor may see (else 404) and do this to (else refused), with what pages need."""
    actor = actor_of(request)
    found = SUBMISSIONS.get(actor, action, pk=pk)
    return (
        Submission.objects.select_related(
            "campaign__version__form", "organisation__municipality", "municipality"
        ).get(pk=found.pk),
        actor,
    )


def tell(request: HttpRequest, write: Callable[[], str]) -> bool:
    """Do it and tell what was done, or why it cannot be (then False), on the next page."""
    try:
        messages.success(request, write())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True


def place_id(place: str) -> str:
    """The id of a cell's control on the page."""
    return "c-" + place.replace(".", "-")
