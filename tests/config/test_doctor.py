"""`sreda doctor` sees what is wrong, and says nothing where nothing is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from tests.factories import seated

from sreda.config import doctor, env, supervisor
from sreda.config.doctor import OK, WARNING, WRONG, Finding
from sreda.kernel import clock
from sreda.kernel.terminal import language, translator
from sreda.registry.api import Role


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SREDA_LANGUAGE", "en")


def by_check(findings) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


@pytest.fixture
def given(db: None, monkeypatch: pytest.MonkeyPatch) -> psycopg.Connection:
    """A connection to the migrated database of this test run."""
    facts = connection.get_connection_params()
    known = {k: facts[k] for k in ("host", "port", "user", "password") if facts.get(k)}
    url = psycopg.conninfo.make_conninfo(**known, dbname=connection.settings_dict["NAME"])
    monkeypatch.setenv("SREDA_DATABASE_URL", url)
    with psycopg.connect(url) as open_connection:
        yield open_connection


def test_sound_database(given: psycopg.Connection):
    found = by_check(doctor.server(given))
    levels = {name: finding.level for name, finding in found.items()}
    levels.pop("durability", None)  # the tests' own server gives it up for speed
    assert levels == {"version": OK, "extensions": OK, "letters": OK}


@pytest.fixture
def column_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A server that speaks ClickHouse's HTTP: answers by what the question begins with."""
    said = {"SELECT version()": "26.1.2", "SELECT count() FROM system.tables": "3"}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
            text = next((a for q, a in said.items() if asked.startswith(q)), "")
            self.send_response(200 if text else 500)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://default:secret@127.0.0.1:{server.server_port}/sreda"
    monkeypatch.setenv("SREDA_RECORDS_CLICKHOUSE", address)
    yield said
    server.shutdown()
    server.server_close()


def test_clickhouse_is_looked_at_where_it_is_configured(given, column_store, monkeypatch):
    finding = by_check(doctor.clickhouse(given))["clickhouse"]
    assert (finding.level, "26.1.2" in finding.text) == (OK, True)
    column_store["SELECT count() FROM system.tables"] = "1"
    assert by_check(doctor.clickhouse(given))["clickhouse"].level == WARNING
    column_store["SELECT version()"] = ""
    finding = by_check(doctor.clickhouse(given))["clickhouse"]
    assert finding.level == WRONG
    assert "SREDA_RECORDS_CLICKHOUSE" in finding.advice
    monkeypatch.setenv("SREDA_RECORDS_CLICKHOUSE", "http://default:secret@127.0.0.1:1/sreda")
    finding = by_check(doctor.clickhouse(given))["clickhouse"]
    assert finding.level == WRONG
    assert "secret" not in finding.text
    monkeypatch.delenv("SREDA_RECORDS_CLICKHOUSE")
    assert list(doctor.clickhouse(given)) == []


def test_statements_that_wait_long_for_clickhouse_are_told(given, column_store):
    given.execute("CREATE TEMP TABLE records_statement (stored timestamptz)")
    given.execute("INSERT INTO records_statement VALUES (now() - interval '5 minutes')")
    assert by_check(doctor.clickhouse(given))["clickhouse"].level == OK
    given.execute("INSERT INTO records_statement VALUES (now() - interval '1 hour')")
    finding = by_check(doctor.clickhouse(given))["clickhouse"]
    assert finding.level == WARNING
    assert "records feed" in finding.advice


def test_lost_durability_is_a_warning(given: psycopg.Connection):
    given.execute("SET synchronous_commit = off")
    finding = by_check(doctor.server(given))["durability"]
    assert finding.level == WARNING
    assert "synchronous_commit" in finding.text


def test_database_blind_to_russian_is_wrong(given: psycopg.Connection, monkeypatch):
    with psycopg.connect(given.info.dsn, autocommit=True) as own:
        own.execute(
            "CREATE DATABASE blind TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'"
        )
    try:
        with psycopg.connect(given.info.dsn, dbname="blind") as blind:
            assert by_check(doctor.server(blind))["letters"].level == WRONG
    finally:
        with psycopg.connect(given.info.dsn, autocommit=True) as own:
            own.execute("DROP DATABASE blind")


@pytest.mark.django_db
def test_missing_migration_is_wrong():
    assert next(doctor.migrations()).level == OK
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    finding = next(doctor.migrations())
    assert (finding.level, finding.text[-1]) == (WRONG, "1")


def test_silent_server_is_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SREDA_DATABASE_URL", "postgresql://x@127.0.0.1:1/x")
    (finding,) = doctor.database()
    assert finding.level == WRONG
    assert finding.advice


def test_open_secret_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SREDA_HOME", str(tmp_path))
    (tmp_path / "keys").mkdir()
    secret = tmp_path / "keys/secret-key"
    secret.write_text("x")
    secret.chmod(0o600)
    assert next(doctor.secret_key()).level == OK
    secret.chmod(0o644)
    finding = next(doctor.secret_key())
    assert (finding.level, finding.advice) == (WRONG, f"chmod 600 '{secret}'")


def test_looks_without_touching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    absent = tmp_path / "absent"
    monkeypatch.setenv("SREDA_HOME", str(absent))
    monkeypatch.delenv("SREDA_DATABASE_URL", raising=False)
    status = doctor.main(["--json"])
    findings = [Finding(**entry) for entry in json.loads(capsys.readouterr().out)]
    assert status == int(any(f.level == WRONG for f in findings))
    assert {"python", "home", "disk", "memory", "engine", "service"} <= set(by_check(findings))
    assert by_check(findings)["home"].level == WARNING
    assert not absent.exists()


def test_broken_check_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SREDA_POSTGRES_BIN", "/nowhere")
    monkeypatch.delenv("SREDA_DATABASE_URL", raising=False)
    found = by_check(doctor.examine())
    assert found["engine"].level == WRONG
    assert "service" in found


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "SREDA_LANGUAGE": "ru"}, "ru"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch, environ, expected):
    for name in ("SREDA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert language() == expected
    assert translator("config")("no such text") == "no such text"
    assert os.environ.get("LANG") == environ["LANG"]


class TestHot:
    """The process for answers: does it run, and where do browsers send to?"""

    @pytest.fixture
    def port(self) -> Iterator[int]:
        class Hot(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                well = self.path == "/healthz"
                self.send_response(200 if well else 405)
                self.end_headers()
                self.wfile.write(b"" if well else b'{"error": "method"}')

            def log_message(self, *_words: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Hot) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield server.server_address[1]
            server.shutdown()

    def found(self, port: int | None, **settings: object) -> dict[str, Finding]:
        running = {"hot_port": port, "children": {"hot": 7}}
        with override_settings(**{"HTTPS": False, "HOT_URL": "", **settings}):
            return by_check(doctor.hot(running, "http://127.0.0.1:8000/"))

    def test_one_that_answers_is_well(self, port: int):
        found = self.found(port)
        assert [(name, finding.level) for name, finding in found.items()] == [("hot", OK)]
        assert str(port) in found["hot"].text

    def test_one_that_does_not_is_wrong(self):
        assert self.found(1)["hot"].level == WRONG
        assert self.found(None)["hot"].level == WRONG

    def test_pages_of_https_need_an_address(self, port: int):
        assert self.found(port, HTTPS=True)["hot-url"].level == WARNING
        assert "hot-url" not in self.found(port, HTTPS=True, HOT_URL="/")

    def test_an_address_must_lead_to_it(self, port: int):
        assert "hot-url" not in self.found(port, HOT_URL=f"http://127.0.0.1:{port}")
        assert self.found(port, HOT_URL="http://127.0.0.1:1")["hot-url"].level == WARNING


def test_an_installation_nobody_can_sign_in_to_is_named(given: psycopg.Connection):
    finding = by_check(doctor.operator(given))["operator"]
    assert finding.level == WARNING
    assert "sreda operator new" in finding.advice


@pytest.mark.django_db(transaction=True)
def test_up_and_doctor_ask_one_question(given: psycopg.Connection):
    """A teacher's account lets nobody in; an operator's does, on the region's own day."""
    seated(Role.TEACHER)
    assert supervisor.begins()
    assert by_check(doctor.operator(given))["operator"].level == WARNING
    seated(Role.OPERATOR, since=clock.today())
    assert not supervisor.begins()
    assert by_check(doctor.operator(given))["operator"].level == OK


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])
def test_an_operator_of_today_is_one_all_day_long(
    given: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, zone: str
):
    """Of the two zones, 26 hours apart, one has another date than the server's, at any hour."""
    monkeypatch.setenv("SREDA_TIME_ZONE", zone)
    here = datetime.now(ZoneInfo(zone)).date()
    seated(Role.OPERATOR, on=here, since=here, until=here)
    assert not supervisor.begins()


def told_by(**environment: str) -> list[dict[str, str]]:
    """In a process of its own: settings are read once."""
    ran = subprocess.run(
        [sys.executable, "-m", "sreda.config.cli", "doctor", "--json"],
        env={**os.environ, "SREDA_LANGUAGE": "en", **environment}
        | {"DJANGO_SETTINGS_MODULE": "sreda.config.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    built = {"frontend", "messages"}  # of a working copy: another test's matter
    return [f for f in json.loads(ran.stdout) if f["check"] not in built]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SREDA_TIME_ZONE", "Mars/Base"),
        ("SREDA_OIDC", "/none/providers.json"),
        ("SREDA_PROXIES", "many"),
    ],
)
def test_a_wrong_setting_is_named_once_and_in_words(tmp_path: Path, name: str, text: str):
    wrong = [f for f in told_by(SREDA_HOME=str(tmp_path), **{name: text}) if f["level"] == WRONG]
    assert [finding["check"] for finding in wrong] == ["settings"]
    assert name in wrong[0]["text"]
    assert text in wrong[0]["text"]
    assert "Error:" not in wrong[0]["text"]


def test_a_home_that_is_a_file_is_named_once(tmp_path: Path):
    place = tmp_path / "home"
    place.write_text("")
    wrong = [f for f in told_by(SREDA_HOME=str(place)) if f["level"] == WRONG]
    assert [finding["check"] for finding in wrong] == ["home"]
    assert "not a folder" in wrong[0]["text"]


@pytest.mark.parametrize(
    "text", ["{", '{"provider_id": "x"}', '[{"provider_id": "x", "name": "y", "client_id": "z"}]']
)
def test_a_faulty_list_of_providers_is_named(tmp_path: Path, monkeypatch, text: str):
    path = tmp_path / "providers.json"
    path.write_text(text)
    monkeypatch.setenv("SREDA_OIDC", str(path))
    with pytest.raises(ImproperlyConfigured, match="SREDA_OIDC"):
        env.providers("SREDA_OIDC")
