"""Reading a test with the sections and items it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from posixpath import dirname, join, normpath

from ..expressions import (
    BUILT_IN,
    KINDS,
    TEST,
    Compiled,
    Scope,
    compile_expression,
    reference,
)
from ..issues import Issues, QtiError
from ..items.item import SCHEMA, Item
from ..model.reading import (
    flag_of,
    identifier_of,
    number_of,
    read_declarations,
    short,
    whole_of,
)
from ..processing import OUTCOMES, compile_rules, reason_of
from ..xml import Element, read_xml, upgrade, write_xml
from ..xml.names import ELEMENTS, XINCLUDE
from .model import (
    EXIT_PART,
    EXIT_SECTION,
    EXIT_TEST,
    INDIVIDUAL,
    LINEAR,
    NONLINEAR,
    SIMULTANEOUS,
    Branch,
    Child,
    Control,
    ItemRef,
    Rules,
    Section,
    Test,
    TestFeedback,
    TestPart,
    TimeLimits,
)
from .plan import LONGEST

LoadTree = Callable[[str], Element]
LoadItem = Callable[[str], Item]
DEPTH = 30
CATCH = (QtiError, KeyError, OSError, ValueError)


def read_test(
    data: bytes | str | Element,
    *,
    file: str = "",
    load: LoadTree | None = None,
    load_item: LoadItem | None = None,
) -> Test:
    """The test in an XML text. `load` gives trees of files (sections, included fragments),
    `load_item` items, both by their path as `file` counts it. Raises `QtiError` where nothing can
    be read; a reference that leads nowhere is an issue, and its item is None."""
    root = data if isinstance(data, Element) else read_xml(data, file=file)
    issues = Issues(file)
    root, version = upgrade(root, issues)
    if root.name != "qti-assessment-test":
        issues.add("not-qti", root, name=root.printed)
    return _Reader(root, file, version, issues, load, load_item).read()


def write_test(test: Test) -> bytes:
    """The test as QTI 3.0; the files it refers to are not part of it."""
    return write_xml(test.source, schema_location=SCHEMA)


class _Reader:
    def __init__(
        self,
        root: Element,
        file: str,
        version: str,
        issues: Issues,
        load: LoadTree | None,
        load_item: LoadItem | None,
    ) -> None:
        self.root = root
        self.file = file
        self.version = version
        self.issues = issues
        self.load = load
        self.load_item = load_item
        self.identifiers: set[str] = set()
        self.loading: list[str] = [file]
        self.trees: list[Element] = [root]
        declarations = read_declarations(root, issues)
        self.scope = Scope(declarations, issues, TEST, self.fragment if load else None)

    def read(self) -> Test:
        root, issues = self.root, self.issues
        if "title" not in root.attributes:
            issues.add("attribute-missing", root, name="title")
        parts = tuple(self.part(one) for one in root.all("qti-test-part"))
        if not parts:
            issues.add("element-missing", root, name="qti-test-part")
        processing = root.find("qti-outcome-processing")
        scoring = None
        if processing is not None:
            scoring = compile_rules(processing.elements, self.scope, OUTCOMES)
        test = Test(
            identifier=identifier_of(root, issues),
            title=root.get("title"),
            declarations=dict(self.scope.declarations),
            parts=parts,
            limits=self.limits(root),
            feedback=self.feedback(root),
            rubrics=tuple(root.all("qti-rubric-block")),
            source=root,
            version=self.version,
            file=self.file,
            issues=(),
            scoring=scoring,
            used=frozenset(self.scope.used),
        )
        self.references(test)
        return replace(test, issues=issues.tuple())

    def fragment(self, href: str) -> Element:
        assert self.load is not None
        tree = self.load(self.beside(self.file, href))
        made, _ = upgrade(tree, Issues(tree.file), roots=ELEMENTS)
        self.trees.append(made)
        return made

    def beside(self, file: str, href: str) -> str:
        return normpath(join(dirname(file), href)) if file else href

    # parts of a test

    def part(self, element: Element) -> TestPart:
        navigation = self.one_of(element, "navigation-mode", (LINEAR, NONLINEAR))
        submission = self.one_of(element, "submission-mode", (INDIVIDUAL, SIMULTANEOUS))
        children = self.children(element, self.file, 0)
        if not children:
            self.issues.add("element-missing", element, name="qti-assessment-section")
        return TestPart(
            identifier=self.named(element),
            navigation=navigation,
            submission=submission,
            rules=self.rules(element),
            children=children,
            feedback=self.feedback(element),
            title=element.get("title"),
            line=element.line,
        )

    def one_of(self, element: Element, name: str, allowed: tuple[str, ...]) -> str:
        text = element.get(name).strip()
        if text not in allowed:
            code = "attribute-value" if text else "attribute-missing"
            self.issues.add(code, element, name=name, value=short(text))
            return allowed[0]
        return text

    def named(self, element: Element) -> str:
        identifier = identifier_of(element, self.issues)
        if identifier in self.identifiers:
            self.issues.add("identifier-twice", element, name=identifier)
        self.identifiers.add(identifier)
        return identifier

    def children(self, element: Element, file: str, depth: int) -> tuple[Child, ...]:
        found: list[Child] = []
        for one in element.elements:
            match one.name:
                case "qti-assessment-item-ref":
                    found.append(self.item_ref(one, file))
                case "qti-assessment-section":
                    if depth < DEPTH:
                        found.append(self.section(one, file, depth + 1))
                    else:
                        self.issues.add("xml-deep", one, limit=DEPTH)
                case "qti-assessment-section-ref":
                    if (section := self.section_ref(one, file, depth + 1)) is not None:
                        found.append(section)
                case "include" if one.ns == XINCLUDE:
                    if (section := self.section_ref(one, file, depth + 1)) is not None:
                        found.append(section)
        return tuple(found)

    def section_ref(self, element: Element, file: str, depth: int) -> Section | None:
        href = element.get("href").strip()
        path = self.beside(file, href)
        if path in self.loading or depth > DEPTH:
            self.issues.add("cycle", element, name=href)
            return None
        if not href or self.load is None:
            self.issues.add("file-broken", element, name=href, reason="not found")
            return None
        try:
            tree, _ = upgrade(self.load(path), Issues(path))
        except CATCH as error:
            self.issues.add("file-broken", element, name=href, reason=reason_of(error))
            return None
        if tree.name != "qti-assessment-section":
            self.issues.add("file-broken", element, name=href, reason=f"<{tree.printed}>")
            return None
        self.loading.append(path)
        self.trees.append(tree)
        try:
            return self.section(tree, path, depth)
        finally:
            self.loading.pop()

    def section(self, element: Element, file: str, depth: int) -> Section:
        children = self.children(element, file, depth)
        if not children:
            self.issues.add("section-empty", element)
        selection, ordering = element.find("qti-selection"), element.find("qti-ordering")
        select, again = None, False
        if selection is not None:
            select = whole_of(selection, "select", self.issues)
            again = flag_of(selection, "with-replacement", self.issues)
            required = sum(1 for child in children if child.required)
            if select is None:
                self.issues.add("attribute-missing", selection, name="select")
            elif select < 0 or (select > len(children) and not again) or select > LONGEST:
                self.issues.add("selection-many", selection, select=select, available=len(children))
            elif select < required:
                self.issues.add("selection-required", selection, select=select, required=required)
        for name in ("title", "visible"):
            if name not in element.attributes:
                self.issues.add("attribute-missing", element, name=name)
        return Section(
            identifier=self.named(element),
            title=element.get("title"),
            rules=self.rules(element),
            children=children,
            visible=flag_of(element, "visible", self.issues, default=True),
            required=flag_of(element, "required", self.issues),
            fixed=flag_of(element, "fixed", self.issues),
            keep_together=flag_of(element, "keep-together", self.issues, default=True),
            select=select,
            with_replacement=again,
            shuffle=ordering is not None and flag_of(ordering, "shuffle", self.issues),
            rubrics=tuple(element.all("qti-rubric-block")),
            line=element.line,
        )

    def item_ref(self, element: Element, file: str) -> ItemRef:
        href = element.get("href").strip()
        item = None
        if not href:
            self.issues.add("attribute-missing", element, name="href")
        elif self.load_item is not None:
            try:
                item = self.load_item(self.beside(file, href))
            except CATCH as error:
                self.issues.add("file-broken", element, name=href, reason=reason_of(error))
        mappings = {
            one.get("target-identifier"): one.get("source-identifier")
            for one in element.all("qti-variable-mapping")
        }
        weights = {}
        for one in element.all("qti-weight"):
            value = number_of(one, "value", self.issues)
            if value is None:
                self.issues.add("attribute-missing", one, name="value")
            weights[one.get("identifier")] = Fraction(1) if value is None else value
        return ItemRef(
            identifier=self.named(element),
            href=self.beside(file, href) if href else "",
            rules=self.rules(element),
            item=item,
            categories=frozenset(element.get("category").split()),
            required=flag_of(element, "required", self.issues),
            fixed=flag_of(element, "fixed", self.issues),
            weights=weights,
            mappings=mappings,
            template_defaults=self.template_defaults(element, item),
            line=element.line,
        )

    def template_defaults(
        self, element: Element, item: Item | None
    ) -> tuple[tuple[str, Compiled], ...]:
        found = []
        for one in element.all("qti-template-default"):
            name = one.get("template-identifier")
            if not one.elements:
                self.issues.add("element-missing", one, name="expression")
                continue
            if item is not None and name not in item.templates:
                self.issues.add("variable-unknown", one, name=name)
            found.append((name, compile_expression(one.elements[0], self.scope)))
        return tuple(found)

    # what they have in common

    def rules(self, element: Element) -> Rules:
        conditions = []
        for one in element.all("qti-pre-condition"):
            if one.elements:
                conditions.append(compile_expression(one.elements[0], self.scope))
            else:
                self.issues.add("element-missing", one, name="expression")
        branches = []
        for one in element.all("qti-branch-rule"):
            target = one.get("target").strip()
            if not target:
                self.issues.add("attribute-missing", one, name="target")
            if one.elements:
                holds = compile_expression(one.elements[0], self.scope)
                branches.append(Branch(target, holds, one))
            else:
                self.issues.add("element-missing", one, name="expression")
        return Rules(
            tuple(conditions), tuple(branches), self.control(element), self.limits(element)
        )

    def control(self, element: Element) -> Control:
        one = element.find("qti-item-session-control")
        if one is None:
            return Control()

        def flag(name: str) -> bool | None:
            return flag_of(one, name, self.issues) if name in one.attributes else None

        return Control(
            whole_of(one, "max-attempts", self.issues),
            flag("show-feedback"),
            flag("allow-review"),
            flag("show-solution"),
            flag("allow-comment"),
            flag("allow-skipping"),
            flag("validate-responses"),
        )

    def limits(self, element: Element) -> TimeLimits:
        one = element.find("qti-time-limits")
        if one is None:
            return TimeLimits()
        least = number_of(one, "min-time", self.issues)
        most = number_of(one, "max-time", self.issues)
        if least is not None and most is not None and least > most:
            self.issues.add("bounds", one, lower=one.get("min-time"), upper=one.get("max-time"))
        return TimeLimits(least, most, flag_of(one, "allow-late-submission", self.issues))

    def feedback(self, element: Element) -> tuple[TestFeedback, ...]:
        found = []
        for one in element.all("qti-test-feedback"):
            outcome = one.get("outcome-identifier")
            if outcome not in self.scope.declarations:
                self.issues.add("variable-unknown", one, name=outcome)
            found.append(
                TestFeedback(
                    outcome=outcome,
                    identifier=one.get("identifier"),
                    access=self.one_of(one, "access", ("atEnd", "during")),
                    show=one.get("show-hide", "show") != "hide",
                    title=one.get("title"),
                    element=one,
                )
            )
        return tuple(found)

    def references(self, test: Test) -> None:
        """Names that rules use must lead somewhere, and branches only forward."""
        refs = {ref.identifier: ref for ref in test.refs()}
        gone = {name for name in self.scope.used if not self.known(name, refs)}
        for tree in self.trees if gone else ():
            for element in tree.walk():
                if element.name in KINDS:
                    for name in gone.intersection(map(reference, element.attributes.values())):
                        self.issues.add("variable-unknown", element, name=name)
        for part in test.parts:
            self.targets(part, test)

    def known(self, name: str, refs: Mapping[str, ItemRef]) -> bool:
        """Whether there is a variable `Q1.SCORE`; what has no point is looked up elsewhere."""
        if ":" in name or "." not in name:
            return True
        first, _, rest = name.partition(".")
        if first not in self.identifiers:
            return False
        ref = refs.get(first)
        if ref is None or ref.item is None:
            return True
        own = ref.own_name(rest.rpartition(".")[2])
        return own in ref.item.declarations or own in BUILT_IN

    def targets(self, part: TestPart, test: Test) -> None:
        places: dict[str, int] = {}
        holders: list[tuple[int, str, Rules]] = []

        def visit(child: Child) -> None:
            places.setdefault(child.identifier, len(places))
            at = len(places)
            if isinstance(child, Section):
                for one in child.children:
                    visit(one)
                at = len(places)
            holders.append((at, child.identifier, child.rules))

        for child in part.children:
            visit(child)
        inside = {EXIT_TEST, EXIT_PART, EXIT_SECTION}
        for at, _, rules in holders:
            for branch in rules.branches:
                name, _, number = branch.target.partition(".")
                target = name if number.isdigit() and name in places else branch.target
                if branch.target not in inside and places.get(target, -1) < at:
                    self.issues.add("branch-target", branch.source, name=branch.target)
        names = [one.identifier for one in test.parts]
        here = names.index(part.identifier)
        for branch in part.rules.branches:
            if branch.target != EXIT_TEST and branch.target not in names[here + 1 :]:
                self.issues.add("branch-target", branch.source, name=branch.target)
