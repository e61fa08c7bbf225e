"""Which values still hold: an event marks exactly those that depend on what it tells of; a job
computes them anew; an indicator whose source is missing is broken until it returns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from sreda.registry.api import Organisation
from sreda.reporting.enums import IndicatorState, Level
from sreda.reporting.expressions import ExpressionError, in_words
from sreda.reporting.models import Indicator, IndicatorInput, IndicatorValue
from sreda.reporting.queries.computing import Computation, Computed
from sreda.reporting.queries.formulas import Circle, Sources, in_order, titles_of_deleted
from sreda.reporting.queries.places import PlaceKey

MONTHS_KEPT = 12
BATCH = 1_000


# ---- what depends on what


def dependents(kind: str, names: Collection[str], parts: Collection[str] | None = None) -> set[str]:
    """Codes of the indicators that ask a source, themselves or through others."""
    asking = IndicatorInput.objects.filter(kind=kind, name__in=names)
    if parts is not None:
        asking = asking.filter(part__in=parts)
    first = set(asking.values_list("indicator__code", flat=True))
    return _closure(first)


def _closure(codes: set[str]) -> set[str]:
    """The codes and all whose formulas name one of them, over any number of steps."""
    needed_by: dict[str, set[str]] = {}
    for name, code in IndicatorInput.objects.filter(kind="indicator").values_list(
        "name", "indicator__code"
    ):
        needed_by.setdefault(name, set()).add(code)
    found, new = set(codes), set(codes)
    while new:
        new = {c for code in new for c in needed_by.get(code, ())} - found
        found |= new
    return found


LOCK = 0x53_72_65_64_61  # "Sreda"; the second key of none else


def alone() -> None:
    """Wait for the others who mark, review or compute; until the transaction ends. Without it they
    would wait for each other's rows in different orders."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def mark(
    codes: Collection[str],
    *,
    organisations: Collection[UUID] | None = None,
    itself: bool = False,
) -> int:
    """Values of these indicators hold no more: at the organisations, their municipalities and the
    region; without `organisations`, everywhere. `itself`: the codes' dependents too.

    Returns how many values were marked.
    """
    alone()
    wanted = _closure(set(codes)) if itself else set(codes)
    values = IndicatorValue.objects.filter(indicator__code__in=wanted, stale=False)
    if organisations is not None:
        places = Organisation.objects.filter(pk__in=organisations).values("municipality_id")
        values = values.filter(
            Q(organisation__in=organisations)
            | Q(organisation=None, municipality__in=places)
            | Q(organisation=None, municipality=None)
        )
    marked = values.update(stale=True)
    stale = IndicatorValue.objects.filter(indicator=OuterRef("pk"), stale=True)
    Indicator.objects.filter(Exists(stale), code__in=wanted, state=IndicatorState.FRESH).update(
        state=IndicatorState.STALE
    )
    return marked


def drop_other_levels(indicator: Indicator) -> None:
    """Values at levels it is no longer computed at."""
    values = indicator.values.all()
    if Level.ORGANISATION not in indicator.levels:
        values.filter(organisation__isnull=False).delete()
    if Level.MUNICIPALITY not in indicator.levels:
        values.filter(municipality__isnull=False).delete()
    if Level.REGION not in indicator.levels:
        values.filter(organisation=None, municipality=None).delete()


# ---- broken and healed


@transaction.atomic
def review(*, at: datetime) -> tuple[list[str], list[str]]:
    """Try every formula against the sources there are: (codes broken now, codes healed now).

    Only an indicator that asks, itself or through others, for what is missing is broken.
    """
    alone()
    sources = Sources.now()
    found = {i.code: i for i in Indicator.objects.prefetch_related("inputs")}
    needs = {
        code: [i.name for i in indicator.inputs.all() if i.kind == "indicator"]
        for code, indicator in found.items()
    }
    gone = titles_of_deleted({name for names in needs.values() for name in names} - found.keys())
    why: dict[str, str] = {}
    with override("ru"):  # kept in the region's language
        for code in _ordered(needs):
            indicator = found[code]
            try:
                sources.compile(code, indicator.formula)
            except ExpressionError as error:
                why[code] = in_words(error).removeprefix(f"{code}, ").removeprefix(f"{code}: ")
                if lost := [gone[name] for name in needs[code] if name in gone]:
                    why[code] = _("the indicator “%s” was deleted") % lost[0]
                continue
            if lost := [name for name in needs[code] if name in why]:
                why[code] = _("the indicator “%s” has lost a source") % found[lost[0]].title
    broken = [c for c in why if found[c].state != IndicatorState.BROKEN]
    healed = [c for c, i in found.items() if i.state == IndicatorState.BROKEN and c not in why]
    for code, text in why.items():
        if found[code].state != IndicatorState.BROKEN or found[code].why != text[:500]:
            Indicator.objects.filter(code=code).update(state=IndicatorState.BROKEN, why=text[:500])
    if healed:
        Indicator.objects.filter(code__in=healed).update(state=IndicatorState.STALE, why="")
        IndicatorValue.objects.filter(indicator__code__in=healed).update(stale=True)
        ask(at=at)
    return broken, healed


def _ordered(needs: dict[str, list[str]]) -> list[str]:
    try:
        return in_order(needs)
    except Circle:  # a circle cannot be saved; one made behind our back is tried as it comes
        return list(needs)


# ---- computing anew


_wake: list[Callable[[], None]] = []


def on_ask(wake: Callable[[], None]) -> None:
    """How the job is asked for (tasks say so; domain knows no queue)."""
    _wake[:] = [wake]


def ask(*, at: datetime) -> None:
    """Have stale and missing values computed soon; a waiting request serves all."""
    for wake in _wake:
        transaction.on_commit(wake, robust=True)


def kept_days(indicator: Indicator, today: date) -> set[date]:
    """Today, the first day of each of the last twelve months, the last day of planned years."""
    firsts = {_month(today, -n) for n in range(MONTHS_KEPT)}
    ends = {date(int(year), 12, 31) for year in indicator.plan}
    return {today, *firsts, *(day for day in ends if day < today)}


def _month(day: date, shift: int) -> date:
    number = day.year * 12 + day.month - 1 + shift
    return date(number // 12, number % 12 + 1, 1)


def is_milestone(day: date) -> bool:
    return day.day == 1 or (day.month, day.day) == (12, 31)


def recompute(*, at: datetime) -> int:
    """Compute what is stale or missing on the kept days, and nothing else; returns how many values
    were computed. A value that came out the same is not written but for its mark."""
    today = timezone.localtime(at).date()
    done = 0
    for day in sorted(_days_to_do(today), reverse=True):
        done += _recompute_day(day, today, at=at)
    _tidy(today)
    return done


def _days_to_do(today: date) -> set[date]:
    stale = set(
        IndicatorValue.objects.filter(stale=True)
        .exclude(indicator__state=IndicatorState.BROKEN)
        .values_list("on", flat=True)
        .distinct()
    )
    kept: dict[UUID, set[date]] = {}
    for pk, day in IndicatorValue.objects.values_list("indicator_id", "on").distinct():
        kept.setdefault(pk, set()).add(day)
    for indicator in Indicator.objects.exclude(state=IndicatorState.BROKEN):
        stale |= kept_days(indicator, today) - kept.get(indicator.pk, set())
    return stale


@transaction.atomic
def _recompute_day(day: date, today: date, *, at: datetime) -> int:
    """An event that comes meanwhile waits, and marks the values once more."""
    alone()
    indicators = list(
        Indicator.objects.exclude(state=IndicatorState.BROKEN)
        .order_by("pk")
        .prefetch_related("inputs")
    )
    rows: dict[UUID, dict[tuple[UUID | None, UUID | None], IndicatorValue]] = {}
    for value in IndicatorValue.objects.filter(on=day, indicator__in=indicators):
        place = (value.organisation_id, value.municipality_id)
        rows.setdefault(value.indicator_id, {})[place] = value
    to_do = [
        i for i in indicators
        if any(value.stale for value in rows.get(i.pk, {}).values())
        or (i.pk not in rows and day in kept_days(i, today))
    ]  # fmt: skip
    if not to_do:
        return 0
    with override("ru"):
        computation = Computation(to_do, day)
        done = sum(_keep(i, day, computation.run(i), rows.get(i.pk, {}), at=at) for i in to_do)
    stale = IndicatorValue.objects.filter(indicator=OuterRef("pk"), stale=True)
    Indicator.objects.filter(
        ~Exists(stale), pk__in=[i.pk for i in to_do], state=IndicatorState.STALE
    ).update(state=IndicatorState.FRESH)
    return done


def _keep(
    indicator: Indicator,
    day: date,
    computed: Any,
    rows: dict[tuple[UUID | None, UUID | None], IndicatorValue],
    *,
    at: datetime,
) -> int:
    new, changed = [], []
    wanted = {_columns(place): made for place, made in computed.items()}
    for place, made in wanted.items():
        value = rows.get(place)
        if value is None:
            new.append(_row(indicator, day, place, made, at=at))
        elif value.stale:
            value.value, value.why, value.inputs = made.value, made.why, made.inputs
            value.stale, value.computed_at = False, at
            changed.append(value)
    IndicatorValue.objects.bulk_create(new, batch_size=BATCH)
    IndicatorValue.objects.bulk_update(
        changed, ["value", "why", "inputs", "stale", "computed_at"], batch_size=BATCH
    )
    gone = [v.pk for place, v in rows.items() if place not in wanted and v.stale]
    IndicatorValue.objects.filter(pk__in=gone).delete()
    return len(new) + len(changed)


def _columns(place: PlaceKey) -> tuple[UUID | None, UUID | None]:
    organisation = place.id if place.level == Level.ORGANISATION else None
    municipality = place.id if place.level == Level.MUNICIPALITY else None
    return organisation, municipality


def _row(
    indicator: Indicator,
    day: date,
    place: tuple[UUID | None, UUID | None],
    made: Computed,
    *,
    at: datetime,
) -> IndicatorValue:
    return IndicatorValue(
        indicator=indicator,
        on=day,
        organisation_id=place[0],
        municipality_id=place[1],
        value=made.value,
        why=made.why,
        inputs=made.inputs,
        computed_at=at,
    )


def _tidy(today: date) -> None:
    """Yesterday's values go, unless it was the first of a month or the last of a year."""
    IndicatorValue.objects.filter(on__lt=today).exclude(
        Q(on__day=1) | Q(on__month=12, on__day=31)
    ).delete()


__all__ = [
    "ask",
    "dependents",
    "drop_other_levels",
    "kept_days",
    "mark",
    "on_ask",
    "recompute",
    "review",
]
