"""Values of cells: from what people type, to what is kept, to what expressions and pages show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sreda.reporting.expressions import Value
from sreda.reporting.forms import CellType, Field, Option
from sreda.reporting.forms.carry import Content

LARGEST = Decimal(10) ** 15
TEXT_LIMIT = 500
LONG_LIMIT = 10_000
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
RUSSIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\Z")
EMPTY = Content()


def parse(field: Field, raw: str, options: Iterable[Option] = ()) -> Content:
    """What somebody typed, as it is kept. ValidationError in words that name the trouble."""
    said = CONTROLS.sub("", raw.replace("\r\n", "\n")).strip()
    if not said:
        return EMPTY
    match field.type:
        case CellType.INTEGER | CellType.DECIMAL:
            return Content(number=_number(field, said))
        case CellType.DATE:
            return Content(text=_day(said).isoformat())
        case CellType.BOOLEAN:
            return Content(text=_yes_no(said))
        case CellType.CHOICE | CellType.CHOICES:
            return Content(text=_choices(field, said, options))
        case CellType.FILE:
            raise ValidationError(_("a file is handed in by its own button"))
    limit = LONG_LIMIT if field.type is CellType.LONG_TEXT else TEXT_LIMIT
    if field.type is CellType.TEXT:
        said = " ".join(said.split())
    if len(said) > limit:
        raise ValidationError(
            _("%(length)s characters; at most %(limit)s fit")
            % {"length": len(said), "limit": limit}
        )
    return Content(text=said)


def _number(field: Field, said: str) -> Decimal:
    digits = SPACES.sub("", said).replace(",", ".").replace("−", "-")
    try:
        if not re.fullmatch(r"[+-]?\d{1,30}(\.\d{0,30})?|[+-]?\.\d{1,30}", digits):
            raise InvalidOperation
        number = Decimal(digits)
    except InvalidOperation:
        raise ValidationError(_("“%s” is not a number") % said[:60]) from None
    places = field.places if field.type is CellType.DECIMAL else 0
    kept = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if kept != number:
        if places == 0:
            raise ValidationError(_("“%s”: a whole number is expected") % said[:60])
        raise ValidationError(
            _("“%(said)s”: at most %(places)s digits after the comma")
            % {"said": said[:60], "places": places}
        )
    check_range(field, kept)
    return kept


def check_range(field: Field, number: Decimal) -> None:
    if field.minimum is not None and number < field.minimum:
        raise ValidationError(
            _("%(number)s is less than the least possible, %(limit)s")
            % {"number": shown_number(number), "limit": shown_number(field.minimum)}
        )
    if field.maximum is not None and number > field.maximum:
        raise ValidationError(
            _("%(number)s is more than the greatest possible, %(limit)s")
            % {"number": shown_number(number), "limit": shown_number(field.maximum)}
        )
    if abs(number) >= LARGEST:
        raise ValidationError(_("the number is too large"))


def _day(said: str) -> date:
    try:
        if found := RUSSIAN_DAY.match(said):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(said[:10])
    except ValueError:
        raise ValidationError(_("“%s” is not a date; write it as 31.12.2026") % said[:60]) from None


def _yes_no(said: str) -> str:
    word = said.lower()
    if word in {"true", "1", "да", "yes", "+", "on", "есть", "имеется"}:
        return "true"
    if word in {"false", "0", "нет", "no", "-", "off", "отсутствует"}:
        return "false"
    raise ValidationError(_("“%s”: yes or no is expected") % said[:60])


def _choices(field: Field, said: str, options: Iterable[Option]) -> str:
    codes: dict[str, str] = {}
    for option in options:
        codes |= {option.code: option.code, option.title.strip().lower(): option.code}
    parts = said.splitlines() if field.type is CellType.CHOICES else [said]
    if field.type is CellType.CHOICES and len(parts) == 1 and parts[0].lower() not in codes:
        parts = [part.strip() for part in said.split(";") if part.strip()]
    found = []
    for part in parts:
        code = codes.get(part.strip(), codes.get(part.strip().lower()))
        if code is None:
            raise ValidationError(_("“%s” is not among the possible answers") % part[:60])
        found.append(code)
    return "\n".join(dict.fromkeys(found))


def from_value(field: Field, value: Value | None) -> Content:
    """What a source gave, as it is kept; numbers are rounded half up to the cell's digits."""
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return Content(text="true" if value else "false")
    if isinstance(value, Decimal):
        places = field.places if field.type is CellType.DECIMAL else 0
        if abs(value) >= LARGEST:
            return EMPTY
        return Content(number=value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    if isinstance(value, date):
        return Content(text=value.isoformat())
    if isinstance(value, list):
        return Content(text="\n".join(value))
    return Content(text=CONTROLS.sub("", value)[:LONG_LIMIT])


def to_value(type_: CellType, number: Decimal | None, text: str) -> Value | None:
    """What is kept, as expressions see it; None: the cell is empty."""
    if type_.numeric:
        return number
    if not text:
        return None
    match type_:
        case CellType.BOOLEAN:
            return text == "true"
        case CellType.DATE:
            try:
                return date.fromisoformat(text)
            except ValueError:
                return None
        case CellType.CHOICES:
            return text.splitlines()
    return text


def plain_text(number: Decimal | None, text: str) -> str:
    """As an input holds it: no grouping, a comma before the digits."""
    if number is not None:
        whole = format(number.normalize(), "f")
        return whole.replace(".", ",")
    return text


def shown_number(number: Decimal) -> str:
    normal = number.normalize()
    exponent = normal.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return number_format(normal, decimal_pos=places, use_l10n=True, force_grouping=True)


def shown(field: Field, number: Decimal | None, text: str, options: Iterable[Option] = ()) -> str:
    """For people to read."""
    if number is not None:
        return shown_number(number)
    if not text:
        return ""
    match field.type:
        case CellType.BOOLEAN:
            return _("yes") if text == "true" else _("no")
        case CellType.DATE:
            try:
                return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")
            except ValueError:
                return text
        case CellType.CHOICE | CellType.CHOICES:
            titles = {option.code: option.title for option in options}
            return "; ".join(titles.get(code, code) for code in text.splitlines())
    return text


def as_json(type_: CellType, number: Decimal | None, text: str) -> Any:
    """As signed contents hold it: numbers as exact texts."""
    if type_.numeric:
        return None if number is None else format(number.normalize(), "f")
    return text or None
