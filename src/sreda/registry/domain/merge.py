"""Two records of one person made one, and made two again.

A merge keeps a journal of every row it touched, with the row's values before and after
(None: no row). Undoing puts each value back, provided that nobody has changed it since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish, remember, state_of
from sreda.registry import events
from sreda.registry.domain import changes, people
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.posts import describe
from sreda.registry.models import (
    Enrolment,
    Guardianship,
    Merge,
    Person,
    Post,
    Qualification,
    Teaching,
    User,
)

# Undone in this order: a kept row gives back its days before a dropped one takes them again.
JOURNALLED: tuple[type[models.Model], ...] = (
    Person,
    Post,
    Enrolment,
    Guardianship,
    Qualification,
    Teaching,
    User,
)
_UNSEEN = frozenset({"edition", "password", "last_login", "date_joined"})


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows of both records that say the same of overlapping days; they become `survivor`."""

    survivor: Any
    dropped: tuple[Any, ...]
    since: date | None = None
    until: date | None = None


@dataclass
class Plan:
    """What merging would do; nothing is written. With `blockers` it cannot be done."""

    kept: Person
    merged: Person
    moves: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    folds: dict[type[models.Model], list[Fold]] = field(default_factory=dict)
    blockers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan_merge(kept: Person, merged: Person) -> Plan:
    """What would move, what would become one, and why."""
    plan = Plan(kept, merged)
    plan.blockers += _blockers(kept, merged)
    both = Q(person__in=[kept, merged])
    posts = list(
        Post.objects.filter(both).select_related("organisation", "municipality").order_by("since")
    )
    enrolments = list(
        Enrolment.objects.filter(both).select_related("organisation", "group").order_by("since")
    )
    _sort_terms(
        plan, Post, posts, lambda p: (p.role, p.organisation_id or p.municipality_id or "region")
    )
    _sort_terms(plan, Enrolment, enrolments, lambda e: e.organisation_id)
    for fold in plan.folds.get(Post, []):
        plan.notes.append(
            _("Both records hold the post “%(post)s” on the same days: it becomes one, %(term)s.")
            % {"post": describe(fold.survivor), "term": _term(fold)}
        )
    for fold in plan.folds.get(Enrolment, []):
        plan.notes.append(
            _("Both records learn at %(organisation)s on the same days: it becomes one, %(term)s.")
            % {"organisation": fold.survivor.organisation, "term": _term(fold)}
        )
    _sort_guardianships(plan)
    _sort_qualifications(plan)
    _sort_user(plan)
    return plan


def _term(fold: Fold) -> str:
    assert fold.since is not None
    return changes.term(fold.since, fold.until)


def _blockers(kept: Person, merged: Person) -> list[str]:
    found = []
    if kept.pk == merged.pk:
        found.append(_("This is one and the same record."))
    for person in (kept, merged):
        if person.merged_into_id:
            found.append(
                _("The record “%(person)s” was merged before; undo that merge first.")
                % {"person": person}
            )
    if Guardianship.objects.filter(
        Q(guardian=kept, child=merged) | Q(guardian=merged, child=kept)
    ).exists():
        found.append(_("One of them is recorded as a parent or guardian of the other."))
    return found


def _sort_terms(plan: Plan, model: type[models.Model], rows: list[Any], scope: Any) -> None:
    """Rows of overlapping terms in one scope fold into one; the rest of `merged` moves."""
    clusters: dict[Any, list[list[Any]]] = {}
    for row in rows:  # by their first day
        known = clusters.setdefault(scope(row), [])
        if known and any(r.until is None or r.until >= row.since for r in known[-1]):
            known[-1].append(row)
        else:
            known.append([row])
    for cluster in (c for known in clusters.values() for c in known):
        if len(cluster) == 1:
            if cluster[0].person_id == plan.merged.pk:
                plan.moves.setdefault(model, []).append(cluster[0])
            continue
        survivor = [row for row in cluster if row.person_id == plan.kept.pk][-1]
        ends = [row.until for row in cluster]
        plan.folds.setdefault(model, []).append(
            Fold(
                survivor,
                tuple(row for row in cluster if row is not survivor),
                min(row.since for row in cluster),
                None if None in ends else max(ends),
            )
        )


def _sort_guardianships(plan: Plan) -> None:
    kept_rows = Guardianship.objects.filter(Q(guardian=plan.kept) | Q(child=plan.kept))
    known = {_other_side(row, plan.kept): row for row in kept_rows}
    rows = Guardianship.objects.filter(Q(guardian=plan.merged) | Q(child=plan.merged))
    for row in rows.select_related("guardian", "child"):
        twin = known.get(_other_side(row, plan.merged))
        if twin is None:
            plan.moves.setdefault(Guardianship, []).append(row)
            continue
        ends = [twin.until, row.until]
        plan.folds.setdefault(Guardianship, []).append(
            Fold(
                twin,
                (row,),
                min(twin.since, row.since),
                None if None in ends else max(e for e in ends if e),
            )
        )
        other = row.child if row.guardian_id == plan.merged.pk else row.guardian
        plan.notes.append(
            _("Both records name %(person)s as their relative: it becomes one.") % {"person": other}
        )


def _other_side(row: Guardianship, person: Person) -> tuple[str, UUID]:
    if row.guardian_id == person.pk:
        return ("child", row.child_id)
    return ("guardian", row.guardian_id)


def _sort_qualifications(plan: Plan) -> None:
    known = {
        (row.topic, row.completed_on): row for row in Qualification.objects.filter(person=plan.kept)
    }
    for row in Qualification.objects.filter(person=plan.merged):
        twin = known.get((row.topic, row.completed_on))
        if twin is None:
            plan.moves.setdefault(Qualification, []).append(row)
        else:
            plan.folds.setdefault(Qualification, []).append(Fold(twin, (row,)))
            plan.notes.append(
                _("Both records finished “%(course)s” on %(day)s: it is kept once.")
                % {"course": row.programme, "day": changes.day(row.completed_on)}
            )


def _sort_user(plan: Plan) -> None:
    users = {u.person_id: u for u in User.objects.filter(person__in=[plan.kept, plan.merged])}
    own, other = users.get(plan.kept.pk), users.get(plan.merged.pk)
    if other is None:
        return
    if own is None:
        plan.moves[User] = [other]
        plan.notes.append(
            _("The account “%(user)s” passes to the kept record.") % {"user": other.username}
        )
    else:
        plan.folds[User] = [Fold(own, (other,))]
        plan.notes.append(
            _("Both have accounts: “%(kept)s” stays, signing in as “%(other)s” is switched off.")
            % {"kept": own.username, "other": other.username}
        )


class Journal:
    """Rows before and after; `watch` a row before it is touched, `entries` once all is done."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], tuple[models.Model, dict[str, Any]]] = {}

    def watch(self, *rows: models.Model) -> None:
        for row in rows:
            key = (row._meta.label_lower, str(row.pk))
            self._before.setdefault(key, (row, row_values(row)))

    def entries(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for (kind, key), (row, before) in self._before.items():
            present = type(row)._default_manager.filter(pk=key).first()
            after = row_values(present) if present is not None else None
            if after != before:
                found.setdefault(kind, []).append({"id": key, "before": before, "after": after})
        return found


def row_values(row: models.Model) -> dict[str, Any]:
    """A row's own columns as JSON values, without secrets and what changes by itself."""
    values = {
        f.attname: f.value_from_object(row)
        for f in row._meta.concrete_fields
        if f.attname not in _UNSEEN
    }
    plain: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain


def merge_people(
    kept: Person,
    merged: Person,
    *,
    values: Mapping[str, Any],
    reason: str,
    actor: Actor | None,
    at: datetime,
) -> Merge:
    """`merged` becomes part of `kept`, whose fields take these values."""
    with transaction.atomic():
        locked = {
            p.pk: p
            for p in Person.objects.select_for_update()
            .filter(pk__in=[kept.pk, merged.pk])
            .order_by("pk")
        }
        kept, merged = locked[kept.pk], locked[merged.pk]
        done = Merge.objects.filter(kept=kept, merged=merged, undone_at__isnull=True).first()
        if done is not None:  # the other half of a double click
            return done
        plan = plan_merge(kept, merged)
        if plan.blockers:
            raise ValidationError(plan.blockers)
        journal = Journal()
        journal.watch(kept, merged)
        before = state_of(kept, people.FIELDS)
        _carry_out(plan, journal)
        _take_values(kept, merged, values)
        after = state_of(kept, people.FIELDS)
        merge = Merge.objects.create(
            kept=kept,
            merged=merged,
            moved=journal.entries(),
            reason=reason,
            merged_at=at,
            merged_by=actor.user_id if actor else None,
        )
        if before != after:
            _remember(kept, before, after, at=at, actor=actor, reason=reason)
        for person in (kept, merged):
            audit(
                "registry.people.merged",
                person,
                actor=actor,
                at=at,
                merge=merge.pk,
                kept=kept.pk,
                merged=merged.pk,
                reason=reason,
                rows={kind: len(rows) for kind, rows in merge.moved.items()},
            )
        publish(events.PeopleMerged(merge_id=merge.pk, kept_id=kept.pk, merged_id=merged.pk), at=at)
    return merge


def _remember(
    person: Person,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    at: datetime,
    actor: Actor | None,
    reason: str,
) -> None:
    remember(
        person,
        before=before,
        after=after,
        since=person.birth_date or people.LONG_AGO,
        effective_on=local_day(at),
        at=at,
        actor=actor,
        reason=reason,
    )


def _take_values(kept: Person, merged: Person, values: Mapping[str, Any]) -> None:
    number = values.get("external_id") or None
    if number and number == merged.external_id and number != kept.external_id:
        merged.external_id = None
    merged.merged_into = kept
    merged.edition += 1
    merged.save()
    changes.assign(kept, {name: values[name] for name in people.FIELDS if name in values})
    kept.external_id = kept.external_id or None
    kept.edition += 1
    kept.full_clean(validate_constraints=False)
    kept.save()


def _carry_out(plan: Plan, journal: Journal) -> None:
    for model, folds in plan.folds.items():
        if model is User:
            for fold in folds:
                journal.watch(*fold.dropped)
                User.objects.filter(pk__in=[u.pk for u in fold.dropped]).update(is_active=False)
            continue
        for fold in folds:
            journal.watch(fold.survivor, *fold.dropped)
            if model is Post:
                _move_teaching(fold, journal)
            for row in fold.dropped:
                row_id = row.pk
                row.delete()
                row.pk = row_id
            if fold.since is not None:
                fold.survivor.since, fold.survivor.until = fold.since, fold.until
                fold.survivor.save(update_fields=["since", "until"])
    for rows in plan.moves.values():
        journal.watch(*rows)
        for row in rows:
            for name in ("person_id", "guardian_id", "child_id"):
                if getattr(row, name, None) == plan.merged.pk:
                    setattr(row, name, plan.kept.pk)
                    row.save(update_fields=[name])


def _move_teaching(fold: Fold, journal: Journal) -> None:
    known = {(t.group_id, t.subject) for t in Teaching.objects.filter(post=fold.survivor)}
    for teaching in Teaching.objects.filter(post__in=fold.dropped):
        journal.watch(teaching)
        if (teaching.group_id, teaching.subject) in known:
            teaching.delete()
            continue
        known.add((teaching.group_id, teaching.subject))
        teaching.post = fold.survivor
        teaching.save(update_fields=["post"])


def obstacles(merge: Merge) -> list[str]:
    """Why this merge cannot be undone now; empty when it can."""
    if merge.undone_at is not None:
        return [_("This merge is undone already.")]
    found = []
    if merge.kept.merged_into_id:
        found.append(
            _("The kept record was itself merged into another one; undo that merge first.")
        )
    newer = Merge.objects.filter(kept=merge.kept, undone_at__isnull=True, pk__gt=merge.pk)
    touched = {(kind, row["id"]) for kind, rows in merge.moved.items() for row in rows}
    for later in newer:
        shared = touched & {(k, r["id"]) for k, rows in later.moved.items() for r in rows}
        if shared - {("registry.person", str(merge.kept_id))}:
            found.append(
                _("A later merge, with “%(person)s”, changed the same records; undo it first.")
                % {"person": later.merged}
            )
    for model in JOURNALLED:
        found += _changed_since(model, merge.moved.get(model._meta.label_lower, []))
    return found


def _changed_since(model: type[models.Model], entries: Iterable[dict[str, Any]]) -> list[str]:
    entries = list(entries)
    rows = {
        str(row.pk): row for row in model._default_manager.filter(pk__in=[e["id"] for e in entries])
    }
    kind = str(model._meta.verbose_name)
    found = []
    for entry in entries:
        row = rows.get(entry["id"])
        if entry["after"] is None:
            continue
        if row is None:
            found.append(_("A record (%(kind)s) was removed since.") % {"kind": kind})
            continue
        now = row_values(row)
        for name in _touched(entry):
            if now[name] != entry["after"][name]:
                found.append(
                    _("The field “%(field)s” (%(kind)s) was changed since the merge.")
                    % {"field": _label(model, name), "kind": kind}
                )
    return found


def _touched(entry: Mapping[str, Any]) -> list[str]:
    return [n for n, value in entry["before"].items() if entry["after"][n] != value]


def _label(model: type[models.Model], attname: str) -> str:
    for f in model._meta.concrete_fields:
        if f.attname == attname:
            return str(f.verbose_name)
    return attname


def undo_merge(merge: Merge, *, actor: Actor | None, at: datetime, reason: str = "") -> Merge:
    """Both records as they were; what was added to the kept one since stays with it."""
    with transaction.atomic():
        ids = [merge.kept_id, merge.merged_id]
        list(Person.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        merge = (
            Merge.objects.select_for_update(of=("self",))
            .select_related("kept", "merged")
            .get(pk=merge.pk)
        )
        if merge.undone_at is not None:
            return merge
        if found := obstacles(merge):
            raise ValidationError(found)
        before = state_of(merge.kept, people.FIELDS)
        try:
            with transaction.atomic():
                for model in JOURNALLED:
                    _put_back(model, merge)
        except IntegrityError as error:
            raise ValidationError(
                _("Later records stand in the way (rule “%(rule)s”); move or end them first.")
                % {"rule": changes.constraint_of(error)}
            ) from error
        merge.undone_at = at
        merge.undone_by = actor.user_id if actor else None
        merge.save(update_fields=["undone_at", "undone_by"])
        merge.kept.refresh_from_db()
        merge.merged.refresh_from_db()
        after = state_of(merge.kept, people.FIELDS)
        if before != after:
            _remember(merge.kept, before, after, at=at, actor=actor, reason=reason)
        for person in (merge.kept, merge.merged):
            audit(
                "registry.people.merge_undone",
                person,
                actor=actor,
                at=at,
                merge=merge.pk,
                kept=merge.kept_id,
                merged=merge.merged_id,
                reason=reason,
            )
        publish(
            events.MergeUndone(merge_id=merge.pk, kept_id=merge.kept_id, merged_id=merge.merged_id),
            at=at,
        )
    return merge


def _put_back(model: type[models.Model], merge: Merge) -> None:
    """Changed rows first, then those that were dropped; the kept person before the merged."""
    entries = merge.moved.get(model._meta.label_lower, [])
    entries = sorted(entries, key=lambda e: (e["after"] is None, e["id"] != str(merge.kept_id)))
    for entry in entries:
        if entry["after"] is None:
            model._default_manager.bulk_create([_row(model, entry["before"])])
            continue
        old = {name: _value(model, name, entry["before"][name]) for name in _touched(entry)}
        if model is Person:
            old["edition"] = models.F("edition") + 1
        model._default_manager.filter(pk=entry["id"]).update(**old)


def _row(model: type[models.Model], values: Mapping[str, Any]) -> models.Model:
    return model(**{name: _value(model, name, value) for name, value in values.items()})


def _value(model: type[models.Model], attname: str, value: Any) -> Any:
    target: Any = next(f for f in model._meta.concrete_fields if f.attname == attname)
    return target.to_python(value)
