"""Expressions: what they give, how they are vetted, and that the quick way equals the whole one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sreda.reporting.expressions import (
    CellValues,
    CompiledForm,
    ExpressionError,
    World,
    compile_expression,
    vet_schema,
)
from sreda.reporting.forms import Block, BlockKind, Check, Field, Schema, Section
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
)
from tests.reporting.forms import BASE, PUPILS, SCHEMA

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


@pytest.fixture
def school():
    school = OrganisationFactory(phone="+7 3842 11-22-33")
    group = ClassGroupFactory(organisation=school, grade=7)
    for sex, born in (("female", 2013), ("female", 2010), ("male", 2012)):
        EnrolmentFactory(group=group, person=PersonFactory(sex=sex, birth_date=date(born, 1, 1)))
    EnrolmentFactory(group=ClassGroupFactory(organisation=school, grade=8))
    return school


def world(*organisations, **more):
    places = {o.pk: [o.pk] for o in organisations}
    return World(places, as_of=DAY, start=date(2026, 9, 1), end=date(2027, 8, 31), **more)


def value(text, school, cells=None, **more):
    return compile_expression(text, "x.y", schema=SCHEMA).evaluate(
        world(school, **more), school.pk, cells
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('count("contingent")', 4),
        ('count("contingent", {"grade": 7, "sex": "female"})', 2),
        ('count("contingent", {"grade": [7, 8]})', 4),
        ('count("contingent", {"age": {"from": 13, "to": 14}})', 3),
        ('count("contingent", {"age": {"from": 14}, "grade": 7})', 2),
        ('count("contingent", {"grade": 9})', 0),
        ('total("groups", "learners", {"grade": 7})', 3),
        ('value("passport", "phone")', "+7 3842 11-22-33"),
        ('value("facilities", "link_mbps")', None),
        ('count("contingent") * 100 / (count("groups") + 2)', 100),
        ('count("contingent", {"school_year": period.year - 1})', 4),
        ("pupils.g7.total + 2", 2),
        ('organisation.kind == "school" ? 1 : 0', 1),
        ("as_of > period.start", True),
        ('listed("contingent", {"grade": 7}, ["sex", "learners"])',
         [{"sex": "female", "learners": 2}, {"sex": "male", "learners": 1}]),
        ('previous("pupils.g7.total")', 17),
        ('form("other", "base.shifts")', None),
    ],
)  # fmt: skip
def test_what_expressions_give(text, expected, school):
    assert (
        value(
            text,
            school,
            cards=lambda places: {school.pk: {"kind": "school"}},
            previous=lambda keys: {(school.pk, key): Decimal(17) for key in keys},
        )
        == expected
    )


@pytest.mark.parametrize(
    "text",
    [
        'count("contingent", {"age": {"from": 13}})',
        'count("contingent") - total("sizes", "learners") / 3',
        'value("passport", "phone")',
        "pupils.g7.total + pupils.g8.total * 2.5",
        'previous("pupils.g7.total")',
    ],
)
def test_the_quick_way_equals_the_walker(text, school):
    compiled = compile_expression(text, "x.y", schema=SCHEMA)
    cells = CellValues({"pupils.g7.total": Decimal(10), "pupils.g8.total": Decimal("0.5")})
    assert compiled._fast is not None
    quick = compiled.evaluate(world(school), school.pk, cells)
    assert quick == compiled.trace(world(school), school.pk, cells)[0]


@pytest.mark.parametrize(
    ("text", "says", "column"),
    [
        ('count("contingen")', "contingent", 7),
        ('1 + count("contingent", {"grad": 5})', "grade", 26),
        ('total("contingent", "heads")', "heads", 21),
        ('total("facilities", "link_mbps")', "value", 21),
        ('count("contingent", {"sex": "girl"})', "female", 29),
        ('count(organisation.code)', "", 1),
        ("pupils.g9.total", "pupils.g9.total", 1),
        ("pupils.g8.girls", "pupils.g8.girls", 1),
        ("clubs.title", "clubs", 1),
        ("clubs.all(c, c.member > 1)", "members", 14),
        ("organisation.knd", "kind", 1),
        ("nothing + 1", "nothing", 1),
        ('filled("base.fone")', "base.phone", 1),
        ("1 +", "1 +", 3),
        ("eval(1)", "eval", 1),
        ('count("contingent", {"age": {"above": 5}})', "from", 29),
    ],
)  # fmt: skip
def test_a_wrong_name_is_found_while_designing(text, says, column):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, "pupils.g7.total", schema=SCHEMA)
    error = caught.value
    assert error.rule == "pupils.g7.total"
    assert says in error.reason
    assert (error.line, error.column) == (1, column)
    assert "pupils.g7.total" in str(error)


def test_what_it_depends_on_is_read_from_the_text():
    inputs = compile_expression(
        'count("contingent", {"grade": 5}) + form("other", "a.b") + previous("base.shifts")'
        ' + (filled("base.phone") ? pupils.g7.total : 0) + clubs.map(c, c.members).sum()',
        "x",
        schema=SCHEMA,
    ).inputs
    assert inputs.datasets == {("contingent", "learners")}
    assert inputs.forms == {("other", "a.b")}
    assert inputs.previous == {"base.shifts"}
    assert inputs.cells == {"base.phone", "pupils.g7.total", "clubs.*"}
    assert inputs.calls[0].filters == {"grade": 5}


def test_a_trace_names_each_question_and_its_answer(school):
    compiled = compile_expression(
        'count("contingent", {"grade": 7}) * 100 / count("contingent")', "x"
    )
    result, used = compiled.trace(world(school), school.pk)
    assert result == 75
    assert [(u.name, dict(u.filters), u.value) for u in used] == [
        ("contingent", {"grade": 7}, 3),
        ("contingent", {}, 4),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('count("contingent") / count("contingent", {"grade": 1})', "ноль"),
        ('range(0, 90000).map(x, range(0, 90000).map(y, x * y).sum()).sum()', "шагов|дольше"),
        ('value("contingent", "learners", {"grade": "седьмой"}) + base.phone', "не сочетаются"),
    ],
)  # fmt: skip
def test_a_failing_expression_says_what_and_where(text, says, school):
    compiled = compile_expression(text, "pupils.all.total", schema=SCHEMA)
    with pytest.raises(ExpressionError) as caught:
        compiled.evaluate(world(school), school.pk)
    assert re.search(says, caught.value.reason)
    assert str(caught.value).startswith("pupils.all.total")
    assert caught.value.line == (None if "шагов" in says else 1)


def test_a_form_fills_itself_in_the_order_of_its_cells(school):
    PostFactory(organisation=school, title="Учитель физики")
    form = CompiledForm(SCHEMA)
    assert form.faults == []
    filled = form.fill(world(school), school.pk, CellValues())
    assert filled.faults == {}
    assert filled.values == {
        "base.phone": "+7 3842 11-22-33",
        "pupils.g7.total": 3,
        "pupils.g7.girls": 2,
        "pupils.g8.total": 1,
        "pupils.all.total": 4,
    }
    assert filled.rows == {"teachers": [{"title": "Учитель физики", "posts": 1}]}


def test_typed_cells_are_kept_and_their_dependents_follow(school):
    form = CompiledForm(SCHEMA)
    known = CellValues({"pupils.g7.total": Decimal(30)})
    filled = form.fill(world(school), school.pk, known, keep={"pupils.g7.total"})
    assert filled.values["pupils.g7.total"] == 3, "what the records give is still known"
    assert filled.values["pupils.all.total"] == 31
    assert form.dependents(["pupils.g7.total"]) == ["pupils.all.total"]
    assert form.dependents(["base.shifts"]) == []


def test_a_circle_is_a_fault_of_each_of_its_cells():
    block = Block(
        "a", "A", BlockKind.FIELDS,
        (Field("x", "X", source="a.y + 1"), Field("y", "Y", source="a.z"),
         Field("z", "Z", source="a.x"), Field("w", "W", source="1 + 1")),
    )  # fmt: skip
    schema = Schema((Section("s", "S", blocks=(block,)),))
    form = CompiledForm(schema)
    assert {error.rule for error in form.faults} == {"a.x", "a.y", "a.z"}
    assert "«X» → «Y» → «Z» → «X»" in form.faults[0].reason, "names, not codes"
    assert form.order == ["a.w"]


def test_a_circle_is_named_before_it_is_closed():
    fields = (
        Field("a", "A", source="sums.b + 1"), Field("b", "B", source="sums.c"), Field("c", "C"),
    )  # fmt: skip
    block = Block("sums", "Sums", BlockKind.FIELDS, fields)
    schema = Schema((Section("one", "One", blocks=(block,)),))
    form = CompiledForm(schema)

    def way(place, text):
        return form.circle(place, compile_expression(text, place, schema=schema))

    assert way("sums.c", "sums.a + 1") == ["sums.c", "sums.a", "sums.b", "sums.c"]
    assert way("sums.c", "sums.c") == ["sums.c", "sums.c"]
    assert way("sums.a", "sums.b") == []


def test_vetting_a_form_finds_every_faulty_expression():
    broken = replace(BASE.fields[0], source='value("passport", "fone")')
    schema = Schema(
        (Section("s", "S", blocks=(replace(BASE, fields=(broken, *BASE.fields[1:])), PUPILS)),),
        (Check("c", "pupils.g7.total >", "M"),),
    )
    assert sorted(error.rule for error in vet_schema(schema)) == ["base.phone", "c"]


def test_checks_and_conditions(school):
    form = CompiledForm(SCHEMA)
    cells = CellValues({"pupils.g7.total": Decimal(1), "pupils.g7.girls": Decimal(2)})
    cells.set_list("clubs", {"r1": {"title": "Хор", "members": Decimal(5)}})
    results = {r.check.code: r.holds for r in form.run_checks(world(school), school.pk, cells)}
    assert results == {"parts": False, "clubs": False, "phone": False}
    assert form.asked(world(school), school.pk, cells) == {"base.seats": False}
    cells.set("base.canteen", True)
    assert form.asked(world(school), school.pk, cells) == {"base.seats": True}


def test_a_check_that_cannot_be_computed_is_no_check_that_holds(school):
    schema = replace(SCHEMA, checks=(Check("ratio", "pupils.g7.girls / pupils.g7.total < 1", "M"),))
    (result,) = CompiledForm(schema).run_checks(world(school), school.pk, CellValues())
    assert not result.holds
    assert "ноль" in result.fault.reason


def test_a_slow_expression_is_stopped_and_takes_nothing_from_the_others(school):
    few = str(list(range(12)))
    slow = f"{few}.all(a, {few}.all(b, {few}.all(c, {few}.all(d, a + b + c + d > -1))))"
    fields = (Field("slow", "Slow", source=f"{slow} ? 1 : 0"), Field("quick", "Quick", source="2"))
    block = Block("sums", "Sums", BlockKind.FIELDS, fields)
    checks = (Check("slow", slow, "slow"), Check("quick", "1 < 2", "quick"))
    form = CompiledForm(Schema((Section("one", "One", blocks=(block,)),), checks))
    filled = form.fill(world(school), school.pk, CellValues())
    assert filled.values == {"sums.quick": 2}
    assert set(filled.faults) == {"sums.slow"}
    found = form.run_checks(world(school), school.pk, CellValues())
    assert [(r.check.code, r.holds, r.fault is None) for r in found] == [
        ("slow", False, False),
        ("quick", True, True),
    ]


@pytest.mark.parametrize("count", [1, 4])
def test_each_dataset_is_asked_once_for_all_organisations(count, school, django_assert_num_queries):
    schools = [school, *(OrganisationFactory() for _ in range(count - 1))]
    form, everywhere = CompiledForm(SCHEMA), world(*schools)
    with django_assert_num_queries(3):  # contingent, passport, staff
        for one in schools:
            form.fill(everywhere, one.pk, CellValues())


def test_a_place_of_several_organisations_is_their_sum(school):
    other = OrganisationFactory(municipality=school.municipality)
    EnrolmentFactory(group=ClassGroupFactory(organisation=other, grade=7))
    place = school.municipality_id
    many = World({place: [school.pk, other.pk]}, as_of=DAY, start=DAY, end=DAY)
    formula = compile_expression('count("contingent", {"grade": 7})', "i", organisation=False)
    assert formula.evaluate(many, place) == 4
    with pytest.raises(ExpressionError, match="organisation"):
        compile_expression("organisation.kind", "i", organisation=False)


def test_a_condition_in_a_list_looks_at_its_own_row(school):
    """Members are asked of clubs that are named, and of a school that has any learners."""
    (general, more) = SCHEMA.sections
    clubs = more.blocks[0]
    title, members = clubs.fields
    condition = 'row.title != "" && count("contingent") > 0'
    members = replace(members, relevant=condition, required=True)
    block = replace(clubs, fields=(title, members))
    schema = Schema((general, replace(more, blocks=(block, *more.blocks[1:]))))
    assert vet_schema(schema) == []
    form = CompiledForm(schema)
    cells = CellValues()
    cells.set_list("clubs", {"r1": {"title": "Хор"}, "r2": {"members": Decimal(2)}})
    asked = form.asked(world(school), school.pk, cells)
    assert {k: v for k, v in asked.items() if k.startswith("clubs")} == {
        "clubs.r1.members": True,
        "clubs.r2.members": False,
        "clubs.*.members": False,
    }
