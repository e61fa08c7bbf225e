"""Packages of QTI: looked through, then taken over.

What is looked through is judged anew when it is taken over; taking the same package over again
changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from sreda.assessment import qti
from sreda.assessment.domain import bank, media, tests
from sreda.assessment.domain.bank import named
from sreda.assessment.domain.reading import digest
from sreda.assessment.domain.versions import Stale
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, Resource, Stimulus, Test, TestVersion
from sreda.kernel.api import Actor, Told, audit, uuid7

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
    items: tuple[str, ...] = ()  # of a test: those that alone make it another one
    content: str = ""
    files: dict[str, str] = field(default_factory=dict)  # address inside → path in the package


@dataclass(slots=True)
class Judged:
    """`issues` are those of no single entry: of the manifest, of files that cannot be read."""

    package: qti.Package
    entries: list[Entry]
    issues: list[qti.Issue]

    def of(self, *states: str) -> list[Entry]:
        return [one for one in self.entries if one.state in states]


def judge(
    path: Path, name: str, *, organisation_id: UUID | None, told: Told = lambda percent: None
) -> Judged:
    """What is in the package and how it differs from the bank. `QtiError` where nothing can be
    read. `told` hears how many per cent are done."""
    told(0)
    with path.open("rb") as opened:
        packed = opened.read(2) == b"PK"
    if packed:
        package = qti.read_package(path, limits=qti.PackageLimits(file_bytes=LIMIT), name=name)
    else:
        alone = name if name.lower().endswith(".xml") else f"{name}.xml"
        package = qti.read_package(qti.MemorySource("", {alone: path.read_bytes()}))
    faults: dict[str, list[qti.Issue]] = {}
    for issue in package.issues:
        faults.setdefault(issue.file, []).append(issue)
    twice = _twice(package)
    total = max(len(package.stimuli) + len(package.items) + len(package.tests), 1)
    entries: list[Entry] = []

    def wrong(file: str) -> list[qti.Issue]:
        told(100 * len(entries) // total)
        return [*_wrong(faults.pop(file, [])), *twice.get(file, [])]

    for file, tree in package.stimuli.items():
        entries.append(_stimulus(package, file, tree, wrong(file), organisation_id))
    for file, item in package.items.items():
        entries.append(_item(package, file, item, wrong(file), organisation_id))
    sound = {one.path: one for one in entries if one.kind == "item" and one.state != WRONG}
    for file, test in package.tests.items():
        entries.append(_test(file, test, wrong(file), sound, organisation_id))
    rest = [one for issues in faults.values() for one in issues
            if packed or one.code != "manifest-missing"]  # fmt: skip
    return Judged(package, entries, rest)


def _twice(package: qti.Package) -> dict[str, list[qti.Issue]]:
    """Items, tests and stimuli whose identifier another one of their kind before them has."""
    found: dict[str, list[qti.Issue]] = {}
    names = (
        {path: one.identifier for path, one in package.items.items()},
        {path: one.identifier for path, one in package.tests.items()},
        {path: one.get("identifier") for path, one in package.stimuli.items()},
    )
    for kind in names:
        seen: dict[str, str] = {}
        for path, name in kind.items():
            if name in seen:
                params: dict[str, object] = {"name": name, "files": f"{seen[name]}, {path}"}
                found[path] = [qti.Issue("item-twice", file=path, identifier=name, params=params)]
            seen.setdefault(name, path)
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
    there = named(Item, item.identifier, organisation_id)
    state = NEW
    if there is not None:
        last = there.versions.order_by("-number").first()
        same = last is not None and _alike(last.content, content, _item_form) and _same_files(
            package, files, Resource.objects.filter(version=last))  # fmt: skip
        state = SAME if same else CHANGED
    return Entry("item", path, item.identifier, item.title, state, (), (), content, files)


def _alike(kept: str, content: str, form: Callable[[str], bytes]) -> bool:
    """Whether the two say the same, however each was written down."""
    if kept == content:
        return True
    try:
        return form(kept) == form(content)
    except qti.QtiError:
        return False


def _plain_form(content: str) -> bytes:
    return qti.write_xml(qti.read_xml(content.encode()))


def _item_form(content: str) -> bytes:
    return qti.write_item(qti.read_item(content))


def _test_form(content: str) -> bytes:
    """Without the places of its items, which are another package's in each."""
    root = qti.read_xml(qti.write_test(qti.read_test(content, load_item=tests.unread)))
    for one in root.walk():
        if one.name == "qti-assessment-item-ref":
            one.attributes["href"] = one.get("identifier")
    return qti.write_xml(root)


def _same_files(package: qti.Package, files: dict[str, str], rows: object) -> bool:
    have = dict(rows.values_list("href", "file__sha256"))  # type: ignore[attr-defined]
    return have == {
        address: hashlib.sha256(package.source.read(target)).hexdigest()
        for address, target in files.items()
    }


def _stimulus(package: qti.Package, path: str, tree: qti.Element, wrong: list[qti.Issue],
              organisation_id: UUID | None) -> Entry:  # fmt: skip
    identifier, title = tree.get("identifier"), tree.get("title")
    if wrong:
        return Entry("stimulus", path, identifier, title, WRONG, tuple(wrong))
    copy = tree.copy()
    files = _files_of(package, path, copy)
    content = qti.write_xml(copy).decode()
    there = named(Stimulus, identifier, organisation_id)
    state = NEW
    if there is not None:
        same = _alike(there.content, content, _plain_form) and _same_files(
            package, files, there.resources.all())  # fmt: skip
        state = SAME if same else CHANGED
    return Entry("stimulus", path, identifier, title, state, (), (), content, files)


def _test(path: str, test: qti.Test, wrong: list[qti.Issue], sound: dict[str, Entry],
          organisation_id: UUID | None) -> Entry:  # fmt: skip
    for ref in test.refs():
        if ref.href not in sound:
            issue = qti.Issue("link-broken", file=path, element="qti-assessment-item-ref",
                              identifier=ref.identifier, params={"name": ref.href})  # fmt: skip
            wrong.append(issue)
    if wrong:
        return Entry("test", path, test.identifier, test.title, WRONG, tuple(wrong))
    content = qti.write_test(test).decode()
    there = named(Test, test.identifier, organisation_id)
    state = NEW
    items: tuple[str, ...] = ()
    if there is not None:
        last = there.versions.order_by("-number").first()
        state = CHANGED
        if last is not None and _alike(last.content, content, _test_form):
            entries = {ref.identifier: sound[ref.href] for ref in test.refs()}
            items = _other_items(last, entries, organisation_id)
            state = CHANGED if items else SAME
    return Entry("test", path, test.identifier, test.title, state, (), items, content)


def _other_items(
    version: TestVersion, entries: dict[str, Entry], organisation_id: UUID | None
) -> tuple[str, ...]:
    """Titles of items that the version would be bound to in another state than now."""
    found: dict[str, str] = {}
    for place in version.items.select_related("item_version__item__current"):
        entry, bound = entries[place.ref], place.item_version
        item = bound.item
        own = item.identifier == entry.identifier[:100] and item.organisation_id == organisation_id
        given = item.current or item.versions.order_by("-number").first()
        if not own or entry.state != SAME or given != bound:
            found[entry.path] = entry.title or entry.identifier
    return tuple(found.values())


# ---- kept between two pages


def to_json(judged: Judged) -> dict[str, Any]:
    """Entries and issues without their content, for a row of the database."""
    return {
        "entries": [
            {"kind": one.kind, "path": one.path, "identifier": one.identifier, "title": one.title,
             "state": one.state, "items": list(one.items),
             "faults": [issue.as_dict() for issue in one.faults]}
            for one in judged.entries
        ],
        "issues": [issue.as_dict() for issue in judged.issues],
    }  # fmt: skip


def entries_of(kept: Mapping[str, Any]) -> list[Entry]:
    return [
        Entry(one["kind"], one["path"], one["identifier"], one["title"], one["state"],
              tuple(map(_issue, one["faults"])), tuple(one["items"]))
        for one in kept.get("entries", ())
    ]  # fmt: skip


def issues_of(kept: Mapping[str, Any]) -> list[qti.Issue]:
    return list(map(_issue, kept.get("issues", ())))


def _issue(kept: Mapping[str, Any]) -> qti.Issue:
    return qti.Issue(
        kept["code"], file=kept["file"], line=kept["line"], element=kept["element"],
        identifier=kept["identifier"], params=kept["params"],
    )  # fmt: skip


# ---- taking over


@dataclass(slots=True)
class Taken:
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[tuple[Entry, str]] = field(default_factory=list)


def take_over(
    judged: Judged,
    *,
    organisation_id: UUID | None,
    actor: Actor,
    at: datetime,
    ready: bool = False,
    told: Told = lambda percent: None,
) -> Taken:
    """The sound entries: new ones as drafts, changed ones as new drafts of what is there; with
    `ready` they are given at once. Each lands whole or is in `refused` with the reason."""
    done = Taken()
    held: dict[str, Item] = {}
    wanted = judged.of(NEW, CHANGED, SAME)
    for number, entry in enumerate(wanted):
        told(100 * number // len(wanted))
        try:
            with transaction.atomic():
                _take(judged, entry, held, organisation_id, actor, at, ready)
        except (ValidationError, Stale) as error:
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
        there = named(Stimulus, entry.identifier, organisation_id)
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
        item = named(Item, entry.identifier, organisation_id)
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
        test = named(Test, entry.identifier, organisation_id)
        if test is not None and entry.items and _as_bound(test, bound):
            return
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


def _as_bound(test: Test, bound: Mapping[str, Item]) -> bool:
    """Whether the test stands already as its items are given now."""
    last = test.versions.order_by("-number")[0]
    placed = dict(last.items.values_list("ref", "item_version_id"))
    return placed == {ref: tests.given(item).pk for ref, item in bound.items()}
