"""A dashboard as a report: a fixed number of queries, however many places and figures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor
from sreda.registry.api import Municipality, Organisation, OrganisationKind
from sreda.reporting.access import INDICATORS, VALUES
from sreda.reporting.enums import Level, WidgetKind
from sreda.reporting.exports import Chart, Figure, Report, Series, Table, Tiles
from sreda.reporting.exports.report import Block
from sreda.reporting.models import Dashboard, FormCell, Indicator, IndicatorValue, Widget
from sreda.reporting.queries.computing import Computation
from sreda.reporting.queries.formulas import titles_of_deleted
from sreda.reporting.queries.indicators import PlaceChoice, seen_by
from sreda.reporting.queries.places import REGION, PlaceKey, Places, places_on

MOST_CHILDREN = 800
MOST_MULTIPLES = 60


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be looked at: `organisations` None: all. Cells of reports are never public."""

    indicators: QuerySet[Indicator]
    values: QuerySet[IndicatorValue]
    organisations: Collection[UUID] | None
    cells: bool = True

    @classmethod
    def of(cls, actor: Actor) -> Sight:
        return cls(INDICATORS.all(actor), VALUES.all(actor), seen_by(actor))

    @classmethod
    def of_everyone(cls, actor: Actor) -> Sight:
        return cls(
            INDICATORS.all(actor, "publish"), VALUES.all(actor, "publish"), frozenset(), False
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A column of a widget: an indicator, or a cell of reports."""

    title: str
    unit: str = ""
    places: int = 2
    indicator: Indicator | None = None
    form: str = ""
    cell: str = ""
    missing: bool = False

    @property
    def heading(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title


class Board:
    """`url_of(source, place)` leads from a figure to what is behind it; "" where nothing is."""

    def __init__(
        self,
        dashboard: Dashboard,
        sight: Sight,
        place: PlaceChoice,
        on: date,
        *,
        kind: str = "",
        region: str,
        url_of: Callable[[Source, PlaceKey], str] = lambda source, place: "",
    ) -> None:
        self.dashboard, self.sight, self.place, self.on = dashboard, sight, place, on
        self.kind, self.region, self.url_of = kind, region, url_of
        self.widgets = list(dashboard.widgets.all())
        self.sources = self._sources()
        if not sight.cells:  # to a stranger a figure that is not public is not even missing
            self.widgets = [widget for widget in self.widgets if self._of(widget)]
        self.places = self._places()
        self.children = self._children()
        self.names = self._names()
        self._values: dict[tuple[str, PlaceKey], tuple[Decimal | None, str]] = {}
        self._cells: Computation | None = None
        self._load()

    def report(self) -> Report:
        found = [(self._title(widget), self._blocks(widget)) for widget in self.widgets]
        notes = []
        if self.kind:
            kind = OrganisationKind(self.kind).label
            notes.append(_("Only of this kind: %s; series over time are of all kinds.") % kind)
        return Report(
            self.dashboard.title, self.place.name, self.on, found, region=self.region, notes=notes
        )

    # ---- what is asked for

    def _sources(self) -> dict[str, Source]:
        codes: set[str] = set()
        cells: set[tuple[str, str]] = set()
        asked = [s for widget in self.widgets for s in widget.sources]
        for item in asked:
            if "indicator" in item:
                codes.add(str(item["indicator"]))
            else:
                cells.add((str(item.get("form")), str(item.get("cell"))))
        known = {i.code: i for i in self.sight.indicators.filter(code__in=codes)}
        gone = titles_of_deleted(codes - known.keys()) if self.sight.cells else {}
        titles = _cell_titles(cells) if cells and self.sight.cells else {}
        found: dict[str, Source] = {}
        for item in asked:
            if "indicator" in item:
                code = str(item["indicator"])
                i = known.get(code)
                found[_key(item)] = (
                    Source(i.title, i.unit, i.places, i)
                    if i
                    else Source(gone.get(code, code), missing=True)
                )
            else:
                form, cell = str(item.get("form")), str(item.get("cell"))
                title = item.get("title") or titles.get((form, cell), "")
                missing = (form, cell) not in titles
                found[_key(item)] = Source(
                    title or f"{form}: {cell}", form=form, cell=cell, missing=missing
                )
        return found

    def _of(self, widget: Widget) -> list[Source]:
        found = [self.sources[_key(item)] for item in widget.sources]
        return found if self.sight.cells else [one for one in found if not one.missing]

    def _places(self) -> Places:
        found = places_on(self.on)
        if not self.kind:
            return found
        kept = set(
            Organisation.objects.filter(kind=self.kind, pk__in=found.municipality_of).values_list(
                "pk", flat=True
            )
        )
        return Places({o: m for o, m in found.municipality_of.items() if o in kept})

    def _children(self) -> list[PlaceKey]:
        """The places next within; of an organisation: itself, its municipality, the region."""
        match self.place.level:
            case Level.REGION:
                return [
                    PlaceKey(Level.MUNICIPALITY, m)
                    for m in sorted(set(self.places.municipality_of.values()))
                ]
            case Level.MUNICIPALITY:
                return [
                    PlaceKey(Level.ORGANISATION, o)
                    for o, m in self.places.municipality_of.items()
                    if m == self.place.key.id
                    and (self.sight.organisations is None or o in self.sight.organisations)
                ][:MOST_CHILDREN]
        wider = PlaceKey(Level.MUNICIPALITY, self.place.municipality_id)
        return [self.place.key, wider, REGION]

    def _names(self) -> dict[PlaceKey, str]:
        ids = [place.id for place in self.children if place.id]
        found = {REGION: self.region, self.place.key: self.place.name}
        for pk, name in Municipality.objects.filter(pk__in=ids).values_list("pk", "name"):
            found[PlaceKey(Level.MUNICIPALITY, pk)] = name
        for pk, name in Organisation.objects.filter(pk__in=ids).values_list("pk", "short_name"):
            found[PlaceKey(Level.ORGANISATION, pk)] = name
        if self.place.level != Level.ORGANISATION:
            self.children.sort(key=lambda place: found.get(place, "").lower().replace("ё", "е"))
        return found

    def _load(self) -> None:
        indicators = [s.indicator for s in self.sources.values() if s.indicator]
        wanted = {self.place.key, *self.children}
        kept = set(
            IndicatorValue.objects.filter(on=self.on, indicator__in=indicators)
            .values_list("indicator__code", flat=True)
            .distinct()
        )
        to_compute = [i for i in indicators if self.kind or i.code not in kept]
        if any(s.cell for s in self.sources.values()) or to_compute:
            self._cells = Computation(to_compute, self.on, self.places)
            self._cells.world.prepare(
                forms=[(s.form, s.cell) for s in self.sources.values() if s.cell and not s.missing]
            )
        for i in to_compute:
            assert self._cells is not None
            for place, made in self._cells.run(i).items():
                if place in wanted and self._may(place):
                    self._values[i.code, place] = (made.value, made.why)
        rest = [i for i in indicators if i not in to_compute]
        if rest:
            rows = self.sight.values.filter(_any_of(wanted), indicator__in=rest, on=self.on)
            for code, o, m, value, why in rows.values_list(
                "indicator__code", "organisation_id", "municipality_id", "value", "why"
            ):
                self._values[code, _place(o, m)] = (value, why)

    def _may(self, place: PlaceKey) -> bool:
        seen = self.sight.organisations
        return place.level != Level.ORGANISATION or seen is None or place.id in seen

    def _may_cells(self, place: PlaceKey) -> bool:
        """Reports are seen where all organisations they come from are."""
        if self.sight.organisations is None:
            return True
        members = self.places.members().get(place, ())
        return bool(members) and set(members) <= set(self.sight.organisations)

    # ---- blocks

    def _title(self, widget: Widget) -> str:
        return widget.title or ", ".join(s.title for s in self._of(widget))

    def value(self, source: Source, place: PlaceKey) -> tuple[Decimal | None, str]:
        if source.missing:
            return None, _("A source is missing")
        if source.indicator:
            return self._values.get(
                (source.indicator.code, place), (None, _("is not computed here"))
            )
        if self._cells is None or not self.sight.cells or not self._may_cells(place):
            return None, _("is not shown to your post")
        number = self._cells.world.of_form(place, source.form, source.cell)
        return number, "" if number is not None else _("no report counts yet")

    def _blocks(self, widget: Widget) -> list[Block]:
        sources = self._of(widget)
        match widget.kind:
            case WidgetKind.FIGURE:
                return [self._figure(source) for source in sources]
            case WidgetKind.TABLE:
                return [self._table(self._title(widget), sources)]
            case WidgetKind.TILES:
                return [self._tiles(source) for source in sources]
            case WidgetKind.CHART:
                return [
                    chart
                    for unit in dict.fromkeys(s.unit for s in sources)
                    if (chart := self._chart(widget, [s for s in sources if s.unit == unit]))
                ]
            case WidgetKind.MULTIPLES:
                return [m for s in sources if (m := self._multiples(widget, s))]
        return []

    def _figure(self, source: Source) -> Figure:
        value, why = self.value(source, self.place.key)
        i = source.indicator
        return Figure(
            source.title,
            value,
            source.unit,
            source.places,
            i.planned(self.on.year) if i else None,
            i.standing(value) if i else "",
            i.state if i else "fresh",
            why,
            self.url_of(source, self.place.key),
        )

    def _table(self, title: str, sources: Sequence[Source]) -> Table:
        rows: list[list[Any]] = []
        urls = []
        first = next((s for s in sources if s.indicator), None)
        for place in self.children:
            figures = [self.value(source, place)[0] for source in sources]
            rows.append([self.names.get(place, ""), *figures])
            urls.append(self.url_of(first, place) if first else "")
        return Table(title, [_("Place"), *(s.heading for s in sources)], rows, urls)

    def _tiles(self, source: Source) -> Tiles:
        tiles = []
        for place in self.children:
            value, why = self.value(source, place)
            tiles.append(
                {
                    "name": self.names.get(place, ""),
                    "value": value,
                    "why": why,
                    "url": self.url_of(source, place),
                    "standing": source.indicator.standing(value) if source.indicator else "",
                }
            )
        _shade(tiles)
        return Tiles(source.title, tiles, source.unit)

    def _series(
        self, widget: Widget, indicators: Sequence[Indicator], places: Sequence[PlaceKey]
    ) -> tuple[list[date], Mapping[tuple[str, PlaceKey], Mapping[date, Decimal | None]]]:
        number = self.on.year * 12 + self.on.month - 1 - widget.months
        since = date(number // 12, number % 12 + 1, 1)
        rows = (
            self.sight.values.filter(
                _any_of(places), indicator__in=indicators, on__gt=since, on__lte=self.on
            )
            .order_by("on")
            .values_list("indicator__code", "organisation_id", "municipality_id", "on", "value")
        )
        found: dict[tuple[str, PlaceKey], dict[date, Decimal | None]] = {}
        for code, o, m, on, value in rows:
            found.setdefault((code, _place(o, m)), {})[on] = value
        return sorted({day for values in found.values() for day in values}), found

    def _chart(self, widget: Widget, sources: Sequence[Source]) -> Chart | None:
        named = [s for s in sources if s.indicator]
        days, found = self._series(widget, [s.indicator for s in named], [self.place.key])  # type: ignore[misc]
        if not days:
            return None
        lines = []
        for source in named:
            values = found.get((source.indicator.code, self.place.key), {})  # type: ignore[union-attr]
            url = self.url_of(source, self.place.key)
            lines.append(Series(source.title, [values.get(day) for day in days], url))
        return Chart(self._title(widget), _days(days), lines, named[0].unit)

    def _multiples(self, widget: Widget, source: Source) -> Chart | None:
        if source.indicator is None:
            return None
        places = self.children[:MOST_MULTIPLES]
        days, found = self._series(widget, [source.indicator], places)
        if not days:
            return None
        lines = []
        for place in places:
            values = found.get((source.indicator.code, place), {})
            name, url = self.names.get(place, ""), self.url_of(source, place)
            lines.append(Series(name, [values.get(day) for day in days], url))
        return Chart(source.title, _days(days), lines, source.unit, small=True)


def _key(item: Mapping[str, Any]) -> str:
    if "indicator" in item:
        return f"indicator|{item['indicator']}"
    return f"form|{item.get('form')}|{item.get('cell')}"


def _days(days: Sequence[date]) -> list[str]:
    return [day.strftime("%d.%m.%y") for day in days]


def _place(organisation: UUID | None, municipality: UUID | None) -> PlaceKey:
    if organisation:
        return PlaceKey(Level.ORGANISATION, organisation)
    return PlaceKey(Level.MUNICIPALITY, municipality) if municipality else REGION


def _any_of(places: Collection[PlaceKey]) -> Q:
    """Values of any of these places."""
    ids = {level: [p.id for p in places if p.level == level] for level in Level}
    where = Q(organisation__in=ids[Level.ORGANISATION]) | Q(
        organisation=None, municipality__in=ids[Level.MUNICIPALITY]
    )
    if REGION in places:
        where |= Q(organisation=None, municipality=None)
    return where


def _shade(tiles: Sequence[dict[str, Any]]) -> None:
    """Five steps with an equal number of places; 0: no value."""
    known = sorted(t["value"] for t in tiles if t["value"] is not None)
    for tile in tiles:
        tile["shade"] = 0
        if tile["value"] is not None:
            below = sum(1 for other in known if other <= tile["value"])
            tile["shade"] = -(-below * 5 // len(known))


def _cell_titles(cells: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Titles of the cells that a form in force has."""
    rows = FormCell.objects.filter(
        version__status="published",
        version__form__withdrawn_at=None,
        version__form__code__in={form for form, _cell in cells},
        key__in={cell for _form, cell in cells},
    ).values_list("version__form__code", "key", "title")
    return {(form, key): title for form, key, title in rows if (form, key) in cells}
