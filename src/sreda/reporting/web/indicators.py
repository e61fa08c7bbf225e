"""Pages of indicators: the list, one with its places, series, lineage, and the records behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing, datasets, history_of
from sreda.registry.api import ORGANISATIONS, Municipality, Organisation, on_day
from sreda.reporting.access import INDICATORS, VALUES, organisations_seen
from sreda.reporting.domain import freshness, shipping
from sreda.reporting.domain import indicators as domain
from sreda.reporting.enums import IndicatorState, Level
from sreda.reporting.exports import Chart, Figure, Report, Series, Table
from sreda.reporting.expressions import ExpressionError, in_words
from sreda.reporting.models import Indicator, IndicatorValue
from sreda.reporting.queries import indicators as queries
from sreda.reporting.queries.computing import Computation
from sreda.reporting.queries.entries import Place, places_of
from sreda.reporting.queries.formulas import Sources
from sreda.reporting.queries.indicators import Day, PlaceChoice, Shown, words_of
from sreda.reporting.queries.lineage import filters_in_words
from sreda.reporting.queries.places import TEACHING, PlaceKey, places_on
from sreda.reporting.web import base
from sreda.reporting.web.drawing import kind_words, lineage_picture
from sreda.reporting.web.forms import IndicatorForm
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible

TONES = {"fresh": "success", "stale": "warning", "broken": "danger"}
STANDING = {"good": "success", "middling": "warning", "bad": "danger"}
RECORDS = 50
MONTHS = 13


@page
@require_GET
def indicators(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(INDICATORS.may(actor, "view"))
    place = base.asked_place(request, actor)
    on = base.past_day(request, actor.on)
    owners = INDICATORS.all(actor).exclude(owner="").order_by("owner")
    listing: Listing[Indicator] = Listing(
        queries.listed(actor, place, on),
        request.GET,
        search=lambda rows, text: rows.filter(Q(title__icontains=text) | Q(code__icontains=text)),
        filter_by=[
            Filter("state", gettext_lazy("State"), IndicatorState.choices),
            Filter(
                "owner",
                gettext_lazy("Who answers for it"),
                lambda: [(o, o) for o in owners.values_list("owner", flat=True).distinct()],
            ),
        ],
        sorts={"title": ["title__natural"], "state": ["state", "title__natural"], "now": ["now"]},
        default_sort="title",
        columns=[
            Column(gettext_lazy("Code"), lambda i: i.code),
            Column(pgettext_lazy("reporting", "Indicator"), lambda i: i.title),
            Column(gettext_lazy("Value"), lambda i: i.now),
            Column(gettext_lazy("Unit"), lambda i: i.unit),
            Column(gettext_lazy("As of"), lambda i: i.now_on),
            Column(gettext_lazy("Plan"), lambda i: i.planned(on.year)),
            Column(gettext_lazy("Owner"), lambda i: i.owner),
            Column(gettext_lazy("State"), lambda i: i.get_state_display()),
            Column(gettext_lazy("Formula"), lambda i: i.formula),
        ],
        name="indicators",
    )
    if exported := listing.export():
        return exported
    for row in listing.page:
        row.tone = TONES[row.state]  # type: ignore[attr-defined]
        row.standing_tone = STANDING.get(row.standing(row.now), "")  # type: ignore[attr-defined]
        row.plan_now = row.planned(on.year)  # type: ignore[attr-defined]
    return render(
        request,
        "reporting/indicators/list.html",
        {
            "listing": listing,
            "place": place,
            "may_manage": INDICATORS.may(actor, "manage"),
            "broken": INDICATORS.all(actor).filter(state=IndicatorState.BROKEN).count(),
        },
    )


@page
@require_GET
def indicator(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    on = base.past_day(request, actor.on)
    place = base.asked_place(request, actor)
    day = Day(actor, found, on)
    on = day.on
    shown = day.at(place)
    municipalities = _municipalities(found, day)
    dependence = queries.lineage(found)
    context = {
        "indicator": found,
        "tone": TONES[found.state],
        "on": on,
        "today": actor.on,
        "place": place,
        "place_query": base.place_query(place),
        "shown": shown,
        "standing": STANDING.get(found.standing(shown.value if shown else None), ""),
        "plan": found.planned(on.year),
        "plans": sorted(found.plan.items()),
        "inputs": _inputs(shown.inputs if shown else ()),
        "entries": _entries(shown, place) if may_enter(actor) else [],
        "municipalities": municipalities,
        "chart": _chart(actor, found, place, on),
        "picture": lineage_picture(dependence, _node_url),
        "arrows": _arrows(dependence),
        "levels": [Level(level).label for level in found.levels],
        "has_organisations": Level.ORGANISATION in found.levels
        and organisations_seen(actor) is not False,
        "may_manage": INDICATORS.may(actor, "manage", found),
        "history": _history(found),
        "exports": ["xlsx", "csv", "pdf"],
    }
    return render(request, "reporting/indicators/indicator.html", context)


def _municipalities(indicator: Indicator, day: Day) -> list[dict[str, Any]]:
    """A row for each municipality that has schools or colleges: five levels of shade, the darker
    the greater."""
    if Level.MUNICIPALITY not in indicator.levels:
        return []
    values = day.of_level(Level.MUNICIPALITY)
    known = sorted(v.value for v in values.values() if v.value is not None)
    rows = []
    for place in Municipality.objects.filter(pk__in=values).order_by("name__natural"):
        shown = values[place.pk]
        shade = 0
        if shown.value is not None:
            below = sum(1 for other in known if other <= shown.value)
            shade = -(-below * 5 // len(known))
        rows.append(
            {
                "place": place,
                "shown": shown,
                "shade": shade,
                "standing": STANDING.get(indicator.standing(shown.value), ""),
            }
        )
    return rows


def may_enter(actor: Actor) -> bool:
    return ORGANISATIONS.may(actor, "manage")


def _entries(shown: Shown | None, place: PlaceChoice) -> list[Place]:
    """Where what is missing for a value is entered."""
    if shown is None or shown.value is not None:
        return []
    missing = {
        (item["name"], item["part"])
        for item in shown.inputs
        if item["kind"] == "dataset" and not _number(item["value"])
    }
    return places_of(missing, place.key.id if place.level == Level.ORGANISATION else None)


def _inputs(inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a value was made of, in words; `number` finds it again in the drill-down."""
    codes = [item["name"] for item in inputs if item["kind"] == "indicator"]
    titles = {i.code: i for i in Indicator.objects.filter(code__in=codes)} if codes else {}
    rows = []
    for number, item in enumerate(inputs):
        row: dict[str, Any] = {"number": number, "kind": item["kind"], "unit": "", "url": ""}
        if item["kind"] == "dataset":
            row["title"], row["detail"], _known = words_of(item["name"], item["part"])
            row["filters"] = filters_in_words(item["name"], item["filters"])
            dataset = datasets().get(item["name"])
            row["source"] = dataset.source if dataset else ""
            row["records"] = bool(dataset and dataset.records)
        elif item["kind"] == "indicator" and (other := titles.get(item["name"])):
            row["title"], row["detail"], row["unit"] = (
                other.title,
                pgettext("reporting", "indicator"),
                other.unit,
            )
            row["url"] = reverse("reporting:indicator", args=[other.pk])
        else:
            row["title"], row["detail"] = item["part"] or item["name"], item["name"]
        row["value"] = _number(item["value"])
        rows.append(row)
    return rows


def _number(text: object) -> object:
    try:
        return Decimal(str(text)) if isinstance(text, str) else text
    except ArithmeticError:
        return text


def _chart(
    actor: Actor, indicator: Indicator, place: PlaceChoice, on: date
) -> dict[str, Any] | None:
    """The series at the place and, at a narrower one, that of the region, against the plan and
    thresholds."""
    since = date(on.year - (MONTHS // 12), on.month, 1)
    years = [int(year) for year in indicator.plan]
    if years and min(years) < since.year:
        since = date(min(years), 1, 1)
    wider = PlaceChoice(PlaceKey(Level.REGION), base.region_name())
    places = [place] if place.level == Level.REGION else [place, wider]
    found = queries.series(actor, [indicator], places, since, on)
    days = sorted({day for values in found.values() for day in values})
    if not days:
        return None
    lines = [
        {
            "name": item.name,
            "values": [found.get((indicator.code, item.key), {}).get(day) for day in days],
        }
        for item in places
        if (indicator.code, item.key) in found
    ]
    for title, value in (
        (_("Plan"), None),
        (_("good from"), indicator.good_from),
        (_("bad from"), indicator.bad_from),
    ):
        values = [indicator.planned(d.year) if title == _("Plan") else value for d in days]
        if any(v is not None for v in values):
            lines.append({"name": title, "values": values})
    return {"labels": [day.strftime("%d.%m.%y") for day in days], "series": lines}


def _node_url(node: queries.Node) -> str:
    return reverse("reporting:indicator", args=[node.url]) if node.url else ""


def _arrows(found: queries.Lineage) -> list[dict[str, Any]]:
    """The picture as rows: what, and what it is made of."""
    nodes = {node.key: node for column in found.columns for node in column}
    rows = []
    for before, after in found.arrows:
        one, other = nodes[before], nodes[after]
        rows.append({"kind": kind_words(one.kind), "source": one, "source_url": _node_url(one),
                     "target": other, "target_url": _node_url(other)})  # fmt: skip
    return rows


def _history(indicator: Indicator) -> list[dict[str, Any]]:
    fields: list[Any] = [Indicator._meta.get_field(name) for name in domain.FIELDS]
    names = {field.name: str(field.verbose_name) for field in fields}
    items: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for revision in reversed(history_of(indicator)):
        changes = [
            (names[name].capitalize(), _plain((before or {}).get(name)), _plain(value))
            for name, value in revision.state.items()
            if before is not None and before.get(name) != value
        ]
        items.append(
            {
                "title": _("Changed") if before is not None else _("Added"),
                "at": revision.recorded_at,
                "actor": revision.actor_label or _("System"),
                "text": revision.reason,
                "changes": changes,
                "icon": "pencil" if before is not None else "plus",
                "tone": "primary" if before is not None else "success",
            }
        )
        before = revision.state
    return list(reversed(items))


def _plain(value: Any) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case dict():
            return "; ".join(f"{key}: {item}" for key, item in sorted(value.items()))
        case list():
            return ", ".join(str(Level(i).label) if i in Level.values else str(i) for i in value)
    return "" if value is None else str(value)


@page
@require_GET
def organisations(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The indicator by organisations: of one municipality, or of all one may see."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    seen = organisations_seen(actor)
    visible(Level.ORGANISATION in found.levels and seen is not False)
    on = base.past_day(request, actor.on)
    day = Day(actor, found, on)
    on = day.on
    rows: QuerySet[Organisation] = Organisation.objects.filter(on_day(on), kind__in=TEACHING)
    if isinstance(seen, Q):
        rows = rows.filter(seen)
    sorts = {"name": ["short_name__natural"], "municipality": ["municipality__name__natural"]}
    computed: Mapping[UUID, Shown] = {}
    if day.kept:
        kept = IndicatorValue.objects.filter(
            indicator=found, on=on, organisation=OuterRef("pk")
        ).order_by()  # fmt: skip
        rows = rows.annotate(
            figure=Subquery(kept.values("value")[:1]),
            why=Subquery(kept.values("why")[:1]),
            stale=Subquery(kept.values("stale")[:1]),
        )
        sorts["value"] = ["figure"]
    else:
        computed = day.of_level(Level.ORGANISATION)

    def figure(row: Any) -> Decimal | None:
        if day.kept:
            value: Decimal | None = row.figure
            return value
        return computed[row.pk].value if row.pk in computed else None

    listing: Listing[Organisation] = Listing(
        rows.select_related("municipality"),
        request.GET,
        search=lambda rows, text: rows.filter(
            Q(short_name__icontains=text) | Q(code__icontains=text) | Q(locality__icontains=text)
        ),
        filter_by=[
            Filter(
                "municipality",
                gettext_lazy("Municipality"),
                base.municipality_choices,
                lambda rows, value: rows.filter(municipality_id=value),
            ),
            Filter("kind", gettext_lazy("Kind"), [(k.value, k.label) for k in TEACHING]),
        ],
        sorts=sorts,
        default_sort="name",
        columns=[
            Column(gettext_lazy("Registry number"), lambda o: o.code),
            Column(gettext_lazy("Organisation"), lambda o: o.short_name),
            Column(gettext_lazy("Municipality"), lambda o: o.municipality.name),
            Column(gettext_lazy("Kind"), lambda o: o.get_kind_display()),
            Column(found.title, figure),
            Column(gettext_lazy("Unit"), lambda o: found.unit),
            Column(gettext_lazy("As of"), lambda o: on),
        ],
        name=found.code,
    )  # fmt: skip
    if exported := listing.export():
        return exported
    row: Any
    for row in listing.page:
        value = figure(row)
        row.shown_value = value
        row.shown_why = (
            row.why if day.kept else (computed[row.pk].why if row.pk in computed else "")
        )
        row.standing = STANDING.get(found.standing(value), "")
    return render(
        request,
        "reporting/indicators/organisations.html",
        {"listing": listing, "indicator": found, "on": on, "today": actor.on, "kept": day.kept},
    )


@page
@require_GET
def records(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """The records of a dataset behind one input of a value at a place: those the actor may see,
    and how many more there are."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    on = base.past_day(request, actor.on)
    place = base.asked_place(request, actor)
    day = Day(actor, found, on)
    on, shown = day.on, day.at(place)
    if shown is None or not 0 <= number < len(shown.inputs):
        raise Http404
    item = shown.inputs[number]
    dataset = datasets().get(item["name"]) if item["kind"] == "dataset" else None
    if dataset is None or dataset.records is None:
        raise Http404
    members = places_on(on).members().get(place.key, [])
    filters = {key: _number(value) for key, value in item["filters"].items()}
    behind = dataset.records(actor, list(members), on, _exact(filters))
    pages = Paginator(behind.rows, RECORDS).get_page(request.GET.get("page"))
    title, detail, _known = words_of(item["name"], item["part"])
    return render(
        request,
        "reporting/indicators/records.html",
        {
            "indicator": found,
            "on": on,
            "place": place,
            "place_query": base.place_query(place),
            "title": title,
            "detail": detail,
            "filters": filters_in_words(item["name"], item["filters"]),
            "value": _number(item["value"]),
            "source": dataset.source,
            "rows": [(behind.label(row), behind.url(row)) for row in pages],
            "pages": pages,
            "hidden": behind.hidden,
        },
    )


def _exact(filters: dict[str, Any]) -> dict[str, Any]:
    """Numbers of ranges and lists as they were before JSON; texts stay texts."""

    def exact(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: exact(item) for key, item in value.items()}
        if isinstance(value, list):
            return [exact(item) for item in value]
        return _number(value)

    return {key: exact(value) for key, value in filters.items()}


@page
@require_GET
def export(request: HttpRequest, pk: UUID, form: str) -> HttpResponseBase:
    """The page as a workbook, CSV or document."""
    actor = actor_of(request)
    found = INDICATORS.get(actor, "view", pk=pk)
    on = base.past_day(request, actor.on)
    place = base.asked_place(request, actor)
    day = Day(actor, found, on)
    on = day.on
    shown = day.at(place)
    plan = found.planned(on.year)
    value = shown.value if shown else None
    blocks: list[Any] = [
        Figure(
            found.title, value, found.unit, found.places, plan, found.standing(value),
            why=shown.why if shown else "",
        )
    ]  # fmt: skip
    made_of = [
        [row["title"], row.get("filters", "") or row["detail"], row["value"]]
        for row in _inputs(shown.inputs if shown else ())
    ]
    if made_of:
        blocks.append(Table(_("Made of"), [_("What"), _("Which"), _("Value")], made_of))
    groups: list[tuple[str, list[Any]]] = [(place.name, blocks)]
    if rows := _municipalities(found, day):
        table = [[r["place"].name, r["shown"].value] for r in rows]
        heads = [_("Municipality"), f"{found.title}, {found.unit}" if found.unit else found.title]
        groups.append((_("Municipalities"), [Table(_("Municipalities"), heads, table)]))
    if chart := _chart(actor, found, place, on):
        lines = [Series(s["name"], s["values"]) for s in chart["series"]]
        groups.append((_("Over time"), [Chart(found.title, chart["labels"], lines, found.unit)]))
    report = Report(
        found.title, place.name, on, groups, notes=[_("Formula: %s") % found.formula, found.about]
    )
    return base.document(report, form, found.code, clock.now(), get_language() or "ru")


# ---- writes


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
    return rows, _inputs(region.inputs if region else ())


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
        "reason": request.POST.get("reason", ""),
    }
    if request.method == "POST":
        try:
            domain.delete_indicator(
                indicator=found.pk, at=clock.now(), actor=actor, reason=context["reason"][:500]
            )
        except ValidationError as error:
            context["error"] = " ".join(error.messages)
        else:
            messages.success(request, _("Deleted. What depended on it has lost a source."))
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


__all__ = [
    "VALUES", "add", "check", "delete", "edit", "export", "indicator", "indicators",
    "organisations", "records", "ship",
]  # fmt: skip
