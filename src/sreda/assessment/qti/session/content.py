"""What of an item is shown: feedback, templates, printed variables, rubrics, shuffled choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from ..items.item import Item, ModalFeedback
from ..model.interactions import SHUFFLED
from ..values.numbers import as_float, float_text
from ..values.text import value_text
from ..values.types import Ordered, Record, Single, Value, is_number, items_of
from ..xml import QTI3, Element
from ..xml.names import MATHML
from .item import ItemState, derived_seed

FEEDBACK = ("qti-feedback-inline", "qti-feedback-block")
TEMPLATES = ("qti-template-inline", "qti-template-block")
SHUFFLED_NAMES = frozenset(f"qti-{kind}-interaction" for kind in SHUFFLED)
MOVED = frozenset(
    ("qti-simple-choice", "qti-simple-associable-choice", "qti-inline-choice", "qti-gap-text",
     "qti-gap-img")
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """`body` is a copy of the item's body with only what is to be seen; `modal` are the messages
    that the last attempt calls for."""

    body: Element | None
    modal: tuple[ModalFeedback, ...]


def content_of(item: Item, state: ItemState, *, view: str = "candidate") -> Content:
    """What a person in the role `view` sees of the item in this state."""
    body = item.body
    return Content(
        None if body is None else shown(body, item, state, view=view),
        tuple(
            ModalFeedback(m.outcome, m.identifier, m.show, m.title,
                          shown(m.element, item, state, view=view))
            for m in item.modal_feedback
            if visible(state.values.get(m.outcome), m.identifier, m.show)
        ),
    )  # fmt: skip


def visible(value: Value, identifier: str, show: bool) -> bool:
    """Shown where the variable holds the identifier; where `show` is false, the other way."""
    held = any(one == identifier for one in items_of(value)) if value is not None else False
    return held is show


def shown(element: Element, item: Item, state: ItemState, *, view: str) -> Element:
    made = element.copy()
    _prune(made, item, state, view)
    return made


def _prune(element: Element, item: Item, state: ItemState, view: str, depth: int = 0) -> None:
    kept: list[Element | str] = []
    for child in element.children:
        if not isinstance(child, Element):
            kept.append(child)
            continue
        if not _stays(child, state, view):
            continue
        if child.name == "qti-printed-variable":
            kept.append(printed(child, state.values))
            continue
        if child.ns == MATHML and child.name in ("mi", "ci"):
            _substitute(child, item, state)
        elif child.name == "param":
            _parameter(child, item, state)
        _prune(child, item, state, view, depth + 1)
        kept.append(child)
    element.children = kept
    if element.name in SHUFFLED_NAMES and element.get("shuffle") == "true":
        shuffle(element, derived_seed(state.seed, element.get("response-identifier")))


def _stays(element: Element, state: ItemState, view: str) -> bool:
    name, values = element.name, state.values
    if name in FEEDBACK:
        held = values.get(element.get("outcome-identifier"))
        return visible(held, element.get("identifier"), element.get("show-hide", "show") != "hide")
    if name in TEMPLATES:
        held = values.get(element.get("template-identifier"))
        return visible(held, element.get("identifier"), element.get("show-hide", "show") != "hide")
    if name == "qti-rubric-block":
        views = element.get("view").split()
        return not views or view in views
    if template := element.get("template-identifier"):
        show = element.get("show-hide", "show") != "hide"
        return visible(values.get(template), element.get("identifier"), show)
    return True


def shuffle(interaction: Element, seed: int) -> None:
    """Moves the choices of an interaction, or of each of its match sets; fixed ones keep their
    places."""
    random = Random(seed)  # noqa: S311
    sets = [e for e in interaction.elements if e.name == "qti-simple-match-set"] or [interaction]
    for holder in sets:
        places = [
            at
            for at, child in enumerate(holder.children)
            if isinstance(child, Element)
            and child.name in MOVED
            and child.get("fixed") not in ("true", "1")
        ]
        moved = [holder.children[at] for at in places]
        random.shuffle(moved)
        for at, child in zip(places, moved, strict=True):
            holder.children[at] = child


def _substitute(element: Element, item: Item, state: ItemState) -> None:
    """A template variable in a formula: `<mi>X</mi>` becomes `<mn>5</mn>`."""
    name = element.text.strip()
    declaration = item.templates.get(name)
    if declaration is None or not declaration.math_variable:
        return
    value = state.values.get(name)
    element.children = [value_as_text(value)]
    if is_number(value):
        element.name = {"mi": "mn", "ci": "cn"}[element.name]


def _parameter(element: Element, item: Item, state: ItemState) -> None:
    declaration = item.templates.get(element.get("value"))
    if declaration is not None and declaration.param_variable:
        element.attributes["value"] = value_as_text(state.values.get(declaration.identifier))


def printed(element: Element, values: Mapping[str, Value]) -> Element:
    """The text of a printed variable, in a span that keeps its class."""
    text = printed_text(element, values.get(element.get("identifier")))
    attributes = {k: v for k, v in element.attributes.items() if k in ("id", "class")}
    return Element("span", attributes, text, ns=QTI3, line=element.line, file=element.file)


def printed_text(element: Element, value: Value) -> str:
    """`value` as a `qti-printed-variable` asks for it; NULL is empty."""
    pattern = element.get("format")
    power = element.get("power-form") in ("true", "1")
    delimiter = element.attributes.get("delimiter", ";")
    if isinstance(value, Record):
        if field := element.get("field"):
            return one_text(value.get(field), pattern, power)
        sign = element.attributes.get("mapping-indicator", "=")
        return delimiter.join(f"{k}{sign}{one_text(v, pattern, power)}" for k, v in value.items())
    if isinstance(value, Ordered) and (index := element.get("index")).isdigit():
        at = int(index) - 1
        return one_text(value[at], pattern, power) if 0 <= at < len(value) else ""
    base = int(element.get("base", "10")) if element.get("base", "10").isdigit() else 10
    return delimiter.join(one_text(one, pattern, power, base) for one in items_of(value))


FORMAT = re.compile(r"%([-+ 0#]*)(\d{0,3})(?:\.(\d{1,3}))?([diouxXeEfFgGrs])")


def one_text(value: Single | None, pattern: str, power: bool = False, base: int = 10) -> str:
    if value is None:
        return ""
    if pattern and is_number(value):
        return FORMAT.sub(lambda found: _formatted(found, value), pattern).replace("%%", "%")  # type: ignore[arg-type]
    text = value_as_text(value)
    if type(value) is int and base in (2, 8, 16):
        text = format(value, {2: "b", 8: "o", 16: "x"}[base])
    if power and is_number(value) and "E" in text:
        mantissa, exponent = text.split("E")
        return f"{mantissa}×10^{int(exponent)}"
    return text


def _formatted(found: re.Match[str], value: int | Fraction | float) -> str:
    """One conversion as in C's printf; `i` and `r` are those that QTI adds (whole, rounded)."""
    flags, width, places, kind = found.groups()
    zeros = f".{places}" if places else ""
    if kind in "dioxXu":
        number = int(value)
        if kind in "diu":
            kind = "d"
        return f"%{flags}{width}{kind}" % number
    if kind == "s":
        return f"%{flags}{width}{zeros}s" % value_as_text(value)
    if kind == "r":
        kind = "g"
    return f"%{flags}{width}{zeros}{kind}" % as_float(value)


def value_as_text(value: Value) -> str:
    """As people write it: 3.0 is 3."""
    if type(value) in (Fraction, float):
        return float_text(value).removesuffix(".0")  # type: ignore[arg-type]
    if isinstance(value, Record) or value is None:
        return ""
    return ";".join(value_text(one) for one in items_of(value))
