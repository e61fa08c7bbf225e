"""Indicators added, changed, tried, deleted; those that come with the system."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import datasets
from sreda.registry.api import Municipality, Organisation
from sreda.reporting.access import DASHBOARDS, INDICATORS
from sreda.reporting.domain import freshness, shipping
from sreda.reporting.domain import indicators as domain
from sreda.reporting.enums import Level
from sreda.reporting.expressions import ExpressionError, in_words
from sreda.reporting.models import Indicator
from sreda.reporting.queries.computing import Computation
from sreda.reporting.queries.formulas import Sources
from sreda.reporting.queries.places import PlaceKey
from sreda.reporting.web import base
from sreda.reporting.web.forms import IndicatorForm
from sreda.reporting.web.indicators import figures
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible


@page
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "manage"))
    form = IndicatorForm(request.POST or None, initial={"levels": Level.values, "places": 2})
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.add_indicator(
                fields=form.fields_of_indicator(),
                at=clock.now(),
                actor=actor,
                key=key_of(request, "indicator"),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Added. Its values are being computed."))
            return redirect("reporting:indicator", pk=made.pk)
    return _form_page(request, form, _("New indicator"), reverse("reporting:indicators"))


@page
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = INDICATORS.get(actor, "manage", pk=pk)
    form = IndicatorForm(request.POST or None, initial=IndicatorForm.initial_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            domain.change_indicator(
                indicator=found.pk,
                edition=form.cleaned_data["edition"],
                fields=form.fields_of_indicator(),
                at=clock.now(),
                actor=actor,
                reason=form.cleaned_data["reason"],
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved. What depends on it is being computed anew."))
            return redirect("reporting:indicator", pk=pk)
    back = reverse("reporting:indicator", args=[pk])
    return _form_page(request, form, found.title, back, found)


def _form_page(
    request: HttpRequest, form: IndicatorForm, title: str, back: str, found: Indicator | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "back": back,
        "indicator": found,
        "datasets": sorted(datasets().values(), key=lambda d: str(d.title)),
        "others": Indicator.objects.exclude(code=found.code if found else "").values_list(
            "code", "title"
        ),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "reporting/indicators/form.html", context, status=status)


@page
@require_POST
def check(request: HttpRequest) -> HttpResponseBase:
    """What a formula would give today: for the region, a municipality and a school."""
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "manage"))
    formula = request.POST.get("formula", "")[:4000]
    places = request.POST.get("places", "2")
    tried = Indicator(
        code="-", title="", formula=formula, levels=list(Level.values),
        places=min(int(places), 6) if places.isdecimal() else 2,
    )  # fmt: skip
    context: dict[str, Any] = {}
    try:
        compiled = Sources.now().compile("", formula)
    except ExpressionError as error:
        context["error"] = in_words(error)
        return render(request, "reporting/indicators/check.html", context)
    context["rows"], context["inputs"] = _tried(tried, compiled, actor.on)
    return render(request, "reporting/indicators/check.html", context)


def _tried(
    tried: Indicator, compiled: Any, on: date
) -> tuple[list[tuple[str, Decimal | None, str]], list[dict[str, Any]]]:
    needed = Indicator.objects.filter(code__in=compiled.inputs.indicators)
    computation = Computation(list(needed.prefetch_related("inputs")), on)
    computation.indicators["-"] = tried
    found = computation.run(tried)
    shown: dict[Level, PlaceKey] = {}
    for place, made in found.items():
        if place.level not in shown or found[shown[place.level]].value is None is not made.value:
            shown[place.level] = place
    names = {
        **dict(Municipality.objects.filter(pk__in=[p.id for p in shown.values() if p.id])
               .values_list("pk", "name")),
        **dict(Organisation.objects.filter(pk__in=[p.id for p in shown.values() if p.id])
               .values_list("pk", "short_name")),
    }  # fmt: skip
    rows = [
        (names.get(place.id, base.region_name()) if place.id else base.region_name(),
         found[place].value, found[place].why)
        for place in shown.values()
    ]  # fmt: skip
    region = found.get(PlaceKey(Level.REGION))
    return rows, figures.inputs(region.inputs if region else ())


@page
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Asks for a reason, and says which indicators lose a source."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "manage", pk=pk)
    codes = freshness.dependents("indicator", {found.code})
    context: dict[str, Any] = {
        "indicator": found,
        "dependents": Indicator.objects.filter(code__in=codes),
        "dashboards": DASHBOARDS.all(actor)
        .filter(widgets__sources__contains=[{"indicator": found.code}])
        .distinct(),
        "reason": request.POST.get("reason", ""),
    }
    if request.method == "POST":
        try:
            lost = domain.delete_indicator(
                indicator=found.pk, at=clock.now(), actor=actor, reason=context["reason"][:500]
            )
        except ValidationError as error:
            context["error"] = " ".join(error.messages)
        else:
            words = _("Deleted. What depended on it has lost a source.") if lost else _("Deleted.")
            messages.success(request, words)
            return redirect("reporting:indicators")
    status = 422 if "error" in context else 200
    return render(request, "reporting/indicators/delete.html", context, status=status)


@page
@require_POST
def ship(request: HttpRequest) -> HttpResponseBase:
    """Add the indicators and dashboards that come with the system."""
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "manage"))
    done = shipping.add_shipped(at=clock.now(), actor=actor)
    if done.indicators or done.dashboards:
        messages.success(
            request,
            _("Added: %(indicators)s indicators, %(dashboards)s dashboards.")
            % {"indicators": len(done.indicators), "dashboards": len(done.dashboards)},
        )
    else:
        messages.info(request, _("All of them are here already."))
    for code, why in done.refused.items():
        messages.warning(request, f"{code}: {why}")
    return redirect("reporting:indicators")
