"""State and profiles: entity tags, merging, lists of names."""

# ruff: noqa: E501
from __future__ import annotations

import hashlib
import threading
import uuid
from urllib.parse import urlencode

import pytest
from django.db import connections

from sreda.records.models import Document
from tests.factories import OrganisationFactory
from tests.records.conftest import Lrs
from tests.records.statements import ANNA, BORIS, CLASS

pytestmark = pytest.mark.django_db
ACTIVITY = "https://example.org/lessons/1"
PLACES = [
    ("activities/state", "stateId", {"activityId": ACTIVITY, "agent": ANNA}),
    ("activities/profile", "profileId", {"activityId": ACTIVITY}),
    ("agents/profile", "profileId", {"agent": ANNA}),
]
ALL = pytest.mark.parametrize(("path", "name", "params"), PLACES, ids=[p[0] for p in PLACES])
ANY = {"headers": {"If-None-Match": "*"}}


def tag(content: bytes) -> str:
    return f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'


@ALL
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_kept_read_and_removed(lrs, path, name, params, version):
    lrs.version = version
    where = params | {name: "черновик"}
    content = b"\x00\x01 any bytes"
    put = lrs.ask("PUT", path, content, kind="application/x-own", **ANY, **where)
    assert put.status_code == 204, put.content
    got = lrs.ask("GET", path, **where)
    assert got.content == content
    assert got["Content-Type"] == "application/x-own"
    assert got["ETag"] == tag(content)
    assert got["Last-Modified"]
    again = lrs.ask("GET", path, headers={"If-None-Match": got["ETag"]}, **where)
    assert again.status_code == 304
    head = lrs.ask("HEAD", path, **where)
    assert (head.status_code, head.content) == (200, b"")
    assert lrs.ask("GET", path, **params).json() == ["черновик"]
    assert lrs.ask("DELETE", path, **where).status_code == 204
    assert lrs.ask("DELETE", path, **where).status_code == 204
    assert lrs.ask("GET", path, **where).status_code == 404
    assert lrs.ask("GET", path, **params).json() == []


@ALL
def test_json_is_merged(lrs, path, name, params):
    where = params | {name: "a"}
    assert lrs.ask("POST", path, {"x": 1, "y": {"z": 1}}, **where).status_code == 204
    assert lrs.ask("POST", path, {"y": {"w": 2}, "v": None}, **where).status_code == 204
    assert lrs.ask("GET", path, **where).json() == {"x": 1, "y": {"w": 2}, "v": None}
    for body, kind in (([1], "application/json"), (b"{", "application/json"), ({}, "text/plain")):
        assert lrs.ask("POST", path, body, kind=kind, **where).status_code == 400
    other = params | {name: "b"}
    assert lrs.ask("POST", path, b"text", kind="text/plain", **other).status_code == 204
    assert lrs.ask("POST", path, {"x": 1}, **other).status_code == 400
    assert lrs.ask("GET", path, **other).content == b"text"
    assert lrs.ask("POST", path, b"[1]", **(params | {name: "c"})).status_code == 400


@ALL
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_a_lost_update_is_refused(lrs, path, name, params, version):
    lrs.version = version
    where = params | {name: "a"}

    def put(content, **headers):
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return lrs.ask("PUT", path, content, kind="text/plain", headers=given, **where).status_code

    state_of_old = path == "activities/state" and version == "1.0.3"
    profile_of_old = path != "activities/state" and version == "1.0.3"
    assert put(b"0", If_Match=tag(b"x")) == 412
    assert put(b"1") == (400 if profile_of_old else 204)
    lrs.ask("PUT", path, b"1", kind="text/plain", **ANY, **where)
    assert put(b"2", If_None_Match="*") == 412
    assert put(b"2", If_None_Match=tag(b"1")) == 412
    assert put(b"2", If_Match=tag(b"0")) == 412
    assert put(b"2") == (204 if state_of_old else 409)
    now = lrs.ask("GET", path, **where)
    assert now.content == (b"2" if state_of_old else b"1")
    assert put(b"3", If_Match=f"{tag(b'0')}, {now['ETag']}") == 204
    assert put(b"4", If_Match="*") == 204
    wrong = {"headers": {"If-Match": tag(b"x")}}
    assert lrs.ask("DELETE", path, **wrong, **where).status_code == 412
    assert lrs.ask("POST", path, {}, **wrong, **where).status_code == 412
    right = {"headers": {"If-Match": tag(b"4")}}
    assert lrs.ask("DELETE", path, **right, **where).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_many_who_make_a_document_one_does():
    lrs = Lrs()
    where = {"activityId": ACTIVITY, "profileId": "a"}
    gate, statuses = threading.Barrier(8), []

    def put(number):
        gate.wait()
        answer = lrs.ask("PUT", "activities/profile", {"n": number}, **ANY, **where)
        statuses.append(answer.status_code)
        connections.close_all()

    def add(number):
        gate.wait()
        body = {str(number): number}
        statuses.append(lrs.ask("POST", "activities/profile", body, **where).status_code)
        connections.close_all()

    run([threading.Thread(target=put, args=[n]) for n in range(8)])
    assert sorted(statuses) == [204] + [412] * 7
    statuses.clear()
    run([threading.Thread(target=add, args=[n]) for n in range(8)])
    assert statuses == [204] * 8
    kept = lrs.ask("GET", "activities/profile", **where).json()
    assert {str(n) for n in range(8)} <= kept.keys()  # none of the additions was lost
    assert Document.objects.count() == 1


def run(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_names_since(lrs):
    where = {"activityId": ACTIVITY, "agent": ANNA}
    lrs.ask("PUT", "activities/state", b"1", stateId="old", **where)
    Document.objects.update(updated_at="2024-01-01T00:00:00Z")
    lrs.ask("PUT", "activities/state", b"1", stateId="new", **where)
    assert lrs.ask("GET", "activities/state", since="2024-06-01T00:00:00Z", **where).json() == [
        "new"
    ]
    assert lrs.ask("GET", "activities/state", **where).json() == ["old", "new"]


def test_states_of_registrations_and_agents_are_apart(lrs):
    one, two = str(uuid.uuid4()), str(uuid.uuid4())
    where = {"activityId": ACTIVITY, "agent": ANNA}
    for registration in (one, two):
        lrs.ask("PUT", "activities/state", registration.encode(), kind="text/plain", stateId="a",
                registration=registration, **where)  # fmt: skip
    got = lrs.ask("GET", "activities/state", stateId="a", registration=two, **where)
    assert got.content == two.encode()
    assert lrs.ask("GET", "activities/state", stateId="a", **where).status_code == 404
    other = where | {"agent": BORIS}
    assert lrs.ask("GET", "activities/state", **other).json() == []
    assert lrs.ask("DELETE", "activities/state", registration=one, **where).status_code == 204
    assert lrs.ask("GET", "activities/state", registration=one, **where).json() == []
    assert lrs.ask("GET", "activities/state", **where).json() == ["a"]


@ALL
def test_of_a_source_limited_to_an_organisation_they_lie_apart(lrs, path, name, params):
    school, other = OrganisationFactory(), OrganisationFactory()
    mine = Lrs("all", name="Школа", organisation=school)
    ours = Lrs("all", name="Школа, журнал", organisation=school)
    foreign = Lrs("all", name="Другая", organisation=other)
    where = params | {name: "a"}
    lrs.ask("PUT", path, b"of all", kind="text/plain", **ANY, **where)
    for one in (mine, foreign):
        assert one.ask("GET", path, **where).status_code == 404
        assert one.ask("GET", path, **params).json() == []
    assert mine.ask("PUT", path, b"own", kind="text/plain", **ANY, **where).status_code == 204
    assert ours.ask("GET", path, **where).content == b"own"
    assert foreign.ask("GET", path, **where).status_code == 404
    foreign.ask("DELETE", path, **where)
    if path == "activities/state":
        foreign.ask("DELETE", path, **params)
    assert ours.ask("GET", path, **params).json() == ["a"]
    assert lrs.ask("GET", path, **where).content == b"of all"


def test_a_header_in_a_form_has_one_line(lrs):
    fields = {"activityId": ACTIVITY, "profileId": "a", "content": "x", "If-None-Match": "*"}
    for kind, status in (("text/plain\nX-Own: 1", 400), ("text/plain", 204)):
        form = urlencode(fields | {"Content-Type": kind}).encode()
        answer = lrs.ask("POST", "activities/profile", form, method="PUT",
                         kind="application/x-www-form-urlencoded")  # fmt: skip
        assert answer.status_code == status, answer.content


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("activities/state", {"agent": ANNA, "stateId": "a"}),
        ("activities/state", {"activityId": "x", "agent": ANNA, "stateId": "a"}),
        ("activities/state", {"activityId": ACTIVITY, "stateId": "a"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": "x", "stateId": "a"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": CLASS, "stateId": "a"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": ANNA, "stateId": "a", "registration": "x"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": ANNA, "stateId": "a", "since": "2024-05-06T07:08:09Z"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": ANNA, "since": "x"}),
        ("activities/state", {"activityId": ACTIVITY, "agent": ANNA, "unknown": "x"}),
        ("activities/profile", {"profileId": "a"}),
        ("agents/profile", {"agent": {}, "profileId": "a"}),
        ("agents", {}),
        ("agents", {"agent": "x"}),
        ("activities", {}),
        ("activities", {"activityId": "x"}),
        ("about", {"x": "1"}),
    ],
)  # fmt: skip
def test_wrong_parameters(lrs, path, params):
    assert lrs.ask("GET", path, **params).status_code == 400


def test_what_needs_a_name(lrs):
    assert (
        lrs.ask("PUT", "activities/state", {}, activityId=ACTIVITY, agent=ANNA).status_code == 400
    )
    assert lrs.ask("POST", "activities/profile", {}, activityId=ACTIVITY).status_code == 400
    assert lrs.ask("DELETE", "agents/profile", agent=ANNA).status_code == 400
