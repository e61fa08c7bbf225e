"""The fields of an item's form, and the responses they mean.

Names of fields begin with the response's identifier; what follows a colon is its part:

| interaction | fields |
|---|---|
| choice, hot text, hotspot, inline choice, text, slider, media | `R` (repeated: several) |
| match, gap match, graphic gap match | `R`: "source target" each |
| order, graphic order | `R:choice`: its place |
| associate, graphic associate | `R:0:a`, `R:0:b`, `R:1:a` …: the two of each pair |
| select point, position object | `R:0:x`, `R:0:y` …; or `R`: "x y" |
| end attempt | `R`: "true" |
| drawing, upload, portable custom | `R`: JSON of the response, made by the page |
| portable custom | `R:state` beside it: JSON of its module's state, which is no response |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sreda.assessment.qti import Item
from sreda.assessment.qti.model.interactions import Interaction

Fields = Mapping[str, Sequence[str]]
PAIRS_LIMIT = 40
# What JSON may escape and the database cannot keep: NUL, halves of surrogate pairs.
UNKEPT = re.compile(r"\\u0000|[\ud800-\udfff]")
STATE = ":state"


def responses_of(item: Item, fields: Fields) -> dict[str, Any]:
    """Responses as JSON by identifier, for every interaction of the item; null where nothing was
    answered. What does not fit is left for the engine to say."""
    found: dict[str, Any] = {}
    for interaction in item.interactions:
        value = _read(interaction, fields)
        if interaction.response in found:  # several parts of one response
            found[interaction.response] = _together(found[interaction.response], value)
        else:
            found[interaction.response] = value
    return found


def _together(first: Any, second: Any) -> Any:
    parts = [v for v in (first, second) if v is not None]
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return list(dict.fromkeys(map(str, flat))) or None


def _texts(fields: Fields, name: str) -> list[str]:
    return [text for text in fields.get(name, ()) if text.strip()]


def _read(interaction: Interaction, fields: Fields) -> Any:
    name = interaction.response
    match interaction.kind:
        case "order" | "graphic-order":
            return _in_order(interaction, fields)
        case "associate" | "graphic-associate":
            return _pairs(fields, name)
        case "select-point" | "position-object":
            return _points(fields, name)
        case "end-attempt":
            return bool(_texts(fields, name))
        case "drawing" | "upload" | "portable-custom" | "custom":
            return _made(fields, name)
        case "text-entry" | "extended-text":
            texts = [text for text in fields.get(name, ()) if text]
        case _:
            texts = _texts(fields, name)
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else texts


def _in_order(interaction: Interaction, fields: Fields) -> list[str] | None:
    """Choices by the places given to them; two at one place keep the order they stand in."""
    places = []
    for number, choice in enumerate(interaction.choices):
        text = next(iter(_texts(fields, f"{interaction.response}:{choice.identifier}")), "")
        if text.strip().isdecimal() and len(text.strip()) < 6:
            places.append((int(text), number, choice.identifier))
    return [identifier for _place, _number, identifier in sorted(places)] or None


def _pairs(fields: Fields, name: str) -> list[str] | None:
    found = []
    for number in range(PAIRS_LIMIT):
        ends = [next(iter(_texts(fields, f"{name}:{number}:{end}")), "") for end in "ab"]
        if all(ends):
            found.append(" ".join(ends))
    return found or None


def _points(fields: Fields, name: str) -> list[str] | None:
    found = _texts(fields, name)
    for number in range(PAIRS_LIMIT):
        place = [next(iter(_texts(fields, f"{name}:{number}:{axis}")), "") for axis in "xy"]
        if all(place):
            found.append(" ".join(text.strip() for text in place))
    return found or None


def _made(fields: Fields, name: str) -> Any:
    texts = _texts(fields, name)
    values = []
    for text in texts:
        try:
            value = json.loads(text)
            unescaped = json.dumps(value, ensure_ascii=False)
        except (ValueError, RecursionError):
            continue
        if not UNKEPT.search(unescaped):
            values.append(value)
    if not values:
        return None
    return values[0] if len(values) == 1 else values
