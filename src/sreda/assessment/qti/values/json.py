"""Values as JSON: the natural form, the form of the portable interactions (PCI), and the exact
form in which states are kept."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .numbers import as_float, from_float, parse_integer
from .text import parse_value, value_text
from .types import (
    DirectedPair,
    Duration,
    File,
    Multiple,
    Ordered,
    Pair,
    Point,
    Record,
    Single,
    Value,
    normal,
    type_of,
)

Json = Any
NUMBERS = frozenset({"float", "integer"})
GROUPS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3}(?!\d))")
COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*\Z", re.ASCII)


def read_json(data: Json, base_type: str, cardinality: str) -> Value:
    """A response from JSON, in the natural form ("A", ["A", "B"], {"field": 1}, null) or in that
    of PCI ({"base": …}, {"list": …}, {"record": […]}). Raises `ValueError` with the reason."""
    if isinstance(data, Mapping) and cardinality != "record":
        if "base" in data:
            data = _inside(data["base"])
        elif "list" in data:
            data = _inside(data["list"])
        elif base_type != "file" and not _is_point(data, base_type):
            raise ValueError(f"an object is no value of the type {base_type}")
    if data is None:
        return None
    if cardinality == "record":
        return _record(data)
    if cardinality == "single":
        if isinstance(data, list) and len(data) == 1 and not isinstance(data[0], list):
            data = data[0]
        return normal(read_single(data, base_type))
    if not isinstance(data, list) or _is_one(data, base_type):
        data = [data]
    singles = [read_single(one, base_type) for one in data]
    kind = Multiple if cardinality == "multiple" else Ordered
    return normal(kind(one for one in singles if one is not None))


def _inside(held: Json) -> Json:
    """{"identifier": "A"} → "A"."""
    if isinstance(held, Mapping) and len(held) == 1:
        return next(iter(held.values()))
    if held is None:
        return None
    raise ValueError("the JSON names no base type")


def _is_one(data: list[Json], base_type: str) -> bool:
    """[10, 20] is one point, ["A", "B"] one pair; [[10, 20]] and ["A B"] are lists of one."""
    if base_type == "point":
        return len(data) == 2 and all(isinstance(x, int | float) for x in data)
    if base_type in ("pair", "directedPair"):
        return len(data) == 2 and all(isinstance(x, str) and " " not in x.strip() for x in data)
    return False


def _is_point(data: Json, base_type: str) -> bool:
    """{"x": 10, "y": 20}, as programs like to say it."""
    return base_type == "point" and isinstance(data, Mapping) and data.keys() == {"x", "y"}


def read_single(data: Json, base_type: str) -> Single | None:
    if _is_point(data, base_type):
        data = [data["x"], data["y"]]
    elif isinstance(data, Mapping) and base_type != "file":
        data = _inside(data.get("base", data))
    if data is None or data == "":
        return None
    fault = ValueError(f"“{_short(data)}” is not a value of the type {base_type}")
    try:
        match data:
            case bool():
                if base_type == "boolean":
                    return data
                if base_type in ("string", "identifier"):
                    return "true" if data else "false"
                raise fault
            case int() | float():
                return _number(data, base_type)
            case list() if base_type in ("point", "pair", "directedPair"):
                return parse_value(" ".join(str(part) for part in data), base_type)
            case Mapping() if base_type == "file":
                return _file(data)
            case str():
                return parse_value(with_point(data) if base_type in NUMBERS else data, base_type)
    except (ValueError, OverflowError, ArithmeticError):
        raise fault from None
    raise fault


def with_point(text: str) -> str:
    """A number as people type it, in the standard's form: 1,5 is 1.5, −3 with a printed minus is
    -3, 12 000 with its thousands apart is 12000."""
    text = GROUPS.sub("", text.strip().replace("\u2212", "-").replace("\u2013", "-"))
    return text.replace(",", ".") if COMMA.match(text) else text


def _number(data: int | float, base_type: str) -> Single | None:
    if base_type == "float":
        return Fraction(data) if isinstance(data, int) else from_float(data)
    if base_type in ("integer", "intOrIdentifier"):
        if data != int(data):
            raise ValueError
        return parse_integer(str(int(data)))  # a kept state reads back no longer ones
    if base_type == "duration":
        return Duration(Fraction(data) if isinstance(data, int) else Fraction(repr(data)))
    if base_type == "boolean" and data in (0, 1):
        return bool(data)
    if base_type in ("string", "identifier", "uri"):
        return str(data)
    raise ValueError


def _file(data: Mapping[str, Json]) -> File:
    """{"name", "mime", "data" in base64}, as PCI has it."""
    held = data.get("file", data)
    if not isinstance(held, Mapping):
        raise ValueError("a file is an object with its name, type and data")
    return File(
        str(held.get("name", "")),
        str(held.get("mime", "application/octet-stream")),
        base64.b64decode(str(held.get("data", "")), validate=True),
    )


def _record(data: Json) -> Record | None:
    """{"field": value} or {"record": [{"name", "base": {type: value}}]}."""
    if isinstance(data, Mapping) and isinstance(data.get("record"), list):
        data = data["record"]
    fields: dict[str, Single | None] = {}
    types: dict[str, str] = {}
    if isinstance(data, list):
        for one in data:
            if not isinstance(one, Mapping) or "name" not in one:
                raise ValueError("a field of the record has no name")
            name, held = str(one["name"]), one.get("base")
            if held is not None:
                if not isinstance(held, Mapping) or len(held) != 1:
                    raise ValueError(f"the field {name} names no base type")
                ((types[name], value),) = held.items()
                fields[name] = read_single(value, types[name])
            else:
                fields[name] = None
        return Record(fields, types) or None
    if not isinstance(data, Mapping):
        raise ValueError("a record is an object with its fields")
    for name, value in data.items():
        if isinstance(value, Mapping) and len(value) == 1:
            ((kind, held),) = value.items()
            if kind == "base" and isinstance(held, Mapping) and len(held) == 1:
                ((kind, held),) = held.items()
            types[str(name)], value = str(kind), held
        else:
            types[str(name)] = _guess(value)
        fields[str(name)] = read_single(value, types[str(name)])
    return Record(fields, types) or None


def _guess(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case _:
            return "string"


def _short(data: Json) -> str:
    text = str(data)
    return text if len(text) <= 60 else text[:59] + "…"


def to_json(value: Value) -> Json:
    """The natural form: NULL is null, points and pairs are texts ("10 20", "A B"), a number that
    JSON lacks is the text INF, -INF or NaN."""
    match value:
        case None | bool() | int():
            return value
        case Multiple() | Ordered():
            return [to_json(one) for one in value]
        case Record():
            return {name: to_json(one) for name, one in value.items()}
        case Fraction() | float():
            return _double(value)
        case Duration():
            return _double(value.seconds)
        case File():
            return {
                "name": value.name,
                "mime": value.mime,
                "data": base64.b64encode(value.data).decode(),
            }
        case str():
            return value
        case _:
            return value_text(value)


def _double(value: Fraction | float) -> float | str:
    number = as_float(value)
    return number if math.isfinite(number) else value_text(value)


def to_pci(value: Value, base_type: str, cardinality: str) -> Json:
    """The form of the portable interactions."""
    if value is None:
        return {"base": None}
    if isinstance(value, Record):
        return {
            "record": [
                {
                    "name": name,
                    "base": None
                    if one is None
                    else {value.types.get(name) or type_of(one): _pci_single(one)},
                }
                for name, one in value.items()
            ]
        }
    if isinstance(value, Multiple | Ordered):
        return {"list": {base_type: [_pci_single(one) for one in value]}}
    return {"base": {base_type: _pci_single(value)}}


def _pci_single(value: Single) -> Json:
    match value:
        case Point():
            return [value.x, value.y]
        case Pair() | DirectedPair():
            return [value.first, value.second]
        case _:
            return to_json(value)


def dump(value: Value) -> Json:
    """The exact form for a kept state: [type, text], read back by `load`."""
    match value:
        case None:
            return None
        case Multiple() | Ordered():
            kind = "multiple" if isinstance(value, Multiple) else "ordered"
            return [kind, [dump(one) for one in value]]
        case Record():
            return ["record", {name: dump(one) for name, one in value.items()}, value.types]
        case File():
            return ["file", value.name, value.mime, base64.b64encode(value.data).decode()]
        case Fraction():
            return ["float", str(value)]
        case float():
            return ["double", repr(value)]
        case Duration():
            return ["duration", dump(value.seconds)]
        case _:
            return [type_of(value), value_text(value)]


def load(data: Json) -> Value:
    """The value that `dump` wrote; raises `ValueError` for anything else."""
    match data:
        case None:
            return None
        case ["multiple", list(inner)]:
            return Multiple(_singles(inner))
        case ["ordered", list(inner)]:
            return Ordered(_singles(inner))
        case ["record", dict(fields), types]:
            return Record({name: load(one) for name, one in fields.items()}, types)  # type: ignore[misc]
        case ["file", name, mime, text]:
            return File(name, mime, base64.b64decode(text))
        case ["float", str(text)]:
            return Fraction(text)
        case ["double", str(text)]:
            return float(text)
        case ["duration", seconds]:
            return Duration(load(seconds))  # type: ignore[arg-type]
        case ["string", str(text)]:
            return text
        case [str(kind), str(text)]:
            return parse_value(text, kind)
    raise ValueError(f"not a kept value: {_short(data)}")


def _singles(inner: Sequence[Json]) -> list[Single]:
    return [load(one) for one in inner]  # type: ignore[misc]
