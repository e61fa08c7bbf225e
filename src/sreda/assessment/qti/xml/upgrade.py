"""QTI 2.0, 2.1 and 2.2 written as QTI 3.0."""

from __future__ import annotations

from ..issues import Issue, Issues, QtiError
from ..words import words
from .names import ELEMENTS, HTML_SPACES, PCI2, QTI2, QTI3, ROOTS, XINCLUDE, kebab, qti3_name
from .node import Element

# their content stands in a content body of its own since 3.0
WRAPPED = frozenset(
    f"qti-{name}"
    for name in words("""
        rubric-block modal-feedback test-feedback feedback-block template-block
    """)
)
# only what is shuffled can be fixed since 3.0
UNFIXED = frozenset(
    f"qti-{name}"
    for name in words("gap gap-text gap-img hottext hotspot-choice associable-hotspot")
)
TEMPLATES = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"


def upgrade(root: Element, issues: Issues, *, roots: frozenset[str] = ROOTS) -> tuple[Element, str]:
    """(tree in QTI 3.0 names, version as found); the tree is changed in place. Raises `QtiError`
    where the root is none of `roots`."""
    # where schemas lie is the writer's business
    for key in [k for k in root.attributes if k.endswith("}schemaLocation")]:
        del root.attributes[key]
    if root.name.startswith("qti-"):
        if root.name not in roots:
            raise _refused(root)
        _namespaces(root, issues)
        return root, "3.0"
    if qti3_name(root.name) not in roots:
        raise _refused(root)
    version = QTI2.get(root.ns, "")
    if not version:
        # names of 2.x in the namespace of 3.0 are those of its drafts
        if root.ns != QTI3:
            issues.add("namespace", root, name=root.ns)
        version = "2.x"
    home = root.ns
    for element in list(root.walk()):
        if element.ns in (home, QTI3, "") or element.ns in QTI2:
            _rename(element, issues)
        elif element.ns.startswith(PCI2):
            _portable(element)
        elif element.ns.startswith(HTML_SPACES):
            element.ns = QTI3
    for element in list(root.walk()):
        if element.name == "qti-custom-interaction":
            _unwrap_portable(element)
        elif element.name in WRAPPED and element.find("qti-content-body") is None:
            _wrap(element)
        elif element.name in UNFIXED:
            element.attributes.pop("fixed", None)
        elif element.name == "qti-map-entry" and version in ("2.0", "2.1"):
            # keys were told apart by case before there was an attribute for it
            element.attributes.setdefault("case-sensitive", "true")
    issues.add("version", root, version=version)
    return root, version


def _refused(root: Element) -> QtiError:
    return QtiError(
        Issue(
            "not-qti",
            file=root.file,
            line=root.line,
            element=root.printed,
            params={"name": root.printed},
        )
    )


def _namespaces(root: Element, issues: Issues) -> None:
    """Everything of QTI stands in its namespace from here on; where it did not, that is said."""
    if root.ns != QTI3:
        issues.add("namespace", root, name=root.ns)
    home = root.ns
    for element in root.walk():
        if element.ns == home:
            element.ns = QTI3
        elif element.name in ELEMENTS and element.ns != QTI3:
            issues.add("namespace-foreign", element, name=element.ns)
            element.ns = QTI3


def _rename(element: Element, issues: Issues) -> None:
    element.ns = QTI3
    name = qti3_name(element.name)
    if name is None:
        if element.name == "infoControl":
            issues.add("element-dropped", element, name="infoControl", kept="div")
            element.name = "div"
            element.attributes = {
                k: v for k, v in element.attributes.items() if k in ("id", "class")
            }
        elif element.name == "include":
            element.ns = XINCLUDE
        return
    element.name = name
    element.attributes = {
        (key if key[0] == "{" else kebab(key)): value for key, value in element.attributes.items()
    }
    template = element.attributes.get("template", "")
    if name == "qti-response-processing" and "rptemplates/" in template:
        last = template.rstrip("/").rpartition("/")[2].removesuffix(".xml")
        element.attributes["template"] = f"{TEMPLATES}{last}.xml"


def _wrap(element: Element) -> None:
    if element.name == "qti-rubric-block":
        element.attributes.setdefault("use", "instructions")
    body = Element("qti-content-body", ns=QTI3, line=element.line, file=element.file)
    kept: list[Element | str] = []
    for child in element.children:
        if isinstance(child, Element) and child.name in ("qti-stylesheet", "qti-catalog-info"):
            kept.append(child)
        else:
            body.append(child)
    element.children = []
    for child in [c for c in kept if c.name == "qti-stylesheet"]:  # type: ignore[union-attr]
        element.append(child)
    element.append(body)
    for child in [c for c in kept if c.name != "qti-stylesheet"]:  # type: ignore[union-attr]
        element.append(child)


def _portable(element: Element) -> None:
    """The portable custom interaction of 2.x: its properties become data attributes."""
    match element.name:
        case "portableCustomInteraction":
            element.name, element.ns = "qti-portable-custom-interaction", QTI3
            known = {
                "custom-interaction-type-identifier": element.get(
                    "customInteractionTypeIdentifier"
                ),
                "module": element.get("hook") or element.get("module"),
            }
            element.attributes = {name: value for name, value in known.items() if value}
            for properties in element.all("properties"):
                for one in properties.all("property"):
                    key = kebab(one.get("key") or one.get("name"))
                    if key:
                        element.attributes[f"data-{key}"] = one.text.strip()
                element.children.remove(properties)
        case "instance" | "markup":
            element.name, element.ns = "qti-interaction-markup", QTI3
        case "templateVariableMapping":
            element.name, element.ns = "qti-template-variable", QTI3
            element.attributes = {"template-identifier": element.get("templateIdentifier")}


def _unwrap_portable(element: Element) -> None:
    """`customInteraction` around a portable one is that one, with its response."""
    inner = element.find("qti-portable-custom-interaction")
    if inner is None:
        return
    element.name = inner.name
    kept = {
        k: v for k, v in element.attributes.items() if k in ("response-identifier", "id", "class")
    }
    element.attributes = {**kept, **inner.attributes}
    element.children = []
    for child in inner.children:
        element.append(child)
