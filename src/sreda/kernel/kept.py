"""Reads made once: a query is built and compiled for its shape, then asked with other values.

    @kept
    def places_of(person_id: UUID, on: date) -> QuerySet[Post]:
        return Post.objects.filter(on_day(on), person_id=person_id)

    places_of(person, today)        # a list

A page's queries cost more processor time to put together than to answer. A kept read puts one
together with stand-ins for its arguments, and from then on gives PostgreSQL the same text with the
arguments in their places. The arguments are UUIDs, dates, lists of UUIDs, an `Actor` (his role
stays, his numbers and his day are replaced), or words, numbers and functions, which belong to the
shape.

That an argument is passed on and not reckoned with is checked, when a shape is made, by building it
three times with different values; a read that does not pass runs unkept, and says so in the log.
A function that encloses variables is refused: they would be kept too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from types import FunctionType
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import Count, Model, Prefetch, QuerySet, Value, prefetch_related_objects
from django.db.models.query import (
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)
from django.utils.functional import LazyObject

from sreda.kernel.permissions import Actor, Seat
from sreda.kernel.prepared import Ask, asked, can_be_prepared

M = TypeVar("M")
log = logging.getLogger(__name__)
NUMBERS = [f.name for f in fields(Seat) if f.name.endswith("_id")]
SHAPES = 500  # kept for one read; more means that values are taken for shapes


class Unkeepable(Exception):
    pass


def kept(build: Callable[..., QuerySet[Any, Any]]) -> Kept[Any]:
    return Kept(build)


def number_of(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """The number of rows as a queryset, for a kept read: [(n,)], or nothing where there is none."""
    one = rows.order_by().annotate(all=Value(1)).values("all")
    found: QuerySet[Any, Any] = one.annotate(number=Count("pk")).values_list("number")
    return found


def numbers(reads: Sequence[Kept[Any]], *args: Any) -> list[int]:
    """What several reads of `number_of` count for the same arguments, in one query."""
    given = [_bare(arg) for arg in args]
    ask, inside = _in_one(reads, given)
    found = iter(ask.rows()[0] if ask else ())
    return [
        int(next(found) or 0) if there else read.number(*given)
        for read, there in zip(reads, inside, strict=True)
    ]


def ask_numbers(reads: Sequence[Kept[Any]], *args: Any) -> Ask | None:
    """What `numbers` will ask, for `together`."""
    return _in_one(reads, [_bare(arg) for arg in args])[0]


def _in_one(reads: Sequence[Kept[Any]], given: list[Any]) -> tuple[Ask | None, list[bool]]:
    """One query for those that can stand in it, and which these are."""
    texts: list[str] = []
    parameters: list[Any] = []
    inside = []
    for read in reads:
        shape, values = read.shaped(given)
        inside.append(bool(shape and shape.sql and shape.prepared))
        if shape and inside[-1]:
            texts.append(f"({shape.sql})")
            parameters += shape.given(values)
    return Ask("SELECT " + ", ".join(texts), tuple(parameters)) if texts else None, inside


class Kept(Generic[M]):
    """A function that returns a queryset, as one that returns its rows."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        if build.__closure__:
            raise TypeError(f"{build.__qualname__} encloses variables, and may not be kept")
        self.build = build
        self.shapes: dict[object, Shape | None] = {}
        self.__doc__ = build.__doc__
        self.__name__ = build.__name__

    def __call__(self, *args: Any) -> list[M]:
        given = [_bare(arg) for arg in args]
        shape, values = self.shaped(given)
        return list(self.build(*given)) if shape is None else shape.rows(values)

    def ask(self, *args: Any) -> Ask | None:
        """What a call with these arguments will ask, for `together`; None where that is nothing,
        or cannot be told beforehand."""
        shape, values = self.shaped([_bare(arg) for arg in args])
        return shape.ask(values) if shape and shape.sql and shape.prepared else None

    def number(self, *args: Any) -> int:
        """Of a read of `number_of`."""
        rows: list[Any] = self(*args)
        return int(rows[0][0]) if rows else 0

    def shaped(self, args: Sequence[Any]) -> tuple[Shape | None, list[Any]]:
        """The shape of these arguments, None if it is not kept, and their values."""
        values: list[Any] = []
        key = tuple(_shape(arg, values) for arg in args)
        try:
            return self.shapes[key], values
        except KeyError:
            if len(self.shapes) >= SHAPES:
                return None, values
            self.shapes[key] = self.made(args, values)
            return self.shapes[key], values

    def made(self, args: Sequence[Any], values: list[Any]) -> Shape | None:
        try:
            return _shape_of(self.build, args, values)
        except Unkeepable as reason:
            log.warning("%s is not kept: %s", self.__name__, reason)
            return None


def _bare(arg: Any) -> Any:
    """`request.actor` is worked out when first looked at."""
    if isinstance(arg, LazyObject):
        bool(arg.__class__)
        return arg._wrapped  # type: ignore[attr-defined]
    if type(arg) is tuple:
        return tuple(map(_bare, arg))
    return arg


def _shape(arg: Any, values: list[Any]) -> object:
    """What of an argument belongs to the shape; what does not is added to the values."""
    kind = type(arg)
    if kind is UUID or kind is date:
        values.append(arg)
        return kind
    if kind is list or kind is tuple:
        return (kind, *(_shape(item, values) for item in arg))
    if kind is Actor:
        numbers = [arg.on, arg.user_id, arg.person_id]
        if arg.seat is not None:
            numbers += [getattr(arg.seat, name) for name in NUMBERS]
        return (kind, arg.role, arg.seat is None, *(_shape(n, values) for n in numbers))
    if isinstance(arg, str | int | None):
        return (kind, arg)
    if kind is FunctionType and not arg.__closure__:
        return arg
    raise TypeError(f"{kind.__name__} is no argument of a kept read")


def _stand_in(arg: Any, fresh: Iterator[date], made: list[Any]) -> Any:
    """The argument with other values, which are added to those made."""
    kind = type(arg)
    if kind is UUID:
        made.append(uuid4())
        return made[-1]
    if kind is date:
        made.append(next(fresh))
        return made[-1]
    if kind is list or kind is tuple:
        return kind(_stand_in(item, fresh, made) for item in arg)
    if kind is Actor:
        change: dict[str, Any] = {
            name: _stand_in(getattr(arg, name), fresh, made)
            for name in ("on", "user_id", "person_id")
        }
        if arg.seat is not None:
            numbers = {name: _stand_in(getattr(arg.seat, name), fresh, made) for name in NUMBERS}
            change["seat"] = replace(arg.seat, key="", label="", place="", **numbers)
        return replace(arg, name="", seats=(), **change)
    return arg


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled query: for each parameter the place of its value, or the constant it is."""

    sql: str
    parameters: tuple[tuple[int, Any], ...]
    read: Callable[[list[Any]], list[Any]]
    prepared: bool  # the server keeps its plan

    def given(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple([const if at < 0 else values[at] for at, const in self.parameters])

    def ask(self, values: Sequence[Any]) -> Ask:
        return Ask(self.sql, self.given(values))

    def rows(self, values: Sequence[Any]) -> list[Any]:
        if not self.sql:
            return []
        if self.prepared:
            return self.read(asked(self.sql, self.given(values)))
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.given(values))
            return self.read(cursor.fetchall())


def _shape_of(
    build: Callable[..., QuerySet[Any, Any]], args: Sequence[Any], values: list[Any]
) -> Shape:
    real = build(*args)
    texts = [_compiled(real)]
    sets = [values]
    for year in (6007, 7013):  # in two distant pasts and futures
        made: list[Any] = []
        fresh = (date(year, 3, 1) + timedelta(days=37 * n) for n in range(200))
        stand_ins = [_stand_in(arg, fresh, made) for arg in args]
        texts.append(_compiled(build(*stand_ins)))
        sets.append(made)
    if len({text for text, _given in texts}) > 1 or len({len(given) for _t, given in texts}) > 1:
        raise Unkeepable("its text depends on the values")
    sql = texts[0][0]
    places = {value: at for at, value in enumerate(sets[1])}
    parameters: list[tuple[int, Any]] = []
    for one, first, second in zip(*(given for _text, given in texts), strict=True):
        at = places.get(first, -1) if isinstance(first, UUID | date) else -1
        if at >= 0:
            if second != sets[2][at] or one != values[at]:
                raise Unkeepable(f"{one!r} is reckoned from an argument")
        elif type(one) is not type(first) or not one == first == second:
            raise Unkeepable(f"{one!r} is reckoned from an argument")
        elif isinstance(one, UUID | date | datetime):
            raise Unkeepable(f"{one!r} comes from no argument")
        parameters.append((at, one))
    plan_kept = bool(sql) and can_be_prepared(sql, texts[0][1])
    return Shape(sql, tuple(parameters), _reader(real) if sql else list, plan_kept)


def _compiled(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """Text and parameters; no text where nothing can match."""
    try:
        text, given = rows.query.get_compiler(connection=connection).as_sql()
        return str(text), tuple(given)
    except EmptyResultSet:
        return "", ()
    except FullResultSet as error:  # pragma: no cover - only of a bare condition
        raise Unkeepable("it is no query") from error


def _reader(rows: QuerySet[Any, Any]) -> Callable[[list[Any]], list[Any]]:
    """What makes rows of the database into those of the queryset, as its own iterator does."""
    compiler = rows.query.get_compiler(connection=connection)
    compiler.as_sql()
    converters = [
        (at, functions, expression)
        for at, (functions, expression) in compiler.get_converters(
            [expression for expression, *_rest in compiler.select]
        ).items()
    ]

    def converted(found: list[Any]) -> list[Any]:
        if not converters:
            return found
        lists = [list(row) for row in found]
        for row in lists:
            for at, functions, expression in converters:
                for function in functions:
                    row[at] = function(row[at], expression, connection)
        return lists

    kind = rows._iterable_class
    if kind is ValuesListIterable:
        return lambda found: [tuple(row) for row in converted(found)]
    if kind is not ModelIterable or rows._known_related_objects:  # type: ignore[attr-defined]
        raise Unkeepable("rows of another kind")
    model: type[Model] = compiler.klass_info["model"]
    places = compiler.klass_info["select_fields"]
    start, end = places[0], places[-1] + 1
    names = [column[0].target.attname for column in compiler.select[start:end]]
    populators = get_related_populators(compiler.klass_info, compiler.select, rows.db)  # type: ignore[call-arg]
    annotations = list((compiler.annotation_col_map or {}).items())
    lookups = rows._prefetch_related_lookups  # type: ignore[attr-defined]
    if any(isinstance(lookup, Prefetch) and lookup.queryset is not None for lookup in lookups):
        raise Unkeepable("a prefetch with a query of its own, which would keep these values")

    def read(found: list[Any]) -> list[Any]:
        things = []
        for row in converted(found):
            thing = model.from_db(rows_db, names, row[start:end])
            for populator in populators:
                populator.populate(row, thing)
            for name, at in annotations:
                setattr(thing, name, row[at])
            things.append(thing)
        if lookups:
            prefetch_related_objects(things, *lookups)
        return things

    rows_db = rows.db
    return read
