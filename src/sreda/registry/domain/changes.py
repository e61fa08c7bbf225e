"""Changing a record with its history: what every write of the registry has in common."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Revision, history_of, remember, state_of

M = TypeVar("M", bound=models.Model)


class Stale(Exception, Generic[M]):
    """Somebody saved the record after the form was opened; `current` is how it is now."""

    def __init__(self, current: M) -> None:
        super().__init__(str(current.pk))
        self.current = current


def local_day(at: datetime) -> date:
    return timezone.localtime(at).date()


def day(value: date) -> str:
    return date_format(value, "SHORT_DATE_FORMAT")


def term(since: date, until: date | None) -> str:
    """A term in words, for messages."""
    if until is None:
        return _("from %(since)s") % {"since": day(since)}
    return _("from %(since)s to %(until)s") % {"since": day(since), "until": day(until)}


def seal(state: Mapping[str, Any]) -> str:
    """A short digest of a state: stands for an edition where a record has none."""
    text = json.dumps(state, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def made_before(model: type[M], key: UUID | None) -> M | None:
    """The record an earlier, equal submission made under this key."""
    return model._default_manager.filter(pk=key).first() if key else None


def insert(thing: M, *, explain: Callable[[IntegrityError], ValidationError]) -> M:
    """Save a new record; what the database refuses comes back as a message.

    A record that is already there under the same key is the other half of a double click:
    it is returned instead.
    """
    try:
        with transaction.atomic():
            thing.save(force_insert=True)
    except IntegrityError as error:
        twin = made_before(type(thing), thing.pk)
        if twin is not None:
            return twin
        raise explain(error) from error
    return thing


def update(thing: models.Model, *, explain: Callable[[IntegrityError], ValidationError]) -> None:
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError as error:
        raise explain(error) from error


def assign(thing: models.Model, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(thing, name, value)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Old and new value of every field that differs."""
    return {
        name: (before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value
    }


def _winning(thing: models.Model) -> list[Revision]:
    """The revision that holds from each day, oldest first."""
    latest: dict[date, Revision] = {}
    for revision in reversed(history_of(thing)):
        latest[revision.effective_on] = revision
    return [latest[on] for on in sorted(latest)]


def amend(
    thing: M,
    changes: Mapping[str, Any],
    *,
    fields: Sequence[str],
    effective_on: date,
    since: date,
    at: datetime,
    actor: Actor | None,
    reason: str,
    check: Callable[[M], None],
    explain: Callable[[IntegrityError], ValidationError],
) -> dict[str, tuple[Any, Any]]:
    """Apply changes from a day on, in the caller's transaction; returns what differs.

    The row holds the present state. A change dated back also enters the later states, unless
    one of them set the same field: then it is refused, for it would undo that later change.
    """
    today = local_day(at)
    if effective_on > today:
        raise ValidationError({"effective_on": _("A change cannot take effect in the future.")})
    before = state_of(thing, fields)
    assign(thing, changes)
    thing.full_clean(validate_constraints=False)
    check(thing)
    after = state_of(thing, fields)
    changed = differing(before, after)
    if not changed:
        return {}
    if hasattr(thing, "edition"):
        thing.edition += 1
    past = _winning(thing)
    if past and effective_on < past[0].effective_on:
        effective_on = max(effective_on, min(since, past[0].effective_on))
    later = [r for r in past if r.effective_on > effective_on]
    held = [r for r in past if r.effective_on <= effective_on]
    base = held[-1].state if held else (later[0].state if later else before)
    for revision in later:
        for name, (old, _new) in changed.items():
            if revision.state.get(name) != base.get(name) or base.get(name) != old:
                raise ValidationError(
                    {
                        "effective_on": _(
                            "“%(field)s” was already changed from %(day)s."
                            " Choose that day or a later one."
                        )
                        % {"field": label_of(thing, name), "day": day(revision.effective_on)}
                    }
                )
    update(thing, explain=explain)
    new = {name: value for name, (_old, value) in changed.items()}
    whole = after if not later else {**base, **new}
    remember(
        thing,
        before=before if not past else None,
        after=whole,
        since=since,
        effective_on=effective_on,
        at=at,
        actor=actor,
        reason=reason,
    )
    for revision in later:
        remember(
            thing,
            before=None,
            after={**revision.state, **new},
            since=since,
            effective_on=revision.effective_on,
            at=at,
            actor=actor,
            reason=reason,
        )
    return changed


def end_term(
    thing: Any,
    fields: Sequence[str],
    on: date,
    *,
    actor: Actor | None,
    at: datetime,
    reason: str,
) -> None:
    """The record lasts until this day; it is written in the caller's transaction."""
    if on < thing.since:
        raise ValidationError(
            {"on": _("It began on %(day)s; it cannot end before.") % {"day": day(thing.since)}}
        )
    if thing.until is not None and thing.until < on:
        raise ValidationError({"on": _("It already ends on %(day)s.") % {"day": day(thing.until)}})
    before = state_of(thing, fields)
    thing.until = on
    thing.save(update_fields=["until"])
    # The end is known from the day it was entered, or from the last day where that lies behind.
    remember(
        thing,
        before=before,
        after=state_of(thing, fields),
        since=thing.since,
        effective_on=max(thing.since, min(on, local_day(at))),
        at=at,
        actor=actor,
        reason=reason,
    )


def label_of(thing: models.Model | type[models.Model], name: str) -> str:
    return str(getattr(thing._meta.get_field(name), "verbose_name", name))


def plain(changed: Mapping[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Old and new values for the audit log."""
    return {name: [old, new] for name, (old, new) in changed.items()}


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint the database says was violated."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnostics, "constraint_name", "") or "")


def first_error(
    error: IntegrityError, known: Mapping[str, tuple[str, str]], *, otherwise: str | None = None
) -> ValidationError:
    """The message kept for the violated constraint: name -> (field, text)."""
    name = constraint_of(error)
    for part, (field, text) in known.items():
        if part in name:
            return ValidationError({field: text})
    return ValidationError(otherwise or _("The record breaks the rule “%s”.") % name)


def names(things: Iterable[Any]) -> str:
    return ", ".join(str(thing) for thing in things)
