"""A corrected key: answers that the key marked are marked anew with another version of the item.

Done behind the page, by the worker: first the list of whose mark changes, then, where it is asked
for, the marks. They land so many in a transaction, and what is marked anew names the other version:
so work that was cut off is simply taken up again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.access import SITTINGS
from sreda.assessment.domain.reading import item_of, points
from sreda.assessment.domain.results import set_scores
from sreda.assessment.enums import MarkingStatus, RescoringStatus
from sreda.assessment.models import ItemResult, ItemVersion, Rescoring, Sitting
from sreda.kernel.api import Actor, Told, Work, audit, made_before, uuid7
from sreda.registry.api import actor_again

TOGETHER = 200  # results marked anew at once


def ask(
    sitting: Sitting,
    *,
    before: ItemVersion,
    after: ItemVersion,
    reason: str,
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> Rescoring:
    """Whose mark would change if `after` had been given, to be found out; `key` twice is one."""
    if before.item_id != after.item_id or before.pk == after.pk:
        raise ValidationError(_("Choose another version of the same item."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    with transaction.atomic():
        if (made := made_before(Rescoring, key)) is not None:
            return made
        return Rescoring.objects.create(
            pk=key or uuid7(),
            sitting=sitting,
            before=before,
            after=after,
            reason=reason.strip(),
            made_at=at,
            made_by_name=actor.name,
            asked_at=at,
            asked_by=actor.user_id,
            seat=actor.seat.key if actor.seat else "",
        )


def confirm(made: Rescoring, *, actor: Actor, at: datetime) -> bool:
    """Have the marks changed; False where that is asked already or they are not listed."""
    if by_hand(made.before, made.after):
        raise ValidationError(_("Marks of an adaptive item are changed by people."))
    return _asked(made, RescoringStatus.LISTED, RescoringStatus.APPLYING, actor, at)


def again(made: Rescoring, *, actor: Actor, at: datetime) -> bool:
    """Have the list made that could not be made."""
    return _asked(made, RescoringStatus.FAILED, RescoringStatus.LISTING, actor, at)


def _asked(
    made: Rescoring, old: RescoringStatus, new: RescoringStatus, actor: Actor, at: datetime
) -> bool:
    rows = Rescoring.objects.filter(pk=made.pk, status=old)
    return bool(rows.update(
        status=new, trouble="", asked_by=actor.user_id, seat=actor.seat.key if actor.seat else "",
        **WORK.anew(at),
    ))  # fmt: skip


def _do(made: Rescoring, at: datetime, told: Told) -> None:
    if made.status == RescoringStatus.LISTING:
        look_through(made, told=told)
    else:
        apply(made, actor=_who(made, at), at=at, told=told)


def _who(made: Rescoring, at: datetime) -> Actor:
    if made.asked_by is None:
        raise PermissionDenied
    actor = actor_again(made.asked_by, made.seat, at)
    if not SITTINGS.may(actor, "manage", made.sitting):
        raise PermissionDenied
    return actor


def _fail(made: Rescoring, trouble: str) -> None:
    """What is listed already can be applied once more."""
    listing = made.status == RescoringStatus.LISTING
    Rescoring.objects.filter(pk=made.pk, status=made.status).update(
        status=RescoringStatus.FAILED if listing else RescoringStatus.LISTED, trouble=trouble
    )


WORK = Work(
    name="assessment.rescoring",
    rows=lambda: Rescoring.objects.filter(
        status__in=RescoringStatus.at_work()
    ).select_related("sitting", "before", "after").defer("changes"),
    do=_do,
    fail=_fail,
    most=3,
    whole=False,
    attempts="tries",
)  # fmt: skip
run, lost = WORK.run, WORK.lost


def scored_anew(result: ItemResult, version: ItemVersion) -> tuple[Decimal | None, dict[str, Any]]:
    """What the same responses give by another version of the item, with the values its learner
    was given."""
    item = item_of(version)
    held = result.attempt.state.get("session", {}).get("items", {}).get(result.ref)
    given = qti.ItemState.from_dict(held) if held else qti.ItemState({}, seed=0)
    values = {name: given.values[name] for name in item.templates if name in given.values}
    scored = qti.score(item, result.responses, seed=given.seed, template_values=values)
    return points(scored.outcomes.get("SCORE")), scored.as_json()


def by_hand(before: ItemVersion, after: ItemVersion) -> bool:
    """Whether the last responses do not tell the mark: in an adaptive item the whole way does."""
    return before.adaptive or after.adaptive


def look_through(made: Rescoring, *, told: Told = lambda percent: None) -> None:
    """List whose mark would change; nothing changes yet.

    Marks given by people, in appeals too, stay as they are; of an adaptive item all do, and are
    listed for people to look at."""
    rows = _automatic(made)
    total, left_alone = rows.count(), by_hand(made.before, made.after)
    changes: list[list[str | None]] = []
    for number, result in enumerate(rows.iterator(chunk_size=TOGETHER)):
        if number % TOGETHER == 0:
            told(min(100 * number // max(total, 1), 100))
        if left_alone:
            changes.append([str(result.pk), _text(result.score)])
            continue
        score, _outcomes = scored_anew(result, made.after)
        if score != result.score:
            changes.append([str(result.pk), _text(result.score), _text(score)])
    rows_of_it = Rescoring.objects.filter(pk=made.pk, status=RescoringStatus.LISTING)
    rows_of_it.update(changes=changes, status=RescoringStatus.LISTED, percent=100, trouble="")


def _automatic(made: Rescoring) -> QuerySet[ItemResult]:
    """What the key of the earlier version marked, and is not marked anew yet."""
    return (
        ItemResult.objects.filter(
            attempt__sitting=made.sitting_id,
            item_version=made.before_id,
            marking=MarkingStatus.AUTOMATIC,
        )
        .select_related("attempt")
        .order_by("pk")
    )


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)


def apply(
    made: Rescoring, *, actor: Actor, at: datetime, told: Told = lambda percent: None
) -> None:
    """Give every result the mark of the corrected key: once, however often it is begun."""
    total = made.marked_anew + _automatic(made).count()
    while (done := _some(made, at=at)) is not None:
        told(min(100 * done // max(total, 1), 100))
    with transaction.atomic():
        current = Rescoring.objects.select_for_update().defer("changes").get(pk=made.pk)
        if current.status != RescoringStatus.APPLYING:
            return
        current.status, current.applied_at, current.percent = RescoringStatus.APPLIED, at, 100
        current.save(update_fields=["status", "applied_at", "percent"])
        audit(
            "assessment.sitting.rescored", made.sitting, actor=actor, at=at,
            before=made.before.number, after=made.after.number, changed=current.changed,
            reason=current.reason,
        )  # fmt: skip


def _some(made: Rescoring, *, at: datetime) -> int | None:
    """Mark the next results anew; how many are by now, None where none was left."""
    with transaction.atomic():
        current = Rescoring.objects.select_for_update().defer("changes").get(pk=made.pk)
        if current.status != RescoringStatus.APPLYING:
            return None
        rows = list(_automatic(made).select_for_update(of=("self",))[:TOGETHER])
        if not rows:
            return None
        scored = []
        for result in rows:
            score, outcomes = scored_anew(result, made.after)
            current.changed += score != result.score
            result.item_version = made.after
            result.max_score = made.after.max_score
            scored.append((result, score or Decimal(0), outcomes))
        set_scores(scored, marking=MarkingStatus.AUTOMATIC, at=at)
        current.marked_anew += len(rows)
        current.save(update_fields=["changed", "marked_anew"])
    return current.marked_anew
