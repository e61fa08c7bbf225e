"""Items and tests of the bank, given out as a package of QTI 3.0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import prefetch_related_objects

from sreda.assessment import qti
from sreda.assessment.domain import media
from sreda.assessment.models import ItemVersion, Stimulus, TestVersion

STIMULUS = "qti-assessment-stimulus-ref"
Shared = dict[tuple[UUID | None, str], Stimulus]


def package_of(
    versions: Sequence[ItemVersion], tested: Sequence[TestVersion] = (), *, name: str = "bank"
) -> bytes:
    """A QTI 3.0 package of these versions, and of tests with all their items; as many queries for
    one as for many, where the versions have their items."""
    files: dict[str, bytes] = {}
    paths: dict[UUID, str] = {}
    wanted = {one.pk: one for one in versions}
    for test in tested:
        for place in test.items.select_related("item_version__item"):
            wanted.setdefault(place.item_version_id, place.item_version)
    prefetch_related_objects(list(wanted.values()), "resources__file")
    shared = _stimuli(wanted.values())
    taken: set[str] = set()
    for version in wanted.values():
        folder = _folder(version, taken)
        paths[version.pk] = f"{folder}/item.xml"
        files[paths[version.pk]] = version.content.encode()
        for one in version.resources.all():
            files[f"{folder}/{one.href}"] = media.content_of(one.file)
        _add_stimuli(version, folder, files, shared)
    for test in tested:
        files[f"tests/{test.test.identifier}.xml"] = _linked(test, paths)
    package = qti.read_package(qti.MemorySource(f"{name}.zip", files))
    return qti.write_package(package)


def _folder(version: ItemVersion, taken: set[str]) -> str:
    name = f"items/{version.item.identifier}"
    number, wanted = 1, name
    while wanted in taken:
        number += 1
        wanted = f"{name}-{number}"
    taken.add(wanted)
    return wanted


def _references(version: ItemVersion) -> list[qti.Element]:
    if STIMULUS not in version.content:
        return []
    root = qti.read_xml(version.content.encode())
    return [one for one in root.walk() if one.name == STIMULUS]


def _stimuli(versions: Iterable[ItemVersion]) -> Shared:
    """Shared materials the items refer to, of the bank each is in."""
    names = {one.get("identifier")[:100] for version in versions for one in _references(version)}
    rows = Stimulus.objects.filter(identifier__in=names).prefetch_related("resources__file")
    return {(one.organisation_id, one.identifier): one for one in rows} if names else {}


def _add_stimuli(
    version: ItemVersion, folder: str, files: dict[str, bytes], shared: Shared
) -> None:
    """The shared materials, where the item's own link says they are."""
    for one in _references(version):
        target = qti.resolve(f"{folder}/item.xml", one.get("href"))
        found = shared.get((version.item.organisation_id, one.get("identifier")[:100]))
        if target is None or found is None:
            continue
        files[target] = found.content.encode()
        home = target.rpartition("/")[0]
        for row in found.resources.all():
            files[f"{home}/{row.href}"] = media.content_of(row.file)


def _linked(version: TestVersion, paths: dict[UUID, str]) -> bytes:
    """The test with its references leading to the items' places in the package."""
    root = qti.read_xml(version.content.encode())
    places = {one.ref: paths[one.item_version_id] for one in version.items.all()}
    for one in root.walk():
        if one.name == "qti-assessment-item-ref" and one.get("identifier") in places:
            one.attributes["href"] = f"../{places[one.get('identifier')]}"
    return qti.write_xml(root)
