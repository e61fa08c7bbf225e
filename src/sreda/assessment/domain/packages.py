"""Exchange: a package is looked through, then taken over; items and tests are given out as one.

What is looked through is judged anew when it is taken over, so nothing is kept in between but the
file; taking the same package over again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from sreda.assessment import qti
from sreda.assessment.domain import bank, media, tests
from sreda.assessment.domain.reading import digest
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import (
    Item,
    ItemVersion,
    Resource,
    Stimulus,
    Test,
    TestVersion,
)
from sreda.kernel.api import Actor, audit, uuid7

LIMIT = 200 * 1024 * 1024
BAD = frozenset({"error", "fatal"})
NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"
PORTABLE = "qti-portable-custom-interaction"
LINKS = ("src", "data", "href", "poster", "primary-path", "fallback-path")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item, test or stimulus of a package, and what taking it over would do."""

    kind: str  # item, test, stimulus
    path: str
    identifier: str
    title: str
    state: str
    faults: tuple[qti.Issue, ...] = ()
    content: str = ""
    files: dict[str, str] = field(default_factory=dict)  # address inside → path in the package


@dataclass(frozen=True, slots=True)
class Judged:
    """`issues` are those of no single entry: of the manifest, of files that cannot be read."""

    package: qti.Package
    entries: list[Entry]
    issues: list[qti.Issue]

    def of(self, *states: str) -> list[Entry]:
        return [one for one in self.entries if one.state in states]


def judge(path: Path, name: str, *, organisation_id: UUID | None) -> Judged:
    """What is in the package and how it differs from the bank. `QtiError` where nothing can be
    read."""
    content = path.read_bytes()
    if content[:2] == b"PK":
        package = qti.read_package(content, limits=qti.PackageLimits(file_bytes=LIMIT))
    else:
        file = name if name.lower().endswith(".xml") else f"{name}.xml"
        package = qti.read_package(qti.MemorySource("", {file: content}))
    faults: dict[str, list[qti.Issue]] = {}
    for issue in package.issues:
        faults.setdefault(issue.file, []).append(issue)
    stimuli = [
        _stimulus(package, path_, tree, faults.pop(path_, []), organisation_id)
        for path_, tree in package.stimuli.items()
    ]
    twice = _twice(package)
    items = [
        _item(package, path_, item, [*_wrong(faults.pop(path_, [])), *twice.get(path_, [])],
              organisation_id)
        for path_, item in package.items.items()
    ]  # fmt: skip
    sound = {one.path for one in items if one.state != WRONG}
    found_tests = [
        _test(path_, test, faults.pop(path_, []), sound, organisation_id)
        for path_, test in package.tests.items()
    ]
    rest = [one for issues in faults.values() for one in issues
            if content[:2] == b"PK" or one.code != "manifest-missing"]  # fmt: skip
    return Judged(package, [*stimuli, *items, *found_tests], rest)


def _twice(package: qti.Package) -> dict[str, list[qti.Issue]]:
    """Items whose identifier another one before them has."""
    seen: dict[str, str] = {}
    found: dict[str, list[qti.Issue]] = {}
    for path, item in package.items.items():
        if item.identifier in seen:
            params: dict[str, object] = {
                "name": item.identifier, "files": f"{seen[item.identifier]}, {path}"}  # fmt: skip
            found[path] = [qti.Issue("item-twice", file=path, identifier=item.identifier,
                                     params=params)]  # fmt: skip
        seen.setdefault(item.identifier, path)
    return found


def _files_of(package: qti.Package, path: str, tree: qti.Element) -> dict[str, str]:
    """Files the tree shows, by the address that is written into it: its own relative one, or the
    path from the package's top where that leads out of its folder."""
    found: dict[str, str] = {}
    for element, href in qti.links_of(tree):
        target = None if qti.is_remote(href) else _there_in(package, path, element, href)
        if target is None:
            continue
        address = target.removeprefix(inside_of(path))
        for name in LINKS:
            if element.get(name).strip() == href:
                element.attributes[name] = address
        found[address] = target
    if any(one.name == PORTABLE for one in tree.walk()):
        for target in _around_modules(package, path, tree):
            found[target.removeprefix(inside_of(path))] = target
    return found


def inside_of(path: str) -> str:
    """The beginning that addresses inside the item leave out: its folder."""
    folder = path.rpartition("/")[0]
    return f"{folder}/" if folder else ""


def _there_in(package: qti.Package, path: str, element: qti.Element, href: str) -> str | None:
    """The file a link leads to; a module's may leave out its ending."""
    target = qti.resolve(path, href)
    endings = ("", ".js") if element.name == "qti-interaction-module" else ("",)
    return next((f"{target}{e}" for e in endings if f"{target}{e}" in package.media), None)


def _around_modules(package: qti.Package, path: str, tree: qti.Element) -> set[str]:
    """What modules may load that no link of the item names: the files its resource and those it
    depends on list, and what lies in the modules' folders."""
    found: set[str] = set()
    waiting, seen = [package.resource_of(path)], set[str]()
    while waiting:
        one = waiting.pop()
        if one is None or one.identifier in seen:
            continue
        seen.add(one.identifier)
        found.update(one.files)
        waiting += [package.resources.get(name) for name in one.dependencies]
    folders = {
        target.rpartition("/")[0]
        for element, href in qti.links_of(tree)
        if element.name == "qti-interaction-module"
        and not qti.is_remote(href)
        and (target := _there_in(package, path, element, href))
    }
    folders |= {f"{inside_of(path)}modules", "modules"}
    for portable in (one for one in tree.walk() if one.name == PORTABLE):
        named = qti.resolve(path, portable.get("module"))
        if named in package.media:
            assert named is not None
            found.add(named)
            folders.add(named.rpartition("/")[0])
    found |= {name for name in package.media
              if any(folder and name.startswith(f"{folder}/") for folder in folders)}  # fmt: skip
    return found & package.media


def _wrong(issues: Iterable[qti.Issue]) -> tuple[qti.Issue, ...]:
    return tuple(one for one in issues if one.severity in BAD)


def _item(package: qti.Package, path: str, item: qti.Item, wrong: list[qti.Issue],
          organisation_id: UUID | None) -> Entry:  # fmt: skip
    if wrong:
        return Entry("item", path, item.identifier, item.title, WRONG, tuple(wrong))
    tree = qti.read_xml(qti.write_item(item))
    files = _files_of(package, path, tree)
    content = qti.write_xml(tree).decode()
    there = _there(Item, organisation_id, item.identifier)
    state = NEW
    if there is not None:
        last = there.versions.order_by("-number").first()
        same = last is not None and last.sha256 == digest(content) and _same_files(
            package, files, Resource.objects.filter(version=last))  # fmt: skip
        state = SAME if same else CHANGED
    return Entry("item", path, item.identifier, item.title, state, (), content, files)


def _same_files(package: qti.Package, files: dict[str, str], rows: object) -> bool:
    import hashlib

    have = dict(rows.values_list("href", "file__sha256"))  # type: ignore[attr-defined]
    return have == {
        address: hashlib.sha256(package.source.read(target)).hexdigest()
        for address, target in files.items()
    }


B = TypeVar("B", Item, Stimulus, Test)


def _there(model: type[B], organisation_id: UUID | None, identifier: str) -> B | None:
    whose = Q(organisation_id=organisation_id) if organisation_id else Q(organisation=None)
    return model._default_manager.filter(whose, identifier=identifier[:100]).first()


def _stimulus(package: qti.Package, path: str, tree: qti.Element, issues: list[qti.Issue],
              organisation_id: UUID | None) -> Entry:  # fmt: skip
    identifier, title = tree.get("identifier"), tree.get("title")
    if wrong := _wrong(issues):
        return Entry("stimulus", path, identifier, title, WRONG, wrong)
    copy = tree.copy()
    files = _files_of(package, path, copy)
    content = qti.write_xml(copy).decode()
    there = _there(Stimulus, organisation_id, identifier)
    state = NEW
    if there is not None:
        same = there.sha256 == digest(content) and _same_files(
            package, files, there.resources.all())  # fmt: skip
        state = SAME if same else CHANGED
    return Entry("stimulus", path, identifier, title, state, (), content, files)


def _test(path: str, test: qti.Test, issues: list[qti.Issue], sound: set[str],
          organisation_id: UUID | None) -> Entry:  # fmt: skip
    wrong = list(_wrong(issues))
    for ref in test.refs():
        if ref.href not in sound:
            issue = qti.Issue("link-broken", file=path, element="qti-assessment-item-ref",
                              identifier=ref.identifier, params={"name": ref.href})  # fmt: skip
            wrong.append(issue)
    if wrong:
        return Entry("test", path, test.identifier, test.title, WRONG, tuple(wrong))
    content = qti.write_test(test).decode()
    there = _there(Test, organisation_id, test.identifier)
    state = NEW
    if there is not None:
        last = there.versions.order_by("-number").first()
        state = SAME if last is not None and last.sha256 == digest(content) else CHANGED
    return Entry("test", path, test.identifier, test.title, state, (), content)


# ---- taking over


@dataclass(slots=True)
class Taken:
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[tuple[Entry, str]] = field(default_factory=list)


def take_over(
    judged: Judged, *, organisation_id: UUID | None, actor: Actor, at: datetime, ready: bool = False
) -> Taken:
    """The sound entries: new ones as drafts, changed ones as new drafts of what is there; with
    `ready` they are given at once. Each lands whole or is in `refused` with the reason."""
    done = Taken()
    held: dict[str, Item] = {}
    for entry in judged.of(NEW, CHANGED, SAME):
        try:
            with transaction.atomic():
                _take(judged, entry, held, organisation_id, actor, at, ready)
        except (ValidationError, bank.Stale) as error:
            said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            done.refused.append((entry, said))
            continue
        if entry.state == NEW:
            done.new += 1
        elif entry.state == CHANGED:
            done.changed += 1
        else:
            done.same += 1
    audit("assessment.package.taken", None, actor=actor, at=at, name=judged.package.name,
          new=done.new, changed=done.changed, refused=len(done.refused))  # fmt: skip
    return done


def _take(judged: Judged, entry: Entry, held: dict[str, Item], organisation_id: UUID | None,
          actor: Actor, at: datetime, ready: bool) -> None:  # fmt: skip
    files = {
        address: media.keep(target, judged.package.source.read(target), actor=actor, at=at)
        for address, target in entry.files.items()
    } if entry.state != SAME else {}  # fmt: skip
    if entry.kind == "stimulus":
        if entry.state == SAME:
            return
        there = _there(Stimulus, organisation_id, entry.identifier)
        row = there or Stimulus(
            pk=uuid7(), identifier=entry.identifier[:100], organisation_id=organisation_id,
            author_id=actor.person_id, author_name=actor.name, made_at=at,
        )  # fmt: skip
        row.title = (entry.title or entry.identifier)[:300]
        row.content, row.sha256 = entry.content, digest(entry.content)
        row.save()
        row.resources.all().delete()
        for href, file in files.items():
            Resource.objects.create(stimulus=row, href=href, file=file)
    elif entry.kind == "item":
        item = _there(Item, organisation_id, entry.identifier)
        if item is None:
            item = bank.add_item(
                content=entry.content, organisation_id=organisation_id, actor=actor, at=at,
                resources=files,
            )  # fmt: skip
        elif entry.state == CHANGED:
            draft = bank.draft_of(item, actor=actor, at=at)
            draft.resources.exclude(href__in=files).delete()
            bank.save_draft(draft, edition=draft.edition, content=entry.content, actor=actor,
                            at=at, title=entry.title or None, resources=files)  # fmt: skip
        draft_now = item.versions.filter(status=ItemStatus.DRAFT).first()
        if ready and draft_now and entry.state != SAME:
            bank.make_ready(draft_now, actor=actor, at=at)
        item.refresh_from_db()
        held[entry.path] = item
    elif entry.state != SAME:
        found = judged.package.tests[entry.path]
        bound = {ref.identifier: held[ref.href] for ref in found.refs() if ref.href in held}
        test = _there(Test, organisation_id, entry.identifier)
        if test is not None:
            version = tests.draft_of(test, actor=actor, at=at)
            version = tests.save_draft(version, edition=version.edition, content=entry.content,
                                       bound=bound, actor=actor, at=at)  # fmt: skip
        else:
            test = tests.add_test(content=entry.content, bound=bound, actor=actor, at=at,
                                  organisation_id=organisation_id)  # fmt: skip
            version = test.versions.get()
        if ready:
            tests.make_ready(version, actor=actor, at=at)


# ---- giving out


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
        found = _there(Stimulus, version.item.organisation_id, one.get("identifier"))
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
