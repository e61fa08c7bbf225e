"""Scenarios: the question stands in the address, so that it can be sent and kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.programme.access import PROGRAMMES, SCENARIOS
from sreda.programme.domain import scenarios as domain
from sreda.programme.enums import BudgetKind, Section
from sreda.programme.models import BudgetLine, Programme, Scenario
from sreda.programme.queries.scenarios import Answer, Driver, answer, default_driver, planned
from sreda.programme.web.base import actor_of, chosen, page, the_programme, visible

LIMIT = 100_000
SHOWN = 40


@page
@require_GET
def scenario(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SCENARIOS.may(actor, "view"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    plan = planned(programme)
    wanted, drivers, wrong = asked(request.GET, plan)
    found = answer(programme, wanted, drivers, on=actor.on)
    match request.GET.get("export"):
        case "csv":
            return csv_response("scenario", _table(found))
        case "xlsx":
            return xlsx_response("scenario", _table(found))
    lines = BudgetLine.objects.filter(programme=programme, gone_at=None, kind=BudgetKind.LINE)
    context = {
        "programme": programme,
        "answer": found,
        "sections": [(s.value, s.label) for s in Section],
        "inputs": [
            (
                year,
                [
                    (f"n-{year.year}-{s.value}", s.label, year.counts[s.value],
                     year.planned_counts[s.value])
                    for s in Section
                ],
            )
            for year in found.years
        ],
        "drivers": [
            (line, f"d-{line.key}", drivers.get(line.key) or default_driver(line.nature))
            for line in lines
        ],
        "driver_choices": Driver.choices,
        "wrong": wrong,
        "unit": next((line.unit for line in lines if line.unit), ""),
        "kept": SCENARIOS.all(actor).filter(programme=programme)[:20],
        "kept_urls": reverse("programme:scenario"),
        "question": request.GET.urlencode(),
        "shown": SHOWN,
    }  # fmt: skip
    return render(request, "programme/scenario.html", context)


def asked(
    params: QueryDict, plan: dict[tuple[int, str], int]
) -> tuple[dict[tuple[int, str], int], dict[str, Driver], list[str]]:
    """(counts, drivers, what could not be read): only what differs from nothing is kept."""
    wanted: dict[tuple[int, str], int] = {}
    wrong: list[str] = []
    for year, section in plan:
        text = params.get(f"n-{year}-{section}", "").strip()
        if not text:
            continue
        if text.isdecimal() and len(text) < 20 and int(text) <= LIMIT:
            wanted[year, section] = int(text)
        else:
            wrong.append(
                _("%(year)s, %(section)s: “%(text)s” is not a number from 0 to %(limit)s.")
                % {"year": year, "section": Section(section).label, "text": text[:30],
                   "limit": LIMIT}
            )  # fmt: skip
    drivers = {
        key[2:]: Driver(value)
        for key, value in params.items()
        if key.startswith("d-") and value in Driver.values
    }
    return wanted, drivers, wrong


def _table(found: Answer) -> list[list[Any]]:
    heading = [_("Year"), _("Line"), _("Grows with"), _("Planned"), _("Price of one"),
               _("In the scenario"), _("Difference")]  # fmt: skip
    rows: list[list[Any]] = [heading]
    for year in found.years:
        for line in year.lines:
            rows.append([year.year, line.name, str(Driver(line.driver).label), line.planned,
                         line.price, line.wanted, line.difference])  # fmt: skip
    rows += [[], [_("Year"), _("Registry number"), _("Organisation"), _("Municipality"),
                  _("Learners"), _("Computers"), _("Computers per learner")]]  # fmt: skip
    for year in found.years:
        for joining in year.joining.values():
            rows += [[year.year, c.code, c.name, c.municipality, c.learners, c.computers, c.ratio]
                     for c in joining]  # fmt: skip
    return rows


@page
@require_POST
def save(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SCENARIOS.may(actor, "view"))
    programme: Programme = the_programme(request)
    visible(PROGRAMMES.may(actor, "view", programme))
    SCENARIOS.require(actor, "add")
    question = QueryDict(request.POST.get("question", ""))
    name = request.POST.get("name", "").strip()[:200]
    if not name:
        messages.error(request, _("Give the scenario a name."))
    else:
        wanted, drivers, _wrong = asked(question, planned(programme))
        domain.save_scenario(
            programme, name=name, wanted=wanted, drivers=drivers, at=clock.now(), actor=actor
        )
        messages.success(request, _("The scenario is kept."))
    return redirect(f"{reverse('programme:scenario')}?{question.urlencode()}")


@page
@require_GET
def kept(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Open a kept scenario: its question as an address."""
    found: Scenario = SCENARIOS.get(actor_of(request), pk=pk)
    counts, drivers = domain.question_of(found)
    query = {f"n-{year}-{section}": count for (year, section), count in counts.items()}
    query_text = urlencode(query | {f"d-{key}": driver.value for key, driver in drivers.items()})
    return redirect(f"{reverse('programme:scenario')}?{query_text}")


@page
@require_POST
def drop(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = SCENARIOS.get(actor, "drop", pk=pk)
    domain.drop_scenario(found, at=clock.now(), actor=actor)
    messages.success(request, _("The scenario is gone."))
    return redirect("programme:scenario")
