"""What an author fills in, and what follows from it alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain.markup import made, paragraphs

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
CHOSEN = "CHOSEN"  # the outcome that calls for the feedback of options
KINDS = (
    "choice", "order", "match", "associate", "gap-match", "inline-choice", "text-entry",
    "extended-text", "hotspot", "select-point", "graphic-order", "graphic-associate",
    "graphic-gap-match", "position-object", "upload",
)  # fmt: skip
BY_HAND = frozenset({"extended-text", "upload"})
IN_TEXT = frozenset({"gap-match", "inline-choice", "text-entry"})
MIXED = frozenset(  # may give points in parts
    {"choice", "match", "associate", "gap-match", "graphic-associate", "graphic-gap-match"}
)
POINTED = frozenset({"select-point", "position-object"})  # answered by points in right places
PICTURED = POINTED | {"hotspot", "graphic-order", "graphic-associate", "graphic-gap-match"}
SHAPES = ("rect", "circle", "poly")
NUMBER = re.compile(r"=\s*(?P<value>[-+−]?\d+(?:[.,]\d+)?)\s*(?:(?:±|\+-)\s*(?P<within>\d+(?:[.,]\d+)?))?")  # fmt: skip  # noqa: E501
MOST = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Row:
    """An option. `other` is the second of a pair, of places the numbers (from 1, by commas) of the
    lines it makes pairs with, each pair told once; `coords` its place on a picture, of `shape`;
    `feedback` is told of a choice to whoever chose it."""

    text: str = ""
    other: str = ""
    right: bool = False
    points: Decimal | None = None
    shape: str = ""
    coords: str = ""
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class ItemForm:
    """What an author fills in. `text` is light markup; in kinds of `IN_TEXT` its gaps are

    `[[word]]` (gap match), `[[right|wrong|wrong]]` (inline choice), `[[answer|variant]]` or
    `[[=3.14±0.01]]` (text entry). `points` are for the whole item, or, with `partial` and for each
    gap, for each right part. Rows of (graphic) order are in the right order; of match and associate
    are pairs, a row with one side is a distractor; of gap match are words that fit nowhere, of
    graphic gap match words with their places or without one; of select point and position object
    the right places, each worth `points`. `thing` is the picture that is put on the other.
    """

    kind: str
    identifier: str
    title: str
    language: str = "ru"
    text: str = ""
    question: str = ""
    points: Decimal = Decimal(1)
    multiple: bool = False
    shuffle: bool = False
    partial: bool = False
    rows: tuple[Row, ...] = ()
    rubric: str = ""
    feedback_right: str = ""
    feedback_wrong: str = ""
    picture: str = ""
    alt: str = ""
    width: int = 0
    height: int = 0
    lines: int = 6
    thing: str = ""
    thing_alt: str = ""
    thing_width: int = 0
    thing_height: int = 0


def start(kind: str, identifier: str, title: str, language: str = "ru") -> ItemForm:
    """A form to begin with: whole, so that it can be saved at once."""
    first, second = _("First"), _("Second")
    form = ItemForm(kind, identifier, title, language, question=_("Write the question here."))
    pair = (Row(first, _("one")), Row(second, _("two")))
    match kind:
        case "choice":
            return replace(form, rows=(Row(first, right=True), Row(second)), shuffle=True)
        case "order":
            return replace(form, rows=(Row(first), Row(second)))
        case "match" | "associate":
            return replace(form, rows=pair, shuffle=True)
        case "gap-match":
            return replace(form, text=_("A text with a [[word]] to be put in."), shuffle=True)
        case "inline-choice":
            return replace(form, question="", text=_("A text with a [[right|wrong]] word."))
        case "text-entry":
            return replace(form, question="", text=_("Two and two is [[=4]]."))
    return form


def said(number: Decimal) -> str:
    return f"{number.normalize():f}"


def plain(text: str) -> str:
    """A number as XML has it: a point, an ASCII minus."""
    return text.replace(",", ".").replace("−", "-").removeprefix("+")


def most_of(form: ItemForm) -> Decimal:
    """The greatest SCORE."""
    if form.kind in {"inline-choice", "text-entry"}:
        return form.points * len(gaps_of(form.text))
    if form.kind in POINTED:
        return form.points * len(form.rows)
    if not form.partial or form.kind not in MIXED:
        return form.points
    if form.kind == "choice":
        given = [row.points or Decimal(0) for row in form.rows]
        best = sum((one for one in given if one > 0), Decimal(0))
        return best if form.multiple else max([Decimal(0), *given])
    if form.kind == "gap-match":
        return form.points * len(gaps_of(form.text))
    if form.kind == "graphic-associate":
        return form.points * len(joined(form.rows))
    return form.points * sum(bool(row.text and (row.other or row.coords)) for row in form.rows)


def gaps_of(text: str) -> list[str]:
    found: list[str] = []

    def note(gap: str) -> qti.Element:
        found.append(gap)
        return made("span")

    paragraphs(text, note)
    return found


def joined(rows: tuple[Row, ...]) -> list[tuple[int, int]]:
    """Pairs of places by their numbers, from 1; ValueError where what stands there is no number."""
    told = [
        (number, int(other))
        for number, row in enumerate(rows, 1)
        for other in row.other.replace(";", ",").split(",")
        if other.strip()
    ]
    return sorted({(min(pair), max(pair)) for pair in told})
