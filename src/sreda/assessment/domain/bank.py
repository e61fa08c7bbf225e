"""Writing items: drafts, versions that are given, copies, words to find them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.utils.translation import gettext as _

from sreda.assessment import events, qti
from sreda.assessment.domain.reading import digest, facts_of
from sreda.assessment.domain.versions import locked_draft, not_yet, put_in_force
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Resource, Stimulus, Tag, Test
from sreda.assessment.queries.bank import owned_by
from sreda.kernel.api import Actor, StoredFile, audit, made_before, publish, uuid7

B = TypeVar("B", Item, Stimulus, Test)


def read(content: str, *, file: str = "") -> qti.Item:
    """The engine's item; ValidationError says in words what keeps it from being read at all."""
    try:
        return qti.read_item(content, file=file)
    except qti.QtiError as error:
        raise ValidationError({"content": str(error)}) from error


def add_item(
    *,
    content: str,
    organisation_id: UUID | None,
    actor: Actor,
    at: datetime,
    title: str = "",
    identifier: str = "",
    tags: Iterable[Tag] = (),
    resources: Mapping[str, StoredFile] | None = None,
    key: UUID | None = None,
) -> Item:
    """A new item with its first draft. `resources` are files by the address the item uses.

    `key` is its id: the same key twice makes it once."""
    found = read(content)
    with transaction.atomic():
        if (made := made_before(Item, key)) is not None:
            return made
        item = Item(
            pk=key or uuid7(),
            identifier=free_identifier(Item, identifier or found.identifier, organisation_id),
            title=(title or found.title or found.identifier)[:300],
            organisation_id=organisation_id,
            author_id=actor.person_id,
            author_name=actor.name,
            made_at=at,
        )
        item.save(force_insert=True)
        item.tags.set(tags)
        version = _version(item, 1, content, found, at=at, actor=actor)
        for href, file in (resources or {}).items():
            Resource.objects.create(version=version, href=href, file=file)
        _index(item, found)
        audit("assessment.item.added", item, actor=actor, at=at, identifier=item.identifier)
    return item


def named(model: type[B], identifier: str, organisation_id: UUID | None) -> B | None:
    """The thing of this kind that has the identifier in the organisation's bank."""
    rows = model._default_manager.filter(owned_by(organisation_id))
    return rows.filter(identifier=identifier[:100]).first()


def free_identifier(model: type[B], identifier: str, organisation_id: UUID | None) -> str:
    """The identifier, or with a number where it is taken among the bank's things of this kind."""
    near = model._default_manager.filter(
        owned_by(organisation_id), identifier__startswith=identifier[:90]
    )
    taken = set(near.values_list("identifier", flat=True))
    wanted, number = identifier[:100], 1
    while wanted in taken:
        number += 1
        wanted = f"{identifier[:90]}-{number}"
    return wanted


def _version(
    item: Item, number: int, content: str, found: qti.Item, *, at: datetime, actor: Actor
) -> ItemVersion:
    version = ItemVersion(item=item, number=number, made_at=at, made_by_name=actor.name)
    _fill(version, content, found)
    version.save(force_insert=True)
    return version


def _fill(version: ItemVersion, content: str, found: qti.Item) -> None:
    facts = facts_of(found)
    version.content, version.sha256 = content, digest(content)
    version.interactions = facts.interactions
    version.scored = facts.scored
    version.adaptive = facts.adaptive
    version.by_hand = facts.by_hand
    version.max_score = facts.max_score
    version.language = facts.language
    version.faults = facts.faults


def _index(item: Item, found: qti.Item) -> None:
    """Words of the title and the text, for search."""
    body = found.body.text if found.body is not None else ""
    words = SearchVector(Value(item.title), weight="A", config="russian") + SearchVector(
        Value(body[:20_000]), weight="C", config="russian"
    )
    Item.objects.filter(pk=item.pk).update(words=words)


def draft_of(item: Item, *, actor: Actor, at: datetime) -> ItemVersion:
    """The draft that may be changed: the present one, or a new one after the last version."""
    with transaction.atomic():
        Item.objects.select_for_update().get(pk=item.pk)
        if draft := item.versions.filter(status=ItemStatus.DRAFT).first():
            return draft
        last = item.versions.order_by("-number")[0]
        made = _version(item, last.number + 1, last.content, read(last.content), at=at, actor=actor)
        made.difficulty = last.difficulty
        made.save(update_fields=["difficulty"])
        Resource.objects.bulk_create(
            Resource(version=made, href=one.href, file_id=one.file_id)
            for one in last.resources.all()
        )
    return made


def save_draft(
    version: ItemVersion,
    *,
    edition: int,
    content: str,
    actor: Actor,
    at: datetime,
    title: str | None = None,
    difficulty: int | None = None,
    tags: Iterable[Tag] | None = None,
    resources: Mapping[str, StoredFile] | None = None,
) -> ItemVersion:
    """Change a draft. Stale when it was saved since `edition`, unless equally."""
    found = read(content)
    with transaction.atomic():
        used = _("This version is in use. Make a new draft of the item.")
        current = locked_draft(version, edition=edition, content=content, used=used)
        _fill(current, content, found)
        current.edition += 1
        if difficulty is not None:
            current.difficulty = difficulty
        current.save()
        item = current.item
        if title is not None:
            item.title = title[:300]
            item.save(update_fields=["title"])
        if tags is not None:
            item.tags.set(tags)
        for href, file in (resources or {}).items():
            Resource.objects.update_or_create(version=current, href=href, defaults={"file": file})
        _index(item, found)
        audit("assessment.item.drafted", item, actor=actor, at=at, version=current.number)
    return current


def make_ready(version: ItemVersion, *, actor: Actor, at: datetime) -> ItemVersion:
    """From now on this version is given; learners in the middle of another keep theirs."""
    with transaction.atomic():
        current = ItemVersion.objects.select_for_update().get(pk=version.pk)
        if current.status == ItemStatus.READY:
            return current
        not_yet([one for one in current.faults if one.get("severity") in {"error", "fatal"}])
        item = Item.objects.select_for_update().get(pk=current.item_id)
        put_in_force(current, item)
        audit("assessment.item.published", item, actor=actor, at=at, version=current.number)
        publish(events.ItemPublished(item_id=item.pk, version_id=current.pk), at=at)
    return current


def copy_item(
    item: Item,
    *,
    organisation_id: UUID | None,
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> Item:
    """A draft of one's own, made from the version that is given (or the draft)."""
    source = item.current or item.versions.order_by("-number")[0]
    return add_item(
        content=source.content,
        organisation_id=organisation_id,
        actor=actor,
        at=at,
        title=item.title,
        identifier=item.identifier,
        tags=item.tags.all(),
        resources={one.href: one.file for one in source.resources.select_related("file")},
        key=key,
    )


def delete_draft(version: ItemVersion, *, actor: Actor, at: datetime) -> None:
    """A draft that was never given; with the first one the item goes too."""
    with transaction.atomic():
        current = ItemVersion.objects.select_for_update().select_related("item").get(pk=version.pk)
        if current.status != ItemStatus.DRAFT:
            raise ValidationError(_("A version that was published stays."))
        item = current.item
        audit("assessment.item.draft_deleted", item, actor=actor, at=at, state=_state(current))
        try:
            with transaction.atomic():
                current.delete()
        except (IntegrityError, models.ProtectedError) as error:
            raise ValidationError(_("This version is used in a test.")) from error
        if not item.versions.exists():
            item.delete()


def _state(version: ItemVersion) -> dict[str, Any]:
    return {"number": version.number, "content": version.content}
