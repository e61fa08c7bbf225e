"""The rules engine: exact numbers, honest types, a sandbox with limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sreda.kernel.rules import Budget, Limits, RuleError, compile_expression
from sreda.kernel.rules.errors import LimitError


def value(text: str, **names: Any) -> Any:
    return compile_expression(text, name="test").evaluate(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("round(80 / 300, 2)", Decimal("0.27")),
        ("round(0.125, 2)", Decimal("0.13")),
        ("round(-0.125, 2)", Decimal("-0.13")),
        ("47.6 + 510.0 + 547.4 + 2700.0 + 700.0", Decimal("4505.0")),
        ("[1, 2, 3].map(x, x * 2).sum()", Decimal(12)),
        ("[1, 2, 3].filter(x, x > 1).size()", Decimal(2)),
        ("[1, 2].all(x, x > 0) && [1, 2].exists(x, x == 2)", True),
        ("[1, 2, 3].reduce(total, x, 0, total + x)", Decimal(6)),
        ("max([3, 1]) - min([3, 1])", Decimal(2)),
        ("!('b' in ['a'])", True),
        ("-(2) < 0 ? 'да' : 'нет'", "да"),
        ("subset([47.6, 510.0, 547.4, 2700.0], 1105.0)", [Decimal(0), Decimal(1), Decimal(2)]),
        ("near('659811', 650000, 650999)", ["650811"]),
        ("distance('Осинники', 'Осиники')", Decimal(1)),
        ("initials('Муниципальное бюджетное учреждение')", "МБУ"),
        ("find('650000, г. Кемерово', '^[0-9]+')", "650000"),
        ("date('2019-03-15') - date('2019-03-01')", Decimal(14)),
        ("date('2019-03-01') < date('2019-03-15')", True),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert value(text) == expected


def test_rows_nulls_and_dates_come_in_as_they_are() -> None:
    rows = [{"a": 1, "on": date(2019, 3, 1)}, {"a": None, "on": None}]
    assert value("rows.all(r, r.a == null || r.a > 0)", rows=rows) is True
    assert value("rows.filter(r, r.on != null).map(r, year(r.on))", rows=rows) == [Decimal(2019)]


def test_sums_of_many_decimals_are_exact() -> None:
    assert value("rows.sum()", rows=[Decimal("0.1")] * 1000) == Decimal(100)


def test_floats_do_not_get_in() -> None:
    with pytest.raises(RuleError, match="float"):
        value("x + 1", x=0.1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 +", "cannot be read"),
        ("1 + 'a'", r"number \+ text"),
        ("'1' == 1", "text == number"),
        ("true + 1", r"bool \+ number"),
        ("1 / 0", "division by zero"),
        ("row.absent", "absent"),
        ("unknown", "unknown"),
        ("unknown(1)", "no function unknown"),
        ("[1][5]", "invalid"),
        ("1u", "without u"),
        ("row.a && true", "true or false"),
    ],
)
def test_a_wrong_rule_says_its_name_and_why(text: str, reason: str) -> None:
    with pytest.raises(RuleError, match=reason) as caught:
        value(text, row={"a": 1})
    assert caught.value.rule == "test"


def test_an_error_gives_line_and_column() -> None:
    with pytest.raises(RuleError) as caught:
        value("1 +\n  nothing(2)")
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "row.__class__", "'a'.format()", "row.a.__init__", "open('/etc/passwd')"],
)
def test_there_is_no_way_out(text: str) -> None:
    with pytest.raises(RuleError):
        value(text, row={"a": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "'" + "a" * 5000 + "'",
        "(" * 40 + "1" + ")" * 40,
        "[[1]]" + "[0]" * 500,
    ],
)
def test_too_long_or_too_deep(text: str) -> None:
    with pytest.raises(LimitError):
        value(text)


def test_loops_are_bounded_by_steps_and_by_time() -> None:
    nested = compile_expression("r.all(x, r.all(y, r.all(z, x + y + z > 0)))", name="loop")
    rows = {"r": [1] * 300}
    with pytest.raises(LimitError, match="steps"):
        nested.evaluate(rows, budget=Budget(Limits(steps=5_000)))
    with pytest.raises(LimitError, match="longer than"):
        nested.evaluate(rows, budget=Budget(Limits(steps=10**9, seconds=0.2)))


@pytest.mark.parametrize(
    "text",
    ["rows.reduce(t, x, 'ааааа', t + t)", "rows.reduce(t, x, [1, 2], t + t)",
     "rows.reduce(t, x, 9999999999, t * t)"],
)  # fmt: skip
def test_values_cannot_blow_up(text: str) -> None:
    with pytest.raises(RuleError):
        value(text, rows=[1] * 100)


def test_and_or_decide_from_either_side_as_cel_says() -> None:
    assert value("false && 1 / 0 == 1") is False
    assert value("1 / 0 == 1 || true") is True
    with pytest.raises(RuleError, match="zero"):
        value("1 / 0 == 1 && true")


def test_a_function_of_the_caller() -> None:
    text = compile_expression("twice(4)", name="own", declared=frozenset({"twice"}))
    assert text.evaluate({}, functions={"twice": lambda x: x * 2}) == Decimal(8)
