"""What an attempt achieved: results of its items, its score, and what changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sreda.assessment import events, qti
from sreda.assessment.domain.reading import POINT, points
from sreda.assessment.domain.tests import test_of
from sreda.assessment.enums import MarkingStatus
from sreda.assessment.models import Attempt, ItemResult
from sreda.kernel.api import publish_all, update_rows

FINAL = (MarkingStatus.AUTOMATIC, MarkingStatus.MARKED)


def record(attempt: Attempt, session: qti.TestSession, *, at: datetime) -> None:
    """Results of a session that has ended, in the caller's transaction."""
    versions = {
        one.ref: one.item_version
        for one in attempt.sitting.version.items.select_related("item_version")
    }
    spent: dict[str, int] = {}
    for ref, milliseconds in attempt.answers.values_list("ref", "milliseconds"):
        spent[ref] = spent.get(ref, 0) + milliseconds
    rows = []
    for number, entry in enumerate(session.plan, 1):
        item, version = session.item(entry.key), versions.get(entry.ref)
        if item is None or version is None:
            continue
        state = session.state_of(entry.key)
        responses = {name: qti.to_json(state.values.get(name)) for name in item.responses}
        answered = any(value is not None for value in responses.values())
        waits = version.by_hand and answered
        outcomes = {k: qti.to_json(v) for k, v in qti.outcomes_of(item, state).items()}
        score = points(state.values.get("SCORE"))
        if version.by_hand:
            score = None if answered else Decimal(0)
        rows.append(
            ItemResult(
                attempt=attempt,
                ref=entry.key,
                number=number,
                item_version=version,
                responses=responses,
                outcomes=outcomes,
                answered=answered,
                score=score,
                max_score=version.max_score,
                milliseconds=min(spent.get(entry.key, 0), 2**31 - 1),
                marking=MarkingStatus.WAITING if waits else MarkingStatus.AUTOMATIC,
                scored_at=at,
            )
        )
    ItemResult.objects.bulk_create(rows)
    _total(attempt, session, rows)
    publish_all(_marked(attempt, rows, at=at), at=at)
    attempt.save(update_fields=["score", "max_score", "outcomes", "marked_at"])


def _total(attempt: Attempt, session: qti.TestSession, rows: list[ItemResult]) -> None:
    """The score of the test's own outcome processing, or the weighted sum where it has none."""
    outcomes, weights = session.outcomes(), weights_of(session)
    attempt.outcomes = {name: qti.to_json(value) for name, value in outcomes.items()}
    attempt.score = points(outcomes.get("SCORE"))
    if attempt.score is None:
        attempt.score = sum(
            ((row.score or Decimal(0)) * weights[row.ref] for row in rows), Decimal(0)
        ).quantize(POINT, ROUND_HALF_UP)
    known = [row.max_score for row in rows]
    attempt.max_score = None
    if None not in known:
        attempt.max_score = sum(
            ((row.max_score or Decimal(0)) * weights[row.ref] for row in rows), Decimal(0)
        ).quantize(POINT, ROUND_HALF_UP)


def weights_of(session: qti.TestSession) -> dict[str, Decimal]:
    """By the key of the plan."""
    known = {
        one.identifier: points(one.weights.get("WEIGHT", 1)) or Decimal(0)
        for one in session.test.refs()
    }
    return {entry.key: known[entry.ref] for entry in session.plan}


def _marked(
    attempt: Attempt, rows: Iterable[ItemResult], *, at: datetime
) -> list[events.AttemptMarked]:
    """Notes that nothing waits for a human any more; what is to be told of it."""
    if attempt.marked_at is not None or any(row.marking not in FINAL for row in rows):
        return []
    attempt.marked_at = at
    return [_news(attempt, None)]


def _news(attempt: Attempt, before: Decimal | None) -> events.AttemptMarked:
    return events.AttemptMarked(
        attempt_id=attempt.pk,
        sitting_id=attempt.sitting_id,
        person_id=attempt.person_id,
        score=attempt.score,
        max_score=attempt.max_score,
        before=before,
    )


def set_score(
    result: ItemResult,
    score: Decimal,
    *,
    marking: MarkingStatus,
    at: datetime,
    outcomes: dict[str, Any] | None = None,
) -> Attempt:
    """A mark of one result changes, and with it the attempt's; in the caller's transaction."""
    attempt = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("sitting__version")
        .get(pk=result.attempt_id)
    )
    _set(result, score, marking, at, outcomes)
    result.save()
    test = test_of(attempt.sitting.version)
    publish_all(_follow(attempt, test, [result], list(attempt.results.all()), at=at), at=at)
    attempt.save()
    return attempt


def set_scores(
    changes: Sequence[tuple[ItemResult, Decimal, dict[str, Any]]],
    *,
    marking: MarkingStatus,
    at: datetime,
) -> None:
    """`set_score` of many, each with its outcomes, in as many queries as of one; what else was
    changed of a result's version and greatest mark is saved too."""
    changed = {result.pk: result for result, _score, _outcomes in changes}
    owners = {result.attempt_id for result in changed.values()}
    attempts = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("sitting__version")
        .filter(pk__in=owners)
        .order_by("pk")
    )
    rows: dict[UUID, list[ItemResult]] = {}
    found = list(attempts)
    for row in ItemResult.objects.filter(attempt__in=owners).defer("responses", "outcomes"):
        rows.setdefault(row.attempt_id, []).append(changed.get(row.pk, row))
    for result, score, outcomes in changes:
        _set(result, score, marking, at, outcomes)
    tests: dict[UUID, qti.Test] = {}
    news: list[events.AttemptMarked] = []
    for attempt in found:
        version = attempt.sitting.version
        test = tests.get(version.pk) or tests.setdefault(version.pk, test_of(version))
        all_of_it = rows[attempt.pk]
        own = [one for one in all_of_it if one.pk in changed]
        news += _follow(attempt, test, own, all_of_it, at=at)
    update_rows(
        changed.values(),
        ["item_version", "max_score", "score", "marking", "scored_at", "outcomes"],
    )
    update_rows(found, ["score", "max_score", "outcomes", "state", "edition", "marked_at"])
    publish_all(news, at=at)


def _set(
    result: ItemResult,
    score: Decimal,
    marking: MarkingStatus,
    at: datetime,
    outcomes: dict[str, Any] | None,
) -> None:
    result.score, result.marking, result.scored_at = score, marking, at
    if outcomes is not None:
        result.outcomes = outcomes
    result.outcomes = {**result.outcomes, "SCORE": float(score)}


def _follow(
    attempt: Attempt,
    test: qti.Test,
    changed: Sequence[ItemResult],
    rows: list[ItemResult],
    *,
    at: datetime,
) -> list[events.AttemptMarked]:
    """The attempt's score and session after its results; `rows` are all of them. Returns what is
    to be told of it."""
    session = qti.TestSession.from_dict(test, attempt.state["session"])
    for result in changed:
        item = session.item(result.ref)
        if item is not None and "SCORE" in item.outcomes:
            session.set_outcome(result.ref, "SCORE", Fraction(result.score or 0))
    before = attempt.score
    _total(attempt, session, rows)
    attempt.state = {**attempt.state, "session": session.to_dict()}
    attempt.edition += 1
    told = attempt.marked_at is not None
    news = _marked(attempt, rows, at=at)
    if told and before != attempt.score:
        news.append(_news(attempt, before))
    return news
