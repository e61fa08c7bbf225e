"""The programme of change for everyone, signed in or not."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.programme.access import ACTIONS, ENTRIES
from sreda.programme.models import Programme
from sreda.programme.pack import read_pack, shipped_pack
from sreda.programme.queries import entries as entry_queries
from sreda.programme.queries import findings as finding_queries
from sreda.programme.queries import programmes
from sreda.programme.queries.bodies import bodies_on
from sreda.programme.queries.budget import budget_of
from sreda.programme.queries.indicators import kept_states
from sreda.programme.queries.stored import corrected, printed_pack, standing
from sreda.programme.web.base import actor_of, the_programme, workbook
from sreda.programme.web.budget import budget_context
from sreda.programme.web.entries import list_heads, listing_of
from sreda.programme.web.findings import words
from sreda.programme.web.titles import rule_title, table_title

FIRST = 5


def _asked(request: HttpRequest) -> Programme:
    """?order=KEY, else the newest."""
    key = request.GET.get("order")
    if not key:
        return the_programme(request)
    found = programmes.with_current().filter(key=key).first()
    if found is None:
        raise Http404
    return found


@require_GET
def programme(request: HttpRequest) -> HttpResponseBase:
    """What the programme is, in figures."""
    newest = programmes.newest()
    if newest is None:
        return render(request, "programme/public/nothing.html")
    shown = _asked(request)
    entries = entry_queries.with_today(
        ENTRIES.all(actor_of(request)).filter(programme=shown, gone_at=None)
    )
    rows = entry_queries.shown(shown, entries)
    first = sorted((r for r in rows if r.rank), key=lambda r: (r.rank or 0, r.entry.name))
    actor = actor_of(request)
    actions = list(ACTIONS.all(actor, "publish").filter(programme=shown, gone_at=None))
    context = {
        **budget_context(shown, budget_of(shown)),
        "others": Programme.objects.exclude(pk=shown.pk),
        "counts": programmes.counts(shown),
        "finding_counts": programmes.finding_counts(shown),
        "rules": _rules(shown)[:6],
        "schools": [r for r in first if r.entry.section == "school"][:FIRST],
        "colleges": [r for r in first if r.entry.section == "college"][:FIRST],
        "learners": sum(r.entry.learners or 0 for r in rows),
        "dates": sorted((a for a in actions if a.due), key=lambda a: (a.due, a.plan, a.number)),
        "actions": sorted(actions, key=lambda a: (a.plan, a.number)),
        "states": kept_states(actor.on, shown),
        "bodies": bodies_on(shown, actor.on),
    }
    return render(request, "programme/public/programme.html", context)


def _rules(shown: Programme) -> list[tuple[Any, Any, Any, str]]:
    return [
        (rule, rule_title(rule.rule), table_title(rule.example.table), words(rule.example))
        for rule in finding_queries.summary(shown)
    ]


@require_GET
def listed(request: HttpRequest) -> HttpResponseBase:
    """The whole list, with ranks."""
    shown = _asked(request)
    listing = listing_of(request, shown, ENTRIES.all(actor_of(request)))
    return listing.export() or render(
        request,
        "programme/public/list.html",
        {
            "programme": shown,
            "listing": listing,
            "rows": entry_queries.shown(shown, listing.page),
            "heads": list_heads(),
        },
    )


@require_GET
def findings(request: HttpRequest) -> HttpResponseBase:
    """What the checks found, by rule; waived findings are not counted."""
    shown = _asked(request)
    context = {
        "programme": shown,
        "finding_counts": programmes.finding_counts(shown),
        "rules": _rules(shown),
    }
    return render(request, "programme/public/findings.html", context)


@require_GET
def pack_xlsx(request: HttpRequest) -> HttpResponseBase:
    """The document's tables as a workbook: as printed, or ?corrected=1 with the corrections."""
    shown = _asked(request)
    pack = printed_pack(shown)
    if request.GET.get("corrected"):
        return workbook(corrected(pack, standing(shown)), f"{shown.key}-corrected")
    return workbook(pack, shown.key)


@require_GET
def empty_pack(request: HttpRequest) -> HttpResponseBase:
    pack = read_pack(shipped_pack("empty")).pack
    if pack is None:
        raise Http404
    return workbook(pack, _("empty-pack"))
