"""Portable custom interactions: what their frames are given, and who may open them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sreda.assessment.domain import packages
from sreda.assessment.models import Answer, Item, ItemResult
from tests.assessment import portable
from tests.assessment.bank import School
from tests.assessment.test_taking import begun, learner

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> School:
    return School(timezone.now() - timedelta(minutes=1))


def banked(school: School, content: bytes, tmp: Any) -> Item:
    path = tmp / "pci.zip"
    path.write_bytes(content)
    whose = school.organisation.pk
    judged = packages.judge(path, "pci.zip", organisation_id=whose)
    assert [one.text() for entry in judged.entries for one in entry.faults] == []
    packages.take_over(
        judged, organisation_id=whose, actor=school.teacher, at=school.at, ready=True
    )
    return Item.objects.get(identifier="pci")


def attributes(page: str) -> tuple[str, dict[str, Any]]:
    """The frame's address and what it is told."""
    found = re.search(r'data-portable="([^"]+)" data-start="([^"]+)"', page)
    assert found
    return unescape(found[1]), json.loads(unescape(found[2]))


def test_modules_and_what_they_load_come_with_the_package(school: School, tmp_path: Any) -> None:
    item = banked(school, portable.package(), tmp_path)
    assert item.current is not None
    there = set(item.current.resources.values_list("href", flat=True))
    assert there == {name.removeprefix("items/") for name in portable.FILES}
    path = tmp_path / "pci.zip"
    again = packages.judge(path, "pci.zip", organisation_id=school.organisation.pk)
    assert [one.state for one in again.entries] == [packages.SAME]


def test_a_frame_is_closed_and_opens_by_its_ticket_alone(school: School, tmp_path: Any) -> None:
    item = banked(school, portable.package(), tmp_path)
    sitting = school.sitting(school.test([item]))
    client, _person = learner(school)
    page = begun(client, sitting)
    address, start = attributes(client.get(page).content.decode())
    assert start["properties"] == {"buttonText": "Ещё", "step": "2"}
    assert start["bound"] == {"RESPONSE": {"base": None}}
    assert start["state"] is None
    assert "6" not in json.dumps(start["bound"])
    nobody = Client()
    frame = nobody.get(address)
    policy = frame["Content-Security-Policy"]
    assert "sandbox allow-scripts;" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src 'none'" in policy
    assert "script-src http://testserver/assessment/portable/" in policy
    assert "frame-ancestors http://testserver" in policy
    assert "X-Frame-Options" not in frame
    paths = json.loads(re.search(r"json\">(.*?)</script>", frame.content.decode())[1])  # type: ignore[index]
    assert paths == {"counter": ["modules/counter.js"], "words": ["modules/lib/words.js"]}
    module = nobody.get(f"{address}modules/counter.js")
    assert module["Content-Type"].startswith("text/javascript")
    assert "sandbox allow-scripts" in module["Content-Security-Policy"]
    text = nobody.get(f"{address}modules/view.html?as=text").content.decode()
    assert text == 'define("\\u003cbutton>\\u003c/button> \\u003coutput>\\u003c/output>");'
    for wrong in (
        f"{address}modules/view.html", f"{address}modules/none.js",
        f"{address}../{item.pk}/", address.replace("/portable/", "/portable/x"),
        address[:-3] + "/",
    ):  # fmt: skip
        assert nobody.get(wrong).status_code == 404, wrong


def test_a_response_and_its_state_are_kept_marked_and_given_back(
    school: School, tmp_path: Any
) -> None:
    item = banked(school, portable.package(), tmp_path)
    sitting = school.sitting(school.test([item]))
    client, person = learner(school)
    page = begun(client, sitting)
    sent = {
        "ref": "Q1", "i-RESPONSE": '{"base": {"integer": 6}}',
        "i-RESPONSE:state": '{"count": 6, "steps": 3}', "go": "to:Q1",
    }  # fmt: skip
    client.post(page, sent)
    shown = client.get(page).content.decode()
    _address, start = attributes(shown)
    assert start["bound"] == {"RESPONSE": {"base": {"integer": 6}}}
    assert start["state"] == {"count": 6, "steps": 3}
    client.post(page, sent)  # without a script the fields come back as they were
    assert Answer.objects.count() == 1
    client.post(page, sent | {"go": "hand-in"})
    assert ItemResult.objects.get(attempt__person=person).score == 1
    shown = client.get(page + "result/").content.decode()
    _address, start = attributes(shown)
    assert start["status"] == "closed"
    assert start["state"] == {"count": 6, "steps": 3}
    assert "Ответ: 6" in shown


def test_frames_may_lie_at_another_host_that_is_no_second_site(
    school: School, tmp_path: Any, settings: Any
) -> None:
    settings.CONTENT_ORIGIN = "http://content.example"
    settings.ALLOWED_HOSTS = ["*"]
    item = banked(school, portable.package(), tmp_path)
    client, _person = learner(school)
    page = client.get(begun(client, school.sitting(school.test([item]))))
    assert "frame-src 'self' http://content.example" in page["Content-Security-Policy"]
    address, _start = attributes(page.content.decode())
    assert address.startswith("http://content.example/assessment/portable/")
    path = address.removeprefix("http://content.example")
    assert client.get(path).status_code == 404
    frame = client.get(path, headers={"host": "content.example"})
    assert frame.status_code == 200
    assert "frame-ancestors http://testserver" in frame["Content-Security-Policy"]
    assert client.get("/", headers={"host": "content.example"}).status_code == 404
