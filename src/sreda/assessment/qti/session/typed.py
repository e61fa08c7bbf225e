"""What a candidate typed: a number in another base, a record of how a number was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from ..items.item import Item
from ..model.declarations import Declaration
from ..model.interactions import Interaction
from ..values.json import with_point
from ..values.numbers import parse_float
from ..values.types import Record, Value

NUMBER = re.compile(r"\s*[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*\Z", re.ASCII)
TYPES = {
    "stringValue": "string",
    "floatValue": "float",
    "integerValue": "integer",
    "leftDigits": "integer",
    "rightDigits": "integer",
    "ndp": "integer",
    "nsf": "integer",
    "exponent": "integer",
}


def typed_values(
    item: Item, interaction: Interaction, declaration: Declaration, text: str
) -> Iterator[tuple[str, Value]]:
    """(variable, value) of a text that its response cannot hold as it is, and of the variable
    that keeps the text itself."""
    if declaration.cardinality == "record":
        yield declaration.identifier, text_record(text)
    elif declaration.base_type == "integer" and interaction.base != 10 and text.strip():
        yield declaration.identifier, int(text.strip(), interaction.base)
    second = interaction.string_identifier
    if second and second in item.responses:
        yield second, item.responses[second].accept(text)


def text_record(text: str) -> Record | None:
    """The record of a typed number: its value, and how many digits stand where. Text that is no
    number has only its stringValue."""
    if not text:
        return None
    number = with_point(text)
    found = NUMBER.match(number)
    fields: dict[str, str | int | Fraction | float | None] = {"stringValue": text}
    if found and (found.group(1) or found.group(2)):
        left, right, exponent = found.group(1), found.group(2), found.group(3)
        decimals = len(right or "")
        power = int(exponent or 0)
        digits = (left + (right or "")).lstrip("0")
        fields["floatValue"] = _float(number)
        if right is None and exponent is None and "." not in number:
            fields["integerValue"] = int(number)
        fields["leftDigits"] = len(left)
        fields["rightDigits"] = decimals
        fields["ndp"] = max(0, decimals - power)
        fields["nsf"] = len(digits) or 1
        if exponent is not None:
            fields["exponent"] = power
    return Record(fields, {name: TYPES[name] for name in fields})


def _float(text: str) -> Fraction | float:
    number = parse_float(text)
    return Fraction(number) if isinstance(number, int) else number
