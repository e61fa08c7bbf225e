"""Indicators: plan, federal minimum and computed fact, and what each fact was made of."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import EVIDENCE, Column, Filter, Listing, store
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.programme.access import IMPLEMENTATIONS, INDICATORS
from sreda.programme.domain import indicators as domain
from sreda.programme.models import Implementation, ListEntry, Programme
from sreda.programme.queries.facts import COMPUTATIONS
from sreda.programme.queries.indicators import IndicatorState, state_of, states
from sreda.programme.web.base import actor_of, add_errors, asked_day, chosen, page, visible
from sreda.registry.api import Organisation


def past_day(request: HttpRequest, today: date) -> date:
    """?on=2019-12-31, not later than today; anything else is today."""
    return min(asked_day(request) or today, today)


@page
@require_GET
def indicators(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "follow"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    on = past_day(request, actor.on)
    found = states(programme, on)
    match request.GET.get("export"):
        case "csv":
            return csv_response("indicators", _table(found))
        case "xlsx":
            return xlsx_response("indicators", _table(found))
    context = {
        "programme": programme,
        "states": found,
        "years": sorted({y.year for s in found for y in s.years}),
        "on": on,
        "today": actor.on,
        "may_manage": INDICATORS.may(actor, "manage"),
    }
    return render(request, "programme/indicators.html", context)


def _table(found: list[IndicatorState]) -> list[list[Any]]:
    heading = [_("No."), _("Indicator"), _("Unit"), _("Year"), _("Federal minimum"), _("Plan"),
               _("Fact"), _("Fact as of"), _("Computed as")]  # fmt: skip
    rows: list[list[Any]] = [heading]
    for state in found:
        formula = str(state.computation.formula) if state.computation else ""
        for year in state.years:
            value = year.fact.value if year.fact else None
            rows.append([state.indicator.number, state.indicator.name, state.indicator.unit,
                         year.year, year.minimum, year.plan, value, year.on, formula])  # fmt: skip
    return rows


class ComputationForm(forms.Form):
    measure = forms.ChoiceField(label=gettext_lazy("The fact is computed as"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["measure"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("not computed")),
            *((c.name, c.title) for c in COMPUTATIONS.values()),
        ]


@page
@require_GET
def indicator(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = INDICATORS.get(actor, "follow", pk=pk)
    on = past_day(request, actor.on)
    state = state_of(found, found.programme, on)
    match request.GET.get("export"):
        case "csv":
            return csv_response("indicator", _rows_table(state))
        case "xlsx":
            return xlsx_response("indicator", _rows_table(state))
    measured = [y for y in state.years if y.plan is not None]
    context = {
        "state": state,
        "indicator": found,
        "programme": found.programme,
        "on": on,
        "today": actor.on,
        "may_manage": INDICATORS.may(actor, "manage", found),
        "form": ComputationForm(initial={"measure": found.measure}),
        "chart_labels": [str(y.year) for y in measured],
        "chart_series": [
            {"name": _("Plan"), "values": [y.plan for y in measured]},
            {"name": _("Fact"), "values": [y.fact.value if y.fact else None for y in measured]},
        ],
    }
    return render(request, "programme/indicator.html", context)


def _rows_table(state: IndicatorState) -> list[list[Any]]:
    headings = [str(h) for h in state.computation.headings] if state.computation else []
    body = [[row.organisation, *row.values] for row in state.now.rows]
    return [[_("Organisation"), *headings], *body]


@page
@require_POST
def computation(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = INDICATORS.get(actor, "manage", pk=pk)
    form = ComputationForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["measure"]
        domain.choose_computation(found, name=name, at=clock.now(), actor=actor)
        messages.success(request, _("From now on the fact is computed so."))
    else:
        messages.error(request, _("There is no such computation."))
    return redirect("programme:indicator", pk=pk)


class ImplementationForm(forms.Form):
    organisation = forms.ChoiceField(label=gettext_lazy("Organisation of the list"), required=False)
    code = forms.CharField(
        label=gettext_lazy("or registry number of another"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("For an organisation that joined without being on the list."),
    )
    since = forms.DateField(
        label=gettext_lazy("Works since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    basis = forms.CharField(label=gettext_lazy("Act of acceptance"), max_length=300)
    file = forms.FileField(label=gettext_lazy("Scan of the act"), required=False)

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waiting = ListEntry.objects.filter(
            programme=programme, gone_at=None, organisation__isnull=False
        ).exclude(organisation__implementations__programme=programme)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", "—"),
            *((str(e.organisation_id), f"{e.number}. {e.name}") for e in waiting),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        pk, code = data.get("organisation"), (data.get("code") or "").strip()
        if bool(pk) == bool(code):
            raise ValidationError(_("Choose from the list or give a registry number: one of both."))
        lookup = {"pk": pk} if pk else {"code": code}
        data["found"] = Organisation.objects.filter(**lookup).first()
        if data["found"] is None:
            self.add_error("code", _("There is no organisation with this number."))
        return data


@page
@require_http_methods(["GET", "POST"])
def implementations(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(IMPLEMENTATIONS.may(actor, "follow"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    may_add = IMPLEMENTATIONS.may(actor, "add")
    form = ImplementationForm(request.POST or None, request.FILES or None, programme=programme)
    if request.method == "POST":
        IMPLEMENTATIONS.require(actor, "add")
        if form.is_valid() and _record(request, programme, form):
            messages.success(request, _("Recorded. The indicators count it from its day."))
            return redirect("programme:implementations")
    listing: Listing[Implementation] = Listing(
        IMPLEMENTATIONS.all(actor, "follow")
        .filter(programme=programme)
        .select_related("organisation__municipality", "file", "recorded_by"),
        request.GET,
        search=lambda rows, text: rows.filter(organisation__short_name__icontains=text),
        filter_by=[
            Filter("organisation__kind", gettext_lazy("Kind"),
                   [("school", gettext_lazy("Schools")), ("college", gettext_lazy("Colleges"))]),
        ],
        sorts={"since": ["since"], "name": ["organisation__short_name"]},
        default_sort="-since",
        columns=[
            Column(gettext_lazy("Registry number"), lambda i: i.organisation.code),
            Column(gettext_lazy("Organisation"), lambda i: i.organisation.short_name),
            Column(gettext_lazy("Municipality"), lambda i: i.organisation.municipality.name),
            Column(gettext_lazy("Works since"), lambda i: i.since),
            Column(gettext_lazy("Act of acceptance"), lambda i: i.basis),
        ],
        name="implementations",
    )  # fmt: skip
    if request.method == "GET" and (exported := listing.export()):
        return exported
    context = {"programme": programme, "listing": listing, "form": form, "may_add": may_add}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "programme/implementations.html", context, status=status)


def _record(request: HttpRequest, programme: Programme, form: ImplementationForm) -> bool:
    actor, at, data = actor_of(request), clock.now(), form.cleaned_data
    try:
        upload = data["file"]
        kept = store(upload, at=at, actor=actor, kinds=EVIDENCE) if upload else None
    except ValidationError as error:
        form.add_error("file", error)
        return False
    try:
        domain.record_implementation(
            programme,
            organisation=data["found"],
            since=data["since"],
            basis=data["basis"],
            file=kept,
            at=at,
            actor=actor,
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


@page
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = IMPLEMENTATIONS.get(actor, "withdraw", pk=pk)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why the record is withdrawn."))
    else:
        domain.withdraw_implementation(found, reason=reason[:500], at=clock.now(), actor=actor)
        messages.success(request, _("Withdrawn. The log keeps what it said."))
    return redirect("programme:implementations")
