"""Marks given by people: one marker, or two blind ones and a third where they differ; appeals;
scoring anew after a key was corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.formats import localize
from django.utils.translation import gettext as _

from sreda.assessment import events, qti
from sreda.assessment.domain.reading import POINT, item_of, points
from sreda.assessment.domain.results import set_score, set_scores
from sreda.assessment.enums import AppealStatus, MarkingStatus
from sreda.assessment.models import Appeal, ItemResult, ItemVersion, Mark, Rescoring, Sitting
from sreda.kernel.api import Actor, audit, publish, uuid7

ROUNDS = {MarkingStatus.WAITING: 1, MarkingStatus.SECOND: 2, MarkingStatus.THIRD: 3}
APPEAL_ROUND = 4
TOGETHER = 200  # results scored anew at once
MOST = Decimal(999_999)  # where an item names no greatest mark: what the column holds


def give_mark(
    result: ItemResult,
    *,
    score: Decimal,
    criteria: Mapping[str, str] | None = None,
    comment: str = "",
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> Mark:
    """A mark in the round that is waited for. A marker who has marked this result changes their
    mark, as long as nobody else marked after it; nobody marks one result in two rounds."""
    assert actor.person_id is not None
    with transaction.atomic():
        current = _locked(result)
        if key and (made := Mark.objects.filter(pk=key).first()):
            return made
        _bounded(current, score)
        if current.marks.filter(round=APPEAL_ROUND, replaced_at=None).exists():
            raise ValidationError(_("An appeal has decided this mark: only an appeal changes it."))
        own = current.marks.filter(marker_id=actor.person_id, replaced_at=None).first()
        turn = ROUNDS.get(MarkingStatus(current.marking))
        if own is not None:
            if current.marks.filter(round__gt=own.round, replaced_at=None).exists():
                raise ValidationError(_("Another marker has marked it since: yours stays."))
            turn = own.round
            Mark.objects.filter(pk=own.pk).update(replaced_at=at)
        elif turn is None:
            raise ValidationError(_("This answer is marked already."))
        mark = Mark(
            pk=key or uuid7(),
            result=current,
            round=turn,
            marker_id=actor.person_id,
            marker_name=actor.name,
            score=score,
            criteria=dict(criteria or {}),
            comment=comment,
            at=at,
        )
        try:
            with transaction.atomic():
                mark.save(force_insert=True)
        except IntegrityError as error:
            raise ValidationError(_("Somebody else marked it a moment ago.")) from error
        audit("assessment.result.marked", current, actor=actor, at=at, round=turn, score=score)
        _decide(current, at=at)
    return mark


def control_mark(
    result: ItemResult, *, score: Decimal, comment: str = "", actor: Actor, at: datetime
) -> Mark:
    """A human's mark of an answer that the key has marked, to see how well they agree: it changes
    nothing for the learner."""
    assert actor.person_id is not None
    with transaction.atomic():
        current = _locked(result)
        if current.marking != MarkingStatus.AUTOMATIC:
            raise ValidationError(_("This answer is marked by people already."))
        _bounded(current, score)
        current.marks.filter(round=1, replaced_at=None).update(replaced_at=at)
        mark = Mark.objects.create(
            result=current,
            round=1,
            marker_id=actor.person_id,
            marker_name=actor.name,
            score=score,
            comment=comment,
            at=at,
        )
        audit("assessment.result.checked", current, actor=actor, at=at, score=score)
    return mark


def _locked(result: ItemResult) -> ItemResult:
    return (
        ItemResult.objects.select_for_update(of=("self",))
        .select_related("attempt__sitting")
        .get(pk=result.pk)
    )


def _bounded(result: ItemResult, score: Decimal) -> None:
    most = MOST if result.max_score is None else result.max_score
    if not 0 <= score <= most:
        said = localize(most.normalize() + 0)
        raise ValidationError({"score": _("From 0 to %(most)s.") % {"most": said}})


def comments_on(result: ItemResult) -> list[str]:
    """What markers tell the learner: where a third decided, the third alone. An appeal's decision
    stands with the appeal."""
    marks = [one for one in result.marks.all() if not one.replaced_at and one.round < APPEAL_ROUND]
    decisive = [one for one in marks if one.round == 3] or marks
    return [one.comment for one in decisive if one.comment]


def _decide(result: ItemResult, *, at: datetime) -> None:
    """What follows from the marks there are."""
    sitting = result.attempt.sitting
    marks = list(result.marks.filter(replaced_at=None).order_by("round"))
    third = next((mark for mark in marks if mark.round == 3), None)
    if third is not None:
        set_score(result, third.score, marking=MarkingStatus.MARKED, at=at)
    elif len(marks) < sitting.markers:
        result.marking = MarkingStatus.SECOND
        result.save(update_fields=["marking"])
    elif sitting.markers == 1:
        set_score(result, marks[0].score, marking=MarkingStatus.MARKED, at=at)
    elif abs(marks[0].score - marks[1].score) <= sitting.tolerance:
        middle = ((marks[0].score + marks[1].score) / 2).quantize(POINT, ROUND_HALF_UP)
        set_score(result, middle, marking=MarkingStatus.MARKED, at=at)
    else:
        result.marking = MarkingStatus.THIRD
        result.save(update_fields=["marking"])


# ---- appeals


def appeal(
    result: ItemResult, *, text: str, actor: Actor, at: datetime, key: UUID | None = None
) -> Appeal:
    """A learner (or a parent) contests a mark while the sitting takes appeals."""
    if not text.strip():
        raise ValidationError({"text": _("Say what you do not agree with.")})
    assert actor.person_id is not None
    with transaction.atomic():
        current = _locked(result)
        if key and (made := Appeal.objects.filter(pk=key).first()):
            return made
        until = current.attempt.sitting.appeals_until
        if until is None or at > until:
            raise ValidationError(_("Appeals are not taken any more."))
        if current.appeals.filter(status=AppealStatus.OPEN).exists():
            raise ValidationError(_("An appeal about this mark is being considered."))
        made = Appeal.objects.create(
            pk=key or uuid7(),
            result=current,
            text=text.strip(),
            by=actor.person_id,
            by_name=actor.name,
            at=at,
            score_before=current.score,
        )
        audit("assessment.appeal.lodged", made, actor=actor, at=at)
    return made


def decide_appeal(
    appeal: Appeal,
    *,
    score: Decimal | None,
    decision: str,
    actor: Actor,
    at: datetime,
) -> Appeal:
    """Uphold with a new score, or dismiss (score None); a reason in words in either case."""
    if not decision.strip():
        raise ValidationError({"decision": _("Say why.")})
    assert actor.person_id is not None
    with transaction.atomic():
        current = Appeal.objects.select_for_update().get(pk=appeal.pk)
        if current.status != AppealStatus.OPEN:
            return current
        result = _locked(current.result)
        current.decision = decision.strip()
        current.decided_at, current.decided_by_name = at, actor.name
        current.status = AppealStatus.DISMISSED
        current.score_after = result.score
        if score is not None:
            _bounded(result, score)
            current.status, current.score_after = AppealStatus.UPHELD, score
            result.marks.filter(round=APPEAL_ROUND, replaced_at=None).update(replaced_at=at)
            result.marks.filter(marker_id=actor.person_id, replaced_at=None).update(replaced_at=at)
            Mark.objects.create(
                result=result,
                round=APPEAL_ROUND,
                marker_id=actor.person_id,
                marker_name=actor.name,
                score=score,
                comment=current.decision,
                at=at,
            )
            set_score(result, score, marking=MarkingStatus.MARKED, at=at)
        current.save()
        audit(
            "assessment.appeal.decided", current, actor=actor, at=at,
            upheld=score is not None, score=score,
        )  # fmt: skip
        publish(
            events.AppealDecided(
                appeal_id=current.pk, attempt_id=result.attempt_id, upheld=score is not None
            ),
            at=at,
        )
    return current


# ---- a corrected key


def scored_anew(result: ItemResult, version: ItemVersion) -> tuple[Decimal | None, dict[str, Any]]:
    """What the same responses give by another version of the item, with the values its learner
    was given."""
    item = item_of(version)
    held = result.attempt.state.get("session", {}).get("items", {}).get(result.ref)
    given = qti.ItemState.from_dict(held) if held else qti.ItemState({}, seed=0)
    values = {name: given.values[name] for name in item.templates if name in given.values}
    scored = qti.score(item, result.responses, seed=given.seed, template_values=values)
    return points(scored.outcomes.get("SCORE")), scored.as_json()


def _by_hand(before: ItemVersion, after: ItemVersion) -> bool:
    """Whether the last responses do not tell the mark: in an adaptive item the whole way does."""
    return before.adaptive or after.adaptive


def prepare_rescoring(
    sitting: Sitting,
    *,
    before: ItemVersion,
    after: ItemVersion,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Rescoring:
    """Whose mark would change if `after` had been given; nothing changes yet.

    Marks given by people, in appeals too, stay as they are; of an adaptive item all do, and are
    listed for people to look at."""
    if before.item_id != after.item_id or before.pk == after.pk:
        raise ValidationError(_("Choose another version of the same item."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    changes: list[list[str | None]] = []
    by_hand = _by_hand(before, after)
    for result in _automatic(sitting, before).iterator(chunk_size=TOGETHER):
        if by_hand:
            changes.append([str(result.pk), _text(result.score)])
            continue
        score, _outcomes = scored_anew(result, after)
        if score != result.score:
            changes.append([str(result.pk), _text(result.score), _text(score)])
    return Rescoring.objects.create(
        sitting=sitting,
        before=before,
        after=after,
        reason=reason.strip(),
        changes=changes,
        made_at=at,
        made_by_name=actor.name,
    )


def _automatic(sitting: Sitting, version: ItemVersion) -> Any:
    return (
        ItemResult.objects.filter(
            attempt__sitting=sitting, item_version=version, marking=MarkingStatus.AUTOMATIC
        )
        .select_related("attempt")
        .order_by("pk")
    )


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)


def apply_rescoring(rescoring: Rescoring, *, actor: Actor, at: datetime) -> int:
    """Give every result the mark of the corrected key; how many changed. Applied once."""
    with transaction.atomic():
        current = Rescoring.objects.select_for_update().get(pk=rescoring.pk)
        if current.applied_at is not None:
            return 0
        changed = 0
        rows = _automatic(current.sitting, current.before).select_for_update(of=("self",))
        if _by_hand(current.before, current.after):
            rows = rows.none()
        left = rows.iterator(chunk_size=TOGETHER)
        while some := list(islice(left, TOGETHER)):
            scored = []
            for result in some:
                score, outcomes = scored_anew(result, current.after)
                changed += score != result.score
                result.item_version = current.after
                result.max_score = current.after.max_score
                scored.append((result, score or Decimal(0), outcomes))
            set_scores(scored, marking=MarkingStatus.AUTOMATIC, at=at)
        current.applied_at = at
        current.save(update_fields=["applied_at"])
        audit(
            "assessment.sitting.rescored", current.sitting, actor=actor, at=at,
            before=current.before.number, after=current.after.number, changed=changed,
            reason=current.reason,
        )  # fmt: skip
    return changed
