"""Items as HTML: answerable without scripts, and nothing of an item's own runs."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from sreda.assessment.qti import Item, read_item, score
from sreda.assessment.qti.session.item import begin_attempt, read_responses, respond, start
from sreda.assessment.rendering import Page, render_item, responses_of

NS = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'


def item(body: str, base: str = "identifier", cardinality: str = "single", key: str = "A") -> Item:
    values = "".join(f"<qti-value>{value}</qti-value>" for value in key.split(","))
    return read_item(
        f"""<qti-assessment-item {NS} identifier="i" title="T" time-dependent="false">
        <qti-response-declaration identifier="R" base-type="{base}" cardinality="{cardinality}">
          <qti-correct-response>{values}</qti-correct-response>
        </qti-response-declaration>
        <qti-outcome-declaration identifier="SCORE" base-type="float" cardinality="single"/>
        <qti-item-body>{body}</qti-item-body>
        <qti-response-processing><qti-response-condition><qti-response-if>
          <qti-match><qti-variable identifier="R"/><qti-correct identifier="R"/></qti-match>
          <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">1
          </qti-base-value></qti-set-outcome-value>
        </qti-response-if></qti-response-condition></qti-response-processing>
        </qti-assessment-item>"""
    )


PICTURE = '<img src="map.png" alt="Map" width="300" height="200"/>'
SIMPLE = "".join(f'<qti-simple-choice identifier="{c}">Text {c}</qti-simple-choice>' for c in "ABC")
PAIRED = "".join(
    f'<qti-simple-associable-choice identifier="{c}" match-max="2">Text {c}'
    "</qti-simple-associable-choice>"
    for c in "ABC"
)
TARGETS = (
    PAIRED.replace('identifier="A"', 'identifier="X"').replace('"B"', '"Y"').replace('"C"', '"Z"')
)
SPOTS = (
    '<qti-hotspot-choice identifier="A" shape="circle" coords="50,50,20" hotspot-label="Town"/>'
    '<qti-hotspot-choice identifier="B" shape="rect" coords="100,10,150,60"/>'
    '<qti-hotspot-choice identifier="C" shape="poly" coords="10,100,60,100,30,150"/>'
)
GRAPHIC = SPOTS.replace("qti-hotspot-choice", "qti-associable-hotspot").replace(
    "shape=", 'match-max="2" shape='
)

# kind: (body, base type, cardinality, right answer, fields that answer it)
CASES: dict[str, tuple[str, str, str, str, dict[str, list[str]]]] = {
    "choice": (
        f'<qti-choice-interaction response-identifier="R" max-choices="1">{SIMPLE}'
        "</qti-choice-interaction>",
        "identifier", "single", "B", {"R": ["B"]},
    ),
    "several": (
        f'<qti-choice-interaction response-identifier="R" max-choices="0">{SIMPLE}'
        "</qti-choice-interaction>",
        "identifier", "multiple", "A,C", {"R": ["C", "A"]},
    ),
    "order": (
        f'<qti-order-interaction response-identifier="R">{SIMPLE}</qti-order-interaction>',
        "identifier", "ordered", "C,A,B", {"R:A": ["2"], "R:B": ["3"], "R:C": ["1"]},
    ),
    "associate": (
        f'<qti-associate-interaction response-identifier="R" max-associations="2">{PAIRED}'
        "</qti-associate-interaction>",
        "pair", "multiple", "A B,B C",
        {"R:0:a": ["B"], "R:0:b": ["A"], "R:1:a": ["C"], "R:1:b": ["B"]},
    ),
    "match": (
        '<qti-match-interaction response-identifier="R" max-associations="0">'
        f"<qti-simple-match-set>{PAIRED}</qti-simple-match-set>"
        f"<qti-simple-match-set>{TARGETS}</qti-simple-match-set></qti-match-interaction>",
        "directedPair", "multiple", "A X,B Y", {"R": ["A X", "B Y"]},
    ),
    "gap-match": (
        '<qti-gap-match-interaction response-identifier="R">'
        '<qti-gap-text identifier="W" match-max="1">winter</qti-gap-text>'
        '<qti-gap-text identifier="S" match-max="1">summer</qti-gap-text>'
        '<p>In <qti-gap identifier="G1"/> it is cold, in <qti-gap identifier="G2"/> warm.</p>'
        "</qti-gap-match-interaction>",
        "directedPair", "multiple", "W G1,S G2", {"R": ["W G1", "S G2"]},
    ),
    "inline-choice": (
        '<p>It is <qti-inline-choice-interaction response-identifier="R">'
        '<qti-inline-choice identifier="A">a</qti-inline-choice>'
        '<qti-inline-choice identifier="B">b</qti-inline-choice>'
        "</qti-inline-choice-interaction>.</p>",
        "identifier", "single", "A", {"R": ["A"]},
    ),
    "text-entry": (
        '<p>2 + 2 = <qti-text-entry-interaction response-identifier="R" expected-length="2"/></p>',
        "integer", "single", "4", {"R": ["4"]},
    ),
    "extended-text": (
        '<qti-extended-text-interaction response-identifier="R"/>',
        "string", "single", "word", {"R": ["word"]},
    ),
    "hottext": (
        '<qti-hottext-interaction response-identifier="R" max-choices="1"><p>A '
        '<qti-hottext identifier="A">red</qti-hottext> and a '
        '<qti-hottext identifier="B">blue</qti-hottext> ball.</p></qti-hottext-interaction>',
        "identifier", "single", "B", {"R": ["B"]},
    ),
    "hotspot": (
        '<qti-hotspot-interaction response-identifier="R" max-choices="1">'
        f"{PICTURE}{SPOTS}</qti-hotspot-interaction>",
        "identifier", "single", "C", {"R": ["C"]},
    ),
    "select-point": (
        f'<qti-select-point-interaction response-identifier="R" max-choices="2">{PICTURE}'
        "</qti-select-point-interaction>",
        "point", "multiple", "10 20,30 40",
        {"R:0:x": ["10"], "R:0:y": ["20"], "R:1:x": ["30"], "R:1:y": ["40"]},
    ),
    "graphic-order": (
        f'<qti-graphic-order-interaction response-identifier="R">{PICTURE}{SPOTS}'
        "</qti-graphic-order-interaction>",
        "identifier", "ordered", "B,C,A", {"R:A": ["3"], "R:B": ["1"], "R:C": ["2"]},
    ),
    "graphic-associate": (
        '<qti-graphic-associate-interaction response-identifier="R" max-associations="1">'
        f"{PICTURE}{GRAPHIC}</qti-graphic-associate-interaction>",
        "pair", "multiple", "A C", {"R:0:a": ["A"], "R:0:b": ["C"]},
    ),
    "graphic-gap-match": (
        f'<qti-graphic-gap-match-interaction response-identifier="R">{PICTURE}'
        '<qti-gap-img identifier="W" match-max="1"><img src="w.png" alt="flag"/></qti-gap-img>'
        f"{GRAPHIC}</qti-graphic-gap-match-interaction>",
        "directedPair", "multiple", "W B", {"R": ["W B"]},
    ),
    "position-object": (
        f"<qti-position-object-stage>{PICTURE}"
        '<qti-position-object-interaction response-identifier="R" max-choices="1">'
        '<img src="car.png" alt="car" width="10" height="10"/></qti-position-object-interaction>'
        "</qti-position-object-stage>",
        "point", "single", "12 34", {"R:0:x": ["12"], "R:0:y": ["34"]},
    ),
    "slider": (
        '<qti-slider-interaction response-identifier="R" lower-bound="0" upper-bound="10"/>',
        "integer", "single", "7", {"R": ["7"]},
    ),
}  # fmt: skip


class Fields(HTMLParser):
    """Every input by name with its present values, and what is not named for a reader."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.values: dict[str, list[str]] = {}
        self.labelled: set[str] = set()
        self.unnamed: list[dict[str, Any]] = []
        self.tags: list[str] = []
        self.inputs: list[dict[str, Any]] = []
        self.select = ""
        self.area = ""
        self.feed(text)
        for one in self.inputs:
            if not (one.get("aria-label") or one.get("id") in self.labelled):
                self.unnamed.append(one)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        name = found.get("name", "").removeprefix("i-")
        if tag == "label":
            self.labelled.add(found.get("for", ""))
        if tag in {"input", "select", "textarea"} and found.get("type") != "hidden":
            self.inputs.append(found)
            self.names.add(name)
        if tag == "input" and name:
            if found.get("type") in {"radio", "checkbox"}:
                if "checked" in found:
                    self.values.setdefault(name, []).append(found["value"])
            elif found.get("value"):
                self.values.setdefault(name, []).append(found["value"])
        if tag == "select":
            self.select = name
        if tag == "option" and "selected" in found:
            self.values.setdefault(self.select, []).append(found["value"])
        self.area = name if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self.area and data.strip():
            self.values.setdefault(self.area, []).append(data.strip("\n"))


def answered(one: Item, fields: dict[str, list[str]]) -> str:
    state = start(one, seed=3)
    values, problems = read_responses(one, responses_of(one, fields))
    assert not problems
    begin_attempt(one, state)
    respond(one, state, values)
    page = Page(resource=lambda href: f"/files/{href}")
    return render_item(one, state, page).body


@pytest.mark.parametrize("kind", CASES)
def test_plain_inputs_answer_it(kind: str) -> None:
    """What the fields say is scored as right, shown again in the same fields, and each field has a
    name for a screen reader."""
    body, base, cardinality, key, fields = CASES[kind]
    one = item(body, base, cardinality, key)
    assert one.sound, [issue.text() for issue in one.issues]
    assert score(one, responses_of(one, fields)).as_json()["SCORE"] == 1
    assert score(one, responses_of(one, {})).as_json()["SCORE"] == 0
    shown = Fields(answered(one, fields))
    assert not shown.unnamed
    assert set(fields) <= shown.names
    again = responses_of(one, shown.values)
    assert score(one, again).as_json()["SCORE"] == 1


def every_kind() -> Iterator[Item]:
    for body, base, cardinality, key, _fields in CASES.values():
        yield item(body, base, cardinality, key)


def test_closed_items_take_nothing_and_show_what_is_right() -> None:
    for one in every_kind():
        page = Page(closed=True, right=True, resource=lambda href: href)
        shown = Fields(render_item(one, start(one), page).body)
        for field in shown.inputs:
            assert "disabled" in field or "readonly" in field, field
        assert 'class="qti-right"' in render_item(one, start(one), page).body


def test_right_places_of_points_are_drawn_and_told_in_words() -> None:
    for kind in ("position-object", "select-point"):
        one = item(*CASES[kind][:4])
        told = Page(closed=True, right=True, resource=lambda href: href)
        shown = render_item(one, start(one), told).body
        assert 'class="qti-point is-right"' in shown
        assert "вправо" in shown
        assert "is-right" not in render_item(one, start(one), Page(closed=True)).body


def test_the_ground_of_a_placed_picture_is_drawn_once() -> None:
    one = item(*CASES["position-object"][:4])
    shown = render_item(one, start(one), Page(resource=lambda href: href)).body
    assert shown.count('src="map.png"') == 1
    assert shown.count('src="car.png"') == 1


def test_nothing_of_an_item_runs() -> None:
    hostile = item(
        """<p onclick="x()" style="position:fixed" class="btn qti-center other">Hi
          <script>alert(1)</script><style>p{}</style><iframe src="//evil"/>
          <a href="javascript:alert(1)">j</a><a href=" java&#10;script:alert(1)">k</a>
          <a href="https://example.org/x">ok</a><a href="#part">in</a>
          <img src="https://evil.example/x.png" alt="out" onerror="x()"/>
          <svg viewBox="0 0 1 1"><script>1</script><a href="javascript:1"><rect fill="url(//e)"
            width="1" height="1" onload="x()"/></a><foreignObject><p>f</p></foreignObject></svg>
          <form action="//evil"><input name="R" value="B"/></form><object data="x.swf" type="a/b">o
          </object><base href="//evil"/><meta http-equiv="refresh"/><unknown>kept text</unknown></p>
        """
        + CASES["choice"][0].replace("Text B", "&lt;script&gt;alert(2)&lt;/script&gt;")
    )
    asked: list[str] = []

    def resource(href: str) -> str | None:
        asked.append(href)
        return None

    html = render_item(hostile, start(hostile), Page(resource=resource)).body
    found = Fields(html)
    assert not {"script", "style", "iframe", "form", "base", "meta", "object"} & set(found.tags)
    lowered = html.lower()
    for word in ("javascript", "onclick", "onerror", "onload", "evil", "style=", "url("):
        assert word not in lowered, word
    assert "&lt;script&gt;alert(2)" in html
    assert 'class="qti-center"' in html
    assert 'href="https://example.org/x" rel="noopener noreferrer"' in html
    assert 'href="#i-part"' in html
    assert "kept text" in html
    assert "https://evil.example/x.png" in asked
    assert next(f for f in found.inputs if f.get("value") == "B")["type"] == "radio"


def test_formulas_pass() -> None:
    math = (
        '<p><math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mn>1</mn><mn>2</mn></mfrac>'
        '<annotation-xml encoding="text/html"><b onclick="x">no</b></annotation-xml></math></p>'
    )
    one = item(math + CASES["choice"][0])
    html = render_item(one, start(one), Page()).body
    assert "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>" in html


def test_problems_stand_at_the_answer_they_are_about() -> None:
    one = item(*CASES["choice"][:4])
    html = render_item(one, start(one), Page(problems={"R": ["Too many <b>"]})).body
    assert 'aria-describedby="i-R-told"' in html
    assert "Too many &lt;b&gt;" in html


def test_broken_fields_are_no_answers() -> None:
    order = item(*CASES["order"][:4])
    assert responses_of(order, {"R:A": ["x"], "R:B": ["-1"], "R:C": ["9" * 50]}) == {"R": None}
    pairs = item(*CASES["associate"][:4])
    assert responses_of(pairs, {"R:0:a": ["A"]}) == {"R": None}
    drawn = item(
        '<qti-drawing-interaction response-identifier="R"><img src="a.png" alt="a"/>'
        "</qti-drawing-interaction>",
        "file",
    )
    assert responses_of(drawn, {"R": ["{", "[" * 100_000]}) == {"R": None}
