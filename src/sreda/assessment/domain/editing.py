"""Forms of the common kinds of items and the QTI they mean; each the other's way back.

`written` gives the XML of a form, `form_of` the form of an item that `written` could have made:
an item that says more has none and is edited as XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain.markup import (
    Foreign,
    inline,
    made,
    paragraphs,
    typed,
    typed_paragraphs,
)

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RIGHT, WRONG = "right", "wrong"
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


# ---- form → QTI


def said(number: Decimal) -> str:
    return f"{number.normalize():f}"


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


def written(form: ItemForm) -> str:
    """The item as QTI 3.0. ValidationError names the fields that keep it from being one."""
    faults = faults_of(form)
    if faults:
        raise ValidationError(faults)  # type: ignore[arg-type]
    return qti.write_xml(_tree(form)).decode()


def _tree(form: ItemForm) -> qti.Element:
    root = made(
        "qti-assessment-item",
        {"identifier": form.identifier, "title": form.title, "time-dependent": "false",
         XML_LANG: form.language},
    )  # fmt: skip
    parts = DRAW[form.kind](form)
    for one in parts.declarations:
        root.append(one)
    most = {"identifier": "SCORE", "cardinality": "single", "base-type": "float",
            "normal-maximum": said(most_of(form))}  # fmt: skip
    if form.kind in BY_HAND:
        most["external-scored"] = "human"
    root.append(made("qti-outcome-declaration", most))
    answers = bool(form.feedback_right or form.feedback_wrong) and form.kind not in BY_HAND
    if answers:
        named = {"identifier": "FEEDBACK", "cardinality": "single", "base-type": "identifier"}
        root.append(made("qti-outcome-declaration", named))
    body = made("qti-item-body")
    if form.rubric:
        content = made("qti-content-body", {}, *paragraphs(form.rubric))
        body.append(made("qti-rubric-block", {"view": "scorer", "use": "scoring"}, content))
    for one in parts.body:
        body.append(one)
    root.append(body)
    if form.kind not in BY_HAND:
        rules = list(parts.rules)
        if answers:
            rules.append(_feedback_rule(form))
        root.append(made("qti-response-processing", {}, *rules))
    if answers:
        for name, text in ((RIGHT, form.feedback_right), (WRONG, form.feedback_wrong)):
            if text:
                content = made("qti-content-body", {}, *paragraphs(text))
                root.append(made("qti-modal-feedback", {
                    "outcome-identifier": "FEEDBACK", "show-hide": "show", "identifier": name},
                    content))  # fmt: skip
    return root


@dataclass(frozen=True, slots=True)
class _Parts:
    declarations: list[qti.Element]
    body: list[qti.Element]
    rules: list[qti.Element]


def _declared(
    base: str,
    correct: list[str],
    mapping: list[tuple[str, Decimal]] | None = None,
    *,
    cardinality: str = "single",
    name: str = "RESPONSE",
) -> qti.Element:
    found = made("qti-response-declaration", {
        "identifier": name, "cardinality": cardinality, "base-type": base})  # fmt: skip
    if correct:
        values = [made("qti-value", {}, one) for one in correct]
        found.append(made("qti-correct-response", {}, *values))
    if mapping is not None:
        entries = [
            made("qti-map-entry", {"map-key": key, "mapped-value": said(value)})
            for key, value in mapping
        ]
        found.append(made("qti-mapping", {"lower-bound": "0", "default-value": "0"}, *entries))
    return found


def _set(name: str, value: qti.Element) -> qti.Element:
    return made("qti-set-outcome-value", {"identifier": name}, value)


def _base(kind: str, value: str) -> qti.Element:
    return made("qti-base-value", {"base-type": kind}, value)


def _variable(name: str) -> qti.Element:
    return made("qti-variable", {"identifier": name})


def _if(test: qti.Element, then: qti.Element, other: qti.Element | None = None) -> qti.Element:
    rule = made("qti-response-condition", {}, made("qti-response-if", {}, test, then))
    if other is not None:
        rule.append(made("qti-response-else", {}, other))
    return rule


def _matches(name: str = "RESPONSE") -> qti.Element:
    return made("qti-match", {}, _variable(name), made("qti-correct", {"identifier": name}))


def _whole_or_map(form: ItemForm) -> list[qti.Element]:
    if form.partial:
        return [_set("SCORE", made("qti-map-response", {"identifier": "RESPONSE"}))]
    return [_if(_matches(), _set("SCORE", _base("float", said(form.points))))]


def _feedback_rule(form: ItemForm) -> qti.Element:
    enough = made("qti-gte", {}, _variable("SCORE"), _base("float", said(most_of(form))))
    return _if(
        enough,
        _set("FEEDBACK", _base("identifier", RIGHT)),
        _set("FEEDBACK", _base("identifier", WRONG)),
    )


def _interaction(form: ItemForm, attributes: dict[str, str]) -> qti.Element:
    found = made(f"qti-{form.kind}-interaction", {"response-identifier": "RESPONSE", **attributes})
    if form.question:
        found.append(made("qti-prompt", {}, *inline(form.question)))
    return found


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _choice(form: ItemForm) -> _Parts:
    names = [f"C{n}" for n in range(1, len(form.rows) + 1)]
    correct = [name for name, row in zip(names, form.rows, strict=True) if row.right]
    mapping = None
    if form.partial:
        mapping = [(name, row.points) for name, row in zip(names, form.rows, strict=True)
                   if row.points]  # fmt: skip
    declared = _declared(
        "identifier", correct, mapping, cardinality="multiple" if form.multiple else "single"
    )
    view = _interaction(
        form, {"shuffle": _flag(form.shuffle), "max-choices": "0" if form.multiple else "1"}
    )
    declarations, rules = [declared], _whole_or_map(form)
    for name, row in zip(names, form.rows, strict=True):
        option = made("qti-simple-choice", {"identifier": name}, *inline(row.text))
        if row.feedback:
            option.append(made("qti-feedback-inline", {
                "outcome-identifier": CHOSEN, "show-hide": "show", "identifier": name},
                *inline(row.feedback)))  # fmt: skip
        view.append(option)
    if any(row.feedback for row in form.rows):
        kept = {"identifier": CHOSEN, "base-type": "identifier",
                "cardinality": "multiple" if form.multiple else "single"}  # fmt: skip
        declarations.append(made("qti-outcome-declaration", kept))
        rules = [*rules, _set(CHOSEN, _variable("RESPONSE"))]
    return _Parts(declarations, [*paragraphs(form.text), view], rules)


def _order(form: ItemForm) -> _Parts:
    names = [f"C{n}" for n in range(1, len(form.rows) + 1)]
    view = _interaction(form, {"shuffle": "true"})
    for name, row in zip(names, form.rows, strict=True):
        view.append(made("qti-simple-choice", {"identifier": name}, *inline(row.text)))
    declared = _declared("identifier", names, cardinality="ordered")
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _associable(name: str, most: int, text: str) -> qti.Element:
    attributes = {"identifier": name, "match-max": str(most)}
    return made("qti-simple-associable-choice", attributes, *inline(text))


def _pairs_declared(form: ItemForm, base: str, pairs: list[str]) -> qti.Element:
    mapping = [(pair, form.points) for pair in pairs] if form.partial else None
    return _declared(base, pairs, mapping, cardinality="multiple")


def _match(form: ItemForm) -> _Parts:
    targets = list(dict.fromkeys(row.other for row in form.rows if row.other))
    sources = [row for row in form.rows if row.text]
    pairs = [
        f"S{n} T{targets.index(row.other) + 1}" for n, row in enumerate(sources, 1) if row.other
    ]
    view = _interaction(form, {"shuffle": _flag(form.shuffle), "max-associations": "0"})
    view.append(made("qti-simple-match-set", {}, *(
        _associable(f"S{n}", 1, row.text) for n, row in enumerate(sources, 1))))  # fmt: skip
    view.append(made("qti-simple-match-set", {}, *(
        _associable(f"T{n}", 0, text) for n, text in enumerate(targets, 1))))  # fmt: skip
    declared = _pairs_declared(form, "directedPair", pairs)
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _associate(form: ItemForm) -> _Parts:
    whole = [row for row in form.rows if row.text and row.other]
    alone = [row for row in form.rows if bool(row.text) != bool(row.other)]
    view = _interaction(form, {"shuffle": _flag(form.shuffle), "max-associations": "0"})
    for n, row in enumerate(whole, 1):
        view.append(_associable(f"A{n}", 1, row.text))
    for n, row in enumerate(whole, 1):
        view.append(_associable(f"B{n}", 1, row.other))
    for n, row in enumerate(alone, 1):
        view.append(_associable(f"X{n}", 1, row.text or row.other))
    pairs = [f"A{n} B{n}" for n in range(1, len(whole) + 1)]
    declared = _pairs_declared(form, "pair", pairs)
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _gap_match(form: ItemForm) -> _Parts:
    gaps = gaps_of(form.text)
    words = list(dict.fromkeys([*gaps, *(row.text for row in form.rows if row.text)]))
    view = _interaction(form, {"shuffle": _flag(form.shuffle), "max-associations": "0"})
    for n, word in enumerate(words, 1):
        attributes = {"identifier": f"W{n}", "match-max": str(max(gaps.count(word), 1))}
        view.append(made("qti-gap-text", attributes, word))
    pairs: list[str] = []

    def gap(word: str) -> qti.Element:
        name = f"G{len(pairs) + 1}"
        pairs.append(f"W{words.index(word) + 1} {name}")
        return made("qti-gap", {"identifier": name})

    for one in paragraphs(form.text, gap):
        view.append(one)
    declared = _pairs_declared(form, "directedPair", pairs)
    return _Parts([declared], [view], _whole_or_map(form))


def _added(form: ItemForm) -> qti.Element:
    points = _base("float", said(form.points))
    return _set("SCORE", made("qti-sum", {}, _variable("SCORE"), points))


def _inline_choice(form: ItemForm) -> _Parts:
    parts = _Parts([], [], [])

    def gap(text: str) -> qti.Element:
        options = [one.strip() for one in text.split("|")]
        name = f"R{len(parts.declarations) + 1}"
        parts.declarations.append(_declared("identifier", ["C1"], name=name))
        parts.rules.append(_if(_matches(name), _added(form)))
        view = made("qti-inline-choice-interaction", {
            "response-identifier": name, "shuffle": "true"})  # fmt: skip
        for n, option in enumerate(options, 1):
            view.append(made("qti-inline-choice", {"identifier": f"C{n}"}, option))
        return view

    parts.body.extend(paragraphs(form.text, gap))
    return parts


def _text_entry(form: ItemForm) -> _Parts:
    parts = _Parts([], [], [])

    def gap(text: str) -> qti.Element:
        name = f"R{len(parts.declarations) + 1}"
        number = NUMBER.fullmatch(text.strip())
        if number:
            value, within = plain(number["value"]), plain(number["within"] or "0")
            parts.declarations.append(_declared("float", [value], name=name))
            equal = {"tolerance-mode": "exact"}
            if Decimal(within):
                equal = {"tolerance-mode": "absolute", "tolerance": within}
            test = made("qti-equal", equal, _variable(name),
                        made("qti-correct", {"identifier": name}))  # fmt: skip
            length = len(value) + 2
        else:
            variants = [one.strip() for one in text.split("|")]
            parts.declarations.append(_declared("string", variants[:1], name=name))
            each = [
                made("qti-string-match", {"case-sensitive": "false"}, _variable(name),
                     _base("string", one))
                for one in variants
            ]  # fmt: skip
            test = each[0] if len(each) == 1 else made("qti-or", {}, *each)
            length = max(map(len, variants))
        parts.rules.append(_if(test, _added(form)))
        return made("qti-text-entry-interaction", {
            "response-identifier": name, "expected-length": str(length)})  # fmt: skip

    parts.body.extend(paragraphs(form.text, gap))
    return parts


def plain(text: str) -> str:
    """A number as XML has it: a point, an ASCII minus."""
    return text.replace(",", ".").replace("−", "-").removeprefix("+")


def _extended_text(form: ItemForm) -> _Parts:
    view = _interaction(form, {"expected-lines": str(form.lines)})
    return _Parts([_declared("string", [])], [*paragraphs(form.text), view], [])


def _upload(form: ItemForm) -> _Parts:
    return _Parts([_declared("file", [])], [*paragraphs(form.text), _interaction(form, {})], [])


def _on_picture(form: ItemForm, attributes: dict[str, str]) -> qti.Element:
    view = _interaction(form, attributes)
    view.append(_image(form.picture, form.alt, form.width, form.height))
    return view


def _image(source: str, words: str, width: int, height: int) -> qti.Element:
    return made("img", {"src": source, "alt": words, "width": str(width), "height": str(height)})


def _spots(form: ItemForm) -> list[qti.Element]:
    return [
        made("qti-hotspot-choice", {
            "identifier": f"H{n}", "shape": row.shape, "coords": row.coords,
            "hotspot-label": row.text})
        for n, row in enumerate(form.rows, 1)
    ]  # fmt: skip


def _hotspot(form: ItemForm) -> _Parts:
    view = _on_picture(form, {"max-choices": "0" if form.multiple else "1"})
    for one in _spots(form):
        view.append(one)
    correct = [f"H{n}" for n, row in enumerate(form.rows, 1) if row.right]
    declared = _declared(
        "identifier", correct, cardinality="multiple" if form.multiple else "single"
    )
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _graphic_order(form: ItemForm) -> _Parts:
    view = _on_picture(form, {})
    for one in _spots(form):
        view.append(one)
    names = [f"H{n}" for n in range(1, len(form.rows) + 1)]
    declared = _declared("identifier", names, cardinality="ordered")
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _graphic_gap_match(form: ItemForm) -> _Parts:
    placed = [row for row in form.rows if row.coords]
    words = list(dict.fromkeys(row.text for row in form.rows))
    view = _on_picture(form, {})
    for n, word in enumerate(words, 1):
        most = max(sum(row.text == word for row in placed), 1)
        view.append(made("qti-gap-text", {"identifier": f"W{n}", "match-max": str(most)}, word))
    for n, row in enumerate(placed, 1):
        view.append(made("qti-associable-hotspot", {
            "identifier": f"G{n}", "match-max": "1", "shape": row.shape,
            "coords": row.coords}))  # fmt: skip
    pairs = [f"W{words.index(row.text) + 1} G{n}" for n, row in enumerate(placed, 1)]
    declared = _pairs_declared(form, "directedPair", pairs)
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def joined(rows: tuple[Row, ...]) -> list[tuple[int, int]]:
    """Pairs of places by their numbers, from 1; ValueError where what stands there is no number."""
    told = [
        (number, int(other))
        for number, row in enumerate(rows, 1)
        for other in row.other.replace(";", ",").split(",")
        if other.strip()
    ]
    return sorted({(min(pair), max(pair)) for pair in told})


def _graphic_associate(form: ItemForm) -> _Parts:
    pairs = joined(form.rows)
    ends = [end for pair in pairs for end in pair]
    most = max(ends.count(end) for end in ends)  # the same of all places: it tells nothing
    view = _on_picture(form, {"max-associations": "0"})
    for n, row in enumerate(form.rows, 1):
        view.append(made("qti-associable-hotspot", {
            "identifier": f"H{n}", "match-max": str(most), "shape": row.shape,
            "coords": row.coords, "hotspot-label": row.text}))  # fmt: skip
    declared = _pairs_declared(form, "pair", [f"H{one} H{other}" for one, other in pairs])
    return _Parts([declared], [*paragraphs(form.text), view], _whole_or_map(form))


def _select_point(form: ItemForm) -> _Parts:
    view = _on_picture(form, {"max-choices": str(len(form.rows))})
    declared, rule = _pointed(form)
    return _Parts([declared], [*paragraphs(form.text), view], [rule])


def _position_object(form: ItemForm) -> _Parts:
    """The standard has no prompt here: the question is the last paragraph before the picture."""
    view = made("qti-position-object-interaction", {
        "response-identifier": "RESPONSE", "max-choices": str(len(form.rows))},
        _image(form.thing, form.thing_alt, form.thing_width, form.thing_height))  # fmt: skip
    ground = _image(form.picture, form.alt, form.width, form.height)
    stage = made("qti-position-object-stage", {}, ground, view)
    declared, rule = _pointed(form)
    asked = made("p", {}, *inline(form.question))
    return _Parts([declared], [*paragraphs(form.text), asked, stage], [rule])


def _pointed(form: ItemForm) -> tuple[qti.Element, qti.Element]:
    declared = _declared(
        "point", [_inside(row) for row in form.rows],
        cardinality="multiple" if len(form.rows) > 1 else "single",
    )  # fmt: skip
    areas = [
        made("qti-area-map-entry", {
            "shape": row.shape, "coords": row.coords, "mapped-value": said(form.points)})
        for row in form.rows
    ]  # fmt: skip
    declared.append(made("qti-area-mapping", {"lower-bound": "0", "default-value": "0"}, *areas))
    return declared, _set("SCORE", made("qti-map-response-point", {"identifier": "RESPONSE"}))


def _inside(row: Row) -> str:
    """A point of the place: the middle, of a polygon that of the widest line through its height."""
    numbers = [int(one) for one in row.coords.split(",")]
    if row.shape == "circle":
        return f"{numbers[0]} {numbers[1]}"
    xs, ys = numbers[::2], numbers[1::2]
    across, down = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) // 2
    if row.shape == "poly":
        level = down + 0.5  # no corner lies there
        cut = sorted(
            x1 + (x2 - x1) * (level - y1) / (y2 - y1)
            for x1, y1, x2, y2 in zip(xs, ys, xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
            if (y1 > level) != (y2 > level)
        )
        widest = max(zip(cut[::2], cut[1::2], strict=True), key=lambda side: side[1] - side[0],
                     default=(across, across))  # fmt: skip
        across = sum(widest) / 2
    return f"{int(across)} {down}"


DRAW: dict[str, Callable[[ItemForm], _Parts]] = {
    "choice": _choice,
    "order": _order,
    "match": _match,
    "associate": _associate,
    "gap-match": _gap_match,
    "inline-choice": _inline_choice,
    "text-entry": _text_entry,
    "extended-text": _extended_text,
    "upload": _upload,
    "hotspot": _hotspot,
    "select-point": _select_point,
    "graphic-order": _graphic_order,
    "graphic-associate": _graphic_associate,
    "graphic-gap-match": _graphic_gap_match,
    "position-object": _position_object,
}


# ---- what is wrong with a form


def faults_of(form: ItemForm) -> dict[str, str]:
    """By field; a row's is `rows`."""
    found: dict[str, str] = {}
    if form.kind not in DRAW:
        found["kind"] = _("There is no form for this kind.")
        return found
    if not form.title.strip():
        found["title"] = _("Give it a title.")
    if not form.question.strip() and form.kind not in {"inline-choice", "text-entry"}:
        found["question"] = _("Write the question.")
    if not Decimal(0) <= form.points <= MOST:
        found["points"] = _("Points are from 0 to %(most)s.") % {"most": MOST}
    for name in ("text", "question", "rubric", "feedback_right", "feedback_wrong"):
        try:
            paragraphs(getattr(form, name), lambda gap: made("span"))
        except ValidationError as error:
            found[name] = " ".join(error.messages)
    if "text" not in found and form.kind in IN_TEXT:
        found |= _gap_faults(form)
    if fault := _row_fault(form):
        found["rows"] = fault
    if form.kind in PICTURED and not (form.picture and form.width and form.height):
        found["picture"] = _("Choose a picture.")
    elif form.kind in PICTURED and not form.alt.strip():
        found["alt"] = _("Say in words what the picture shows: some learners cannot see it.")
    if form.kind == "position-object":
        if not (form.thing and form.thing_width and form.thing_height):
            found["thing"] = _("Choose the picture that is to be placed.")
        elif not form.thing_alt.strip():
            found["thing_alt"] = _("Say in words what the picture to be placed shows.")
    return found


def _gap_faults(form: ItemForm) -> dict[str, str]:
    gaps = gaps_of(form.text)
    if not gaps:
        return {"text": _("Mark at least one gap: [[the answer]].")}
    for gap in gaps:
        parts = [one.strip() for one in gap.split("|")]
        if not all(parts):
            return {"text": _("The gap [[%(gap)s]] has an empty answer.") % {"gap": gap}}
        if form.kind == "inline-choice" and len(parts) < 2:
            return {
                "text": _("The gap [[%(gap)s]] needs a wrong answer too: [[right|wrong]].")
                % {"gap": gap}
            }
        if form.kind == "text-entry" and gap.strip().startswith("=") and not NUMBER.fullmatch(
            gap.strip()
        ):  # fmt: skip
            return {
                "text": _("The gap [[%(gap)s]] is no number: write [[=3.14]] or [[=3.14±0.01]].")
                % {"gap": gap}
            }
    return {}


def _row_fault(form: ItemForm) -> str:
    for number, row in enumerate(form.rows, 1):
        try:
            inline(row.text)
            inline(row.other)
            inline(row.feedback)
        except ValidationError as error:
            return _("Line %(number)s: %(fault)s") % {
                "number": number, "fault": " ".join(error.messages)}  # fmt: skip
    right = sum(row.right for row in form.rows)
    match form.kind:
        case "choice" | "order" | "hotspot" | "graphic-order" | "graphic-associate":
            least = 1 if form.kind == "hotspot" else 2
            if any(not row.text.strip() for row in form.rows):
                return _("An option has no text.")
            if len(form.rows) < least:
                return _("At least %(least)s options are needed.") % {"least": least}
            ticked = form.kind in {"choice", "hotspot"}
            if ticked and not right:
                return _("Say which option is right.")
            if ticked and not form.multiple and right > 1:
                return _("Only one option can be right, unless several may be chosen.")
            if form.kind == "choice" and form.partial and not any(r.points for r in form.rows):
                return _("Give points to the options, or take the tick for points in parts away.")
            if form.kind in PICTURED:
                return _place_fault(form.rows) or _join_fault(form)
        case "select-point" | "position-object" | "graphic-gap-match":
            placed = form.rows
            if form.kind == "graphic-gap-match":
                if any(not row.text.strip() for row in form.rows):
                    return _("A place has no word.")
                placed = tuple(row for row in form.rows if row.coords)
            if not placed:
                return _("At least one place is needed.")
            return _place_fault(placed)
        case "match" | "associate":
            whole = [row for row in form.rows if row.text and row.other]
            if not whole:
                return _("At least one whole pair is needed.")
    return ""


def _join_fault(form: ItemForm) -> str:
    if form.kind != "graphic-associate":
        return ""
    for number, row in enumerate(form.rows, 1):
        try:
            pairs = joined((*(Row(),) * (number - 1), row))
        except ValueError:
            pairs = [(0, 0)]
        if any(one < 1 or other > len(form.rows) or one == other for one, other in pairs):
            return _(
                "Line %(number)s: say by their numbers which other places it makes pairs with."
            ) % {"number": number}
    return "" if joined(form.rows) else _("At least one whole pair is needed.")


def _place_fault(rows: tuple[Row, ...]) -> str:
    for number, row in enumerate(rows, 1):
        try:
            numbers = [int(one) for one in row.coords.split(",")]
        except ValueError:
            numbers = []
        fits = {"rect": len(numbers) == 4, "circle": len(numbers) == 3,
                "poly": len(numbers) >= 6 and len(numbers) % 2 == 0}  # fmt: skip
        if not fits.get(row.shape):
            return _("The place of “%(label)s” is not right.") % {"label": row.text or number}
    return ""


# ---- QTI → form


def form_of(content: str) -> ItemForm | None:
    """The form that `written` gives this item back from; None where there is none."""
    try:
        root = qti.read_item(content).source
        form = _form(root)
        if faults_of(form):
            return None
        same = _tidy(_tree(form)).same_as(_tidy(root.copy()))
    except (Foreign, qti.QtiError, InvalidOperation, ValueError, ValidationError,
            AttributeError, IndexError, StopIteration, KeyError):  # fmt: skip
        return None
    return form if same else None


def _tidy(root: qti.Element) -> qti.Element:
    """Blank lines between elements and the schema's address do not count."""
    for one in root.walk():
        for key in [k for k in one.attributes if k.endswith("}schemaLocation")]:
            del one.attributes[key]
        if one.elements and all(isinstance(c, qti.Element) or not c.strip() for c in one.children):
            one.children = [c for c in one.children if isinstance(c, qti.Element)]
    return root


def _find(root: qti.Element, name: str) -> qti.Element:
    return next(one for one in root.walk() if one.name == name)


def _form(root: qti.Element) -> ItemForm:
    views = [one for one in root.walk() if one.name.endswith("-interaction")]
    kind = views[0].name.removeprefix("qti-").removesuffix("-interaction")
    outcome = next(one for one in root.all("qti-outcome-declaration")
                   if one.get("identifier") == "SCORE")  # fmt: skip
    body = _find(root, "qti-item-body")
    rubric = body.find("qti-rubric-block")
    around = (*views, *body.all("qti-position-object-stage"))
    blocks = [one for one in body.elements if one is not rubric and one not in around]
    feedback = {
        one.get("identifier"): typed_paragraphs(_find(one, "qti-content-body").elements)
        for one in root.all("qti-modal-feedback")
    }
    prompt = views[0].find("qti-prompt")
    form = ItemForm(
        kind=kind,
        identifier=root.get("identifier"),
        title=root.get("title"),
        language=root.get(XML_LANG),
        question=typed(prompt) if prompt is not None else "",
        points=Decimal(outcome.get("normal-maximum")),
        shuffle=views[0].get("shuffle") == "true",
        multiple=views[0].get("max-choices") == "0",
        partial=any(one.name == "qti-mapping" for one in root.walk()),
        rubric=(
            typed_paragraphs(_find(rubric, "qti-content-body").elements)
            if rubric is not None
            else ""
        ),
        feedback_right=feedback.get(RIGHT, ""),
        feedback_wrong=feedback.get(WRONG, ""),
    )
    if kind not in IN_TEXT:
        form = replace(form, text=typed_paragraphs(blocks))
    return READ[kind](form, root, views)


def _correct(root: qti.Element, name: str = "RESPONSE") -> list[str]:
    for one in root.all("qti-response-declaration"):
        if one.get("identifier") == name:
            correct = one.find("qti-correct-response")
            return [value.text for value in correct.elements] if correct is not None else []
    return []


def _mapped(root: qti.Element) -> dict[str, Decimal]:
    return {
        one.get("map-key"): Decimal(one.get("mapped-value"))
        for one in root.walk()
        if one.name == "qti-map-entry"
    }


def _without_feedback(option: qti.Element) -> qti.Element:
    bare = option.copy()
    for one in bare.all("qti-feedback-inline"):
        bare.children.remove(one)
    return bare


def _read_choice(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    right, mapped = set(_correct(root)), _mapped(root)
    rows = tuple(
        Row(typed(_without_feedback(one)), right=one.get("identifier") in right,
            points=mapped.get(one.get("identifier")),
            feedback="".join(map(typed, one.all("qti-feedback-inline"))))
        for one in views[0].all("qti-simple-choice")
    )  # fmt: skip
    points = Decimal(1) if form.partial else form.points
    return replace(form, rows=rows, points=points)


def _read_order(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    rows = tuple(Row(typed(one)) for one in views[0].all("qti-simple-choice"))
    return replace(form, rows=rows, shuffle=False, multiple=False)


def _each(form: ItemForm, root: qti.Element) -> Decimal:
    return next(iter(_mapped(root).values())) if form.partial else form.points


def _read_match(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    left, right = views[0].all("qti-simple-match-set")
    targets = {one.get("identifier"): typed(one) for one in right.elements}
    pairs = dict(pair.split() for pair in _correct(root))
    rows = [
        Row(typed(one), targets.get(pairs.get(one.get("identifier"), ""), ""))
        for one in left.elements
    ]
    used = {row.other for row in rows}
    rows += [Row("", text) for text in targets.values() if text not in used]
    return replace(form, rows=tuple(rows), points=_each(form, root), multiple=False)


def _read_associate(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    texts = {one.get("identifier"): typed(one)
             for one in views[0].all("qti-simple-associable-choice")}  # fmt: skip
    rows = [Row(texts[a], texts[b]) for a, b in (pair.split() for pair in _correct(root))]
    rows += [Row(text) for name, text in texts.items() if name.startswith("X")]
    return replace(form, rows=tuple(rows), points=_each(form, root), multiple=False)


def _read_gap_match(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    view = views[0]
    words = {one.get("identifier"): one.text for one in view.all("qti-gap-text")}
    placed = {gap: words[word] for word, gap in (pair.split() for pair in _correct(root))}

    def gap(element: qti.Element) -> str | None:
        return placed[element.get("identifier")] if element.name == "qti-gap" else None

    text = typed_paragraphs(view.all("p"), gap)
    rows = tuple(Row(word) for word in words.values() if word not in placed.values())
    return replace(form, rows=rows, text=text, points=_each(form, root), multiple=False)


def _per_gap(form: ItemForm, views: list[qti.Element]) -> Decimal:
    return form.points / len(views)


def _read_inline(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    def gap(element: qti.Element) -> str | None:
        if element.name != "qti-inline-choice-interaction":
            return None
        return "|".join(one.text for one in element.elements)

    text = typed_paragraphs(_find(root, "qti-item-body").all("p"), gap)
    points = _per_gap(form, views)
    return replace(form, text=text, points=points, shuffle=False, multiple=False)


def _asks(rule: qti.Element, name: str) -> bool:
    return any(one.name == "qti-variable" and one.get("identifier") == name for one in rule.walk())


def _read_entry(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    rules = _find(root, "qti-response-processing").elements

    def gap(element: qti.Element) -> str | None:
        if element.name != "qti-text-entry-interaction":
            return None
        name = element.get("response-identifier")
        rule = next(one for one in rules if _asks(one, name))
        equal = [one for one in rule.walk() if one.name == "qti-equal"]
        if equal:
            within = equal[0].get("tolerance")
            return f"={_correct(root, name)[0]}" + (f"±{within}" if within else "")
        return "|".join(
            next(b.text for b in one.elements if b.name == "qti-base-value")
            for one in rule.walk()
            if one.name == "qti-string-match"
        )

    text = typed_paragraphs(_find(root, "qti-item-body").all("p"), gap)
    return replace(form, text=text, points=_per_gap(form, views), multiple=False)


def _read_extended(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    return replace(form, lines=int(views[0].get("expected-lines")))


def _read_upload(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    return form


def _read_picture(form: ItemForm, rows: list[Row], view: qti.Element) -> ItemForm:
    image = next(one for one in view.elements if one.name == "img")
    return replace(
        form, rows=tuple(rows), picture=image.get("src"), alt=image.get("alt"),
        width=int(image.get("width")), height=int(image.get("height")),
    )  # fmt: skip


def _read_spots(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    right = set(_correct(root)) if form.kind == "hotspot" else set()
    rows = [
        Row(one.get("hotspot-label"), right=one.get("identifier") in right,
            shape=one.get("shape"), coords=one.get("coords"))
        for one in views[0].all("qti-hotspot-choice")
    ]  # fmt: skip
    return _read_picture(form, rows, views[0])


def _read_places(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    words = {one.get("identifier"): one.text for one in views[0].all("qti-gap-text")}
    there = {gap: words[word] for word, gap in (pair.split() for pair in _correct(root))}
    rows = [
        Row(there[one.get("identifier")], shape=one.get("shape"), coords=one.get("coords"))
        for one in views[0].all("qti-associable-hotspot")
    ]
    rows += [Row(word) for word in words.values() if word not in there.values()]
    return _read_picture(replace(form, points=_each(form, root)), rows, views[0])


def _read_joined(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    spots = views[0].all("qti-associable-hotspot")
    number = {one.get("identifier"): n for n, one in enumerate(spots, 1)}
    pairs = [(number[one], number[other]) for one, other in map(str.split, _correct(root))]
    rows = [
        Row(one.get("hotspot-label"), shape=one.get("shape"), coords=one.get("coords"),
            other=", ".join(str(other) for first, other in pairs if first == n))
        for n, one in enumerate(spots, 1)
    ]  # fmt: skip
    return _read_picture(replace(form, points=_each(form, root)), rows, views[0])


def _read_points(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    areas = [one for one in root.walk() if one.name == "qti-area-map-entry"]
    rows = [Row(shape=one.get("shape"), coords=one.get("coords")) for one in areas]
    points = Decimal(areas[0].get("mapped-value"))
    return _read_picture(replace(form, points=points), rows, views[0])


def _read_position(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    stage, thing = _find(root, "qti-position-object-stage"), _find(views[0], "img")
    *before, asked = _find(root, "qti-item-body").all("p")
    form = _read_points(form, root, [stage])
    return replace(
        form, text=typed_paragraphs(before), question=typed(asked), thing=thing.get("src"),
        thing_alt=thing.get("alt"), thing_width=int(thing.get("width")),
        thing_height=int(thing.get("height")),
    )  # fmt: skip


READ: dict[str, Callable[[ItemForm, qti.Element, list[qti.Element]], ItemForm]] = {
    "choice": _read_choice,
    "order": _read_order,
    "match": _read_match,
    "associate": _read_associate,
    "gap-match": _read_gap_match,
    "inline-choice": _read_inline,
    "text-entry": _read_entry,
    "extended-text": _read_extended,
    "upload": _read_upload,
    "hotspot": _read_spots,
    "select-point": _read_points,
    "graphic-order": _read_spots,
    "graphic-associate": _read_joined,
    "graphic-gap-match": _read_places,
    "position-object": _read_position,
}
