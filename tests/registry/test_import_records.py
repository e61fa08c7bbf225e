"""Tables of finished courses, and of parents and guardians."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
    actor_for,
    seated,
)

from sreda.kernel import clock
from sreda.kernel.api import TABLES, Actor, AuditEntry, Revision, StoredFile, store
from sreda.registry.api import Guardianship, Organisation, Person, Qualification, Role, User
from sreda.registry.domain.guardians_import import GUARDIANS_TABLE
from sreda.registry.domain.import_jobs import run_job, start_job
from sreda.registry.domain.qualifications_import import QUALIFICATIONS_TABLE
from sreda.registry.domain.table_import import (
    Table,
    apply_table,
    bad_of_table,
    bad_table,
    stage_table,
)
from sreda.registry.models import ImportJob, JobStatus, TableImport

pytestmark = pytest.mark.django_db

COURSES = "Фамилия;Имя;Дата рождения;Программа;Тема;Часы;Дата окончания;Документ"
PARENTS = (
    "Фамилия ребёнка;Имя ребёнка;Дата рождения ребёнка;Кем приходится;"
    "Фамилия;Имя;Отчество;Дата рождения;Телефон;С"
)


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def school() -> Organisation:
    return OrganisationFactory()


@pytest.fixture
def head(school) -> Actor:
    person = PostFactory(role=Role.HEAD, organisation=school).person
    UserFactory(person=person)
    return actor_for(person, on=clock.today())


@pytest.fixture
def teacher(school) -> Person:
    person = PersonFactory(family_name="Белова", given_name="Инна", birth_date="1980-03-04")
    PostFactory(role=Role.TEACHER, organisation=school, person=person)
    return person


@pytest.fixture
def pupil(school) -> Person:
    person = PersonFactory(family_name="Громов", given_name="Пётр", birth_date="2014-05-06")
    EnrolmentFactory(group=ClassGroupFactory(organisation=school), person=person)
    return person


def kept(head: str, *rows: str) -> StoredFile:
    upload = SimpleUploadedFile("таблица.csv", "\n".join((head, *rows)).encode())
    return store(upload, at=clock.now(), actor=None, kinds=TABLES)


def stage(table: Table, actor: Actor, *rows: str) -> TableImport:
    heading = COURSES if table is QUALIFICATIONS_TABLE else PARENTS
    return stage_table(table, kept(heading, *rows), actor=actor, at=clock.now())


def take_over(table: Table, actor: Actor, *rows: str, only_good: bool = False) -> TableImport:
    imported = stage(table, actor, *rows)
    return apply_table(table, imported, actor=actor, at=clock.now(), only_good=only_good)


def faults(imported: TableImport) -> list[tuple[int, str]]:
    return [(row.line, column) for row in bad_of_table(imported) for column, *_ in row.faults]


COURSE = "Белова;Инна;04.03.1980;Цифровая среда;Цифровая образовательная среда;36;01.06.2026;А-1"


def test_courses_land_once_and_a_repeated_table_changes_nothing(head, teacher):
    imported = take_over(QUALIFICATIONS_TABLE, head, COURSE)
    assert (imported.new, imported.changed, imported.bad) == (1, 0, 0)
    course = Qualification.objects.get(person=teacher)
    assert (course.hours, course.topic, course.document) == (36, "digital-environment", "А-1")
    entries = AuditEntry.objects.filter(action="registry.qualification.recorded").count()
    again = take_over(QUALIFICATIONS_TABLE, head, COURSE)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    apply_table(QUALIFICATIONS_TABLE, again, actor=head, at=clock.now(), only_good=False)
    found = AuditEntry.objects.filter(action="registry.qualification.recorded").count()
    assert found == entries
    changed = take_over(QUALIFICATIONS_TABLE, head, COURSE.replace(";36;", ";72;"))
    assert (changed.new, changed.changed) == (0, 1)
    course.refresh_from_db()
    assert course.hours == 72
    assert Revision.objects.filter(object_id=course.pk).exists()


def test_bad_courses_name_their_cells_and_good_ones_land(head, teacher):
    other = PostFactory(role=Role.TEACHER).person
    imported = stage(
        QUALIFICATIONS_TABLE, head, COURSE, COURSE,
        COURSE.replace("36", "много").replace("01.06", "02.06"),
        COURSE.replace("01.06.2026", "31.02.2026"),
        COURSE.replace("01.06.2026", f"{clock.today() + timedelta(days=2):%d.%m.%Y}"),
        COURSE.replace("Цифровая образовательная среда", "Вязание"),
        COURSE.replace("Белова", "Нетова"),
        COURSE.replace("36", "9999").replace("01.06", "03.06"),
        f"{other.family_name};{other.given_name};;Курс;Другое;36;01.06.2026;",
    )  # fmt: skip
    assert faults(imported) == [
        (3, "completed_on"), (4, "hours"), (5, "completed_on"), (6, "completed_on"),
        (7, "topic"), (8, "family_name"), (9, "hours"), (10, "family_name"),
    ]  # fmt: skip
    assert len(list(bad_table(QUALIFICATIONS_TABLE, imported))) == 9
    apply_table(QUALIFICATIONS_TABLE, imported, actor=head, at=clock.now(), only_good=True)
    assert Qualification.objects.count() == 1


def test_namesakes_are_told_apart_by_birthday_or_number(head, school, teacher):
    twin = PersonFactory(
        family_name="Белова", given_name="Инна", birth_date="1990-01-01", external_id="П-9"
    )
    PostFactory(role=Role.TEACHER, organisation=school, person=twin)
    imported = stage(QUALIFICATIONS_TABLE, head, COURSE.replace("04.03.1980", ""))
    assert faults(imported) == [(2, "family_name")]
    take_over(QUALIFICATIONS_TABLE, head, COURSE)
    assert Qualification.objects.get().person == teacher
    file = kept(f"Идентификатор;{COURSES}", f"П-9;{COURSE.replace('04.03.1980', '')}")
    numbered = stage_table(QUALIFICATIONS_TABLE, file, actor=head, at=clock.now())
    apply_table(QUALIFICATIONS_TABLE, numbered, actor=head, at=clock.now(), only_good=False)
    assert Qualification.objects.filter(person=twin).count() == 1


PARENT = "Громов;Пётр;06.05.2014;мать;Громова;Анна;Львовна;02.03.1985;+7 900 000-00-01;01.09.2020"


def test_parents_are_entered_once_and_a_repeated_table_changes_nothing(head, school, pupil):
    sister = PersonFactory(family_name="Громова", given_name="Вера", birth_date="2016-05-06")
    EnrolmentFactory(group=ClassGroupFactory(organisation=school), person=sister)
    rows = (PARENT, PARENT.replace("Громов;Пётр;06.05.2014", "Громова;Вера;06.05.2016"))
    imported = take_over(GUARDIANS_TABLE, head, *rows)
    assert (imported.new, imported.bad) == (2, 0)
    mother = Person.objects.get(family_name="Громова", given_name="Анна")
    assert {tie.child for tie in mother.wards.all()} == {pupil, sister}
    assert mother.phone == "+7 900 000-00-01"
    again = take_over(GUARDIANS_TABLE, head, *rows)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert Person.objects.filter(given_name="Анна", family_name="Громова").count() == 1
    nameless = take_over(GUARDIANS_TABLE, head, PARENT.replace("02.03.1985", ""))
    assert nameless.unchanged == 1, "a parent of the child is known by name alone"
    changed = take_over(GUARDIANS_TABLE, head, PARENT.replace("01.09.2020", "01.09.2021"))
    assert changed.changed == 1
    assert str(Guardianship.objects.get(child=pupil).since) == "2021-09-01"


def test_bad_parents_name_their_cells(head, pupil):
    elsewhere = EnrolmentFactory().person
    other = f"{elsewhere.family_name};{elsewhere.given_name};;мать;А;Б;;;;01.09.2020"
    imported = stage(
        GUARDIANS_TABLE, head, PARENT, PARENT,
        PARENT.replace("мать", "сосед"),
        PARENT.replace("01.09.2020", ""),
        PARENT.replace("02.03.1985", "02.03.2019"),
        PARENT.replace("01.09.2020", "01.09.2000").replace("Анна", "Нина"),
        PARENT.replace("Львовна", "Ль" * 60),
        other,
    )  # fmt: skip
    assert faults(imported) == [
        (3, "family_name"), (4, "kind"), (5, "since"), (6, "kind"), (7, "since"),
        (8, "patronymic"), (9, "child_family_name"),
    ]  # fmt: skip
    before = Person.objects.count()
    apply_table(GUARDIANS_TABLE, imported, actor=head, at=clock.now(), only_good=True)
    assert Person.objects.count() == before + 1
    assert Guardianship.objects.count() == 1


def test_only_those_who_keep_the_records_hand_in(teacher):
    for table in (QUALIFICATIONS_TABLE, GUARDIANS_TABLE):
        for role in (Role.COORDINATOR, Role.TEACHER):
            with pytest.raises(PermissionDenied):
                stage(table, seated(role, on=clock.today()))


@pytest.mark.parametrize(
    ("name", "heading", "row"),
    [("qualifications", COURSES, COURSE), ("guardians", PARENTS, PARENT)],
)
def test_the_pages(head, teacher, pupil, monkeypatch, name, heading, row):
    client = Client()
    client.force_login(User.objects.get(pk=head.user_id))
    upload = reverse(f"registry:import_{name}")
    assert client.get(upload).status_code == 200
    template = client.get(upload, {"template": "csv"})
    said = b"".join(template.streaming_content) if template.streaming else template.content
    assert "Фамилия" in said.decode("utf-8-sig")
    file = SimpleUploadedFile("таблица.csv", "\n".join((heading, row, row + "9")).encode())
    page = client.post(upload, {"file": file}).headers["Location"]
    for view in ("new", "changed", "bad"):
        assert client.get(page, {"show": view}).status_code == 200
    assert "новая запись" in client.get(page, {"show": "new"}).content.decode() or (
        name == "qualifications"
    )
    imported = TableImport.objects.get()
    assert client.get(reverse("registry:import_bad", args=[imported.pk])).status_code == 200
    client.post(reverse("registry:import_decide", args=[imported.pk]), {"what": "good"})
    assert client.get(page).status_code == 200
    assert (Qualification if name == "qualifications" else Guardianship).objects.count() == 1
    shown = client.get(reverse("registry:people")).content.decode()
    assert upload in shown
    other = Client()
    other.force_login(User.objects.get(pk=seated(Role.HEAD, on=clock.today()).user_id))
    assert other.get(page).status_code == 404


def test_many_rows_are_work_for_the_worker(head, teacher):
    at = clock.now()
    rows = [COURSE.replace("01.06.2026", f"{day:02}.06.2026") for day in range(1, 29)]
    file = kept(COURSES, *rows)
    job, _new = start_job(file, actor=head, at=at, kind="qualifications")
    assert start_job(file, actor=head, at=at, kind="qualifications") == (job, False)
    run_job(job.pk, at=at)
    job.refresh_from_db()
    assert job.status == JobStatus.DONE, job.reason
    second, _new = start_job(
        file, actor=head, at=at, imported=job.table_import, kind="qualifications"
    )
    for _ in range(2):
        run_job(second.pk, at=at)
    assert ImportJob.objects.get(pk=second.pk).status == JobStatus.DONE
    assert Qualification.objects.count() == 28
