"""An item, read once and kept: its variables, interactions and compiled rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from ..expressions import BUILT_IN, ITEM, QTI_CONTEXT, Scope
from ..issues import ERROR, FATAL, Issue, Issues
from ..model.declarations import CONTEXT, OUTCOME, RESPONSE, TEMPLATE, Declaration
from ..model.interactions import Interaction, read_interactions
from ..model.reading import flag_of, identifier_of, read_declarations
from ..processing import Rule, compile_responses, compile_templates
from ..xml import Element, read_xml, upgrade, write_xml
from ..xml.names import ELEMENTS

Loader = Callable[[str], Element]
SCHEMA = (
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0 "
    "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd"
)


@dataclass(frozen=True)
class ModalFeedback:
    outcome: str
    identifier: str
    show: bool
    title: str
    element: Element


@dataclass(frozen=True)
class StimulusRef:
    identifier: str
    href: str
    title: str = ""


@dataclass(frozen=True)
class Item:
    """One assessment item. `source` is its tree in QTI 3.0, which `write_item` writes again;
    `version` is the one it was read in. It is never changed after reading and can be shared."""

    identifier: str
    title: str
    label: str
    language: str
    adaptive: bool
    time_dependent: bool
    declarations: dict[str, Declaration]
    interactions: tuple[Interaction, ...]
    modal_feedback: tuple[ModalFeedback, ...]
    stimuli: tuple[StimulusRef, ...]
    stylesheets: tuple[str, ...]
    source: Element
    version: str
    file: str
    issues: tuple[Issue, ...]
    scoring: Rule | None = field(repr=False, compare=False)
    template: Rule | None = field(repr=False, compare=False)
    used: frozenset[str] = field(repr=False, compare=False, default=frozenset())

    @cached_property
    def responses(self) -> dict[str, Declaration]:
        return self._of(RESPONSE)

    @cached_property
    def outcomes(self) -> dict[str, Declaration]:
        return self._of(OUTCOME)

    @cached_property
    def templates(self) -> dict[str, Declaration]:
        return self._of(TEMPLATE)

    @cached_property
    def contexts(self) -> dict[str, Declaration]:
        """Those it declares, and QTI_CONTEXT, which every item has."""
        return {QTI_CONTEXT.identifier: QTI_CONTEXT} | self._of(CONTEXT)

    @cached_property
    def buttons(self) -> tuple[str, ...]:
        """Responses that end an attempt."""
        return tuple(
            one.response
            for one in self.interactions
            if one.kind == "end-attempt" and one.response in self.responses
        )

    @cached_property
    def typed(self) -> dict[str, Interaction]:
        """Text interactions by their response."""
        return {
            one.response: one
            for one in self.interactions
            if one.kind in ("text-entry", "extended-text")
        }

    def _of(self, kind: str) -> dict[str, Declaration]:
        return {k: d for k, d in self.declarations.items() if d.kind == kind}

    @property
    def body(self) -> Element | None:
        return self.source.find("qti-item-body")

    @property
    def catalog(self) -> Element | None:
        """The catalogue of accessible alternatives, as it stands in the item."""
        return self.source.find("qti-catalog-info")

    @property
    def sound(self) -> bool:
        """Nothing in it breaks the standard."""
        return not any(issue.severity in (ERROR, FATAL) for issue in self.issues)


def read_item(data: bytes | str | Element, *, file: str = "", load: Loader | None = None) -> Item:
    """The item in an XML text of QTI 2.x or 3.0. `load` gives the tree of a file beside it (for
    included rules and templates). Raises `QtiError` where nothing can be read; every lesser fault
    is in `Item.issues`."""
    root = data if isinstance(data, Element) else read_xml(data, file=file)
    issues = Issues(file)
    root, version = upgrade(root, issues)
    if root.name != "qti-assessment-item":
        issues.add("not-qti", root, name=root.printed)
    if "time-dependent" not in root.attributes:
        issues.add("attribute-missing", root, name="time-dependent")
    if "title" not in root.attributes:
        issues.add("attribute-missing", root, name="title")
    identifier = identifier_of(root, issues)
    declarations = read_declarations(root, issues)
    for name in set(declarations) & set(BUILT_IN):
        if name != "completionStatus":
            issues.add("identifier-twice", root, name=name)
    scope = Scope(declarations, issues, ITEM, beside(load) if load else None)
    template = compile_templates(root, scope)
    scoring = compile_responses(root, scope)
    body = root.find("qti-item-body")
    interactions = read_interactions(body, declarations, issues) if body is not None else ()
    return Item(
        identifier=identifier,
        title=root.get("title"),
        label=root.get("label"),
        language=root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        adaptive=flag_of(root, "adaptive", issues),
        time_dependent=flag_of(root, "time-dependent", issues),
        declarations=declarations,
        interactions=interactions,
        modal_feedback=tuple(_modal(one) for one in root.all("qti-modal-feedback")),
        stimuli=tuple(
            StimulusRef(one.get("identifier"), one.get("href"), one.get("title"))
            for one in root.all("qti-assessment-stimulus-ref")
        ),
        stylesheets=tuple(one.get("href") for one in root.all("qti-stylesheet")),
        source=root,
        version=version,
        file=file,
        issues=issues.tuple(),
        scoring=scoring,
        template=template,
        used=frozenset(scope.used),
    )


def beside(load: Loader) -> Loader:
    """A loader of fragments and templates, which may be of QTI 2.x too."""

    def loaded(href: str) -> Element:
        return upgrade(load(href), Issues(href), roots=ELEMENTS)[0]

    return loaded


def _modal(element: Element) -> ModalFeedback:
    return ModalFeedback(
        outcome=element.get("outcome-identifier"),
        identifier=element.get("identifier"),
        show=element.get("show-hide", "show") != "hide",
        title=element.get("title"),
        element=element,
    )


def write_item(item: Item) -> bytes:
    """The item as QTI 3.0."""
    return write_xml(item.source, schema_location=SCHEMA)
