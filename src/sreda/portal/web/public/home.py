"""The portal's front page, its municipalities, and what it says about itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from sreda.kernel import clock
from sreda.portal.web.public.figures import current_figures
from sreda.programme.api import (
    Action,
    ActionStatus,
    IndicatorState,
    ListEntry,
    Programme,
    Section,
    YearState,
    indicator_states,
    newest,
)
from sreda.registry.api import MunicipalityKind, Organisation, Place, on_day
from sreda.reporting.api import public_figures


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    today = clock.today()
    figures, version = current_figures(today)
    programme = newest()
    return render(
        request,
        "portal/home.html",
        {
            "figures": figures,
            "total": figures.total,
            "tiles": tiles(figures.places),
            "version": version,
            "programme": programme,
            "on_list": on_list(programme) if programme else None,
            "goals": goals(programme, today) if programme else [],
            "course": course(programme, today) if programme else None,
            "monitoring": public_figures(today),
        },
    )


def on_list(programme: Programme) -> dict[str, int]:
    """How many organisations stand on the programme's list."""
    return ListEntry.objects.filter(programme=programme, gone_at=None).aggregate(
        total=Count("pk"),
        schools=Count("pk", filter=Q(section=Section.SCHOOL)),
        colleges=Count("pk", filter=Q(section=Section.COLLEGE)),
    )


def course(programme: Programme, on: date) -> dict[str, int]:
    """How far the measures and the roadmap have got by a day."""
    done = Q(status=ActionStatus.DONE)
    return (
        Action.objects.filter(programme=programme, gone_at=None)
        .exclude(status=ActionStatus.DROPPED)
        .aggregate(
            total=Count("pk"),
            done=Count("pk", filter=done),
            late=Count("pk", filter=~done & Q(due__lt=on)),
        )
    )


def goals(programme: Programme, on: date) -> list[tuple[IndicatorState, YearState, Decimal | None]]:
    """Each indicator with the plan that holds now and how much of it is reached, no more than
    all; facts are those kept, so that this page computes none."""
    found = []
    for state in indicator_states(on, programme):
        goal, fact = state.goal, state.now.value
        if goal is not None and goal.plan is not None:
            reached = None if fact is None else min(max(fact, Decimal(0)), goal.plan)
            found.append((state, goal, reached))
    return found


LEVELS = (50, 70, 85, 95)


def tiles(places: tuple[Place, ...]) -> list[dict[str, Any]]:
    """A tile for each municipality; the level is that of its share of fast links (0: not known)."""
    base = reverse("organisations")
    return [
        {
            "place": place,
            "name": short_name(place.name),
            "url": f"{base}?municipality={place.code}&kind=teaching",
            "share": share,
            "level": 0 if share is None else 1 + sum(share >= bound for bound in LEVELS),
        }
        for place in places
        for share in [place.figures.fast_share]
    ]


def short_name(name: str) -> str:
    """«Юргинский городской округ» on a tile is «Юргинский округ»: a district of the same name
    stands beside it."""
    return name.replace(" городской округ", " округ").replace(" муниципальный район", " район")


@require_safe
def municipalities(request: HttpRequest) -> HttpResponse:
    figures, version = current_figures(clock.today())
    shown = tiles(figures.places)
    groups = [
        (label, [tile for tile in shown if tile["place"].kind == kind])
        for kind, label in MunicipalityKind.choices
    ]
    return render(
        request,
        "portal/municipalities.html",
        {"figures": figures, "total": figures.total, "groups": groups, "version": version},
    )


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/about.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/accessibility.html")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /cabinet/",
        "Disallow: /account/",
        "Disallow: /*?export=",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    names = ("home", "organisations", "municipalities", "open_data", "about", "accessibility")
    paths = [reverse(name) for name in names]
    paths += [reverse("organisation", args=[code]) for code in _codes(clock.today())]
    return render(
        request,
        "portal/sitemap.xml",
        {"urls": map(request.build_absolute_uri, paths)},
        content_type="application/xml",
    )


def _codes(on: date) -> list[str]:
    return list(
        Organisation.objects.filter(on_day(on)).order_by("code").values_list("code", flat=True)
    )
