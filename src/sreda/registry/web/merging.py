"""Pages where two records of one person are found, compared, merged and parted again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.kernel.api import Actor, Filter, Listing, defer_once
from sreda.registry.access import PEOPLE
from sreda.registry.domain import merge as domain
from sreda.registry.domain.duplicates import ask_search, dismiss, doubt_again
from sreda.registry.domain.posts import describe
from sreda.registry.models import (
    DuplicatePair,
    DuplicateSearch,
    Enrolment,
    Guardianship,
    Merge,
    Person,
    Post,
    Qualification,
    User,
)
from sreda.registry.queries.people import add_places, likely_duplicates, search_people
from sreda.registry.tasks import search_duplicates
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, page, places_of, visible
from sreda.registry.web.entering import entered
from sreda.registry.web.forms import MergeForm, ReasonForm
from sreda.registry.web.people import found_person, people_listing, trail
from sreda.ui.pages import under_way, work_bar


def _pairs(actor: Actor, *, dismissed: bool = False) -> QuerySet[DuplicatePair]:
    """Pairs still to be judged, or judged to be two; both records are the actor's to merge."""
    mine = PEOPLE.all(actor, "merge").filter(merged_into__isnull=True)
    return DuplicatePair.objects.filter(
        dismissed_at__isnull=not dismissed, first__in=mine, second__in=mine
    ).select_related("first", "second")


def _pairs_of(rows: QuerySet[DuplicatePair], text: str) -> QuerySet[DuplicatePair]:
    people = search_people(Person.objects.order_by(), text)
    return rows.filter(Q(first__in=people) | Q(second__in=people))


def _sides(listing: Listing[DuplicatePair], actor: Actor) -> list[dict[str, Any]]:
    """The pairs of a page with where their people are."""
    people = {key for pair in listing.page for key in (pair.first_id, pair.second_id)}
    placed = {p.pk: p for p in Person.objects.filter(pk__in=people)}
    add_places(placed.values(), actor)
    return [
        {
            "pair": pair,
            "score": int(pair.score * 100),
            "people": [
                {"person": placed[key], "places": places_of(placed[key])}
                for key in (pair.first_id, pair.second_id)
            ],
        }
        for pair in listing.page
    ]


@page
def duplicates(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    listing = Listing(
        rows=_pairs(actor),
        params=request.GET,
        search=_pairs_of,
        sorts={"score": ["score"]},
        default_sort="-score",
        name="duplicates",
        page_size=20,
    )
    searches = DuplicateSearch.objects.order_by("-pk")
    newest = searches.first()
    running = newest if newest and newest.found is None else None
    return render(
        request,
        "registry/duplicates.html",
        {
            "listing": listing,
            "rows": _sides(listing, actor),
            "work": running and comparing(running),
            "last": searches.filter(found__isnull=False, trouble="").first(),
            "trouble": newest.trouble if newest else "",
        },
    )


@page
def duplicates_search(request: HttpRequest) -> HttpResponse:
    """POST begins a search; GET is its bar of progress, which htmx asks for."""
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    if request.method == "POST":
        if search := ask_search(actor=actor, at=clock.now()):
            defer_once(search_duplicates, pk=search.pk)
        return redirect("registry:duplicates")
    running = DuplicateSearch.objects.filter(found__isnull=True).first()
    if running is None:
        answer = HttpResponse()
        answer["HX-Redirect"] = reverse("registry:duplicates")
        return answer
    return work_bar(request, comparing(running))


def comparing(running: DuplicateSearch) -> dict[str, Any]:
    url = reverse("registry:duplicates_search")
    return under_way(running.percent, _("Comparing records"), url)


@page
def duplicate_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    pair = get_object_or_404(_pairs(actor), pk=pk)
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: dismiss(pair, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()),
        said=_("They are kept as two people and will not be offered again."),
        title=_("These are two people"),
        submit=_("Keep both"),
        back=reverse("registry:duplicates"),
        trail=[(_("Likely duplicates"), reverse("registry:duplicates"))],
        subject=f"{pair.first} — {pair.second}",
    )


@page
def duplicates_dismissed(request: HttpRequest) -> HttpResponse:
    """Pairs found to be two people: who said so, when and why."""
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    listing = Listing(
        rows=_pairs(actor, dismissed=True),
        params=request.GET,
        search=_pairs_of,
        sorts={"at": ["dismissed_at"], "score": ["score"]},
        default_sort="-at",
        name="two-people",
        page_size=20,
    )
    rows = _sides(listing, actor)
    names = _user_names({pair.dismissed_by for pair in listing.page})
    for row in rows:
        row["by"] = _name(names, row["pair"].dismissed_by)
    return render(request, "registry/dismissed.html", {"listing": listing, "rows": rows})


@page
def duplicate_restore(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    pair = get_object_or_404(_pairs(actor, dismissed=True), pk=pk)
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: doubt_again(pair, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()),
        said=_("The pair is among the likely duplicates again."),
        title=_("Put back among the likely duplicates"),
        submit=_("Put back"),
        back=reverse("registry:duplicates_dismissed"),
        trail=[
            (_("Likely duplicates"), reverse("registry:duplicates")),
            (_("Found to be two people"), reverse("registry:duplicates_dismissed")),
        ],
        subject=f"{pair.first} — {pair.second}",
        note=_("They were found to be two people: %(reason)s") % {"reason": pair.reason},
    )


@page
def merge_pick(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whom to merge with: likely records of the same person, or any found by name."""
    actor = actor_of(request)
    person = found_person(actor, "merge", pk)
    listing = people_listing(request, actor)
    listing.rows = listing.all.exclude(pk=pk)
    listing.count_all = None
    listing.search = search_people
    listing.columns = ()
    likely = likely_duplicates(person, on=actor.on, limit=10)
    placed = list(Person.objects.filter(pk__in=likely))
    add_places(placed, actor)
    return render(
        request,
        "registry/merge_pick.html",
        {
            "person": person,
            "likely": [{"person": p, "places": places_of(p)} for p in placed],
            "listing": listing,
            "trail": trail(person),
        },
    )


def _side(person: Person) -> dict[str, object]:
    return {
        "person": person,
        "posts": [
            describe(p)
            for p in Post.objects.filter(person=person).select_related(
                "organisation", "municipality"
            )
        ],
        "enrolments": Enrolment.objects.filter(person=person).select_related(
            "organisation", "group"
        ),
        "family": Guardianship.objects.filter(Q(guardian=person) | Q(child=person)).count(),
        "qualifications": Qualification.objects.filter(person=person).count(),
        "account": User.objects.filter(person=person).first(),
    }


@page
def merge(request: HttpRequest, kept: UUID, merged: UUID) -> HttpResponse:
    actor = actor_of(request)
    first = found_person(actor, "merge", kept)
    second = found_person(actor, "merge", merged)
    form = MergeForm(request.POST or None, kept=first, merged=second)
    if request.method == "POST" and form.is_valid():
        try:
            domain.merge_people(
                first,
                second,
                values=form.values,
                reason=form.cleaned_data["reason"],
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(
                request, _("The two records are one now. It can be undone on the page of merges.")
            )
            return redirect("registry:person", first.pk)
    plan = domain.plan_merge(first, second)
    return render(
        request,
        "registry/merge.html",
        {
            "form": form,
            "kept": _side(first),
            "merged": _side(second),
            "plan": plan,
            "swap_url": reverse("registry:merge", args=[merged, kept]),
            "cancel_url": reverse("registry:person", args=[kept]),
            "trail": trail(first),
        },
        status=422 if form.errors else 200,
    )


def _merges(actor: Actor) -> QuerySet[Merge]:
    return Merge.objects.filter(kept__in=PEOPLE.all(actor, "merge")).select_related(
        "kept", "merged"
    )


def _found(rows: QuerySet[Merge], text: str) -> QuerySet[Merge]:
    people = search_people(Person.objects.all(), text)
    return rows.filter(Q(kept__in=people) | Q(merged__in=people))


def _by_state(rows: QuerySet[Merge], value: str) -> QuerySet[Merge]:
    return rows.filter(undone_at__isnull=value == "done")


def _user_names(keys: set[UUID | None]) -> dict[UUID, str]:
    users = User.objects.filter(pk__in=[key for key in keys if key]).select_related("person")
    return {user.pk: user.get_full_name() for user in users}


def _name(names: dict[UUID, str], key: UUID | None) -> str:
    return names.get(key, "") if key else ""


@page
def merge_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    listing = Listing(
        rows=_merges(actor),
        params=request.GET,
        search=_found,
        filter_by=[
            Filter(
                "state",
                gettext_lazy("Condition"),
                [("done", gettext_lazy("In force")), ("undone", gettext_lazy("Undone"))],
                _by_state,
            )
        ],
        sorts={"at": ["-merged_at"]},
        default_sort="at",
        name="merges",
    )
    names = _user_names({key for m in listing.page for key in (m.merged_by, m.undone_by)})
    rows = [
        {"merge": m, "by": _name(names, m.merged_by), "undone_by": _name(names, m.undone_by)}
        for m in listing.page
    ]
    return render(request, "registry/merges.html", {"listing": listing, "rows": rows})


@page
def merge_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "merge"))
    found = get_object_or_404(_merges(actor), pk=pk)
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: domain.undo_merge(
            found, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()
        ),
        said=_("The merge is undone: there are two records again."),
        title=_("Undo the merge"),
        submit=_("Undo"),
        back=reverse("registry:merges"),
        trail=[(_("Merges"), reverse("registry:merges"))],
        subject=f"{found.kept} ← {found.merged}",
        obstacles=domain.obstacles(found) if request.method != "POST" else [],
        note=_(
            "What passed to the kept record goes back to where it was: posts, learning, relatives,"
            " courses, the account, tests, answers to surveys, parts of reports, measures of the"
            " programme. What was added to the kept record since stays with it."
        ),
    )
