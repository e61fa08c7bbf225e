"""Every rule of the form of a statement: a case that passes and one that does not."""

# ruff: noqa: E501, RUF043
from __future__ import annotations

import pytest

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.statement import check
from tests.records.statements import (
    ANNA,
    BORIS,
    CLASS,
    GONE,
    LESSON,
    changed,
    full,
    inside,
    plain,
    reference,
    voiding,
)

HASH = "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a"
ATTACHMENT = {
    "usageType": "https://x.test/usage",
    "display": {"ru": "Работа"},
    "contentType": "text/plain; charset=utf-8",
    "length": 27,
    "sha2": HASH,
    "fileUrl": "https://x.test/file",
}
UUID = "AA97B177-9383-4934-8543-0F91A7A02836"
ACCOUNT = {"homePage": "https://sis.test", "name": "1"}
CHOICE = {"interactionType": "choice", "choices": [{"id": "a", "description": {"ru": "Да"}}]}
CONTEXT_AGENT = {"objectType": "contextAgent", "agent": ANNA, "relevantTypes": ["https://x.test/t"]}
CONTEXT_GROUP = {"objectType": "contextGroup", "group": CLASS}

# path in a statement with everything, values that pass, values that do not, and where the fault is
TABLE: list[tuple[str, list[object], list[object]]] = [
    ("id", [UUID, UUID.lower()], [UUID + "8", "M" + UUID[1:], "x", 1, None, {}, UUID[:-1], ""]),
    ("actor", [ANNA, BORIS, CLASS, {"openid": "https://x.test/me"}], [None, "x", [], {}, GONE]),
    ("actor/objectType", ["Agent"], ["agent", "Person", None, 1]),
    ("actor/name", ["Я"], [1, None, {}]),
    ("actor/mbox", ["mailto:a@b.ru", "mailto:a+b@почта.рф"], ["a@b.ru", "mailto:a", "MAILTO a@b", 1, None, "mailto:a@b c", "mailto:@b.ru"]),
    ("actor/account", [], [ACCOUNT, None]),  # a second identifier
    ("actor/openid", [], ["https://x.test/me"]),
    ("actor/Name", [], ["Анна"]),
    ("actor/member", [], [[ANNA]]),
    ("verb", [{"id": "https://x.test/v"}], [GONE, None, "v", {}, {"display": {"ru": "x"}}]),
    ("verb/id", ["urn:x:y", "https://x.test/глагол"], ["x", "http", "http:// x", 1, None, "", "//x.test/v"]),
    ("verb/display", [{}, {"en-US": "did"}, {"zh-Hant-TW": "x"}], [{"a12345678": "x"}, {"ru": 1}, {"ru": None}, "x", None, []]),
    ("verb/extra", [], [1]),
    ("object", [LESSON, ANNA, CLASS, {"id": "https://x.test/a"}], [GONE, None, "x", {}, []]),
    ("object/objectType", ["Activity"], ["activity", "Thing", None, "Statement"]),
    ("object/id", ["tag:x,2024:y"], ["no scheme", 5, None, GONE, ""]),
    ("object/Id", [], ["https://x.test"]),
    ("object/definition", [{}, CHOICE], [None, "x", [], {"extra": 1}]),
    ("object/definition/name", [{"ru": "Имя"}], [{"r": "x"}, {"ru": 1}, None, "x"]),
    ("object/definition/description", [{"ru": "Имя"}], [{"_": "x"}, "x"]),
    ("object/definition/type", ["https://x.test/t"], ["t", None, 1]),
    ("object/definition/moreInfo", ["https://x.test/more"], ["more", None, 1]),
    ("object/definition/extensions", [{}, {"https://x.test/e": {"deep": None}}], [{"e": 1}, None, []]),
    ("object/definition/interactionType", ["other", "true-false", "fill-in", "long-fill-in", "numeric", "likert", "matching", "performance", "sequencing", "choice"], ["Choice", "essay", None, 1]),
    ("object/definition/correctResponsesPattern", [], [["a"], "a"]),  # without interactionType
    ("result", [{}], [None, "x", [], {"extra": 1}]),
    ("result/score", [{}, {"raw": 1}], [None, 5, {"extra": 1}, {"Raw": 1}]),
    ("result/score/scaled", [-1, 1, 0.5, 1.0], [1.01, -1.01, "1", None, True]),
    ("result/score/raw", [0, 10, 5.5], [-1, 11, "5", None]),
    ("result/score/min", [4], [10, 11, "0", None]),
    ("result/score/max", [5], [0, "10", None]),
    ("result/success", [True, False], ["true", 1, None]),
    ("result/completion", [True, False], ["true", 0, None]),
    ("result/response", ["", "да"], [1, None, {}]),
    ("result/duration", ["PT1S", "P1Y2M3DT4H5M6.789S", "P2W", "PT0S", "P1DT12H", "PT1.5H"], ["1 h", "P", "PT", "P1S", "PT1.5H3M", 60, None, "PA1H", "P1Y2W", "-PT1S"]),
    ("result/extensions", [{}], [{"e": 1}, None, "x"]),
    ("context", [{}], [None, "x", [], {"extra": 1}]),
    ("context/registration", [UUID], ["x", 1, None]),
    ("context/instructor", [ANNA, CLASS], [None, "x", {}, {"objectType": "Group"}]),
    ("context/team", [CLASS], [ANNA, None, {"objectType": "Group"}, {}]),
    ("context/contextActivities", [{}, {"category": [], "other": LESSON}], [None, [], {"Parent": []}, {"extra": []}]),
    ("context/contextActivities/parent", [LESSON, [LESSON]], [None, "x", [ANNA], [None], [{"id": "x"}]]),
    ("context/revision", ["1"], [1, None]),
    ("context/platform", ["Sreda"], [1, None]),
    ("context/language", ["ru", "en-GB", "x-own", "i-klingon"], ["", "r", "ru_RU", 1, None, "en-"]),
    ("context/statement", [], [None, {"id": UUID}, {"objectType": "StatementRef"}, {"objectType": "SubStatement", "id": UUID}, {"objectType": "StatementRef", "id": "x"}]),
    ("context/extensions", [{}], [{"e": 1}, None]),
    ("timestamp", ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123456789+07:00", "20240506T070809Z", "2024-05-06T07:08Z", "2024-02-29T00:00:00Z", "2016-12-31T23:59:60Z"], ["2024-05-06", "06.05.2024", "2024-13-06T07:08:09Z", "2023-02-29T00:00:00Z", "2024-05-06T25:00:00Z", "2024-05-06T07:08:09-00:00", "2024-05-06T07:08:09-0000", "2024-05-06T07:08:09-00", 1, None, ""]),
    ("stored", ["2024-05-06T07:08:09Z"], ["x", None]),
    ("version", ["1.0", "1.0.0", "1.0.9"], ["1.1.0", "0.9.9", "x", 1, None, "1.0."]),
    ("authority", [ANNA, {"objectType": "Group", "member": [ANNA, BORIS]}], [None, {}, CLASS | {"mbox": "mailto:a@b.ru"}, {"objectType": "Group", "member": [ANNA]}]),
    ("attachments", [[], [ATTACHMENT]], [None, {}, [None], ["x"]]),
    ("extra", [], [1, None]),
    ("Actor", [], [ANNA]),
]  # fmt: skip

GROUPS: list[tuple[str, list[object], list[object]]] = [
    ("objectType", [], ["group", GONE, "Agent"]),
    ("member", [[ANNA], [{"mbox_sha1sum": "e" * 40}]], [None, {}, [], [CLASS], ["x"], [{"name": "x"}], GONE]),
    ("mbox", ["mailto:a@b.ru"], ["x"]),
    ("mbox_sha1sum", ["a" * 40], ["a" * 39, "g" * 40, 1]),
    ("account", [ACCOUNT], [{"name": "1"}, {"homePage": "https://x.test"}, ACCOUNT | {"homePage": "x"}, ACCOUNT | {"name": 1}, ACCOUNT | {"more": 1}, None, ACCOUNT | {"homepage": "https://x.test"}]),
    ("name", ["Класс"], [None]),
]  # fmt: skip

ATTACHMENTS: list[tuple[str, list[object], list[object]]] = [
    ("usageType", ["urn:x:y"], [GONE, "x", None, 1]),
    ("display", [{"en": "x"}], [GONE, "x", None, {"ru": 1}]),
    ("description", [{"en": "x"}], ["x", None]),
    ("contentType", ["image/png", 'text/plain; a="b c"'], [GONE, "png", None, 1]),
    ("length", [0, 10**12], [GONE, "1", 1.5, -1, None, True]),
    ("sha2", ["a" * 56, "b" * 96, "C" * 128], [GONE, "x", 1, None, "a" * 40]),
    ("fileUrl", ["https://x.test/f"], ["f", None, 1]),
    ("extra", [], [1]),
]  # fmt: skip

INTERACTIONS: list[tuple[dict[str, object], bool]] = [
    (CHOICE, True),
    ({"interactionType": "sequencing", "choices": [{"id": "a"}]}, True),
    ({"interactionType": "likert", "scale": [{"id": "1"}, {"id": "2"}]}, True),
    ({"interactionType": "matching", "source": [{"id": "a"}], "target": [{"id": "a"}]}, True),
    ({"interactionType": "performance", "steps": [{"id": "a"}]}, True),
    ({"interactionType": "numeric", "correctResponsesPattern": ["4[:]5"]}, True),
    ({"choices": [{"id": "a"}]}, False),
    ({"interactionType": "true-false", "choices": [{"id": "a"}]}, False),
    ({"interactionType": "choice", "scale": [{"id": "a"}]}, False),
    ({"interactionType": "likert", "steps": [{"id": "a"}]}, False),
    ({"interactionType": "performance", "source": [{"id": "a"}]}, False),
    ({"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]}, False),
    ({"interactionType": "choice", "choices": [{"description": {"ru": "x"}}]}, False),
    ({"interactionType": "choice", "choices": [{"id": 1}]}, False),
    ({"interactionType": "choice", "choices": [{"id": "a", "more": 1}]}, False),
    ({"interactionType": "choice", "choices": {"id": "a"}}, False),
    ({"interactionType": "choice", "choices": [{"id": "a", "description": "x"}]}, False),
    ({"interactionType": "numeric", "correctResponsesPattern": "4"}, False),
    ({"interactionType": "numeric", "correctResponsesPattern": [4]}, False),
]


def cases(good: bool):
    for table, base, before in (
        (TABLE, full(), ""),
        (GROUPS, plain(actor=CLASS), "actor/"),
        (ATTACHMENTS, plain(attachments=[ATTACHMENT]), "attachments/0/"),
    ):
        for path, passing, failing in table:
            for number, value in enumerate(passing if good else failing):
                made = changed(base, before + path, value)
                yield pytest.param(before + path, made, id=f"{before}{path}-{number}")


@pytest.mark.parametrize(("path", "statement"), [*cases(good=True)])
@pytest.mark.parametrize("edition", [1, 2])
def test_passes(path, statement, edition):
    check(statement, edition)


@pytest.mark.parametrize(("path", "statement"), [*cases(good=False)])
@pytest.mark.parametrize("edition", [1, 2])
def test_is_refused_and_the_place_named(path, statement, edition):
    with pytest.raises(Invalid) as error:
        check(statement, edition)
    assert error.value.place.split(".")[0].split("[")[0] == path.split("/")[0]


@pytest.mark.parametrize(("path", "statement"), [*cases(good=False)])
def test_a_substatement_keeps_the_same_rules(path, statement):
    if path.split("/")[0] in {"id", "stored", "version", "authority"}:
        return
    sub = {"objectType": "SubStatement", **statement}
    for name in ("id", "stored", "version", "authority"):
        sub.pop(name, None)
    with pytest.raises(Invalid) as error:
        check(plain(object=sub), 1)
    assert error.value.place.startswith("object")


@pytest.mark.parametrize("name", ["id", "stored", "version", "authority"])
def test_a_substatement_has_none_of_what_makes_a_statement(name):
    with pytest.raises(Invalid) as error:
        check(inside(**{name: full().get(name, "2024-05-06T07:08:09Z")}), 1)
    assert error.value.place == f"object.{name}"


def test_a_substatement_has_no_other_in_it():
    check(inside(), 1)
    with pytest.raises(Invalid):
        check(inside(object=inside()["object"]), 1)


@pytest.mark.parametrize(("definition", "passes"), INTERACTIONS)
def test_interactions(definition, passes):
    statement = plain(object={"id": "https://x.test/a", "definition": definition})
    if passes:
        check(statement, 1)
    else:
        with pytest.raises(Invalid, match=r"object\.definition"):
            check(statement, 1)


@pytest.mark.parametrize("name", ["revision", "platform"])
@pytest.mark.parametrize("target", [ANNA, CLASS, reference(UUID)["object"], inside()["object"]])
def test_revision_and_platform_are_for_activities(name, target):
    check(plain(context={name: "1"}), 1)
    with pytest.raises(Invalid, match=f"context.{name}"):
        check(plain(object=target, context={name: "1"}), 1)


def test_what_voids_refers_to_a_statement():
    check(voiding(UUID), 1)
    with pytest.raises(Invalid, match="object.objectType"):
        check(plain(verb={"id": "http://adlnet.gov/expapi/verbs/voided"}), 1)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "contextAgents",
            [CONTEXT_AGENT],
            [
                {"objectType": "Agent", "agent": ANNA},
                {"objectType": "contextAgent"},
                {"agent": ANNA},
                CONTEXT_AGENT | {"agent": CLASS},
                CONTEXT_AGENT | {"relevantTypes": []},
                CONTEXT_AGENT | {"relevantTypes": ["x"]},
                CONTEXT_AGENT | {"relevantTypes": None},
                CONTEXT_AGENT | {"extra": 1},
                None,
            ],
        ),
        (
            "contextGroups",
            [CONTEXT_GROUP],
            [
                {"objectType": "contextGroup", "group": ANNA},
                {"objectType": "Group", "group": CLASS},
                CONTEXT_GROUP | {"relevantTypes": "x"},
                CONTEXT_GROUP | {"agent": ANNA},
            ],
        ),
    ],
)
def test_the_second_edition_has_more_agents_in_its_context(name, good, bad):
    check(plain(context={name: good}), 2)
    with pytest.raises(Invalid, match=f"context.{name}"):
        check(plain(context={name: good}), 1)  # the first does not know them
    for item in bad:
        with pytest.raises(Invalid, match=rf"context\.{name}"):
            check(plain(context={name: [item]}), 2)
    with pytest.raises(Invalid):
        check(plain(context={name: {}}), 2)


def test_editions_of_statements():
    check(plain(version="2.0.0"), 2)
    with pytest.raises(Invalid, match="version"):
        check(plain(version="2.0.0"), 1)
    with pytest.raises(Invalid, match="version"):
        check(plain(version="2.1.0"), 2)


def test_a_near_name_is_offered():
    with pytest.raises(Invalid, match='did you mean "homePage"'):
        check(plain(actor={"account": {"homepage": "https://x.test", "name": "1"}}), 1)


def test_the_place_in_a_batch_is_named():
    with pytest.raises(Invalid) as error:
        check(plain(verb={"id": "x"}), 1, "[3]")
    assert error.value.place == "[3].verb.id"


@pytest.mark.parametrize("thing", [None, [], "x", 1, True])
def test_only_an_object_is_a_statement(thing):
    with pytest.raises(Invalid):
        check(thing, 1)
