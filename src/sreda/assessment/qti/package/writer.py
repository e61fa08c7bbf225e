"""Writing a package of QTI 3.0: every item, test and stimulus converted, media as they are."""

from __future__ import annotations

import zipfile
from io import BytesIO

from ..items.item import SCHEMA, write_item
from ..testing.reading import write_test
from ..words import words
from ..xml import Element, write_xml
from .metadata import CP, metadata_of
from .reader import ITEM, MANIFEST, STIMULUS, TEST, Package, Resource, links_of
from .sources import is_remote, resolve

TYPES = {
    ITEM: "imsqti_item_xmlv3p0",
    TEST: "imsqti_test_xmlv3p0",
    STIMULUS: "imsqti_stimulus_xmlv3p0",
    "qti-assessment-section": "imsqti_section_xmlv3p0",
    "qti-response-processing": "imsqti_rptemplate_xmlv3p0",
}
# types of other files that 3.0 has, and what those of earlier packages are called there
KEPT = words("""
    associatedcontent/learning-application-resource webcontent imsbasiclti_xmlv1p3 controlfile
    resourcemetadata/xml resourceextmetadata/xml qtiusagedata/xml pls css2 css3 extension
    """)
OTHERS = {
    "imslti": "imsbasiclti_xmlv1p3",
    "imsbasiclti": "imsbasiclti_xmlv1p3",
    "associatedcontent/apip": "associatedcontent/learning-application-resource",
}
MANIFEST_SCHEMA = (
    f"{CP} https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd"
)
# the same package gives the same bytes
DAY = (1980, 1, 1, 0, 0, 0)


def package_files(package: Package) -> dict[str, bytes]:
    """All files of the package as QTI 3.0, by path, with a new manifest. Media in a ZIP that
    cannot be read are left out; reading the package told of them."""
    trees: dict[str, Element] = {}
    files: dict[str, bytes] = {}
    for path, item in package.items.items():
        files[path], trees[path] = write_item(item), item.source
    for path, test in package.tests.items():
        files[path], trees[path] = write_test(test), test.source
    for path, tree in {**package.stimuli, **package.others}.items():
        files[path], trees[path] = write_xml(tree, schema_location=SCHEMA), tree
    names = package.source.names()
    for path in sorted(package.media & names):
        if path.rpartition("/")[2] != MANIFEST:
            files[path] = package.source.read(path)
    files[f"{package.top}{MANIFEST}"] = write_xml(
        manifest_of(package, trees, set(files), package.top), schema_location=MANIFEST_SCHEMA
    )
    return files


def write_package(package: Package) -> bytes:
    """A ZIP of `package_files`."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(package_files(package).items()):
            archive.writestr(zipfile.ZipInfo(path, DAY), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def manifest_of(
    package: Package, trees: dict[str, Element], files: set[str], top: str = ""
) -> Element:
    """The manifest: a resource for each item, test and stimulus, one for each other file, with
    the dependencies that their links show. Metadata are kept."""
    root = Element("manifest", {"identifier": package.identifier or "manifest"}, ns=CP)
    metadata = Element("metadata", ns=CP)
    metadata.append(Element("schema", {}, "QTI Package", ns=CP))
    metadata.append(Element("schemaversion", {}, "3.0.0", ns=CP))
    for one in metadata_of(package.metadata, whole=True):
        metadata.append(one)
    root.append(metadata)
    root.append(Element("organizations", ns=CP))
    holder = Element("resources", ns=CP)
    root.append(holder)
    known = {r.href: r for r in package.resources.values() if r.href}
    inside = sorted(path for path in files if path.startswith(top))
    names = _names(package, inside, known)
    for path in sorted(names):
        tree, old = trees.get(path), known.get(path)
        kind = "webcontent" if tree is None else TYPES.get(tree.name, "imsqti_fragment_xmlv3p0")
        if tree is None and old is not None:
            kind = OTHERS.get(old.type.split("_")[0], old.type if old.type in KEPT else kind)
        made = Element(
            "resource",
            {"identifier": names[path], "type": kind, "href": path.removeprefix(top)},
            ns=CP,
        )
        if inner := metadata_of(old.metadata if old is not None else None):
            made.append(Element("metadata", {}, *inner, ns=CP))
        made.append(Element("file", {"href": path.removeprefix(top)}, ns=CP))
        for other in sorted(_needs(path, tree, old, names, package)):
            made.append(Element("dependency", {"identifierref": other}, ns=CP))
        holder.append(made)
    return root


def _names(package: Package, paths: list[str], known: dict[str, Resource]) -> dict[str, str]:
    taken = {known[path].identifier for path in paths if path in known}
    found = {}
    for number, path in enumerate(paths, start=1):
        if path in known:
            found[path] = known[path].identifier
            continue
        name = f"file-{number}"
        while name in taken:
            name += "-"
        taken.add(name)
        found[path] = name
    return found


def _needs(
    path: str, tree: Element | None, old: Resource | None, names: dict[str, str], package: Package
) -> set[str]:
    found = set()
    if old is not None:
        found |= {d for d in old.dependencies if d in names.values()}
        found |= {names[f] for f in old.files if f in names and f != path}
    if tree is not None:
        for _, href in links_of(tree):
            if not is_remote(href) and (target := resolve(path, href)) in names:
                found.add(names[target])  # type: ignore[index]
    test = package.tests.get(path)
    if test is not None:
        found |= {names[ref.href] for ref in test.refs() if ref.href in names}
    found.discard(names[path])
    return found
