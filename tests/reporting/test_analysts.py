"""Analysts read the views and nothing else; the catalogue says what the database has."""

import io
import random
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pyarrow.parquet as pq
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from sreda.registry.api import Role
from sreda.reporting.domain import freshness
from sreda.reporting.domain.analysts import add_analyst, drop_analyst
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.people import (
    KNOWN,
    count_people,
    count_reported,
    hidden_people,
    hidden_reported,
    look_at_cells,
)
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.forms import Block, BlockKind, CellType, Check, Field, Row, Schema, Section
from sreda.reporting.models import FormCell, PeopleCount, Submission
from sreda.reporting.queries.analytics import VIEWS, rows_of
from sreda.reporting.queries.of_people import keys_of_people, known_of
from sreda.reporting.queries.suppression import K, Line, numbered, protect, protect_apart
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    seated,
)
from tests.reporting.forms import SCHEMA
from tests.reporting.test_indicator_pages import sign_in, today  # noqa: F401
from tests.reporting.test_indicators import AT, HIGHER, indicator, region  # noqa: F401
from tests.reporting.test_surveys import rank
from tests.reporting.world import opened, published, report


@pytest.mark.django_db
def test_the_catalogue_is_what_the_database_has():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)"
            "  FROM information_schema.columns WHERE table_schema = 'analytics' GROUP BY 1"
        )
        found = dict(cursor.fetchall())
        assert {v.name: [c.name for c in v.columns] for v in VIEWS} == found
        for view in VIEWS:
            cursor.execute(view.example)
            assert list(rows_of(view)) is not None
    personal = {"family_name", "given_name", "birth_date", "email", "phone", "person_id"}
    assert not personal & {column for columns in found.values() for column in columns}


@pytest.mark.django_db
def test_a_few_learners_are_not_told(region):  # noqa: F811
    assert count_people(on=AT.date())
    assert not count_people(on=AT.date())  # once a day
    with connection.cursor() as cursor:
        cursor.execute("SELECT learners FROM analytics.learners")
        assert [n for (n,) in cursor.fetchall()] == [6]
        cursor.execute("SELECT people FROM analytics.staff")
        assert {n for (n,) in cursor.fetchall()} == {None}
    assert count_people(on=AT.date() + timedelta(days=1))
    assert {row.on for row in PeopleCount.objects.all()} == {AT.date() + timedelta(days=1)}


@pytest.mark.django_db
def test_a_second_number_is_hidden_so_that_the_sum_gives_nothing_back():
    """A class of 3 girls and 9 boys: who knows that they are 12 learns nothing of the girls."""
    school = OrganisationFactory()
    for grade, girls, boys in ((1, 3, 9), (2, 8, 7), (3, 11, 12)):
        group = ClassGroupFactory(organisation=school, grade=grade)
        for sex, number in (("female", girls), ("male", boys)):
            for _n in range(number):
                EnrolmentFactory(group=group, person=PersonFactory(sex=sex))
    count_people(on=AT.date())
    rows = PeopleCount.objects.filter(of="learners").values_list("grade", "sex", "people")
    assert {(grade, sex): n for grade, sex, n in rows} == {
        (1, "female"): None, (1, "male"): None,
        (2, "female"): None, (2, "male"): None,  # all girls of the place are known, too
        (3, "female"): 11, (3, "male"): 12,
    }  # fmt: skip


def test_no_hidden_count_of_people_follows_from_known_sums():
    """For many made regions: each hidden count can be another one, all sums that are known (those
    of five people or more) being the same."""
    chance = random.Random(11)
    hidden_ever = stuck = 0
    for _n in range(15):
        rows = [
            ((place, "school", grade, sex), chance.choice([1, 3, 6, 9, 12, 20, 20, 40, 60]))
            for place in range(chance.randint(3, 5))
            for grade in range(1, 5)
            for sex in ("female", "male")
            if chance.random() > 0.02
        ]
        hidden = hidden_people("learners", rows)
        places = [at for at, hide in enumerate(hidden) if hide]
        hidden_ever += len(places)
        assert all(hide or n >= K for (_key, n), hide in zip(rows, hidden, strict=True))
        lines = [
            line.members
            for line in numbered([tuple(key[k] for k in kept) for key, _n in rows]
                                 for kept in KNOWN["learners"])
            if len(line.members) > 1 and sum(rows[at][1] for at in line.members) >= K
        ]  # fmt: skip
        equations = [[int(at in members) for at in places] for members in lines]
        for number, place in enumerate(places):
            alone = [int(other == number) for other in range(len(places))]
            if rank([*equations, alone]) == rank(equations):  # nothing more could be hidden
                around = {at for members in lines if place in members for at in members}
                assert all(hidden[at] for at in around), rows
                stuck += 1

    assert hidden_ever > 100
    assert stuck < hidden_ever / 20


@pytest.mark.django_db
def test_views_leave_as_parquet(region, sign_in):  # noqa: F811
    indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    client = sign_in(Role.OPERATOR)
    assert client.get(reverse("reporting:analytics")).status_code == 200
    for view in VIEWS:
        content = client.get(reverse("reporting:analytics_file", args=[view.name])).content
        assert pq.read_table(io.BytesIO(content)).column_names == [c.name for c in view.columns]
    assert client.get(reverse("reporting:analytics_file", args=["people"])).status_code == 404


@pytest.fixture
def analyst(transactional_db):
    account = add_analyst("tester", until=None, at=AT)
    yield account
    drop_analyst("tester", at=AT)


def connect(account):
    settings = connection.get_connection_params()
    return psycopg.connect(
        host=settings.get("host"), port=settings.get("port"), dbname=settings["dbname"],
        user=account.role, password=account.password, autocommit=True,
    )  # fmt: skip


def test_an_analyst_connects_and_reads_the_views_alone(analyst):
    with connect(analyst) as session:
        assert session.execute("SELECT count(*) FROM indicators").fetchone() == (0,)
        assert session.execute("SHOW statement_timeout").fetchone() == ("1min",)
        for forbidden in (
            "SELECT * FROM public.registry_person",
            "SELECT * FROM public.reporting_answer",
            "SELECT * FROM public.registry_user",
            "SELECT * FROM public.reporting_indicator",
            "CREATE TABLE analytics.mine (x int)",
            "CREATE VIEW public.mine AS SELECT 1",
            "SELECT pg_read_file('/etc/passwd')",
        ):
            session.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(forbidden)
        with pytest.raises(psycopg.errors.QueryCanceled):
            session.execute("SET statement_timeout = '50ms'")
            session.execute("SELECT pg_sleep(5)")


def test_an_account_gets_a_new_password_and_goes(transactional_db):
    first = add_analyst("again", until=None, at=AT)
    second = add_analyst("again", until=None, at=AT)
    assert first.role == second.role
    assert first.password != second.password
    drop_analyst("again", at=AT)
    with pytest.raises(ValidationError):
        drop_analyst("again", at=AT)
    with pytest.raises(ValidationError):
        add_analyst('x"; DROP TABLE', until=None, at=AT)


def told(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.django_db
def test_cells_that_tell_of_people_are_known():
    """By their unit, by the records they count, and by the cells they are made of."""
    form = CompiledForm(
        Schema((
            Section("s", "S", blocks=(
                Block("a", "A", BlockKind.FIELDS, (
                    Field("typed", "T", unit="чел."),
                    Field("counted", "C", source='count("contingent")'),
                    Field("share", "S", CellType.DECIMAL, unit="%", source="a.counted / 2.0"),
                    Field("rooms", "R", unit="ед."),
                    Field("computers", "K", source='total("facilities", "computers_teaching")'),
                    Field("both", "B", source="a.rooms + a.computers"),
                )),
                Block("l", "L", BlockKind.LIST,
                      (Field("title", "T", CellType.TEXT), Field("n", "N")),
                      rows_source='listed("staff", {}, ["title", "posts"])'),
            )),
        ))
    )  # fmt: skip
    assert form.faults == []
    assert keys_of_people(form) == {"a.typed", "a.counted", "a.share", "l.*.n"}


def test_heaps_that_no_line_joins_are_hidden_alike_apart():
    chance = random.Random(5)
    for _n in range(40):
        counts = [chance.choice([1, 4, 7, 9, 15, 30]) for _n in range(12)]
        lines = [
            Line(tuple(chance.sample(range(start, start + 6), chance.randint(2, 5))))
            for start in (0, 0, 6, 6)
        ]
        hidden = [n < K for n in counts]
        assert protect_apart(counts, lines, hidden) == protect(counts, lines, hidden)


def test_what_follows_from_other_cells_is_read_from_sources_and_checks():
    """A sum that holds in one column of a table holds in the others."""
    table = Block(
        "g", "G", BlockKind.TABLE,
        (Field("all", "A", unit="чел."), Field("girls", "F", unit="чел.")),
        (Row("total", "T"), Row("one", "1"), Row("two", "2")),
    )  # fmt: skip
    checks = (
        Check("sum", "g.total.all == g.one.all + g.two.all && g.one.girls <= g.one.all", "M"),
        Check("other", "g.total.all > 0 || g.total.girls == 1", "M"),
    )
    form = CompiledForm(Schema((Section("s", "S", blocks=(table,)),), checks))
    assert form.faults == []
    known = known_of(form, keys_of_people(form))
    assert known.sums == {
        ("g.total.all", ("g.one.all", "g.two.all")),
        ("g.total.girls", ("g.one.girls", "g.two.girls")),
    }
    assert known.within == {(f"g.{row}.girls", f"g.{row}.all") for row in ("total", "one", "two")}


@pytest.mark.django_db
def test_a_small_rest_is_hidden_as_a_small_number_is(region):  # noqa: F811
    """12 learners of whom 9 are girls are 3 boys."""
    version = published()
    sums = [(1, "pupils.g7.total", 12), (1, "pupils.g7.girls", 9), (2, "pupils.g7.total", 30)]
    assert hidden_reported(version, sums) == [False, True, False]


@pytest.fixture
def handed_in():
    """Three schools of two municipalities: 3 and 9 learners of grade 7 in one, 12 in the other."""
    first, second = OrganisationFactory(), OrganisationFactory()
    neighbour = OrganisationFactory(municipality=first.municipality)
    for school, seven, eight in ((first, 3, 20), (neighbour, 0, 9), (second, 12, 6)):
        for grade, number in ((7, seven), (8, eight)):
            group = ClassGroupFactory(organisation=school, grade=grade)
            for _n in range(number):
                EnrolmentFactory(group=group, person=PersonFactory(sex="female"))
    made = opened(published(replace(SCHEMA, checks=())))
    for school in (first, neighbour, second):
        of = report(made, school)
        head = seated(Role.HEAD, organisation=school, on=AT.date())
        save_changes(
            of, edition=of.edition, changes=[Change("base.shifts", "2")], actor=head, at=AT,
            key=uuid4(),
        )  # fmt: skip
        Submission.objects.filter(pk=of.pk).update(status="submitted", submitted_at=AT)
    return first, neighbour, second


@pytest.mark.django_db
def test_reports_tell_analysts_of_rooms_exactly_and_of_few_people_not_at_all(handed_in):
    first, _neighbour, second = handed_in
    values = "SELECT DISTINCT cell FROM analytics.report_values"
    assert told(values) == [], "nobody has looked yet which cells tell of people"
    count_reported(on=AT.date())
    assert told(values) == [("base.shifts",)]
    of = {
        (place, cell): (reports, people)
        for place, cell, reports, people in told(
            "SELECT municipality_code, cell, reports, people FROM analytics.report_people"
        )
    }
    here, there = first.municipality.code, second.municipality.code
    assert of[here, "pupils.g7.total"] == (2, None)
    assert of[there, "pupils.g7.total"] == (1, None), "else the region's sum would tell of the 3"
    assert of[here, "pupils.g8.total"][1] is None, "else the form's own sum would"
    assert of[there, "pupils.g8.total"][1] is None
    assert of[here, "pupils.all.total"] == (2, 32)
    assert of[there, "pupils.all.total"] == (1, 18)
    count_reported(on=AT.date())  # once a day
    count_reported(on=AT.date() + timedelta(days=1))
    days = told("SELECT DISTINCT as_of FROM analytics.report_people")
    assert days == [(AT.date() + timedelta(days=1),)]


@pytest.mark.django_db
def test_forms_of_before_are_looked_at_after_a_migration(handed_in):
    values = "SELECT DISTINCT cell FROM analytics.report_values"
    assert told(values) == []
    call_command("migrate", verbosity=0)
    assert told(values) == [("base.shifts",)]


@pytest.mark.django_db
def test_what_another_form_tells_of_people_is_of_people(region):  # noqa: F811
    written = published()
    asked = {
        "learners": 'form("yearly", "pupils.g7.total")', "shifts": 'form("yearly", "base.shifts")',
        "nobody": 'form("yearly", "base.gone")', "sum": "c.learners + 1",
    }  # fmt: skip
    fields = tuple(Field(code, code, source=source) for code, source in asked.items())
    block = Block("c", "C", BlockKind.FIELDS, fields)
    form = CompiledForm(Schema((Section("s", "S", blocks=(block,)),)))
    assert form.faults == []
    assert keys_of_people(form) == set(form.sources), "nobody has looked yet"
    look_at_cells()
    assert keys_of_people(form) == {"c.learners", "c.nobody", "c.sum"}
    assert FormCell.objects.filter(version=written, of_people=None).count() == 0


@pytest.mark.django_db
def test_a_number_of_people_at_one_organisation_is_no_value_of_an_indicator(region):  # noqa: F811
    indicator("teachers", 'count("staff", {"role": "teacher"})', unit="чел.")
    indicator("computers", 'total("facilities", "computers_teaching")', unit="ед.")
    freshness.recompute(at=AT)
    found = told("SELECT indicator_code, level, value FROM analytics.indicator_values")
    people = [(level, value) for code, level, value in found if code == "teachers"]
    assert people
    assert all(value is None for level, value in people if level == "organisation")
    assert all(value is None or value >= 5 or value == 0 for _level, value in people)
    others = {value is None for code, _level, value in found if code == "computers"}
    assert False in others
