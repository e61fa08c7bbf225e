"""Tests: selection and ordering, ways through, clocks, session control, outcomes."""

from __future__ import annotations

import json

import pytest

from sreda.assessment.qti import (
    SessionError,
    TestSession,
    read_test,
    score_test,
    to_json,
    write_test,
)
from sreda.assessment.qti.xml import QTI3

from .cases import (
    MATCH_CORRECT,
    SCORE,
    b,
    base,
    f,
    i,
    item_text,
    op,
    outcome,
    processing,
    response,
    set_outcome,
    var,
)
from .worlds import (
    AT,
    CHOICE,
    RIGHT_IS_A,
    TOTAL,
    begin,
    codes,
    files_of,
    keys,
    later,
    make_test,
    make_text,
    package,
    part,
    ref,
    section,
)

RIGHT, WRONG = {"RESPONSE": "A"}, {"RESPONSE": "B"}


def answer(session: TestSession, value: str | None, seconds: float = 0) -> None:
    session.respond({"RESPONSE": value}, later(seconds))
    session.submit(later(seconds))


def kept(session: TestSession) -> TestSession:
    """The session after a stay in a database."""
    return TestSession.from_dict(session.test, json.loads(json.dumps(session.to_dict())))


def way(session: TestSession) -> list[str]:
    """The items a candidate meets who answers nothing."""
    met = []
    while session.current:
        met.append(session.current.key)
        session = kept(session)
        session.advance(AT)
    assert session.status == "closed"
    return met


# Selection and ordering


def test_document_order_without_rules():
    test = make_test(make_text(part("P", section("S", *map(ref, "abc"), section("T", ref("d"))))))
    assert keys(begin(test)) == ["a", "b", "c", "d"]
    assert [entry.sections for entry in begin(test).plan][-1] == ("S", "T")


def test_selection_takes_required_items_in_their_order():
    inner = '<qti-selection select="3"/>'
    refs = [ref(x, attributes='required="true"' if x in "be" else "") for x in "abcdef"]
    test = make_test(make_text(part("P", section("S", inner, *refs))))
    seen = set()
    for seed in range(40):
        found = keys(begin(test, seed))
        assert len(found) == 3
        assert {"b", "e"} <= set(found)
        assert found == sorted(found)
        assert found == keys(begin(test, seed))
        seen.update(found)
    assert seen == set("abcdef")


def test_selection_with_replacement_counts_occurrences():
    inner = '<qti-selection select="6" with-replacement="true"/>'
    test = make_test(make_text(part("P", section("S", inner, *map(ref, "ab")))))
    found = keys(begin(test, 3))
    assert len(found) == len(set(found)) == 6
    assert any("." in key for key in found)


def test_shuffling_keeps_fixed_items_and_sections_together():
    inner = '<qti-ordering shuffle="true"/>'
    test = make_test(
        make_text(
            part(
                "P",
                section(
                    "S",
                    inner,
                    ref("first", attributes='fixed="true"'),
                    *map(ref, "abc"),
                    section("T", ref("t1"), ref("t2"), ref("t3")),
                    section("U", ref("u1"), ref("u2"), attributes='keep-together="false"').replace(
                        'visible="true" keep', 'visible="false" keep'
                    ),
                    ref("last", attributes='fixed="true"'),
                ),
            )
        )
    )
    orders, apart = set(), False
    for seed in range(60):
        found = keys(begin(test, seed))
        assert (found[0], found[-1]) == ("first", "last")
        at = found.index("t1")
        assert found[at : at + 3] == ["t1", "t2", "t3"]
        apart |= abs(found.index("u1") - found.index("u2")) > 1
        orders.add(tuple(found))
    assert apart
    assert len(orders) > 30


def test_only_an_invisible_section_may_mix_with_its_parent():
    """What candidates see as a section stays one; what stays fixed in a mixed one stays so."""

    def loose(visible: str, *inner: str) -> str:
        made = section("U", *inner, attributes='keep-together="false"')
        return made.replace('visible="true" keep', f'visible="{visible}" keep')

    inner = (ref("u1", attributes='fixed="true"'), section("V", ref("v1"), ref("v2")))
    shuffled = '<qti-ordering shuffle="true"/>'

    def orders(visible: str) -> list[tuple[str, ...]]:
        text = make_text(part("P", section("S", shuffled, loose(visible, *inner), *map(ref, "ab"))))
        test = make_test(text)
        return [keys(begin(test, seed)) for seed in range(40)]

    def together(order: tuple[str, ...], *names: str) -> bool:
        at = order.index(names[0])
        return tuple(order[at : at + len(names)]) == names

    assert all(together(order, "u1", "v1", "v2") for order in orders("true"))
    mixed = orders("false")
    assert all(order[0] == "u1" and together(order, "v1", "v2") for order in mixed)
    assert any(not together(order, "u1", "v1", "v2") for order in mixed)


def test_selection_and_ordering_of_sections():
    test = make_test(
        make_text(
            part(
                "P",
                section(
                    "S",
                    '<qti-selection select="1"/><qti-ordering shuffle="true"/>',
                    section("T", *map(ref, ["t1", "t2"])),
                    section("U", *map(ref, ["u1", "u2"])),
                ),
            )
        )
    )
    assert {tuple(keys(begin(test, seed))) for seed in range(20)} == {("t1", "t2"), ("u1", "u2")}


# Ways


def rule(kind: str, test: str, target: str = "") -> str:
    return (
        f'<qti-branch-rule target="{target}">{test}</qti-branch-rule>'
        if kind == "branch"
        else f"<qti-pre-condition>{test}</qti-pre-condition>"
    )


YES, NO, NOTHING = b(True), b(False), "<qti-null/>"


def test_pre_conditions():
    test = make_test(
        make_text(
            part(
                "P",
                section("S", ref("a"), ref("b", rule("pre", NO)), ref("c", rule("pre", NOTHING))),
                section("T", rule("pre", NO), ref("d"), section("T2", ref("e"))),
                section("U", rule("pre", YES), ref("g", rule("pre", YES))),
            ),
            part("Q", section("V", ref("h")), before=rule("pre", NO)),
            part("R", section("W", ref("x", rule("pre", NO)))),
        )
    )
    assert way(begin(test)) == ["a", "g"]


def test_pre_conditions_do_not_hold_in_a_nonlinear_part():
    text = make_text(part("P", section("S", ref("a"), ref("b", rule("pre", NO))),
                          mode="nonlinear individual"))  # fmt: skip
    assert way(begin(make_test(text))) == ["a", "b"]


def test_branch_rules():
    test = make_test(
        make_text(
            part(
                "P",
                section("S", ref("a", rule("branch", NO, "d") + rule("branch", YES, "c")),
                        ref("b"), ref("c", rule("branch", YES, "EXIT_SECTION")), ref("d")),
                section("T", rule("branch", YES, "V"), ref("e"), ref("f")),
                section("U", ref("g")),
                section("V", ref("h", rule("branch", YES, "EXIT_TESTPART")), ref("i")),
            ),
            part("Q", section("W", ref("j")), before=rule("branch", YES, "X")),
            part("R", section("Y", ref("k"))),
            part("X", section("Z", ref("l", rule("branch", YES, "EXIT_TEST")), ref("m"))),
        )
    )  # fmt: skip
    assert way(begin(test)) == ["a", "c", "e", "f", "h", "j", "l"]


def test_a_branch_looks_at_the_answer():
    hard = rule("branch", op("match", var("a.SCORE"), f(1)), "hard")
    test = make_test(make_text(part("P", section("S", ref("a", hard), ref("easy"), ref("hard")))))
    for value, target in (("A", "hard"), ("B", "easy"), (None, "easy")):
        session = begin(test)
        answer(session, value)
        assert session.advance(AT).key == target


def test_a_linear_part_does_not_go_back():
    session = begin(make_test(make_text(part("P", section("S", *map(ref, "abc"))))))
    with pytest.raises(SessionError) as error:
        session.navigate("c", AT)
    assert error.value.code == "linear"
    assert session.reachable() == ()


def test_a_nonlinear_part_goes_anywhere_within():
    test = make_test(
        make_text(
            part("P", section("S", *map(ref, "abc")), mode="nonlinear individual"),
            part("Q", section("T", ref("d"))),
        )
    )
    session = begin(test)
    assert [entry.key for entry in session.reachable()] == ["a", "b", "c"]
    assert session.navigate("c", AT).key == "c"
    answer(session, "A")
    assert session.navigate("a", AT).key == "a"
    with pytest.raises(SessionError):
        session.navigate("d", AT)
    session.exit_part(AT)
    assert session.current.key == "d"


def test_suspended_sessions_wait():
    session = begin(make_test(make_text(part("P", section("S", ref("a"))))))
    session.suspend(later(10))
    with pytest.raises(SessionError) as error:
        answer(session, "A", 20)
    assert error.value.code == "suspended"
    session = kept(session)
    session.resume(later(100))
    answer(session, "A", 105)
    assert to_json(session.state_of("a").values["duration"]) == 15.0
    session.end(later(106))
    with pytest.raises(SessionError) as error:
        answer(session, "A", 107)
    assert error.value.code == "closed"


# Submission and control


def test_simultaneous_answers_are_marked_together():
    session = begin(
        make_test(
            make_text(
                part("P", section("S", *map(ref, "ab")), mode="nonlinear simultaneous"),
                part("Q", section("T", ref("c"))),
                outcomes=TOTAL,
                rules=set_outcome(
                    "TOTAL", op("sum", op("test-variables", variable_identifier="SCORE"))
                ),
            )
        )
    )
    answer(session, "B")
    answer(session, "A")
    assert to_json(session.outcomes()["TOTAL"]) == 0.0
    assert session.state_of("a").completion == "unknown"
    session.navigate("b", AT)
    session = kept(session)
    session.respond({"RESPONSE": "A"}, AT)
    session.exit_part(AT)
    assert to_json(session.outcomes()["TOTAL"]) == 2.0
    assert session.state_of("a").attempts == 1
    assert session.state_of("a").completion == "completed"


def control(**attributes: str) -> str:
    said = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f"<qti-item-session-control {said}/>"


def test_attempts_are_limited_and_control_is_inherited():
    test = make_test(
        make_text(
            part(
                "P",
                section("S", control(max_attempts="2"), ref("a"),
                        ref("b", control(max_attempts="0")),
                        ref("c", control(show_feedback="true"))),
                mode="nonlinear individual",
                before=control(max_attempts="3", allow_review="false"),
            )
        )
    )  # fmt: skip
    session = begin(test)
    found = session.control("c")
    assert (found.max_attempts, found.show_feedback, found.allow_review) == (2, True, False)
    assert session.control("b").max_attempts == 0
    answer(session, "B")
    answer(session, "A")
    with pytest.raises(SessionError) as error:
        answer(session, "B")
    assert error.value.code == "attempts"
    assert to_json(session.item_outcomes()["a"]["SCORE"]) == 1.0
    session.navigate("b", AT)
    for _ in range(5):
        answer(session, "A")
    assert session.state_of("b").attempts == 5


def test_skipping_and_validation():
    strict = control(allow_skipping="false", validate_responses="true")
    needs_one = RIGHT_IS_A.replace(
        "<qti-choice-interaction ", '<qti-choice-interaction min-choices="1" '
    )
    test = make_test(make_text(part("P", section("S", ref("a"), ref("b")), before=strict)),
                     a__xml=needs_one)  # fmt: skip
    session = begin(test)
    with pytest.raises(SessionError) as error:
        session.advance(AT)
    assert error.value.code == "skipping"
    with pytest.raises(SessionError) as error:
        session.submit(AT)
    assert error.value.code == "skipping"
    session.respond({"RESPONSE": "Z"}, AT)
    with pytest.raises(SessionError) as error:
        session.submit(AT)
    assert (error.value.code, error.value.problems[0].code) == ("invalid", "choice")
    answer(session, "A")
    assert session.advance(AT).key == "b"


# Time


def limits(**attributes: str) -> str:
    said = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f"<qti-time-limits {said}/>"


def test_clocks_run_where_the_candidate_is():
    test = make_test(
        make_text(
            part("P", section("S", *map(ref, "ab")), section("T", ref("c"))),
            part("Q", section("U", ref("d"))),
            outcomes=outcome("TIME", "duration") + outcome("SLOW", "boolean"),
            rules=set_outcome("TIME", var("S.duration"))
            + set_outcome("SLOW", op("duration-gte", var("duration"), base("duration", 60))),
        )
    )
    session = begin(test)
    for seconds in (10, 25, 45, 70):
        session.advance(later(seconds))
    assert session.status == "closed"
    spent = {k: to_json(s.values["duration"]) for k, s in session._state.items.items()}
    assert spent == {"a": 10.0, "b": 15.0, "c": 20.0, "d": 25.0}
    assert to_json(session.outcomes()["TIME"]) == 25.0
    assert session.outcomes()["SLOW"] is True


@pytest.mark.parametrize(("late", "refused"), [("false", True), ("true", False)])
def test_late_answers(late, refused):
    inner = limits(max_time="60", allow_late_submission=late)
    session = begin(make_test(make_text(part("P", section("S", ref("a", inner), ref("b"))))))
    assert {clock.scope: clock.left for clock in session.clocks()}["item:a"] == 60
    if refused:
        with pytest.raises(SessionError) as error:
            answer(session, "A", 61)
        assert error.value.code == "late"
    else:
        answer(session, "A", 61)
        assert to_json(session.item_outcomes()["a"]["SCORE"]) == 1.0


def test_expiry_marks_what_was_answered_and_goes_on():
    test = make_test(
        make_text(
            part(
                "P", section("S", limits(max_time="60"), *map(ref, "abc")), section("T", ref("d"))
            ),
            before=limits(max_time="100"),
        )
    )
    session = begin(test)
    session.respond({"RESPONSE": "A"}, later(5))
    assert session.expire(later(30)) is False
    assert session.expire(later(61)) is True
    assert session.current.key == "d"
    assert to_json(session.item_outcomes()["a"]["SCORE"]) == 1.0
    assert session.expire(later(101)) is True
    assert session.status == "closed"


def test_least_times_hold_in_a_linear_part():
    session = begin(
        make_test(make_text(part("P", section("S", ref("a", limits(min_time="30")), ref("b")))))
    )
    with pytest.raises(SessionError) as error:
        session.advance(later(10))
    assert error.value.code == "early"
    assert session.advance(later(30)).key == "b"


# Outcomes

FOUR = part(
    "P",
    section("S", ref("a", attributes='category="easy one"'),
            ref("b", '<qti-weight identifier="W" value="2.5"/>', 'category="hard"')),
    section("T", ref("c", attributes='category="easy"'), ref("d", attributes='category="hard"')),
    mode="nonlinear individual",
)  # fmt: skip
ANSWERS = {"a": RIGHT, "b": RIGHT, "c": WRONG}


@pytest.mark.parametrize(
    ("expression", "kind", "wanted"),
    [
        (op("number-selected"), "integer", 4),
        (op("number-presented"), "integer", 3),
        (op("number-responded"), "integer", 3),
        (op("number-correct"), "integer", 2),
        (op("number-incorrect"), "integer", 1),
        (op("number-correct", section_identifier="T"), "integer", 0),
        (op("number-correct", section_identifier="P"), "integer", 2),
        (op("number-selected", include_category="easy"), "integer", 2),
        (op("number-selected", include_category="easy hard"), "integer", 4),
        (op("number-selected", exclude_category="hard"), "integer", 2),
        (op("number-selected", include_category="easy", exclude_category="one"), "integer", 1),
        (op("sum", op("test-variables", variable_identifier="SCORE")), "float", 2.0),
        (
            op("sum", op("test-variables", variable_identifier="SCORE", weight_identifier="W")),
            "float",
            3.5,
        ),
        (
            op("sum", op("test-variables", variable_identifier="SCORE", base_type="float",
                         section_identifier="S", include_category="hard")),
            "float",
            1.0,
        ),
        (
            op("container-size", op("test-variables", variable_identifier="SCORE",
                                    base_type="integer")),
            "integer",
            0,
        ),
        (op("sum", op("outcome-maximum", outcome_identifier="SCORE")), "float", 4.0),
        (
            op("sum", op("outcome-maximum", outcome_identifier="SCORE", weight_identifier="W")),
            "float",
            5.5,
        ),
        (op("sum", op("outcome-minimum", outcome_identifier="SCORE")), "float", 0.0),
        (op("is-null", op("outcome-maximum", outcome_identifier="NONE")), "boolean", True),
        (op("is-null", op("outcome-minimum", outcome_identifier="NONE")), "boolean", True),
        (var("a.SCORE"), "float", 1.0),
        (op("variable", identifier="b.SCORE", weight_identifier="W"), "float", 2.5),
        (op("variable", identifier="a.SCORE", weight_identifier="W"), "float", 1.0),
        (var("a.completionStatus"), "identifier", "completed"),
        (var("d.completionStatus"), "identifier", "not_attempted"),
        (var("a.numAttempts"), "integer", 1),
        (var("a.RESPONSE"), "identifier", "A"),
    ],
)  # fmt: skip
def test_outcome_expressions(expression, kind, wanted):
    text = make_text(FOUR, outcomes=outcome("X", kind), rules=set_outcome("X", expression))
    scored = score_test(make_test(text), ANSWERS)
    assert scored.as_json()["X"] == wanted
    assert scored.notes == ()


@pytest.mark.parametrize(
    ("given", "presented", "responded", "correct", "incorrect"),
    [
        ({}, 0, 0, 0, 0),
        ({"a": {}}, 1, 0, 1, 0),
        ({"a": {"RESPONSE": ["B", "A"]}}, 1, 0, 1, 0),
        ({"a": {"RESPONSE": None}}, 1, 1, 0, 1),
        ({"a": {"RESPONSE": ["A"]}}, 1, 1, 0, 1),
    ],
)
def test_only_attempted_items_count_and_a_default_is_no_response(
    given, presented, responded, correct, incorrect
):
    """Numbers of items as the standard says: an item that begins with its right answer is right
    once it was attempted, and is responded to where its response differs from the default."""
    values = "<qti-value>A</qti-value><qti-value>B</qti-value>"
    declared = response(
        "identifier", "multiple", "A|B", f"<qti-default-value>{values}</qti-default-value>"
    )
    item = item_text(declared + SCORE, CHOICE, MATCH_CORRECT)
    counts = ("presented", "responded", "correct", "incorrect")
    text = make_text(
        part("P", section("S", ref("a"))),
        outcomes="".join(outcome(name.upper(), "integer") for name in counts),
        rules="".join(set_outcome(name.upper(), op(f"number-{name}")) for name in counts),
    )
    found = score_test(make_test(text, a__xml=item), given).as_json()
    wanted = (presented, responded, correct, incorrect)
    assert tuple(found[name.upper()] for name in counts) == wanted


def test_outcome_rules():
    table = (
        '<qti-interpolation-table default-value="fail">'
        '<qti-interpolation-table-entry source-value="2" target-value="pass"/>'
        "</qti-interpolation-table>"
    )
    rules = (
        "<qti-outcome-condition><qti-outcome-if>"
        + op("gte", op("number-correct"), i(3))
        + set_outcome("LEVEL", base("identifier", "top"))
        + "</qti-outcome-if><qti-outcome-else-if>"
        + op("gte", op("number-correct"), i(1))
        + set_outcome("LEVEL", base("identifier", "middle"))
        + "</qti-outcome-else-if><qti-outcome-else>"
        + set_outcome("LEVEL", base("identifier", "none"))
        + "</qti-outcome-else></qti-outcome-condition>"
        + f'<qti-lookup-outcome-value identifier="GRADE">{op("number-correct")}'
        "</qti-lookup-outcome-value>"
        "<qti-outcome-processing-fragment><qti-exit-test/></qti-outcome-processing-fragment>"
        + set_outcome("LEVEL", base("identifier", "never"))
    )
    declared = outcome("LEVEL", "identifier") + outcome("GRADE", "identifier").replace(
        "</qti-out", table + "</qti-out"
    )
    test = make_test(make_text(FOUR, outcomes=declared, rules=rules))
    found = [
        score_test(test, dict.fromkeys(names, RIGHT)).as_json() for names in ("abc", "ab", "", "d")
    ]
    assert [one["LEVEL"] for one in found] == ["top", "middle", "none", "middle"]
    assert [one["GRADE"] for one in found] == ["pass", "pass", "fail", "fail"]


def test_outcomes_start_anew_at_each_processing():
    rules = set_outcome("N", op("sum", var("N"), i(1)))
    test = make_test(make_text(FOUR, outcomes=outcome("N", "integer"), rules=rules))
    assert score_test(test, ANSWERS).outcomes["N"] == 1


def test_variable_mappings_rename_for_the_test():
    mapped = ref(
        "x",
        '<qti-variable-mapping source-identifier="POINTS" target-identifier="SCORE"/>',
        href="p.xml",
    )
    points = RIGHT_IS_A.replace('"SCORE"', '"POINTS"').replace(
        "<qti-response-processing template="
        '"https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>',
        processing(set_outcome("POINTS", f(4))),
    )
    rules = set_outcome("TOTAL", op("sum", op("test-variables", variable_identifier="SCORE")))
    test = make_test(
        make_text(part("P", section("S", ref("a"), mapped)), outcomes=TOTAL, rules=rules),
        p__xml=points,
    )
    scored = score_test(test, {"a": RIGHT, "x": RIGHT})
    assert scored.as_json()["TOTAL"] == 5.0


def test_template_defaults_come_from_the_test():
    templated = item_text(
        '<qti-template-declaration identifier="T" cardinality="single" base-type="integer"/>'
        + SCORE,
        "<p>?</p>",
        processing(set_outcome("SCORE", var("T"))),
    )
    default = f'<qti-template-default template-identifier="T">{var("N")}</qti-template-default>'
    test = make_test(
        make_text(
            part("P", section("S", ref("a"), ref("t", default, href="t.xml"))),
            outcomes=outcome("N", "integer"),
            rules=set_outcome("N", op("product", i(7), op("number-correct"))),
        ),
        t__xml=templated,
    )
    assert score_test(test, {"a": RIGHT, "t": {}}).as_json()["t.SCORE"] == 7.0
    assert score_test(test, {"a": WRONG, "t": {}}).as_json()["t.SCORE"] == 0.0


def test_occurrences_have_variables_of_their_own():
    inner = '<qti-selection select="2" with-replacement="true"/>'
    rules = set_outcome("TOTAL", op("subtract", var("a.1.SCORE"), var("a.2.SCORE")))
    test = make_test(
        make_text(part("P", section("S", inner, ref("a"))), outcomes=TOTAL, rules=rules)
    )
    scored = score_test(test, {"a": RIGHT, "a.2": WRONG})
    assert scored.as_json()["TOTAL"] == 1.0


def test_feedback_of_tests():
    def message(access: str, identifier: str) -> str:
        return (
            f'<qti-test-feedback access="{access}" outcome-identifier="L" show-hide="show" '
            f'identifier="{identifier}" title="t"><qti-content-body><p>x</p></qti-content-body>'
            "</qti-test-feedback>"
        )

    text = make_text(
        part("P", section("S", ref("a"), ref("b"))),
        outcomes=outcome("L", "identifier"),
        rules=set_outcome("L", base("identifier", "good")),
    ).replace("</qti-assessment-test>", message("during", "good") + message("atEnd", "good")
              + message("atEnd", "bad") + "</qti-assessment-test>")  # fmt: skip
    session = begin(make_test(text))
    answer(session, "A")
    assert [one.access for one in session.feedback()] == ["during"]
    session.end(AT)
    assert [(one.access, one.identifier) for one in session.feedback()] == [("atEnd", "good")]


def test_adaptive_items_take_as_many_attempts_as_they_need():
    adaptive = RIGHT_IS_A.replace('adaptive="false"', 'adaptive="true"').replace(
        "<qti-response-processing template="
        '"https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>',
        processing(
            "<qti-response-condition><qti-response-if>"
            + op("match", var("RESPONSE"), '<qti-correct identifier="RESPONSE"/>')
            + set_outcome("completionStatus", base("identifier", "completed"))
            + set_outcome("SCORE", op("divide", i(1), var("numAttempts")))
            + "</qti-response-if></qti-response-condition>"
        ),
    )
    test = make_test(make_text(part("P", section("S", ref("a")))), a__xml=adaptive)
    session = begin(test)
    for value in ("B", "B", "A"):
        answer(session, value)
        session = kept(session)
    with pytest.raises(SessionError):
        answer(session, "A")
    assert to_json(session.item_outcomes()["a"]["SCORE"]) == pytest.approx(1 / 3)
    scored = score_test(test, {"a": [WRONG, RIGHT]})
    assert scored.as_json()["a.SCORE"] == 0.5


def test_a_kept_session_belongs_to_its_test():
    session = begin(make_test(make_text(part("P", section("S", *map(ref, "ab"))))))
    other = make_test(make_text(part("P", section("S", ref("a")))))
    with pytest.raises(ValueError, match="b"):
        TestSession.from_dict(other, session.to_dict())


def test_problems_of_responses_are_told_by_item():
    test = make_test(make_text(FOUR))
    scored = score_test(test, {"a": {"RESPONSE": ["A", "B"]}, "z": {}, "b": [RIGHT, RIGHT]})
    assert {key: [p.code for p in found] for key, found in scored.problems.items()} == {
        "z": ["unknown"], "a": ["type"], "b": ["refused"],
    }  # fmt: skip


def test_answers_to_items_that_are_not_reached_are_told():
    text = part("P", section("S", ref("a", rule("branch", YES, "EXIT_TEST")), ref("b")))
    scored = score_test(make_test(make_text(text)), {"a": RIGHT, "b": RIGHT})
    assert {key: [p.code for p in found] for key, found in scored.problems.items()} == {
        "b": ["unreached"]
    }
    assert scored.as_json()["b.SCORE"] == 0.0


def test_a_duration_beside_the_responses_is_the_time_spent():
    """It counts for the item, what is around it, and the limits."""
    names = ("a", "S", "P")
    rules = "".join(
        set_outcome(
            name.upper() + "X", op("duration-gte", var(f"{name}.duration"), base("duration", 30))
        )
        for name in names
    )
    text = make_text(
        part("P", section("S", ref("a"), ref("b", limits(max_time="10")))),
        outcomes="".join(outcome(name.upper() + "X", "boolean") for name in names),
        rules=rules,
    )
    given = {"a": {**RIGHT, "duration": 30}, "b": {**RIGHT, "duration": "PT11S"}}
    scored = score_test(make_test(text), given)
    found = scored.as_json()
    assert all(found[name.upper() + "X"] for name in names)
    assert (found["a.SCORE"], found["b.SCORE"]) == (1.0, 0.0)
    assert [p.params["code"] for p in scored.problems["b"]] == ["late"]
    assert score_test(make_test(text), {"a": {"duration": "soon"}}).problems["a"][0].code == "type"


# Reading


def test_sections_and_fragments_in_files_of_their_own():
    text = make_text(
        part("P", '<qti-assessment-section-ref identifier="S" href="sub/s.xml"/>'),
        outcomes=TOTAL,
        rules='<xi:include href="rules.xml"/>',
    )
    inner = section("S", ref("a", href="../a.xml")).replace(
        "<qti-assessment-section ",
        '<qti-assessment-section xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" ',
    )
    rules = (
        '<qti-outcome-processing-fragment xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0">'
        + set_outcome("TOTAL", var("a.SCORE"))
        + "</qti-outcome-processing-fragment>"
    )
    files = files_of(text)
    files |= {"sub/s.xml": inner.encode(), "rules.xml": rules.encode()}
    test = package(files).tests["test.xml"]
    assert test.sound, [issue.text() for issue in test.issues]
    assert score_test(test, {"a": RIGHT}).as_json()["TOTAL"] == 1.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (part("P", section("S", ref("a"), ref("a"))), "identifier-twice"),
        (part("P", section("S", ref("a", href="gone.xml"))), "file-broken"),
        (part("P", section("S", '<qti-selection select="3"/>', ref("a"))), "selection-many"),
        (
            part("P", section("S", '<qti-selection select="1"/>',
                              ref("a", attributes='required="true"'),
                              ref("b", attributes='required="true"'))),
            "selection-required",
        ),
        (part("P", section("S", ref("b"), ref("a", rule("branch", YES, "b")))), "branch-target"),
        (part("P", section("S", ref("a", rule("pre", var("zz.SCORE"))))), "variable-unknown"),
        (part("P", section("S", ref("a", rule("pre", var("a.GONE"))))), "variable-unknown"),
        (part("P", section("S")), "section-empty"),
        (part("P", section("S", ref("a")), mode="sideways individual"), "attribute-value"),
        (part("P", section("S", limits(min_time="9", max_time="1"), ref("a"))), "bounds"),
        ("", "element-missing"),
        (
            part("P", '<qti-assessment-section-ref identifier="S" href="test.xml"/>'),
            "cycle",
        ),
    ],
)  # fmt: skip
def test_faults_of_tests_are_listed(text, code):
    found = package(files_of(make_text(text)))
    assert code in codes(found)
    score_test(found.tests["test.xml"], {"a": RIGHT})


def test_faults_of_rules_name_the_rule():
    """Each place is told by its own line, in the file where it stands."""
    inner = section(
        "S",
        ref("a", rule("branch", YES, "b"), href="../a.xml"),
        ref("b", rule("pre", var("zz.SCORE")) + rule("branch", YES, "nowhere"), href="../a.xml"),
        "\n",
        ref("c", rule("branch", YES, "a"), href="../a.xml"),
    )
    text = make_text(
        part("P", '<qti-assessment-section-ref identifier="S" href="sub/s.xml"/>'),
        outcomes=TOTAL,
        rules=f"\n{set_outcome('TOTAL', op('sum', var('a.GONE'), var('zz.SCORE')))}",
    )
    inner = inner.replace(" identifier", f' xmlns="{QTI3}" identifier', 1)
    files = files_of(text) | {"sub/s.xml": inner.encode()}
    wanted = {"variable-unknown", "branch-target"}
    found = [one for one in package(files).issues if one.code in wanted]
    assert sorted((one.file, one.line, one.element, one.params["name"]) for one in found) == [
        ("sub/s.xml", 1, "qti-branch-rule", "nowhere"),
        ("sub/s.xml", 1, "qti-variable", "zz.SCORE"),
        ("sub/s.xml", 2, "qti-branch-rule", "a"),
        ("test.xml", 2, "qti-variable", "a.GONE"),
        ("test.xml", 2, "qti-variable", "zz.SCORE"),
    ]


def test_round_trip():
    test = make_test(make_text(FOUR, outcomes=TOTAL))
    again = read_test(write_test(test))
    assert again.source.same_as(test.source)
    assert b"imsqti_asiv3p0_v1p0.xsd" in write_test(test)
