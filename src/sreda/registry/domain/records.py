"""Entering, correcting and removing the small records kept beside people, classes and
organisations: what they have in common. Their nouns say what differs, by a `Noun`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from sreda.kernel.api import Actor, audit, publish, remember, state_of
from sreda.kernel.events import Event
from sreda.registry.domain import changes
from sreda.registry.domain.changes import Stale

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Noun(Generic[M]):
    """One kind of record.

    `lock` takes the row under which its checks hold still; `began` is the day from which the
    record holds; `known` explains constraints: name -> (field, words).
    """

    name: str
    model: type[M]
    fields: tuple[str, ...]
    lock: Callable[[M], object]
    check: Callable[[M, datetime], None]
    began: Callable[[M], date]
    about: Callable[[M], Mapping[str, Any]]
    recorded: Callable[[M], Event]
    known: Mapping[str, tuple[str, Any]]

    def explain(self, error: IntegrityError) -> ValidationError:
        return changes.first_error(
            error, {name: (field, str(words)) for name, (field, words) in self.known.items()}
        )


def _keep(
    noun: Noun[M],
    thing: M,
    before: dict[str, Any] | None,
    *,
    actor: Actor | None,
    at: datetime,
    reason: str,
) -> None:
    after, began = state_of(thing, noun.fields), noun.began(thing)
    remember(
        thing,
        before=before,
        after=after,
        since=began,
        effective_on=began,
        at=at,
        actor=actor,
        reason=reason,
    )
    audit(
        f"registry.{noun.name}.recorded",
        thing,
        actor=actor,
        at=at,
        reason=reason,
        **noun.about(thing),
        changes=changes.plain(changes.differing(before or {}, after)),
    )
    publish(noun.recorded(thing), at=at)


def enter(
    noun: Noun[M],
    thing: M,
    *,
    key: UUID | None = None,
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> M:
    """A new record. `key` is its id: the same key twice makes it once."""
    with transaction.atomic():
        noun.lock(thing)
        if (made := changes.made_before(noun.model, key)) is not None:
            return made
        if key:
            thing.pk = key
        thing.full_clean(exclude=["id"], validate_unique=False, validate_constraints=False)
        noun.check(thing, at)
        saved = changes.insert(thing, explain=noun.explain)
        if saved is thing:
            _keep(noun, thing, None, actor=actor, at=at, reason=reason)
    return saved


def correct(
    noun: Noun[M],
    thing: M,
    *,
    seen: str,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> M:
    """Correct a record. `seen` is `changes.seal` of its state as the form showed it; else Stale."""
    with transaction.atomic():
        noun.lock(thing)
        current = noun.model._default_manager.select_for_update(of=("self",)).get(pk=thing.pk)
        before = state_of(current, noun.fields)
        if all(getattr(current, name) == value for name, value in values.items()):
            return current
        if changes.seal(before) != seen:
            raise Stale(current)
        changes.assign(current, values)
        current.full_clean(validate_unique=False, validate_constraints=False)
        noun.check(current, at)
        changes.update(current, explain=noun.explain)
        _keep(noun, current, before, actor=actor, at=at, reason=reason)
    return current


def correct_unseen(
    noun: Noun[M],
    thing: M,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> M:
    """Correct a record as it was read a moment ago, without a form between; else Stale."""
    seen = changes.seal(state_of(thing, noun.fields))
    return correct(noun, thing, seen=seen, values=values, actor=actor, at=at, reason=reason)


def remove(
    noun: Noun[M],
    thing: M,
    *,
    removed: Event,
    actor: Actor | None,
    at: datetime,
    reason: str,
) -> None:
    """What was entered by mistake goes; the audit log keeps all of it. Twice removes once."""
    with transaction.atomic():
        noun.lock(thing)
        current = noun.model._default_manager.filter(pk=thing.pk).first()
        if current is None:
            return
        audit(
            f"registry.{noun.name}.removed",
            current,
            actor=actor,
            at=at,
            reason=reason,
            **noun.about(current),
            state=state_of(current, noun.fields),
        )
        current.delete()
        publish(removed, at=at)
