"""Surveys: answered once, linked to nobody where that was promised, small numbers hidden."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.registry.api import Role, User
from sreda.reporting.access import SURVEYS
from sreda.reporting.domain.surveys import close_survey, give_answer, open_survey
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Schema, Section
from sreda.reporting.models import Answer, Campaign, Participation
from sreda.reporting.queries import surveys as queries
from sreda.reporting.queries.suppression import K, hidden_in_line, suppress
from tests.factories import (
    EnrolmentFactory,
    GuardianshipFactory,
    OrganisationFactory,
    actor_for,
    seated,
)
from tests.reporting.forms import QUESTIONS, SCHEMA
from tests.reporting.world import AT, published

ON = AT.date()
GOOD = {"q.ease": "yes", "q.mark": "4", "q.uses": "diary\ntests", "q.hours": "2,5", "q.wish": "Ещё"}


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda: ON)


@pytest.fixture
def version(db):
    return published(QUESTIONS, code="poll", kind="survey", title="Опрос")


def survey(version, *, anonymous=False, title="", **audience):
    return open_survey(
        version, title=title, opens_on=ON, due_on=ON + timedelta(days=7), audience=audience,
        anonymous=anonymous, actor=None, at=AT,
    )  # fmt: skip


def client_of(actor):
    found = Client()
    found.force_login(User.objects.get(pk=actor.user_id))
    return found


def test_a_person_answers_once_and_a_second_sending_changes_nothing(version):
    teacher, of = seated(Role.TEACHER), survey(version, roles=["teacher"])
    key = uuid4()
    give_answer(of, GOOD, actor=teacher, at=AT, key=key)
    give_answer(of, GOOD, actor=teacher, at=AT, key=key)
    with pytest.raises(ValidationError):
        give_answer(of, GOOD, actor=teacher, at=AT, key=uuid4())
    answer = Answer.objects.get()
    assert answer.person_id == teacher.person_id
    assert answer.values == {
        "q.ease": "yes", "q.mark": "4", "q.uses": ["diary", "tests"], "q.hours": "2.5",
        "q.wish": "Ещё",
    }  # fmt: skip
    assert AuditEntry.objects.filter(action="reporting.survey.answered").count() == 1


def test_each_wrong_answer_is_named_and_nothing_is_kept(version):
    teacher, of = seated(Role.TEACHER), survey(version)
    bad = {"q.mark": "6", "q.uses": "none", "q.hours": "x"}
    with pytest.raises(ValidationError) as caught:
        give_answer(of, bad, actor=teacher, at=AT)
    assert set(caught.value.error_dict) == {"q.ease", "q.mark", "q.uses", "q.hours"}
    assert not Participation.objects.exists()


def test_who_is_asked(version):
    school, other = OrganisationFactory(), OrganisationFactory(kind="college")
    teacher = seated(Role.TEACHER, organisation=school)
    far = seated(Role.TEACHER, organisation=other)
    pupil = EnrolmentFactory(group__organisation=school).person
    parent = GuardianshipFactory(child=pupil).guardian
    people = [teacher, far, actor_for(pupil), actor_for(parent)]

    def asked(**audience):
        of = survey(version, title=str(uuid4()), **audience)
        return [SURVEYS.may(actor, "answer", of) for actor in people]

    assert asked() == [True] * 4
    assert asked(roles=["teacher"]) == [True, True, False, False]
    assert asked(kinds=["school"]) == [True, False, True, True]
    assert asked(municipalities=[str(other.municipality_id)]) == [False, True, False, False]
    assert asked(organisations=[str(school.pk)], roles=["parent"]) == [False, False, False, True]
    of = survey(version, title="закрыт", roles=["pupil"])
    with pytest.raises(ValidationError):
        give_answer(of, GOOD, actor=teacher, at=AT)
    close_survey(of, actor=None, at=AT)
    with pytest.raises(ValidationError):
        give_answer(of, GOOD, actor=actor_for(pupil), at=AT)


def test_it_opens_on_the_regions_day(version):
    """In the region it is morning already while in Greenwich it is the evening before."""
    at = datetime.combine(ON - timedelta(days=1), time(20), UTC)
    of = open_survey(
        version, title="", opens_on=ON, due_on=ON, audience={}, anonymous=True, actor=None, at=at
    )
    assert of.status == "open"


def test_only_surveys_of_plain_questions_open(version):
    with pytest.raises(ValidationError):
        survey(published(code="report"))
    with pytest.raises(ValidationError):
        survey(published(SCHEMA, code="lists", kind="survey"))


def test_an_anonymous_answer_leads_to_nobody(version):
    of = survey(version, anonymous=True)
    people = [seated(Role.TEACHER) for _number in range(6)]
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    for actor in people:
        give_answer(of, GOOD | {"q.wish": actor.name}, actor=actor, at=AT)
    assert set(AuditEntry.objects.values_list("pk", flat=True)) == before
    for answer in Answer.objects.all():
        assert answer.pk.version == 4
        assert (answer.person_id, answer.at, answer.organisation_id) == (None, None, None)
    for done in Participation.objects.all():
        assert done.pk.version == 4  # a time-ordered key would keep the second
        assert not Answer.objects.filter(pk=done.pk).exists()
    keys = set(Answer.objects.values_list("pk", flat=True))
    assert queries.results_of(of, queries.questions_of(version)) == []  # while it runs
    closed = close_survey(of, actor=None, at=AT)
    # written anew in one transaction: keys and transaction numbers say nothing
    assert Answer.objects.count() == 6
    assert not keys & set(Answer.objects.values_list("pk", flat=True))
    rows = Answer.objects.extra(select={"made": "xmin::text"}).values_list("made", flat=True)
    assert len(set(rows)) == 1
    assert queries.results_of(closed, queries.questions_of(version))


def fill(of, places, lines):
    """Answers by place: (municipality, ease, how many)."""
    for place, ease, number in lines:
        for _n in range(number):
            actor = seated(Role.TEACHER, organisation=places[place])
            give_answer(of, {"q.ease": ease, "q.mark": "3"}, actor=actor, at=AT)


def test_results_hide_small_numbers_and_all_that_gives_them_away(version):
    places = [OrganisationFactory() for _place in range(3)]
    of = survey(version)
    fill(of, places, [(0, "yes", 4)])
    questions = queries.questions_of(version)
    assert queries.results_of(of, questions) == []  # fewer than five answers
    fill(of, places, [(0, "yes", 3), (0, "no", 2), (1, "yes", 6), (1, "no", 7), (2, "no", 8)])
    ease, mark, uses, hours, wish = queries.results_of(of, questions)
    assert [bar.count for bar in ease.bars] == [13, 17, 0]
    assert (mark.mean, mark.median) == (3, 3)
    assert hours.hidden is False
    assert hours.answered is None
    assert wish.texts == ()
    assert uses.bars[0].count == 0
    table = queries.crossed(of, questions[0], "municipality")
    assert table is not None
    # 7 and 2: the 2 is hidden, the 7 of its row with it, and what closes the circle
    shown = sorted((size, counts) for _name, counts, size in table.rows)
    assert shown == [(8, (0, 8, 0)), (9, (None, None, 0)), (13, (None, None, 0))]
    assert table.totals == (13, 17, 0)


def test_the_mean_is_no_way_round_hidden_counts(version):
    of, place = survey(version), OrganisationFactory()
    for mark, number in (("1", 2), ("5", 7)):
        for _n in range(number):
            actor = seated(Role.TEACHER, organisation=place)
            give_answer(of, {"q.ease": "yes", "q.mark": mark}, actor=actor, at=AT)
    result = queries.results_of(of, queries.questions_of(version))[1]
    assert [bar.count for bar in result.bars] == [None, 0, 0, 0, None, 0]
    assert result.mean is None
    assert result.answered is None
    said = [cell for row in queries.table_of([result], None) for cell in row]
    assert 2 not in said
    assert 7 not in said


def test_lines_hide_a_second_number():
    assert hidden_in_line([9, 8, 0]) == [False] * 3
    assert hidden_in_line([9, 8, 3]) == [False, True, True]
    assert hidden_in_line([9, 1, 1]) == [True, True, True]  # 1 and 1 follow from their sum
    assert hidden_in_line([9, 4, 4]) == [False, True, True]


def test_a_table_made_by_hand():
    table = [[20, 3, 9], [11, 12, 13], [30, 8, 7]]
    hidden = suppress(table, [False] * 3, [False] * 3)
    assert hidden == [[False, True, True], [False, False, False], [False, True, True]]


def test_no_hidden_number_follows_from_the_sums():
    """For many made tables: every hidden number can be another one, all shown sums the same."""
    chance = random.Random(7)
    for _n in range(300):
        height, width = chance.randint(2, 5), chance.randint(2, 4)
        table = [
            [chance.choice([0, 2, 4, 6, 9, 15]) for _c in range(width)] for _r in range(height)
        ]
        if sum(map(sum, table)) < K:
            continue
        rows = hidden_in_line([sum(row) for row in table])
        columns = hidden_in_line([sum(row[c] for row in table) for c in range(width)])
        hidden = suppress(table, rows, columns)
        for r, c in product(range(height), range(width)):
            assert hidden[r][c] or not 0 < table[r][c] < K
            if hidden[r][c]:
                assert free(hidden, rows, columns, (r, c)), (table, hidden, rows, columns)
        names = [("row", r) for r in range(height) if rows[r]]
        for name in [*names, *(("column", c) for c in range(width) if columns[c])]:
            assert free(hidden, rows, columns, name), (table, hidden, rows, columns)


def free(hidden, rows, columns, name):
    """Whether the hidden number is free: the equations of the known sums do not fix it. By rank:
    fixed if and only if the row that names it alone lies in what the equations span."""
    height, width = len(hidden), len(hidden[0])
    names: list = [(i, j) for i, j in product(range(height), range(width)) if hidden[i][j]]
    names += [("row", i) for i in range(height) if rows[i]]
    names += [("column", j) for j in range(width) if columns[j]]
    place = {name: n for n, name in enumerate(names)}
    lines = []

    def line(parts):
        made = [0] * len(names)
        for name, sign in parts:
            if name in place:
                made[place[name]] += sign
        lines.append(made)

    for i in range(height):
        line([((i, j), 1) for j in range(width)] + [(("row", i), -1)])
    for j in range(width):
        line([((i, j), 1) for i in range(height)] + [(("column", j), -1)])
    line([(("row", i), 1) for i in range(height)])
    line([(("column", j), 1) for j in range(width)])
    alone = [0] * len(names)
    alone[place[name]] = 1
    return rank([*lines, alone]) > rank(lines)


def rank(lines):
    from fractions import Fraction

    rows, found = [[Fraction(n) for n in line] for line in lines], 0
    for c in range(len(rows[0])):
        at = next((r for r in range(found, len(rows)) if rows[r][c]), None)
        if at is None:
            continue
        rows[found], rows[at] = rows[at], rows[found]
        for r in range(found + 1, len(rows)):
            if rows[r][c]:
                times = rows[r][c] / rows[found][c]
                rows[r] = [a - times * b for a, b in zip(rows[r], rows[found], strict=True)]
        found += 1
    return found


def test_what_is_said_of_a_question_is_text(now, db):
    asked = Field("ease", "Удобно ли", CellType.TEXT, help="<form action='//evil.example'>")
    block = Block("q", "Вопросы", BlockKind.FIELDS, (asked,))
    form = published(
        Schema((Section("s", "Опрос", blocks=(block,)),)), code="hostile", kind="survey"
    )
    of, teacher = survey(form, roles=["teacher"]), seated(Role.TEACHER)
    page = client_of(teacher).get(reverse("reporting:survey", args=[of.pk])).content.decode()
    assert "evil.example" in page
    assert "<form action='//evil" not in page


def test_pages(version, now):
    operator, teacher = seated(Role.OPERATOR), seated(Role.TEACHER)
    office, school = client_of(operator), client_of(teacher)
    assert office.get(reverse("reporting:survey_add")).status_code == 200
    sent = {
        "version": str(version.pk), "title": "", "opens_on": ON, "due_on": ON + timedelta(days=5),
        "anonymous": "on", "roles": ["teacher"], "_key": "a",
    }  # fmt: skip
    for _time in range(2):
        assert office.post(reverse("reporting:survey_add"), sent).status_code == 302
    of = Campaign.objects.get()
    assert (of.status, of.audience) == ("open", {"roles": ["teacher"]})
    address = reverse("reporting:survey", args=[of.pk])
    assert office.get(address).status_code == 404
    assert office.get(reverse("reporting:campaign", args=[of.pk])).status_code == 404
    assert of.title in school.get(reverse("reporting:surveys")).content.decode()
    page = school.get(address).content.decode()
    assert "data-warn-unsaved" in page
    assert school.post(address, {}).status_code == 422
    assert school.post(address, {"q.ease": "yes", "q.mark": "9"}).status_code == 422
    for _time in range(2):
        good = {"q.ease": "yes", "q.uses": ["diary", "tests"], "_key": "b"}
        assert school.post(address, good).status_code == 302
    assert Answer.objects.get().values == {"q.ease": "yes", "q.uses": ["diary", "tests"]}
    assert '<form class="form-narrow"' not in school.get(address).content.decode()
    results = reverse("reporting:survey_results", args=[of.pk])
    assert school.get(results).status_code == 404
    for _number in range(5):
        give_answer(of, GOOD, actor=seated(Role.TEACHER), at=AT)
    assert "Дневник" not in office.get(results).content.decode()
    assert office.post(reverse("reporting:survey_close", args=[of.pk])).status_code == 302
    said = office.get(results, {"question": "q.ease", "by": "role"}).content.decode()
    assert "Дневник" in said
    assert said.count("Ещё") == 5
    export = office.get(results, {"export": "csv", "question": "q.ease", "by": "role"})
    assert "Дневник" in b"".join(export.streaming_content).decode()
    assert office.get(results, {"export": "xlsx"}).status_code == 200
    assert office.get(reverse("reporting:surveys_all")).status_code == 200
