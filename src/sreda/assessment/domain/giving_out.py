"""Items and tests of the bank, given out as a package of QTI 3.0."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sreda.assessment import qti
from sreda.assessment.domain import media
from sreda.assessment.domain.bank import named
from sreda.assessment.models import ItemVersion, Stimulus, TestVersion


def package_of(
    versions: Sequence[ItemVersion], tested: Sequence[TestVersion] = (), *, name: str = "bank"
) -> bytes:
    """A QTI 3.0 package of these versions, and of tests with all their items."""
    files: dict[str, bytes] = {}
    paths: dict[UUID, str] = {}
    wanted = {one.pk: one for one in versions}
    for test in tested:
        for place in test.items.select_related("item_version__item"):
            wanted.setdefault(place.item_version_id, place.item_version)
    for version in wanted.values():
        folder = _folder(version, paths)
        paths[version.pk] = f"{folder}/item.xml"
        files[paths[version.pk]] = version.content.encode()
        for one in version.resources.select_related("file"):
            files[f"{folder}/{one.href}"] = media.content_of(one.file)
        _add_stimuli(version, folder, files)
    for test in tested:
        files[f"tests/{test.test.identifier}.xml"] = _linked(test, paths)
    package = qti.read_package(qti.MemorySource(f"{name}.zip", files))
    return qti.write_package(package)


def _folder(version: ItemVersion, paths: dict[UUID, str]) -> str:
    name = f"items/{version.item.identifier}"
    taken = {path.removesuffix("/item.xml") for path in paths.values()}
    number, wanted = 1, name
    while wanted in taken:
        number += 1
        wanted = f"{name}-{number}"
    return wanted


def _add_stimuli(version: ItemVersion, folder: str, files: dict[str, bytes]) -> None:
    """The shared materials, where the item's own link says they are."""
    for one in qti.read_xml(version.content.encode()).walk():
        if one.name != "qti-assessment-stimulus-ref":
            continue
        target = qti.resolve(f"{folder}/item.xml", one.get("href"))
        found = named(Stimulus, one.get("identifier"), version.item.organisation_id)
        if target is None or found is None:
            continue
        files[target] = found.content.encode()
        home = target.rpartition("/")[0]
        for row in found.resources.select_related("file"):
            files[f"{home}/{row.href}"] = media.content_of(row.file)


def _linked(version: TestVersion, paths: dict[UUID, str]) -> bytes:
    """The test with its references leading to the items' places in the package."""
    root = qti.read_xml(version.content.encode())
    places = {one.ref: paths[one.item_version_id] for one in version.items.all()}
    for one in root.walk():
        if one.name == "qti-assessment-item-ref" and one.get("identifier") in places:
            one.attributes["href"] = f"../{places[one.get('identifier')]}"
    return qti.write_xml(root)
