"""Tables of people: checked row by row, compared, taken over once, and never half."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from openpyxl import Workbook
from tests.factories import (
    EnrolmentFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)

from sreda.kernel.api import TABLES, AuditEntry, Revision, StoredFile, state_of, store
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import ClassGroup, Enrolment, OrganisationSize, Person, Post, Role
from sreda.registry.domain.people_import import (
    apply_import,
    bad_rows,
    bad_table,
    cancel_import,
    preview,
    stage_people,
)
from sreda.registry.domain.people_rows import fault_text
from sreda.registry.domain.posts import FIELDS as POST_FIELDS

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)
HEAD = ["Идентификатор", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "Код организации",
        "Роль", "Класс", "Должность", "С", "По"]  # fmt: skip


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def school():
    return OrganisationFactory(code="4200001")


def pupil(identity="a-1", family="Белова", place="4200001", **cells):
    row = dict.fromkeys(HEAD, "")
    row |= {"Идентификатор": identity, "Фамилия": family, "Имя": "Анна", "Отчество": "Ивановна",
            "Дата рождения": "02.05.2013", "Пол": "ж", "Код организации": place,
            "Роль": "ученик", "Класс": "7А", "С": "01.09.2020"}  # fmt: skip
    return [(row | cells)[name] for name in HEAD]


def table(*rows, head=HEAD, encoding="utf-8", delimiter=";", name="people.csv") -> StoredFile:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([head, *rows])
    return upload(name, out.getvalue().encode(encoding))


def upload(name: str, content: bytes) -> StoredFile:
    return store(SimpleUploadedFile(name, content), at=AT, actor=None, kinds=TABLES)


def stage(*rows, actor=None, **how):
    return stage_people(table(*rows, **how), actor=actor or seated(Role.OPERATOR), at=AT)


def take(*rows, actor=None, only_good=False, **how):
    actor = actor or seated(Role.OPERATOR)
    return apply_import(stage(*rows, actor=actor, **how), actor=actor, at=AT, only_good=only_good)


def counts(imported):
    return imported.new, imported.changed, imported.unchanged, imported.bad


def kinds(imported):
    return {(row.line, column, kind) for row in bad_rows(imported)
            for column, _value, kind in row.faults}  # fmt: skip


def test_staging_changes_nothing(school):
    imported = stage(pupil(), pupil("a-2", "Орлова"))
    assert counts(imported) == (2, 0, 0, 0)
    assert not Person.objects.filter(external_id__startswith="a-").exists()
    assert not ClassGroup.objects.exists()


def test_new_people_get_their_places_classes_and_size(school):
    imported = take(
        pupil(),
        pupil("t-1", "Фёдорова", Роль="учитель", Класс="", Должность="Учитель физики",
              **{"Дата рождения": "1980-02-03", "С": "2010-09-01"}),
    )  # fmt: skip
    assert imported.status == "applied"
    girl = Person.objects.get(external_id="a-1")
    assert (girl.full_name, girl.birth_date, girl.sex) == (
        "Белова Анна Ивановна", date(2013, 5, 2), "female"
    )  # fmt: skip
    enrolment = Enrolment.objects.get(person=girl)
    assert (enrolment.role, enrolment.since, enrolment.until) == ("pupil", date(2020, 9, 1), None)
    assert (enrolment.group.name, enrolment.group.grade, enrolment.group.school_year) == (
        "7А", 7, 2026
    )  # fmt: skip
    post = Post.objects.get(person__external_id="t-1")
    assert (post.role, post.title, post.organisation) == ("teacher", "Учитель физики", school)
    size = OrganisationSize.objects.get(organisation=school)
    assert (size.learners, size.teachers, size.groups) == (1, 1, 1)
    assert girl.id.version == 7


def test_the_same_table_again_changes_nothing(school):
    rows = [pupil(), pupil("a-2", "Орлова")]
    take(*rows)
    people, places = list(Person.objects.values()), list(Enrolment.objects.values())
    again = take(*rows)
    assert counts(again) == (0, 0, 2, 0)
    assert list(Person.objects.filter(pk__in=[p["id"] for p in people]).values()) == people
    assert list(Enrolment.objects.values()) == places


def test_applying_twice_is_applying_once(school):
    actor = seated(Role.OPERATOR)
    imported = stage(pupil(), actor=actor)
    apply_import(imported, actor=actor, at=AT, only_good=False)
    Person.objects.filter(external_id="a-1").update(family_name="Другая")
    apply_import(imported, actor=actor, at=AT, only_good=False)
    assert Person.objects.get(external_id="a-1").family_name == "Другая"


def test_changes_are_shown_cell_by_cell_and_kept_in_history(school):
    take(pupil())
    imported = stage(pupil(family="Зимина", Класс="8Б"))
    assert counts(imported) == (0, 1, 0, 0)
    [change] = preview(imported)
    assert [(old, new) for _label, old, new in change.cells] == [
        ("Белова", "Зимина"),
        ("7А", "8Б"),
    ]
    apply_import(imported, actor=seated(Role.OPERATOR), at=AT, only_good=False)
    girl = Person.objects.get(external_id="a-1")
    assert (girl.family_name, girl.edition) == ("Зимина", 2)
    assert girl.enrolments.get().group.name == "8Б"
    states = Revision.objects.filter(object_id=girl.pk).order_by("effective_on")
    assert [s.state["family_name"] for s in states] == ["Белова", "Зимина"]


def test_a_missing_column_keeps_what_is_known(school):
    take(pupil())
    head = ["Идентификатор", "Фамилия", "Имя", "Код организации", "Роль", "С"]
    row = ["a-1", "Белова", "Анна", "4200001", "ученик", "01.09.2020"]
    assert not kinds(stage(row, head=head))
    assert counts(take(row, head=head)) == (0, 0, 1, 0)
    assert Person.objects.get(external_id="a-1").patronymic == "Ивановна"


def test_every_fault_names_its_row_column_and_kind(school):
    college = OrganisationFactory(code="4200002", kind="college")
    OrganisationFactory(code="4200003", until=date(2019, 1, 1))
    imported = stage(
        pupil("1", family=""),
        pupil("2", place="999"),
        pupil("3", **{"Дата рождения": "31.02.2013"}),
        pupil("4", **{"Дата рождения": "02.05.2027"}),
        pupil("5", Пол="x"),
        pupil("6", Роль="оператор"),
        pupil("7", place=college.code),
        pupil("8", place="4200003"),
        pupil("9", По="01.01.2020"),
        pupil("10", Класс="Ромашка"),
        pupil("11"),
        pupil("11"),
        pupil("12"),
        pupil("12", family="Другая", place=college.code, Роль="студент"),
        pupil("13", family="Я" * 101),
        pupil("14", С="01.09.2012"),
    )
    assert kinds(imported) == {
        (2, "family_name", "missing"),
        (3, "organisation", "organisation-unknown"),
        (4, "birth_date", "date"),
        (5, "birth_date", "future"),
        (6, "sex", "word"),
        (7, "role", "role"),
        (8, "role", "role-kind"),
        (9, "organisation", "organisation-closed"),
        (10, "until", "before-since"),
        (11, "group", "group-unknown"),
        (13, "external_id", "twice"),
        (15, "external_id", "differs"),
        (16, "family_name", "long"),
        (17, "since", "before-birth"),
    }
    assert counts(imported) == (2, 0, 0, 14)
    head, *rows = bad_table(imported)
    assert len(rows) == 14
    assert len(head) == len(rows[0]) == 14
    assert all(row[-1] for row in rows)
    texts = [fault_text(fault) for row in bad_rows(imported) for fault in row.faults]
    assert not [text for text in texts if text.rsplit(": ")[-1].endswith(("missing", "twice"))]


def test_a_formula_is_refused_where_it_stands(school):
    imported = stage(pupil(family="=1+1"), pupil("a-2", Отчество='=CMD("x")'), pupil("a-3"))
    assert counts(imported)[-1] == 2
    assert kinds(imported) == {
        (2, "family_name", "formula"), (3, "patronymic", "formula"),
    }  # fmt: skip


def test_a_refused_row_is_given_back_in_the_words_of_tables(school):
    imported = stage(pupil(place="999"))
    row = dict(zip(*list(bad_table(imported))[:2], strict=True))
    assert (row["Пол"], row["Роль"]) == ("ж", "ученик")
    assert "«999»" in row["Что неверно"]


def test_bad_rows_hold_everything_up_unless_only_the_good_are_wanted(school):
    actor = seated(Role.OPERATOR)
    imported = stage(pupil(), pupil("a-2", place="999"), actor=actor)
    with pytest.raises(ValidationError):
        apply_import(imported, actor=actor, at=AT, only_good=False)
    assert not Enrolment.objects.exists()
    apply_import(imported, actor=actor, at=AT, only_good=True)
    assert [p.external_id for p in Person.objects.filter(enrolments__isnull=False)] == ["a-1"]


def test_when_the_first_row_of_a_person_is_bad_the_next_one_stands(school):
    other = OrganisationFactory(code="4200002")
    take(pupil(place="999"), pupil(place=other.code), only_good=True)
    assert Enrolment.objects.get(person__external_id="a-1").organisation == other


def test_one_person_in_two_places_is_one_person(school):
    other = OrganisationFactory(code="4200002")
    teacher = {"Роль": "учитель", "Класс": "", "Дата рождения": "02.05.1983"}
    take(pupil(**teacher), pupil(place=other.code, **teacher))
    person = Person.objects.get(external_id="a-1")
    assert {post.organisation for post in person.posts.all()} == {school, other}


def test_a_leader_fills_only_the_own_organisation(school):
    OrganisationFactory(code="4200002")
    actor = seated(Role.HEAD, organisation=school)
    imported = stage(
        pupil("1"), pupil("2", place="4200002"), pupil("3", Роль="директор"), actor=actor
    )
    assert kinds(imported) == {
        (3, "organisation", "organisation-scope"), (4, "role", "role-given"),
    }  # fmt: skip


def test_a_coordinator_fills_the_own_municipality(school):
    actor = seated(Role.COORDINATOR, municipality=school.municipality, organisation=None)
    OrganisationFactory(code="4200002", municipality=MunicipalityFactory())
    imported = stage(pupil("1"), pupil("2", place="4200002"), actor=actor)
    assert kinds(imported) == {(3, "organisation", "organisation-scope")}


def test_nobody_learns_or_changes_people_of_another_organisation(school):
    stranger = PersonFactory(external_id="x-1", family_name="Тайная")
    EnrolmentFactory(person=stranger)
    imported = stage(pupil("x-1"), actor=seated(Role.HEAD, organisation=school))
    assert kinds(imported) == {(2, "external_id", "person-elsewhere")}
    assert "Тайная" not in str([row.cells for row in bad_rows(imported)])
    assert preview(imported) == []


def test_a_teacher_may_not_import(school):
    with pytest.raises(PermissionDenied):
        stage(pupil(), actor=seated(Role.TEACHER, organisation=school))


def test_what_happened_since_staging_counts(school):
    actor = seated(Role.OPERATOR)
    imported = stage(pupil(), actor=actor)
    take(pupil(), actor=actor)
    imported = apply_import(imported, actor=actor, at=AT, only_good=False)
    assert counts(imported) == (0, 0, 1, 0)
    assert Enrolment.objects.count() == 1


def test_a_crash_that_empties_the_staged_table_loses_nothing(school):
    actor = seated(Role.OPERATOR)
    imported = stage(pupil(), actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {imported.table}")
    apply_import(imported, actor=actor, at=AT, only_good=False)
    assert Enrolment.objects.count() == 1


def test_a_dropped_import_cannot_be_applied(school):
    actor = seated(Role.OPERATOR)
    imported = cancel_import(stage(pupil(), actor=actor), actor=actor, at=AT)
    assert imported.status == "cancelled"
    with pytest.raises(ValidationError):
        apply_import(imported, actor=actor, at=AT, only_good=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [imported.table])
        assert cursor.fetchone() == (None,)


def test_an_import_leaves_one_entry_and_one_event(school):
    imported = take(pupil(), pupil("a-2"))
    entry = AuditEntry.objects.get(action="registry.people_import.applied")
    assert entry.data["file"] == imported.file.sha256
    assert (entry.data["new"], entry.data["written"]["people"]) == (2, 2)
    event = OutboxEvent.objects.get(type="registry.people.imported")
    assert event.payload["organisation_ids"] == [str(school.pk)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_tables_come_in_many_spellings(school, delimiter, encoding):
    imported = stage(pupil(family="Щёлокова"), delimiter=delimiter, encoding=encoding)
    assert counts(imported) == (1, 0, 0, 0)


def test_a_workbook_reads_like_a_table(school):
    book = Workbook()
    row = pupil()
    row[4] = date(2013, 5, 2)
    book.active.append(["Список учеников"])
    book.active.append(HEAD)
    book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    actor = seated(Role.OPERATOR)
    imported = stage_people(upload("people.xlsx", out.getvalue()), actor=actor, at=AT)
    assert counts(imported) == (1, 0, 0, 0)
    apply_import(imported, actor=actor, at=AT, only_good=False)
    assert Person.objects.get(external_id="a-1").birth_date == date(2013, 5, 2)


def test_odd_signs_survive_or_are_refused(school):
    take(pupil(family="О\\Нил  де ла\tКруз"), pupil("a-2", family="Бел\u200bова"), only_good=True)
    assert Person.objects.get(external_id="a-1").family_name == "О\\Нил де ла Круз"
    assert not Person.objects.filter(external_id="a-2").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"just words\nand more\n",
        "Фамилия;Имя\nБелова;Анна\n".encode(),
        b'"never closed;\n' + b"x" * 200_000,
        b"\x81\x8d\x90" * 50,
    ],
)
def test_what_is_no_table_of_people_is_refused_as_a_whole(school, content):
    with pytest.raises(ValidationError):
        stage_people(upload("people.csv", content), actor=seated(Role.OPERATOR), at=AT)


def test_a_post_that_ended_is_not_reopened_but_a_new_one_begun(school):
    person = PersonFactory(external_id="a-1", family_name="Белова", given_name="Анна")
    PostFactory(person=person, organisation=school, until=date(2019, 8, 31))
    teacher = {"Роль": "учитель", "Класс": "", "Дата рождения": "14.03.1985"}
    take(pupil(С="01.09.2021", **teacher))
    assert person.posts.count() == 2


def test_a_staged_table_nobody_decided_about_is_dropped_after_a_month(school):
    actor = seated(Role.OPERATOR)
    forgotten = stage(pupil(), actor=actor)
    file = table(pupil("a-2"))
    stage_people(file, actor=actor, at=AT + timedelta(days=29))
    forgotten.refresh_from_db()
    assert forgotten.status == "staged"
    stage_people(file, actor=actor, at=AT + timedelta(days=31))
    forgotten.refresh_from_db()
    assert (forgotten.status, forgotten.closed_by) == ("cancelled", None)


def transferred(actor=None, **cells):
    """A pupil of another school, taken in here since 1 September; the open place there."""
    old = EnrolmentFactory(
        person=PersonFactory(
            external_id="a-1", family_name="Белова", given_name="Анна", patronymic="Ивановна",
            birth_date=date(2013, 5, 2), sex="female",
        ),
        since=date(2020, 9, 1),
    )  # fmt: skip
    return old, pupil(**({"С": "01.09.2026"} | cells))


def test_a_transfer_ends_the_place_left(school):
    operator = seated(Role.OPERATOR)
    old, row = transferred()
    imported = stage(row, actor=operator)
    shown = preview(imported, actor=operator)[0].cells
    assert [(str(label), left) for label, left, _new in shown if left] == [
        ("Переход из", old.organisation.short_name)
    ]
    assert "31.08.2026" in shown[-1][2]
    apply_import(imported, actor=operator, at=AT, only_good=False)
    old.refresh_from_db()
    assert old.until == date(2026, 8, 31)
    assert Enrolment.objects.get(organisation=school).since == date(2026, 9, 1)
    assert OrganisationSize.objects.get(organisation=old.organisation).learners == 0
    entry = AuditEntry.objects.get(action="registry.people_import.applied")
    assert entry.data["written"]["transfers"] == 1
    kept = Revision.objects.filter(object_type="registry.enrolment", object_id=old.pk)
    assert [r.state["until"] for r in kept.order_by("effective_on", "recorded_at", "id")] == [
        None, "2026-08-31"
    ]  # fmt: skip
    again = take(row, actor=operator)
    assert counts(again) == (0, 0, 1, 0)


def test_a_place_for_a_time_or_one_the_table_speaks_of_is_no_transfer(school):
    old, row = transferred(По="31.12.2026")
    take(row)
    old.refresh_from_db()
    assert old.until is None
    other = OrganisationFactory()
    open_ended = pupil(place=other.code, С="02.09.2026")
    take(open_ended, pupil(place=old.organisation.code, С="01.09.2020", Класс=""))
    old.refresh_from_db()
    assert old.until is None


def test_a_coordinator_transfers_within_the_municipality_only(school):
    coordinator = seated(Role.COORDINATOR, municipality=school.municipality)
    old, row = transferred()
    old.organisation.municipality = school.municipality
    old.organisation.save()
    take(row, actor=coordinator)
    old.refresh_from_db()
    assert old.until == date(2026, 8, 31)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HEAD])
def test_who_only_receives_is_told_of_the_place_left(school, role):
    scope = (
        {"municipality": school.municipality} if role == Role.COORDINATOR
        else {"organisation": school}
    )  # fmt: skip
    actor = seated(role, **scope)
    old, row = transferred()
    imported = stage(row, actor=actor)
    assert counts(imported) == (1, 0, 0, 0)
    said = preview(imported, actor=actor)[0].cells[-1]
    assert str(said[0]) == "Также зачислен в"
    assert old.organisation.short_name in said[2]
    apply_import(imported, actor=actor, at=AT, only_good=False)
    old.refresh_from_db()
    assert old.until is None
    assert Enrolment.objects.filter(person=old.person, organisation=school).exists()


def test_a_learner_elsewhere_is_received_only_by_who_knows_them(school):
    head = seated(Role.HEAD, organisation=school)
    _old, row = transferred(Фамилия="Другая")
    assert kinds(stage(row, actor=head)) == {(2, "external_id", "person-elsewhere")}
    row = pupil(С="01.09.2026", **{"Дата рождения": ""})
    assert kinds(stage(row, actor=head)) == {(2, "external_id", "person-elsewhere")}


def test_changed_terms_of_places_keep_their_history(school):
    take(pupil(), pupil("t-1", "Фёдорова", Роль="учитель", Класс="", Должность="Учитель",
                        **{"Дата рождения": "03.02.1980"}))  # fmt: skip
    take(pupil(По="01.11.2026"), pupil("t-1", "Фёдорова", Роль="учитель", Класс="",
         Должность="Учитель физики", **{"Дата рождения": "03.02.1980"}))  # fmt: skip
    place = Enrolment.objects.get(organisation=school)
    post = Post.objects.get(organisation=school)

    def states(thing, name):
        rows = Revision.objects.filter(object_type=thing._meta.label_lower, object_id=thing.pk)
        return [r.state[name] for r in rows.order_by("effective_on", "recorded_at", "id")]

    assert states(place, "until") == [None, "2026-11-01"]
    assert states(post, "title") == ["Учитель", "Учитель физики"]
    latest = Revision.objects.filter(object_id=post.pk).order_by("-effective_on").first()
    assert latest.state == state_of(post, POST_FIELDS)
    assert latest.actor_label
