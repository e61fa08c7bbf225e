"""`sreda qti export`: a bank or some of it, written as a package."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from sreda.assessment import shell
from sreda.assessment.qti import read_package
from tests.assessment.bank import School, choice_xml, essay_xml

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> School:
    monkeypatch.setenv("SREDA_LANGUAGE", "en")
    return School(timezone.now())


def export(out: Path, *words: str) -> int:
    return shell.main(["export", str(out), *words])


def test_a_bank_is_written_and_read_again(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = school.test([school.item(choice_xml())])
    alone = school.item(essay_xml())
    number = school.organisation.code
    out = tmp_path / "bank.zip"
    assert export(out, "--organisation", number) == 0
    assert "items 2, tests 1" in capsys.readouterr().out
    read = read_package(out)
    assert read.sound
    assert {one.identifier for one in read.tests.values()} == {test.identifier}
    assert alone.identifier in {one.identifier for one in read.items.values()}
    assert export(out, "--organisation", number) == 2  # what is there is not overwritten

    one = tmp_path / "one.zip"
    assert export(one, "--organisation", number, "--item", alone.identifier) == 0
    assert len(read_package(one).items) == 1
    assert export(tmp_path / "t.zip", "--organisation", number, "--test", test.identifier) == 0
    assert "items 1, tests 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--organisation", "no-such"), "no organisation"),
        (("--item", "no-such"), "no-such"),
        ((), "nothing to give out"),
    ],
)
def test_what_is_not_there_is_said(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    school.item(choice_xml())
    out = tmp_path / "bank.zip"
    assert export(out, *words) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
