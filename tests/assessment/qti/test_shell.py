"""`sreda qti` as people call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sreda.assessment import shell
from sreda.assessment.qti import read_package
from sreda.config import cli

from .cases import (
    MATCH_CORRECT,
    SCORE,
    item_text,
    op,
    outcome,
    processing,
    response,
    set_outcome,
    var,
)
from .test_items import RANDOM
from .worlds import CHOICE, RIGHT_IS_A, files_of, make_text, manifest, part, ref, resource, section


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("SREDA_LANGUAGE", "en")


@pytest.fixture
def item(tmp_path: Path) -> Path:
    path = tmp_path / "item.xml"
    path.write_text(RIGHT_IS_A)
    return path


@pytest.fixture
def test(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    rules = set_outcome("TOTAL", var("q1.SCORE"))
    text = make_text(part("P", section("S", ref("q1"))), outcomes=outcome("TOTAL"), rules=rules)
    files = files_of(text)
    files["imsmanifest.xml"] = manifest(
        resource("t", "test.xml", '<dependency identifierref="a"/>', kind="imsqti_test_xmlv3p0"),
        resource("a", "a.xml"),
    )
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def responses(tmp_path: Path, data: object) -> str:
    path = tmp_path / "responses.json"
    path.write_text(json.dumps(data))
    return str(path)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"RESPONSE": "A"}, 1.0),
        ({"RESPONSE": "B"}, 0.0),
        ({"RESPONSE": {"base": {"identifier": "A"}}}, 1.0),
        ({"RESPONSE": {"base": None}}, 0.0),
        ({"RESPONSE": None}, 0.0),
        ({}, 0.0),
        ([{"RESPONSE": "B"}, {"RESPONSE": "A"}], 1.0),
    ],
)
def test_score_of_an_item(item, tmp_path, capsys, given, wanted):
    assert shell.main(["score", str(item), responses(tmp_path, given)]) == 0
    assert json.loads(capsys.readouterr().out) == {"SCORE": wanted, "completionStatus": "completed"}


def test_score_in_the_form_of_pci(item, tmp_path, capsys):
    given = responses(tmp_path, {"RESPONSE": "A"})
    assert shell.main(["score", str(item), given, "--pci"]) == 0
    assert json.loads(capsys.readouterr().out)["SCORE"] == {"base": {"float": 1.0}}


def test_score_tells_of_unreadable_responses(item, tmp_path, capsys):
    given = responses(tmp_path, {"RESPONSE": ["A", "B"], "OTHER": 1})
    assert shell.main(["score", str(item), given]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["SCORE"] == 0.0
    assert "RESPONSE" in told.err
    assert "OTHER" in told.err


def test_score_with_a_seed_or_given_template_values(tmp_path, capsys):
    path = tmp_path / "random.xml"
    path.write_text(RANDOM)
    given = responses(tmp_path, {"RESPONSE": 12})
    values = '{"X": 5, "Y": 7}'
    assert shell.main(["score", str(path), given, "--template-values", values]) == 0
    assert json.loads(capsys.readouterr().out)["SCORE"] == 1.0
    assert shell.main(["score", str(path), given, "--template-values", '{"NO": 1}']) == 2
    assert "NO" in capsys.readouterr().err
    assert shell.main(["score", str(path), given, "--seed", "3"]) == 0


def test_score_with_a_context(tmp_path, capsys):
    path = tmp_path / "context.xml"
    who = op("field-value", var("QTI_CONTEXT"), field_identifier="candidateIdentifier")
    path.write_text(
        item_text(outcome("WHO", "string"), "<p>?</p>", processing(set_outcome("WHO", who)))
    )
    given = ["score", str(path), responses(tmp_path, {})]
    said = '{"QTI_CONTEXT": {"candidateIdentifier": "c-1"}}'
    assert shell.main([*given, "--context", said]) == 0
    assert json.loads(capsys.readouterr().out)["WHO"] == "c-1"
    assert shell.main(given) == 0
    assert json.loads(capsys.readouterr().out)["WHO"] is None
    for wrong in ('{"NO": 1}', '{"QTI_CONTEXT": 1}', responses(tmp_path, [])):
        assert shell.main([*given, "--context", wrong]) == 2
        assert capsys.readouterr().err


def test_score_of_a_test(test, tmp_path, capsys):
    given = responses(tmp_path, {"q1": {"RESPONSE": "A"}})
    for path in (test, test / "test.xml"):
        assert shell.main(["score", str(path), given]) == 0
        assert json.loads(capsys.readouterr().out) == {
            "TOTAL": 1.0, "q1.SCORE": 1.0, "q1.completionStatus": "completed",
        }  # fmt: skip
    for names in ({"q1.RESPONSE": "A"}, {"item": {"RESPONSE": "A"}}, {"a.xml": {"RESPONSE": "A"}}):
        assert shell.main(["score", str(test), responses(tmp_path, names)]) == 0
        assert json.loads(capsys.readouterr().out)["TOTAL"] == 1.0
    assert shell.main(["score", str(test), responses(tmp_path, {"q1": "A", "q9": {}})]) == 1
    assert "q9" in capsys.readouterr().err
    only = ["score", str(test), responses(tmp_path, {"RESPONSE": "A"}), "--only", "item"]
    assert shell.main(only) == 0
    assert json.loads(capsys.readouterr().out)["SCORE"] == 1.0


@pytest.mark.parametrize("data", ["{", "[1]", "1", '"x"'])
def test_score_refuses_what_are_no_responses(item, tmp_path, capsys, data):
    path = tmp_path / "bad.json"
    path.write_text(data)
    assert shell.main(["score", str(item), str(path)]) == 2
    assert capsys.readouterr().err
    assert shell.main(["score", str(item), str(tmp_path / "gone.json")]) == 2


def test_check(test, item, tmp_path, capsys):
    assert shell.main(["check", str(test)]) == 0
    assert "errors: 0" in capsys.readouterr().out
    bad = tmp_path / "bad.xml"
    bad.write_text(
        item_text(response("identifier") + SCORE, CHOICE + "<qti-magic/>\n<script/>", MATCH_CORRECT)
    )
    assert shell.main(["check", str(bad)]) == 1
    told = capsys.readouterr().out
    assert "bad.xml:1 <qti-magic> item: an unknown element" in told
    assert "bad.xml:2 <script> item: active content" in told
    assert shell.main(["check", str(bad), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == 1
    assert found["items"] == {"bad.xml": "item"}
    assert {"code", "severity", "file", "line", "element", "identifier", "text"} <= set(
        found["issues"][0]
    )


@pytest.mark.parametrize("content", [b"", b"<a", b"PK\x03\x04broken"])
def test_check_of_what_cannot_be_read(tmp_path, capsys, content):
    path = tmp_path / "x.xml"
    path.write_bytes(content)
    assert shell.main(["check", str(path)]) == 2
    assert shell.main(["check", str(path), "--json"]) == 2
    capsys.readouterr()
    assert shell.main(["check", str(tmp_path / "gone.zip"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["issues"][0]["code"] == "not-found"


def test_convert(test, tmp_path, capsys):
    out = tmp_path / "out.zip"
    assert shell.main(["convert", str(test), str(out)]) == 0
    assert read_package(out).sound
    assert shell.main(["convert", str(test), str(out)]) == 2
    folder = tmp_path / "folder"
    assert shell.main(["convert", str(out), str(folder)]) == 0
    assert (folder / "imsmanifest.xml").exists()


def test_nothing_of_qti_is_status_2_and_is_not_written(tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.xml"
    broken.write_text("<a")
    out = tmp_path / "out.zip"
    for path in (empty, broken):
        assert shell.main(["check", str(path)]) == 2
        assert shell.main(["convert", str(path), str(out)]) == 2
        assert not out.exists()


def test_what_is_no_file_is_not_waited_for(tmp_path, capsys):
    pipe = tmp_path / "pipe.xml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        assert shell.main(["check", str(path)]) == 2
        assert str(path) in capsys.readouterr().err


def test_names_that_are_no_text_are_told(test, tmp_path, capsys):
    (test / os.fsdecode(b"\xff.xml")).write_text(RIGHT_IS_A)
    assert shell.main(["check", str(test)]) == 1
    assert "?.xml" in capsys.readouterr().out
    out = tmp_path / "out.zip"
    assert shell.main(["convert", str(test), str(out)]) == 1
    assert read_package(out).sound
    alone = tmp_path / os.fsdecode(b"\xfe.xml")
    alone.write_text(RIGHT_IS_A)
    assert shell.main(["convert", str(alone), str(tmp_path / "alone.zip")]) == 0


def test_where_nothing_can_be_written_it_is_said(item, tmp_path, capsys):
    for out in (tmp_path / "no" / "x.zip", Path("/dev/full"), tmp_path / ("a" * 300)):
        assert shell.main(["convert", str(item), str(out)]) == 2
        assert str(out) in capsys.readouterr().err


def test_messages_are_russian_where_asked(item, monkeypatch, capsys):
    monkeypatch.setenv("SREDA_LANGUAGE", "ru")
    assert shell.main(["check", str(item)]) == 0
    assert "Заданий: 1" in capsys.readouterr().out


def test_it_needs_neither_django_nor_a_database(item, tmp_path):
    given = responses(tmp_path, {"RESPONSE": "A"})
    program = (
        "import sys; from sreda.config import cli\n"
        f"status = cli.main(['qti', 'score', {str(item)!r}, {given!r}])\n"
        "assert 'django' not in sys.modules, 'django'\n"
        "sys.exit(status)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["SCORE"] == 1.0


def test_the_command_knows_it(item, tmp_path, capsys):
    assert cli.main(["qti", "check", str(item)]) == 0
    capsys.readouterr()
