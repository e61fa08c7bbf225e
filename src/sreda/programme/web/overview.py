"""The programme of change at a glance, for those who run it."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from sreda.programme.access import LOADS, PROGRAMMES
from sreda.programme.enums import ActionStatus, LoadStatus
from sreda.programme.models import Action, Programme
from sreda.programme.queries import findings, programmes
from sreda.programme.queries.budget import budget_of
from sreda.programme.queries.packs import loads
from sreda.programme.web.base import CHOSEN, actor_of, chosen, page, visible
from sreda.programme.web.titles import rule_title

NEAREST = 6


@page
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(PROGRAMMES.may(actor, "manage"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    actions = Action.objects.filter(programme=programme, gone_at=None)
    open_actions = actions.filter(~Q(status__in=[ActionStatus.DONE, ActionStatus.DROPPED]))
    context = {
        "programme": programme,
        "others": Programme.objects.all(),
        "counts": programmes.counts(programme),
        "finding_counts": programmes.finding_counts(programme),
        "rules": [(rule, rule_title(rule.rule)) for rule in findings.summary(programme)[:NEAREST]],
        "staged": loads().filter(status=LoadStatus.STAGED)[:3] if LOADS.may(actor, "view") else [],
        "last_load": programme.current,
        "budget": budget_of(programme),
        "actions": open_actions.filter(due__isnull=False).order_by("due")[:NEAREST],
        "overdue": open_actions.filter(due__lt=actor.on).count(),
        "on": actor.on,
    }
    return render(request, "programme/overview.html", context)


@page
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Work on another of the loaded programmes."""
    visible(PROGRAMMES.may(actor_of(request), "manage"))
    key = request.POST.get("programme", "")
    if Programme.objects.filter(key=key).exists():
        request.session[CHOSEN] = key
    return redirect("programme:overview")
