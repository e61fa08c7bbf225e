"""Interactions: what may be answered, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..issues import Issues
from ..values.types import DirectedPair, Number, Pair, items_of
from ..words import words
from ..xml import Element
from ..xml.names import INTERACTIONS
from .declarations import RESPONSE, Declaration
from .reading import flag_of, number_of, whole_of

ANY = frozenset(("single", "multiple", "ordered", "record"))
TEXT = frozenset(("string", "integer", "float"))

# kind -> (base types, cardinalities) that its response may have
TAKES: dict[str, tuple[frozenset[str] | None, frozenset[str]]] = {
    "choice": (frozenset(("identifier",)), frozenset(("single", "multiple"))),
    "order": (frozenset(("identifier",)), frozenset(("ordered",))),
    "associate": (frozenset(("pair",)), frozenset(("single", "multiple"))),
    "match": (frozenset(("directedPair",)), frozenset(("single", "multiple"))),
    "gap-match": (frozenset(("directedPair",)), frozenset(("single", "multiple"))),
    "inline-choice": (frozenset(("identifier",)), frozenset(("single",))),
    "text-entry": (TEXT, frozenset(("single", "record"))),
    "extended-text": (TEXT | {"file"}, ANY),
    "hottext": (frozenset(("identifier",)), frozenset(("single", "multiple"))),
    "hotspot": (frozenset(("identifier",)), frozenset(("single", "multiple"))),
    "select-point": (frozenset(("point",)), frozenset(("single", "multiple"))),
    "graphic-order": (frozenset(("identifier",)), frozenset(("ordered",))),
    "graphic-associate": (frozenset(("pair",)), frozenset(("single", "multiple"))),
    "graphic-gap-match": (frozenset(("directedPair",)), frozenset(("single", "multiple"))),
    "position-object": (frozenset(("point",)), frozenset(("single", "multiple"))),
    "slider": (frozenset(("integer", "float")), frozenset(("single",))),
    "media": (frozenset(("integer",)), frozenset(("single",))),
    "drawing": (frozenset(("file",)), frozenset(("single",))),
    "upload": (frozenset(("file",)), frozenset(("single", "multiple"))),
    "end-attempt": (frozenset(("boolean",)), frozenset(("single",))),
    "portable-custom": (None, ANY),
    "custom": (None, ANY),
}
CHOICES = frozenset(
    f"qti-{name}"
    for name in words("""
        simple-choice inline-choice simple-associable-choice gap gap-text gap-img hottext
        hotspot-choice associable-hotspot
    """)
)
SHUFFLED = frozenset(("choice", "order", "associate", "match", "gap-match", "inline-choice"))
# chosen one by one; the bounds are those of min-choices and max-choices
CHOSEN = frozenset(
    ("choice", "order", "hottext", "hotspot", "select-point", "graphic-order", "position-object")
)
ASSOCIATED = frozenset(
    ("associate", "match", "gap-match", "graphic-associate", "graphic-gap-match")
)


@dataclass(frozen=True)
class Choice:
    """`role`: choice, source, target or gap. `match_max` 0 means without limit."""

    identifier: str
    role: str = "choice"
    match_max: int = 0
    match_min: int = 0
    match_group: frozenset[str] = frozenset()
    fixed: bool = False
    required: bool = False
    template_identifier: str = ""
    show: bool = True
    line: int = 0


@dataclass(frozen=True)
class Interaction:
    """`most` 0 means without limit; `least` is what a valid response needs."""

    kind: str
    response: str
    element: Element
    choices: tuple[Choice, ...] = ()
    least: int = 0
    most: int = 0
    shuffle: bool = False
    required: bool = False
    pattern: str = ""
    expected_length: int | None = None
    base: int = 10
    string_identifier: str = ""
    lower: Number | None = None
    upper: Number | None = None
    step: Number | None = None
    types: tuple[str, ...] = ()
    line: int = 0

    @cached_property
    def known(self) -> dict[str, Choice]:
        """Choices by identifier."""
        return {choice.identifier: choice for choice in self.choices}


def read_interactions(
    body: Element, declarations: dict[str, Declaration], issues: Issues
) -> tuple[Interaction, ...]:
    """All interactions below `body`, in document order."""
    found = []
    answered: dict[str, Element] = {}
    for element in body.walk():
        if element.name.removeprefix("qti-") not in INTERACTIONS:
            continue
        kind = element.name.removeprefix("qti-").removesuffix("-interaction")
        one = read_interaction(element, kind, issues)
        check_response(one, declarations, issues)
        if (
            one.response
            and one.response in answered
            and kind not in ("end-attempt", "position-object")
        ):
            issues.add("response-twice", element, name=one.response)
        answered.setdefault(one.response, element)
        found.append(one)
    return tuple(found)


def read_interaction(element: Element, kind: str, issues: Issues) -> Interaction:
    response = element.get("response-identifier").strip()
    if not response:
        issues.add("attribute-missing", element, name="response-identifier")
    choices = read_choices(element, kind, issues)
    least, most = bounds_of(element, kind, len(choices), issues)
    if most and least > most:
        issues.add("interaction-lax", element, most=most, least=least)
    if kind == "custom":
        issues.add("interaction-custom", element)
    elif kind == "portable-custom":
        issues.add("interaction-portable", element)
    if kind == "slider":
        for name in ("lower-bound", "upper-bound"):
            if name not in element.attributes:
                issues.add("attribute-missing", element, name=name)
    return Interaction(
        kind=kind,
        response=response,
        element=element,
        choices=choices,
        least=least,
        most=most,
        shuffle=kind in SHUFFLED and flag_of(element, "shuffle", issues),
        required=kind == "inline-choice" and flag_of(element, "required", issues),
        pattern=element.get("pattern-mask"),
        expected_length=whole_of(element, "expected-length", issues),
        base=whole_of(element, "base", issues) or 10,
        string_identifier=element.get("string-identifier"),
        lower=number_of(element, "lower-bound", issues),
        upper=number_of(element, "upper-bound", issues),
        step=number_of(element, "step", issues),
        types=tuple(element.get("type").split()) if kind == "upload" else (),
        line=element.line,
    )


def bounds_of(element: Element, kind: str, choices: int, issues: Issues) -> tuple[int, int]:
    """(least, most) answers; the defaults are those of the standard."""

    def whole(name: str, default: int) -> int:
        value = whole_of(element, name, issues)
        if value is not None and value < 0:
            issues.add("attribute-value", element, name=name, value=value)
            return default
        return default if value is None else value

    if kind in ("order", "graphic-order"):
        most = whole("max-choices", 0)
        # without bounds all choices are to be put in order
        default = 0 if "max-choices" in element.attributes else choices
        return whole("min-choices", default), most
    if kind in CHOSEN:
        return whole("min-choices", 0), whole("max-choices", 0 if kind == "select-point" else 1)
    if kind in ASSOCIATED:
        default = 0 if "gap" in kind else 1
        return whole("min-associations", 0), whole("max-associations", default)
    if kind == "extended-text":
        return whole("min-strings", 0), whole("max-strings", 0)
    if kind == "media":
        return whole("min-plays", 0), whole("max-plays", 0)
    if kind == "upload":
        return whole("min-uploads", 0), whole("max-uploads", 0)
    return 0, 0


def read_choices(element: Element, kind: str, issues: Issues) -> tuple[Choice, ...]:
    found: list[Choice] = []
    seen: set[str] = set()
    sets = element.all("qti-simple-match-set")
    if kind == "match" and len(sets) != 2:
        issues.add("element-missing", element, name="qti-simple-match-set")
    for one in element.walk():
        if one.name not in CHOICES or one is element:
            continue
        if owner(one) is not element:
            continue
        identifier = one.get("identifier").strip()
        if not identifier:
            issues.add("attribute-missing", one, name="identifier")
            continue
        role = role_of(one, kind, sets)
        if identifier in seen:
            issues.add("identifier-twice", one, name=identifier)
        seen.add(identifier)
        single = role == "gap" and kind == "gap-match"
        found.append(
            Choice(
                identifier=identifier,
                role=role,
                match_max=whole_of(one, "match-max", issues) or (1 if single else 0),
                match_min=whole_of(one, "match-min", issues) or 0,
                match_group=frozenset(one.get("match-group").split()),
                fixed=flag_of(one, "fixed", issues),
                required=flag_of(one, "required", issues),
                template_identifier=one.get("template-identifier"),
                show=one.get("show-hide", "show") != "hide",
                line=one.line,
            )
        )
    return tuple(found)


def owner(choice: Element) -> Element | None:
    """The interaction a choice belongs to: the nearest above it."""
    return next((a for a in choice.ancestors() if a.name.endswith("-interaction")), None)


def role_of(choice: Element, kind: str, sets: list[Element]) -> str:
    match kind:
        case "match":
            inside = next((a for a in choice.ancestors() if a.name == "qti-simple-match-set"), None)
            return "target" if sets[1:] and inside is sets[1] else "source"
        case "gap-match":
            return "gap" if choice.name == "qti-gap" else "source"
        case "graphic-gap-match":
            return "gap" if choice.name == "qti-associable-hotspot" else "source"
        case _:
            return "choice"


def check_response(one: Interaction, declarations: dict[str, Declaration], issues: Issues) -> None:
    """The response's variable must exist and be of a type the interaction gives."""
    if not one.response:
        return
    declaration = declarations.get(one.response)
    if declaration is None:
        issues.add("variable-unknown", one.element, name=one.response)
        return
    if declaration.kind != RESPONSE:
        issues.add("variable-kind", one.element, name=one.response, kind=RESPONSE)
        return
    types, cardinalities = TAKES[one.kind]
    right = declaration.cardinality in cardinalities and (
        types is None or declaration.cardinality == "record" or declaration.base_type in types
    )
    if not right:
        needed = f"{' / '.join(sorted(cardinalities))} {' / '.join(sorted(types or ()))}"
        found = f"{declaration.cardinality} {declaration.base_type}".strip()
        issues.add("response-type", one.element, name=one.response, found=found, needed=needed)
    check_known(one, declaration, issues)


def check_known(one: Interaction, declaration: Declaration, issues: Issues) -> None:
    """What the correct response and the mapping name must be choices of the interaction."""
    if not one.choices:
        return
    known = {choice.identifier for choice in one.choices}
    keys = [entry.key for entry in declaration.mapping.entries] if declaration.mapping else []
    for value in (*items_of(declaration.correct), *keys):
        names = (value.first, value.second) if isinstance(value, Pair | DirectedPair) else (value,)
        for name in names:
            if isinstance(name, str) and name not in known:
                issues.add("choice-unknown", one.element, value=name)
