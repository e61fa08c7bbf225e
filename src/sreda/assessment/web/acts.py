"""What is done to an item or a test of the bank by one press: make ready, copy, share, put away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from sreda.assessment.domain import bank, quizzes, tests, versions
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, Test
from sreda.assessment.web.bank import found_item, organisation_of
from sreda.assessment.web.quizzes import found_test
from sreda.kernel import clock
from sreda.ui.pages import actor_of, key_of, page


@dataclass(frozen=True, slots=True)
class Kind:
    """Items or tests: how their pages are named, what writes them, and what is said of acts
    (`unready`: why what has no version to give is not shared)."""

    name: str
    listed: str
    draft_of: Callable[..., Any]
    make_ready: Callable[..., Any]
    delete_draft: Callable[..., Any]
    copy: Callable[..., Item | Test]
    said: Mapping[str, Any]


def act_on(request: HttpRequest, found: Item | Test, kind: Kind) -> HttpResponseBase:
    """Do what the form's `act` says."""
    by: dict[str, Any] = {"actor": actor_of(request), "at": clock.now()}
    act = request.POST.get("act", "")
    draft = found.versions.filter(status=ItemStatus.DRAFT).first()
    target, pk = f"assessment:{kind.name}", found.pk
    try:
        match act:
            case "draft":
                kind.draft_of(found, **by)
                return redirect(f"{target}_edit", pk=pk)
            case "ready" if draft:
                kind.make_ready(draft, **by)
            case "delete" if draft:
                kind.delete_draft(draft, **by)
                if not type(found)._default_manager.filter(pk=pk).exists():
                    target = ""
            case "copy":
                key = key_of(request, f"copy {pk}")
                made = kind.copy(found, organisation_id=organisation_of(by["actor"]), key=key, **by)
                pk = made.pk
            case "share" | "close":
                if act == "share" and found.current_id is None:
                    raise ValidationError(str(kind.said["unready"]))
                versions.share(found, act == "share", **by)
            case "archive" | "back":
                versions.archive(found, back=act == "back", **by)
            case _:
                raise ValidationError(_("There is no draft any more."))
        messages.success(request, str(kind.said[act]))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(target, pk=pk) if target else redirect(f"assessment:{kind.listed}")


COMMON = {
    "delete": gettext_lazy("The draft is deleted."),
    "copy": gettext_lazy("This is your copy. It is a draft."),
    "share": gettext_lazy("Other organisations can give it now."),
    "close": gettext_lazy("It is closed to other organisations; who uses it already keeps it."),
}
ITEM = Kind(
    name="item",
    listed="items",
    draft_of=bank.draft_of,
    make_ready=bank.make_ready,
    delete_draft=bank.delete_draft,
    copy=bank.copy_item,
    said=COMMON
    | {
        "ready": gettext_lazy("The item is ready: this version is given from now on."),
        "unready": gettext_lazy("Make the item ready before you open it to others."),
        "archive": gettext_lazy("The item is in the archive. Tests that use it keep it."),
        "back": gettext_lazy("The item is back in the bank."),
    },
)
TEST = Kind(
    name="quiz",
    listed="quizzes",
    draft_of=tests.draft_of,
    make_ready=tests.make_ready,
    delete_draft=quizzes.delete_draft,
    copy=quizzes.copy_test,
    said=COMMON
    | {
        "ready": gettext_lazy("The test is ready: this version is given from now on."),
        "unready": gettext_lazy("Make the test ready before you open it to others."),
        "archive": gettext_lazy("The test is in the archive. Where it was given, it goes on."),
        "back": gettext_lazy("The test is back in the bank."),
    },
)


def _needed(request: HttpRequest) -> str:
    """What one must be allowed: of what one only sees, a copy is made."""
    return "view" if request.POST.get("act") == "copy" else "change"


@page
@require_POST
def item_act(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return act_on(request, found_item(request, pk, _needed(request)), ITEM)


@page
@require_POST
def quiz_act(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return act_on(request, found_test(request, pk, _needed(request)), TEST)
