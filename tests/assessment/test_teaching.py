"""Teachers' pages: give, watch, mark, publish, correct a key, look at quality."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from sreda.assessment.domain import analysis, attempts, bank, marking, rescoring, sittings
from sreda.assessment.models import Appeal, ItemAnalysis, ItemResult, Rescoring, Sitting
from sreda.assessment.tasks import run_rescoring
from sreda.assessment.web.children import states
from sreda.assessment.web.sittings import STATES
from sreda.kernel.api import Work
from sreda.kernel.models import AuditEntry, Notice, OutboxEvent
from sreda.registry.api import Role, Teaching, school_year
from tests.assessment.bank import School, actor_for, answer, choice_xml, essay_xml
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    made = School(timezone.now() - timedelta(hours=1))
    made.group.school_year = school_year(timezone.localdate())
    made.group.save()
    return made


def staff(
    school: School, role: str = Role.TEACHER, *, teaches: bool = True, **fields: Any
) -> Client:
    """A client of one of the school's staff; a teacher has the class, or (not `teaches`) others."""
    post = PostFactory(role=role, organisation=school.organisation, **fields)
    if role == Role.TEACHER and teaches:
        Teaching.objects.create(post=post, group=school.group, subject="Математика")
    client = Client()
    client.force_login(UserFactory(person=post.person))
    return client


def taken(school: School, sitting: Sitting, *values: str) -> None:
    learner, at = school.learner(), timezone.now()
    attempt = attempts.begin(sitting, actor=learner, at=at)
    for number, value in enumerate(values, 1):
        if value:
            answer(attempt, f"Q{number}", value, at)
    attempts.hand_in(attempt, actor=learner, at=at + timedelta(seconds=1))


def test_a_test_is_given_and_watched(school: School) -> None:
    test = school.test([school.item(choice_xml())])
    client = staff(school)
    now = timezone.localtime()
    sent = {
        "test": test.pk,
        "title": "Проверка",
        "groups": [school.group.pk],
        "opens_at": now.strftime("%Y-%m-%dT%H:%M"),
        "closes_at": (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "attempts": 1,
        "allowance_seconds": 120,
        "markers": 1,
        "tolerance": "0",
        "_key": "k",
    }
    wrong = sent | {"closes_at": (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")}
    assert client.post("/assessment/sittings/add/", wrong).status_code == 422
    reply = client.post("/assessment/sittings/add/", sent)
    assert reply.status_code == 302
    assert client.post("/assessment/sittings/add/", sent).url == reply.url  # sent twice: once
    sitting = Sitting.objects.get()
    page = client.get(reply.url).content.decode()
    assert "Проверка" in page
    client.post(f"/assessment/sittings/{sitting.pk}/do/announce/")
    sitting.refresh_from_db()
    assert sitting.status == "open"
    taken(school, sitting, "A")
    assert "1 / 1" in client.get(reply.url).content.decode()
    page = f"/assessment/sittings/{sitting.pk}/edit/"
    assert client.get(page).status_code == 200
    assert client.post(page, sent | {"edition": "x"}).status_code == 422
    exported = client.get(f"{reply.url}?export=csv")
    assert b"".join(exported).decode().rstrip().endswith(";1;1")  # the mark and the greatest


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-03T02:00", "2026-03-04"),  # Tuesday, 9 in the morning in Novokuznetsk
        ("2026-03-02T19:00", "2026-03-03"),  # Tuesday there already, 2 at night
        ("2026-03-06T00:30", "2026-03-06"),  # Friday, before lessons
        ("2026-03-13T01:00", "2026-03-16"),  # Friday, when they begin
        ("2026-03-15T16:59", "2026-03-16"),  # Sunday
        ("2026-03-06T01:00", "2026-03-10"),  # the 8th of March is a Sunday: Monday is off
        ("2026-12-31T09:00", "2027-01-11"),  # the holidays of the New Year
        ("2026-11-03T02:00", "2026-11-05"),
    ],
)
def test_a_new_sitting_is_proposed_the_next_school_day(
    school: School, now: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.fromisoformat(f"{now}+00:00")
    opens, closes = sittings.likely_term(at)
    assert opens.isoformat() == f"{day}T08:00:00+07:00"
    assert closes.isoformat() == f"{day}T20:00:00+07:00"
    client = staff(school)
    monkeypatch.setattr("sreda.kernel.clock.now", lambda: at)
    page = client.get("/assessment/sittings/add/").content.decode()
    assert f'value="{day}T08:00"' in page
    assert f'value="{day}T20:00"' in page


def test_a_planned_test_is_changed(school: School) -> None:
    test = school.test([school.item(choice_xml())])
    sitting = school.sitting(test)
    client = staff(school, Role.HEAD)
    given = client.get(f"/assessment/quizzes/{test.pk}/").content.decode()
    way = f"/assessment/sittings/add/?test={test.pk}"
    assert way in given
    assert f'value="{test.title}"' in client.get(way).content.decode()
    assert client.get("/assessment/sittings/add/?test=x").status_code in {200, 422}
    sent = {
        "title": "Другое название",
        "groups": [school.group.pk],
        "opens_at": "2026-01-10T10:00",
        "closes_at": "2026-01-12T10:00",
        "attempts": 2,
        "allowance_seconds": 60,
        "markers": 2,
        "tolerance": "0.5",
        "edition": sitting.edition,
    }
    assert client.post(f"/assessment/sittings/{sitting.pk}/edit/", sent).status_code == 302
    sitting.refresh_from_db()
    assert (sitting.title, sitting.markers) == ("Другое название", 2)


def test_where_a_third_decided_the_third_alone_is_told(school: School) -> None:
    sitting = school.sitting(school.test([school.item(essay_xml())]), markers=2, tolerance=0)
    taken(school, sitting, "Мой текст")
    result = ItemResult.objects.get()
    people = (school.teacher, school.colleague, school.third)
    for number, (actor, told) in enumerate(zip(people, ("Раз", "Два", "Три"), strict=True)):
        marking.give_mark(
            result, score=Decimal(number), comment=told, actor=actor, at=timezone.now()
        )
        if number == 1:
            assert marking.comments_on(result) == ["Раз", "Два"]
    assert marking.comments_on(result) == ["Три"]
    appeal = Appeal.objects.create(
        result=result, by=result.attempt.person_id, text="?", at=timezone.now(), score_before=2
    )
    marking.decide_appeal(
        appeal, score=Decimal(4), decision="Верно", actor=school.third, at=timezone.now()
    )
    assert marking.comments_on(result) == ["Три"]  # the decider was the third: no other comes back


def test_a_marker_is_offered_no_mark_they_cannot_give(school: School) -> None:
    sitting = school.sitting(school.test([school.item(essay_xml())]), markers=2, tolerance=0)
    taken(school, sitting, "Мой текст")
    result = ItemResult.objects.get()
    page = f"/assessment/results/{result.pk}/mark/"
    first, second, third, fourth = (staff(school) for _number in range(4))

    def offered(client: Client) -> bool:
        return 'name="score"' in client.get(page).content.decode()

    first.post(page, {"score": "1", "comment": "Слабо"})
    assert offered(first)  # nobody has marked after them: they may change it
    second.post(page, {"score": "4"})
    assert not offered(first)
    shown = first.get(page).content.decode()
    assert "Слабо" in shown
    assert "Действующий балл" not in shown  # two differ: there is none yet
    third.post(page, {"score": "3"})
    for overruled in (first, second):
        shown = overruled.get(page).content.decode()
        assert 'name="score"' not in shown
        assert "третий проверяющий" in shown
        assert "Действующий балл" in shown
        assert overruled.post(page, {"score": "5"}).status_code == 422
    assert offered(third)
    assert "уже проверен" in fourth.get(page).content.decode()
    assert not offered(fourth)
    result.refresh_from_db()
    assert result.score == 3


def test_a_refused_decision_keeps_what_was_typed(school: School) -> None:
    later = timezone.now() + timedelta(days=1)
    sitting = school.sitting(school.test([school.item(choice_xml())]), appeals_until=later)
    taken(school, sitting, "B")
    result = ItemResult.objects.get()
    appeal = Appeal.objects.create(
        result=result, by=result.attempt.person_id, text="Верно", at=timezone.now(),
        score_before=result.score,
    )  # fmt: skip
    sent = {"decision": "Написанное решение", "score": "много", "what": "uphold"}
    reply = staff(school, Role.HEAD).post(f"/assessment/appeals/{appeal.pk}/decide/", sent)
    assert reply.status_code == 422
    page = reply.content.decode()
    assert "Написанное решение" in page
    assert 'value="много"' in page


def test_marks_are_given_blindly_and_published(school: School) -> None:
    sitting = school.sitting(school.test([school.item(essay_xml())]), moderated=True)
    taken(school, sitting, "Мой текст")
    client = staff(school)
    queue = client.get("/assessment/marking/").content.decode()
    result = ItemResult.objects.get()
    assert result.attempt.person.family_name not in queue
    page = client.get(f"/assessment/results/{result.pk}/mark/").content.decode()
    assert "Мой текст" in page
    assert result.attempt.person.family_name not in page
    for wrong in ("", "много", "6", "-1", "NaN"):
        reply = client.post(f"/assessment/results/{result.pk}/mark/", {"score": wrong})
        assert reply.status_code == 422, wrong
    assert (
        client.post(f"/assessment/results/{result.pk}/mark/", {"score": "3,5"}).status_code == 302
    )
    sitting.refresh_from_db()
    assert sitting.release == "held"
    head = staff(school, Role.HEAD)
    head.post(f"/assessment/sittings/{sitting.pk}/do/release/")
    sitting.refresh_from_db()
    assert sitting.release == "released"
    elsewhere = staff(School(school.at))
    assert elsewhere.get(f"/assessment/results/{result.pk}/mark/").status_code == 404
    assert elsewhere.get(f"/assessment/sittings/{sitting.pk}/").status_code == 404


def test_learners_of_many_classes_are_found_by_class_state_and_name(school: School) -> None:
    sitting = school.sitting(
        school.test([school.item(choice_xml()), school.item(essay_xml())]), moderated=True
    )
    other = ClassGroupFactory(organisation=school.organisation, name="9Б")
    sitting.groups.add(other)
    for value in ("A", "B"):
        taken(school, sitting, value, "")
    taken(school, sitting, "A", "Письмо")
    attempts.begin(sitting, actor=school.learner(), at=timezone.now())
    people = [EnrolmentFactory(group=other).person for _number in range(30)]
    client, page = staff(school, Role.HEAD), f"/assessment/sittings/{sitting.pk}/"

    def found(query: str) -> Any:
        return client.get(f"{page}?{query}").context["listing"]

    shown = client.get(page).context
    assert shown["totals"] == {"given": 34, "begun": 4, "handed_in": 3}
    assert len(found("page=2").page.object_list) == 34 - 25
    for state, number in (("none", 30), ("open", 1), ("marking", 1), ("marked", 2)):
        assert found(f"state={state}").total == number, state
    rows = found(f"class={other.pk}")
    assert {row.pk for row in rows.page} <= {one.pk for one in people}
    assert (rows.total, rows.page[0].classes) == (30, "9Б")
    assert found(f"class={school.group.pk}&state=none").total == 0
    name = people[7].family_name
    assert people[7].pk in {row.pk for row in found(f"q={name.lower()}").page}
    marks = [row.attempt.score for row in found("sort=mark").page if row.attempt]
    assert marks[:2] == sorted(marks[:2])
    counts = []
    for query in (f"class={school.group.pk}&sort=mark", "sort=mark"):  # attempts on both
        with CaptureQueriesContext(connection) as asked:
            found(query)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    exported = b"".join(client.get(f"{page}?export=csv&class={other.pk}")).decode()
    assert exported.count("9Б") == 30


def corrected(school: School, sitting: Sitting) -> dict[str, str]:
    """The only item's key becomes B; what the form of a corrected key sends."""
    before = sitting.version.items.get().item_version
    draft = bank.draft_of(before.item, actor=school.teacher, at=school.at)
    content = choice_xml(key="B")
    bank.save_draft(
        draft, edition=draft.edition, content=content, actor=school.teacher, at=school.at
    )
    bank.make_ready(draft, actor=school.teacher, at=school.at)
    return {"pair": f"{before.pk}:{draft.pk}", "reason": "Ключ", "_key": "k"}


def test_a_corrected_key_goes_by_the_list(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml(key="A"))]))
    for value in ("B", "A", "C"):
        taken(school, sitting, value)
    sent = corrected(school, sitting)
    head = staff(school, Role.HEAD)
    address = f"/assessment/sittings/{sitting.pk}/rescore/"
    only = re.search(r'<input[^>]*name="pair"[^>]*>', head.get(address).content.decode())
    assert only is not None
    assert " checked" in only[0]  # there is nothing else to choose
    wrong = head.post(address, sent | {"pair": "x"})
    assert wrong.status_code == 422
    assert 'value="Ключ"' in wrong.content.decode()
    reply = head.post(address, sent)
    assert head.post(address, sent).url == reply.url  # sent twice: once
    made = Rescoring.objects.get()

    def job() -> None:
        waiting = ProcrastinateJob.objects.filter(args={"pk": str(made.pk)}, status="todo")
        assert waiting.count() == 1
        run_rescoring(str(made.pk))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")

    page = head.get(reply.url).content.decode()
    assert f'hx-get="{reply.url}?progress=1"' in page
    bar = {"HX-Request": "true"}
    assert "<html" not in head.get(reply.url, headers=bar).content.decode()
    job()
    asked = head.get(f"{reply.url}?progress=1", headers=bar)
    assert asked.headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in head.get(reply.url, headers=bar).headers  # a search in the list
    page = head.get(reply.url)
    assert [(row.old, row.new) for row in page.context["listing"].page] in (
        [(0, 1), (1, 0)], [(1, 0), (0, 1)],
    )  # fmt: skip
    assert list(ItemResult.objects.order_by("pk").values_list("score", flat=True)) == [0, 1, 0]
    for _time in range(2):
        assert head.post(reply.url, {"do": "apply"}).url == reply.url
    job()
    assert list(ItemResult.objects.order_by("pk").values_list("score", flat=True)) == [1, 0, 0]
    assert "Изменено баллов: 2" in head.get(reply.url).content.decode()
    assert head.get(f"{reply.url}?export=csv").status_code == 200
    assert AuditEntry.objects.filter(action="assessment.sitting.rescored").count() == 1
    assert staff(school, teaches=False).get(reply.url).status_code == 404


def test_marks_of_a_killed_worker_are_given_by_the_next_one_and_once(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml(key="A"))]))
    for value in "BABAB":
        taken(school, sitting, value)
    sent = corrected(school, sitting)
    head = staff(school, Role.HEAD)
    page = head.post(f"/assessment/sittings/{sitting.pk}/rescore/", sent).url
    made = Rescoring.objects.get()
    run_rescoring(str(made.pk))
    head.post(page, {"do": "apply"})
    monkeypatch.setattr(rescoring, "TOGETHER", 2)

    class Killed(BaseException):
        pass

    def dies(percent: int) -> None:
        raise Killed

    monkeypatch.setattr(Work, "_teller", lambda work, pk: dies)
    with pytest.raises(Killed):
        run_rescoring(str(made.pk))
    monkeypatch.undo()
    made.refresh_from_db()
    assert (made.status, made.marked_anew, made.changed) == ("applying", 2, 2)
    later = timezone.now() + timedelta(minutes=1)
    assert rescoring.lost(timezone.now()) == []
    assert rescoring.lost(later) == [made.pk]
    for _time in range(2):
        rescoring.run(made.pk, at=later)
    made.refresh_from_db()
    assert (made.status, made.marked_anew, made.changed) == ("applied", 5, 5)
    assert rescoring.lost(later) == []
    scores = ItemResult.objects.order_by("pk").values_list("score", flat=True)
    assert list(scores) == [1, 0, 1, 0, 1]
    assert (
        OutboxEvent.objects.filter(type="assessment.attempt.marked").count() == 10
    )  # once each, twice


@pytest.mark.parametrize("trouble", ["tries", "seat", "fault"])
def test_a_rescoring_that_does_not_work_out_says_so(
    school: School, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml(key="A"))]))
    taken(school, sitting, "B")
    sent = corrected(school, sitting)
    head = staff(school, Role.HEAD)
    page = head.post(f"/assessment/sittings/{sitting.pk}/rescore/", sent).url
    made = Rescoring.objects.get()
    if trouble == "fault":  # the list itself cannot be made
        with monkeypatch.context() as broken:
            broken.setattr(rescoring, "scored_anew", lambda result, version: 1 / 0)
            run_rescoring(str(made.pk))
        assert "Попробовать" in head.get(page).content.decode()
        head.post(page, {"do": "again"})
    run_rescoring(str(made.pk))
    head.post(page, {"do": "apply"})
    Rescoring.objects.update(**{"tries": {"tries": 3}, "seat": {"seat": "gone"}}.get(trouble, {}))
    run_rescoring(str(made.pk))
    made.refresh_from_db()
    assert (made.status == "applied") is (trouble == "fault")
    if trouble != "fault":
        assert made.trouble in head.get(page).content.decode()
        assert ItemResult.objects.get().score == 0
        head.post(page, {"do": "apply"})
        run_rescoring(str(made.pk))
    assert ItemResult.objects.get().score == 1


def test_quality_is_computed_when_marks_change(school: School) -> None:
    items = [school.item(choice_xml(f"q{n}")) for n in range(2)]
    sitting = school.sitting(school.test(items))
    for values in ("AA", "AB", "BB"):
        taken(school, sitting, *values)
    client = staff(school)
    address = f"/assessment/sittings/{sitting.pk}/quality/"
    assert client.get(address).status_code == 200
    first = ItemAnalysis.objects.get(sitting=sitting, ref="Q1")
    assert first.figures["difficulty"] == pytest.approx(2 / 3, abs=1e-5)
    assert [c["share"] for c in first.figures["choices"]][:2] == [
        pytest.approx(2 / 3, abs=1e-5), pytest.approx(1 / 3, abs=1e-5),
    ]  # fmt: skip
    assert sitting.analysis.attempts == 3
    assert sitting.analysis.figures["mean"] == 1.0
    taken(school, sitting, "A", "")
    client.get(address)
    sitting.analysis.refresh_from_db()
    assert sitting.analysis.attempts == 4


def test_the_key_is_checked_by_people_without_changing_marks(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]))
    for value in ("A", "B", "A", "B"):
        taken(school, sitting, value)
    for result in ItemResult.objects.order_by("score"):
        marking.control_mark(result, score=result.score, actor=school.colleague, at=school.at)
    assert set(ItemResult.objects.values_list("score", flat=True)) == {0, 1}
    analysis.analyse(sitting, at=timezone.now())
    assert ItemAnalysis.objects.get().figures["kappa"] == 1.0


def test_the_list_costs_the_same_for_one_and_for_many(school: School) -> None:
    client, counts = staff(school), []
    test = school.test([school.item(choice_xml())])
    for _turn in range(2):
        for _n in range(3):
            sitting = school.sitting(test)
            taken(school, sitting, "A")
        client.get("/assessment/sittings/")
        with CaptureQueriesContext(connection) as found:
            client.get("/assessment/sittings/")
        counts.append(len(found))
    assert counts[0] == counts[1]
    sittings.close(sitting, actor=school.teacher, at=timezone.now())


def test_a_teacher_marks_answers_of_other_classes_without_seeing_whose(school: School) -> None:
    sitting = school.sitting(
        school.test([school.item(essay_xml())]),
        appeals_until=timezone.now() + timedelta(days=1),
    )
    taken(school, sitting, "Письмо")
    result = ItemResult.objects.get()
    name = result.attempt.person.family_name
    other = staff(school, teaches=False)
    for page in ("", "quality/"):
        assert other.get(f"/assessment/sittings/{sitting.pk}/{page}").status_code == 404
    assert other.get(f"/assessment/works/{result.attempt_id}/").status_code == 404
    assert other.get(f"/assessment/attempts/{result.attempt_id}/result/").status_code == 404
    assert sitting.title not in other.get("/assessment/sittings/").content.decode()
    form = other.get("/assessment/sittings/add/").content.decode()
    assert str(school.group.pk) not in form
    mark = f"/assessment/results/{result.pk}/mark/"
    assert name not in other.get(mark).content.decode()
    assert other.post(mark, {"score": "3"}).headers["Location"] == "/assessment/marking/"
    own = staff(school)
    assert name in own.get(f"/assessment/sittings/{sitting.pk}/").content.decode()
    marking.appeal(result, text="Не согласен", actor=school.head, at=timezone.now())
    assert "Не согласен" in own.get("/assessment/appeals/").content.decode()
    assert "Не согласен" not in other.get("/assessment/appeals/").content.decode()
    family = result.attempt.person.family_name
    for query, there in (
        ("status=open", True), ("status=upheld", False), ("q=нет такого", False),
        (f"q={family[:4].lower()}", True), (f"q={sitting.title[2:9]}", True),
    ):  # fmt: skip
        assert ("Не согласен" in own.get(f"/assessment/appeals/?{query}").content.decode()) is there


def test_parents_and_heads_are_led_to_what_is_theirs(school: School) -> None:
    sitting = school.sitting(
        school.test([school.item(choice_xml())]), moderated=True,
        appeals_until=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    taken(school, sitting, "A")
    result = ItemResult.objects.get()
    parent = Client()
    bond = GuardianshipFactory(child=result.attempt.person)
    parent.force_login(UserFactory(person=bond.guardian))
    way = f"/assessment/attempts/{result.attempt_id}/result/"
    home = parent.get("/cabinet/").content.decode()
    assert way in home
    assert "1 / 1" not in home  # marks are not published
    sittings.release(sitting, actor=school.head, at=timezone.now())
    home = parent.get("/cabinet/").content.decode()
    assert "1 / 1" in home
    assert parent.get(way).status_code == 200
    other = Client()
    other.force_login(UserFactory(person=GuardianshipFactory().guardian))
    assert way not in other.get("/cabinet/").content.decode()
    head, teacher = staff(school, Role.HEAD), staff(school)
    assert "апелляция ждёт вашего решения" not in head.get("/cabinet/").content.decode()
    learner = actor_for(result.attempt.person, "pupil", school.at)
    marking.appeal(result, text="Верно", actor=learner, at=timezone.now())
    assert "апелляция ждёт вашего решения" in head.get("/cabinet/").content.decode()
    assert "апелляция ждёт вашего решения" not in teacher.get("/cabinet/").content.decode()


def test_pages_lead_only_where_their_reader_may_go(school: School) -> None:
    sitting = school.sitting(school.test([school.item(essay_xml())]))
    taken(school, sitting, "Письмо")
    operator = Client()
    operator.force_login(UserFactory(person=PostFactory(role=Role.OPERATOR).person))
    for client, leads in ((operator, False), (staff(school), True)):
        assert (client.get("/assessment/marking/").status_code == 200) is leads
        assert (client.get("/assessment/appeals/").status_code == 200) is leads
        for page in ("/assessment/sittings/", f"/assessment/sittings/{sitting.pk}/"):
            assert ("/assessment/marking/" in client.get(page).content.decode()) is leads
        listed = client.get("/assessment/sittings/").content.decode()
        assert ("/assessment/appeals/" in listed) is leads


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("sittings/", "Дать тест"),
        ("marking/", "Проверять пока нечего"),
        ("appeals/", "Апелляций нет"),
        ("items/", "Заданий пока нет"),
        ("quizzes/", "Тестов пока нет"),
    ],
)
def test_an_empty_list_says_why_and_leads_on(school: School, path: str, words: str) -> None:
    from tests.assessment.test_bank_pages import teacher

    page = teacher(school).get(f"/assessment/{path}").content.decode()
    shown = page.split('class="empty"', 1)[1]
    assert words in shown
    assert 'class="btn' in shown


def test_nobody_marks_or_decides_about_their_own_child(school: School) -> None:
    later = timezone.now() + timedelta(days=1)
    sitting = school.sitting(
        school.test([school.item(essay_xml())]), markers=2, appeals_until=later
    )
    taken(school, sitting, "Мой текст")
    result = ItemResult.objects.get()
    for role in (Role.TEACHER, Role.HEAD):
        post = PostFactory(role=role, organisation=school.organisation)
        GuardianshipFactory(child=result.attempt.person, guardian=post.person)
        parent, page = Client(), f"/assessment/results/{result.pk}/mark/"
        parent.force_login(UserFactory(person=post.person))
        assert page not in parent.get("/assessment/marking/").content.decode()
        assert parent.get(page).status_code == 403
        assert parent.post(page, {"score": "5"}).status_code == 403
        if role == Role.TEACHER:  # it waits for the others, and they see it
            assert page in staff(school).get("/assessment/marking/").content.decode()
    appeal = marking.appeal(result, text="Мало", actor=school.head, at=timezone.now())
    way, page = f"/assessment/appeals/{appeal.pk}/decide/", "/assessment/appeals/"
    assert way not in parent.get(page).content.decode()
    assert parent.post(way, {"what": "uphold", "score": "5", "decision": "!"}).status_code == 403
    assert way in staff(school, Role.HEAD).get(page).content.decode()
    assert not result.marks.exists()


def test_marks_published_again_are_told_again(school: School) -> None:
    sitting = school.sitting(school.test([school.item(choice_xml())]), moderated=True)
    taken(school, sitting, "A")
    attempt, at = ItemResult.objects.get().attempt, timezone.now()
    learner, parent = Client(), Client()
    learner.force_login(UserFactory(person=attempt.person))
    parent.force_login(UserFactory(person=GuardianshipFactory(child=attempt.person).guardian))
    way = f"/assessment/attempts/{attempt.pk}/result/"

    def told() -> list[bool]:
        return ["1 / 1" in one.get(way).content.decode() for one in (learner, parent)]

    def notices() -> int:
        return Notice.objects.filter(addressee=attempt.person_id, key__startswith="marks:").count()

    assert told() == [False, False]
    sittings.release(sitting, actor=school.head, at=at)
    sittings.release(sitting, actor=school.head, at=at)
    assert (told(), notices()) == ([True, True], 1)
    sittings.withhold(sitting, actor=school.head, at=at, reason="Проверка")
    assert told() == [False, False]
    sittings.release(sitting, actor=school.head, at=at + timedelta(minutes=1))
    assert (told(), notices()) == ([True, True], 2)


def test_states_to_filter_by_begin_alike() -> None:
    for rows in (STATES, states()):
        assert all(str(label)[0].isupper() for _value, label in rows)
