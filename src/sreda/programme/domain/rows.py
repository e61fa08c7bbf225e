"""The tables of a pack as rows of the database, and the one way they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from sreda.programme.enums import MatchedBy, Plan
from sreda.programme.models import (
    Action,
    Body,
    BudgetAmount,
    BudgetLine,
    Dependency,
    Figure,
    Indicator,
    IndicatorPlan,
    ListEntry,
    PackRow,
    Programme,
    Promise,
)
from sreda.programme.pack import Pack, Row

Values = dict[str, Any]
TRANSLITERATION = dict(
    zip(
        "абвгдезийклмнопрстуфхцчшщыэюяё",
        "a b v g d e z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya e".split(),  # noqa: SIM905
        strict=True,
    )
) | {"ж": "zh", "ъ": "", "ь": ""}


def programme_key(row: Row) -> str:
    """The lasting name of an order, from its row: region, number, year."""
    day = row.value("date")
    year = day.year if isinstance(day, date) else ""
    said = f"{row.cell('region_code').printed}-{row.cell('number').printed}-{year}".casefold()
    latin = "".join(TRANSLITERATION.get(letter, letter) for letter in said)
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in latin).split()
    return "-".join(words)[:60] or "order"


def order_values(row: Row) -> Values:
    known = ("number", "date", "title", "region", "plan_from", "plan_to", "roadmap_year")
    return {name: row.value(name) for name in known} | {
        "facts": {
            name: _plain(cell.value)
            for name, cell in row.cells.items()
            if name not in {*known, "key"} and cell.value is not None
        }
    }


def _plain(value: object) -> object:
    return value if isinstance(value, int | str) else str(value)


def _text(row: Row, *names: str) -> Values:
    return {name: row.value(name) or "" for name in names}


def _keys(row: Row, name: str) -> list[str]:
    found = row.value(name)
    return list(found) if isinstance(found, tuple) else []


def _entry(row: Row) -> Values:
    return {
        **_text(row, "section", "name", "address"),
        **{
            name: row.value(name)
            for name in (
                "number",
                "learners",
                "network",
                "computers",
                "office_computers",
                "management_system",
            )
        },
        "link_mbps": row.value("link"),
        "printed_ratio": row.value("ratio"),
    }


def _action(row: Row) -> Values:
    return {
        "plan": Plan(row.table),
        **_text(row, "name", "result", "executor", "term", "recurrence"),
        **{name: row.value(name) for name in ("number", "start", "due")},
        "serves": _keys(row, "serves"),
        "facts": _text(row, "produces", "place", "note"),
    }


def _indicator(row: Row) -> Values:
    return {
        **_text(row, "name", "unit", "direction", "counts"),
        **{name: row.value(name) for name in ("number", "minimum", "minimum_from")},
        **({"measure": row.value("measure")} if row.value("measure") else {}),
        "facts": {
            "relative": row.value("relative"),
            "base": str(row.value("base") or ""),
            **_text(row, "place", "note"),
        },
    }


def _budget(row: Row) -> Values:
    return _text(row, "kind", "code", "name", "unit", "nature")


def _figure(row: Row) -> Values:
    return {
        **_text(row, "name", "unit", "sentence", "bound"),
        "value": row.value("value"),
        "printed": row.cell("value").printed,
        "as_of": row.value("date"),
    }


def _promise(row: Row) -> Values:
    return {
        **_text(row, "name", "unit", "sentence"),
        "value": row.value("value"),
        "indicators": _keys(row, "indicator"),
        "actions": _keys(row, "action"),
    }


def _body(row: Row) -> Values:
    given = {"since": row.value("date_from"), "until": row.value("date_to")}
    return {
        **_text(row, "kind", "name", "position", "act"),
        "holder": row.value("person") or "",
        "founded_by": _keys(row, "founded_by"),
        # what the order leaves open, the department fills in; an empty cell takes nothing back
        **{name: day for name, day in given.items() if day is not None},
    }


MODELS: dict[str, tuple[type[PackRow], Any]] = {
    "organisations": (ListEntry, _entry),
    "measures": (Action, _action),
    "roadmap": (Action, _action),
    "indicators": (Indicator, _indicator),
    "budget": (BudgetLine, _budget),
    "figures": (Figure, _figure),
    "promises": (Promise, _promise),
    "bodies": (Body, _body),
}


# Fields that are named otherwise in the pack, and pairs of columns that must not cross.
COLUMNS = {
    "link_mbps": "link",
    "printed_ratio": "ratio",
    "holder": "person",
    "since": "date_from",
    "until": "date_to",
    "as_of": "date",
}
ORDERED = {
    "order": [("plan_from", "plan_to")],
    "measures": [("start", "due")],
    "roadmap": [("start", "due")],
    "bodies": [("date_from", "date_to")],
}


def troubles(row: Row) -> Iterator[tuple[str, str]]:
    """(column, message) for what the reader takes and the database cannot: too long, too great."""
    if row.table == "order":
        model: type[models.Model] = Programme
        values = order_values(row)
    elif row.table in MODELS:
        model, reader = MODELS[row.table]
        values = reader(row)
    else:
        return
    for name, value in values.items():
        if value is None or value == "" or isinstance(value, list | dict | bool):
            continue
        field = model._meta.get_field(name)
        assert isinstance(field, models.Field)
        try:
            field.run_validators(_fitting(field, value))
        except ValidationError as error:
            yield COLUMNS.get(name, name), error.messages[0]
    for first, last in ORDERED.get(row.table, ()):
        if None not in (low := row.value(first), high := row.value(last)) and low > high:  # type: ignore[operator]
            yield last, f"{row.cell(last).printed} < {row.cell(first).printed}"
    for year, cell in row.years.items():
        try:
            amount = BudgetAmount._meta.get_field("value")
            amount.run_validators(_fitting(amount, cell.value))
        except ValidationError as error:
            yield str(year), error.messages[0]
    if len(row.key) > 80:
        yield "key", "> 80"


def _fitting(field: Any, value: Any) -> Any:
    """A decimal rounded to what the column holds; the print is kept apart."""
    if isinstance(field, models.DecimalField) and isinstance(value, Decimal | int):
        places = Decimal(1).scaleb(-(field.decimal_places or 0))
        return Decimal(value).quantize(places, ROUND_HALF_UP)
    return value


def write(programme: Programme, pack: Pack, printed: Pack, *, at: datetime) -> None:
    """Make the programme's rows those of `pack` (corrections applied); `printed` gives the texts.

    Rows are found by key and written only where they differ; missing ones are marked as gone.
    """
    prints = {(row.table, row.key): row for row in printed}
    wanted: dict[type[PackRow], dict[str, Values]] = {model: {} for model, _ in MODELS.values()}
    for table, (model, reader) in MODELS.items():
        for position, row in enumerate(pack[table]):
            values = reader(row)
            if model is BudgetLine:
                values["position"] = position
            if model is ListEntry:
                values["printed"] = _prints(prints.get((table, row.key)))
            wanted[model][row.key] = values
    rows = {model: _merge(model, programme, found, at) for model, found in wanted.items()}
    _years(IndicatorPlan, "indicator", rows[Indicator], _year_values(pack["indicators"], prints))
    _years(BudgetAmount, "line", rows[BudgetLine], _year_values(pack["budget"], prints))
    _dependencies(programme, rows[Action], [*pack["measures"], *pack["roadmap"]])


def _prints(row: Row | None) -> dict[str, str]:
    return {name: cell.printed for name, cell in row.cells.items()} if row else {}


def _merge(
    model: type[PackRow], programme: Programme, wanted: Mapping[str, Values], at: datetime
) -> dict[str, PackRow]:
    manager: Any = model._default_manager
    kept: dict[str, PackRow] = {row.key: row for row in manager.filter(programme=programme)}
    new, changed, fields = [], [], {"gone_at"}
    for key, values in wanted.items():
        fitting = {
            name: _fitting(model._meta.get_field(name), value) for name, value in values.items()
        }
        row = kept.get(key)
        if row is None:
            kept[key] = model(programme=programme, key=key, **fitting)  # type: ignore[misc]
            new.append(kept[key])
            continue
        if isinstance(row, Action) and row.term_ours:
            fitting = {n: v for n, v in fitting.items() if n not in {"start", "due"}}
        differing = {n: v for n, v in fitting.items() if getattr(row, n) != v}
        if differing or row.gone_at:
            if isinstance(row, ListEntry):
                _forget_match(row, differing, kept.values())
                fields |= {"organisation", "matched_by", "matched_at"}
            row.gone_at = None
            for name, value in differing.items():
                setattr(row, name, value)
            fields |= differing.keys()
            changed.append(row)
    for key, row in kept.items():
        if key not in wanted and row.gone_at is None:
            row.gone_at = at
            changed.append(row)
    manager.bulk_create(new)
    if changed:
        manager.bulk_update(changed, sorted(fields))
    return {key: row for key, row in kept.items() if key in wanted}


def _forget_match(
    entry: ListEntry, differing: Mapping[str, Any], others: Iterable[PackRow]
) -> None:
    """Another name or address may be another organisation, unless a person said which it is;
    and a row that comes back finds its organisation perhaps taken."""
    renamed = bool({"name", "address", "section"} & differing.keys())
    taken = entry.gone_at is not None and any(
        isinstance(other, ListEntry)
        and other.gone_at is None
        and other.organisation_id == entry.organisation_id
        for other in others
    )
    if taken or (renamed and entry.matched_by == MatchedBy.RULE):
        entry.organisation, entry.matched_by, entry.matched_at = None, MatchedBy.NOBODY, None


Sums = dict[str, dict[int | None, tuple[Decimal, str]]]


def _year_values(rows: Iterable[Row], prints: Mapping[tuple[str, str], Row]) -> Sums:
    """Key -> year -> (value, print); a budget's sum over all years stands under None."""
    found: Sums = {}
    for row in rows:
        source = prints.get((row.table, row.key), row)
        cells = {year: str(year) for year in row.years} | {None: "total"}
        found[row.key] = {
            year: (Decimal(str(row.value(column))), source.cell(column).printed)
            for year, column in cells.items()
            if row.value(column) is not None
        }
    return found


def _years(
    model: type[IndicatorPlan] | type[BudgetAmount],
    parent: str,
    parents: Mapping[str, PackRow],
    wanted: Sums,
) -> None:
    """Values by year hang on nothing of ours: what the pack has no more is deleted."""
    manager: Any = model._default_manager
    owners = {row.pk: key for key, row in parents.items()}
    kept: dict[tuple[str, int | None], Any] = {
        (owners[getattr(row, f"{parent}_id")], row.year): row
        for row in manager.filter(**{f"{parent}__in": list(parents.values())})
    }
    new: list[Any] = []
    changed: list[Any] = []
    for key, years in wanted.items():
        for year, (value, printed) in years.items():
            fitting = _fitting(model._meta.get_field("value"), value)
            row = kept.pop((key, year), None)
            if row is None:
                made = {parent: parents[key], "year": year, "value": fitting, "printed": printed}
                new.append(model(**made))
            elif (row.value, row.printed) != (fitting, printed):
                row.value, row.printed = fitting, printed
                changed.append(row)
    manager.bulk_create(new)
    if changed:
        manager.bulk_update(changed, ["value", "printed"])
    if kept:
        manager.filter(pk__in=[row.pk for row in kept.values()]).delete()


def _dependencies(programme: Programme, actions: Mapping[str, PackRow], rows: list[Row]) -> None:
    wanted = {
        (actions[row.key].pk, actions[needed].pk)
        for row in rows
        for needed in _keys(row, "needs")
        if needed in actions and needed != row.key
    }
    kept = {
        (d.action_id, d.needs_id): d for d in Dependency.objects.filter(action__programme=programme)
    }
    Dependency.objects.bulk_create(
        [Dependency(action_id=a, needs_id=n) for a, n in wanted - kept.keys()]
    )
    if stale := [d.pk for pair, d in kept.items() if pair not in wanted and not d.ours]:
        Dependency.objects.filter(pk__in=stale).delete()
