"""Tests taken become learning records; a mark only once the learner may know it."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from sreda.assessment.domain import attempts, marking, sittings
from sreda.assessment.models import Attempt
from sreda.kernel.domain.outbox import deliver_pending
from sreda.kernel.models import Delivery
from tests.assessment.bank import School, answer, choice_xml, essay_xml

pytestmark = pytest.mark.django_db(transaction=True)


def told(attempt: Attempt) -> list[tuple[str, Any]]:
    deliver_pending(at=timezone.now() + timedelta(minutes=10))
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM records_statement WHERE NOT voided ORDER BY stored, seq")
        found = [json.loads(body) for (body,) in cursor.fetchall()]
    own = [one for one in found if one.get("context", {}).get("registration") == str(attempt.pk)]
    return [(one["verb"]["display"]["en"], one.get("result")) for one in own]


def test_an_attempt_is_recorded_with_its_mark() -> None:
    school = School(timezone.now() - timedelta(minutes=1))
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    learner, at = school.learner(), timezone.now()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    answer(attempt, "Q1", "A", at)
    attempts.hand_in(attempt, actor=learner, at=at + timedelta(seconds=90))
    found = dict(told(attempt))
    assert found["completed"] == {"completion": True, "duration": "PT90S"}
    assert found["scored"]["score"] == {"raw": 1.0, "min": 0, "max": 1.0, "scaled": 1.0}
    assert "attempted" in found


def test_a_withheld_mark_is_not_in_the_record() -> None:
    school = School(timezone.now() - timedelta(minutes=1))
    sitting = school.sitting(school.test([school.item(essay_xml())]), moderated=True)
    learner, at = school.learner(), timezone.now()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    answer(attempt, "Q1", "Текст", at)
    attempts.hand_in(attempt, actor=learner, at=at + timedelta(seconds=5))
    marking.give_mark(attempt.results.get(), score=Decimal(3), actor=school.teacher, at=at)
    assert "scored" not in dict(told(attempt))
    sittings.release(sitting, actor=school.head, at=at)
    assert dict(told(attempt))["scored"]["score"]["scaled"] == 0.6


def test_marks_taken_back_leave_the_record_and_come_back_at_release() -> None:
    school = School(timezone.now() - timedelta(minutes=1))
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    at = timezone.now()
    both = []
    for right in ("A", "B"):
        learner = school.learner()
        attempt = attempts.begin(sitting, actor=learner, at=at)
        answer(attempt, "Q1", right, at)
        attempts.hand_in(attempt, actor=learner, at=at)
        both.append(attempt)

    def marks() -> list[list[float]]:
        return [[r["score"]["raw"] for verb, r in told(one) if verb == "scored"] for one in both]

    assert marks() == [[1.0], [0.0]]
    for minute in (1, 3):  # again and again
        then = at + timedelta(minutes=minute)
        sittings.withhold(sitting, actor=school.head, at=then, reason="Проверка")
        assert marks() == [[], []]
        sittings.withhold(sitting, actor=school.head, at=then, reason="Проверка")
        sittings.release(sitting, actor=school.head, at=then + timedelta(minutes=1))
        assert marks() == [[1.0], [0.0]]
    Delivery.objects.update(delivered_at=None)  # everything is heard once more
    assert marks() == [[1.0], [0.0]]


def test_a_mark_that_comes_back_is_recorded_again() -> None:
    school = School(timezone.now() - timedelta(minutes=1))
    sitting = school.sitting(school.test([school.item(essay_xml())]))
    learner, at = school.learner(), timezone.now()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    answer(attempt, "Q1", "Текст", at)
    attempts.hand_in(attempt, actor=learner, at=at + timedelta(seconds=5))
    marks = [3, 5, 3]
    for number, score in enumerate(marks, 6):
        marking.give_mark(
            attempt.results.get(), score=Decimal(score), actor=school.teacher,
            at=at + timedelta(seconds=number),
        )  # fmt: skip
        scored = [result["score"]["raw"] for verb, result in told(attempt) if verb == "scored"]
        assert scored[-1] == score
    assert scored == marks
