"""Writing tests, and reading a version of one with the versions of items it is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain.bank import free_identifier
from sreda.assessment.domain.reading import digest, item_of, points
from sreda.assessment.domain.versions import locked_draft, not_yet, put_in_force
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Tag, Test, TestItem, TestVersion
from sreda.kernel.api import Actor, audit, made_before, uuid7

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"


@dataclass(frozen=True, slots=True)
class Place:
    """An item in a simple test: its reference, its weight and its section's number (from 0)."""

    item: Item
    weight: Decimal = Decimal(1)
    section: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A simple test as people compose it; any other is written as QTI.

    `navigation`: "linear" or "nonlinear"; `submission`: "individual" or "simultaneous".
    `take` of a section: how many of its items one learner gets (None: all)."""

    title: str
    sections: tuple[str, ...]
    places: tuple[Place, ...]
    take: tuple[int | None, ...] = ()
    shuffle: bool = False
    navigation: str = "nonlinear"
    submission: str = "simultaneous"
    minutes: int | None = None
    max_attempts: int = 1
    show_feedback: bool = False
    allow_review: bool = True
    allow_skipping: bool = True


def written(plan: Plan, identifier: str) -> tuple[str, dict[str, Item]]:
    """The plan as QTI 3.0 XML, and its items by the identifiers of their references."""
    bound: dict[str, Item] = {}
    root = qti.Element(
        "qti-assessment-test",
        {"identifier": identifier, "title": plan.title, "xml:lang": "ru"},
        ns=QTI,
    )
    for name in ("SCORE", "MAXSCORE"):
        kind = {"identifier": name, "cardinality": "single", "base-type": "float"}
        root.append(_made("qti-outcome-declaration", kind))
    if plan.minutes:
        root.append(_made("qti-time-limits", {"max-time": str(plan.minutes * 60)}))
    part = _made(
        "qti-test-part",
        {
            "identifier": "part",
            "navigation-mode": plan.navigation,
            "submission-mode": plan.submission,
        },
    )
    control = {
        "max-attempts": str(plan.max_attempts),
        "show-feedback": _flag(plan.show_feedback),
        "allow-review": _flag(plan.allow_review),
        "allow-skipping": _flag(plan.allow_skipping),
    }
    part.append(_made("qti-item-session-control", control))
    for number, title in enumerate(plan.sections):
        section = _made(
            "qti-assessment-section",
            {"identifier": f"section{number + 1}", "title": title, "visible": "true"},
        )
        take = plan.take[number] if number < len(plan.take) else None
        if take:
            section.append(_made("qti-selection", {"select": str(take)}))
        if plan.shuffle:
            section.append(_made("qti-ordering", {"shuffle": "true"}))
        for place in plan.places:
            if place.section != number:
                continue
            ref = f"Q{len(bound) + 1}"
            bound[ref] = place.item
            link = _made("qti-assessment-item-ref", {"identifier": ref, "href": f"items/{ref}.xml"})
            if place.weight != 1:
                weight = {"identifier": "WEIGHT", "value": f"{place.weight.normalize():f}"}
                link.append(_made("qti-weight", weight))
            section.append(link)
        part.append(section)
    root.append(part)
    root.append(_sums())
    return qti.write_xml(root).decode(), bound


def _made(name: str, attributes: dict[str, str], *children: qti.Element) -> qti.Element:
    return qti.Element(name, attributes, *children, ns=QTI)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _sums() -> qti.Element:
    """SCORE and MAXSCORE of the test: the weighted sums of those of its items."""

    def total(name: str) -> qti.Element:
        values = _made(
            "qti-test-variables", {"variable-identifier": name, "weight-identifier": "WEIGHT"}
        )
        return _made("qti-set-outcome-value", {"identifier": name}, _made("qti-sum", {}, values))

    return _made("qti-outcome-processing", {}, total("SCORE"), total("MAXSCORE"))


def add_test(
    *,
    content: str,
    bound: Mapping[str, Item],
    organisation_id: UUID | None,
    actor: Actor,
    at: datetime,
    title: str = "",
    identifier: str = "",
    tags: Iterable[Tag] = (),
    key: UUID | None = None,
) -> Test:
    """A new test with its first draft; `bound` gives the item for each reference's identifier."""
    found = _read(content)
    with transaction.atomic():
        if (made := made_before(Test, key)) is not None:
            return made
        test = Test(
            pk=key or uuid7(),
            identifier=free_identifier(Test, identifier or found.identifier, organisation_id),
            title=(title or found.title or found.identifier)[:300],
            organisation_id=organisation_id,
            author_id=actor.person_id,
            author_name=actor.name,
            made_at=at,
        )
        test.save(force_insert=True)
        test.tags.set(tags)
        version = TestVersion(test=test, number=1, made_at=at, made_by_name=actor.name)
        _fill(version, content, bound)
        audit("assessment.test.added", test, actor=actor, at=at, identifier=test.identifier)
    return test


def _read(content: str) -> qti.Test:
    """As it stands, its items unread."""
    try:
        return qti.read_test(content, load_item=unread)
    except qti.QtiError as error:
        raise ValidationError({"content": str(error)}) from error


def unread(path: str) -> qti.Item:
    raise KeyError(path)


def _fill(version: TestVersion, content: str, bound: Mapping[str, Item]) -> None:
    """Content and the versions of items as they are given now (or their drafts, until then)."""
    found = _read(content)
    refs = [ref.identifier for ref in found.refs()]
    missing = [ref for ref in refs if ref not in bound]
    if missing:
        raise ValidationError(
            _("These items are not in the bank: %(refs)s.") % {"refs": ", ".join(missing[:10])}
        )
    version.content, version.sha256 = content, digest(content)
    version.save()
    version.items.all().delete()
    TestItem.objects.bulk_create(
        TestItem(version=version, ref=ref, number=n, item_version=given(bound[ref]))
        for n, ref in enumerate(refs, 1)
    )
    whole = test_of(version)
    version.faults = [
        issue.as_dict() for issue in (*whole.issues, *qti.check_test(whole)) if _weighs(issue)
    ]
    version.max_score = _max_score(version, whole)
    version.save(update_fields=["faults", "max_score"])


def _weighs(issue: qti.Issue) -> bool:
    return issue.severity in {"error", "fatal"}


def given(item: Item) -> ItemVersion:
    found = item.current or item.versions.order_by("-number").first()
    assert found is not None
    return found


def _max_score(version: TestVersion, whole: qti.Test) -> Decimal | None:
    """The weighted sum of the items' greatest scores, where each is known and none is selected
    away."""
    if any(section.select is not None for section in _sections(whole)):
        return None
    scores = {one.ref: one.item_version.max_score for one in version.items.select_related()}
    total = Decimal(0)
    for ref in whole.refs():
        most = scores.get(ref.identifier)
        weight = points(ref.weights.get("WEIGHT", 1))
        if most is None or weight is None:
            return None
        total += most * weight
    return total


def _sections(test: qti.Test) -> Iterable[qti.Section]:
    stack: list[object] = [child for part in test.parts for child in part.children]
    while stack:
        one = stack.pop()
        if isinstance(one, qti.Section):
            yield one
            stack.extend(one.children)


def save_draft(
    version: TestVersion,
    *,
    edition: int,
    content: str,
    bound: Mapping[str, Item],
    actor: Actor,
    at: datetime,
    title: str | None = None,
) -> TestVersion:
    with transaction.atomic():
        used = _("This version is in use. Make a new draft of the test.")
        current = locked_draft(version, edition=edition, content=content, used=used)
        current.edition += 1
        _fill(current, content, bound)
        if title is not None:
            Test.objects.filter(pk=current.test_id).update(title=title[:300])
        audit("assessment.test.drafted", current.test, actor=actor, at=at, version=current.number)
    return current


def draft_of(test: Test, *, actor: Actor, at: datetime) -> TestVersion:
    """The draft that may be changed, bound to the items as they are given now."""
    with transaction.atomic():
        Test.objects.select_for_update().get(pk=test.pk)
        if draft := test.versions.filter(status=ItemStatus.DRAFT).first():
            return draft
        last = test.versions.order_by("-number")[0]
        made = TestVersion(test=test, number=last.number + 1, made_at=at, made_by_name=actor.name)
        placed = last.items.select_related("item_version__item__current")
        _fill(made, last.content, {one.ref: one.item_version.item for one in placed})
    return made


def make_ready(version: TestVersion, *, actor: Actor, at: datetime) -> TestVersion:
    """From now on this version is given. Its items must be ready themselves."""
    with transaction.atomic():
        current = TestVersion.objects.select_for_update().get(pk=version.pk)
        if current.status == ItemStatus.READY:
            return current
        drafts = [
            one.item_version.item.title
            for one in current.items.select_related("item_version__item")
            if one.item_version.status == ItemStatus.DRAFT
        ]
        if drafts:
            raise ValidationError(
                _("These items are still drafts: %(items)s.") % {"items": ", ".join(drafts[:5])}
            )
        if not current.items.exists():
            raise ValidationError(_("There is no item in it."))
        not_yet(current.faults)
        test = Test.objects.select_for_update().get(pk=current.test_id)
        put_in_force(current, test)
        audit("assessment.test.published", test, actor=actor, at=at, version=current.number)
    return current


def test_of(version: TestVersion) -> qti.Test:
    """The test as the engine reads it, with its items; kept by the process: neither changes once
    it was given, and a draft is known by its edition."""
    placed = list(version.items.select_related("item_version"))
    key = tuple((one.ref, one.item_version.sha256) for one in placed)
    return _whole(version.content, key, _Items(placed))


class _Items:
    """The items of a version by reference; equal to any other, for the key above tells them
    apart."""

    def __init__(self, placed: Sequence[TestItem]) -> None:
        self.by_ref = {one.ref: one.item_version for one in placed}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Items)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _whole(content: str, key: tuple[tuple[str, str], ...], items: _Items) -> qti.Test:
    bare = _read(content)
    refs = {ref.href: ref.identifier for ref in bare.refs()}

    def load(path: str) -> qti.Item:
        return item_of(items.by_ref[refs[path]])

    return qti.read_test(content, load_item=load)


test_of.__test__ = False  # type: ignore[attr-defined]
