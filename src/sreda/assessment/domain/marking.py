"""Marks given by people: one marker, or two blind ones and a third where they differ; appeals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.formats import localize
from django.utils.translation import gettext as _

from sreda.assessment import events
from sreda.assessment.domain import telling
from sreda.assessment.domain.reading import POINT
from sreda.assessment.domain.results import set_score
from sreda.assessment.enums import AppealStatus, MarkingStatus
from sreda.assessment.models import Appeal, ItemResult, Mark
from sreda.kernel.api import Actor, audit, publish, uuid7

ROUNDS = {MarkingStatus.WAITING: 1, MarkingStatus.SECOND: 2, MarkingStatus.THIRD: 3}
APPEAL_ROUND = 4
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
        marks = list(current.marks.filter(replaced_at=None))
        if reason := why_settled(current, marks, actor.person_id):
            raise ValidationError(reason)
        own = next((one for one in marks if one.marker_id == actor.person_id), None)
        turn = own.round if own else ROUNDS[MarkingStatus(current.marking)]
        if own is not None:
            Mark.objects.filter(pk=own.pk).update(replaced_at=at)
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
        if current.marking != MarkingStatus.MARKED:
            telling.tell_left_over(current, at=at)
    return mark


def why_settled(result: ItemResult, marks: Sequence[Mark], person_id: UUID | None) -> str:
    """Why this marker gives the result no mark any more, in words; empty where they can. `marks`
    are those of it that count."""
    if any(one.round == APPEAL_ROUND for one in marks):
        return _("An appeal has decided this mark: only an appeal changes it.")
    own = next((one.round for one in marks if one.marker_id == person_id), None)
    if own is None:
        return "" if result.marking in ROUNDS else _("This answer is marked already.")
    if own < 3 and any(one.round == 3 for one in marks):
        return _("A third marker has decided this mark: yours stays as it was given.")
    if any(one.round > own for one in marks):
        return _("Another marker has marked it since: yours stays.")
    return ""


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
    """What markers tell the learner: where a third decided, the third alone, also after that mark
    gave way to the same person's decision on an appeal. The decision stands with the appeal."""
    marks = [one for one in result.marks.all() if one.round < APPEAL_ROUND]
    third = [one for one in marks if one.round == 3]
    decisive = third[-1:] or [one for one in marks if not one.replaced_at]
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
        telling.tell_decided(current.pk, result.attempt, at=at)
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
