"""Changing a draft. Several people may work on one: a change goes through where it touches
nothing that somebody else changed since the page was opened, and stops where it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit
from sreda.reporting.enums import VersionStatus
from sreda.reporting.forms import Field, Row, Schema, from_json
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.edit import (
    Moves,
    Part,
    Place,
    add,
    drop,
    move,
    move_block,
    moved,
    part_at,
    put,
    renamed_keys,
    siblings,
)
from sreda.reporting.models import DraftStep, FormVersion

STEPS_KEPT = 200
WRITTEN = [
    "content", "moves", "edition", "cell_count", "sourced_count", "minutes_asked", "minutes_saved",
]  # fmt: skip


class Stale(Exception):
    """Somebody else changed the same thing since `edition`: `differs` is (name of the part's
    field, what the page showed, what is saved now, what was to be saved). `by` are they;
    `untouched` the fields that were not to be changed here, `current` the part as it is now."""

    def __init__(
        self,
        differs: list[tuple[str, Any, Any, Any]],
        by: list[str],
        *,
        untouched: frozenset[str] = frozenset(),
        current: Part | None = None,
    ) -> None:
        super().__init__(", ".join(by))
        self.differs, self.by = differs, by
        self.untouched, self.current = untouched, current


@dataclass(frozen=True, slots=True)
class Saved:
    """`version` after the change; `others` are the changes of others it was put on top of."""

    version: FormVersion
    others: list[DraftStep]


def amend(
    version: FormVersion,
    place: Place,
    values: Mapping[str, Any],
    *,
    edition: int,
    actor: Actor,
    at: datetime,
) -> Saved:
    """Change fields of the part at `place`. What somebody else changed meanwhile stays as they
    made it, unless it is changed here too and otherwise: then Stale."""

    def change(schema: Schema, shown: Schema) -> tuple[Schema, Moves]:
        now, then = part_at(schema, place), part_at(shown, place)
        if now is None:
            raise Stale([], [])
        kept, differs = _merged(then, now, values)
        if differs:
            touched = set(kept) | {name for name, *_rest in differs}
            raise Stale(differs, [], untouched=frozenset(set(values) - touched), current=now)
        made = _checked_code(schema, place, replace(now, **kept))
        renamed = renamed_keys(schema, place, made.code) if made.code != now.code else {}
        return put(schema, place, made), renamed

    return _changed(version, edition, change, _("changed: %(title)s"), place, actor, at)


def _merged(
    then: Part | None, now: Part, values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, Any, Any, Any]]]:
    kept, differs = {}, []
    for name, mine in values.items():
        theirs = getattr(now, name)
        base = getattr(then, name) if then is not None else theirs
        if mine == base:
            continue
        if theirs not in (base, mine):
            differs.append((name, base, theirs, mine))
        kept[name] = mine
    return kept, differs


def insert(
    version: FormVersion, part: Part, *, under: str = "", edition: int, actor: Actor, at: datetime
) -> Saved:
    """A new part at the end; nobody else's work is touched by it."""

    def change(schema: Schema, _shown: Schema) -> tuple[Schema, Moves]:
        place = Place(type(part).__name__.lower(), part.code, _block_of(part, under))
        known = {p.code for p in siblings(schema, place)}
        if place.kind == "block":
            known = set(schema.blocks)
            if all(section.code != under for section in schema.sections):
                raise ValidationError(_("Somebody has deleted this section meanwhile."))
        elif place.block and under not in schema.blocks:
            raise ValidationError(_("Somebody has deleted this block meanwhile."))
        if part.code in known:
            raise ValidationError({"code": _("This code is used already.")})
        return add(schema, part, under=under), {}

    place = Place(type(part).__name__.lower(), part.code, _block_of(part, under))
    return _changed(version, edition, change, _("added: %(title)s"), place, actor, at)


def insert_all(
    version: FormVersion,
    parts: Sequence[Row | Field],
    *,
    under: str,
    edition: int,
    actor: Actor,
    at: datetime,
) -> Saved:
    """Many rows or fields at the end of a block, as one change."""

    def change(schema: Schema, _shown: Schema) -> tuple[Schema, Moves]:
        block = schema.blocks.get(under)
        if block is None:
            raise ValidationError(_("Somebody has deleted this block meanwhile."))
        taken = {row.code for row in block.rows} | {field.code for field in block.fields}
        for part in parts:
            code = part.code if part.code not in taken else code_from(part.code, taken)
            taken.add(code)
            schema = add(schema, replace(part, code=code), under=under)
        return schema, {}

    return _changed(
        version, edition, change, _("added to: %(title)s"), Place("block", under), actor, at
    )


def _block_of(part: Part, under: str) -> str:
    return under if type(part).__name__ in {"Row", "Field"} else ""


def shift(
    version: FormVersion, place: Place, by: int, *, edition: int, actor: Actor, at: datetime
) -> Saved:
    return _changed(
        version, edition, lambda schema, _shown: (move(schema, place, by), {}),
        _("moved: %(title)s"), place, actor, at,
    )  # fmt: skip


def resettle(
    version: FormVersion, code: str, section: str, *, edition: int, actor: Actor, at: datetime
) -> Saved:
    """A block into another section."""
    return _changed(
        version, edition, lambda schema, _shown: (move_block(schema, code, section), {}),
        _("moved: %(title)s"), Place("block", code), actor, at,
    )  # fmt: skip


def remove(
    version: FormVersion, place: Place, *, edition: int, actor: Actor, at: datetime
) -> Saved:
    """Away with a part and all in it; Stale where somebody changed any of it meanwhile."""

    def change(schema: Schema, shown: Schema) -> tuple[Schema, Moves]:
        now, then = part_at(schema, place), part_at(shown, place)
        if now is not None and now != then:
            raise Stale([("", then, now, None)], [])
        return drop(schema, place), {}

    return _changed(version, edition, change, _("deleted: %(title)s"), place, actor, at)


def reshape(
    version: FormVersion,
    place: Place,
    change: Callable[[Schema], Schema],
    *,
    edition: int,
    actor: Actor,
    at: datetime,
) -> Saved:
    """Any other change of what stands at `place`; refused where that was changed meanwhile."""

    def guarded(schema: Schema, shown: Schema) -> tuple[Schema, Moves]:
        now, then = part_at(schema, place), part_at(shown, place)
        if now is None or now != then:
            raise Stale([("", then, now, None)], [])
        return change(schema), {}

    return _changed(version, edition, guarded, _("changed: %(title)s"), place, actor, at)


@transaction.atomic
def undo(version: FormVersion, *, edition: int, actor: Actor, at: datetime) -> DraftStep | None:
    """Takes the last change back, whoever made it; None where there is nothing to take back."""
    draft = _locked(version)
    if draft.edition != edition:
        raise Stale([], _names(_since(draft, edition)))
    step = draft.steps.filter(past=False).first()
    if step is None:
        return None
    said = _("taken back: %(said)s") % {"said": step.said}
    _step(draft, said, actor, at, undid=step)
    _back_to(draft, step)
    step.past = True
    step.save(update_fields=["past"])
    audit("reporting.version.undone", draft, actor=actor, at=at, said=step.said)
    return step


def taken_back(version: FormVersion) -> DraftStep | None:
    """What was taken back last and can be brought back."""
    step = version.steps.filter(undid__isnull=False).select_related("undid").first()
    return step.undid if step else None


@transaction.atomic
def redo(version: FormVersion, *, edition: int, actor: Actor, at: datetime) -> DraftStep | None:
    """Brings back what was taken back last; None where there is nothing, or something else was
    changed since."""
    draft = _locked(version)
    if draft.edition != edition:
        raise Stale([], _names(_since(draft, edition)))
    step = draft.steps.filter(undid__isnull=False).select_related("undid").first()
    if step is None or step.undid is None:
        return None
    brought = step.undid
    _step(draft, brought.said, actor, at, keep=True)
    _back_to(draft, step)
    step.undid = None
    step.save(update_fields=["undid"])
    audit("reporting.version.redone", draft, actor=actor, at=at, said=brought.said)
    return brought


def _back_to(draft: FormVersion, step: DraftStep) -> None:
    """The draft as it was before a step."""
    draft.write(from_json(step.content))
    draft.moves = step.moves
    draft.save(update_fields=WRITTEN)


@transaction.atomic
def rewrite(
    version: FormVersion, schema: Schema, *, edition: int, actor: Actor, at: datetime
) -> Saved:
    """The whole content anew, from a file; one step back undoes it."""
    draft = _locked(version)
    if draft.edition != edition:
        raise Stale([], _names(_since(draft, edition)))
    before = draft.schema
    _step(draft, _("content read from a file"), actor, at)
    draft.moves = moved(draft.moves, before_of(draft), before, schema, {})
    return _written(draft, schema, [], actor, at, "file")


@transaction.atomic
def connect(
    version: FormVersion, old: str, new: str | None, *, edition: int, actor: Actor, at: datetime
) -> FormVersion:
    """Say by hand which cell carries the values of the cell `old` of the version in force;
    None: none does."""
    draft = _locked(version)
    if draft.edition != edition:
        raise Stale([], _names(_since(draft, edition)))
    if old not in before_of(draft).cells or (new is not None and new not in draft.schema.cells):
        raise ValidationError(_("There is no such cell."))
    taken = {before: now for before, now in draft.moves.items() if now == new and new is not None}
    _step(draft, _("values carried: %(key)s") % {"key": old}, actor, at)
    moves = {key: now for key, now in draft.moves.items() if key not in taken}
    draft.moves = moves | {old: new} if new != old else {k: v for k, v in moves.items() if k != old}
    draft.save(update_fields=["moves", "edition"])
    audit("reporting.version.connected", draft, actor=actor, at=at, old=old, new=new)
    return draft


@transaction.atomic
def decide_repeat(
    version: FormVersion, key: str, *, of: str, reason: str, actor: Actor, at: datetime
) -> FormVersion:
    """A likely repeat is asked all the same, for a reason that is kept."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it is asked all the same.")})
    draft = _locked(version)
    decided = {"of": of, "reason": reason.strip()[:500], "by": actor.name, "at": at.isoformat()}
    draft.repeats = draft.repeats | {key: decided}
    draft.save(update_fields=["repeats"])
    audit("reporting.version.repeat_decided", draft, actor=actor, at=at, key=key, decision=decided)
    return draft


def before_of(version: FormVersion) -> Schema:
    """The version that values would come from: the one in force, else the last one that was."""
    base = (
        FormVersion.objects.filter(form=version.form_id, number__lt=version.number)
        .exclude(status=VersionStatus.DRAFT)
        .order_by("-number")
        .first()
    )
    return base.schema if base else Schema()


def _changed(
    version: FormVersion,
    edition: int,
    change: Callable[[Schema, Schema], tuple[Schema, Moves]],
    said: str,
    place: Place,
    actor: Actor,
    at: datetime,
) -> Saved:
    with transaction.atomic():
        draft = _locked(version)
        others = _since(draft, edition)
        shown = from_json(others[-1].content) if others else draft.schema
        before = draft.schema
        try:
            after, renamed = change(before, shown)
        except Stale as stale:
            stale.by = _names(others)
            raise
        if after == before:
            return Saved(draft, others)
        part = part_at(before, place) or part_at(after, place)
        _step(draft, said % {"title": _title(part) or str(place)}, actor, at)
        draft.moves = moved(draft.moves, before_of(draft), before, after, renamed)
        return _written(draft, after, others, actor, at, str(place))


def _written(
    draft: FormVersion,
    schema: Schema,
    others: list[DraftStep],
    actor: Actor,
    at: datetime,
    place: str,
) -> Saved:
    draft.write(schema)
    draft.save(update_fields=WRITTEN)
    audit("reporting.version.changed", draft, actor=actor, at=at, place=place)
    return Saved(draft, others)


def _locked(version: FormVersion) -> FormVersion:
    draft = FormVersion.objects.select_for_update().select_related(None).get(pk=version.pk)
    if draft.status != VersionStatus.DRAFT:
        raise ValidationError(_("This version was put in force meanwhile: it does not change."))
    return draft


def _since(draft: FormVersion, edition: int) -> list[DraftStep]:
    """What was done after `edition`, newest first; ValidationError where that is too long ago."""
    if edition >= draft.edition:
        return []
    steps = list(draft.steps.filter(edition__gt=edition).order_by("-edition"))
    if not steps or steps[-1].edition != edition + 1:
        raise ValidationError(_("This page is too old: open it anew."))
    return steps


def _step(
    draft: FormVersion,
    said: str,
    actor: Actor,
    at: datetime,
    *,
    undid: DraftStep | None = None,
    keep: bool = False,
) -> None:
    """Remember the draft as it is. What was taken back can be brought back no more, unless this
    step takes back, too, or is to `keep` it."""
    if undid is None and not keep:
        draft.steps.filter(undid__isnull=False).update(undid=None)
    draft.edition += 1
    draft.steps.create(
        edition=draft.edition,
        content=draft.content,
        moves=draft.moves,
        said=said[:300],
        past=undid is not None,
        undid=undid,
        at=at,
        by_name=actor.name,
    )
    draft.steps.filter(edition__lte=draft.edition - STEPS_KEPT).delete()


def _checked_code(schema: Schema, place: Place, part: Part) -> Part:
    taken = {p.code for p in siblings(schema, place)}
    if place.kind == "block":
        taken = set(schema.blocks)
    if part.code != place.code and part.code in taken:
        raise ValidationError({"code": _("This code is used already.")})
    return part


def _names(steps: list[DraftStep]) -> list[str]:
    return sorted({step.by_name for step in steps if step.by_name})


def _title(part: Part | None) -> str:
    title: str = getattr(part, "title", "") or getattr(part, "message", "")
    return title[:120]
