"""What people do in Sreda becomes their record: tables of people, work on the programme."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from sreda.kernel.api import TABLES, Actor, store
from sreda.kernel.domain.outbox import deliver_pending
from sreda.programme.domain import actions, findings
from sreda.programme.models import Action, Finding
from sreda.records.queries.people import every, wanted
from sreda.records.tasks import record_import
from sreda.registry.api import Enrolment, Person, Role
from sreda.registry.domain.people_import import apply_import, stage_people
from tests.factories import EnrolmentFactory, OrganisationFactory, PersonFactory, seated
from tests.programme.kemerovo import write_kemerovo

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def told(person: Person) -> list[tuple[str, str]]:
    """Verbs and names of what is done, the newest last."""
    found = [
        (one["verb"]["display"]["ru"], one["object"]["definition"]["name"]["ru"])
        for one in every(wanted(person))
    ]
    return found[::-1]


def deliver(at: datetime = AT) -> None:
    deliver_pending(at=at + timedelta(days=400))


def jobs() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
            [record_import.name],
        )
        return [json.loads(args) for (args,) in cursor.fetchall()]


def imported(*rows: dict[str, str], at: datetime = AT) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    upload = SimpleUploadedFile("people.csv", text.getvalue().encode())
    file = store(upload, at=at, actor=None, kinds=TABLES)
    operator = seated(Role.OPERATOR)
    apply_import(stage_people(file, actor=operator, at=at), actor=operator, at=at, only_good=False)


def row(identity: str, place: str, **cells: str) -> dict[str, str]:
    return {
        "Идентификатор": identity, "Фамилия": "Белова", "Имя": "Анна",
        "Дата рождения": "02.05.1985" if cells else "02.05.2013", "Пол": "ж",
        "Код организации": place, "Роль": "ученик", "Класс": "7А", "Должность": "",
        "С": "01.09.2020", "По": "",
    } | cells  # fmt: skip


def test_a_table_of_people_is_recorded_by_one_job_and_once() -> None:
    school, other = OrganisationFactory(code="4200001"), OrganisationFactory(code="4200002")
    before = EnrolmentFactory(organisation=school)  # made in another way, long before
    Enrolment.objects.filter(pk=before.pk).update(id="01890000-0000-7000-8000-000000000000")
    imported(
        row("a-1", "4200001"),
        row("a-2", "4200001"),
        row("t-1", "4200002", Роль="учитель", Класс="", Должность="Учитель", С="01.09.2010"),
    )
    deliver()
    [job] = jobs()
    record_import(**job)
    pupil, teacher = (Person.objects.get(external_id=one) for one in ("a-1", "t-1"))
    assert told(pupil) == [("поступил", school.short_name)]
    assert told(teacher) == [("принят на должность", other.short_name)]
    assert told(before.person) == []
    later = AT + timedelta(days=10)
    imported(row("a-1", "4200001") | {"По": "15.11.2026"}, at=later)
    deliver(later)
    for job in (*jobs(), *jobs()):
        record_import(**job)
    assert told(pupil) == [("поступил", school.short_name), ("выбыл", school.short_name)]
    assert len(told(Person.objects.get(external_id="a-2"))) == 1


def test_a_renamed_school_does_not_record_anew() -> None:
    school = OrganisationFactory(code="4200001")
    imported(row("a-1", "4200001"))
    deliver()
    [job] = jobs()
    record_import(**job)
    school.short_name = "Школа переименованная"
    school.save()
    record_import(**job)
    assert len(told(Person.objects.get(external_id="a-1"))) == 1


def test_work_on_the_programme_is_in_ones_record() -> None:
    programme = write_kemerovo(AT)
    actions.plan_occurrences(programme)
    person = PersonFactory()
    operator: Actor = seated(Role.OPERATOR, person=person)
    measure = Action.objects.get(key="M1")
    file = store(SimpleUploadedFile("a.csv", b"a;b\n1;2\n"), at=AT, actor=operator, kinds=TABLES)
    actions.add_evidence(action=measure.pk, file=file, title="Приказ", actor=operator, at=AT)
    actions.set_state(
        action=measure.pk, edition=measure.edition, status="done", done_on=date(2026, 11, 1),
        actor=operator, at=AT,
    )  # fmt: skip
    actions.set_note(
        action=measure.pk, edition=measure.edition + 1, note="x", actor=operator, at=AT
    )
    actions.record_decision(
        programme=programme, text="Одобрить", decided_on=AT.date(), actor=operator, at=AT
    )
    finding = Finding.objects.filter(programme=programme).first()
    if finding is None:
        finding = Finding.objects.create(
            programme=programme, rule="r", place="Таблица 1", found_at=AT
        )
    findings.decide(
        findings=[finding.pk], status="accepted", reason="Так и есть", actor=operator, at=AT
    )
    deliver()
    deliver()
    name = measure.name[:300]
    assert sorted(told(person)) == sorted(
        [
            ("приложил подтверждение", name),
            ("выполнил", name),
            ("внёс решение", "Одобрить"),
            ("разобрал замечание", finding.place),
        ]
    )
