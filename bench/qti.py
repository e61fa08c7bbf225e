"""Items marked a second in one process, beside plain Python that compares the same answers.

    python bench/qti.py [--seconds 1]

"marked" is a whole session: variables set up, answer read from JSON, rules run, outcomes taken
out. "rules" is the response processing alone. The baseline knows the key and the mapping by heart
and reads the same JSON.

"rendered" is an item as the HTML of a learner's page, its answer in it; beside it a Django template
that is given the same choices as plain data and writes the same HTML.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from random import Random

import common  # noqa: F401
from sreda.assessment.qti import Item, begin_attempt, end_attempt, read_item, score, start
from sreda.assessment.qti.items.item import write_item

QTI3 = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{}.xml"


def text(declaration: str, rules: str, more: str = "") -> str:
    choices = "".join(
        f'<qti-simple-choice identifier="{c}">{c}</qti-simple-choice>' for c in "ABCD"
    )
    return (
        f'<qti-assessment-item xmlns="{QTI3}" identifier="i" title="i" time-dependent="false">'
        f"{declaration}"
        '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
        f"{more}<qti-item-body>"
        f'<qti-choice-interaction response-identifier="RESPONSE" max-choices="0">{choices}'
        f"</qti-choice-interaction></qti-item-body>{rules}</qti-assessment-item>"
    )


def response(cardinality: str, inner: str) -> str:
    return (
        f'<qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}" '
        f'base-type="identifier">{inner}</qti-response-declaration>'
    )


def by_template(name: str) -> str:
    return f'<qti-response-processing template="{TEMPLATE.format(name)}"/>'


KEY = "<qti-correct-response><qti-value>B</qti-value></qti-correct-response>"
WORTH = {"A": 0.25, "B": 0.5, "C": 1.0, "D": -0.5}
MAPPING = "<qti-mapping>{}</qti-mapping>".format(
    "".join(f'<qti-map-entry map-key="{k}" mapped-value="{v}"/>' for k, v in WORTH.items())
)
# every member of the response is looked up, weighed, summed and rounded: 27 expressions
RULES = (
    '<qti-response-processing><qti-set-outcome-value identifier="SCORE">'
    '<qti-round-to rounding-mode="decimalPlaces" figures="2"><qti-divide><qti-sum>'
    + "".join(
        '<qti-product><qti-container-size><qti-delete><qti-base-value base-type="identifier">'
        f'{k}</qti-base-value><qti-variable identifier="RESPONSE"/></qti-delete>'
        f'</qti-container-size><qti-base-value base-type="float">{v}</qti-base-value></qti-product>'
        for k, v in WORTH.items()
    )
    + '</qti-sum><qti-base-value base-type="integer">3</qti-base-value></qti-divide>'
    "</qti-round-to></qti-set-outcome-value></qti-response-processing>"
)

Plain = Callable[[str], float]


def plain_match(data: str) -> float:
    return 1.0 if json.loads(data).get("RESPONSE") == "B" else 0.0


def plain_map(data: str) -> float:
    return sum(WORTH.get(one, 0.0) for one in set(json.loads(data).get("RESPONSE") or ()))


def plain_rules(data: str) -> float:
    given = json.loads(data).get("RESPONSE") or []
    found = sum(len([g for g in given if g != key]) * worth for key, worth in WORTH.items())
    return round(found / 3, 2)


MATCHED = text(response("single", KEY), by_template("match_correct"))
MAPPED = text(response("multiple", MAPPING), by_template("map_response"))
COMPUTED = text(response("multiple", KEY), RULES)
CASES: list[tuple[str, str, Plain, bool]] = [
    ("match_correct", MATCHED, plain_match, True),
    ("map_response", MAPPED, plain_map, False),
    ("27 expressions", COMPUTED, plain_rules, False),
]


def rate(run: Callable[[int], object], seconds: float) -> float:
    """Calls a second: the best of three."""
    best = 0.0
    for _ in range(3):
        count, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < seconds / 3:
            for _ in range(50):
                run(count)
                count += 1
        best = max(best, count / spent)
    return best


def answers(single: bool) -> list[str]:
    random = Random(1)
    if single:
        return [json.dumps({"RESPONSE": random.choice("ABCD")}) for _ in range(256)]
    return [
        json.dumps({"RESPONSE": random.sample("ABCD", random.randint(1, 4))}) for _ in range(256)
    ]


def rules_alone(item: Item) -> Callable[[int], object]:
    state = start(item)
    begin_attempt(item, state)

    def run(count: int) -> object:
        state.status = "interacting"
        end_attempt(item, state)
        return state

    return run


def measured(source: str, plain: Plain, single: bool, seconds: float) -> tuple[float, ...]:
    """Rates of plain Python, whole sessions, rules alone, and reading the item."""
    item, given = read_item(source), answers(single)
    for data in given:
        got = score(item, json.loads(data)).as_json()["SCORE"]
        assert abs(got - plain(data)) < 1e-9, (data, got, plain(data))
    written = write_item(item)
    return (
        rate(lambda n: plain(given[n % 256]), seconds),
        rate(lambda n: score(item, json.loads(given[n % 256])), seconds),
        rate(rules_alone(item), seconds),
        rate(lambda n: read_item(written), seconds),
    )


def rendered(seconds: float) -> None:
    """Items of 4 and of 40 choices, with shuffling, beside a template with the same outcome."""
    import django

    django.setup()
    from django.template import engines

    from sreda.assessment.qti import content_of
    from sreda.assessment.rendering import Page, render_item

    print("\nitem                template/s  rendered/s  × slower")
    for count in (4, 40):
        names = [f"C{n:02}" for n in range(count)]
        choices = "".join(
            f'<qti-simple-choice identifier="{n}">Answer {n}</qti-simple-choice>' for n in names
        )
        plain = MATCHED[: MATCHED.index("<qti-simple-choice")] + choices
        source = plain + MATCHED[MATCHED.index("</qti-choice-interaction>") :]
        item = read_item(source.replace('max-choices="0"', 'max-choices="1" shuffle="true"'))
        state = start(item, seed=1)
        state.values["RESPONSE"] = "C02"
        page = Page()
        html = render_item(item, state, page).body
        body = content_of(item, state).body
        assert body is not None
        order = [c.get("identifier") for c in body.walk() if c.name == "qti-simple-choice"]
        begins = [html.index(f'value="{name}"') for name in order]
        assert begins == sorted(begins)
        opened = html.index("<div", html.index("</legend>"))
        first = html.index('<div class="form-check', opened)
        second = html.index('<div class="form-check', first + 1)
        closed = html.rindex("</label></div>") + len("</label></div>")
        each = html[first:second].replace(order[0], "{{ c.name }}").replace(' checked=""', "")
        each = each.replace('">', '"{% if c.on %} checked=""{% endif %}>', 2).replace(
            '"{% if c.on %} checked=""{% endif %}>', '">', 1
        )
        template = engines["django"].from_string(
            html[:first] + "{% for c in choices %}" + each + "{% endfor %}" + html[closed:]
        )
        data = {"choices": [{"name": n, "on": n == "C02"} for n in order]}
        assert template.render(data) == html, (template.render(data)[:900], html[:900])
        base = rate(lambda n: template.render(data), seconds)  # noqa: B023
        ours = rate(lambda n: render_item(item, state, page), seconds)  # noqa: B023
        print(f"choice of {count:<8}{base:>12,.0f}{ours:>12,.0f}{base / ours:>10.1f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1.0)
    seconds = parser.parse_args().seconds
    print("item                   plain/s    marked/s  × slower     rules/s    read/s")
    for name, source, plain, single in CASES:
        base, marked, alone, read = measured(source, plain, single, seconds)
        print(
            f"{name:<18}{base:>12,.0f}{marked:>12,.0f}{base / marked:>10.1f}"
            f"{alone:>12,.0f}{read:>10,.0f}"
        )
    rendered(seconds)


if __name__ == "__main__":
    main()
