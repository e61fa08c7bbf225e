"""From the first question to the mark: attempts, terms, markers, appeals, corrected keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from sreda.assessment.access import ATTEMPTS, RESULTS, SITTINGS
from sreda.assessment.domain import attempts, bank, marking, rescoring, results, sittings
from sreda.assessment.enums import MarkingStatus
from sreda.assessment.models import Attempt, Item, ItemResult, Rescoring, Sitting, TestVersion
from sreda.assessment.queries import teaching
from sreda.kernel.api import Actor
from sreda.kernel.models import Notice, OutboxEvent
from tests.assessment.bank import CORRECT, NS, School, actor_for, answer, choice_xml, essay_xml
from tests.factories import EnrolmentFactory

AT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    return School(AT)


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


def taken(school: School, sitting: Sitting, *answers: str, at: datetime = AT) -> Attempt:
    """A new learner's attempt with these answers, handed in."""
    learner = school.learner()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    for number, value in enumerate(answers, 1):
        if value:
            answer(attempt, f"Q{number}", value, at + timedelta(minutes=1))
    return attempts.hand_in(attempt, actor=learner, at=at + timedelta(minutes=5))


def test_answers_are_counted_at_the_hand_in(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}", key)) for n, key in enumerate("ABC")]
    sitting = school.sitting(school.test(items))
    learner = school.learner()
    attempt = attempts.begin(sitting, actor=learner, at=AT)
    assert attempts.begin(sitting, actor=learner, at=AT).pk == attempt.pk
    answer(attempt, "Q1", "B", minutes(1))
    answer(attempt, "Q1", "A", minutes(2))  # the later one counts, whichever way it came
    answer(attempt, "Q1", "C", minutes(1.5))
    answer(attempt, "Q3", "D", minutes(3))
    closed = attempts.hand_in(attempt, actor=learner, at=minutes(4))
    assert attempts.hand_in(attempt, actor=learner, at=minutes(9)).closed_at == closed.closed_at
    assert (closed.score, closed.max_score, closed.status) == (1, 3, "submitted")
    results = closed.results.order_by("number")
    assert [(r.score, r.answered) for r in results] == [(1, True), (0, False), (0, True)]
    assert results[0].responses == {"RESPONSE": "A"}
    assert results[0].milliseconds == 3000
    assert OutboxEvent.objects.filter(type="assessment.attempt.marked").count() == 1


def test_what_came_after_the_hand_in_is_kept_but_not_counted(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    attempt = taken(school, sitting, "B")
    answer(attempt, "Q1", "A", minutes(6))
    assert [one.values for one in attempts.latest(attempt)] == [{"fields": {"RESPONSE": ["B"]}}]
    assert attempt.answers.count() == 2


def test_an_attempt_ends_with_its_time_and_the_allowance(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), minutes=10)
    attempt = attempts.begin(sitting, actor=school.learner(), at=AT)
    assert attempt.ends_at == minutes(10)
    answer(attempt, "Q1", "A", minutes(9))
    assert attempts.close_due(at=minutes(11)) == 0  # answers may still arrive
    assert attempts.close_due(at=minutes(12.1)) == 1
    assert attempts.close_due(at=minutes(12.1)) == 0
    attempt.refresh_from_db()
    assert (attempt.status, attempt.score) == ("ended", 1)


def test_a_move_after_the_end_ends_it(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(2)]
    sitting = school.sitting(school.test(items), minutes=10)
    attempt = attempts.begin(sitting, actor=school.learner(), at=AT)
    answer(attempt, "Q1", "A", minutes(9))
    run, _problems = attempts.move(attempt, at=minutes(11))
    assert run.attempt.status == "ended"
    assert run.attempt.score == 1


def test_attempts_are_counted_and_times_kept(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), attempts=2)
    learner = school.learner()
    for number in (1, 2):
        attempt = attempts.begin(sitting, actor=learner, at=AT)
        assert attempt.number == number
        attempts.hand_in(attempt, actor=learner, at=minutes(1))
    with pytest.raises(ValidationError):
        attempts.begin(sitting, actor=learner, at=minutes(2))
    with pytest.raises(ValidationError):
        attempts.begin(sitting, actor=school.learner(), at=AT - timedelta(minutes=1))
    with pytest.raises(ValidationError):
        attempts.begin(sitting, actor=school.learner(), at=minutes(121))


def test_a_linear_part_goes_one_way(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(3)]
    test = school.test(items, navigation="linear", submission="individual", allow_skipping=False)
    attempt = attempts.begin(school.sitting(test), actor=school.learner(), at=AT)
    with pytest.raises(ValidationError):
        attempts.move(attempt, at=minutes(1))
    answer(attempt, "Q1", "A", minutes(1))
    answer(attempt, "Q2", "A", minutes(1))  # not there yet: waits for its turn
    run, _problems = attempts.move(attempt, at=minutes(2), submit=True)
    run, _problems = attempts.move(run.attempt, at=minutes(2))
    assert run.session.current is not None
    assert run.session.current.key == "Q2"
    with pytest.raises(ValidationError):
        attempts.move(run.attempt, at=minutes(3), to="Q1")
    run, _problems = attempts.move(run.attempt, at=minutes(3), submit=True)
    closed = attempts.hand_in(run.attempt, actor=None, at=minutes(4))
    assert closed.score == 2


def test_leaving_the_last_part_hands_in(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(2)]
    attempt = attempts.begin(school.sitting(school.test(items)), actor=school.learner(), at=AT)
    answer(attempt, "Q1", "A", minutes(1))
    answer(attempt, "Q2", "A", minutes(1))
    run, _problems = attempts.move(attempt, at=minutes(2), to="Q2")
    run, _problems = attempts.move(run.attempt, at=minutes(3), leave_part=True)
    assert (run.attempt.status, run.attempt.score) == ("submitted", 2)


def test_versions_given_are_frozen(school: School) -> None:
    item = school.item(choice_xml())
    sitting = school.sitting(school.test([item]))
    attempts.begin(sitting, actor=school.learner(), at=AT)
    item.current.refresh_from_db()
    assert item.current.used_at == AT
    with pytest.raises(IntegrityError), transaction.atomic():
        type(item.current).objects.filter(pk=item.current.pk).update(content="<x/>")
    draft = bank.draft_of(item, actor=school.teacher, at=AT)
    bank.save_draft(
        draft, edition=draft.edition, content=choice_xml(key="B"), actor=school.teacher, at=AT
    )
    bank.make_ready(draft, actor=school.teacher, at=AT)
    item.refresh_from_db()
    assert item.current.number == 2
    assert sitting.version.items.get().item_version.number == 1


def essay(school: School, **values: object) -> tuple[Sitting, ItemResult]:
    sitting = school.sitting(school.test([school.item(essay_xml())]), **values)
    attempt = taken(school, sitting, "Мой текст")
    assert attempt.marked_at is None
    return sitting, attempt.results.get()


def test_one_marker(school: School) -> None:
    _sitting, result = essay(school)
    assert (result.marking, result.score) == ("waiting", None)
    with pytest.raises(ValidationError):
        marking.give_mark(result, score=Decimal(6), actor=school.teacher, at=AT)
    marking.give_mark(result, score=Decimal("3.5"), actor=school.teacher, at=AT)
    attempt = Attempt.objects.get(pk=result.attempt_id)
    assert (attempt.score, attempt.marked_at) == (Decimal("3.5"), AT)
    with pytest.raises(ValidationError):
        marking.give_mark(result, score=Decimal(1), actor=school.colleague, at=AT)
    marking.give_mark(result, score=Decimal(4), actor=school.teacher, at=AT)
    attempt.refresh_from_db()
    assert attempt.score == 4
    assert result.marks.count() == 2


def test_two_markers_who_agree(school: School) -> None:
    _sitting, result = essay(school, markers=2, tolerance=Decimal(1))
    marking.give_mark(result, score=Decimal(3), actor=school.teacher, at=AT)
    result.refresh_from_db()
    assert result.marking == "second"
    marking.give_mark(result, score=Decimal(4), actor=school.colleague, at=AT)
    result.refresh_from_db()
    assert (result.marking, result.score) == ("marked", Decimal("3.5"))


def test_two_markers_who_differ_and_a_third(school: School) -> None:
    _sitting, result = essay(school, markers=2, tolerance=Decimal(1))
    marking.give_mark(result, score=Decimal(1), actor=school.teacher, at=AT)
    marking.give_mark(result, score=Decimal(4), actor=school.colleague, at=AT)
    result.refresh_from_db()
    assert (result.marking, result.score) == ("third", None)
    with pytest.raises(ValidationError):  # the first has been marked after
        marking.give_mark(result, score=Decimal(4), actor=school.teacher, at=AT)
    marking.give_mark(result, score=Decimal(2), actor=school.third, at=AT)
    result.refresh_from_db()
    assert (result.marking, result.score) == ("marked", 2)


def test_marks_are_seen_when_they_are_published(school: School) -> None:
    sitting, result = essay(school, moderated=True)
    person = result.attempt.person
    learner = actor_for(person, "pupil", AT, organisation_id=school.organisation.pk)
    assert ATTEMPTS.may(learner, "view", result.attempt)
    assert not RESULTS.may(learner, "view", result)
    with pytest.raises(ValidationError):
        sittings.release(sitting, actor=school.head, at=AT)
    marking.give_mark(result, score=Decimal(3), actor=school.teacher, at=AT)
    assert not RESULTS.may(learner, "view", result)
    sittings.release(sitting, actor=school.head, at=AT)
    assert RESULTS.may(learner, "view", result)
    assert not RESULTS.may(school.learner(), "view", result)
    sittings.withhold(sitting, actor=school.head, at=AT, reason="Ошибка в ключе")
    assert not RESULTS.may(learner, "view", result)


def test_an_appeal_changes_a_mark_with_a_reason(school: School) -> None:
    _sitting, result = essay(school, appeals_until=minutes(600))
    marking.give_mark(result, score=Decimal(2), actor=school.teacher, at=AT)
    learner = actor_for(result.attempt.person, "pupil", AT)
    made = marking.appeal(result, text="Не учтён вывод", actor=learner, at=minutes(20))
    with pytest.raises(ValidationError):
        marking.appeal(result, text="Ещё раз", actor=learner, at=minutes(21))
    with pytest.raises(ValidationError):
        marking.decide_appeal(made, score=None, decision=" ", actor=school.head, at=minutes(30))
    marking.decide_appeal(
        made, score=Decimal(4), decision="Вывод есть", actor=school.head, at=minutes(30)
    )
    result.refresh_from_db()
    made.refresh_from_db()
    assert (result.score, result.attempt.score) == (4, 4)
    assert (made.status, made.score_before, made.score_after) == ("upheld", 2, 4)
    told = Notice.objects.get(addressee=result.attempt.person_id, key=f"appeal:{made.pk}")
    assert told.link == f"/assessment/attempts/{result.attempt_id}/result/"
    with pytest.raises(ValidationError):
        marking.appeal(result, text="Поздно", actor=learner, at=minutes(601))


def listed(sitting: Sitting, **values: Any) -> Rescoring:
    made = rescoring.ask(sitting, **values)
    rescoring.look_through(made)
    made.refresh_from_db()
    return made


def applied(made: Rescoring, school: School) -> int:
    assert rescoring.confirm(made, actor=school.head, at=AT)
    rescoring.apply(made, actor=school.head, at=AT)
    made.refresh_from_db()
    assert (made.status, made.applied_at) == ("applied", AT)
    return made.changed


def test_a_corrected_key_says_whose_mark_changes_first(school: School) -> None:
    item = school.item(choice_xml(key="A"))
    sitting = school.sitting(school.test([item]))
    wrong, right, none = (taken(school, sitting, value) for value in ("A", "B", ""))
    draft = bank.draft_of(item, actor=school.teacher, at=AT)
    bank.save_draft(
        draft, edition=draft.edition, content=choice_xml(key="B"), actor=school.teacher, at=AT
    )
    bank.make_ready(draft, actor=school.teacher, at=AT)
    item.refresh_from_db()
    before = sitting.version.items.get().item_version
    prepared = listed(
        sitting, before=before, after=item.current, reason="Ключ", actor=school.head, at=AT
    )
    assert sorted(change[1:] for change in prepared.changes) == [
        ["0.0000", "1.0000"], ["1.0000", "0.0000"],
    ] or len(prepared.changes) == 2  # fmt: skip
    wrong.refresh_from_db()
    assert wrong.score == 1
    assert applied(prepared, school) == 2
    assert not rescoring.confirm(prepared, actor=school.head, at=AT)
    for attempt, score in ((wrong, 0), (right, 1), (none, 0)):
        attempt.refresh_from_db()
        assert attempt.score == score


def test_after_an_appeal_only_an_appeal_changes_the_mark(school: School) -> None:
    """Also where two markers differ from it: nobody is asked for a third mark."""
    _sitting, result = essay(school, markers=2, tolerance=Decimal(0), appeals_until=minutes(600))
    for marker in (school.teacher, school.colleague):
        marking.give_mark(result, score=Decimal(2), actor=marker, at=AT)
    learner = actor_for(result.attempt.person, "pupil", AT)
    for decider, score in ((school.teacher, 4), (school.head, 5)):
        made = marking.appeal(result, text="Не учтён вывод", actor=learner, at=minutes(20))
        marking.decide_appeal(
            made, score=Decimal(score), decision="Вывод есть", actor=decider, at=minutes(30)
        )
        for marker in (school.teacher, school.colleague, school.third, school.head):
            with pytest.raises(ValidationError):
                marking.give_mark(result, score=Decimal(0), actor=marker, at=minutes(40))
        result.refresh_from_db()
        assert (result.marking, result.score) == ("marked", score)


def test_a_mark_without_bounds_still_fits(school: School) -> None:
    _sitting, result = essay(school)
    ItemResult.objects.filter(pk=result.pk).update(max_score=None)
    for wrong in ("12345678901", "-1", "1e30"):
        with pytest.raises(ValidationError):
            marking.give_mark(result, score=Decimal(wrong), actor=school.teacher, at=AT)
    assert marking.give_mark(result, score=Decimal(999_999), actor=school.teacher, at=AT)


def drawn_xml(key: str, more: str = "") -> str:
    """Each learner is asked for a number of their own."""
    return f"""<qti-assessment-item {NS} identifier="drawn" title="Число" time-dependent="false"
      xml:lang="ru" {more}>
      <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="integer"/>
      <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
        normal-maximum="1"/>
      <qti-template-declaration identifier="N" cardinality="single" base-type="integer"/>
      <qti-template-processing>
        <qti-set-template-value identifier="N"><qti-random-integer min="1" max="100000"/>
        </qti-set-template-value>
        <qti-set-correct-response identifier="RESPONSE">{key}</qti-set-correct-response>
      </qti-template-processing>
      <qti-item-body><p>Введите <qti-printed-variable identifier="N"/>
        <qti-text-entry-interaction response-identifier="RESPONSE"/></p></qti-item-body>
      <qti-response-processing template="{CORRECT}"/></qti-assessment-item>"""


N = '<qti-variable identifier="N"/>'
ONE_MORE = f'<qti-sum>{N}<qti-base-value base-type="integer">1</qti-base-value></qti-sum>'


def drawn(school: School, sitting: Sitting, more: int = 0) -> Attempt:
    """An attempt whose learner answers with the number they were given, or `more`."""
    learner = school.learner()
    attempt = attempts.begin(sitting, actor=learner, at=AT)
    number = attempt.state["session"]["items"]["Q1"]["values"]["N"][-1]
    answer(attempt, "Q1", str(int(number) + more), minutes(1))
    return attempts.hand_in(attempt, actor=learner, at=minutes(5))


def corrected(school: School, item: Item, content: str) -> None:
    draft = bank.draft_of(item, actor=school.teacher, at=AT)
    bank.save_draft(draft, edition=draft.edition, content=content, actor=school.teacher, at=AT)
    bank.make_ready(draft, actor=school.teacher, at=AT)
    item.refresh_from_db()


def test_a_corrected_key_is_tried_with_the_numbers_each_learner_was_given(school: School) -> None:
    item = school.item(drawn_xml(ONE_MORE))
    sitting = school.sitting(school.test([item]))
    right, right_too, wrong = (
        drawn(school, sitting),
        drawn(school, sitting),
        drawn(school, sitting, 1),
    )
    assert [one.score for one in (right, right_too, wrong)] == [0, 0, 1]
    before = sitting.version.items.get().item_version
    corrected(school, item, drawn_xml(N))
    prepared = listed(
        sitting, before=before, after=item.current, reason="Ключ", actor=school.head, at=AT
    )
    assert applied(prepared, school) == 3
    for attempt, score in ((right, 1), (right_too, 1), (wrong, 0)):
        attempt.refresh_from_db()
        assert attempt.score == score


def test_many_are_scored_anew_with_as_many_queries_as_one(school: School) -> None:
    counts = []
    for number in (1, 5):
        item = school.item(choice_xml(f"q{number}", key="A"))
        sitting = school.sitting(school.test([item, school.item(essay_xml(f"e{number}"))]))
        for _one in range(number):
            taken(school, sitting, "A", "Текст")
        before = sitting.version.items.get(item_version__item=item).item_version
        corrected(school, item, choice_xml(f"q{number}", key="B"))
        prepared = listed(
            sitting, before=before, after=item.current, reason="Ключ", actor=school.head, at=AT
        )
        with CaptureQueriesContext(connection) as asked:
            assert applied(prepared, school) == number
        counts.append(len(asked))
        for attempt in sitting.all_attempts.all():
            assert (attempt.score, attempt.marked_at) == (0, None)
            result = attempt.results.get(item_version=item.current)
            assert (result.score, result.outcomes["SCORE"]) == (0, 0)
    assert counts[0] == counts[1]


def test_marks_of_an_adaptive_item_are_left_to_people(school: School) -> None:
    item = school.item(drawn_xml(ONE_MORE))
    sitting = school.sitting(school.test([item]))
    attempt = drawn(school, sitting, 1)
    before = sitting.version.items.get().item_version
    corrected(school, item, drawn_xml(N, 'adaptive="true"'))
    prepared = listed(
        sitting, before=before, after=item.current, reason="Ключ", actor=school.head, at=AT
    )
    result = attempt.results.get()
    assert prepared.changes == [[str(result.pk), "1.0000"]]
    with pytest.raises(ValidationError):
        rescoring.confirm(prepared, actor=school.head, at=AT)
    attempt.refresh_from_db()
    result.refresh_from_db()
    assert (attempt.score, result.score, result.item_version) == (1, 1, before)


def test_one_that_cannot_be_closed_keeps_no_other_open(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), minutes=10)
    wrong = attempts.begin(sitting, actor=school.learner(), at=AT)
    sound = attempts.begin(sitting, actor=school.learner(), at=minutes(1))
    Attempt.objects.filter(pk=wrong.pk).update(state={})
    assert attempts.close_due(at=minutes(20)) == 1
    sound.refresh_from_db()
    assert sound.status == "ended"
    assert sittings.close_over(at=minutes(123)) == 1


def test_classes_are_those_of_the_regions_day(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    new = EnrolmentFactory(group=school.group, since=date(2026, 9, 2)).person
    evening = datetime(2026, 9, 1, 20, tzinfo=UTC)  # the next morning in the region
    assert new.pk in sittings.learners_of(sitting, at=evening)
    assert new in teaching.learners(sitting, evening)


def test_nobody_begins_what_is_closed_meanwhile(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    read = attempts.test_of

    def closed_meanwhile(version: TestVersion) -> Any:
        sittings.close(sitting, actor=school.teacher, at=AT)
        return read(version)

    monkeypatch.setattr(attempts, "test_of", closed_meanwhile)
    with pytest.raises(ValidationError):
        attempts.begin(sitting, actor=school.learner(), at=AT)
    assert not Attempt.objects.exists()


def test_who_is_given_a_sitting(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    assert SITTINGS.may(school.learner(), "take", sitting)
    assert not SITTINGS.may(School(AT).learner(), "take", sitting)
    assert not SITTINGS.may(school.teacher, "take", sitting)
    assert not SITTINGS.may(School(AT).teacher, "view", sitting)
    Sitting.objects.filter(pk=sitting.pk).update(status="planned")
    assert not SITTINGS.may(school.learner(), "take", sitting)


def test_closing_a_sitting_hands_in(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    attempt = attempts.begin(sitting, actor=school.learner(), at=AT)
    answer(attempt, "Q1", "A", minutes(1))
    assert sittings.close_over(at=minutes(121)) == 0
    assert sittings.close_over(at=minutes(123)) == 1
    attempt.refresh_from_db()
    assert attempt.score == 1
    nobody: Actor | None = None
    sittings.close(sitting, actor=nobody, at=minutes(130))
    with pytest.raises(ValidationError):
        attempts.begin(sitting, actor=school.learner(), at=minutes(60))


def test_many_marks_at_once_are_as_marks_one_by_one(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(3)]
    sitting = school.sitting(school.test(items))
    for letters in ("ABA", "BBB", "AAA", "A"):
        taken(school, sitting, *letters)

    def marked(*, at_once: bool) -> tuple[list[Any], list[Any]]:
        rows = ItemResult.objects.select_related("attempt").order_by("attempt_id", "number")
        changes = [
            (one, Decimal(n % 4) / 2, {"SCORE": 9.0, "OTHER": [None, "ё"]})
            for n, one in enumerate(rows)
            if n % 5
        ]
        if at_once:
            with CaptureQueriesContext(connection) as asked:
                results.set_scores(changes, marking=MarkingStatus.MARKED, at=minutes(30))
            assert len(asked) < 20  # one by one they are some eighty
        else:
            for one, score, outcomes in changes:
                results.set_score(
                    one, score, marking=MarkingStatus.MARKED, at=minutes(30), outcomes=outcomes
                )
        return (
            [*Attempt.objects.order_by("pk").values_list(
                "score", "max_score", "outcomes", "state", "marked_at")],
            [*ItemResult.objects.order_by("pk").values_list(
                "score", "max_score", "outcomes", "responses", "marking", "scored_at")],
        )  # fmt: skip

    before = OutboxEvent.objects.count()
    with transaction.atomic():
        one_by_one = marked(at_once=False)
        transaction.set_rollback(True)
    assert OutboxEvent.objects.count() == before
    assert marked(at_once=True) == one_by_one
    told = OutboxEvent.objects.order_by("pk")[before:]
    assert {one.payload["attempt_id"]: one.payload["score"] for one in told} == {
        str(one.pk): str(one.score) for one in Attempt.objects.all()
    }
    assert len(told) == Attempt.objects.count()  # each attempt once, not each mark
