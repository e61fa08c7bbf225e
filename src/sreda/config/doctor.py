"""`sreda doctor`: is this installation sound, and if not, what is to be done?

Changes nothing, and makes no database where there is none; a stopped one is started for as long
as the questions take.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg

from sreda.config import supervisor
from sreda.config.governed import nobody_governs
from sreda.kernel.postgres import (
    PostgresError,
    confirm_upgrade,
    connected,
    find_engine,
    home,
    old_data,
    target,
)
from sreda.kernel.terminal import speaks_cyrillic, translator

_ = translator("config")

OK, WARNING, WRONG = "ok", "warning", "wrong"
SIGNS = {OK: "✓", WARNING: "!", WRONG: "✗"}
PLAIN_SIGNS = {OK: "+", WARNING: "!", WRONG: "x"}
PYTHON = (3, 11)
POSTGRES = 15
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
UNFED = timedelta(minutes=10)
GIGABYTE = 1024**3
MEGABYTE = 1024**2
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    check: str
    level: str
    text: str
    advice: str = ""


Check = Callable[[], Iterator[Finding]]


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="sreda doctor", description=_("Check this installation and say what is wrong.")
    )
    parser.add_argument("--json", action="store_true", help=_("the same for programs"))
    parser.add_argument(
        "--confirm-upgrade",
        action="store_true",
        help=_("remove the data kept from before an upgrade of PostgreSQL"),
    )
    options = parser.parse_args(words)
    if options.confirm_upgrade:
        return drop_old_data()
    findings = list(examine())
    if options.json:
        print(json.dumps([asdict(f) for f in findings], ensure_ascii=False, indent=1))  # noqa: T201
    else:
        show(findings)
    return 1 if any(f.level == WRONG for f in findings) else 0


def show(findings: list[Finding]) -> None:
    signs = SIGNS if speaks_cyrillic() else PLAIN_SIGNS
    for finding in findings:
        print(f"{signs[finding.level]} {finding.text}")  # noqa: T201
        if finding.advice:
            print(f"    → {finding.advice}" if signs is SIGNS else f"    {finding.advice}")  # noqa: T201
    wrong = sum(f.level == WRONG for f in findings)
    warnings = sum(f.level == WARNING for f in findings)
    summary = _("All is well.") if not wrong + warnings else _("Faults: {n}, warnings: {m}.")
    print("\n" + summary.format(n=wrong, m=warnings))  # noqa: T201


def drop_old_data() -> int:
    cluster = target().cluster
    removed = confirm_upgrade(cluster.base) if cluster else []
    for path in removed:
        print(_("Removed {path}").format(path=path))  # noqa: T201
    if not removed:
        print(_("Nothing is kept from before an upgrade."))  # noqa: T201
    return 0


NEED_SETTINGS = {"settings", "secret", "clock", "cluster", "database", "service"}


def examine() -> Iterator[Finding]:
    """All findings; a check that breaks is a finding itself."""
    checks: list[tuple[str, Check]] = [
        ("python", python),
        ("account", account),
        ("home", home_folder),
        ("settings", settings_read),
        ("secret", secret_key),
        ("disk", disk),
        ("memory", memory),
        ("clock", clock),
        ("frontend", frontend),
        ("messages", messages),
        ("engine", engine),
        ("cluster", cluster),
        ("database", database),
        ("service", service),
    ]
    blind = False  # without a home and settings the others would only stumble
    for name, check in checks:
        if blind and name in NEED_SETTINGS:
            continue
        try:
            for finding in check():
                blind = blind or (name in {"home", "settings"} and finding.level == WRONG)
                yield finding
        except PostgresError as error:
            yield Finding(name, WRONG, str(error))
        except Exception as error:
            yield Finding(name, WRONG, f"{name}: {type(error).__name__}: {error}".strip())


def python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON:
        yield Finding("python", OK, _("Python {version}").format(version=version))
    else:
        yield Finding(
            "python", WRONG, _("Python {version} is too old").format(version=version),
            _("Install Python 3.11 or newer."),
        )  # fmt: skip


def account() -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield Finding(
            "account", WARNING, _("You are root; the web server and the worker would be too"),
            _("In a container this may do; elsewhere run Sreda as an ordinary user."),
        )  # fmt: skip


def home_folder() -> Iterator[Finding]:
    folder = home()
    if not folder.exists():
        yield Finding(
            "home", WARNING, _("The folder {path} is not there yet").format(path=folder),
            _("`sreda up` makes it; SREDA_HOME names another place."),
        )  # fmt: skip
    elif not folder.is_dir():
        yield Finding(
            "home", WRONG, _("{path} is not a folder").format(path=folder),
            _("Name another place in SREDA_HOME."),
        )  # fmt: skip
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "home", WRONG, _("One may not write to {path}").format(path=folder),
            _("Run as its owner, or name another place in SREDA_HOME."),
        )  # fmt: skip
    else:
        yield Finding("home", OK, _("Home: {path}").format(path=folder))


def settings_read() -> Iterator[Finding]:
    if not home().exists():  # reading the settings would make it
        return
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.DEBUG  # noqa: B018 - reads them
    except ImproperlyConfigured as error:
        yield Finding(
            "settings", WRONG, _("The settings are wrong: {reason}").format(reason=error),
            _("Correct this variable of the environment; the other checks wait for it."),
        )  # fmt: skip


def secret_key() -> Iterator[Finding]:
    if os.environ.get("SREDA_SECRET_KEY"):
        yield Finding("secret", OK, _("The secret key comes from SREDA_SECRET_KEY"))
        return
    for path in sorted((home() / "keys").glob("*")):
        if path.stat().st_mode & 0o077:
            yield Finding(
                "secret", WRONG, _("Others may read the secret in {path}").format(path=path),
                f"chmod 600 '{path}'",
            )  # fmt: skip
            return
    yield Finding("secret", OK, _("The secret keys are for their owner alone"))


def disk() -> Iterator[Finding]:
    folder = next(p for p in (home(), *home().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    text = _("Free on the disk of {path}: {size} GB").format(
        path=folder, size=round(free / GIGABYTE, 1)
    )
    advice = _("Free some space: when the disk is full, nothing can be saved.")
    level = WRONG if free < GIGABYTE else WARNING if free < 5 * GIGABYTE else OK
    yield Finding("disk", level, text, "" if level == OK else advice)


def memory() -> Iterator[Finding]:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (allowed := limit.read_text().strip()).isdigit():
        total = min(total, int(allowed))
    text = _("Memory: {size} MB").format(size=total // MEGABYTE)
    advice = _("A whole region needs 2 GB: web, worker and database take up to 1.5 GB.")
    level = WARNING if total < 2 * GIGABYTE * 0.95 else OK
    yield Finding("memory", level, text, "" if level == OK else advice)


def clock() -> Iterator[Finding]:
    built = max(path.stat().st_mtime for path in PACKAGE.glob("*/*.py"))
    if time.time() < built - 86_400:
        yield Finding(
            "clock", WRONG, _("The clock is behind: it shows a time before Sreda was installed"),
            _("Set the clock, best by a time service (NTP)."),
        )  # fmt: skip
    if not home().exists():  # reading the settings would make it
        return
    from django.conf import settings

    name = settings.TIME_ZONE
    now = datetime.now(UTC)
    text = _("It is {time} in {zone} ({utc} UTC)")
    here = now.astimezone(ZoneInfo(name))
    yield Finding("clock", OK, text.format(time=f"{here:%H:%M}", zone=name, utc=f"{now:%H:%M}"))


def frontend() -> Iterator[Finding]:
    bundle = PACKAGE / "ui/static/ui"
    if any(bundle.rglob("*.css")) and any(bundle.rglob("*.js")):
        yield Finding("frontend", OK, _("The front end is built"))
    else:
        yield Finding(
            "frontend", WRONG, _("The front end is not built: pages would have no looks"),
            _("In a checkout run `python3 dev.py build`."),
        )  # fmt: skip


def messages() -> Iterator[Finding]:
    absent = [
        folder.relative_to(PACKAGE).parts[0]
        for folder in sorted(PACKAGE.glob("*/locale/*/LC_MESSAGES"))
        if not (made := folder / "django.mo").exists()
        # an installed package has no sources to be older than
        or (
            (source := folder / "django.po").exists()
            and made.stat().st_mtime < source.stat().st_mtime
        )
    ]
    if absent:
        yield Finding(
            "messages", WRONG,
            _("Translations are not compiled: {apps}").format(apps=", ".join(absent)),
            _("In a checkout run `python3 dev.py i18n compile`."),
        )  # fmt: skip
    else:
        yield Finding("messages", OK, _("Translations are compiled"))


def engine() -> Iterator[Finding]:
    if os.environ.get("SREDA_DATABASE_URL"):
        yield Finding("engine", OK, _("The database is a given server (SREDA_DATABASE_URL)"))
        return
    found = find_engine()
    sources = {
        "configured": _("from SREDA_POSTGRES_BIN"),
        "wheel": _("built in"),
        "installed": _("installed on this machine"),
    }
    text = _("PostgreSQL {version}, {source}: {path}")
    yield Finding(
        "engine",
        OK,
        text.format(version=found.version, source=sources[found.source], path=found.bin),
    )


def cluster() -> Iterator[Finding]:
    own = target().cluster
    if own is None:
        return
    status, account = own.status(), own.account
    if own.base != home() / "postgres":
        yield Finding(
            "cluster", WARNING,
            _("The database is kept in {path}").format(path=own.base),
            _("The account {account} may not enter {home}; back up that place too.").format(
                account=account.name, home=home()
            ),
        )  # fmt: skip
    if not status.made:
        yield Finding(
            "cluster", WARNING, _("There is no database yet"), _("`sreda up` makes it.")
        )  # fmt: skip
        return
    if status.owner != account.uid:
        yield Finding(
            "cluster", WRONG,
            _("The data in {path} belong to another user").format(path=own.data),
            _("Run as that user, or change the owner to {account}.").format(account=account.name),
        )  # fmt: skip
    mode = own.data.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding(
            "cluster", WRONG, _("Others may read the data in {path}").format(path=own.data),
            f"chmod 700 '{own.data}'",
        )  # fmt: skip
    state = _("runs (process {pid})").format(pid=status.pid) if status.pid else _("is stopped")
    text = _("The database in {path} {state}; its account is {account}")
    yield Finding(
        "cluster", OK, text.format(path=own.data, state=state, account=account.name)
    )  # fmt: skip
    for path in old_data(own.base):
        yield Finding(
            "cluster", WARNING,
            _("Data from before an upgrade are kept in {path}").format(path=path),
            _("When all is well with the new ones: `sreda doctor --confirm-upgrade`."),
        )  # fmt: skip


def database() -> Iterator[Finding]:
    found = target()
    if found.cluster is not None and not found.cluster.status().made:
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(connected())
            connection = stack.enter_context(psycopg.connect(found.dsn, connect_timeout=10))
        except psycopg.OperationalError as error:
            text = _("The database does not answer: {reason}")
            yield Finding(
                "database", WRONG, text.format(reason=str(error).strip().split("\n")[0]),
                _("Check the address, the password, that the server runs and that the database is"
                  " made."),
            )  # fmt: skip
            return
        yield from server(connection)
        stack.callback(close_connections)
        behind = False
        for finding in migrations():
            behind = behind or finding.level != OK
            yield finding
        if not behind:
            yield from operator(connection)
        yield from clickhouse(connection)


def server(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    def ask(query: str) -> Any:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    number = connection.info.server_version
    version = ask("SHOW server_version").split()[0]
    if number < POSTGRES * 10_000:
        yield Finding(
            "version", WRONG, _("PostgreSQL {version} is too old").format(version=version),
            _("Sreda needs PostgreSQL 15 or newer."),
        )  # fmt: skip
    else:
        yield Finding(
            "version", OK, _("The database answers (PostgreSQL {version})").format(version=version)
        )
    encoding = ask("SHOW server_encoding")
    if encoding != "UTF8":
        yield Finding(
            "encoding", WRONG, _("The database's encoding is {name}").format(name=encoding),
            _("Make a database with the encoding UTF8."),
        )  # fmt: skip
    rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
    available = {name for (name,) in rows}
    absent = [name for name in EXTENSIONS if name not in available]
    if absent:
        yield Finding(
            "extensions", WRONG,
            _("Extensions are not available: {names}").format(names=", ".join(absent)),
            _("Install PostgreSQL's additional modules (package postgresql-contrib)."),
        )  # fmt: skip
    else:
        text = _("Extensions are available: {names}")
        yield Finding("extensions", OK, text.format(names=", ".join(EXTENSIONS)))
    words = ask("SELECT array_to_string(tsvector_to_array(to_tsvector('simple', '«Ёж»')), ' ')")
    if encoding == "UTF8" and (words != "ёж" or ask("SELECT lower('Ё')") != "ё"):
        yield Finding(
            "letters", WRONG, _("The database does not know Russian letters: search would fail"),
            _("Make the database anew with a UTF-8 LC_CTYPE, such as C.UTF-8 or ru_RU.UTF-8."),
        )  # fmt: skip
    else:
        yield Finding("letters", OK, _("The database knows Russian letters"))
    off = abs(float(ask("SELECT extract(epoch FROM clock_timestamp())")) - time.time())
    if off > 5:
        text = _("The clocks of this machine and of the database differ by {n} s")
        yield Finding(
            "clock", WRONG, text.format(n=round(off)),
            _("Set both by a time service (NTP)."),
        )  # fmt: skip
    unsafe = [name for name in ("fsync", "full_page_writes") if ask(f"SHOW {name}") != "on"]
    if ask("SHOW synchronous_commit") == "off":
        unsafe.append("synchronous_commit")
    if unsafe:
        text = _("A crash may lose saved work: switched off are {names}")
        yield Finding(
            "durability", WARNING, text.format(names=", ".join(unsafe)),
            _("Switch them on in the server's configuration."),
        )  # fmt: skip


def close_connections() -> None:
    from django.db import connections

    connections.close_all()


def migrations() -> Iterator[Finding]:
    import django
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if left:
        yield Finding(
            "migrations", WRONG, _("Steps of the database not yet taken: {n}").format(n=len(left)),
            _("Run `sreda migrate` (`sreda up` does it by itself)."),
        )  # fmt: skip
    else:
        yield Finding("migrations", OK, _("The tables are those of this version"))


def operator(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    if nobody_governs(connection):
        yield Finding(
            "operator", WARNING, _("Nobody can sign in as the regional operator"),
            _("`sreda operator new \"Family-name Given-name\"` enters one and prints a link"
              " to set a password."),
        )  # fmt: skip
    else:
        yield Finding("operator", OK, _("There is a regional operator"))


def clickhouse(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Where learning records are searched in ClickHouse: it answers, and is fed."""
    address = os.environ.get("SREDA_RECORDS_CLICKHOUSE", "").strip()
    if not address:
        return
    if not address.startswith(("http://", "https://")):
        text = _("ClickHouse runs within Sreda's process; it can be asked only there")
        yield Finding("clickhouse", OK, text)
        return
    from sreda.records.clickhouse.client import EMPTY, Away, Server

    names = ", ".join(f"'{table}'" for table in EMPTY)
    tables = f"SELECT count() FROM system.tables WHERE database = currentDatabase() AND name IN ({names})"  # noqa: E501, S608 - own names
    try:
        server = Server(address, timeout=10)
        version = server.run("SELECT version()").strip()
        made = int(server.run(tables).strip() or 0) == len(EMPTY)
    except (Away, ValueError) as error:
        yield Finding(
            "clickhouse", WRONG, _("ClickHouse does not answer: {reason}").format(reason=error),
            _("Check SREDA_RECORDS_CLICKHOUSE and that the server runs. Without the setting,"
              " learning records are searched in PostgreSQL."),
        )  # fmt: skip
        return
    feed = _("Run `sreda records feed`; while Sreda runs, its worker does it by itself.")
    if not made:
        text = _("ClickHouse {version} answers but has no tables of learning records yet")
        yield Finding("clickhouse", WARNING, text.format(version=version), feed)
        return
    waiting = connection.execute(
        "SELECT min(stored) FROM records_statement WHERE stored > coalesce("
        "(SELECT through FROM records_feedmark WHERE id = 1), '-infinity')"
    ).fetchone()
    since = waiting[0] if waiting else None
    if since is not None and datetime.now(UTC) - since > UNFED:
        yield Finding(
            "clickhouse", WARNING,
            _("ClickHouse {version} has not been fed: learning records since {moment} UTC are not"
              " found").format(version=version, moment=f"{since.astimezone(UTC):%d.%m.%Y %H:%M}"),
            feed,
        )  # fmt: skip
        return
    yield Finding("clickhouse", OK, _("ClickHouse {version} is fed").format(version=version))


def service() -> Iterator[Finding]:
    running = supervisor.running(home())
    if running is None:
        trouble = supervisor.port_trouble("127.0.0.1", supervisor.FIRST_PORT)
        text = _("Sreda is not running; port {port} is free")
        taken = _("Sreda is not running; port {port} is taken, another will be used")
        chosen = taken if trouble else text
        yield Finding(
            "service", WARNING if trouble else OK, chosen.format(port=supervisor.FIRST_PORT)
        )
        return
    address = running.get("address", "?")
    children = running.get("children") or {}
    yield from site(running, address)
    yield from hot(running, address)
    if not children.get("worker"):
        yield Finding(
            "worker", WARNING, _("The worker of background jobs does not run"),
            _("Without it no notice is sent and no report computed: start it, or `sreda up`."),
        )  # fmt: skip
    else:
        yield Finding(
            "worker", OK, _("The worker runs (process {pid})").format(pid=children["worker"])
        )


def site(running: dict[str, Any], address: str) -> Iterator[Finding]:
    host, _colon, port = address.removeprefix("http://").rstrip("/").rpartition(":")
    if port.isdigit() and supervisor.answers(host.strip("[]"), int(port)):
        text = _("The site answers at {address} (process {pid})")
        yield Finding("service", OK, text.format(address=address, pid=running.get("pid")))
    else:
        yield Finding(
            "service", WRONG, _("The site at {address} does not answer").format(address=address),
            _("Look at what `sreda up` prints; stop it with Ctrl+C and start it again."),
        )  # fmt: skip


def hot(running: dict[str, Any], address: str) -> Iterator[Finding]:
    """The process that takes answers and statements: does it run, and do browsers reach it?"""
    from django.conf import settings

    pid, port = (running.get("children") or {}).get("hot"), running.get("hot_port")
    host = urlsplit(address).hostname or "127.0.0.1"
    if not pid or not isinstance(port, int) or not supervisor.answers(host, port):
        yield Finding(
            "hot", WRONG, _("The process that takes answers and statements does not answer"),
            _("Answers go by way of the site meanwhile, slower. Look at what `sreda up` prints."),
        )  # fmt: skip
        return
    text = _("Answers and statements are taken at port {port} (process {pid})")
    yield Finding("hot", OK, text.format(port=port, pid=pid))
    if settings.HTTPS and not settings.HOT_URL:
        yield Finding(
            "hot-url", WARNING,
            _("Pages of https cannot send answers to port {port}").format(port=port),
            _("Lead /hot/ to it in the proxy and set SREDA_HOT_URL=/ (docs/hot.md)."),
        )  # fmt: skip
    elif settings.HOT_URL.startswith("http") and not reached(f"{settings.HOT_URL}/hot/answers"):
        text = _("SREDA_HOT_URL does not lead to it: {url}")
        yield Finding(
            "hot-url", WARNING, text.format(url=settings.HOT_URL),
            _("Look at the proxy before it (docs/hot.md)."),
        )  # fmt: skip


def reached(url: str) -> bool:
    """Is it the process that answers there? It says in its own words that GET is not for it."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=5)
    try:
        connection.request("GET", parts.path.replace("//", "/"))
        answer = connection.getresponse()
        return answer.status == HTTPStatus.METHOD_NOT_ALLOWED and b"method" in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
