"""Numbers, dates and spans as people read them in the active language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

NBSP = "\u00a0"
DASH = "\u2014"
MINUS = "\u2212"


def number(value: object, digits: int | None = None) -> str:
    """356 079 or 3,5 in Russian; 356,079 or 3.5 in English; a dash for nothing.

    Without `digits` the value keeps its own decimals, less trailing zeros.
    """
    if value is None or value == "":
        return DASH
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not found.is_finite():
        return DASH
    if digits is not None:
        found = found.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text = f"{abs(found):,f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if not (get_language() or "").startswith("en"):
        text = text.replace(",", NBSP).replace(".", ",")
    return (MINUS if found < 0 else "") + text


def percent(value: object, digits: int | None = None) -> str:
    """A share given in per cent: 86,54 %."""
    text = number(value, digits)
    if text == DASH:
        return text
    return text + ("%" if (get_language() or "").startswith("en") else NBSP + "%")


# An indicator's own word for its unit agrees with no number it may have.
SHORT = {"процент": "%", "процентов": "%", "единица": "ед.", "единиц": "ед."}


def unit(word: str) -> str:
    """A unit as it stands after any number: % and ед.; others as they are."""
    return SHORT.get(word.strip().lower(), word)


def day(value: date | datetime | None) -> str:
    """26 октября 2018."""
    if not value:
        return DASH
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _day(date(value.year, value.month, value.day), get_language())


@lru_cache(maxsize=4000)
def _day(value: date, _language: str | None) -> str:
    return date_format(value, "j E Y").replace(" ", NBSP)


def moment(value: datetime | None) -> str:
    """26 октября 2018, 14:30."""
    if not value:
        return DASH
    if timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{_day(value.date(), get_language())},{NBSP}{value.hour:02}:{value.minute:02}"


def short_day(value: date | datetime | None) -> str:
    """26.10.2018."""
    if not value:
        return DASH
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{value.day:02}.{value.month:02}.{value.year:04}"


def span(start: date | None, end: date | None) -> str:
    """A term: 1 марта — 15 марта 2019, or with one open end."""
    from django.utils.translation import gettext as _

    if start and end:
        first = date_format(start, "j E" if start.year == end.year else "j E Y")
        return f"{first.replace(' ', NBSP)} {DASH} {day(end)}"
    if start:
        return _("from %(day)s") % {"day": day(start)}
    if end:
        return _("until %(day)s") % {"day": day(end)}
    return DASH
