"""Pages of dashboards: shown, arranged, sent, embedded."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from sreda.kernel import clock
from sreda.kernel.api import Actor, Filter, Listing
from sreda.reporting.access import DASHBOARDS, INDICATORS, MAILINGS
from sreda.reporting.domain import dashboards as domain
from sreda.reporting.domain import mailings
from sreda.reporting.enums import Level, ReportFormat
from sreda.reporting.exports import Chart, Figure, Table, Tiles
from sreda.reporting.exports.report import Block
from sreda.reporting.models import Dashboard, IndicatorValue, Mailing, Widget
from sreda.reporting.queries.dashboards import Board, Sight, Source
from sreda.reporting.queries.indicators import PlaceChoice
from sreda.reporting.queries.places import TEACHING, PlaceKey
from sreda.reporting.web import base
from sreda.reporting.web.forms import DashboardForm, MailingForm, WidgetForm
from sreda.ui.modes import Mode
from sreda.ui.numbers import day
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible
from sreda.ui.svg import multiples

STANDING = {"good": "success", "middling": "warning", "bad": "danger", "": ""}
EMBED_KEPT = 300  # seconds


@page
@require_GET
def dashboards(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(DASHBOARDS.may(actor, "add"))
    listing: Listing[Dashboard] = Listing(
        DASHBOARDS.all(actor).select_related("owner"),
        request.GET,
        search=lambda rows, text: rows.filter(Q(title__icontains=text) | Q(about__icontains=text)),
        filter_by=[
            Filter("level", gettext_lazy("Level"), Level.choices),
            Filter(
                "owner",
                gettext_lazy("Whose"),
                [("mine", gettext_lazy("my own")), ("shared", gettext_lazy("shown to all"))],
                lambda rows, value: rows.filter(
                    Q(owner_id=actor.user_id) if value == "mine" else Q(shared=True)
                ),
            ),
        ],
        sorts={"title": ["title__natural"], "level": ["level", "title__natural"]},
        default_sort="title",
    )
    kinds = {kind.value: str(kind.label) for kind in TEACHING}
    wanted = MAILINGS.all(actor).filter(stopped_at=None)
    context = {
        "listing": listing,
        "mailings": [
            (one, kinds.get(one.kind, ""))
            for one in wanted.select_related("dashboard", "municipality")
        ],
    }
    return render(request, "reporting/dashboards/list.html", context)


def _place(request: HttpRequest, actor: Actor, found: Dashboard) -> PlaceChoice:
    """The place asked for, else the actor's; a dashboard of the region begins at the region, one
    of municipalities or organisations is not shown wider than its level."""
    asked = any(request.GET.get(name) for name in ("organisation", "municipality", "place"))
    place = base.asked_place(request, actor)
    if not asked and found.level == Level.REGION:
        return PlaceChoice(PlaceKey(Level.REGION), base.region_name())
    if not asked and found.level == Level.MUNICIPALITY and place.level == Level.ORGANISATION:
        return base.municipality_of(place)
    return place


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "")
    return kind if kind in TEACHING else ""


def _board(request: HttpRequest, actor: Actor, found: Dashboard) -> Board:
    on = base.past_day(request, actor.on)

    def url_of(source: Source, place: PlaceKey) -> str:
        if source.indicator is None:
            return ""
        query = base.place_query(PlaceChoice(place, ""))
        address = reverse("reporting:indicator", args=[source.indicator.pk])
        return f"{address}?{query}&on={on.isoformat()}"

    return Board(
        found, Sight.of(actor), _place(request, actor, found), on, kind=_kind(request),
        region=base.region_name(), url_of=url_of,
    )  # fmt: skip


def shown(blocks: list[Block] | Any, number: int) -> list[dict[str, Any]]:
    """Blocks as the templates draw them."""
    found: list[dict[str, Any]] = []
    for at, block in enumerate(blocks):
        match block:
            case Figure():
                tone = STANDING[block.standing] or ("danger" if block.state == "broken" else "")
                found.append({"kind": "figure", "block": block, "tone": tone})
            case Table():
                rows = [
                    (row[0], url, row[1:])
                    for row, url in zip(
                        block.rows, block.urls or [""] * len(block.rows), strict=True
                    )
                ]
                found.append({"kind": "table", "block": block, "rows": rows})
            case Tiles():
                found.append({"kind": "tiles", "block": block})
            case Chart() if block.small:
                items = [(s.name, s.values, s.url) for s in block.series]
                found.append(
                    {"kind": "multiples", "block": block, "picture": multiples(items, block.unit)}
                )
            case Chart():
                series = [{"name": s.name, "values": s.values} for s in block.series]
                found.append(
                    {"kind": "chart", "block": block, "series": series, "name": f"c{number}-{at}"}
                )
    return found


def _groups(board: Board) -> list[dict[str, Any]]:
    report = board.report()
    return [
        {
            "title": title,
            "blocks": shown(blocks, n),
            "has_figures": any(isinstance(block, Figure) for block in blocks),
            "widget": widget,
        }
        for n, ((title, blocks), widget) in enumerate(
            zip(report.groups, board.widgets, strict=True)
        )
    ]


@page
@require_GET
def dashboard(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "view", pk=pk)
    board = _board(request, actor, found)
    query = base.place_query(board.place)
    context = {
        "dashboard": found,
        "groups": _groups(board),
        "notes": board.report().notes if board.kind else [],
        "place": board.place,
        "on": board.on,
        "today": actor.on,
        "kind": board.kind,
        "kinds": [(k.value, k.label) for k in TEACHING],
        "municipalities": base.municipality_choices(),
        "chosen": str(board.place.key.id or ""),
        "query": "&".join(
            [query, f"on={board.on.isoformat()}", *([f"kind={board.kind}"] if board.kind else [])]
        ),
        "may_change": DASHBOARDS.may(actor, "change", found),
        "formats": [f.value for f in ReportFormat],
        "mailing_form": MailingForm(),
        "embed": request.build_absolute_uri(reverse("reporting:embed", args=[found.pk]))
        if found.public
        else "",
        "mine": found.owner_id == actor.user_id,
    }
    return render(request, "reporting/dashboards/dashboard.html", context)


@page
@require_GET
def export(request: HttpRequest, pk: UUID, form: str) -> HttpResponseBase:
    """The dashboard, or with ?widget=id one part of it, as a file."""
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "view", pk=pk)
    board = _board(request, actor, found)
    if wanted := request.GET.get("widget"):
        board.widgets = [w for w in board.widgets if str(w.pk) == wanted]
        if not board.widgets:
            raise Http404
    name = found.code or "dashboard"
    return base.document(board.report(), form, name, clock.now(), get_language() or "ru")


# ---- writes


@page
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(DASHBOARDS.may(actor, "add"))
    form = DashboardForm(request.POST or None, sharing=DASHBOARDS.may(actor, "share"))
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.add_dashboard(
                fields=form.fields_of_dashboard(), at=clock.now(), actor=actor,
                key=key_of(request, "dashboard"),
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Made. Now choose what stands on it."))
            return redirect("reporting:dashboard_edit", pk=made.pk)
    return _form(request, form, _("New dashboard"), reverse("reporting:dashboards"))


def _form(request: HttpRequest, form: Any, title: str, back: str, **more: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "title": title, "back": back, **more}
    return render(request, "reporting/dashboards/form.html", context, status=status)


@page
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Title, sharing, and the order of the parts."""
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "change", pk=pk)
    form = DashboardForm(
        request.POST or None,
        sharing=DASHBOARDS.may(actor, "share"),
        initial={n: getattr(found, n) for n in ("title", "about", "level", "shared", "public",
                                                 "edition")},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            domain.change_dashboard(
                dashboard=pk, edition=form.cleaned_data["edition"] or 0,
                fields=form.fields_of_dashboard(), at=clock.now(), actor=actor,
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reporting:dashboard", pk=pk)
    titles = dict(INDICATORS.all(actor).values_list("code", "title"))
    parts = [
        (w, ", ".join(titles.get(s.get("indicator", ""), s.get("indicator") or s.get("cell", ""))
                      for s in w.sources))
        for w in found.widgets.all()
    ]  # fmt: skip
    back = reverse("reporting:dashboard", args=[pk])
    return _form(request, form, found.title, back, dashboard=found, parts=parts)


@page
@require_http_methods(["GET", "POST"])
def widget(request: HttpRequest, pk: UUID, part: UUID | None = None) -> HttpResponseBase:
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "change", pk=pk)
    kept: Widget | None = None
    if part is not None:
        kept = found.widgets.filter(pk=part).first()
        if kept is None:
            raise Http404
    choices = list(INDICATORS.all(actor).order_by("title__natural").values_list("code", "title"))
    form = WidgetForm(
        request.POST or None,
        indicators=choices,
        initial=WidgetForm.initial_of(kept) if kept else {"months": 12},
    )
    if request.method == "POST" and form.is_valid():
        try:
            domain.keep_widget(
                dashboard=pk, edition=_edition(request), widget=part,
                fields=form.fields_of_widget(), at=clock.now(), actor=actor,
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("reporting:dashboard_edit", pk=pk)
    back = reverse("reporting:dashboard_edit", args=[pk])
    title = _("Change the part") if kept else _("New part")
    return _form(request, form, title, back, dashboard=found, of_widget=True)


def _edition(request: HttpRequest) -> int:
    text = request.POST.get("edition", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@page
@require_POST
def arrange(request: HttpRequest, pk: UUID, part: UUID) -> HttpResponseBase:
    """do=up, down or drop."""
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "change", pk=pk)
    if not found.widgets.filter(pk=part).exists():
        raise Http404
    common = {"dashboard": pk, "edition": _edition(request), "widget": part, "at": clock.now(),
              "actor": actor}  # fmt: skip
    try:
        match request.POST.get("do"):
            case "drop":
                domain.drop_widget(**common)  # type: ignore[arg-type]
            case "up" | "down" as way:
                domain.move_widget(up=way == "up", **common)  # type: ignore[arg-type]
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("reporting:dashboard_edit", pk=pk)


@page
@require_POST
def copy(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    visible(DASHBOARDS.may(actor, "add"))
    found = DASHBOARDS.get(actor, "view", pk=pk)
    title = _("%s (copy)") % found.title
    made = domain.copy_dashboard(dashboard=found, title=title, at=clock.now(), actor=actor)
    messages.success(request, _("This is your own copy: change it as you like."))
    return redirect("reporting:dashboard_edit", pk=made.pk)


@page
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "change", pk=pk)
    domain.delete_dashboard(dashboard=found.pk, at=clock.now(), actor=actor)
    messages.success(request, _("Deleted."))
    return redirect("reporting:dashboards")


# ---- by mail


@page
@require_POST
def mailing_add(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = DASHBOARDS.get(actor, "view", pk=pk)
    form = MailingForm(request.POST)
    if form.is_valid():
        place = base.asked_place(request, actor)
        try:
            made = mailings.add_mailing(
                dashboard=found,
                at=clock.now(),
                actor=actor,
                municipality=place.key.id if place.level == Level.MUNICIPALITY else None,
                kind=_kind(request),
                **form.cleaned_data,
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            first = mailings.first_due(made.frequency, made.since)
            messages.success(
                request,
                _("It will come by mail to %(address)s, for the first time on %(day)s.")
                % {"address": mailings.address_of(made.user), "day": day(first)},
            )
    else:
        messages.error(request, _("Choose how often and in which format."))
    return redirect("reporting:dashboard", pk=pk)


@page
@require_POST
def mailing_drop(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = MAILINGS.get(actor, "stop", pk=pk)
    mailings.stop_mailing(found, at=clock.now(), actor=actor)
    messages.success(request, _("It comes no more."))
    return redirect("reporting:dashboards")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def mailing_stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """From the letter, without signing in: the token is the right. A mail program may send the
    POST itself (RFC 8058), so it carries no other proof; opening the page alone stops nothing."""
    found = Mailing.objects.filter(token=token).select_related("dashboard").first()
    if found is None:
        raise Http404
    if request.method == "POST":
        mailings.stop_mailing(found, at=clock.now(), actor=None, why=_("Stopped from the letter."))
        found.refresh_from_db()
    return render(request, "reporting/dashboards/stop.html", {"mailing": found})


# ---- for everyone


def _public_board(request: HttpRequest, found: Dashboard) -> Board:
    actor = Actor(on=clock.today())
    on = base.past_day(request, actor.on)
    place = PlaceChoice(PlaceKey(Level.REGION), base.region_name())
    if request.GET.get("municipality"):
        place = base.asked_place(request, actor)
        if place.level != Level.MUNICIPALITY:
            raise Http404
    kept = IndicatorValue.objects.filter(on=on).exists()
    if not kept:  # a stranger's question computes nothing: the last kept day is shown
        latest = IndicatorValue.objects.filter(on__lte=on).order_by("-on").first()
        on = latest.on if latest else on
    return Board(found, Sight.of_everyone(actor), place, on, region=base.region_name())


@require_safe
def public(request: HttpRequest) -> HttpResponseBase:
    """The region's public dashboards and indicators."""
    actor = Actor(on=clock.today())
    found = list(DASHBOARDS.all(actor, "publish").order_by("title__natural"))
    wanted = request.GET.get("board", "")
    chosen = next((d for d in found if str(d.pk) == wanted), found[0] if found else None)
    if wanted and (chosen is None or str(chosen.pk) != wanted):
        raise Http404
    board = _public_board(request, chosen) if chosen else None
    context = {
        "dashboards": found,
        "dashboard": chosen,
        "groups": _groups(board) if board else [],
        "place": board.place if board else None,
        "on": board.on if board else None,
        "embed": request.build_absolute_uri(reverse("reporting:embed", args=[chosen.pk]))
        if chosen
        else "",
    }
    return render(request, "reporting/public/monitoring.html", context)


@xframe_options_exempt
@require_safe
def embed(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A public dashboard to stand in a frame of another site: nothing in it depends on who looks,
    so that any cache may keep it. Which sites may frame it, the operator says (SREDA_EMBED)."""
    found = DASHBOARDS.all(Actor(on=clock.today()), "publish").filter(pk=pk).first()
    with override(settings.LANGUAGE_CODE):
        response = _framed(request, found) if found else _nothing_framed(request)
    response["Cache-Control"] = f"public, max-age={EMBED_KEPT}"
    ancestors = " ".join(["'self'", *settings.EMBED_HOSTS])
    response["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors {ancestors}"
    )
    return response


def _framed(request: HttpRequest, found: Dashboard) -> HttpResponseBase:
    board = _public_board(request, found)
    latest = (
        IndicatorValue.objects.filter(on=board.on)
        .order_by("-computed_at")
        .values_list("computed_at", flat=True)
        .first()
    )
    # what is public, called so and planned so now: a change of these computes nothing anew
    shown = sorted(
        (s.indicator.code, s.indicator.edition, s.indicator.state)
        for s in board.sources.values()
        if s.indicator
    )
    said = [str(found.pk), found.edition, str(board.on), str(board.place.key.id), latest, shown]
    etag = f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        context = {"dashboard": found, "groups": _groups(board), "on": board.on,
                   "place": board.place}  # fmt: skip
        response = HttpResponse(_embedded(request, "embed", context))
    response["ETag"] = etag
    return response


def _nothing_framed(request: HttpRequest) -> HttpResponse:
    """For what was taken off the portal as for what never was: words, where a page that no site
    may frame would leave a browser's own error in somebody's article."""
    return HttpResponse(_embedded(request, "embed_nothing", {}), status=404)


def _embedded(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    home = request.build_absolute_uri(reverse("reporting:public"))
    common = {"mode": Mode(), "LANGUAGE_CODE": "ru", "home": home}
    return render_to_string(f"reporting/public/{template}.html", context | common)
