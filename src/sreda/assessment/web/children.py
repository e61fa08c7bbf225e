"""A parent's list: tests that wait for the children, those taken, marks that may be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from sreda.assessment.access import ATTEMPTS
from sreda.assessment.models import Attempt
from sreda.assessment.queries import taking
from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.ui.pages import actor_of, page, visible


@page
@require_GET
def children(request: HttpRequest) -> HttpResponseBase:
    """Tests that wait for the actor's children, and their attempts, the newest first."""
    actor = actor_of(request)
    visible(ATTEMPTS.may(actor, "follow"))
    listing = attempts_of(actor, request)
    if (export := listing.export()) is not None:
        return export
    context = {"listing": listing, "coming": taking.coming_to_children(actor, clock.now())}
    return render(request, "assessment/children.html", context)


def states() -> list[tuple[str, str]]:
    return [
        ("open", pgettext("attempt", "In work")),
        ("marking", pgettext("attempt", "Being marked")),
        ("marked", pgettext("marking", "Marked")),
    ]


def state_of(attempt: Attempt) -> str:
    if attempt.closed_at is None:
        return "open"
    return "marked" if taking.may_tell(attempt, attempt.sitting) else "marking"


def attempts_of(actor: Actor, request: HttpRequest) -> Listing[Attempt]:
    people = [(str(one.pk), one.full_name) for one in taking.children_followed(actor)]
    by_child: Filter[Attempt] = Filter(
        "child", _("Child"), people, lambda rows, child: rows.filter(person_id=child)
    )
    words = dict(states())

    def told(name: str) -> Callable[[Attempt], Any]:
        return lambda row: getattr(row, name) if state_of(row) == "marked" else None

    def complete(rows: list[Attempt]) -> None:
        for row in rows:
            row.told = state_of(row)  # type: ignore[attr-defined]

    def search(rows: QuerySet[Attempt], text: str) -> QuerySet[Attempt]:
        return rows.filter(sitting__title__icontains=text)

    return Listing(
        rows=ATTEMPTS.all(actor, "follow").select_related("sitting", "person"),
        params=request.GET,
        search=search,
        filter_by=[
            *([by_child] if len(people) > 1 else ()),
            Filter(
                "state", _("State"), states(),
                lambda rows, state: taking.in_state(rows, actor, state),
            ),
        ],
        sorts={
            "begun": ["started_at"],
            "title": ["sitting__title"],
            "child": ["person__family_name", "person__given_name"],
        },
        default_sort="-begun",
        columns=[
            Column(_("Child"), lambda row: row.person.full_name),
            Column(_("Test"), lambda row: row.sitting.title),
            Column(_("Attempt"), lambda row: row.number),
            Column(pgettext("attempt", "Begun"), lambda row: row.started_at),
            Column(pgettext("attempt", "Handed in"), lambda row: row.closed_at),
            Column(_("State"), lambda row: words[state_of(row)]),
            Column(_("Mark"), told("score")),
            Column(_("Greatest mark"), told("max_score")),
        ],
        complete=complete,
        name="tests-of-children",
    )  # fmt: skip
