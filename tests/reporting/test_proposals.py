"""Proposals to change the records: where to, what the system does itself, who is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, datasets
from sreda.kernel.models import Notice
from sreda.registry.api import Facilities, Organisation, Role
from sreda.reporting.domain.delegation import delegate, revoke
from sreda.reporting.domain.filling import Change
from sreda.reporting.domain.prefill import fill_submissions
from sreda.reporting.domain.proposals import decide_proposal
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Schema, Section
from sreda.reporting.models import Proposal
from sreda.reporting.queries.entries import places_of
from tests.factories import ClassGroupFactory, EnrolmentFactory, OrganisationFactory, seated
from tests.reporting.test_filling import save, value
from tests.reporting.test_surveys import client_of
from tests.reporting.world import AT, opened, published, report

ON = AT.date()


def asks(code, type_, source, **more):
    return Field(code, f"Поле {code}", type_, source=source, **more)


FIELDS = (
    asks("phone", CellType.TEXT, 'value("passport", "phone")'),
    asks("mail", CellType.TEXT, 'value("passport", "email")'),
    asks("head", CellType.TEXT, 'value("passport", "head")'),
    asks("pc", CellType.INTEGER, 'total("facilities", "computers_teaching")'),
    asks("link", CellType.DECIMAL, 'value("facilities", "link_mbps")', places=1),
    asks("net", CellType.BOOLEAN, 'value("facilities", "local_network")'),
    asks(
        "both", CellType.INTEGER,
        'total("facilities", "computers_teaching") + total("facilities", "computers_admin")',
    ),
    asks("pupils", CellType.INTEGER, 'count("contingent")'),
)  # fmt: skip
BLOCK = Block("f", "Сведения", BlockKind.FIELDS, fields=FIELDS)
ROOM = Schema((Section("s", "Раздел", blocks=(BLOCK,)),))


@pytest.fixture
def school(db, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda: ON)
    made = OrganisationFactory(phone="+7 3842 11-22-33", email="school@example.org")
    Facilities.objects.create(
        organisation=made, as_of=ON.replace(month=9), computers_teaching=20, computers_admin=4,
        link_mbps=Decimal(10), source="акт",
    )  # fmt: skip
    EnrolmentFactory(group=ClassGroupFactory(organisation=made))
    return made


@pytest.fixture
def head(school):
    return seated(Role.HEAD, organisation=school)


@pytest.fixture
def operator(db):
    return seated(Role.OPERATOR)


@pytest.fixture
def mine(school, head):
    return report(opened(published(ROOM)), school)


def proposed(mine, head, key, said):
    assert save(mine, head, Change(key, said, reason="По приказу")).faults == []
    return Proposal.objects.get(cell__key=key)


@pytest.mark.parametrize(
    ("key", "said", "kept"),
    [
        ("f.phone", "+7 3842 55-66-77", "+7 3842 55-66-77"),
        ("f.pc", "30", 30),
        ("f.link", "12,5", Decimal("12.5")),
        ("f.net", "да", True),
    ],
)
def test_accepting_puts_the_record_right(mine, head, operator, school, key, said, kept):
    found = proposed(mine, head, key, said)
    for _time in range(2):
        decide_proposal(found, accept=True, answer="", actor=operator, at=AT)
    if key == "f.phone":
        assert Organisation.objects.get().phone == kept
    else:
        name = {"f.pc": "computers_teaching", "f.link": "link_mbps", "f.net": "local_network"}[key]
        latest = Facilities.objects.first()
        assert (latest.as_of, getattr(latest, name)) == (ON, kept)
        assert (latest.computers_admin, latest.source) == (4, "акт")
        assert Facilities.objects.count() == 2, "history stays"
    fill_submissions(mine.campaign, [mine.pk], at=AT)
    assert value(mine, key).origin == "source"
    entry = AuditEntry.objects.get(action="reporting.proposal.decided")
    assert entry.data["by_itself"] is True
    assert Notice.objects.filter(addressee=head.person_id, subject__contains="принято").count() == 1


@pytest.mark.parametrize("key", ["f.head", "f.both", "f.pupils"])
def test_what_is_counted_from_records_is_put_right_by_people(mine, head, operator, key):
    found = proposed(mine, head, key, "30")
    decide_proposal(found, accept=True, answer="", actor=operator, at=AT)
    assert Facilities.objects.count() == 1
    assert AuditEntry.objects.get(action="reporting.proposal.decided").data["by_itself"] is False


def test_a_value_the_record_refuses_leaves_the_proposal_open(mine, head, operator, school):
    found = proposed(mine, head, "f.mail", "не почта")
    with pytest.raises(ValidationError):
        decide_proposal(found, accept=True, answer="", actor=operator, at=AT)
    found.refresh_from_db()
    assert found.status == "open"
    assert Organisation.objects.get().email == school.email
    page = client_of(operator)
    said = page.post(reverse("reporting:decide", args=[found.pk]), {"act": "accept"}, follow=True)
    assert "Запись не изменена" in said.content.decode()


def test_whoever_proposed_is_told_why_it_is_rejected(mine, head, operator):
    found = proposed(mine, head, "f.pc", "30")
    decide_proposal(found, accept=False, answer="Нет акта", actor=operator, at=AT)
    told = Notice.objects.get(addressee=head.person_id, key=f"reporting:proposal:{found.pk}")
    assert "отклонено" in told.subject
    assert "Нет акта" in told.text
    assert "20" in told.text
    assert "30" in told.text
    assert client_of(head).get(told.link).status_code == 200


def test_the_page_leads_to_the_very_form(mine, head, operator, school):
    for key, said in (("f.pc", "30"), ("f.both", "30"), ("f.pupils", "3"), ("f.head", "Иванов")):
        proposed(mine, head, key, said)
    for actor in (operator, head):
        page = client_of(actor).get(reverse("reporting:proposals")).content.decode()
        for address in (
            reverse("registry:facilities_add", args=[school.pk]),
            reverse("registry:organisation_edit", args=[school.pk]),
            f"{reverse('registry:groups')}?organisation={school.pk}",
        ):
            assert address in page
            assert client_of(actor).get(address).status_code == 200
        assert page.count("Принять и исправить запись") == 1


def test_every_dataset_says_where_it_is_entered(operator, school):
    office = client_of(operator)
    for dataset in datasets().values():
        assert dataset.entry, dataset.name
        asked = [(dataset.name, measure.name) for measure in dataset.measures]
        for organisation in (school.pk, None):
            for place in places_of(asked, organisation):
                assert office.get(place.url).status_code == 200, place.url
                assert place.advice


def test_a_decision_is_not_said_to_be_kept_where_another_stands(mine, head, operator):
    found = proposed(mine, head, "f.pupils", "7")
    decide_proposal(found, accept=False, answer="Нет приказа", actor=operator, at=AT)
    page = client_of(operator)
    where = reverse("reporting:decide", args=[found.pk])
    said = page.post(where, {"act": "accept"}, follow=True).content.decode()
    assert "Тем временем предложение уже рассмотрено: отклонено" in said
    found.refresh_from_db()
    assert (found.status, found.answer) == ("rejected", "Нет приказа")
    # the same decision sent twice is one
    again = page.post(where, {"act": "reject", "answer": "Иначе"}, follow=True).content.decode()
    assert "Тем временем" not in again
    found.refresh_from_db()
    assert found.answer == "Нет приказа"


def test_the_page_of_the_cell_says_what_became_of_the_proposal(mine, head, operator):
    found = proposed(mine, head, "f.pc", "30")
    page = f"{reverse('reporting:cell', args=[mine.pk])}?at=f.pc"
    assert "Ждёт решения" in client_of(head).get(page).content.decode()
    decide_proposal(found, accept=False, answer="Нет акта", actor=operator, at=AT)
    said = client_of(head).get(page).content.decode()
    assert "Отклонено" in said
    assert "Нет акта" in said


def test_whose_part_is_taken_back_is_told(mine, head, school):
    teacher = seated(Role.TEACHER, organisation=school)
    given = delegate(mine, "s", teacher.person_id, actor=head, at=AT)
    key = f"reporting:revoked:{given.pk}"
    revoke(given, actor=head, at=AT)
    told = Notice.objects.get(addressee=teacher.person_id, key=key)
    assert "Раздел" in told.subject
    assert client_of(teacher).get(told.link).status_code == 200
