"""Reading declarations out of the tree."""

from __future__ import annotations

from fractions import Fraction

from ..issues import Issues
from ..values.numbers import parse_float, parse_integer
from ..values.shapes import SHAPES, area, parse_coords
from ..values.text import IDENTIFIER, parse_value
from ..values.types import (
    BASE_TYPES,
    CARDINALITIES,
    Multiple,
    Number,
    Ordered,
    Record,
    Single,
    Value,
    normal,
)
from ..xml import Element
from .declarations import (
    AreaEntry,
    AreaMapping,
    Declaration,
    InterpolationTable,
    MapEntry,
    Mapping,
    MatchTable,
)

KINDS = ("response", "outcome", "template", "context")


def read_declarations(root: Element, issues: Issues) -> dict[str, Declaration]:
    """All variables by identifier; of two with one name the first counts."""
    found: dict[str, Declaration] = {}
    for element in root.elements:
        kind = element.name.removeprefix("qti-").removesuffix("-declaration")
        if kind not in KINDS or element.name != f"qti-{kind}-declaration":
            continue
        one = read_declaration(element, kind, issues)
        if one is None:
            continue
        if one.identifier in found:
            issues.add("identifier-twice", element, name=one.identifier)
            continue
        found[one.identifier] = one
    return found


def read_declaration(element: Element, kind: str, issues: Issues) -> Declaration | None:
    identifier = identifier_of(element, issues)
    if not identifier:
        return None
    cardinality = element.get("cardinality", "single")
    if not element.get("cardinality"):
        issues.add("attribute-missing", element, name="cardinality")
    if cardinality not in CARDINALITIES:
        issues.add("cardinality", element, value=cardinality)
        cardinality = "single"
    base_type = element.get("base-type")
    if base_type and base_type not in BASE_TYPES:
        issues.add("base-type", element, value=base_type)
        base_type = "string"
    if not base_type and cardinality != "record":
        issues.add("base-type-missing", element)
        base_type = "string"
    return Declaration(
        identifier=identifier,
        kind=kind,
        cardinality=cardinality,
        base_type=base_type,
        default=read_values(element.find("qti-default-value"), base_type, cardinality, issues),
        correct=read_values(element.find("qti-correct-response"), base_type, cardinality, issues),
        mapping=read_mapping(element.find("qti-mapping"), base_type, issues),
        area_mapping=read_area_mapping(element.find("qti-area-mapping"), issues),
        table=read_table(element, base_type, issues),
        normal_maximum=number_of(element, "normal-maximum", issues),
        normal_minimum=number_of(element, "normal-minimum", issues),
        mastery=number_of(element, "mastery-value", issues),
        interpretation=element.get("interpretation"),
        external_scored=element.get("external-scored"),
        view=frozenset(element.get("view").split()),
        math_variable=flag_of(element, "math-variable", issues),
        param_variable=flag_of(element, "param-variable", issues),
        line=element.line,
    )


def identifier_of(element: Element, issues: Issues) -> str:
    identifier = element.get("identifier").strip()
    if not identifier:
        issues.add("attribute-missing", element, name="identifier")
    elif not IDENTIFIER.match(identifier):
        issues.add("identifier-form", element, name=identifier)
    return identifier


def read_values(holder: Element | None, base_type: str, cardinality: str, issues: Issues) -> Value:
    """The `qti-value`s of a default value or a correct response."""
    if holder is None:
        return None
    values = holder.all("qti-value")
    if cardinality == "record":
        fields: dict[str, Single | None] = {}
        types: dict[str, str] = {}
        for one in values:
            name = one.get("field-identifier")
            if not name:
                issues.add("attribute-missing", one, name="field-identifier")
                continue
            types[name] = one.get("base-type", "string")
            fields[name] = read_value(one, types[name], issues)
        return normal(Record(fields, types))
    singles = [
        single
        for one in values
        if (single := read_value(one, one.get("base-type") or base_type, issues)) is not None
    ]
    if cardinality == "single":
        if len(values) > 1:
            issues.add("values-many", holder, count=len(values))
        return singles[0] if singles else None
    return normal((Multiple if cardinality == "multiple" else Ordered)(singles))


def read_value(element: Element, base_type: str, issues: Issues) -> Single | None:
    text = element.text
    try:
        if base_type == "string" and element.elements:
            text = text.strip()
        return parse_value(text, base_type)
    except (ValueError, OverflowError, ArithmeticError):
        issues.add("value", element, value=short(text), type=base_type)
        return None


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def number_of(element: Element, name: str, issues: Issues) -> Number | None:
    text = element.get(name)
    if not text.strip():
        return None
    try:
        return parse_float(text)
    except (ValueError, OverflowError, ArithmeticError):
        issues.add("attribute-value", element, name=name, value=short(text))
        return None


def whole_of(element: Element, name: str, issues: Issues) -> int | None:
    text = element.get(name)
    if not text.strip():
        return None
    try:
        return parse_integer(text)
    except ValueError:
        issues.add("attribute-value", element, name=name, value=short(text))
        return None


def flag_of(element: Element, name: str, issues: Issues, default: bool = False) -> bool:
    text = element.get(name).strip()
    if not text:
        return default
    if text in ("true", "1"):
        return True
    if text not in ("false", "0"):
        issues.add("attribute-value", element, name=name, value=short(text))
    return False


def read_bounds(element: Element, issues: Issues) -> tuple[Number | None, Number | None]:
    lower = number_of(element, "lower-bound", issues)
    upper = number_of(element, "upper-bound", issues)
    if lower is not None and upper is not None and lower > upper:
        issues.add("bounds", element, lower=element.get("lower-bound"),
                   upper=element.get("upper-bound"))  # fmt: skip
    return lower, upper


def read_mapping(element: Element | None, base_type: str, issues: Issues) -> Mapping | None:
    if element is None:
        return None
    entries = []
    seen = set()
    for one in element.all("qti-map-entry"):
        for name in ("map-key", "mapped-value"):
            if name not in one.attributes:
                issues.add("attribute-missing", one, name=name)
        try:
            key = parse_value(one.get("map-key"), base_type)
        except (ValueError, OverflowError, ArithmeticError):
            issues.add("value", one, value=short(one.get("map-key")), type=base_type)
            continue
        if one.get("map-key") in seen:
            issues.add("map-twice", one, value=short(one.get("map-key")))
        seen.add(one.get("map-key"))
        value = number_of(one, "mapped-value", issues)
        sensitive = flag_of(one, "case-sensitive", issues)
        entries.append(MapEntry(key, Fraction(0) if value is None else value, sensitive))
    lower, upper = read_bounds(element, issues)
    default = number_of(element, "default-value", issues)
    return Mapping(tuple(entries), Fraction(0) if default is None else default, lower, upper)


def read_area_mapping(element: Element | None, issues: Issues) -> AreaMapping | None:
    if element is None:
        return None
    entries = []
    for one in element.all("qti-area-map-entry"):
        shape, text = one.get("shape", "default"), one.get("coords")
        if shape not in SHAPES:
            issues.add("attribute-value", one, name="shape", value=shape)
            continue
        try:
            coords = parse_coords(shape, text)
        except (ValueError, OverflowError):
            issues.add("coords", one, value=short(text), shape=shape)
            continue
        value = number_of(one, "mapped-value", issues)
        if value is None:
            if "mapped-value" not in one.attributes:
                issues.add("attribute-missing", one, name="mapped-value")
            value = Fraction(0)
        entries.append(AreaEntry(shape, coords, value, area(shape, coords)))
    lower, upper = read_bounds(element, issues)
    default = number_of(element, "default-value", issues)
    return AreaMapping(tuple(entries), Fraction(0) if default is None else default, lower, upper)


def read_table(
    owner: Element, base_type: str, issues: Issues
) -> MatchTable | InterpolationTable | None:
    element = owner.find("qti-match-table", "qti-interpolation-table")
    if element is None:
        return None
    default = _target(element, "default-value", base_type, issues)
    if element.name == "qti-match-table":
        matches = []
        for one in element.all("qti-match-table-entry"):
            source = whole_of(one, "source-value", issues)
            if source is None:
                issues.add("attribute-missing", one, name="source-value")
                continue
            matches.append((source, _target(one, "target-value", base_type, issues)))
        return MatchTable(tuple(matches), default)
    steps = []
    for one in element.all("qti-interpolation-table-entry"):
        bound = number_of(one, "source-value", issues)
        if bound is None:
            issues.add("attribute-missing", one, name="source-value")
            continue
        included = flag_of(one, "include-boundary", issues, default=True)
        steps.append((bound, included, _target(one, "target-value", base_type, issues)))
    return InterpolationTable(tuple(steps), default)


def _target(element: Element, name: str, base_type: str, issues: Issues) -> Value:
    text = element.get(name)
    if not text:
        return None
    try:
        return parse_value(text, base_type)
    except (ValueError, OverflowError, ArithmeticError):
        issues.add("value", element, value=short(text), type=base_type)
        return None
