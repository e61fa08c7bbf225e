"""A report's way: checks, signing, returning, sums of municipalities and of the region."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from sreda.kernel.models import AuditEntry, Notice, OutboxEvent
from sreda.registry.api import Role
from sreda.reporting.domain import handing_in
from sreda.reporting.domain.campaigns import close_campaign, open_campaign, remind, reopen_campaign
from sreda.reporting.domain.consolidation import (
    brought_up_to_date,
    submit_consolidation,
    summed,
)
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.models import Consolidation, Submission, SubmissionStep
from sreda.reporting.queries.checks import check_submission
from sreda.reporting.queries.history import what_changed
from sreda.reporting.queries.versions import cell_ids
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    seated,
)
from tests.reporting.world import AT, campaign, opened, published, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    school = OrganisationFactory(phone="+7 3842 11-22-33")
    for sex in ("female", "male"):
        EnrolmentFactory(
            group=ClassGroupFactory(organisation=school, grade=7), person=PersonFactory(sex=sex)
        )
    return school


@pytest.fixture
def head(school):
    return seated(Role.HEAD, organisation=school)


@pytest.fixture
def coordinator(school):
    return seated(Role.COORDINATOR, municipality=school.municipality)


def type_in(submission, actor, *changes):
    submission.refresh_from_db()
    made = [c if isinstance(c, Change) else Change(*c) for c in changes]
    return save_changes(
        submission, edition=submission.edition, changes=made, actor=actor, at=AT, key=uuid4()
    )


def ready(school, head, of=None):
    mine = report(of or opened(), school)
    type_in(mine, head, ("base.shifts", "1"))
    return mine


def test_all_checks_at_once_with_their_cells(school, head):
    mine = report(opened(), school)
    type_in(
        mine, head,
        Change("pupils.g7.girls", "9", reason="Ошибка"),
        ("clubs.*.members", "99", "t1"),
        Change("base.phone", "", reason="Отключён"),
    )  # fmt: skip
    found = check_submission(report(mine.campaign, school))
    assert [(f.severity, f.code) for f in found.all] == [
        ("error", "required.base.shifts"),
        ("error", "required.clubs.t1.title"),
        ("error", "parts"),
        ("warning", "clubs"),
        ("note", "phone"),
    ]
    assert found.all[2].cells == ("pupils.g7.girls", "pupils.g7.total")
    assert found.all[3].cells == ("clubs.t1.members",)


def test_errors_stop_and_warnings_ask_for_an_explanation(school, head):
    mine = report(opened(), school)
    with pytest.raises(handing_in.NotReady) as caught:
        handing_in.submit(mine, actor=head, at=AT)
    assert caught.value.findings.errors
    mine.refresh_from_db()
    assert (mine.errors, mine.status) == (1, "waiting")
    type_in(
        mine, head,
        ("base.shifts", "2"), ("clubs.*.title", "Хор", "t1"), ("clubs.*.members", "99", "t1"),
    )  # fmt: skip
    with pytest.raises(handing_in.NotReady):
        handing_in.submit(mine, actor=head, at=AT)
    handing_in.explain(mine, "clubs", "Ходят дети соседней школы", actor=head, at=AT)
    handing_in.submit(mine, actor=head, at=AT)
    mine.refresh_from_db()
    assert mine.status == "submitted"


def test_signing_keeps_content_and_digest_and_twice_is_once(school, head):
    mine = ready(school, head)
    for _again in range(2):
        handing_in.submit(mine, actor=head, at=AT)
    step = SubmissionStep.objects.get(kind="submitted")
    assert step.content["pupils.g7.total"] == "2"
    assert step.content["base.shifts"] == "1"
    assert len(step.digest) == 64
    assert step.by_name == head.name
    assert AuditEntry.objects.filter(action="reporting.report.submitted").count() == 1
    assert OutboxEvent.objects.filter(type="reporting.report.counted").count() == 1
    with pytest.raises(ValidationError):
        type_in(mine, head, ("base.shifts", "2"))


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_are_one(school, head):
    mine = ready(school, head)
    barrier = Barrier(2)
    failed = []

    def hand_in():
        try:
            barrier.wait()
            handing_in.submit(mine, actor=head, at=AT)
        except Exception as error:
            failed.append(error)
        finally:
            connections["default"].close()

    threads = [Thread(target=hand_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert SubmissionStep.objects.filter(kind="submitted").count() == 1


def test_a_closed_campaign_takes_no_report_but_keeps_the_draft(school, head):
    mine = ready(school, head)
    close_campaign(mine.campaign, actor=None, at=AT)
    with pytest.raises(ValidationError, match="закрыта"):
        handing_in.submit(mine, actor=head, at=AT)
    reopen_campaign(mine.campaign, actor=None, at=AT)
    handing_in.submit(mine, actor=head, at=AT)


def test_returned_with_comments_corrected_and_accepted(school, head, coordinator):
    mine = ready(school, head)
    handing_in.submit(mine, actor=head, at=AT)
    with pytest.raises(ValidationError):
        handing_in.send_back(mine, comment=" ", actor=coordinator, at=AT)
    handing_in.send_back(
        mine,
        comment="Проверьте смены",
        comments={"base.shifts": "По расписанию две"},
        actor=coordinator,
        at=AT,
    )
    assert mine.comments.get().cell.key == "base.shifts"
    assert Notice.objects.filter(addressee=head.person_id, subject__contains="возвращён").exists()
    type_in(mine, head, ("base.shifts", "2"))
    handing_in.submit(mine, actor=head, at=AT + timedelta(hours=1))
    first = SubmissionStep.objects.filter(kind="submitted").earliest("at")
    (change,) = what_changed(report(mine.campaign, school), first)
    assert (change.place, change.was, change.now, change.by) == ("base.shifts", "1", "2", head.name)
    handing_in.accept(mine, actor=coordinator, at=AT)
    handing_in.accept(mine, actor=coordinator, at=AT)
    mine.refresh_from_db()
    assert mine.status == "accepted"
    assert mine.comments.get().settled_at
    with pytest.raises(ValidationError):
        handing_in.withdraw(mine, actor=head, at=AT)
    handing_in.reopen(mine, comment="По просьбе школы", actor=coordinator, at=AT)
    mine.refresh_from_db()
    assert (mine.status, mine.accepted_at) == ("filling", None)


def test_taken_back_it_counts_no_more(school, head):
    mine = ready(school, head)
    handing_in.submit(mine, actor=head, at=AT)
    assert summed(brought_up_to_date(mine.campaign)).counted == 1
    handing_in.withdraw(mine, actor=head, at=AT)
    assert summed(brought_up_to_date(mine.campaign)).counted == 0
    counted = OutboxEvent.objects.filter(type="reporting.report.counted").order_by("pk")
    assert [event.payload["counted"] for event in counted] == [True, False]


def test_the_region_is_the_sum_of_its_municipalities_and_only_changed_ones_are_summed_again():
    places = [MunicipalityFactory() for _ in range(2)]
    schools = [OrganisationFactory(municipality=place) for place in (places[0], *places)]
    heads = [seated(Role.HEAD, organisation=one) for one in schools]
    planned = opened()
    for number, (one, head) in enumerate(zip(schools, heads, strict=True), 1):
        mine = ready(one, head, planned)
        type_in(mine, head, ("base.seats", str(number * 10)), ("base.area", "0.5"))
        handing_in.submit(mine, actor=head, at=AT)
    ids = cell_ids(planned.version)
    totals = summed(brought_up_to_date(planned))
    assert totals.counted == 3
    assert totals.cells[ids["base.seats"]] == (60, 3)
    assert str(totals.cells[ids["base.area"]][0]) == "1.5000"
    handing_in.withdraw(report(planned, schools[2]), actor=heads[2], at=AT)
    assert list(
        Consolidation.objects.filter(stale=True).values_list("municipality", flat=True)
    ) == [places[1].pk]
    with CaptureQueriesContext(connection) as queries:
        totals = summed(brought_up_to_date(planned))
    assert sum("reporting_value" in q["sql"] for q in queries) == 1
    assert totals.cells[ids["base.seats"]] == (30, 2)
    with CaptureQueriesContext(connection) as queries:
        summed(brought_up_to_date(planned))
    assert not any("reporting_value" in q["sql"] for q in queries)


def test_a_municipality_hands_in_only_what_it_has_accepted(school, head, coordinator):
    mine = ready(school, head)
    kept = Consolidation.objects.get()
    with pytest.raises(ValidationError, match="Ещё не приняты: заполняется — 1"):
        submit_consolidation(kept, actor=coordinator, at=AT)
    handing_in.submit(mine, actor=head, at=AT)
    handing_in.accept(mine, actor=coordinator, at=AT)
    for _again in range(2):
        handed = submit_consolidation(kept, actor=coordinator, at=AT)
    assert handed.submitted_by_name == coordinator.name
    handing_in.send_back(mine, comment="Ошибка", actor=coordinator, at=AT)
    kept.refresh_from_db()
    assert kept.submitted_at is None, "it no longer says what is under it"


def test_reminders_reach_those_who_have_not_handed_in_once_a_day(school, head):
    other = seated(Role.HEAD)
    planned = opened()
    mine = ready(school, head, planned)
    handing_in.submit(mine, actor=head, at=AT)
    assert remind(planned, at=AT, on=AT.date(), actor=None) == 1
    assert remind(planned, at=AT, on=AT.date(), actor=None) == 0
    assert remind(planned, at=AT, on=AT.date() + timedelta(days=1), actor=None) == 1
    assert set(Notice.objects.values_list("addressee", flat=True)) == {other.person_id}


def test_a_broken_check_asks_for_an_explanation_and_does_not_stop_the_school(school, head):
    from dataclasses import replace

    from sreda.reporting.forms import Check
    from tests.reporting.forms import SCHEMA

    schema = replace(SCHEMA, checks=(Check("ratio", "base.seats / base.area < 1", "Тесно"),))
    mine = ready(school, head, opened(published(schema)))
    (finding,) = check_submission(mine).all
    assert finding.severity == "warning"
    assert "ноль" in finding.message
    assert set(finding.cells) == {"base.seats", "base.area"}
    handing_in.explain(mine, "ratio", "Столовой нет", actor=head, at=AT)
    handing_in.submit(mine, actor=head, at=AT)


def test_submissions_of_different_schools_wait_for_nobody(school):
    planned = campaign()
    open_campaign(planned, actor=None, at=AT)
    assert Submission.objects.get().status == "waiting"


def test_a_cell_of_a_row_is_needed_only_where_its_row_asks_for_it(school, head):
    """Members of a club are asked for where the club is not for all; elsewhere the cell is
    neither shown nor missed."""
    from dataclasses import replace

    from django.test import Client
    from django.urls import reverse

    from sreda.registry.api import User
    from tests.reporting.forms import SCHEMA

    general, more = SCHEMA.sections
    title, members = more.blocks[0].fields
    members = replace(members, required=True, relevant='row.title != "Для всех"')
    clubs = replace(more.blocks[0], fields=(title, members))
    schema = replace(SCHEMA, sections=(general, replace(more, blocks=(clubs, *more.blocks[1:]))))
    mine = ready(school, head, opened(published(schema)))
    type_in(
        mine, head,
        Change("clubs.*.title", "Для всех", row="r1"), Change("clubs.*.title", "Хор", row="r2"),
    )  # fmt: skip
    assert [f.cells for f in check_submission(mine).errors] == [("clubs.r2.members",)]
    client = Client()
    client.force_login(User.objects.get(pk=head.user_id))
    page = client.get(reverse("reporting:report", args=[mine.pk]), {"section": "more"})
    hidden = [
        part.split('id="', 1)[1].split('"', 1)[0]
        for part in page.content.decode().split('<div class="cell')[1:]
        if part.split(">", 1)[0].endswith(" hidden") and 'id="' in part
    ]
    assert hidden == ["c-clubs-r1-members"]
