"""Whatever comes in, nothing crashes, nothing hangs, and what is written can be read again."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sreda.assessment.qti import (
    Element,
    QtiError,
    SessionError,
    TestSession,
    dump,
    load,
    read_item,
    read_json,
    score,
    to_json,
    to_pci,
    write_item,
    write_xml,
)
from sreda.assessment.qti.expressions import KINDS
from sreda.assessment.qti.expressions.patterns import PatternError, full_match
from sreda.assessment.qti.values import (
    DirectedPair,
    Duration,
    Multiple,
    Ordered,
    Pair,
    Point,
    Record,
)
from sreda.assessment.qti.values.numbers import float_text, parse_float
from sreda.assessment.qti.words import words
from sreda.assessment.qti.xml import QTI3, XmlLimits, read_xml
from sreda.assessment.qti.xml.names import ELEMENTS

from .cases import SCORE, base, item_text, op, outcome, processing, response, set_outcome, var
from .test_items import ADAPTIVE, INTERACTIONS, RANDOM
from .worlds import AT, CHOICE, RIGHT_IS_A, files_of, make_text, package, part, ref, section

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KNOWN = words("""
    identifier base-type cardinality response-identifier n min max figures tolerance coords
    shape pattern name href map-key mapped-value select template number-repeats class
    max-choices min-choices identifierref default-value view format
    """)
NAMES = st.sampled_from([*sorted(ELEMENTS), "p", "div", "img", "script", "unknown", "qti-unknown"])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(sorted(KNOWN)),
    st.one_of(
        st.sampled_from(["SCORE", "RESPONSE", "1", "-1", "0.5", "integer", "single", "record", "",
                         "NaN", "1e400", "9" * 60, "{X}", "rect", "1,2,3,4", "(", "true", "\\"]),
        st.text(max_size=8),
    ),
    max_size=4,
)  # fmt: skip
TEXTS = st.text(max_size=12)


def element(children) -> st.SearchStrategy[Element]:
    return st.builds(
        lambda name, attributes, inner: Element(name, attributes, *inner, ns=QTI3),
        NAMES, ATTRIBUTES, st.lists(children, max_size=4),
    )  # fmt: skip


TREES = st.recursive(element(TEXTS), lambda inner: element(st.one_of(inner, TEXTS)), max_leaves=20)


@QUICK
@given(st.lists(TREES, max_size=6), st.integers(0, 3))
def test_random_items_never_crash(parts, seed):
    root = Element(
        "qti-assessment-item",
        {"identifier": "x", "title": "x", "time-dependent": "false"},
        *read_xml(f'<a xmlns="{QTI3}">{response("identifier", correct="A")}{SCORE}</a>').elements,
        *parts,
        ns=QTI3,
    )
    made = read_item(write_xml(root))
    scored = score(made, {"RESPONSE": "A"}, seed=seed)
    dump_all = {name: load(dump(value)) for name, value in scored.outcomes.items()}
    assert set(dump_all) == set(scored.outcomes)
    again = read_item(write_item(made))
    assert again.source.same_as(made.source)


RULES = st.recursive(
    st.sampled_from(
        [base("integer", n) for n in (-3, 0, 2, 7)]
        + [base("float", x) for x in ("0.1", "-2.5", "INF", "NaN", "1e308", "1e-308")]
        + [base("string", x) for x in ("", "a", "строка")]
        + [base("boolean", "true"), base("point", "1 2"), base("pair", "A B"), "<qti-null/>"]
        + [base("duration", 3), var("RESPONSE"), var("SCORE")]
    ),
    lambda inner: st.builds(
        lambda name, operands: op(
            name.removeprefix("qti-"), *operands, n="1", min="1", max="2", figures="2",
            tolerance="1", tolerance_mode="absolute", shape="default", pattern="a*",
            number_repeats="3", case_sensitive="false", field_identifier="a",
            identifier="RESPONSE", base_type="integer", rounding_mode="decimalPlaces",
        ),
        st.sampled_from(sorted(KINDS)),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RULES)
def test_random_expressions_never_crash(rule):
    text = item_text(
        response("identifier", correct="A") + SCORE + outcome("ANY", "identifier", "multiple"),
        CHOICE,
        processing(set_outcome("SCORE", rule), set_outcome("ANY", rule)),
    )
    scored = score(read_item(text), {"RESPONSE": "A"})
    assert set(scored.as_json()) == {"SCORE", "ANY", "completionStatus"}
    assert not any("stopped" in note for note in scored.notes), scored.notes


@QUICK
@given(st.binary(max_size=300))
def test_random_bytes_never_crash(data):
    with pytest.raises(QtiError):
        read_item(data)


@QUICK
@given(st.data())
def test_damaged_items_never_crash(data):
    text = data.draw(st.sampled_from([RIGHT_IS_A, ADAPTIVE, RANDOM]))
    at = data.draw(st.integers(0, len(text) - 1))
    much = data.draw(st.integers(0, 30))
    put = data.draw(st.text(max_size=10))
    try:
        made = read_item(text[:at] + put + text[at + much :])
    except QtiError:
        return
    score(made, {"RESPONSE": "A"})
    made.source.copy()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["base", "list", "record", "identifier", "name", "file", "data", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(JSON, st.sampled_from(sorted(INTERACTIONS)))
@example([{"list": {}}], "choice")
def test_random_responses_never_crash(data, kind):
    declaration, body, _, _ = INTERACTIONS[kind]
    made = read_item(item_text(declaration + SCORE, body))
    score(made, {"RESPONSE": data})


@QUICK
@given(st.text(alphabet="ab01[]{}()\\^$.*+?|-dwpPLuis,&", max_size=14), st.text(max_size=8))
def test_random_patterns_never_crash(pattern, text):
    with suppress(PatternError):
        full_match(pattern, text)


def test_a_hostile_pattern_is_quick():
    assert full_match("(a+)+b", "a" * 4000) is False
    with pytest.raises(PatternError):
        full_match("a" * 3000, "a")


# Round trips

FLOATS = st.floats(allow_nan=False)
SINGLES = {
    "identifier": st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True),
    "boolean": st.booleans(),
    "integer": st.integers(-(10**20), 10**20),
    "float": FLOATS.map(lambda x: Fraction(repr(x)) if math.isfinite(x) else x),
    "string": st.text(min_size=1, max_size=10),
    "point": st.builds(Point, st.integers(-999, 999), st.integers(-999, 999)),
    "pair": st.builds(Pair, st.sampled_from("ABC"), st.sampled_from("ABC")),
    "directedPair": st.builds(DirectedPair, st.sampled_from("ABC"), st.sampled_from("ABC")),
    "duration": st.integers(0, 10**6).map(lambda x: Duration(Fraction(x, 8))),
}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_values_round_trip_through_json(data):
    kind = data.draw(st.sampled_from(sorted(SINGLES)))
    cardinality = data.draw(st.sampled_from(["single", "multiple", "ordered", "record"]))
    some = SINGLES[kind]
    if cardinality == "single":
        value = data.draw(some)
    elif cardinality == "record":
        value = Record({"f": data.draw(some)}, {"f": kind})
    else:
        made = data.draw(st.lists(some, min_size=1, max_size=4))
        value = (Multiple if cardinality == "multiple" else Ordered)(made)
    assert load(dump(value)) == value
    assert read_json(to_pci(value, kind, cardinality), kind, cardinality) == value
    if cardinality != "record":
        assert read_json(to_json(value), kind, cardinality) == value


@settings(max_examples=100, deadline=None)
@given(FLOATS)
def test_floats_print_so_that_they_read_back(number):
    assert float(parse_float(float_text(number))) == number


@QUICK
@given(TREES)
def test_trees_round_trip_through_xml(tree):
    once = read_xml(write_xml(tree))
    assert read_xml(write_xml(once)).same_as(once)


# Bombs

BILLION = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<qti-assessment-item>&b;</qti-assessment-item>"
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<qti-assessment-item>&a;</qti-assessment-item>"
)
PARAMETER = '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://x/y.dtd"> %a;]><qti-assessment-item/>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BILLION, "xml-entity"),
        (OUTSIDE, "xml-entity"),
        (PARAMETER, "xml-entity"),
        ("<a>" * 500 + "</a>" * 500, "xml-deep"),
        ("", "xml-broken-at"),
        ("<a><b></a>", "xml-broken-at"),
        ("<a x='1' x='2'/>", "xml-broken-at"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "xml-broken"),
        ("<a/>", "not-qti"),
        ("<qti-and/>", "not-qti"),
    ],
)
def test_bombs_are_refused(text, code):
    with pytest.raises(QtiError) as error:
        read_item(text)
    assert error.value.issue.code == code


def test_size_is_bounded():
    with pytest.raises(QtiError) as error:
        read_xml("<a>" + "x" * 1000 + "</a>", limits=XmlLimits(bytes=100))
    assert error.value.issue.code == "too-large"
    with pytest.raises(QtiError) as error:
        read_xml("<a>" + "<b/>" * 1000 + "</a>", limits=XmlLimits(elements=1000))
    assert error.value.issue.code == "xml-many"


def test_deep_rules_are_listed():
    rule = base("boolean", "true")
    for _ in range(150):
        rule = f"<qti-not>{rule}</qti-not>"
    made = read_item(item_text(SCORE, "", processing(set_outcome("SCORE", rule))))
    assert "operands" in {issue.code for issue in made.issues}
    score(made, {})


def test_wide_numbers_stay_bounded():
    rule = base("integer", "9" * 300)
    for _ in range(12):
        rule = op("product", rule, rule) if len(rule) < 10**5 else rule
    made = read_item(item_text(SCORE, "", processing(set_outcome("SCORE", rule))))
    assert score(made, {}).as_json()["SCORE"] == "INF"


def test_containers_and_numbers_do_not_explode():
    grow = set_outcome("BAG", op("multiple", var("BAG"), var("BAG"), base("integer", 1)))
    square = set_outcome("N", op("lcm", var("N"), op("sum", var("N"), base("integer", 1))))
    nested = "<qti-null/>"
    for _ in range(5):
        nested = op("repeat", nested, number_repeats="10000")
    rules = processing(*[grow] * 60, *[square] * 60, set_outcome("EMPTY", nested))
    made = read_item(
        item_text(
            outcome("BAG", "integer", "multiple")
            + outcome("N", "integer", default="2")
            + outcome("EMPTY", "integer", "ordered"),
            "",
            rules,
        )
    )
    scored = score(made, {})
    assert len(scored.outcomes["BAG"] or ()) <= 100_000
    assert scored.outcomes["N"] is None
    assert any("100000" in note for note in scored.notes)


def test_a_test_is_only_so_long():
    endless = '<qti-selection select="999999999" with-replacement="true"/>'
    inner = section("T", endless, ref("a"))
    files = files_of(make_text(part("P", section("S", endless, inner))))
    found = package(files)
    assert "selection-many" in {issue.code for issue in found.issues}
    session = TestSession.start(found.tests["test.xml"], at=AT)
    assert len(session.plan) == 10_000


def test_encodings_are_read():
    text = RIGHT_IS_A.replace(">a<", ">да<")
    for encoding in ("utf-8", "utf-16", "windows-1251"):
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        made = read_item((head + text).encode(encoding))
        assert "да" in made.source.text


# Ways through a test

STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(words("answer blank submit advance go suspend expire exit pass"))),
        st.integers(0, 50),
        st.integers(0, 5),
    ),
    max_size=25,
)
TIMED = make_text(
    part(
        "P",
        section(
            "S",
            '<qti-time-limits max-time="100"/><qti-ordering shuffle="true"/>',
            ref("a", '<qti-branch-rule target="c"><qti-variable identifier="a.RIGHT"/>'
                "</qti-branch-rule>"),
            ref("b", '<qti-item-session-control max-attempts="2"/>'),
            ref("c", '<qti-time-limits min-time="5" max-time="30"/>'),
        ),
    ),
    part("Q", section("T", *map(ref, "def")), mode="nonlinear simultaneous"),
    part("R", section("U", ref("g"), ref("h")), mode="nonlinear individual"),
    outcomes=outcome("TOTAL"),
    rules=set_outcome("TOTAL", op("sum", op("test-variables", variable_identifier="SCORE"))),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 9))
def test_no_way_through_a_test_breaks_it(steps, seed):
    test = package(files_of(TIMED)).tests["test.xml"]
    session, at = TestSession.start(test, at=AT, seed=seed), AT
    for word, seconds, which in steps:
        at += timedelta(seconds=seconds)
        with suppress(SessionError):
            match word:
                case "answer":
                    session.respond({"RESPONSE": "AB"[which % 2]}, at)
                case "blank":
                    session.respond({}, at)
                case "submit":
                    session.submit(at)
                case "advance":
                    session.advance(at)
                case "pass":
                    session.pass_by(at)
                case "go":
                    session.navigate("abcdefgh"[which], at)
                case "suspend":
                    session.suspend(at)
                    session.resume(at)
                case "expire":
                    session.expire(at)
                case "exit":
                    session.exit_part(at)
        kept = session.to_dict()
        session = TestSession.from_dict(test, json.loads(json.dumps(kept)))
        assert session.to_dict() == kept
        assert (session.current is None) == (session.status == "closed")
    session.end(at)
    right = sum(1 for one in session.item_outcomes().values() if one["SCORE"] == 1)
    assert to_json(session.outcomes()["TOTAL"]) == right


@pytest.mark.parametrize("base_type", ["integer", "intOrIdentifier", "float"])
def test_no_number_is_kept_that_cannot_be_read_back(base_type: str) -> None:
    for digits in (400, 401, 4000):
        with suppress(ValueError):
            kept = dump(read_json(int("9" * digits), base_type, "single"))
            assert load(json.loads(json.dumps(kept))) is not None
