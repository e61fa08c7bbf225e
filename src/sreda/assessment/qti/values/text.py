"""Values from and to the text of XML."""

from __future__ import annotations

import re
from fractions import Fraction

from .numbers import float_text, parse_float, parse_integer
from .types import DirectedPair, Duration, File, Pair, Point, Single

IDENTIFIER = re.compile(r"[^\W\d][\w.\-]*\Z")
ISO_DURATION = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z", re.ASCII
)


def parse_value(text: str, base_type: str) -> Single | None:
    """One value; empty text is NULL. Raises `ValueError` where the text is not of the type."""
    if base_type == "string":
        return text or None
    text = text.strip()
    if not text:
        return None
    match base_type:
        case "identifier":
            if any(c.isspace() for c in text):
                raise ValueError(text)
            return text
        case "boolean":
            if text in ("true", "1"):
                return True
            if text in ("false", "0"):
                return False
            raise ValueError(text)
        case "integer":
            return parse_integer(text)
        case "float":
            return parse_float(text)
        case "point":
            x, y = text.split()
            return Point(_whole(x), _whole(y))
        case "pair":
            first, second = text.split()
            return Pair(first, second)
        case "directedPair":
            first, second = text.split()
            return DirectedPair(first, second)
        case "duration":
            return parse_duration(text)
        case "intOrIdentifier":
            return parse_integer(text) if text.lstrip("+-").isdigit() else text
        case "file":
            return File("", "text/plain", text.encode())
        case _:
            return text


def _whole(text: str) -> int:
    number = parse_float(text)
    if number != int(number):
        raise ValueError(text)
    return int(number)


def parse_duration(text: str) -> Duration:
    """Seconds, or days and time as in ISO 8601."""
    if text.startswith("P"):
        found = ISO_DURATION.match(text)
        if not found or text in ("P", "PT"):
            raise ValueError(text)
        days, hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
        return Duration(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    number = parse_float(text)
    if not number >= 0:
        raise ValueError(text)
    return Duration(Fraction(number))


def value_text(value: Single | None) -> str:
    """A single value as it stands in XML; NULL is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case Fraction() | float():
            return float_text(value)
        case Point():
            return f"{value.x} {value.y}"
        case Pair() | DirectedPair():
            return f"{value.first} {value.second}"
        case Duration():
            return float_text(value.seconds)
        case _:
            return value.name
