"""The measures and the roadmap as a list, a board and a chart."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.programme.access import ACTIONS
from sreda.programme.domain import alarms
from sreda.programme.enums import ActionStatus, Plan
from sreda.programme.models import Action, Programme
from sreda.programme.queries import actions as queries
from sreda.programme.web.action import StateForm
from sreda.programme.web.base import Context, actor_of, chosen, page, visible

TERMS = [
    ("late", gettext_lazy("Overdue")),
    ("soon", gettext_lazy("Within 30 days")),
    ("none", gettext_lazy("Without a date")),
]


def _term(on: date) -> Any:
    def apply(rows: QuerySet[Action], value: str) -> QuerySet[Action]:
        match value:
            case "late":
                return queries.overdue(rows, on)
            case "soon":
                return queries.soon(rows, on)
        return queries.undated(rows)

    return apply


def _owner(rows: QuerySet[Action], value: str) -> QuerySet[Action]:
    return rows.filter(owner=None) if value == "none" else rows.filter(Q(owner=value))


def _columns() -> list[Column]:
    return [
        Column(gettext_lazy("Table"), lambda a: a.get_plan_display()),
        Column(gettext_lazy("No."), lambda a: a.number),
        Column(gettext_lazy("Measure or step"), lambda a: a.name),
        Column(gettext_lazy("Expected result"), lambda a: a.result),
        Column(gettext_lazy("Executor"), lambda a: a.executor),
        Column(gettext_lazy("Term as printed"), lambda a: a.term),
        Column(gettext_lazy("Start"), lambda a: a.start),
        Column(gettext_lazy("Last day"), lambda a: a.term_due),
        Column(gettext_lazy("State"), lambda a: a.get_status_display()),
        Column(gettext_lazy("Done on"), lambda a: a.done_on),
        Column(gettext_lazy("Owner"), lambda a: a.owner.full_name if a.owner else ""),
    ]


def _rows(request: HttpRequest, programme: Programme) -> QuerySet[Action]:
    return queries.actions_of(programme, ACTIONS.all(actor_of(request)))


def _page(request: HttpRequest) -> Programme | None:
    visible(ACTIONS.may(actor_of(request), "view"))
    programme = chosen(request)
    if programme is not None:
        visible(_sees_any(request, programme))
    return programme


def _sees_any(request: HttpRequest, programme: Programme) -> bool:
    actor = actor_of(request)
    return ACTIONS.table["view"].decide(actor) is True or _rows(request, programme).exists()


@page
@require_GET
def actions(request: HttpRequest) -> HttpResponseBase:
    programme = _page(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    actor = actor_of(request)
    rows = _rows(request, programme)
    listing = Listing(
        rows,
        request.GET,
        search=queries.matching,
        filter_by=[
            Filter("plan", gettext_lazy("Table"), Plan.choices),
            Filter("status", gettext_lazy("State"), ActionStatus.choices),
            Filter("term", gettext_lazy("Term"), TERMS, _term(actor.on)),
            Filter("owner", gettext_lazy("Owner"), lambda: _owners(programme), _owner),
        ],
        sorts={
            "number": ["plan", "number"],
            "name": ["name"],
            "due": ["term_due"],
            "state": ["status", "term_due"],
            "owner": ["owner__family_name", "owner__given_name"],
        },
        default_sort="number",
        columns=_columns(),
        name="actions",
        page_size=50,
    )
    return listing.export() or render(
        request,
        "programme/actions.html",
        {
            "programme": programme,
            "listing": listing,
            "rows": [(a, queries.is_late(a, actor.on)) for a in listing.page],
            **_tabs("actions"),
            "may_manage": ACTIONS.may(actor, "manage"),
        },
    )


def _owners(programme: Programme) -> list[tuple[str, str]]:
    named = [(str(p.pk), p.brief_name) for p in queries.owners_of(programme)]
    return [("none", _("Without an owner")), *named]


def _tabs(here: str) -> Context:
    views = [
        ("actions", _("List"), "list-details"),
        ("board", _("Board"), "layout-kanban"),
        ("gantt", _("Chart"), "timeline"),
    ]
    return {
        "tabs": [
            {
                "label": label,
                "url": reverse(f"programme:{name}"),
                "active": name == here,
                "icon": icon,
            }
            for name, label, icon in views
        ]
    }


@page
@require_GET
def board(request: HttpRequest) -> HttpResponseBase:
    """A column for each state; a card moves by its own form."""
    programme = _page(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    actor = actor_of(request)
    rows = _rows(request, programme)
    plan = request.GET.get("plan", "")
    if plan in Plan.values:
        rows = rows.filter(plan=plan)
    movable = set(
        ACTIONS.all(actor, "progress").filter(programme=programme).values_list("pk", flat=True)
    )
    found = list(queries.by_term(rows))
    columns = [
        (
            status,
            [(a, queries.is_late(a, actor.on), a.pk in movable) for a in found
             if a.status == status],
        )
        for status in ActionStatus
    ]  # fmt: skip
    return render(
        request,
        "programme/board.html",
        {
            "programme": programme,
            "columns": columns,
            "states": ActionStatus.choices,
            "move_form": StateForm(auto_id="move_%s") if movable else None,
            "plans": Plan.choices,
            "plan": plan,
            **_tabs("board"),
        },
    )


@page
@require_GET
def chart(request: HttpRequest) -> HttpResponseBase:
    """Terms on a line of time, with what waits for what; the same as a table beside it."""
    programme = _page(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    actor = actor_of(request)
    rows = _rows(request, programme).order_by("plan", "number")
    years = queries.years_of(programme)
    plan, year = request.GET.get("plan", ""), _year(request, years)
    if plan in Plan.values:
        rows = rows.filter(plan=plan)
    if year:
        rows = queries.in_year(rows, year)
    found = queries.bars(rows, actor.on)
    first, last = (year, year) if year else (years[0], years[-1]) if years else (0, 0)
    context = {
        "programme": programme,
        "bars": [(bar, [found[i].action for i in bar.needs]) for bar in found],
        "drawn": [_drawn(bar) for bar in found],
        "years": years,
        "year": year,
        "plan": plan,
        "plans": Plan.choices,
        "on": actor.on,
        "first": date(first, 1, 1) if first else None,
        "last": date(last, 12, 31) if last else None,
        **_tabs("gantt"),
    }
    return render(request, "programme/gantt.html", context)


def _drawn(bar: queries.Bar) -> Context:
    """As the tag {% gantt %} wants it."""
    return {
        "label": f"{bar.action.number}. {bar.action.name}",
        "start": bar.start,
        "end": bar.due,
        "state": bar.state,
        "said": _("Overdue") if bar.state == "late" else bar.action.get_status_display(),
        "needs": bar.needs,
        "marks": bar.terms,
        "url": reverse("programme:action", args=[bar.action.pk]),
    }


def _year(request: HttpRequest, years: list[int]) -> int | None:
    asked = request.GET.get("year", "")
    return int(asked) if asked.isdigit() and int(asked) in years else None


@page
@require_POST
def alarm(request: HttpRequest) -> HttpResponseBase:
    """Tell the owners now; who was told of a term already is not told again."""
    actor = actor_of(request)
    _page(request)
    ACTIONS.require(actor, "manage")
    told = alarms.raise_alarms(at=clock.now())
    if told:
        text = ngettext("%(n)s notice sent.", "%(n)s notices sent.", told) % {"n": told}
        messages.success(request, text)
    else:
        messages.info(request, _("Everybody concerned has been told already."))
    return redirect("programme:actions")
