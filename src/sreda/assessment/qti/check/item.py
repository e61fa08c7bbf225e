"""Checks of an item as a whole."""

from __future__ import annotations

from ..expressions import BUILT_IN
from ..issues import Issue, Issues
from ..items.item import Item
from ..model.declarations import OUTCOME, TEMPLATE
from ..xml import Element
from .content import check_content
from .types import check_types


def check_item(item: Item) -> tuple[Issue, ...]:
    """Everything that is wrong with the item, what its reading found first."""
    issues = Issues(item.file)
    issues.extend(item.issues)
    check_content(item.source, issues)
    _responses(item, issues)
    _feedback(item, issues)
    _templates(item, issues)
    check_types(item.source, item.declarations, issues)
    if item.body is None:
        issues.add("element-missing", item.source, name="qti-item-body")
    if item.scoring is None and item.responses:
        issues.add("no-scoring", item.source)
    return issues.tuple()


def _at(item: Item, kind: str, name: str) -> Element:
    return next(
        (
            one
            for one in item.source.all(f"qti-{kind}-declaration")
            if one.get("identifier") == name
        ),
        item.source,
    )


def _responses(item: Item, issues: Issues) -> None:
    given = {i.response for i in item.interactions}
    # several text entries may share one record
    for name, declaration in item.responses.items():
        if name not in given and name not in BUILT_IN:
            issues.add("variable-unused", _at(item, "response", name), name=name)
        if (
            f"correct:{name}" in item.used
            and declaration.correct is None
            and f"correct-set:{name}" not in item.used
        ):
            issues.add("correct-missing", _at(item, "response", name), name=name)


def _feedback(item: Item, issues: Issues) -> None:
    dead: set[str] = set()
    for element in item.source.walk():
        if element.name not in ("qti-feedback-inline", "qti-feedback-block", "qti-modal-feedback"):
            continue
        name = element.get("outcome-identifier")
        if not name:
            continue
        declaration = item.declarations.get(name) or BUILT_IN.get(name)
        if declaration is None:
            issues.add("variable-unknown", element, name=name)
        elif declaration.kind != OUTCOME:
            issues.add("variable-kind", element, name=name, kind=OUTCOME)
        elif (
            f"set:{name}" not in item.used
            and declaration.default is None
            and element.get("show-hide", "show") == "show"
            and name not in BUILT_IN
            and name not in dead
        ):
            dead.add(name)
            issues.add("feedback-dead", element, name=name)


def _templates(item: Item, issues: Issues) -> None:
    for element in item.source.walk():
        name = element.get("template-identifier")
        if name:
            declaration = item.declarations.get(name)
            if declaration is None:
                issues.add("variable-unknown", element, name=name)
            elif declaration.kind != TEMPLATE:
                issues.add("variable-kind", element, name=name, kind=TEMPLATE)
        if element.name == "qti-printed-variable":
            wanted = element.get("identifier")
            if wanted and wanted not in item.declarations and wanted not in BUILT_IN:
                issues.add("variable-unknown", element, name=wanted)
