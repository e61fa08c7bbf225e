"""Base types and cardinalities of expressions, worked out without running them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..expressions import BUILT_IN, KINDS, operands_of
from ..issues import Issues
from ..model.declarations import Declaration
from ..words import words
from ..xml import Element

ALL = words("single multiple ordered record")
LISTS = words("multiple ordered")
PLAIN = words("single multiple ordered")
NUMBER = words("integer float")
TEXT = words("string identifier uri intOrIdentifier")
SINGLE = words("single")


@dataclass(frozen=True)
class Type:
    """What an expression may give; no base types: anything."""

    bases: frozenset[str] = frozenset()
    cardinalities: frozenset[str] = ALL

    def __str__(self) -> str:
        kinds = " / ".join(sorted(self.cardinalities)) if self.cardinalities != ALL else ""
        return f"{kinds} {' / '.join(sorted(self.bases))}".strip()

    def meets(self, other: Type) -> bool:
        bases = not self.bases or not other.bases or bool(self.bases & other.bases)
        return bases and bool(self.cardinalities & other.cardinalities)


def of(bases: str, cardinalities: frozenset[str] = SINGLE) -> Type:
    return Type(words(bases), cardinalities)


ANYTHING = Type()
BOOLEAN, INTEGER, FLOAT = of("boolean"), of("integer"), of("float")
NUMBERS = Type(NUMBER, SINGLE)
MANY_NUMBERS = Type(NUMBER, PLAIN)
WHOLE = of("integer", PLAIN)
CONTAINER = Type(cardinalities=LISTS)
ONE = Type(cardinalities=SINGLE)
STRING = Type(TEXT, SINGLE)
DURATION = of("duration")

# expression → what each operand must be (the last holds for all that follow)
OPERANDS: dict[str, tuple[Type, ...]] = {
    **dict.fromkeys(("and", "or", "not", "any-n"), (BOOLEAN,)),
    **dict.fromkeys(
        ("lt", "gt", "lte", "gte", "equal", "equal-rounded", "subtract", "divide", "power",
         "truncate", "round", "round-to", "math-operator"),
        (NUMBERS,),
    ),
    **dict.fromkeys(("integer-divide", "integer-modulus"), (INTEGER,)),
    **dict.fromkeys(("sum", "product", "max", "min", "integer-to-float"), (MANY_NUMBERS,)),
    **dict.fromkeys(("gcd", "lcm"), (WHOLE,)),
    **dict.fromkeys(("duration-lt", "duration-gte"), (DURATION,)),
    **dict.fromkeys(("string-match", "substring", "pattern-match"), (STRING,)),
    "stats-operator": (Type(NUMBER, LISTS),),
    "inside": (of("point", PLAIN),),
    "index": (CONTAINER,),
    "random": (CONTAINER,),
    "container-size": (CONTAINER,),
    "field-value": (Type(cardinalities=words("record")),),
    "member": (ONE, CONTAINER),
    "delete": (ONE, CONTAINER),
    "contains": (CONTAINER,),
    "multiple": (Type(cardinalities=words("single multiple")),),
    "ordered": (Type(cardinalities=words("single ordered")),),
    "repeat": (Type(cardinalities=words("single ordered")),),
}  # fmt: skip
RESULTS: dict[str, Type] = {
    **dict.fromkeys(
        ("and", "or", "not", "any-n", "is-null", "match", "member", "contains", "substring",
         "string-match", "pattern-match", "equal", "equal-rounded", "inside", "lt", "gt", "lte",
         "gte", "duration-lt", "duration-gte"),
        BOOLEAN,
    ),
    **dict.fromkeys(
        ("container-size", "random-integer", "truncate", "round", "integer-divide",
         "integer-modulus", "gcd", "lcm", "number-correct", "number-incorrect",
         "number-presented", "number-responded", "number-selected"),
        INTEGER,
    ),
    **dict.fromkeys(
        ("map-response", "map-response-point", "random-float", "math-constant", "divide", "power",
         "round-to", "integer-to-float", "stats-operator"),
        FLOAT,
    ),
    **dict.fromkeys(("outcome-minimum", "outcome-maximum"), of("float", words("multiple"))),
    "math-operator": NUMBERS,
    "test-variables": Type(cardinalities=words("multiple")),
}  # fmt: skip
# rules whose first child is a condition
CONDITIONS = words("""
    qti-response-if qti-response-else-if qti-outcome-if qti-outcome-else-if qti-template-if
    qti-template-else-if qti-template-constraint qti-pre-condition qti-branch-rule
    """)
SETTERS = words("""
    qti-set-outcome-value qti-set-template-value qti-set-correct-response qti-set-default-value
    """)


def check_types(root: Element, declarations: Mapping[str, Declaration], issues: Issues) -> None:
    """Notes operands that can never be of the type their operator asks for: most such expressions
    are always NULL, and the rest work here but not everywhere."""
    checker = _Checker(declarations, issues)
    for element in root.walk():
        inner = element.elements
        if element.name in CONDITIONS and inner and inner[0].name in KINDS:
            checker.expect(inner[0], BOOLEAN)
        elif element.name in SETTERS and len(inner) == 1 and inner[0].name in KINDS:
            declaration = declarations.get(element.get("identifier"))
            checker.expect(inner[0], accepted(declaration) if declaration else ANYTHING)
        elif element.name == "qti-lookup-outcome-value" and len(inner) == 1:
            checker.expect(inner[0], NUMBERS)


def accepted(declaration: Declaration) -> Type:
    """What may be put into a variable: integers into floats, text into text, one into many."""
    bases = frozenset((declaration.base_type,)) if declaration.base_type else frozenset[str]()
    if declaration.base_type == "float":
        bases = NUMBER
    elif bases & TEXT:
        bases = TEXT | ({"integer"} if declaration.base_type == "intOrIdentifier" else set())
    if declaration.cardinality == "record":
        return Type(bases, words("record"))
    return Type(bases, PLAIN)


class _Checker:
    def __init__(self, declarations: Mapping[str, Declaration], issues: Issues) -> None:
        self.declarations = declarations
        self.issues = issues

    def expect(self, element: Element, wanted: Type) -> Type:
        found = self.infer(element)
        if not found.meets(wanted):
            self.issues.add("operand-type", element, found=str(found), allowed=str(wanted))
        return found

    def infer(self, element: Element) -> Type:
        name = element.name.removeprefix("qti-")
        operands = operands_of(element)
        needed = OPERANDS.get(name)
        types = [
            self.expect(one, needed[min(at, len(needed) - 1)]) if needed else self.infer(one)
            for at, one in enumerate(operands)
        ]
        if name in ("match", "member", "delete", "contains") and len(types) == 2:
            self.alike(element, types)
        return self.result(element, name, types)

    def alike(self, element: Element, types: list[Type]) -> None:
        first, second = (
            t.bases | (NUMBER if t.bases & NUMBER else frozenset())
            | (TEXT if t.bases & TEXT else frozenset())
            for t in types
        )  # fmt: skip
        same = not first or not second or first & second
        if element.name == "qti-match":
            same = same and types[0].cardinalities & types[1].cardinalities
        if not same:
            self.issues.add("operand-type", element, found=str(types[1]), allowed=str(types[0]))

    def result(self, element: Element, name: str, types: list[Type]) -> Type:
        if name in RESULTS:
            return RESULTS[name]
        match name:
            case "base-value":
                return of(element.get("base-type"))
            case "variable" | "correct" | "default":
                return self.variable(element.get("identifier").strip())
            case "sum" | "product" | "subtract" | "max" | "min":
                whole = all(t.bases == {"integer"} for t in types)
                return INTEGER if whole else FLOAT if any(
                    t.bases == {"float"} for t in types
                ) else NUMBERS  # fmt: skip
            case "multiple" | "ordered":
                return Type(together(types), words(name))
            case "repeat":
                return Type(together(types), words("ordered"))
            case "index" | "random" if types:
                return Type(types[0].bases, SINGLE)
            case "field-value":
                return ONE
            case "delete" if len(types) == 2:
                return types[1]
        return ANYTHING

    def variable(self, name: str) -> Type:
        declaration = self.declarations.get(name) or BUILT_IN.get(name)
        if declaration is None:
            return ANYTHING
        return Type(
            frozenset((declaration.base_type,)) if declaration.base_type else frozenset(),
            frozenset((declaration.cardinality,)),
        )


def together(types: list[Type]) -> frozenset[str]:
    """The base types of a container; unknown where one member's are."""
    if not types or any(not t.bases for t in types):
        return frozenset()
    return frozenset[str]().union(*(t.bases for t in types))
