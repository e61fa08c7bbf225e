"""The statements resource: taking in, finding, voiding, references, editions, rights."""

# ruff: noqa: E501
from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections

from sreda.kernel import clock
from sreda.records.domain import credentials
from sreda.records.domain.writing import LARGE
from sreda.records.xapi.formats import moment
from tests.factories import OrganisationFactory
from tests.records.conftest import Lrs
from tests.records.statements import (
    ANNA,
    BORIS,
    CLASS,
    LESSON,
    VERB,
    full,
    inside,
    plain,
    reference,
    voiding,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("both_stores")]


def new() -> str:
    return str(uuid.uuid4())


# -- taking in ---------------------------------------------------------------------------------


def test_what_is_taken_in_comes_back_with_what_the_store_adds(lrs):
    sent = full(authority=BORIS, stored="2020-01-01T00:00:00Z")
    assert lrs.send(sent) == [sent["id"]]
    answer = lrs.get(sent["id"])
    got = answer.json()
    assert got["authority"]["account"]["name"] == f"source:{lrs.credential.key}"
    assert moment(got["stored"]) > clock.now() - timedelta(minutes=5)
    assert answer["Last-Modified"]
    assert got["context"]["contextActivities"]["grouping"] == [{"id": "https://x.test/g"}]
    for name in ("id", "actor", "verb", "object", "result", "timestamp", "version"):
        assert got[name] == sent[name]


def test_id_and_time_are_given_where_they_lack(lrs):
    [made] = lrs.send(plain())
    got = lrs.get(made).json()
    assert got["timestamp"] == got["stored"]
    assert got["version"] == "1.0.0"


def test_any_text_of_json_is_kept(lrs):
    text = '\\ \t \n " \u0000 \ud800 €😀 \\u0041 {}'
    sent = full(result={"response": text, "extensions": {"https://x.test/e": [text, 1.5, -0.0]}})
    lrs.send(sent)
    assert lrs.get(sent["id"]).json()["result"] == sent["result"]


def test_numbers_and_layout_are_kept_to_the_letter(lrs):
    own = new()
    sent = b"""[ {"id": "%s",
\t"actor": {"mbox": "mailto:a@b.ru"}, "verb": {"id": "urn:a:b"}, "object": {"id": "urn:c:d"},\r
  "result": {"score": {"raw": 1.50}, "extensions": {"urn:e:f": [1e3, 12345678901234567890.10, "\\\\n\\u0000"]}}} ]"""  # fmt: skip
    assert lrs.ask("POST", "statements", sent.replace(b"%s", own.encode())).status_code == 200
    text = lrs.get(own).content.decode()
    assert '"raw": 1.50' in text
    assert '[1e3, 12345678901234567890.10, "\\\\n\\u0000"]' in text
    assert "\r\n" in text
    assert lrs.ask("GET", "statements", format="ids").status_code == 200


def test_put(lrs):
    own = new()
    assert lrs.ask("PUT", "statements", plain(), statementId=own).status_code == 204
    assert lrs.get(own).status_code == 200
    assert lrs.ask("PUT", "statements", plain()).status_code == 400
    assert lrs.ask("PUT", "statements", plain(id=new()), statementId=new()).status_code == 400
    assert lrs.ask("PUT", "statements", [plain()], statementId=new()).status_code == 400
    upper = lrs.ask("PUT", "statements", plain(id=own.upper()), statementId=own)
    assert upper.status_code == 204


def test_a_repeat_changes_nothing_and_another_statement_is_a_conflict(lrs):
    sent = full()
    assert lrs.send(sent) == lrs.send(sent)
    answer = lrs.ask("POST", "statements", [plain(), sent | {"verb": {"id": "https://x.test/v"}}])
    assert answer.status_code == 409
    assert sent["id"] in answer.json()["error"]
    assert lrs.found() == [sent["id"]]


def test_a_batch_is_taken_in_whole_or_not_at_all(lrs):
    good, twice = full(), new()
    answer = lrs.ask("POST", "statements", [good, plain(verb={"id": "x"})])
    assert answer.status_code == 400
    assert "[1].verb.id: " in answer.json()["error"]
    assert lrs.ask("POST", "statements", [plain(id=twice), plain(id=twice)]).status_code == 400
    assert lrs.found() == []


def test_times_become_utc_in_the_second_edition(lrs):
    lrs.version = "2.0.0"
    [made] = lrs.send(plain(timestamp="2023-05-04T12:00:00-05:00"))
    assert lrs.get(made).json()["timestamp"] == "2023-05-04T17:00:00.000000Z"
    assert lrs.get(made).json()["version"] == "2.0.0"


@pytest.mark.django_db(transaction=True)
def test_one_id_sent_by_many_at_once_is_one_statement():
    lrs = Lrs()
    own = new()
    sent = [plain(id=own, result={"response": str(n % 2)}) for n in range(8)]
    gate, statuses = threading.Barrier(8), []

    def send(statement):
        gate.wait()
        statuses.append(lrs.ask("POST", "statements", [plain(), statement]).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send, args=[s]) for s in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 4 + [409] * 4
    assert len(lrs.found()) == 5


def test_a_large_batch_is_as_any_other(lrs):
    """Ids of many are claimed at once, unless one is here or awaited."""
    sent = [plain(id=new()) for _n in range(LARGE)]
    assert lrs.send(*sent) == lrs.send(*sent) == [one["id"] for one in sent]
    fresh = [plain(id=new()) for _n in range(LARGE)]
    clash = [*fresh, sent[0] | {"result": {"response": "x"}}]
    assert lrs.ask("POST", "statements", clash).status_code == 409
    assert lrs.get(fresh[0]["id"]).status_code == 404
    assert len(lrs.send(*fresh, sent[0])) == LARGE + 1
    later = [plain(id=new()) for _n in range(LARGE)]
    lrs.send(voiding(later[1]["id"]))
    lrs.send(*later)
    assert lrs.get(later[1]["id"]).status_code == 404
    assert lrs.ask("GET", "statements", voidedStatementId=later[1]["id"]).status_code == 200
    assert len(lrs.found(limit="500")) == 3 * LARGE


@pytest.mark.parametrize("size", [20, LARGE])
@pytest.mark.django_db(transaction=True)
def test_batches_that_cross_do_not_block_each_other(size):
    lrs = Lrs()
    ids = [new() for _n in range(size)]
    one = [plain(id=i) for i in ids]
    other = [reference(ids[0]), *[plain(id=i) for i in reversed(ids)]]
    gate, statuses = threading.Barrier(2), []

    def send(batch):
        gate.wait()
        statuses.append(lrs.ask("POST", "statements", batch).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send, args=[b]) for b in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200, 200]
    assert len(lrs.found()) == size + 1
    # whichever was first, the reference is found by what it refers to
    assert len(lrs.found(verb=VERB["id"], agent=ANNA)) == size + 1


# -- finding -----------------------------------------------------------------------------------


def test_filters(lrs):
    registration = new()
    other = {"id": "https://x.test/v"}
    ids = lrs.send(
        plain(),
        plain(actor=BORIS, verb=other),
        plain(actor=CLASS, object={"id": "https://x.test/a"}),
        plain(object=BORIS, context={"registration": registration.upper()}),
        plain(actor=BORIS, context={"instructor": ANNA, "contextActivities": {"other": LESSON}}, object={"id": "https://x.test/b"}),
        inside(actor=ANNA, object=LESSON) | {"actor": BORIS},
    )  # fmt: skip
    newest = ids[::-1]
    assert lrs.found() == newest
    assert lrs.found(ascending="true") == ids
    assert lrs.found(limit="2") == newest[:2]
    assert set(lrs.found(agent=ANNA)) == {ids[0], ids[2], ids[3]}  # members count
    assert set(lrs.found(agent=BORIS)) == set(ids) - {ids[0]}
    assert set(lrs.found(agent=ANNA, related_agents="true")) == set(ids) - {ids[1]}
    assert lrs.found(verb=other["id"]) == [ids[1]]
    assert set(lrs.found(activity=LESSON["id"])) == {ids[0], ids[1]}
    assert set(lrs.found(activity=LESSON["id"], related_activities="true")) == {ids[0], ids[1], ids[4], ids[5]}  # fmt: skip
    assert lrs.found(registration=registration) == [ids[3]]
    assert lrs.found(agent=BORIS, verb=other["id"], activity=LESSON["id"]) == [ids[1]]
    assert lrs.found(agent={"mbox": "mailto:anna@EXAMPLE.org"}, verb=other["id"]) == []
    assert lrs.found(agent={"mbox": "mailto:nobody@example.org"}) == []


def test_time_of_storing(lrs):
    [first] = lrs.send(plain())
    stored = lrs.get(first).json()["stored"]
    [second] = lrs.send(plain())
    assert lrs.found(since=stored) == [second]
    assert lrs.found(until=stored) == [first]
    assert lrs.found(since=stored, verb=VERB["id"]) == [second]
    assert lrs.found(until="2001-01-01T00:00:00Z") == []


def test_pages_follow_each_other_while_more_comes(lrs):
    ids = lrs.send(*[plain() for _n in range(7)])
    for params in ({}, {"verb": VERB["id"]}, {"agent": ANNA, "activity": LESSON["id"]}):
        for ascending in ("true", "false"):
            seen, answer = [], lrs.ask("GET", "statements", limit="3", ascending=ascending, **params)  # fmt: skip
            while True:
                page = answer.json()
                seen += [s["id"] for s in page["statements"]]
                if not page["more"]:
                    break
                assert page["more"].startswith("/xapi/statements?")
                answer = lrs.ask("GET", page["more"].removeprefix("/xapi/"))
            assert seen == (ids if ascending == "true" else ids[::-1])


ONE, ANOTHER = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@pytest.mark.parametrize(
    "params",
    [
        {"agent": "x"},
        {"agent": {"name": "x"}},
        {"verb": "x"},
        {"activity": "x"},
        {"registration": "x"},
        {"related_agents": "yes"},
        {"since": "yesterday"},
        {"until": "2024-05-06"},
        {"limit": "-1"},
        {"limit": "x"},
        {"format": "pretty"},
        {"attachments": "1"},
        {"ascending": ""},
        {"cursor": "x"},
        {"Agent": ANNA},
        {"unknown": "1"},
        {"statementId": "x"},
        {"statementId": ONE, "voidedStatementId": ANOTHER},
        {"statementId": ONE, "limit": "1"},
        {"voidedStatementId": ONE, "agent": ANNA},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_named(lrs, params):
    answer = lrs.ask("GET", "statements", **params)
    assert answer.status_code == 400
    assert any(name in answer.json()["error"] for name in params)
    assert answer["X-Experience-API-Consistent-Through"]
    assert answer["X-Experience-API-Version"] == "1.0.3"


def test_a_parameter_given_twice(lrs):
    assert lrs.ask("GET", "statements?limit=1&limit=2").status_code == 400


def test_what_is_not_there(lrs):
    answer = lrs.get(new())
    assert answer.status_code == 404
    assert answer["X-Experience-API-Consistent-Through"]


def test_head_is_get_without_its_body(lrs):
    lrs.send(plain())
    got, head = lrs.ask("GET", "statements"), lrs.ask("HEAD", "statements")
    assert head.status_code == 200
    assert head.content == b""
    assert int(head["Content-Length"]) == len(got.content)


def test_formats(lrs):
    lesson = LESSON | {"definition": {"name": {"en": "Fractions"}}}
    lrs.send(plain(), plain(object=lesson))
    [_new, old] = lrs.ask("GET", "statements", format="ids").json()["statements"]
    assert old["object"] == {"id": LESSON["id"]}
    shown = lrs.ask(
        "GET", "statements", format="canonical", headers={"Accept-Language": "en, ru;q=0.5"}
    ).json()["statements"]
    assert {s["object"]["definition"]["name"]["en"] for s in shown} == {"Fractions"}
    activity = lrs.ask("GET", "activities", activityId=LESSON["id"]).json()
    assert activity["definition"]["name"] == {"ru": "Дроби", "en": "Fractions"}
    assert activity["definition"]["type"] == LESSON["definition"]["type"]


# -- voiding and references --------------------------------------------------------------------


def test_a_voided_statement_is_only_found_as_such(lrs):
    [target] = lrs.send(plain())
    [voids] = lrs.send(voiding(target))
    assert lrs.get(target).status_code == 404
    assert lrs.ask("GET", "statements", voidedStatementId=target).status_code == 200
    assert lrs.ask("GET", "statements", voidedStatementId=voids).status_code == 404
    assert lrs.found() == [voids]
    assert lrs.found(verb=VERB["id"]) == [voids]  # by what it refers to


def test_what_voids_is_not_voided(lrs):
    [target] = lrs.send(plain())
    [voids] = lrs.send(voiding(target))
    lrs.send(voiding(voids))
    assert lrs.get(voids).status_code == 200
    assert lrs.get(target).status_code == 404


def test_what_voids_may_come_first(lrs):
    late = new()
    [voids] = lrs.send(voiding(late))
    lrs.send(plain(id=late))
    assert lrs.get(late).status_code == 404
    assert lrs.ask("GET", "statements", voidedStatementId=late).status_code == 200
    assert lrs.found(agent=ANNA, verb=VERB["id"]) == [voids]


def test_only_ones_own_may_be_voided_without_every_right(lrs):
    other = Lrs("statements/write", "statements/read", name="Другая")
    [target] = lrs.send(plain())
    answer = other.ask("POST", "statements", voiding(target))
    assert answer.status_code == 403
    assert lrs.get(target).status_code == 200
    [own] = other.send(plain())
    other.send(voiding(own))
    assert lrs.get(own).status_code == 404
    late = new()
    other.send(voiding(late))  # comes before what it voids, which is of another
    lrs.send(plain(id=late))
    assert lrs.get(late).status_code == 200


def test_references_are_found_by_what_they_refer_to(lrs):
    first, second = new(), new()
    boris = {"actor": BORIS, "verb": {"id": "https://x.test/said"}}
    [third] = lrs.send(reference(second, **boris))  # before the others
    lrs.send(reference(first, **boris, id=second))
    lrs.send(plain(id=first))
    for filters in ({"agent": ANNA}, {"verb": VERB["id"]}, {"activity": LESSON["id"]}):
        assert set(lrs.found(**filters)) == {first, second, third}
    assert lrs.found(agent=ANNA, verb=VERB["id"]) == [first, second, third]
    # one statement must meet all: Boris said, Anna completed
    assert lrs.found(agent=BORIS, verb=VERB["id"]) == []
    assert set(lrs.found(agent=BORIS, verb="https://x.test/said")) == {second, third}


def test_a_circle_of_references(lrs):
    first, second = new(), new()
    lrs.send(reference(second, id=first), reference(first, id=second), reference(first))
    assert len(lrs.found(agent=ANNA)) == 3


# -- editions, rights, syntax ------------------------------------------------------------------


def test_the_edition_must_be_said(lrs):
    for version in ("0.95", "1.1.0", "3.0.0", "x", " "):
        answer = lrs.ask("GET", "statements", version=version)
        assert answer.status_code == 400
        assert "X-Experience-API-Version" in answer.json()["error"]
    for version, answered in (("1.0", "1.0.3"), ("1.0.2", "1.0.3"), ("2.0", "2.0.0")):
        answer = lrs.ask("GET", "statements", version=version)
        assert answer["X-Experience-API-Version"] == answered
    bare = lrs.client.get("/xapi/statements", headers={"Authorization": lrs.authorization})
    assert bare.status_code == 400
    assert bare["X-Experience-API-Version"] == "2.0.0"  # as this source spoke last


def test_nobody_without_a_credential(lrs, client):
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": lrs.authorization[:-6]}):
        answer = client.get("/xapi/statements", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic realm=")
        assert answer["X-Experience-API-Version"]
    assert client.get("/xapi/about").json()["version"] == ["1.0.3", "2.0.0"]
    assert client.get("/xapi/nothing").status_code == 404


def test_a_revoked_credential_is_none(lrs):
    lrs.send(plain())
    credentials.revoke(lrs.credential, at=clock.now(), actor=None)
    assert lrs.ask("GET", "statements").status_code == 401


@pytest.mark.parametrize(
    ("scope", "method", "path", "params"),
    [
        ("statements/read", "POST", "statements", {}),
        ("statements/write", "GET", "statements", {}),
        ("state", "GET", "statements", {}),
        ("statements/read", "PUT", "activities/profile", {"activityId": "urn:a:b", "profileId": "x"}),
        ("profile", "PUT", "activities/state", {"activityId": "urn:a", "agent": ANNA, "stateId": "x"}),
        ("all/read", "PUT", "agents/profile", {"agent": ANNA, "profileId": "x"}),
        ("state", "GET", "agents", {"agent": ANNA}),
        ("state", "GET", "activities", {"activityId": "urn:a:b"}),
    ],
)  # fmt: skip
def test_without_the_scope(db, scope, method, path, params):
    answer = Lrs(scope).ask(method, path, plain(), **params)
    assert answer.status_code == 403
    assert "scope" in answer.json()["error"]


def test_only_what_it_wrote(lrs):
    mine = Lrs("statements/write", "statements/read/mine", name="Узкая")
    [other] = lrs.send(plain())
    [own] = mine.send(plain())
    assert mine.found() == [own]
    assert mine.found(verb=VERB["id"]) == [own]
    assert mine.get(own).status_code == 200
    assert mine.get(other).status_code == 404


def test_only_of_its_organisation(lrs):
    school = OrganisationFactory()
    bound = Lrs("all", name="Школа", organisation=school)
    [other] = lrs.send(plain())
    [own] = bound.send(plain())
    assert bound.found() == [own]
    assert bound.get(other).status_code == 404
    assert set(lrs.found()) == {own, other}


def test_what_others_say_of_its_statements_is_not_its_own(both_stores):
    lrs, school = Lrs(name="Все"), OrganisationFactory()
    bound = Lrs("all", name="Школа", organisation=school)
    [own] = bound.send(plain())
    [about] = lrs.send(plain(object={"objectType": "StatementRef", "id": own}))
    [reply] = bound.send(plain(object={"objectType": "StatementRef", "id": own}))
    assert set(bound.found()) == {own, reply}
    assert set(bound.found(verb=VERB["id"])) == {own, reply}
    assert set(bound.found(activity=LESSON["id"])) == {own, reply}
    assert set(lrs.found(activity=LESSON["id"])) == {own, about, reply}


def test_of_agents_and_activities_an_organisation_hears_what_its_statements_told(both_stores):
    lrs = Lrs(name="Все")
    bound = Lrs("all", name="Школа", organisation=OrganisationFactory())
    lrs.send(plain())
    who, what = {"agent": {"mbox": ANNA["mbox"]}}, {"activityId": LESSON["id"]}
    assert "name" not in bound.ask("GET", "agents", **who).json()
    assert "definition" not in bound.ask("GET", "activities", **what).json()
    bound.send(plain(actor={"mbox": ANNA["mbox"], "name": "А. Школьная"}))
    assert bound.ask("GET", "agents", **who).json()["name"] == ["А. Школьная"]
    assert "definition" in bound.ask("GET", "activities", **what).json()
    assert set(lrs.ask("GET", "agents", **who).json()["name"]) == {"Анна", "А. Школьная"}


def test_without_the_right_to_define_nothing_is_described(lrs):
    narrow = Lrs("statements/write", name="Узкая")
    narrow.send(plain())
    activity = lrs.ask("GET", "activities", activityId=LESSON["id"]).json()
    assert activity == {"objectType": "Activity", "id": LESSON["id"]}
    assert "name" not in lrs.ask("GET", "agents", agent={"mbox": ANNA["mbox"]}).json()
    lrs.send(plain())
    assert lrs.ask("GET", "agents", agent={"mbox": ANNA["mbox"]}).json()["name"] == ["Анна"]


def test_the_alternate_syntax_is_of_the_first_edition(lrs):
    from urllib.parse import urlencode

    form = "application/x-www-form-urlencoded"
    own = new()
    body = urlencode({"statementId": own, "content": __import__("json").dumps(plain())}).encode()
    assert lrs.ask("POST", "statements", body, kind=form, method="PUT").status_code == 204
    asked = urlencode({"statementId": own}).encode()
    assert lrs.ask("POST", "statements", asked, kind=form, method="GET").json()["id"] == own
    bad = lrs.ask("POST", "statements", asked, kind=form, method="GET", statementId=own)
    assert bad.status_code == 400
    assert lrs.ask("POST", "statements", asked, kind=form, method="PUT").status_code == 400
    lrs.version = "2.0.0"
    assert lrs.ask("POST", "statements", body, kind=form, method="PUT").status_code == 400


def test_other_origins_may_ask(client):
    answer = client.options("/xapi/statements")
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "X-Experience-API-Version" in answer["Access-Control-Allow-Headers"]


def test_a_body_of_another_kind(lrs):
    assert lrs.ask("POST", "statements", plain(), kind="text/plain").status_code == 400
    assert lrs.ask("POST", "statements", b"{").status_code == 400
    assert lrs.ask("POST", "statements", b"\xff").status_code == 400
    assert lrs.ask("DELETE", "statements").status_code == 405
    assert lrs.ask("POST", "statements", []).json() == []
    for bad in (b"[", b"[{}", b"[{},]", b"[] x", b"[{} {}]", b"", b"null", b'"x"', b"[[]]"):
        assert lrs.ask("POST", "statements", bad).status_code == 400


def test_consistent_through_waits_for_who_writes(lrs):
    before = lrs.ask("GET", "statements")["X-Experience-API-Consistent-Through"]
    assert clock.now() - moment(before) < timedelta(minutes=5)
