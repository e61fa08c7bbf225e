"""The way of a survey: planned, changed, opened, reminded of, closed or taken back."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from openpyxl import load_workbook

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.kernel.models import Notice
from sreda.registry.api import Person, Role
from sreda.reporting import tasks
from sreda.reporting.access import SURVEYS
from sreda.reporting.domain import surveys as domain
from sreda.reporting.domain.campaigns import cancel_campaign
from sreda.reporting.models import Campaign
from sreda.reporting.queries.asked import people_asked
from tests.factories import (
    EnrolmentFactory,
    GuardianshipFactory,
    OrganisationFactory,
    PostFactory,
    UserFactory,
    actor_for,
    seated,
)
from tests.reporting.forms import QUESTIONS
from tests.reporting.test_surveys import GOOD, ON, client_of, now, survey, version
from tests.reporting.world import AT, campaign, published

assert now
assert version  # fixtures
LATER = ON + timedelta(days=3)


@pytest.fixture
def operator(db):
    return seated(Role.OPERATOR)


@pytest.fixture
def jobs(monkeypatch):
    """Jobs run at once."""
    monkeypatch.setattr(tasks.tell_of_survey, "defer", tasks.tell_of_survey.func)


@pytest.fixture
def planned(version, operator):
    return domain.open_survey(
        version, title="План", opens_on=LATER, due_on=LATER + timedelta(days=5),
        audience={"roles": ["teacher"]}, anonymous=True, actor=operator, at=AT,
    )  # fmt: skip


def sent(of, **more):
    return {
        "version": str(of.version_id), "title": of.title, "opens_on": of.opens_on,
        "due_on": of.due_on, "anonymous": "on", "roles": ["teacher"], "edition": of.edition,
    } | more  # fmt: skip


def told(of):
    return Notice.objects.filter(key__startswith="survey:", key__contains=str(of.pk))


def test_whom_it_asks_is_whom_it_lets_answer(version):
    """Whatever the audience: the list of people and the rule of access are one."""
    school, college = OrganisationFactory(), OrganisationFactory(kind="college")
    pupil = EnrolmentFactory(group__organisation=school).person
    UserFactory(person=pupil)
    parent = GuardianshipFactory(child=pupil).guardian
    UserFactory(person=parent)
    strange = GuardianshipFactory().guardian  # of a child who is enrolled nowhere
    UserFactory(person=strange)
    seats = [
        seated(Role.TEACHER, organisation=school),
        seated(Role.HEAD, organisation=college),
        seated(Role.COORDINATOR, organisation=None, municipality=school.municipality),
        seated(Role.OPERATOR),
        *(actor_for(person) for person in (pupil, parent, strange)),
    ]
    PostFactory(organisation=school)  # has no account: cannot answer, is not told
    gone = PostFactory(organisation=school, until=ON - timedelta(days=1)).person
    UserFactory(person=gone)
    audiences = [
        {},
        {"roles": ["teacher", "parent"]},
        {"kinds": ["school"]},
        {"municipalities": [str(school.municipality_id)]},
        {"organisations": [str(school.pk)]},
        {"organisations": [str(school.pk)], "municipalities": [str(college.municipality_id)]},
        {"kinds": ["college"], "roles": ["head"], "organisations": [str(college.pk)]},
        {"roles": ["parent"], "municipalities": [str(school.municipality_id)]},
    ]
    for number, audience in enumerate(audiences):
        of = survey(version, title=str(number), **audience)
        may = {actor.person_id for actor in seats if SURVEYS.may(actor, "answer", of)}
        assert set(people_asked(of, ON).values_list("pk", flat=True)) == may, audience
        assert may


def test_a_planned_survey_changes_and_an_open_one_only_its_term(version, operator, planned):
    other = published(QUESTIONS, code="other", kind="survey", title="Другой")
    said = {
        "version": other, "title": "", "opens_on": LATER + timedelta(days=1),
        "due_on": LATER + timedelta(days=2), "anonymous": False, "audience": {"kinds": ["school"]},
    }  # fmt: skip
    changed = domain.change_survey(
        planned, edition=planned.edition, said=said, actor=operator, at=AT
    )
    assert (changed.title, changed.version, changed.status) == ("Другой", other, "planned")
    assert (changed.audience, changed.anonymous) == ({"kinds": ["school"]}, False)
    with pytest.raises(ValidationError, match=r"meanwhile|тем временем"):
        domain.change_survey(planned, edition=planned.edition, said=said, actor=operator, at=AT)
    said |= {"opens_on": ON}
    opened = domain.change_survey(
        changed, edition=changed.edition, said=said, actor=operator, at=AT
    )
    assert opened.status == "open"
    said |= {
        "due_on": ON + timedelta(days=20),
        "anonymous": True,
        "audience": {},
        "version": version,
    }
    longer = domain.change_survey(opened, edition=opened.edition, said=said, actor=operator, at=AT)
    assert longer.due_on == ON + timedelta(days=20)
    assert (longer.version, longer.anonymous) == (other, False)
    assert longer.audience == {"kinds": ["school"]}
    with pytest.raises(ValidationError):
        past = {"due_on": ON - timedelta(days=1)}
        domain.change_survey(longer, edition=longer.edition, said=past, actor=operator, at=AT)
    closed = domain.close_survey(longer, actor=operator, at=AT)
    with pytest.raises(ValidationError):
        domain.change_survey(closed, edition=closed.edition, said=said, actor=operator, at=AT)
    entries = AuditEntry.objects.filter(action="reporting.survey.changed")
    assert entries.count() == 3


def test_two_of_one_name_are_refused_while_changing(version, operator, planned):
    survey(version, title="Занято")
    said = {
        "version": version, "title": "Занято", "opens_on": ON, "due_on": LATER,
        "anonymous": True, "audience": {},
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        domain.change_survey(planned, edition=planned.edition, said=said, actor=operator, at=AT)
    assert set(caught.value.error_dict) == {"title"}
    planned.refresh_from_db()
    assert (planned.title, planned.status) == ("План", "planned")


def test_it_is_taken_back_only_before_it_opens(version, operator, planned):
    cancel_campaign(planned, actor=operator, at=AT)
    cancel_campaign(Campaign(pk=planned.pk), actor=operator, at=AT)
    assert not Campaign.objects.filter(title="План").exists()
    assert AuditEntry.objects.filter(action="reporting.survey.cancelled").count() == 1
    with pytest.raises(ValidationError):
        cancel_campaign(survey(version), actor=operator, at=AT)


@pytest.mark.parametrize("anonymous", [True, False])
def test_reminded_is_who_has_not_answered_once_a_day(version, operator, anonymous):
    of = survey(version, anonymous=anonymous, roles=["teacher"])
    done, *waiting = [seated(Role.TEACHER) for _number in range(4)]
    domain.give_answer(of, GOOD, actor=done, at=AT)
    assert domain.ask_again(of, text="Ждём", actor=operator, at=AT) == 3
    for _time in range(2):  # a job that was cut off begins again
        domain.tell_asked(of, on=ON, at=AT, text="Ждём")
    assert set(told(of).values_list("addressee", flat=True)) == {a.person_id for a in waiting}
    assert told(of).count() == 3
    # neither the audit log nor the sender's page tells who they are
    entry = AuditEntry.objects.get(action="reporting.survey.reminded")
    assert entry.data["people"] == 3
    assert not any(str(a.person_id) in str(entry.data) for a in waiting)
    with pytest.raises(ValidationError):
        domain.ask_again(
            domain.close_survey(of, actor=operator, at=AT), text="", actor=operator, at=AT
        )


def test_the_sweep_opens_tells_and_closes(version, operator, planned, jobs, monkeypatch):
    teacher = seated(Role.TEACHER)
    days = [LATER, planned.due_on, planned.due_on + timedelta(days=1)]
    states = []
    for day in days:
        monkeypatch.setattr(clock, "now", lambda day=day: AT + (day - ON))
        tasks.sweep_reports.func(0)
        planned.refresh_from_db()
        states.append(planned.status)
    assert states == ["open", "open", "closed"]
    assert [n.addressee for n in told(planned)] == [teacher.person_id]


def test_what_cannot_open_keeps_nothing_else_waiting(version, planned, jobs, monkeypatch):
    campaign(published(code="nobody"), audience={"organisations": [str(uuid4())]})
    monkeypatch.setattr(clock, "now", lambda: AT + (LATER - ON))
    tasks.sweep_reports.func(0)
    planned.refresh_from_db()
    assert planned.status == "open"


def test_pages_of_its_way(version, now, jobs, operator, planned):
    office, teacher = client_of(operator), seated(Role.TEACHER)
    school = client_of(teacher)
    page, change = (
        reverse(f"reporting:survey_{name}", args=[planned.pk]) for name in ("results", "edit")
    )
    for address in (page, change):
        assert school.get(address).status_code == 404
        assert office.get(address).status_code == 200
    assert office.post(change, sent(planned, due_on=ON)).status_code == 422
    assert office.post(change, sent(planned, title="Новый")).status_code == 302
    assert office.post(change, sent(planned, title="Ещё новее")).status_code == 422  # an old page
    planned.refresh_from_db()
    assert planned.title == "Новый"
    for name in ("open", "remind", "close", "cancel"):
        address = reverse(f"reporting:survey_{name}", args=[planned.pk])
        assert school.post(address).status_code == 404
        assert office.get(address).status_code == 405
    for _time in range(2):
        assert office.post(reverse("reporting:survey_open", args=[planned.pk])).status_code == 302
    planned.refresh_from_db()
    assert planned.status == "open"
    assert told(planned).count() == 1
    assert 'name="anonymous"' not in office.get(change).content.decode()
    later = {"due_on": LATER + timedelta(days=9), "edition": planned.edition}
    assert office.post(change, later).status_code == 302
    # of an anonymous survey nobody learns who is silent
    silent = reverse("reporting:survey_silent", args=[planned.pk])
    assert office.get(silent).status_code == 404
    for _time in range(2):
        office.post(reverse("reporting:survey_remind", args=[planned.pk]), {"text": "Ждём"})
    assert told(planned).count() == 2
    office.post(reverse("reporting:survey_cancel", args=[planned.pk]))
    assert Campaign.objects.filter(pk=planned.pk).exists()
    named = survey(version, title="С именами", roles=["teacher"])
    silent = reverse("reporting:survey_silent", args=[named.pk])
    name = Person.objects.get(pk=teacher.person_id).full_name
    assert name in office.get(silent).content.decode()
    assert office.get(silent, {"export": "csv"}).status_code == 200
    assert school.get(silent).status_code == 404
    domain.give_answer(named, GOOD, actor=teacher, at=AT)
    assert name not in office.get(silent).content.decode()


def test_the_list_of_the_silent_costs_the_same_for_many(
    version, now, django_assert_max_num_queries
):
    office, of = client_of(seated(Role.OPERATOR)), survey(version, roles=["teacher"])
    address = reverse("reporting:survey_silent", args=[of.pk])
    counts = []
    for number in (1, 12):
        for _n in range(number):
            seated(Role.TEACHER)
        office.get(address)
        with django_assert_max_num_queries(100) as caught:
            office.get(address)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_exports_hide_what_the_page_hides(version, now, operator):
    """Seven answers "yes", two "no": neither number is in the files."""
    of, office = survey(version, anonymous=True), client_of(operator)
    for ease, number in (("yes", 7), ("no", 2)):
        for _n in range(number):
            domain.give_answer(of, {"q.ease": ease}, actor=seated(Role.TEACHER), at=AT)
    address = reverse("reporting:survey_results", args=[of.pk])
    asked = {"question": "q.ease", "by": "role"}
    assert (
        "Да"
        not in b"".join(office.get(address, asked | {"export": "csv"}).streaming_content).decode()
    )
    domain.close_survey(of, actor=operator, at=AT)
    answer = office.get(address, asked | {"export": "xlsx"})
    content = answer.content if not answer.streaming else b"".join(answer.streaming_content)
    rows = [
        [cell for cell in row if cell is not None]
        for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    ]
    ease = [row for row in rows if row and row[0] == QUESTIONS.cells["q.ease"].title]
    assert [row[2] for row in ease] == [rows[-1][1], rows[-1][2], 0]  # hidden, hidden, 0
    assert not {7, 2, "7", "2"} & {cell for row in ease + rows[-3:] for cell in row}
    assert rows[-1][-1] == 9  # the whole, which is not small
