"""The bank as people look through it: items, the version each sees, where it is used."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from sreda.assessment import qti
from sreda.assessment.access import ITEMS, OPERATOR, SITTINGS, TESTS
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemAnalysis, ItemVersion, Stimulus, Tag, Test
from sreda.kernel.api import Actor
from sreda.registry.api import Role

LINES = 400  # of a difference between two versions
SHOWN = 50
TAGS = 500  # of each kind


def owned_by(organisation_id: UUID | None) -> Q:
    """Rows of the organisation's bank, or of the region's where there is none."""
    return Q(organisation_id=organisation_id) if organisation_id else Q(organisation=None)


def sees_drafts(actor: Actor, item: Item | Test) -> bool:
    """Others are given an item; its drafts are its own organisation's (or the region's) matter."""
    if OPERATOR.decide(actor) is True:
        return True
    if actor.role == Role.EXPERT:
        return item.organisation_id is None or item.author_id == actor.person_id
    return item.organisation_id is not None and item.organisation_id == actor.organisation_id


def own_bank(actor: Actor) -> Q:
    """What is ready, and one's own and one's organisation's drafts."""
    own = Q(author_id=actor.person_id) | Q(current__isnull=False)
    if actor.organisation_id is not None:
        own |= Q(organisation_id=actor.organisation_id)
    return own


def items(actor: Actor, *, archived: bool = False) -> QuerySet[Item]:
    """What the actor may see, with the versions in force (`live`) and without their content. An
    item that was never ready is seen only where its drafts are."""
    rows = ITEMS.all(actor).filter(archived_at__isnull=not archived)
    if OPERATOR.decide(actor) is not True:
        rows = rows.filter(own_bank(actor))
    versions = ItemVersion.objects.exclude(status=ItemStatus.RETIRED).defer("content", "faults")
    return rows.select_related("organisation").prefetch_related(
        Prefetch("versions", queryset=versions.order_by("-number"), to_attr="live"), "tags"
    )


def live(**lookup: object) -> Exists:
    """Whether the version that is given, or else the draft, is so."""
    return Exists(
        ItemVersion.objects.filter(item=OuterRef("pk"), **lookup).exclude(status=ItemStatus.RETIRED)
    )


def matching(rows: QuerySet[Item], text: str) -> QuerySet[Item]:
    """By words in any of their forms, the title's first; by identifier or a part of the title."""
    query = SearchQuery(text, config="russian", search_type="websearch")
    found = rows.filter(Q(words=query) | Q(title__icontains=text) | Q(identifier__istartswith=text))
    return found.annotate(rank=SearchRank(F("words"), query)).order_by("-rank", "-made_at", "pk")


def tags(actor: Actor) -> dict[str, list[Tag]]:
    """Tags by their kind, the first of each; free ones only of items the actor sees."""
    seen = Item.tags.through.objects.filter(
        tag=OuterRef("pk"), item__in=ITEMS.all(actor).order_by().values("pk")
    )
    place = Window(RowNumber(), partition_by="scheme", order_by="title")
    rows = Tag.objects.filter(~Q(scheme="free") | Exists(seen)).annotate(place=place)
    found: dict[str, list[Tag]] = {}
    for one in rows.filter(place__lte=TAGS).order_by("scheme", "title"):
        found.setdefault(one.scheme, []).append(one)
    return found


def version_of(actor: Actor, item: Item, number: int | None = None) -> ItemVersion | None:
    """The version by number, or what should be looked at first: the draft, else what is given."""
    rows = item.versions.order_by("-number")
    if not sees_drafts(actor, item):
        rows = rows.exclude(status=ItemStatus.DRAFT)
    return rows.filter(number=number).first() if number is not None else rows.first()


def given(actor: Actor, items: Sequence[Item]) -> list[ItemVersion]:
    """Of each the version that is given, else the latest the actor sees; with their items."""
    chosen = {one.pk: one.current_id for one in items}
    own = {one.pk for one in items if one.current_id is None and sees_drafts(actor, one)}
    waiting = [pk for pk, current in chosen.items() if current is None]
    rows = ItemVersion.objects.filter(item__in=waiting).order_by("-number")
    for pk, item_id, status in rows.values_list("pk", "item_id", "status"):
        if chosen[item_id] is None and (item_id in own or status != ItemStatus.DRAFT):
            chosen[item_id] = pk
    found = ItemVersion.objects.select_related("item").in_bulk(
        [pk for pk in chosen.values() if pk is not None]
    )
    return [found[pk] for pk in chosen.values() if pk is not None]


def versions(actor: Actor, item: Item) -> list[ItemVersion]:
    rows = item.versions.order_by("-number").defer("content")
    if not sees_drafts(actor, item):
        rows = rows.exclude(status=ItemStatus.DRAFT)
    return list(rows)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in words, and where: `line` of the XML."""

    severity: str
    text: str
    line: int | None
    element: str
    identifier: str


def faults_of(content: str, translate: object) -> list[Fault]:
    """What the check of an item finds, the worst first; [] where it cannot be read is not possible:
    the reason is the only fault then."""
    try:
        found: Sequence[qti.Issue] = qti.check_item(qti.read_item(content))
    except qti.QtiError as error:
        found = [error.issue]
    order = {"fatal": 0, "error": 1, "warning": 2, "note": 3}
    return [
        Fault(one.severity, one.said(translate), one.line, one.element, one.identifier)  # type: ignore[arg-type]
        for one in sorted(found, key=lambda one: (order[one.severity], one.line or 0))
    ]


def tests_with(actor: Actor, item: Item) -> list[Test]:
    """Tests the actor may see in which a version of the item stands."""
    rows = TESTS.all(actor).filter(versions__items__item_version__item=item).distinct()
    return list(rows.order_by("title")[:SHOWN])


def measured(actor: Actor, item: Item) -> list[ItemAnalysis]:
    """How it worked, sitting by sitting, the newest first; `seen`: whether the actor may know which
    sitting it was."""
    seen = SITTINGS.all(actor).filter(pk=OuterRef("sitting_id"))
    rows = ItemAnalysis.objects.filter(item_version__item=item, answered__gt=0)
    rows = rows.annotate(seen=Exists(seen))
    return list(rows.select_related("item_version", "sitting").order_by("-sitting__closes_at")[:10])


def difference(old: str, new: str) -> list[tuple[str, str]]:
    """Lines that differ, with a few around them: ("-", "+" or " ", text)."""
    made = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=2)
    return [
        (line[0], line[1:])
        for line in made
        if not line.startswith(("---", "+++"))
    ][:LINES]  # fmt: skip


def _lines(content: str) -> list[str]:
    """One element a line, so that a change is seen where it is."""
    return content.replace("><", ">\n<").splitlines()


def stimuli_of(version: ItemVersion) -> list[Stimulus]:
    """The shared materials the item refers to, of its own organisation's bank."""
    root = qti.read_xml(version.content.encode())
    names = [one.get("identifier") for one in root.walk()
             if one.name == "qti-assessment-stimulus-ref"]  # fmt: skip
    if not names:
        return []
    item = version.item
    rows = Stimulus.objects.filter(owned_by(item.organisation_id), identifier__in=names)
    return sorted(rows, key=lambda one: names.index(one.identifier))
