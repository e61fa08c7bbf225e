"""A schema as plain JSON values, and back; unknown or missing parts are named by their place."""

from __future__ import annotations

import dataclasses
import types
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from sreda.reporting.forms.schema import Schema, SchemaError, gettext_noop


def to_json(thing: Any) -> Any:
    """Only what differs from its default is written, so that stored forms stay readable."""
    if dataclasses.is_dataclass(thing):
        found = {}
        for part in dataclasses.fields(thing):
            value = getattr(thing, part.name)
            if part.default is dataclasses.MISSING or value != part.default:
                found[part.name] = to_json(value)
        return found
    if isinstance(thing, frozenset):
        return sorted(thing)
    if isinstance(thing, tuple):
        return [to_json(item) for item in thing]
    return str(thing) if isinstance(thing, Decimal | StrEnum) else thing


def from_json(value: object) -> Schema:
    """SchemaError names the place of the first part that cannot be read."""
    schema: Schema = _read(Schema, value, "form")
    return schema


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        inner = next(part for part in get_args(kind) if part is not type(None))
        return None if value is None else _read(inner, value, place)
    if origin in {tuple, frozenset}:
        return _read_many(origin, get_args(kind), value, place)
    if dataclasses.is_dataclass(kind):
        return _read_part(kind, value, place)
    if kind is Decimal or issubclass(kind, StrEnum):
        try:
            return kind(str(value))
        except (ValueError, InvalidOperation):
            raise SchemaError(
                place, gettext_noop("“%(value)s” is not possible here"), value=str(value)[:60]
            ) from None
    if type(value) is not kind:
        raise _unexpected(place, kind.__name__, value)
    return value


def _read_many(origin: Any, kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise _unexpected(place, "list", value)
    if origin is tuple and kinds[-1] is not Ellipsis:
        if len(value) != len(kinds):
            raise SchemaError(place, gettext_noop("expected %(count)s parts"), count=len(kinds))
        return tuple(_read(k, item, place) for k, item in zip(kinds, value, strict=True))
    return origin(_read(kinds[0], item, f"{place}[{n}]") for n, item in enumerate(value))


def _read_part(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _unexpected(place, "object", value)
    hints = _hints(kind)
    if unknown := value.keys() - hints.keys():
        raise SchemaError(
            place, gettext_noop("unknown: %(names)s"), names=", ".join(sorted(map(str, unknown)))
        )
    code = value.get("code")
    name = f"{place.rpartition('[')[0] or place}.{code}" if isinstance(code, str) else place
    try:
        return kind(**{key: _read(hints[key], part, name) for key, part in value.items()})
    except TypeError:
        lacking = ", ".join(
            part.name
            for part in dataclasses.fields(kind)
            if part.default is dataclasses.MISSING and part.name not in value
        )
        raise SchemaError(name, gettext_noop("lacks: %(names)s"), names=lacking) from None


def _unexpected(place: str, wanted: str, value: object) -> SchemaError:
    return SchemaError(
        place,
        gettext_noop("expected %(wanted)s, got %(got)s"),
        wanted=wanted,
        got=type(value).__name__,
    )
