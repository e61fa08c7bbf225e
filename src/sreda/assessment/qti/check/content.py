"""Checks of any content: unknown names, active content, attributes, references."""

from __future__ import annotations

from ..expressions.patterns import PatternError, full_match
from ..issues import Issues
from ..model.reading import short
from ..xml import QTI3, Element
from ..xml.names import ACTIVE, ELEMENTS, EXPRESSIONS, HTML, RULES
from .schema import ATTRIBUTES, COMMON, FLAGS, OPEN, VALUES, VIEWS

PROCESSING = frozenset(f"qti-{name}" for name in EXPRESSIONS | RULES)
# what may be any markup of its own
FREE = frozenset(("qti-interaction-markup", "qti-custom-interaction", "qti-catalog-info"))


def check_content(root: Element, issues: Issues) -> None:
    """Walks the whole tree once."""
    seen: dict[str, Element] = {}
    catalogs = {one.get("id") for one in root.walk() if one.name == "qti-catalog"}
    stack: list[tuple[Element, bool]] = [(root, False)]
    while stack:
        element, free = stack.pop()
        _name(element, free, issues)
        _attributes(element, issues)
        if (name := element.get("id")) and element.name != "qti-interaction-module":
            if name in seen:
                issues.add("id-twice", element, name=name)
            seen[name] = element
        if wanted := element.get("data-catalog-idref"):
            for one in wanted.split():
                if one not in catalogs:
                    issues.add("reference-unknown", element, name=one)
        inner = free or element.name in FREE
        stack.extend((child, inner) for child in reversed(element.elements))


def _name(element: Element, free: bool, issues: Issues) -> None:
    name = element.name
    if name.lower() in ACTIVE and element.ns in (QTI3, "", "http://www.w3.org/1999/xhtml"):
        issues.add("script", element, name=name)
        return
    if element.ns != QTI3 or name in ELEMENTS or free:
        return
    if name.startswith("qti-"):
        # the compiler tells of those among the rules
        if not any(a.name in PROCESSING or a.name.endswith("-processing")
                   for a in element.ancestors()):  # fmt: skip
            issues.add("element-unknown", element)
    elif name.lower() not in HTML and "-" not in name:
        issues.add("element-unknown", element)


def _attributes(element: Element, issues: Issues) -> None:
    for name, value in element.attributes.items():
        low = name.lower()
        if low.startswith("on") and element.ns == QTI3 and not element.name.startswith("qti-"):
            issues.add("script", element, name=name)
        elif low in ("href", "src", "data", "action", "poster") and _runs(value):
            issues.add("script", element, name=short(value))
    table = ATTRIBUTES.get(element.name)
    if table is None or element.ns != QTI3:
        return
    needed, known = table
    for name in sorted(needed - element.attributes.keys()):
        issues.add("attribute-missing", element, name=name)
    bare = element.name.removeprefix("qti-")
    for name, value in element.attributes.items():
        if name in known:
            _value(element, name, value, issues)
        elif not (
            name[0] == "{"
            or name in COMMON
            or name.startswith(("data-", "aria-", "xmlns"))
            or bare in OPEN
        ):
            issues.add("attribute-unknown", element, name=name)


def _value(element: Element, name: str, value: str, issues: Issues) -> None:
    allowed = VALUES.get(name)
    if allowed and value.strip() not in allowed:
        issues.add("attribute-value", element, name=name, value=short(value))
    if name in FLAGS and value.strip() not in ("true", "false", "1", "0"):
        issues.add("attribute-value", element, name=name, value=short(value))
    if name == "view" and not set(value.split()) <= VIEWS:
        issues.add("attribute-value", element, name=name, value=short(value))
    if name == "pattern-mask":
        try:
            full_match(value, "")
        except PatternError as error:
            issues.add("pattern", element, reason=str(error))


def _runs(value: str) -> bool:
    said = "".join(value.split()).lower()
    return said.startswith(("javascript:", "vbscript:", "data:text/html"))
