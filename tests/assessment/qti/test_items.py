"""Items from start to marks: rules, standard templates, attempts, every interaction."""

from __future__ import annotations

import json

import pytest

from sreda.assessment.qti import (
    ItemState,
    begin_attempt,
    content_of,
    end_attempt,
    outcomes_of,
    read_item,
    read_json,
    read_responses,
    respond,
    score,
    start,
    to_json,
    validate,
    write_item,
)
from sreda.assessment.qti.processing import TEMPLATES

from .cases import (
    MAP_POINT,
    MAP_RESPONSE,
    MATCH_CORRECT,
    NULL,
    SCORE,
    b,
    base,
    f,
    i,
    item,
    item_text,
    m,
    marked,
    op,
    outcome,
    points,
    processing,
    response,
    s,
    set_outcome,
    var,
)

MAPPING = (
    '<qti-mapping default-value="-1" lower-bound="-1" upper-bound="3">'
    '<qti-map-entry map-key="{0}" mapped-value="2"/>'
    '<qti-map-entry map-key="{1}" mapped-value="0.5"/></qti-mapping>'
)
AREAS = (
    '<qti-area-mapping><qti-area-map-entry shape="circle" coords="10,10,5" mapped-value="2"/>'
    "</qti-area-mapping>"
)


def choices(kind: str, *names: str, attributes: str = "") -> str:
    return "".join(f'<qti-{kind} identifier="{n}" {attributes}>{n}</qti-{kind}>' for n in names)


# kind -> (declaration, interaction, right answer, wrong answer); marked by match_correct
INTERACTIONS = {
    "choice": (
        response("identifier", correct="A"),
        '<qti-choice-interaction response-identifier="RESPONSE">'
        + choices("simple-choice", "A", "B")
        + "</qti-choice-interaction>",
        "A",
        "B",
    ),
    "choice-multiple": (
        response("identifier", "multiple", correct="A|C"),
        '<qti-choice-interaction response-identifier="RESPONSE" max-choices="0">'
        + choices("simple-choice", "A", "B", "C")
        + "</qti-choice-interaction>",
        ["C", "A"],
        ["A", "B", "C"],
    ),
    "order": (
        response("identifier", "ordered", correct="A|B|C"),
        '<qti-order-interaction response-identifier="RESPONSE">'
        + choices("simple-choice", "A", "B", "C")
        + "</qti-order-interaction>",
        ["A", "B", "C"],
        ["A", "C", "B"],
    ),
    "associate": (
        response("pair", "multiple", correct="A B|C D"),
        '<qti-associate-interaction response-identifier="RESPONSE" max-associations="2">'
        + choices("simple-associable-choice", "A", "B", "C", "D", attributes='match-max="1"')
        + "</qti-associate-interaction>",
        ["D C", "A B"],
        ["A C", "B D"],
    ),
    "match": (
        response("directedPair", "multiple", correct="A X|B Y"),
        '<qti-match-interaction response-identifier="RESPONSE" max-associations="0">'
        "<qti-simple-match-set>"
        + choices("simple-associable-choice", "A", "B", attributes='match-max="1"')
        + "</qti-simple-match-set><qti-simple-match-set>"
        + choices("simple-associable-choice", "X", "Y", attributes='match-max="1"')
        + "</qti-simple-match-set></qti-match-interaction>",
        ["B Y", "A X"],
        ["A Y", "B X"],
    ),
    "gap-match": (
        response("directedPair", "multiple", correct="W G1|S G2"),
        '<qti-gap-match-interaction response-identifier="RESPONSE">'
        + choices("gap-text", "W", "S", attributes='match-max="1"')
        + '<p><qti-gap identifier="G1"/> and <qti-gap identifier="G2"/></p>'
        "</qti-gap-match-interaction>",
        ["W G1", "S G2"],
        ["S G1", "W G2"],
    ),
    "inline-choice": (
        response("identifier", correct="Y"),
        '<p><qti-inline-choice-interaction response-identifier="RESPONSE">'
        + choices("inline-choice", "G", "L", "Y")
        + "</qti-inline-choice-interaction></p>",
        "Y",
        "L",
    ),
    "text-entry": (
        response("string", correct="York"),
        '<p><qti-text-entry-interaction response-identifier="RESPONSE"/></p>',
        "York",
        "york",
    ),
    "extended-text": (
        response("string", correct="long"),
        '<qti-extended-text-interaction response-identifier="RESPONSE"/>',
        "long",
        "short",
    ),
    "hottext": (
        response("identifier", correct="B"),
        '<qti-hottext-interaction response-identifier="RESPONSE"><p>'
        + choices("hottext", "A", "B")
        + "</p></qti-hottext-interaction>",
        "B",
        "A",
    ),
    "hotspot": (
        response("identifier", correct="A"),
        '<qti-hotspot-interaction response-identifier="RESPONSE"><img src="a.png" alt=""/>'
        + choices("hotspot-choice", "A", "B", attributes='shape="circle" coords="1,1,1"')
        + "</qti-hotspot-interaction>",
        "A",
        "B",
    ),
    "select-point": (
        response("point", correct="102 113"),
        '<qti-select-point-interaction response-identifier="RESPONSE" max-choices="1">'
        '<img src="a.png" alt=""/></qti-select-point-interaction>',
        "102 113",
        [1, 2],
    ),
    "graphic-order": (
        response("identifier", "ordered", correct="A|B"),
        '<qti-graphic-order-interaction response-identifier="RESPONSE"><img src="a.png" alt=""/>'
        + choices("hotspot-choice", "A", "B", attributes='shape="circle" coords="1,1,1"')
        + "</qti-graphic-order-interaction>",
        ["A", "B"],
        ["B", "A"],
    ),
    "graphic-associate": (
        response("pair", "multiple", correct="A B"),
        '<qti-graphic-associate-interaction response-identifier="RESPONSE">'
        '<img src="a.png" alt=""/>'
        + choices(
            "associable-hotspot", "A", "B", "C",
            attributes='shape="circle" coords="1,1,1" match-max="1"',
        )
        + "</qti-graphic-associate-interaction>",
        ["B A"],
        ["A C"],
    ),
    "graphic-gap-match": (
        response("directedPair", "multiple", correct="CBG A"),
        '<qti-graphic-gap-match-interaction response-identifier="RESPONSE">'
        '<img src="a.png" alt=""/>'
        '<qti-gap-img identifier="CBG" match-max="1"><img src="b.png" alt=""/></qti-gap-img>'
        + choices(
            "associable-hotspot", "A", "B",
            attributes='shape="circle" coords="1,1,1" match-max="1"',
        )
        + "</qti-graphic-gap-match-interaction>",
        ["CBG A"],
        ["CBG B"],
    ),
    "position-object": (
        response("point", correct="118 184"),
        '<qti-position-object-stage><img src="a.png" alt=""/>'
        '<qti-position-object-interaction response-identifier="RESPONSE">'
        '<img src="b.png" alt=""/></qti-position-object-interaction></qti-position-object-stage>',
        "118 184",
        "1 1",
    ),
    "slider": (
        response("integer", correct="16"),
        '<qti-slider-interaction response-identifier="RESPONSE" lower-bound="0" '
        'upper-bound="100" step="4"/>',
        16,
        20,
    ),
    "media": (
        response("integer", correct="2"),
        '<qti-media-interaction response-identifier="RESPONSE" autostart="false" max-plays="3">'
        '<audio src="a.mp3"/></qti-media-interaction>',
        2,
        1,
    ),
    "end-attempt": (
        response("boolean", correct="true"),
        '<qti-end-attempt-interaction response-identifier="RESPONSE" title="Hint"/>',
        True,
        False,
    ),
    "portable-custom": (
        response("integer", correct="4"),
        '<qti-portable-custom-interaction response-identifier="RESPONSE" module="m" '
        'custom-interaction-type-identifier="urn:x"><qti-interaction-markup/>'
        "</qti-portable-custom-interaction>",
        {"base": {"integer": 4}},
        {"base": {"integer": 5}},
    ),
    "custom": (
        response("string", correct="x"),
        '<qti-custom-interaction response-identifier="RESPONSE"/>',
        "x",
        "y",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", INTERACTIONS)
def test_interaction(kind):
    declaration, body, right, wrong = INTERACTIONS[kind]
    made = item(declaration + SCORE, body, MATCH_CORRECT)
    assert [issue.text() for issue in made.issues if issue.severity == "error"] == []
    assert [one.kind for one in made.interactions] == [kind.removesuffix("-multiple")]
    scored = marked(made, RESPONSE=right)
    assert scored.as_json() == {"SCORE": 1.0, "completionStatus": "completed"}
    assert scored.problems == ()
    assert points(made, RESPONSE=wrong) == 0.0
    assert points(made) == 0.0
    assert points(made, RESPONSE=None) == 0.0
    again = read_item(write_item(made))
    assert again.source.same_as(made.source)
    assert points(again, RESPONSE=right) == 1.0


@pytest.mark.parametrize("kind", ["drawing", "upload"])
def test_files_are_taken_but_not_marked(kind):
    body = f'<qti-{kind}-interaction response-identifier="RESPONSE"><img src="a.png" alt=""/>' \
        f"</qti-{kind}-interaction>"  # fmt: skip
    made = item(response("file") + SCORE, body)
    held = {"base": {"file": {"name": "a.txt", "mime": "text/plain", "data": "aGVsbG8="}}}
    values, problems = read_responses(made, {"RESPONSE": held})
    assert problems == ()
    assert values["RESPONSE"].data == b"hello"
    assert points(made, RESPONSE=held) == 0.0


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("A", 2.0), ("B", 0.5), ("C", -1.0), (None, 0.0), ("", 0.0)],
)
def test_map_response(given, wanted):
    made = item(response("identifier", more=MAPPING.format("A", "B")) + SCORE, "", MAP_RESPONSE)
    assert points(made, RESPONSE=given) == wanted


def test_map_response_of_a_container():
    more = MAPPING.format("A B", "C D")
    made = item(response("pair", "multiple", more=more) + SCORE, "", MAP_RESPONSE)
    assert points(made, RESPONSE=["B A", "C D"]) == 2.5
    assert points(made, RESPONSE=["B A", "A B"]) == 2.0
    assert points(made, RESPONSE=["X Y", "Y Z"]) == -1.0


def test_map_response_point():
    made = item(response("point", more=AREAS) + SCORE, "", MAP_POINT)
    assert points(made, RESPONSE="12 12") == 2.0
    assert points(made, RESPONSE="90 90") == 0.0
    assert points(made) == 0.0


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(
    "uri",
    [
        "http://www.imsglobal.org/question/qti_v2p1/rptemplates/{}",
        "http://www.imsglobal.org/question/qti_v2p2/rptemplates/{}.xml",
        "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{}.xml",
        "https://www.imsglobal.org/question/qti_v3p0/rptemplates/{}",
    ],
)
def test_standard_templates_by_every_name(name, uri):
    more = MAPPING.format("A", "B") + AREAS
    made = item(
        response("identifier", correct="A", more=more)
        + SCORE
        + outcome("MAXSCORE", default="2")
        + outcome("FEEDBACK", "identifier")
        + outcome("FEEDBACKBASIC", "identifier"),
        "",
        f'<qti-response-processing template="{uri.format(name)}"/>',
    )
    assert "template-unknown" not in {issue.code for issue in made.issues}
    found = marked(made, RESPONSE="A").as_json()
    if name == "CC2_match_basic":
        assert (found["SCORE"], found["FEEDBACKBASIC"]) == (2.0, "correct")
    elif name == "CC2_map_response":
        assert (found["SCORE"], found["FEEDBACK"]) == (2.0, "correct")
        wrong = marked(made, RESPONSE="B").as_json()
        assert (wrong["SCORE"], wrong["FEEDBACK"]) == (0.5, "incorrect")
    elif name != "map_response_point":
        assert found["SCORE"] == (2.0 if "map" in name else 1.0)


def test_an_unknown_template_is_listed():
    made = item(response("identifier") + SCORE, "", MATCH_CORRECT.replace("match_correct", "best"))
    assert "template-unknown" in {issue.code for issue in made.issues}
    assert points(made, RESPONSE="A") == 0.0


def test_conditions_take_the_first_branch():
    def branch(name: str, test: str, value: int) -> str:
        return f"<qti-response-{name}>{test}{set_outcome('SCORE', f(value))}</qti-response-{name}>"

    def equals(text: str) -> str:
        return op("match", var("RESPONSE"), base("identifier", text))

    made = item(
        response("identifier") + SCORE,
        "",
        processing(
            "<qti-response-condition>"
            + branch("if", equals("A"), 1)
            + branch("else-if", equals("B"), 2)
            + branch("else-if", equals("B"), 3)
            + branch("else", "", 9)
            + "</qti-response-condition>"
        ),
    )
    assert made.sound
    assert [points(made, RESPONSE=x) for x in ("A", "B", "C", None)] == [1.0, 2.0, 9.0, 9.0]


def test_null_is_not_true_and_exit_ends():
    made = item(
        SCORE,
        "",
        processing(
            f"<qti-response-condition><qti-response-if>{NULL}{set_outcome('SCORE', f(7))}"
            "</qti-response-if></qti-response-condition>",
            "<qti-response-processing-fragment>",
            set_outcome("SCORE", op("sum", var("SCORE"), f(1))),
            "<qti-exit-response/></qti-response-processing-fragment>",
            set_outcome("SCORE", f(5)),
        ),
    )
    assert points(made) == 1.0


def test_lookup_tables():
    match_table = (
        '<qti-match-table default-value="F"><qti-match-table-entry source-value="1" '
        'target-value="D"/><qti-match-table-entry source-value="2" target-value="C"/>'
        "</qti-match-table>"
    )
    steps = (
        '<qti-interpolation-table default-value="low">'
        '<qti-interpolation-table-entry source-value="80" target-value="high"/>'
        '<qti-interpolation-table-entry source-value="50" target-value="middle" '
        'include-boundary="false"/></qti-interpolation-table>'
    )
    made = item(
        response("integer")
        + outcome("GRADE", "identifier").replace("</qti-out", match_table + "</qti-out")
        + outcome("BAND", "identifier").replace("</qti-out", steps + "</qti-out"),
        "",
        processing(
            f'<qti-lookup-outcome-value identifier="GRADE">{var("RESPONSE")}'
            "</qti-lookup-outcome-value>",
            f'<qti-lookup-outcome-value identifier="BAND">{var("RESPONSE")}'
            "</qti-lookup-outcome-value>",
        ),
    )
    found = [marked(made, RESPONSE=x).as_json() for x in (1, 2, 50, 51, 80, None)]
    assert [one["GRADE"] for one in found] == ["D", "C", "F", "F", "F", "F"]
    assert [one["BAND"] for one in found] == ["low", "low", "low", "middle", "high", "low"]


@pytest.mark.parametrize(
    ("kind", "cardinality", "value", "wanted"),
    [
        ("float", "single", i(2), 2.0),
        ("integer", "single", f("2.0"), 2),
        ("identifier", "multiple", base("identifier", "A"), ["A"]),
        ("float", "multiple", m(i(1), f("2.5")), [1.0, 2.5]),
        ("string", "single", i(2), None),
        ("boolean", "single", b(True), True),
        ("float", "single", NULL, None),
        ("float", "single", m(i(1), i(2)), None),
    ],
)
def test_a_value_is_fitted_to_its_variable(kind, cardinality, value, wanted):
    made = item(outcome("X", kind, cardinality), "", processing(set_outcome("X", value)))
    assert marked(made).as_json()["X"] == wanted


def test_a_lost_fraction_is_told():
    made = item(outcome("X", "integer"), "", processing(set_outcome("X", f("2.5"))))
    scored = marked(made)
    assert scored.as_json()["X"] == 2
    assert "loses the fraction of 2.5" in scored.notes[0]


@pytest.mark.parametrize(
    ("spent", "wanted"), [(12.5, 1.0), ("PT12S", 1.0), (60, 0.0), (None, 1.0), ("x", 1.0)]
)
def test_a_duration_beside_the_responses_is_the_time_spent(spent, wanted):
    quick = op("duration-lt", var("duration"), base("duration", 60))
    rules = processing(
        "<qti-response-condition><qti-response-if>" + quick + set_outcome("SCORE", f(1))
        + "</qti-response-if></qti-response-condition>"
    )  # fmt: skip
    scored = score(item(SCORE, "", rules), {"duration": spent})
    assert scored.as_json()["SCORE"] == wanted
    assert [one.code for one in scored.problems] == (["type"] if spent == "x" else [])


@pytest.mark.parametrize(
    ("given", "wanted", "codes"),
    [
        ({}, 1, []),
        ({"numAttempts": 3}, 3, []),
        ({"numAttempts": "2"}, 2, []),
        ({"numAttempts": 0}, 1, []),
        ({"numAttempts": None}, 1, []),
        ({"numAttempts": "x"}, 1, ["type"]),
        ([{"numAttempts": 3}, {}], 4, []),
    ],
)
def test_the_number_of_the_attempt_may_be_told(given, wanted, codes):
    made = item(outcome("N", "integer"), "", processing(set_outcome("N", var("numAttempts"))))
    scored = score(made, given)
    assert scored.as_json()["N"] == wanted
    assert [one.code for one in scored.problems] == codes


def test_notes_of_a_run_name_the_rule():
    """A condition that is no boolean does not hold, and both that and a NULL are told."""
    made = item(
        response("string") + SCORE,
        "",
        processing(
            "\n<qti-response-condition>\n<qti-response-if>"
            + var("RESPONSE")
            + "<qti-exit-response/></qti-response-if></qti-response-condition>\n"
            + set_outcome("SCORE", op("sum", var("RESPONSE")))
        ),
    )
    assert marked(made, RESPONSE="x").notes == (
        "i.xml:3 <qti-response-if> item: a boolean is expected, 'x' is not one",
        "i.xml:4 <qti-set-outcome-value> SCORE: a number is expected, 'x' is not one",
    )


GROUPED = (
    '<qti-match-interaction response-identifier="RESPONSE" max-associations="0">'
    '<qti-simple-match-set><qti-simple-associable-choice identifier="A" match-max="0" '
    'match-group="X">A</qti-simple-associable-choice></qti-simple-match-set>'
    "<qti-simple-match-set>"
    + choices("simple-associable-choice", "X", "Y", attributes='match-max="0"')
    + "</qti-simple-match-set></qti-match-interaction>"
)


def test_match_groups_and_kinds_of_files():
    made = item(response("directedPair", "multiple") + SCORE, GROUPED)
    assert marked(made, RESPONSE=["A X"]).problems == ()
    assert [p.code for p in marked(made, RESPONSE=["A Y"]).problems] == ["group"]
    upload = '<qti-upload-interaction response-identifier="RESPONSE" type="image/* text/plain"/>'
    made = item(response("file") + SCORE, upload)
    for mime, wanted in (("image/png", []), ("text/plain", []), ("text/html", ["mime"])):
        scored = marked(made, RESPONSE={"name": "x", "mime": mime, "data": ""})
        assert [p.code for p in scored.problems] == wanted


def test_numeric_outcomes_start_at_zero():
    made = item(SCORE + outcome("N", "integer") + outcome("T", "string"))
    assert marked(made).as_json() == {
        "SCORE": 0.0, "N": 0, "T": None, "completionStatus": "completed",
    }  # fmt: skip


ADAPTIVE = item_text(
    response("identifier", correct="B")
    + response("boolean", name="HINT")
    + SCORE
    + outcome("TRIES", "integer"),
    '<qti-choice-interaction response-identifier="RESPONSE">'
    + choices("simple-choice", "A", "B")
    + "</qti-choice-interaction>"
    '<qti-end-attempt-interaction response-identifier="HINT" title="Hint"/>',
    processing(
        set_outcome("TRIES", op("sum", var("TRIES"), i(1))),
        "<qti-response-condition><qti-response-if>"
        + op("match", var("RESPONSE"), '<qti-correct identifier="RESPONSE"/>')
        + set_outcome("SCORE", op("divide", f(1), var("TRIES")))
        + set_outcome("completionStatus", base("identifier", "completed"))
        + "</qti-response-if></qti-response-condition>",
    ),
    'adaptive="true"',
)


def test_an_adaptive_item_keeps_its_outcomes_over_attempts():
    made = read_item(ADAPTIVE)
    assert made.sound
    state = start(made)
    assert state.completion == "not_attempted"
    seen = []
    for answer in ("A", None, "B"):
        begin_attempt(made, state)
        assert state.values["HINT"] is False
        values, _ = read_responses(made, {"RESPONSE": answer, "HINT": answer is None})
        respond(made, state, values)
        state = ItemState.from_dict(state.to_dict())
        end_attempt(made, state)
        seen.append((state.completion, state.status, state.attempts))
    assert seen == [
        ("unknown", "suspended", 1),
        ("unknown", "suspended", 2),
        ("completed", "closed", 3),
    ]
    assert to_json(outcomes_of(made, state)["SCORE"]) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="closed"):
        begin_attempt(made, state)
    attempts = [{"RESPONSE": "A"}, {"RESPONSE": "B"}, {"RESPONSE": "A"}]
    assert score(made, attempts).as_json()["SCORE"] == 0.5


def test_an_item_that_is_not_adaptive_starts_anew_each_attempt():
    made = read_item(ADAPTIVE.replace('adaptive="true"', 'adaptive="false"'))
    found = score(made, [{"RESPONSE": "A"}, {"RESPONSE": "A"}, {"RESPONSE": "B"}]).as_json()
    assert (found["TRIES"], found["SCORE"]) == (1, 1.0)


def template(kind: str, name: str, more: str = "") -> str:
    return (
        f'<qti-template-declaration identifier="{name}" cardinality="single" base-type="{kind}" '
        f'math-variable="true">{more}</qti-template-declaration>'
    )


RANDOM = item_text(
    response("integer")
    + SCORE
    + template("integer", "X")
    + template("integer", "Y")
    + template("identifier", "CASE")
    + "<qti-template-processing>"
    '<qti-set-template-value identifier="X"><qti-random-integer min="1" max="9"/>'
    "</qti-set-template-value>"
    '<qti-set-template-value identifier="Y"><qti-random-integer min="1" max="9"/>'
    "</qti-set-template-value>"
    f"<qti-template-constraint>{op('lt', var('X'), var('Y'))}</qti-template-constraint>"
    "<qti-template-condition><qti-template-if>"
    f"{op('gt', var('X'), i(4))}"
    f'<qti-set-template-value identifier="CASE">{base("identifier", "big")}'
    "</qti-set-template-value></qti-template-if><qti-template-else>"
    f'<qti-set-template-value identifier="CASE">{base("identifier", "small")}'
    "</qti-set-template-value></qti-template-else></qti-template-condition>"
    '<qti-set-correct-response identifier="RESPONSE">'
    f"{op('sum', var('X'), var('Y'))}</qti-set-correct-response>"
    f'<qti-set-default-value identifier="SCORE">{f(0.25)}</qti-set-default-value>'
    f'<qti-exit-template/><qti-set-template-value identifier="X">{i(99)}'
    "</qti-set-template-value></qti-template-processing>",
    '<p><qti-printed-variable identifier="X"/>+<qti-printed-variable identifier="Y"/></p>'
    '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mi>X</m:mi><m:mi>z</m:mi></m:math>'
    '<qti-template-block template-identifier="CASE" identifier="big"><qti-content-body><p>BIG</p>'
    "</qti-content-body></qti-template-block>"
    '<p><qti-template-inline template-identifier="CASE" identifier="big" show-hide="hide">small'
    "</qti-template-inline></p>"
    '<p><qti-text-entry-interaction response-identifier="RESPONSE"/></p>',
    MATCH_CORRECT,
)


def test_templates_draw_by_their_seed_and_constraint():
    made = read_item(RANDOM)
    assert made.sound
    drawn = set()
    for seed in range(40):
        state = start(made, seed=seed)
        x, y = state.values["X"], state.values["Y"]
        assert 1 <= x < y <= 9
        assert state.correct["RESPONSE"] == x + y
        assert to_json(state.values["SCORE"]) == 0.25
        assert start(made, seed=seed).values == state.values
        text = content_of(made, state).body.text
        assert f"{x}+{y}" in text
        assert ("BIG" in text, "small" in text) == (x > 4, x <= 4)
        drawn.add((x, y))
    assert len(drawn) > 10


def test_template_variables_in_formulas():
    made = read_item(RANDOM)
    state = start(made, seed=1)
    body = content_of(made, state).body
    numbers = [one.text for one in body.walk() if one.name == "mn"]
    assert numbers == [str(state.values["X"])]
    assert [one.text for one in body.walk() if one.name == "mi"] == ["z"]


def test_given_template_values_stand():
    made = read_item(RANDOM)
    scored = score(made, {"RESPONSE": 12}, template_values={"X": 5, "Y": 7})
    assert scored.as_json()["SCORE"] == 1.0
    assert scored.templates == {"X": 5, "Y": 7, "CASE": "big"}


def test_an_impossible_constraint_ends():
    made = read_item(RANDOM.replace("<qti-lt>", "<qti-and><qti-is-null>").replace(
        "</qti-lt>", "</qti-is-null></qti-and>"))  # fmt: skip
    assert start(made).values["X"] is not None or made.issues
    never = op("not", b(True))
    made = item(
        template("integer", "X")
        + "<qti-template-processing>"
        + f'<qti-set-template-value identifier="X">{i(3)}</qti-set-template-value>'
        + f"<qti-template-constraint>{never}</qti-template-constraint></qti-template-processing>"
    )
    state = start(made)
    assert state.values["X"] == 3
    assert any("constraint" in note for note in state.notes)


FEEDBACK = (
    response("identifier", "multiple")
    + SCORE
    + outcome("FB", "identifier", "multiple"),
    '<qti-choice-interaction response-identifier="RESPONSE" max-choices="0" shuffle="true">'
    '<qti-simple-choice identifier="A" fixed="true">a'
    '<qti-feedback-inline outcome-identifier="FB" identifier="A" show-hide="show">good'
    "</qti-feedback-inline></qti-simple-choice>"
    + choices("simple-choice", "B", "C", "D", "E", "F")
    + "</qti-choice-interaction>"
    '<qti-feedback-block outcome-identifier="FB" identifier="B" show-hide="hide">'
    "<qti-content-body><p>not b</p></qti-content-body></qti-feedback-block>"
    '<qti-rubric-block view="scorer" use="scoring"><qti-content-body><p>key</p>'
    "</qti-content-body></qti-rubric-block>",
    processing(set_outcome("FB", var("RESPONSE")))
    + '<qti-modal-feedback outcome-identifier="FB" identifier="C" show-hide="show">'
    "<qti-content-body><p>modal</p></qti-content-body></qti-modal-feedback>",
)  # fmt: skip


def test_feedback_is_shown_by_its_outcome():
    made = item(*FEEDBACK)
    assert made.sound

    def seen(*answers: str, view: str = "candidate") -> tuple[str, int]:
        state = start(made)
        begin_attempt(made, state)
        respond(made, state, read_responses(made, {"RESPONSE": list(answers)})[0])
        end_attempt(made, state)
        content = content_of(made, state, view=view)
        return content.body.text, len(content.modal)

    assert "good" not in seen()[0]
    assert "not b" in seen()[0]
    assert "good" in seen("A")[0]
    assert "not b" not in seen("A", "B")[0]
    assert seen("C")[1] == 1
    assert seen("A")[1] == 0
    assert "key" not in seen()[0]
    assert "key" in seen(view="scorer")[0]


def test_shuffling_keeps_fixed_choices():
    made = item(*FEEDBACK)
    orders = set()
    for seed in range(20):
        body = content_of(made, start(made, seed=seed)).body
        names = [one.get("identifier") for one in body.walk() if one.name == "qti-simple-choice"]
        assert names[0] == "A"
        assert sorted(names) == list("ABCDEF")
        orders.add(tuple(names))
        again = content_of(made, start(made, seed=seed)).body
        assert again.same_as(body)
    assert len(orders) > 5
    assert made.body.text == item(*FEEDBACK).body.text


PRINTED = [
    ("float", "single", 1 / 3, "", "0.3333333333333333"),
    ("float", "single", 3.0, "", "3"),
    ("float", "single", 3.14159, 'format="%.2f"', "3.14"),
    ("integer", "single", 7, 'format="%03d"', "007"),
    ("integer", "single", 255, 'base="16"', "ff"),
    ("float", "single", 12345.678, 'format="%.2e"', "1.23e+04"),
    ("string", "single", "text", "", "text"),
    ("integer", "multiple", [1, 2], "", "1;2"),
    ("integer", "ordered", [1, 2], 'delimiter=", "', "1, 2"),
    ("integer", "ordered", [1, 2], 'index="2"', "2"),
    ("float", "single", 1.5e20, 'power-form="true"', "1.5×10^20"),
    ("string", "single", None, "", ""),
]


@pytest.mark.parametrize(("kind", "cardinality", "given", "attributes", "wanted"), PRINTED)
def test_printed_variables(kind, cardinality, given, attributes, wanted):
    declaration = outcome("X", kind, cardinality).replace("outcome", "context")
    made = item(declaration, f'<p><qti-printed-variable identifier="X" {attributes}/></p>')
    state = start(made, context={"X": read_json(given, kind, cardinality)})
    assert content_of(made, state).body.text == wanted


LIMITS = [
    ("choice", 'min-choices="1"', None, ["few"]),
    ("choice-multiple", 'max-choices="2"', ["A", "B", "C"], ["many"]),
    ("choice-multiple", "", ["A", "A"], ["twice"]),
    ("choice", "", "Z", ["choice"]),
    ("order", "", ["A"], ["few"]),
    ("order", 'max-choices="1"', ["A", "B"], ["many"]),
    ("associate", "", ["A B", "A C"], ["match-max"]),
    ("associate", 'min-associations="2"', ["A B"], ["few"]),
    ("match", "", ["X A"], ["direction"]),
    ("match", "", ["A Z"], ["choice"]),
    ("gap-match", "", ["W G1", "S G1"], ["match-max"]),
    ("inline-choice", 'required="true"', None, ["required"]),
    ("text-entry", 'pattern-mask="[a-z]{3}"', "ab", ["pattern"]),
    ("text-entry", 'pattern-mask="[a-z]{3}"', "abc", []),
    ("text-entry", 'pattern-mask="[a-z]{3}"', None, []),
    ("slider", "", 101, ["bounds"]),
    ("slider", "", 5, ["step"]),
    ("media", 'min-plays="2"', 1, ["few"]),
    ("media", "", 9, ["many"]),
    ("select-point", 'min-choices="1"', None, ["few"]),
    ("graphic-gap-match", "", ["CBG A", "CBG B"], ["match-max"]),
    ("graphic-order", "", ["B"], ["few"]),
]


@pytest.mark.parametrize(("kind", "attributes", "given", "wanted"), LIMITS)
def test_constraints_of_responses(kind, attributes, given, wanted):
    declaration, body, _, _ = INTERACTIONS[kind]
    for name in attributes.split("=")[:1]:
        if name and f" {name}=" in body:
            body = body.replace(f" {name}=", " data-old=")
    body = body.replace("response-identifier=", f"{attributes} response-identifier=", 1)
    made = item(declaration + SCORE, body)
    values, problems = read_responses(made, {"RESPONSE": given})
    state = start(made)
    respond(made, state, values)
    assert [one.code for one in (*problems, *validate(made, state.values))] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", {"integerValue": 1, "leftDigits": 1, "rightDigits": 0, "ndp": 0, "nsf": 1}),
        ("1.23e2", {"leftDigits": 1, "rightDigits": 2, "ndp": 0, "nsf": 3, "exponent": 2}),
        ("1.23e-2", {"leftDigits": 1, "rightDigits": 2, "ndp": 4, "nsf": 3, "exponent": -2}),
        ("0.050", {"leftDigits": 1, "rightDigits": 3, "ndp": 3, "nsf": 2}),
        ("-12.5", {"leftDigits": 2, "rightDigits": 1, "ndp": 1, "nsf": 3}),
        ("12,5", {"leftDigits": 2, "rightDigits": 1, "ndp": 1, "nsf": 3}),
        ("many", {}),
    ],
)
def test_typed_numbers_as_records(text, wanted):
    declaration = '<qti-response-declaration identifier="RESPONSE" cardinality="record"/>'
    made = item(
        declaration + response("string", name="TEXT"),
        '<p><qti-text-entry-interaction response-identifier="RESPONSE" '
        'string-identifier="TEXT"/></p>',
    )
    values, problems = read_responses(made, {"RESPONSE": text})
    assert problems == ()
    found = to_json(values["RESPONSE"])
    assert found.pop("stringValue") == text
    assert values["TEXT"] == text
    if wanted:
        assert found.pop("floatValue") == float(text.replace(",", "."))
    assert found == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("1,5", 1.0),
        (" 1,5 ", 1.0),
        ("1.5", 1.0),
        (1.5, 1.0),
        ("1,50", 1.0),
        ("15", 0.0),
        ("1,5,0", 0.0),
    ],
)
def test_the_decimal_comma_is_read(typed, wanted):
    body = '<p><qti-text-entry-interaction response-identifier="RESPONSE"/></p>'
    made = item(response("float", correct="1.5") + SCORE, body, MATCH_CORRECT)
    assert points(made, RESPONSE=typed) == wanted


def test_numbers_in_another_base():
    made = item(
        response("integer"),
        '<p><qti-text-entry-interaction response-identifier="RESPONSE" base="8"/></p>',
    )
    assert read_responses(made, {"RESPONSE": "17"})[0] == {"RESPONSE": 15}
    assert read_responses(made, {"RESPONSE": "9"})[1][0].code == "whole"


@pytest.mark.parametrize(
    ("cardinality", "given", "wanted"),
    [
        ("single", {"x": 10, "y": 20}, "10 20"),
        ("single", {"base": {"point": {"x": 10, "y": 20}}}, "10 20"),
        ("multiple", [{"x": 1, "y": 2}, [3, 4], "5 6"], ["1 2", "3 4", "5 6"]),
        ("multiple", {"x": 1, "y": 2}, ["1 2"]),
    ],
)
def test_points_with_their_coordinates_named(cardinality, given, wanted):
    assert to_json(read_json(given, "point", cardinality)) == wanted


@pytest.mark.parametrize(
    ("kind", "cardinality", "given"),
    [
        ("point", "single", {"x": 1, "z": 2}),
        ("point", "single", {"x": 1, "y": "two"}),
        ("point", "single", {"x": 1, "y": 2.5}),
        ("integer", "single", "three"),
        ("integer", "single", 1.5),
        ("identifier", "single", ["A", "B"]),
        ("point", "single", "1"),
        ("pair", "multiple", ["A"]),
        ("boolean", "single", "yes"),
        ("float", "single", True),
        ("identifier", "single", {"a": 1, "b": 2}),
        ("file", "single", {"data": "%%%"}),
    ],
)
def test_unreadable_responses_are_told_and_the_rest_is_marked(kind, cardinality, given):
    made = item(
        response(kind, cardinality, name="BAD") + response("identifier", correct="A") + SCORE,
        "",
        MATCH_CORRECT,
    )
    scored = marked(made, BAD=given, RESPONSE="A", NONE="x")
    told = "whole" if given == "three" else "type"
    assert {one.code for one in scored.problems} == {told, "unknown"}
    assert scored.as_json()["SCORE"] == 1.0


def test_custom_operators_take_a_handler():
    rule = op("custom-operator", i(2), **{"class": "org.example.Double"})
    made = item(SCORE, "", processing(set_outcome("SCORE", rule)))
    scored = score(made, {})
    assert scored.as_json()["SCORE"] is None
    assert "org.example.Double" in scored.notes[0]
    handler = {"org.example.Double": lambda element, values: values[0] * 2}
    assert score(made, {}, custom=handler).as_json()["SCORE"] == 4.0


def test_context_variables():
    declaration = outcome("QTI_CONTEXT", "x", "record").replace("outcome", "context").replace(
        ' base-type="x"', "")  # fmt: skip
    made = item(
        declaration + outcome("WHO", "string"),
        "",
        processing(
            set_outcome(
                "WHO", op("field-value", var("QTI_CONTEXT"), field_identifier="candidateIdentifier")
            )
        ),
    )
    state = start(
        made, context={"QTI_CONTEXT": read_json({"candidateIdentifier": "p7"}, "", "record")}
    )
    begin_attempt(made, state)
    end_attempt(made, state)
    assert state.values["WHO"] == "p7"


def test_built_in_variables_can_be_read():
    made = item(
        outcome("N", "integer") + outcome("T", "duration") + outcome("LONG", "boolean"),
        "",
        processing(
            set_outcome("N", var("numAttempts")),
            set_outcome("T", var("duration")),
            set_outcome("LONG", op("duration-gte", var("duration"), base("duration", 10))),
        ),
    )
    state = start(made)
    begin_attempt(made, state)
    end_attempt(made, state, duration=12)
    found = {name: to_json(value) for name, value in outcomes_of(made, state).items()}
    assert (found["N"], found["T"], found["LONG"]) == (1, 12.0, True)


def test_states_are_kept_exactly():
    made = item(
        SCORE + outcome("S", "string") + outcome("P", "point", "multiple"),
        "",
        processing(
            set_outcome("SCORE", op("divide", f(1), f(3))),
            set_outcome("S", s("строка")),
            set_outcome("P", m(base("point", "1 2"), base("point", "3 4"))),
        ),
    )
    state = start(made, seed=9)
    begin_attempt(made, state)
    end_attempt(made, state)
    again = ItemState.from_dict(json.loads(json.dumps(state.to_dict())))
    assert again == state
