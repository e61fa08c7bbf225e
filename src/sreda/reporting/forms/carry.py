"""What becomes of the values of one version in another, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from sreda.reporting.forms.edit import Moves
from sreda.reporting.forms.schema import Cell, CellType, Option, Schema

TEXTS = {CellType.TEXT, CellType.LONG_TEXT}
Options = Mapping[str, tuple[Option, ...]]
"""Dictionaries by their codes."""


class Fate(StrEnum):
    KEPT = "kept"
    CONVERTED = "converted"
    DROPPED = "dropped"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Carried:
    """`old` or `new` is None where there is no such cell in that version."""

    fate: Fate
    old: Cell | None
    new: Cell | None

    @property
    def moved(self) -> bool:
        return self.old is not None and self.new is not None and self.old.key != self.new.key


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a cell: see the model Value."""

    number: Decimal | None = None
    text: str = ""
    file: object = None

    @property
    def empty(self) -> bool:
        return self.number is None and not self.text and self.file is None


def carried(old: Schema, new: Schema, moves: Moves) -> Iterator[Carried]:
    """Every cell of either version, in the order of the old one, then what is new."""
    arrived = set()
    for key, cell in old.cells.items():
        now = moves.get(key, key)
        target = new.cells.get(now) if now is not None else None
        if target is None or target.listed != cell.listed or not possible(cell, target):
            yield Carried(Fate.DROPPED, cell, None)
            continue
        arrived.add(target.key)
        yield Carried(Fate.KEPT if _alike(cell, target) else Fate.CONVERTED, cell, target)
    for key, cell in new.cells.items():
        if key not in arrived:
            yield Carried(Fate.NEW, None, cell)


def possible(old: Cell, new: Cell) -> bool:
    """Whether any value of the one can become a value of the other."""
    a, b = old.field.type, new.field.type
    if a == b or (b in TEXTS and a is not CellType.FILE):
        return True
    if a in TEXTS:
        return b is not CellType.FILE
    pairs = ({CellType.INTEGER, CellType.DECIMAL}, {CellType.CHOICE, CellType.CHOICES})
    return any({a, b} <= pair for pair in pairs) or (a is CellType.BOOLEAN and b.numeric)


def _alike(old: Cell, new: Cell) -> bool:
    a, b = old.field, new.field
    return (a.type, a.places, a.options, a.dictionary) == (
        b.type,
        b.places,
        b.options,
        b.dictionary,
    )


def convert(value: Content, old: Cell, new: Cell, dictionaries: Options) -> Content | None:
    """The value in the new cell; None where it has no place there."""
    a, b = old.field, new.field
    if a.type is b.type is CellType.FILE:
        return value
    if b.type.numeric:
        number = _number(value, a.type)
        if number is None or abs(number) >= Decimal(10) ** 16:
            return None
        places = b.places if b.type is CellType.DECIMAL else 0
        rounded = number.quantize(Decimal(1).scaleb(-places))
        # Digits that the new cell does not have would be lost without a word.
        return Content(number=rounded) if rounded == number else None
    if b.type in TEXTS:
        return Content(text=_words(value, old, dictionaries))
    said = value.text.strip()
    match b.type:
        case CellType.DATE:
            try:
                return Content(text=date.fromisoformat(said).isoformat())
            except ValueError:
                return None
        case CellType.BOOLEAN:
            true, false = {"true", "да", "yes", "1"}, {"false", "нет", "no", "0"}
            word = said.lower()
            return Content(text=str(word in true).lower()) if word in true | false else None
        case CellType.CHOICE | CellType.CHOICES:
            return _choices(said, new, dictionaries)
    return None


def _number(value: Content, kind: CellType) -> Decimal | None:
    if kind.numeric:
        return value.number
    if kind is CellType.BOOLEAN:
        return Decimal(value.text == "true")
    try:
        found = Decimal(value.text.strip().replace(",", ".").replace("\u00a0", "").replace(" ", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _words(value: Content, old: Cell, dictionaries: Options) -> str:
    if value.number is not None:
        return format(value.number.normalize(), "f")
    if old.field.type in {CellType.CHOICE, CellType.CHOICES}:
        titles = {option.code: option.title for option in options_of(old, dictionaries)}
        return "\n".join(titles.get(code, code) for code in value.text.splitlines())
    return value.text


def _choices(said: str, new: Cell, dictionaries: Options) -> Content | None:
    codes: dict[str, str] = {}
    for option in options_of(new, dictionaries):
        codes |= {option.code: option.code, option.title.lower(): option.code}
    found = [codes.get(line, codes.get(line.lower())) for line in said.splitlines()]
    if None in found or (new.field.type is CellType.CHOICE and len(found) > 1):
        return None
    return Content(text="\n".join(code for code in found if code))


def options_of(cell: Cell, dictionaries: Options) -> tuple[Option, ...]:
    return cell.field.options or dictionaries.get(cell.field.dictionary, ())
