"""Single values, comparison, definitions, formats, JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sreda.records.xapi.attachments import contents_of, mixed, parts_of
from sreda.records.xapi.compare import same
from sreda.records.xapi.definitions import merged, person
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import cut_duration, edition_of, in_utc, moment
from sreda.records.xapi.formatting import accepted_languages, canonical, one_language, only_ids
from sreda.records.xapi.keys import agent_key
from sreda.records.xapi.parts import keys_of
from sreda.records.xapi.reading import read_json, written_json
from sreda.records.xapi.statement import check
from tests.records.statements import ANNA, BORIS, CLASS, LESSON, changed, full, inside, plain


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T14:08:09+07:00", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T14:08:09+07", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09.1234567Z", datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)),
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+99:00", None),
        ("0000-05-06T07:08:09Z", None),
        ("٢٠٢٤-05-06T07:08:09Z", None),
    ],
)
def test_moments(text, at):
    assert moment(text) == at


def test_the_second_edition_writes_times_in_utc():
    assert in_utc("2023-05-04T12:00:00-05:00") == "2023-05-04T17:00:00.000000Z"
    assert in_utc("2023-05-04T12:00:00.1Z") == "2023-05-04T12:00:00.1Z"


@pytest.mark.parametrize(
    ("text", "edition"),
    [("1.0", 1), ("1.0.0", 1), ("1.0.3", 1), ("2.0", 2), ("2.0.0", 2), ("2.0.5", 2)]
    + [(text, None) for text in ("", "1", "0.95", "1.1.0", "2", "2.1.0", "1.0.x", "3.0.0")],
)
def test_editions(text, edition):
    assert edition_of(text) == edition


def test_durations_are_compared_to_hundredths():
    assert cut_duration("PT1.239S") == cut_duration("PT1.23S") == "PT1.23S"
    assert cut_duration("PT1.00S") == "PT1S"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'"\xff"',
        b"[" * 100000,
        b"1" * 10000,
    ],
)
def test_json_that_cannot_be_kept_is_refused(body):
    with pytest.raises(Invalid):
        read_json(body)


def test_json_comes_back_as_it_was():
    text = '{"б":[1,1.5,"\\u0000",true,null],"half":"\\ud800"}'
    assert read_json(written_json(read_json(text))) == read_json(text)
    with pytest.raises(Invalid):
        written_json(read_json('{"a":1e999}'))


SAME = [
    ("verb/display", {"ru": "иначе"}),
    ("object/definition", {"name": {"ru": "Иначе"}}),
    ("timestamp", "2024-05-06T14:08:09.123+07:00"),
    ("authority", BORIS),
    ("stored", "2020-01-01T00:00:00Z"),
    ("version", "1.0.0"),
    ("actor/mbox", "mailto:anna@EXAMPLE.org"),
    ("context/team", CLASS | {"member": [BORIS, ANNA]}),
    ("context/contextActivities/parent", LESSON),
    ("result/duration", "PT1H30M"),
]
OTHER = [
    ("verb/id", "https://x.test/v"),
    ("object/id", "https://x.test/a"),
    ("timestamp", "2024-05-06T07:08:10Z"),
    ("actor/mbox", "mailto:Anna@example.org"),
    ("actor/name", "Другая"),
    ("context/team", CLASS | {"member": [BORIS]}),
    ("context/platform", "другая"),
    ("result/duration", "PT90M"),
    ("result/success", False),
    ("result/extensions", {"https://x.test/e": 1}),
]


@pytest.mark.parametrize(("path", "value"), SAME)
def test_what_does_not_make_another_statement(path, value):
    base = full()
    assert same(base, changed(base, path, value))


@pytest.mark.parametrize(("path", "value"), OTHER)
def test_what_makes_another_statement(path, value):
    base = full()
    assert not same(base, changed(base, path, value))


def test_definitions_grow():
    known = {"name": {"ru": "Дроби"}, "type": "https://x.test/old", "extensions": {"urn:a": 1}}
    told = {"name": {"en": "Fractions"}, "type": "https://x.test/new", "extensions": {"urn:b": 2}}
    assert merged(known, told) == {
        "name": {"ru": "Дроби", "en": "Fractions"},
        "type": "https://x.test/new",
        "extensions": {"urn:a": 1, "urn:b": 2},
    }


def test_a_person_has_all_names():
    made = person(ANNA, ["Аня"])
    assert made == {"objectType": "Person", "name": ["Аня", "Анна"], "mbox": [ANNA["mbox"]]}


def test_only_ids():
    shown = only_ids(full(object=inside()["object"]))
    assert shown["actor"] == {"objectType": "Agent", "mbox": ANNA["mbox"]}
    assert shown["verb"] == {"id": plain()["verb"]["id"]}
    assert shown["object"]["object"] == {"id": LESSON["id"]}
    assert shown["context"]["team"]["member"][1] == BORIS
    assert shown["context"]["contextActivities"]["parent"] == [{"id": LESSON["id"]}]


def test_canonical_has_one_language():
    known = {LESSON["id"]: {"name": {"ru": "Дроби", "en-GB": "Fractions", "de": "Brüche"}}}
    shown = canonical(plain(), ["fr", "en"], known, {})
    assert shown["object"]["definition"] == {"name": {"en-GB": "Fractions"}}


def test_languages():
    assert accepted_languages("de;q=0.5, en-GB, ru;q=0.9, x;q=0") == ["en-GB", "ru", "de"]
    words = {"en-US": "a", "ru": "б"}
    assert one_language(words, ["ru-RU"]) == {"ru": "б"}
    assert one_language(words, ["fr"]) == {"en-US": "a"}
    assert one_language(words, []) == {"en-US": "a"}


def test_keys_of_a_group_are_those_of_its_members_too():
    statement = plain(actor=CLASS)
    keys = set(keys_of(statement, check(statement, 2)))
    assert {agent_key(ANNA, near=False), agent_key(ANNA, near=True)} <= keys
    assert agent_key({"objectType": "Group", "member": [ANNA]}, near=True) is None


def test_multipart_goes_out_and_comes_in():
    content = b"a\r\n--b\r\n\x00"
    digest = __import__("hashlib").sha256(content).hexdigest()
    kind, body = mixed(b"{}", [(digest, "text/plain", content)])
    first, *rest = parts_of(body, kind.partition("boundary=")[2])
    assert first.content == b"{}"
    assert contents_of(rest) == {digest: content}


@pytest.mark.parametrize("body", [b"", b"--x\r\n\r\n{}", b"--y--\r\n", b"--x--"])
def test_multipart_without_its_boundaries(body):
    with pytest.raises(Invalid):
        parts_of(body, "x")
