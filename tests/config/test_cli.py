"""The `sreda` command: which words it knows and how it fails."""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from sreda.config import cli
from sreda.kernel.postgres import PostgresError


@pytest.fixture
def leases(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Counts how often the database was asked for; none is started here."""
    asked: list[str] = []

    @contextmanager
    def connected():
        asked.append("lease")
        yield

    monkeypatch.setattr(cli, "connected", connected)
    monkeypatch.setattr(cli.doctor, "close_connections", lambda: None)
    monkeypatch.setattr(cli, "set_up", lambda: None)
    monkeypatch.setenv("SREDA_LANGUAGE", "en")
    return asked


def with_command(monkeypatch: pytest.MonkeyPatch, command: BaseCommand) -> None:
    commands = get_commands() | {"try": command}
    monkeypatch.setattr("django.core.management.get_commands", lambda: commands)


def test_version(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith("sreda ")


def test_unknown_command_is_a_usage_error_with_a_hint(leases, capsys):
    assert cli.main(["migrat"]) == 2
    assert "sreda migrate" in capsys.readouterr().err
    assert leases == []


def test_help_lists_our_commands(leases, capsys):
    assert cli.main([]) == 0
    told = capsys.readouterr().out
    assert all(f"\n  {name} " in told for name in ("up", "doctor", "audit", "migrate"))
    assert leases == []


def test_command_gets_the_database_unless_it_says_otherwise(leases, monkeypatch):
    class Command(BaseCommand):
        def add_arguments(self, parser):
            parser.add_argument("words", nargs="*")

        def handle(self, *args, **options):
            pass

    with_command(monkeypatch, Command())
    assert cli.main(["try"]) == 0
    assert leases == ["lease"]
    Command.needs_database = False
    assert cli.main(["try"]) == 0
    Command.needs_database = staticmethod(lambda words: words[:1] != ["check"])
    assert cli.main(["try", "check"]) == 0
    assert leases == ["lease"]
    assert cli.main(["try", "load"]) == 0
    assert leases == ["lease", "lease"]


def missing_table() -> ProgrammingError:
    error = ProgrammingError("relation does not exist")
    error.__cause__ = psycopg.errors.UndefinedTable("relation does not exist")
    return error


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        (CommandError("no such pack"), "no such pack", 1),
        (CommandError("say which", returncode=2), "say which", 2),
        (PostgresError("no engine"), "sreda: no engine", 1),
        (OperationalError("connection refused\nmore"), "connection refused", 1),
        (missing_table(), "sreda migrate", 1),
        (FileNotFoundError(2, "No such file", "pack.xlsx"), "sreda: pack.xlsx", 1),
        (KeyboardInterrupt(), "", 130),
    ],
)
def test_known_trouble_is_one_line(leases, monkeypatch, capsys, error, words, status):
    class Command(BaseCommand):
        def handle(self, *args, **options):
            raise error

    with_command(monkeypatch, Command())
    assert cli.main(["try"]) == status
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 1


def test_unknown_trouble_keeps_its_traceback(leases, monkeypatch):
    class Command(BaseCommand):
        def handle(self, *args, **options):
            raise ZeroDivisionError

    with_command(monkeypatch, Command())
    with pytest.raises(ZeroDivisionError):
        cli.main(["try"])
