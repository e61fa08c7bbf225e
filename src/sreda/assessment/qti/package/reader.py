"""Reading a package: its manifest, its items and tests, and everything they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..check.content import check_content
from ..check.item import check_item
from ..check.test import check_test
from ..issues import ERROR, FATAL, Issue, Issues, QtiError
from ..items.item import Item, read_item
from ..testing.model import Test
from ..testing.reading import read_test
from ..xml import Element, XmlLimits, read_xml, upgrade
from ..xml.names import ELEMENTS, qti3_name
from .sources import (
    LIMITS,
    MemorySource,
    PackageLimits,
    Source,
    is_remote,
    open_source,
    printable,
    resolve,
)

MANIFEST = "imsmanifest.xml"
ITEM, TEST, STIMULUS, SECTION, FRAGMENT = (
    "qti-assessment-item", "qti-assessment-test", "qti-assessment-stimulus",
    "qti-assessment-section", "qti-response-processing",
)  # fmt: skip
KINDS = {
    "imsqti_item": ITEM,
    "imsqti_apipitem": ITEM,
    "imsqti_test": TEST,
    "imsqti_apiptest": TEST,
    "imsqti_section": SECTION,
    "imsqti_apipsection": SECTION,
    "imsqti_stimulus": STIMULUS,
    "imsqti_fragment": FRAGMENT,
    "imsqti_rptemplate": FRAGMENT,
    "imsqti_outcomes": "qti-outcome-declaration",
}
LINKS = {
    "img": ("src",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "source": ("src",),
    "track": ("src",),
    "object": ("data",),
    "a": ("href",),
    "qti-stylesheet": ("href",),
    "qti-assessment-stimulus-ref": ("href",),
    "qti-file-href": (),
    "qti-interaction-module": ("primary-path", "fallback-path"),
    "image": ("href", "{http://www.w3.org/1999/xlink}href"),
    "input": ("src",),
    "link": ("href",),
}


@dataclass(frozen=True)
class Resource:
    """One resource of the manifest; `href` and `files` are paths from the top."""

    identifier: str
    type: str
    href: str
    files: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    metadata: Element | None = field(default=None, compare=False, repr=False)
    line: int = 0

    @property
    def kind(self) -> str:
        """The root element the type promises, or nothing for media."""
        return next((k for t, k in KINDS.items() if self.type.lower().startswith(t)), "")


@dataclass(frozen=True)
class Package:
    """Everything in a package. Items and tests are by path; `media` are all other files."""

    name: str
    identifier: str
    metadata: Element | None
    resources: dict[str, Resource]
    items: dict[str, Item]
    tests: dict[str, Test]
    stimuli: dict[str, Element]
    others: dict[str, Element]
    media: frozenset[str]
    source: Source
    issues: tuple[Issue, ...]
    # the folder of its manifest, "" or with a / at its end
    top: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything of QTI in it."""
        return bool(self.items or self.tests or self.stimuli or self.others)

    @property
    def sound(self) -> bool:
        return not any(issue.severity in (ERROR, FATAL) for issue in self.issues)

    def resource_of(self, path: str) -> Resource | None:
        return next((r for r in self.resources.values() if r.href == path), None)


def read_package(
    path: Path | bytes | Source, *, limits: PackageLimits = LIMITS, name: str = ""
) -> Package:
    """The package in a ZIP (path or bytes; `name` is what issues call it), a folder, or a single
    XML file. Raises `QtiError` where nothing can be read; everything else that is wrong is in
    `Package.issues`."""
    issues = Issues()
    if isinstance(path, Path) and path.is_file() and path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            head = file.read(4)
        if head[:2] != b"PK":
            if path.stat().st_size > limits.xml_bytes:
                raise QtiError(
                    Issue("too-large", file=path.name, params={"limit": limits.xml_bytes})
                )
            home = _home(path)
            own = printable(path.resolve().relative_to(home).as_posix())
            alone = MemorySource(path.name, {own: path.read_bytes()})
            return _Reader(alone, issues, limits, alone=True, beside=home).read()
    if isinstance(path, Path | bytes):
        path = open_source(path, issues, limits, name)
    return _Reader(path, issues, limits).read()


def _home(path: Path) -> Path:
    """The folder a single file may take others from: its own, or that of its manifest above."""
    folder = path.resolve().parent
    for one in (folder, *list(folder.parents)[:4]):
        if (one / MANIFEST).is_file():
            return one
    return folder


class _Reader:
    def __init__(
        self,
        source: Source,
        issues: Issues,
        limits: PackageLimits,
        *,
        alone: bool = False,
        beside: Path | None = None,
    ) -> None:
        self.source = source
        self.issues = issues
        self.limits = limits
        # a file without a package: what lies beside it may be used, and nothing is missed
        self.alone = alone
        self.beside = beside
        self.names = source.names()
        self.top = self._top()
        self.trees: dict[str, Element] = {}
        self.items: dict[str, Item] = {}
        self.failed: set[str] = set()
        self.linked: dict[str, set[str]] = {}

    def _top(self) -> str:
        """The folder of the manifest: packages are often packed with their folder."""
        if MANIFEST in self.names or self.alone:
            return ""
        found = sorted(n for n in self.names if n.endswith(f"/{MANIFEST}"))
        return found[0].rpartition("/")[0] + "/" if len(found) == 1 else ""

    def read(self) -> Package:
        manifest, resources = self._manifest()
        paths = [r.href for r in resources.values() if r.kind and r.href in self.names]
        if manifest is None:
            paths = sorted(n for n in self.names if n.lower().endswith(".xml") or self.alone)
        tests: dict[str, Test] = {}
        stimuli: dict[str, Element] = {}
        others: dict[str, Element] = {}
        for path in dict.fromkeys(paths):
            tree = self._tree(path)
            if tree is None:
                continue
            match self._root(tree):
                case "qti-assessment-item":
                    self._item(path)
                case "qti-assessment-test":
                    self._test(path, tests)
                case "qti-assessment-stimulus":
                    stimuli[path] = self._content(tree, path)
                case None if manifest is None and not self.alone:
                    continue
                case None:
                    self.issues.add("not-qti", tree, name=tree.printed)
                case _:
                    others[path] = self._content(tree, path)
        if not (self.items or tests or stimuli or others):
            self.issues.put(Issue("nothing", file=self.source.name))
        if manifest is not None:
            self._unlisted(resources, tests)
            self._dependencies(resources)
        self._same_names()
        known = {*self.items, *tests, *stimuli, *others, f"{self.top}{MANIFEST}"}
        for item in self.items.values():
            self.issues.extend(check_item(item))
        for test in tests.values():
            self.issues.extend(check_test(test))
        return Package(
            name=self.source.name,
            identifier=manifest.get("identifier") if manifest is not None else "",
            metadata=_child(manifest, "metadata"),
            resources=resources,
            items=self.items,
            tests=tests,
            stimuli=stimuli,
            others=others,
            media=frozenset(self.names - known),
            source=self.source,
            issues=self.issues.tuple(),
            top=self.top,
        )

    def _root(self, tree: Element) -> str | None:
        name = tree.name if tree.name.startswith("qti-") else qti3_name(tree.name)
        return name if name and name.startswith(("qti-assessment", "qti-response", "qti-outcome")) \
            else None  # fmt: skip

    # Files

    def _bytes(self, path: str) -> bytes:
        if path in self.names:
            return self.source.read(path)
        if self.beside is not None:
            place = (self.beside / path).resolve()
            if place.is_relative_to(self.beside.resolve()) and place.is_file():
                return place.read_bytes()
        raise KeyError(path)

    def _load(self, path: str) -> Element:
        """A fresh tree, for readers that change it."""
        return read_xml(self._bytes(path), file=path, limits=XmlLimits(bytes=self.limits.xml_bytes))

    def _tree(self, path: str) -> Element | None:
        if path in self.failed:
            return None
        try:
            return self._load(path)
        except QtiError as error:
            self.issues.put(error.issue)
        except (KeyError, OSError):
            self.issues.put(Issue("link-broken", file=path, params={"name": path}))
        self.failed.add(path)
        return None

    def _item(self, path: str) -> Item:
        if path in self.items:
            return self.items[path]

        def beside(href: str) -> Element:
            found = resolve(path, href)
            if found is None:
                raise KeyError(href)
            return self._load(found)

        item = read_item(self._load(path), file=path, load=beside)
        if item.source.name != "qti-assessment-item":
            raise ValueError(f"<{item.source.printed}>")
        self.items[path] = item
        self._links(item.source, path)
        return item

    def _content(self, tree: Element, path: str) -> Element:
        """A stimulus, or a section or fragment of its own, as QTI 3.0."""
        issues = Issues(path)
        made, _ = upgrade(tree, issues, roots=ELEMENTS)
        check_content(made, issues)
        self.issues.extend(issues)
        self._links(made, path)
        return made

    def _load_item(self, path: str) -> Item:
        return self._item(path)

    def _test(self, path: str, tests: dict[str, Test]) -> None:
        try:
            test = read_test(
                self._load(path), file=path, load=self._load, load_item=self._load_item
            )
        except QtiError as error:
            self.issues.put(error.issue)
            return
        tests[path] = test
        self._links(test.source, path)

    # Links

    def _links(self, tree: Element, path: str) -> None:
        found = self.linked.setdefault(path, set())
        for element, href in links_of(tree):
            if is_remote(href):
                if element.name not in ("a", "link") and not href.startswith("data:"):
                    self.issues.add("link-remote", element, name=href[:100])
                continue
            target = resolve(path, href)
            if target is None:
                if not self.alone:
                    self.issues.add("link-outside", element, name=href[:100])
            elif target in self.names:
                found.add(target)
            elif element.name == "qti-interaction-module" and f"{target}.js" in self.names:
                found.add(f"{target}.js")  # modules are often named without their ending
            elif (not self.alone and element.name != "a") or (
                not self.alone and "." in href.rpartition("/")[2]
            ):
                self.issues.add("link-broken", element, name=href[:100])

    # Manifest

    def _manifest(self) -> tuple[Element | None, dict[str, Resource]]:
        if self.alone:
            return None, {}
        path = f"{self.top}{MANIFEST}"
        if path not in self.names:
            self.issues.put(Issue("manifest-missing", file=self.source.name))
            return None, {}
        tree = self._tree(path)
        if tree is None:
            return None, {}
        resources: dict[str, Resource] = {}
        holder = tree.find("resources")
        if holder is None:
            self.issues.add("element-missing", tree, name="resources")
            return tree, {}
        base = holder.get("{http://www.w3.org/XML/1998/namespace}base")
        for one in holder.all("resource"):
            resource = self._resource(one, base)
            if resource is None:
                continue
            if resource.identifier in resources:
                self.issues.add("identifier-twice", one, name=resource.identifier)
                continue
            resources[resource.identifier] = resource
        for one in holder.all("resource"):
            for dependency in one.all("dependency"):
                name = dependency.get("identifierref")
                if name not in resources:
                    self.issues.add("dependency-unknown", dependency, name=name)
        return tree, resources

    def _resource(self, one: Element, base: str) -> Resource | None:
        identifier = one.get("identifier")
        if not identifier:
            self.issues.add("attribute-missing", one, name="identifier")
            return None
        base += one.get("{http://www.w3.org/XML/1998/namespace}base")
        href = self._file(one, base, one.get("href")) if one.get("href") else ""
        files = [self._file(f, base, f.get("href")) for f in one.all("file")]
        if not one.get("type"):
            self.issues.add("attribute-missing", one, name="type")
        return Resource(
            identifier=identifier,
            type=one.get("type"),
            href=href,
            files=tuple(f for f in files if f),
            dependencies=tuple(d.get("identifierref") for d in one.all("dependency")),
            metadata=one.find("metadata"),
            line=one.line,
        )

    def _file(self, element: Element, base: str, href: str) -> str:
        """The path of a file of the manifest; empty where it is bad, which is told."""
        if not href:
            self.issues.add("attribute-missing", element, name="href")
            return ""
        if is_remote(href):
            self.issues.add("link-remote", element, name=href[:100])
            return ""
        path = resolve(f"{self.top}{MANIFEST}", f"{base}{href}")
        if path is None or not path.startswith(self.top):
            self.issues.add("link-outside", element, name=href[:100])
            return ""
        if path not in self.names:
            self.issues.add("link-broken", element, name=href[:100])
        return path

    def _unlisted(self, resources: dict[str, Resource], tests: dict[str, Test]) -> None:
        listed = {p for r in resources.values() for p in (r.href, *r.files)}
        for name in sorted(self.names - listed - {f"{self.top}{MANIFEST}"}):
            if not name.lower().endswith((".xsd", ".dtd", "/.ds_store", ".ds_store")):
                self.issues.put(
                    Issue("file-unlisted", file=f"{self.top}{MANIFEST}", params={"name": name})
                )

    def _same_names(self) -> None:
        paths: dict[str, list[str]] = {}
        for path, item in self.items.items():
            paths.setdefault(item.identifier, []).append(path)
        for name, files in paths.items():
            if len(files) > 1:
                params: dict[str, object] = {"name": name, "files": ", ".join(files)}
                self.issues.put(Issue("item-twice", file=files[1], identifier=name, params=params))

    def _dependencies(self, resources: dict[str, Resource]) -> None:
        by_file = {r.href: r for r in resources.values() if r.href}
        manifest = f"{self.top}{MANIFEST}"
        for resource in resources.values():
            for path in sorted(self.linked.get(resource.href, ())):
                other = by_file.get(path)
                listed = path in resource.files or (
                    other is not None and other.identifier in resource.dependencies
                )
                if not listed and other is not None:
                    self.issues.put(
                        Issue(
                            "dependency-missing",
                            file=manifest,
                            line=resource.line,
                            element="resource",
                            identifier=resource.identifier,
                            params={"name": path},
                        )
                    )
        for circle in circles({k: r.dependencies for k, r in resources.items()}):
            self.issues.put(
                Issue(
                    "dependency-cycle",
                    file=manifest,
                    line=resources[circle[0]].line,
                    element="resource",
                    identifier=circle[0],
                    params={"name": " → ".join((*circle, circle[0]))},
                )
            )


def links_of(tree: Element) -> Iterator[tuple[Element, str]]:
    for element in tree.walk():
        if element.name == "qti-file-href":
            if text := element.text.strip():
                yield element, text
            continue
        for name in LINKS.get(element.name, ()):
            href = element.get(name).strip()
            if href and not href.startswith("#"):
                yield element, href


def circles(edges: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Circles of dependencies, each once."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for top in edges:
        if top in done:
            continue
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, Iterator[str]]] = [(top, iter(edges[top]))]
        path.append(top)
        on_path.add(top)
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n in edges), None)
            if following is None:
                stack.pop()
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif following in on_path:
                found.append(tuple(path[path.index(following) :]))
            elif following not in done:
                stack.append((following, iter(edges[following])))
                path.append(following)
                on_path.add(following)
    return found


def _child(element: Element | None, name: str) -> Element | None:
    return None if element is None else element.find(name)
