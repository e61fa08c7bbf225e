"""What the checks of an item notice beyond its reading."""

from __future__ import annotations

import pytest

from sreda.assessment.qti import check_item
from sreda.assessment.qti.check.schema import ATTRIBUTES
from sreda.assessment.qti.check.types import OPERANDS, RESULTS
from sreda.assessment.qti.expressions import KINDS
from sreda.assessment.qti.xml.names import ELEMENTS, EXPRESSIONS, kebab, qti3_name

from .cases import (
    MAP_RESPONSE,
    MATCH_CORRECT,
    SCORE,
    b,
    base,
    d,
    f,
    i,
    item,
    m,
    op,
    outcome,
    processing,
    response,
    s,
    set_outcome,
    var,
)
from .worlds import CHOICE, RIGHT_IS_A, codes, manifest, package, resource

DECLARED = response("identifier", correct="A") + SCORE


def found(declarations: str, body: str = CHOICE, rules: str = MATCH_CORRECT) -> dict[str, str]:
    """Issues of an item: code to place and words."""
    return {one.code: one.text() for one in check_item(item(declarations, body, rules))}


def test_a_sound_item_has_no_issues():
    assert found(DECLARED) == {}


def test_every_expression_of_the_standard_is_known():
    assert {f"qti-{name}" for name in EXPRESSIONS} == set(KINDS)
    assert {f"qti-{name}" for name in (*OPERANDS, *RESULTS)} <= set(KINDS)
    assert set(KINDS) <= set(ATTRIBUTES) | {"qti-custom-operator"}
    assert set(ATTRIBUTES) <= ELEMENTS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("responseIdentifier", "response-identifier"),
        ("durationLT", "duration-lt"),
        ("anyN", "any-n"),
        ("gapImg", "gap-img"),
        ("matchMax", "match-max"),
    ],
)
def test_names_of_qti_2(old, new):
    made = qti3_name(old) or kebab(old)
    assert made.removeprefix("qti-") == new
    assert qti3_name("div") is None
    assert qti3_name("durationGTE") == "qti-duration-gte"


FAULTS = [
    ("element-unknown", (DECLARED, CHOICE + "<qti-nothing/>")),
    ("element-unknown", (DECLARED, CHOICE + "<marquee>x</marquee>")),
    ("script", (DECLARED, CHOICE + "<script>x</script>")),
    ("script", (DECLARED, CHOICE + '<p onclick="x()">y</p>')),
    ("script", (DECLARED, CHOICE + '<p><a href="java&#10;script:x()">y</a></p>')),
    ("script", (DECLARED, CHOICE + '<iframe src="x"/>')),
    ("attribute-missing", (DECLARED, CHOICE + '<p><qti-printed-variable/></p>')),
    ("attribute-unknown", (DECLARED, CHOICE.replace("response-", 'colour="red" response-', 1))),
    ("attribute-value", (DECLARED, CHOICE.replace("response-", 'shuffle="yes" response-', 1))),
    ("attribute-value", (DECLARED, CHOICE.replace("response-", 'max-choices="-1" response-', 1))),
    ("interaction-lax", (DECLARED, CHOICE.replace("response-", 'min-choices="3" response-', 1))),
    ("id-twice", (DECLARED, CHOICE + '<p id="x"/><p id="x"/>')),
    ("reference-unknown", (DECLARED, CHOICE + '<p data-catalog-idref="no">x</p>')),
    ("variable-unknown", (DECLARED, CHOICE.replace("RESPONSE", "GONE"))),
    ("variable-unused", (DECLARED, "<p>?</p>")),
    ("response-twice", (DECLARED, CHOICE + CHOICE)),
    ("response-type", (response("float", correct="1") + SCORE, CHOICE)),
    ("choice-unknown", (response("identifier", correct="Z") + SCORE, CHOICE)),
    ("correct-missing", (response("identifier") + SCORE, CHOICE)),
    ("mapping-missing", (DECLARED, CHOICE, MAP_RESPONSE)),
    ("no-scoring", (DECLARED, CHOICE, "")),
    ("identifier-twice", (DECLARED + SCORE, CHOICE)),
    ("identifier-form", (DECLARED + SCORE.replace("SCORE", "1x"), CHOICE)),
    ("base-type", (DECLARED + SCORE.replace("float", "colour").replace("SCORE", "X"), CHOICE)),
    ("cardinality", (DECLARED + SCORE.replace("single", "lots").replace("SCORE", "X"), CHOICE)),
    ("value", (response("integer", correct="one") + SCORE, CHOICE)),
    ("values-many", (response("identifier", correct="A|B") + SCORE, CHOICE)),
    (
        "bounds",
        (
            response("identifier", correct="A", more='<qti-mapping lower-bound="2" upper-bound="1">'
                     '<qti-map-entry map-key="A" mapped-value="1"/></qti-mapping>') + SCORE,
            CHOICE,
        ),
    ),
    (
        "map-twice",
        (
            response("identifier", correct="A", more="<qti-mapping>"
                     + '<qti-map-entry map-key="A" mapped-value="1"/>' * 2 + "</qti-mapping>")
            + SCORE,
            CHOICE,
        ),
    ),
    (
        "coords",
        (
            response("point", correct="1 1", more='<qti-area-mapping><qti-area-map-entry '
                     'shape="circle" coords="1,2" mapped-value="1"/></qti-area-mapping>') + SCORE,
            '<qti-select-point-interaction response-identifier="RESPONSE"/>',
        ),
    ),
    ("table-missing", (DECLARED, CHOICE, processing(
        f'<qti-lookup-outcome-value identifier="SCORE">{i(1)}</qti-lookup-outcome-value>'))),
    ("rule-unknown", (DECLARED, CHOICE, processing("<qti-set-response-value/>"))),
    ("variable-kind", (DECLARED, CHOICE, processing(set_outcome("RESPONSE", d("A"))))),
    ("feedback-dead", (DECLARED + outcome("FB", "identifier"), CHOICE
                       + '<p><qti-feedback-inline outcome-identifier="FB" identifier="x" '
                       'show-hide="show">y</qti-feedback-inline></p>')),
    ("pattern", (DECLARED, CHOICE + '<p><qti-text-entry-interaction response-identifier="RESPONSE" '
                 'pattern-mask="["/></p>')),
    ("interaction-custom", (DECLARED,
                            '<qti-custom-interaction response-identifier="RESPONSE"/>')),
    ("include", (DECLARED, CHOICE, processing('<xi:include href="gone.xml"/>'))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "parts"), FAULTS)
def test_faults_are_noticed_and_placed(code, parts):
    issues = found(*parts)
    assert code in issues
    assert issues[code].startswith("i.xml:1 <")


TYPES = [
    (op("sum", s("a"), i(1)), True),
    (op("sum", var("RESPONSE"), i(1)), True),
    (op("sum", i(1), f(1)), False),
    (op("and", i(1)), True),
    (op("and", op("lt", i(1), f(2))), False),
    (op("not", op("sum", i(1))), True),
    (op("integer-divide", f(1), i(2)), True),
    (op("integer-divide", op("round", f(1)), i(2)), False),
    (op("member", d("A"), var("RESPONSE")), True),
    (op("member", d("A"), m(var("RESPONSE"))), False),
    (op("member", i(1), m(d("A"))), True),
    (op("match", var("RESPONSE"), base("point", "1 1")), True),
    (op("match", var("RESPONSE"), m(d("A"))), True),
    (op("match", i(1), f(1)), False),
    (op("duration-lt", var("duration"), base("duration", 5)), False),
    (op("lt", var("duration"), i(5)), True),
    (op("string-match", var("RESPONSE"), s("A"), case_sensitive="true"), False),
    (op("stats-operator", i(1), name="mean"), True),
    (op("index", m(i(1)), n="1"), False),
    (op("contains", op("delete", d("A"), m(d("A"), d("B"))), m(d("B"))), False),
    (op("equal", op("field-value", var("R"), field_identifier="x"), i(1)), False),
    (op("custom-operator", i(1), **{"class": "x"}), False),
]


@pytest.mark.parametrize(("expression", "wrong"), TYPES)
def test_types_are_worked_out(expression, wrong):
    record = '<qti-response-declaration identifier="R" cardinality="record"/>'
    bag = f"<qti-is-null>{expression}</qti-is-null>"
    rules = processing(
        f"<qti-response-condition><qti-response-if>{bag}</qti-response-if></qti-response-condition>"
    )
    assert ("operand-type" in found(DECLARED + record, CHOICE, rules)) is wrong


def test_conditions_and_targets_have_types_too():
    rules = processing(
        f"<qti-response-condition><qti-response-if>{i(1)}</qti-response-if></qti-response-condition>"
    )
    assert "operand-type" in found(DECLARED, CHOICE, rules)
    assert "operand-type" in found(DECLARED, CHOICE, processing(set_outcome("SCORE", b(True))))
    assert "operand-type" not in found(DECLARED, CHOICE, processing(set_outcome("SCORE", i(1))))


def test_stimuli_and_doubled_items_of_a_package():
    stimulus = (
        '<qti-assessment-stimulus xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" '
        'identifier="s" title="s"><qti-stimulus-body><script/><qti-magic/></qti-stimulus-body>'
        "</qti-assessment-stimulus>"
    )
    files = {"s.xml": stimulus, "a.xml": RIGHT_IS_A, "b.xml": RIGHT_IS_A}
    held = {name: text.encode() for name, text in files.items()}
    held["imsmanifest.xml"] = manifest(
        resource("s", "s.xml", kind="imsqti_stimulus_xmlv3p0"),
        resource("a", "a.xml"), resource("b", "b.xml"),
    )  # fmt: skip
    made = package(held)
    assert codes(made) == {"script", "element-unknown", "item-twice"}
    assert set(made.stimuli) == {"s.xml"}
