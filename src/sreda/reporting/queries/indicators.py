"""Indicators as pages show them: values by place and over time, what each depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from sreda.kernel.api import Actor, datasets
from sreda.registry.api import Municipality, Organisation
from sreda.reporting.access import INDICATORS, VALUES, organisations_seen
from sreda.reporting.enums import IndicatorState, Level
from sreda.reporting.models import FormCell, Indicator, IndicatorInput, IndicatorValue
from sreda.reporting.queries.computing import Computed, compute
from sreda.reporting.queries.places import PlaceKey, Places, places_on

FRESH = timedelta(days=40)  # a figure older than that is no news


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """A place that figures are asked of, with its name."""

    key: PlaceKey
    name: str
    municipality_id: UUID | None = None

    @property
    def level(self) -> Level:
        return self.key.level

    @property
    def lookup(self) -> Q:
        """Values of this place."""
        organisation = self.key.id if self.level == Level.ORGANISATION else None
        municipality = self.key.id if self.level == Level.MUNICIPALITY else None
        return Q(organisation=organisation, municipality=municipality)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value at a place on a day, kept or computed for the question."""

    value: Decimal | None
    why: str
    inputs: Sequence[Mapping[str, Any]]
    stale: bool
    kept: bool


def home_of(actor: Actor, region: str) -> PlaceChoice:
    """The place of the actor's seat: its organisation, its municipality, else the region."""
    if actor.organisation_id is not None:
        found = Organisation.objects.filter(pk=actor.organisation_id).first()
        if found is not None:
            return PlaceChoice(
                PlaceKey(Level.ORGANISATION, found.pk), found.short_name, found.municipality_id
            )
    if actor.municipality_id is not None:
        place = Municipality.objects.filter(pk=actor.municipality_id).first()
        if place is not None:
            return PlaceChoice(PlaceKey(Level.MUNICIPALITY, place.pk), place.name, place.pk)
    return PlaceChoice(PlaceKey(Level.REGION), region)


def listed(actor: Actor, place: PlaceChoice, on: date) -> QuerySet[Indicator]:
    """The indicators one may see, each with `now`, `now_stale` at the place: one query."""
    latest = (
        VALUES.all(actor).filter(place.lookup, indicator=OuterRef("pk"), on__lte=on).order_by("-on")
    )
    return INDICATORS.all(actor).annotate(
        now=Subquery(latest.values("value")[:1]),
        now_on=Subquery(latest.values("on")[:1]),
        now_stale=Subquery(latest.values("stale")[:1]),
    )


class Day:
    """One indicator's values on one day at every place; kept ones, else computed when first asked.

    A whole region is computed only for those who keep the indicator; others get the latest kept
    day until then, which is `on`. What the actor may not see is not among them.
    """

    def __init__(self, actor: Actor, indicator: Indicator, on: date) -> None:
        self.actor, self.indicator = actor, indicator
        self._computes = INDICATORS.may(actor, "manage", indicator)
        rows = IndicatorValue.objects.filter(indicator=indicator).order_by("-on")
        latest = rows.filter(on__lte=on).values_list("on", flat=True).first()
        self.on = on if latest is None or self._computes else latest
        self.kept = latest == self.on
        self._computed: Mapping[PlaceKey, Computed] | None = None
        self._places: Places | None = None

    def at(self, place: PlaceChoice) -> Shown | None:
        if self.kept:
            found = VALUES.all(self.actor).filter(
                place.lookup, indicator=self.indicator, on=self.on
            ).first()  # fmt: skip
            return _shown(found) if found else None
        made = self._seen().get(place.key)
        return Shown(made.value, made.why, made.inputs, False, False) if made else None

    def of_level(self, level: Level, municipality: UUID | None = None) -> dict[UUID, Shown]:
        """By the id of a municipality or organisation (of one municipality, if asked)."""
        if not self.kept:
            return {
                place.id: Shown(made.value, made.why, made.inputs, False, False)
                for place, made in self._seen().items()
                if place.level == level and place.id is not None
                and (municipality is None or self._within(place, municipality))
            }  # fmt: skip
        rows = VALUES.all(self.actor).filter(indicator=self.indicator, on=self.on)
        if level == Level.MUNICIPALITY:
            return {v.municipality_id: _shown(v) for v in rows.filter(municipality__isnull=False)}  # type: ignore[misc]
        rows = rows.filter(organisation__isnull=False)
        if municipality is not None:
            rows = rows.filter(organisation__municipality_id=municipality)
        return {v.organisation_id: _shown(v) for v in rows}  # type: ignore[misc]

    def _within(self, place: PlaceKey, municipality: UUID) -> bool:
        assert self._places is not None
        return self._places.municipality_of.get(place.id) == municipality  # type: ignore[arg-type]

    def _seen(self) -> Mapping[PlaceKey, Computed]:
        if self._computed is None:
            self._places = places_on(self.on)
            if not self._computes:
                return {}
            made = compute([self.indicator], self.on)[self.indicator.code]
            seen = seen_by(self.actor)
            self._computed = {
                place: computed
                for place, computed in made.items()
                if place.level != Level.ORGANISATION or seen is None or place.id in seen
            }
        return self._computed


def _shown(value: IndicatorValue) -> Shown:
    return Shown(value.value, value.why, value.inputs, value.stale, True)


def seen_by(actor: Actor) -> Collection[UUID] | None:
    """Organisations whose values the actor may see; None: all."""
    seen = organisations_seen(actor)
    if seen is True:
        return None
    return set(Organisation.objects.filter(seen).values_list("pk", flat=True)) if seen else set()


def series(
    actor: Actor, indicators: Sequence[Indicator], places: Sequence[PlaceChoice], since: date,
    until: date,
) -> dict[tuple[str, PlaceKey], dict[date, Decimal | None]]:  # fmt: skip
    """Kept values over time, of several indicators at several places: one query."""
    where = Q(pk=None)
    for place in places:
        where |= place.lookup
    rows = (
        VALUES.all(actor)
        .filter(where, indicator__in=indicators, on__gte=since, on__lte=until)
        .order_by("on")
        .values_list("indicator__code", "organisation_id", "municipality_id", "on", "value")
    )
    found: dict[tuple[str, PlaceKey], dict[date, Decimal | None]] = {}
    for code, organisation, municipality, on, value in rows:
        key = (
            PlaceKey(Level.ORGANISATION, organisation)
            if organisation
            else PlaceKey(Level.MUNICIPALITY, municipality)
            if municipality
            else PlaceKey(Level.REGION)
        )
        found.setdefault((code, key), {})[on] = value
    return found


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """A public indicator of the region, as last kept."""

    indicator: Indicator
    value: Decimal
    on: date
    plan: Decimal | None


def public_figures(on: date, most: int = 8) -> list[PublicFigure]:
    """Those of the latest kept day, the planned ones first: one query."""
    rows = (
        VALUES.all(Actor(on=on), "publish")
        .filter(municipality=None, value__isnull=False, on__lte=on, on__gt=on - FRESH)
        .order_by("indicator_id", "-on")
        .distinct("indicator_id")
        .select_related("indicator")
    )
    found = [
        PublicFigure(row.indicator, row.value, row.on, row.indicator.planned(on.year))
        for row in rows
        if row.value is not None
    ]
    found.sort(key=lambda f: (not f.indicator.plan, f.indicator.title))
    return found[:most]


# ---- what it depends on


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in the picture of dependencies. `kind`: dataset, form, indicator."""

    key: str
    kind: str
    title: str
    detail: str = ""
    url: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Columns from sources to dependents, each column's things only depend on those before it."""

    columns: Sequence[Sequence[Node]]
    arrows: Sequence[tuple[str, str]]
    here: str


def lineage(indicator: Indicator) -> Lineage:
    """All that the indicator is made of, over any number of steps, and all that is made of it.

    Three queries: the inputs of all indicators, the indicators met, the titles of cells met.
    """
    inputs: dict[str, list[tuple[str, str, str]]] = {}
    for code, kind, name, part in IndicatorInput.objects.order_by(
        "kind", "name", "part"
    ).values_list("indicator__code", "kind", "name", "part"):
        inputs.setdefault(code, []).append((kind, name, part))
    arrows: list[tuple[str, str]] = []
    depth = {_key("indicator", indicator.code): 0}
    _up(indicator.code, inputs, arrows, depth)
    _down(indicator.code, inputs, arrows, depth)
    nodes = _nodes(depth)
    lowest = min(depth.values())
    columns: list[list[Node]] = [[] for _n in range(max(depth.values()) - lowest + 1)]
    for key, at in depth.items():
        columns[at - lowest].append(nodes[key])
    for column in columns:
        column.sort(key=lambda node: (node.kind, node.title))
    return Lineage(columns, sorted(set(arrows)), _key("indicator", indicator.code))


def _key(kind: str, name: str, part: str = "") -> str:
    return f"{kind}|{name}|{part}"


def _up(
    code: str,
    inputs: Mapping[str, list[tuple[str, str, str]]],
    arrows: list[tuple[str, str]],
    depth: dict[str, int],
) -> None:
    """Towards the sources: a thing stands left of the leftmost that needs it."""
    here = _key("indicator", code)
    for kind, name, part in inputs.get(code, ()):
        key = _key(kind, name, part)
        arrows.append((key, here))
        if depth.get(key, 1) > depth[here] - 1:
            depth[key] = depth[here] - 1
            if kind == "indicator":
                _up(name, inputs, arrows, depth)


def _down(
    code: str,
    inputs: Mapping[str, list[tuple[str, str, str]]],
    arrows: list[tuple[str, str]],
    depth: dict[str, int],
) -> None:
    here = _key("indicator", code)
    for other, asked in inputs.items():
        if ("indicator", code, "") in asked:
            key = _key("indicator", other)
            arrows.append((here, key))
            if depth.get(key, -1) < depth[here] + 1:
                depth[key] = depth[here] + 1
                _down(other, inputs, arrows, depth)


def _nodes(keys: Mapping[str, int]) -> dict[str, Node]:
    parts = {key: tuple(key.split("|", 2)) for key in keys}
    codes = [name for kind, name, _part in parts.values() if kind == "indicator"]
    indicators = {i.code: i for i in Indicator.objects.filter(code__in=codes)}
    forms = {(name, part) for kind, name, part in parts.values() if kind == "form"}
    cells = {
        (cell.version.form.code, cell.key): cell
        for cell in FormCell.objects.filter(
            version__form__code__in={form for form, _key in forms},
            key__in={key for _form, key in forms},
        )
        .select_related("version__form")
        .order_by("version__number")
    } if forms else {}  # fmt: skip
    found = {}
    for key, (kind, name, part) in parts.items():
        if kind == "indicator":
            item = indicators.get(name)
            found[key] = Node(
                key, kind, item.title if item else name, item.code if item else "",
                str(item.pk) if item else "", item.state if item else IndicatorState.BROKEN,
            )  # fmt: skip
        elif kind == "form":
            cell = cells.get((name, part))
            found[key] = Node(
                key, kind, cell.title if cell else part,
                str(cell.version.form) if cell else name, "", "" if cell else "broken",
            )  # fmt: skip
        else:
            title, detail, known = words_of(name, part)
            found[key] = Node(key, kind, title, detail, "", "" if known else "broken")
    return found


def words_of(name: str, measure: str) -> tuple[str, str, bool]:
    """A dataset's measure in words: (measure, dataset, whether it is there)."""
    dataset = datasets().get(name)
    if dataset is None:
        return measure, name, False
    found = next((m for m in dataset.measures if m.name == measure), None)
    return (str(found.title) if found else measure, str(dataset.title), found is not None)
