"""Filling: what the records give, what people type, what becomes of both."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sreda.kernel.models import AuditEntry, Notice
from sreda.registry.api import Role
from sreda.reporting.domain.campaigns import close_campaign, open_campaign
from sreda.reporting.domain.delegation import delegate
from sreda.reporting.domain.filling import Change, changed_since, save_changes, save_file
from sreda.reporting.domain.prefill import fill_campaign, fill_submissions, refresh
from sreda.reporting.domain.proposals import decide_proposal
from sreda.reporting.enums import Origin
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Schema, Section
from sreda.reporting.models import Campaign, Consolidation, Proposal, Submission, Value
from sreda.reporting.receivers import records_changed
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)
from tests.reporting.world import AT, campaign, opened, published, report, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    school = OrganisationFactory(phone="+7 3842 11-22-33")
    group = ClassGroupFactory(organisation=school, grade=7)
    for sex in ("female", "female", "male"):
        EnrolmentFactory(group=group, person=PersonFactory(sex=sex))
    return school


@pytest.fixture
def head(school):
    return seated(Role.HEAD, organisation=school)


def save(submission, actor, *changes, edition=None, key=None, **more):
    made = [c if isinstance(c, Change) else Change(*c) for c in changes]
    submission.refresh_from_db()
    return save_changes(
        submission,
        edition=submission.edition if edition is None else edition,
        changes=made,
        actor=actor,
        at=AT,
        key=key or uuid4(),
        **more,
    )


def value(submission, key, row=""):
    return Value.objects.get(submission=submission, cell__key=key, row=row)


def test_opening_asks_those_it_should_once_and_fills_them(school):
    other = OrganisationFactory(kind="college")
    OrganisationFactory(until=date(2026, 1, 1))
    planned = campaign(audience={"kinds": ["school"]})
    for _again in range(2):
        open_campaign(planned, actor=None, at=AT)
    assert list(Submission.objects.values_list("organisation", flat=True)) == [school.pk]
    assert Consolidation.objects.get().municipality == school.municipality
    planned.refresh_from_db()
    assert fill_campaign(planned, at=AT) == 1
    assert fill_campaign(planned, at=AT) == 0
    mine = report(planned, school)
    assert values(mine) == {
        "base.phone": "+7 3842 11-22-33",
        "pupils.g7.total": 3,
        "pupils.g7.girls": 2,
        "pupils.g8.total": 0,
        "pupils.all.total": 3,
    }
    assert (mine.status, mine.filled, mine.sourced, mine.edition) == ("waiting", 5, 5, 1)
    assert not Submission.objects.filter(organisation=other).exists()


def test_a_campaign_that_asks_nobody_is_not_opened():
    planned = campaign(audience={"kinds": ["college"]})
    with pytest.raises(ValidationError):
        open_campaign(planned, actor=None, at=AT)
    assert Campaign.objects.get().status == "planned"


def test_filling_costs_the_same_queries_for_more_schools(school):
    version = published()
    counts = []
    for number in (1, 1, 4):  # the first has no period before it to look into
        for _ in range(number):
            EnrolmentFactory(group=ClassGroupFactory(grade=7))
        planned = campaign(version, title=f"{len(counts)}")
        open_campaign(planned, actor=None, at=AT)
        again = Campaign.objects.select_related("version__form").get(pk=planned.pk)
        with CaptureQueriesContext(connection) as found:
            fill_campaign(again, at=AT)
        counts.append(len(found))
    assert counts[1] == counts[2]


def test_good_cells_land_and_bad_ones_are_named(school, head):
    mine = report(opened(), school)
    saved = save(
        mine, head,
        ("base.shifts", "2"), ("base.area", "1 234,5"), ("base.canteen", "да"),
        ("base.heating", "Своё"), ("base.built", "1.9.1975"),
        ("base.seats", "12,5"), ("pupils.g9.total", "1"), ("base.note", "x" * 20_000),
        ("base.shifts", "9", "row"),
    )  # fmt: skip
    assert saved.landed == 5
    assert [(f.key, f.kind) for f in saved.faults] == [
        ("base.seats", "value"),
        ("pupils.g9.total", "place"),
        ("base.note", "value"),
        ("base.shifts", "place"),
    ]
    assert "12,5" in saved.faults[0].message
    found = values(mine)
    assert found["base.area"] * 10 == 12345
    assert (found["base.canteen"], found["base.heating"]) == ("true", "own")
    assert found["base.built"] == "1975-09-01"
    mine.refresh_from_db()
    assert mine.status == "filling"


@pytest.mark.parametrize("typed", ["4", "0", "abc", "1e9", "NaN", "99999999999999999999", "--1"])
def test_a_number_out_of_its_range_is_refused_with_words(typed, school, head):
    mine = report(opened(), school)
    (fault,) = save(mine, head, ("base.shifts", typed)).faults
    assert fault.kind == "value"
    assert not Value.objects.filter(submission=mine, cell__key="base.shifts").exists()


def test_the_same_batch_twice_is_saved_once(school, head):
    mine = report(opened(), school)
    key = uuid4()
    first = save(mine, head, ("base.shifts", "2"), ("base.seats", "x"), key=key)
    save(mine, head, ("base.shifts", "3"))
    again = save(mine, head, ("base.shifts", "2"), ("base.seats", "x"), key=key)
    assert values(mine)["base.shifts"] == 3
    assert again.again
    assert [f.message for f in again.faults] == [f.message for f in first.faults]


def test_two_people_see_each_others_cells_and_do_not_overwrite(school, head):
    colleague = seated(Role.ADMINISTRATOR, organisation=school)
    mine = report(opened(), school)
    seen = mine.edition
    save(mine, head, ("base.shifts", "2"), edition=seen)
    save(mine, colleague, ("base.area", "100"), edition=seen)
    mine.refresh_from_db()
    assert {v.cell.key for v in changed_since(mine, seen)} == {"base.shifts", "base.area"}
    saved = save(mine, colleague, ("base.shifts", "1"), edition=seen)
    (fault,) = saved.faults
    assert fault.kind == "conflict"
    assert head.name in fault.message
    assert values(mine)["base.shifts"] == 2
    assert save(mine, colleague, ("base.shifts", "1"), edition=seen, force=True).faults == []
    assert values(mine)["base.shifts"] == 1


def test_a_correction_needs_a_reason_and_proposes_a_change(school, head):
    mine = report(opened(), school)
    (fault,) = save(mine, head, ("pupils.g7.total", "5")).faults
    assert fault.kind == "reason"
    save(mine, head, Change("pupils.g7.total", "5", reason="Двое пришли вчера"))
    corrected = value(mine, "pupils.g7.total")
    assert (corrected.number, corrected.source_number, corrected.origin) == (5, 3, "corrected")
    assert value(mine, "pupils.all.total").number == 5, "what is computed from it follows"
    proposal = Proposal.objects.get()
    assert (proposal.was, proposal.proposed, proposal.reason) == ("3", "5", "Двое пришли вчера")
    save(mine, head, ("pupils.g7.total", "6"))
    assert Proposal.objects.get(status="open").proposed == "6", "one open proposal for a cell"
    save(mine, head, ("pupils.g7.total", "3"))
    assert value(mine, "pupils.g7.total").origin == "source"
    assert Proposal.objects.get().status == "withdrawn"
    assert AuditEntry.objects.filter(action="reporting.cells.corrected").count() == 2


def test_the_records_follow_and_settle_the_proposal(school, head):
    mine = report(opened(), school)
    save(mine, head, Change("pupils.g7.total", "4", reason="Новенький"))
    EnrolmentFactory(group=school.groups.get())
    fill_submissions(mine.campaign, [mine.pk], at=AT)
    cell = value(mine, "pupils.g7.total")
    assert (cell.origin, cell.number, cell.reason) == ("source", 4, "")
    assert Proposal.objects.get().status == "accepted"


def test_an_operator_rejects_a_proposal_with_a_reason(school, head):
    mine = report(opened(), school)
    save(mine, head, Change("pupils.g7.total", "4", reason="Новенький"))
    operator = seated(Role.OPERATOR)
    proposal = Proposal.objects.get()
    with pytest.raises(ValidationError):
        decide_proposal(proposal, accept=False, answer=" ", actor=operator, at=AT)
    for answer in ("Нет приказа", "Ещё раз"):
        decide_proposal(proposal, accept=False, answer=answer, actor=operator, at=AT)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.answer) == ("rejected", "Нет приказа")


def test_untouched_cells_follow_the_records_and_touched_ones_are_flagged(school, head):
    mine = report(opened(), school)
    save(mine, head, Change("pupils.g7.girls", "1", reason="Ошибка в карточке"))
    EnrolmentFactory(group=school.groups.get(), person=PersonFactory(sex="female"))
    records_changed({"organisation_id": str(school.pk)}, AT)
    mine.refresh_from_db()
    assert mine.sourced_at is None
    edition = mine.edition
    assert refresh(mine, at=AT)
    assert values(mine)["pupils.g7.total"] == 4
    girls = value(mine, "pupils.g7.girls")
    assert (girls.number, girls.source_number) == (1, 3)
    assert girls.edition == mine.edition == edition + 1
    assert not refresh(mine, at=AT + timedelta(minutes=1)), "just done"
    assert not fill_submissions(mine.campaign, [mine.pk], at=AT), "nothing new, nothing written"


def test_an_emptied_cell_is_filled_again_only_if_nobody_said_otherwise(school, head):
    school.phone = ""
    school.save()
    mine = report(opened(), school)
    save(mine, head, ("base.phone", "123"))
    save(mine, head, ("base.phone", ""))
    school.phone = "+7 999"
    school.save()
    fill_submissions(mine.campaign, [mine.pk], at=AT)
    assert values(mine)["base.phone"] == "+7 999"


def test_rows_of_a_list_grow_and_go(school, head):
    mine = report(opened(), school)
    save(mine, head, ("clubs.*.title", "Хор", "t1"), ("clubs.*.members", "12", "t1"))
    save(mine, head, ("clubs.*.title", "Шахматы", "t2"))
    assert values(mine)["clubs.t1.members"] == 12
    save(mine, head, Change("clubs.*", row="t1", remove=True))
    assert "clubs.t1.title" not in values(mine)
    rows = [("clubs.*.title", f"Кружок {n}", f"u{n}") for n in range(6)]
    (fault, *_more) = save(mine, head, *rows).faults
    assert fault.row == "u4"
    assert "5" in fault.message
    (bad,) = save(mine, head, ("clubs.*.title", "x", "../1")).faults
    assert bad.kind == "place"


def test_rows_from_the_records_stay_themselves_when_their_figures_change(school, head):
    PostFactory(organisation=school, title="Учитель физики")
    mine = report(opened(), school)
    (row,) = {v.row for v in mine.values.filter(cell__key="teachers.*.posts")}
    PostFactory(organisation=school, title="Учитель физики")
    PostFactory(organisation=school, title="Логопед")
    fill_submissions(mine.campaign, [mine.pk], at=AT)
    found = values(mine)
    assert found[f"teachers.{row}.posts"] == 2
    assert sorted(v for k, v in found.items() if k.endswith(".title")) == [
        "Логопед",
        "Учитель физики",
    ]


def test_in_a_closed_campaign_what_is_typed_stays_as_a_draft_and_says_so(school, head):
    mine = report(opened(), school)
    close_campaign(mine.campaign, actor=None, at=AT)
    saved = save(mine, head, ("base.shifts", "2"))
    assert saved.landed == 1
    assert "закрыта" in saved.message
    assert values(mine)["base.shifts"] == 2


def test_a_colleague_fills_only_the_given_section(school, head):
    mine = report(opened(), school)
    teacher = seated(Role.TEACHER, organisation=school)
    with pytest.raises(ValidationError):
        delegate(mine, "more", seated(Role.TEACHER).person_id, actor=head, at=AT)
    for _again in range(2):
        delegate(mine, "more", teacher.person_id, actor=head, at=AT)
    assert Notice.objects.filter(addressee=teacher.person_id).count() == 1
    saved = save(mine, teacher, ("clubs.*.title", "Хор", "t1"), ("base.shifts", "2"))
    assert saved.landed == 1
    assert [(f.key, f.kind) for f in saved.faults] == [("base.shifts", "place")]


def test_values_of_an_earlier_period_are_carried(school, head):
    from dataclasses import replace

    from sreda.reporting.forms import from_json, to_json
    from tests.reporting.forms import BASE, SCHEMA

    fields = tuple(
        replace(f, source='previous("base.shifts")') if f.code == "shifts" else f
        for f in BASE.fields
    )
    general = replace(
        SCHEMA.sections[0], blocks=(replace(BASE, fields=fields), SCHEMA.sections[0].blocks[1])
    )
    schema = from_json(to_json(replace(SCHEMA, sections=(general, SCHEMA.sections[1]))))
    version = published(schema)
    last = report(opened(version, year=2025), school)
    save(last, head, ("base.shifts", "2"))
    now = report(opened(version, year=2026), school)
    assert "base.shifts" not in values(now), "what was not handed in is not carried"
    Submission.objects.filter(pk=last.pk).update(status="submitted", submitted_at=AT)
    fill_submissions(now.campaign, [now.pk], at=AT)
    assert values(now)["base.shifts"] == 2
    assert value(now, "base.shifts").origin == Origin.CARRIED


def test_a_file_is_kept_in_its_cell(school, head, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    block = Block("acts", "Акты", BlockKind.FIELDS, (Field("scan", "Скан", CellType.FILE),))
    mine = report(opened(published(Schema((Section("s", "S", blocks=(block,)),)))), school)
    with pytest.raises(ValidationError):
        save_file(
            mine, key="acts.scan", row="", actor=head, at=AT,
            upload=SimpleUploadedFile("a.pdf", b"<html>"),
        )  # fmt: skip
    save_file(
        mine, key="acts.scan", row="", actor=head, at=AT,
        upload=SimpleUploadedFile("a.pdf", b"%PDF-1.7"),
    )  # fmt: skip
    assert value(mine, "acts.scan").file.name == "a.pdf"


def test_a_file_makes_no_row_that_may_not_be(school, head, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    block = Block("acts", "Акты", BlockKind.LIST, (Field("scan", "Скан", CellType.FILE),),
                  max_rows=1)  # fmt: skip
    mine = report(opened(published(Schema((Section("s", "S", blocks=(block,)),)))), school)

    def put(row):
        save_file(mine, key="acts.*.scan", row=row, actor=head, at=AT,
                  upload=SimpleUploadedFile("a.pdf", b"%PDF-1.7"))  # fmt: skip

    put("t1")
    for row in ("*", "T 2", "t2"):
        with pytest.raises(ValidationError):
            put(row)
    assert {v.row for v in mine.values.all()} == {"t1"}
