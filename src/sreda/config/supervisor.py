"""`sreda up`: the database, the web server and the worker under one roof.

Does without Django, so that watching costs little memory; what needs it runs as a child. The
children die with this process even if it is killed (on Linux), and the database's keeper then
stops the server.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg

from sreda.config.governed import nobody_governs
from sreda.kernel.postgres import Cluster, PostgresError, connected, home, target
from sreda.kernel.terminal import translator

_ = translator("config")

FIRST_PORT, LAST_PORT = 8000, 8099
READY_PATIENCE = 120.0
STOP_PATIENCE = 15.0
PAUSES = (0.5, 1, 2, 5, 10, 30)
STEADY = 60.0
TRIES_BEFORE_READY = 4
HEADERS_PATIENCE = ("--http1-header-read-timeout", "10000")  # ms; slower clients are let go
PACKAGE = Path(__file__).resolve().parent.parent
ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound


class Trouble(Exception):
    """What keeps us from starting, in one sentence."""


def main(words: Sequence[str]) -> int:
    options = parser().parse_args(words)
    try:
        return up(options)
    except Trouble as trouble:
        tell(f"sreda up: {trouble}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="sreda up", description=_("Start everything: database, web server, worker.")
    )
    add = made.add_argument
    add("--demo", action="store_true", help=_("load the demo region if there is none yet"))
    add("--region", choices=["small", "whole"], default="small", help=_("size of the demo region"))
    add("--host", default="127.0.0.1", help=_("address to listen on (127.0.0.1)"))
    add("--port", type=port_number, help=_("port; without it the first free one from 8000"))
    add("--hot-port", type=port_number, help=_("port for answers; without it the next free one"))
    add("--workers", type=int, default=1, help=_("processes of the web server (1)"))
    add("--no-worker", action="store_true", help=_("do not run the worker of background jobs"))
    return made


def port_number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(_("a port is a number from 1 to 65535"))
    return int(text)


def up(options: argparse.Namespace) -> int:
    """Start, watch until told to stop, stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with only_one(home()) as book:
        port = choose_port(options.host, options.port)
        address = f"http://{shown_host(options.host)}:{port}/"
        book.write(address=address)
        environment = child_environment(options.host)
        if options.demo:  # the demo people sign in with a password alone
            environment.setdefault("SREDA_REQUIRE_MFA", "")
        tell("• " + _("Starting the database"))
        with connected() as database:
            if database.cluster and not database.cluster.base.is_relative_to(home()):
                text = _("The database is kept in {path}")
                tell("! " + text.format(path=database.cluster.base))
            step(stop, environment, _("Preparing the tables"), "migrate", "-v", "0", "--noinput")
            if options.demo and any(PACKAGE.glob("*/management/commands/demo.py")):
                step(stop, environment, _("The demo region"), "demo", "--region", options.region)
            if not stop.is_set():
                status = serve(
                    stop, book, options, environment, port, address, Database(database.cluster)
                )
            else:
                status = 0
            tell("• " + _("Stopping the database"))
    tell("• " + _("Stopped."))
    return status


def serve(
    stop: threading.Event,
    book: Book,
    options: argparse.Namespace,
    environment: Mapping[str, str],
    port: int,
    address: str,
    database: Database,
) -> int:
    hot_port = choose_port(options.host, options.hot_port, after=port)
    environment = {
        "SREDA_HOT_PORT": str(hot_port),
        "SREDA_UP_ADDRESS": address,  # where the hot process sends those who want the site
        **environment,
    }
    children = [
        Child("web", web_command(options, port), environment),
        Child("hot", hot_command(options, hot_port), environment),
    ]
    if not options.no_worker:
        children.append(
            Child("worker", [*SREDA, "procrastinate", "worker", "--concurrency", "4"], environment)
        )

    def note() -> None:
        pids = {child.name: child.pid for child in children}
        book.write(address=address, hot_port=hot_port, children=pids)

    try:
        for child in children:
            child.start()
        note()
        ready_by: float | None = time.monotonic() + READY_PATIENCE
        while not stop.wait(0.2):
            database.watch()
            changes = [child.watch() for child in children]
            if any(changes):
                note()
            if ready_by is None:
                continue
            if answers(options.host, port):
                ready_by = None
                tell("\n  " + _("Sreda is ready: {address}").format(address=address))
                if begins():
                    tell("  " + _("Nobody can sign in as the regional operator."))
                    tell("  " + _("In another terminal:"))
                    tell("    " + _('sreda operator new "Family-name Given-name"'))
                tell("  " + _("Ctrl+C stops it.") + "\n")
            elif time.monotonic() > ready_by or children[0].starts > TRIES_BEFORE_READY:
                tell(_("The web server does not start; its own words are above."), sys.stderr)
                return 1
        return 0
    finally:
        tell("\n• " + _("Stopping"))
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()


def begins() -> bool:
    """A region without the operator who lets everybody else in."""
    try:
        with psycopg.connect(target().dsn, connect_timeout=5) as connection:
            return nobody_governs(connection)
    except psycopg.Error:
        return False


SREDA = [sys.executable, "-m", "sreda.config.cli"]


def web_command(options: argparse.Namespace, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "asgi"),
        *("--host", options.host, "--port", str(port), "--workers", str(options.workers)),
        *("--no-ws", "--log-level", "warning"),
        *("--workers-kill-timeout", "5", "--respawn-failed-workers", *HEADERS_PATIENCE),
        "sreda.config.pages:application",
    ]


def hot_command(options: argparse.Namespace, port: int) -> list[str]:
    """The process that takes answers; one worker, so that all that arrives is gathered in one."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "asgi"),
        *("--host", options.host, "--port", str(port), "--workers", "1", "--no-ws"),
        *("--log-level", "warning", "--workers-kill-timeout", "5", "--respawn-failed-workers"),
        *HEADERS_PATIENCE,
        "sreda.config.hot:application",
    ]


def child_environment(host: str) -> dict[str, str]:
    """Ours, with names we shall be called by and less memory lost to arenas of threads."""
    environment = {
        "MALLOC_ARENA_MAX": "2",
        "PYTHONUNBUFFERED": "1",
        "SREDA_HOSTS": "localhost 127.0.0.1 [::1]",
        **os.environ,
    }
    if "SREDA_HOSTS" not in os.environ:
        if host not in ANYWHERE:
            environment["SREDA_HOSTS"] += f" {host}"
        else:
            environment["SREDA_HOSTS"] += f" {socket.gethostname()} {socket.getfqdn()}"
            tell("! " + _("Name the host names of the site in SREDA_HOSTS, or it refuses them."))
    return environment


def step(stop: threading.Event, environment: Mapping[str, str], title: str, *words: str) -> None:
    """One command that must succeed before the site is served."""
    if stop.is_set():
        return
    tell("• " + title)
    process = spawn([*SREDA, *words], environment)
    while process.poll() is None:
        if stop.wait(0.1):
            process.terminate()
            process.wait()
            return
    if process.returncode:
        raise Trouble(_("“sreda {command}” failed.").format(command=" ".join(words)))


@dataclass
class Database:
    """Our own server, started again when it ends by itself; a given one is its owner's."""

    cluster: Cluster | None
    failures: int = 0
    again: float = 0.0

    def watch(self) -> None:
        if self.cluster is None or time.monotonic() < self.again:
            return
        try:
            if self.cluster.revive():
                tell("! " + _("The database had ended; it is started again."))
            self.failures = 0
        except (PostgresError, OSError) as error:
            self.failures += 1
            self.again = time.monotonic() + PAUSES[min(self.failures, len(PAUSES)) - 1]
            tell(f"! {error}")


@dataclass
class Child:
    """A process that is started again when it ends by itself."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    starts: int = 0
    failures: int = 0
    since: float = 0.0
    again: float = 0.0
    reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        self.process = spawn(
            self.command, self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
        self.starts += 1
        self.since = time.monotonic()
        self.reader = threading.Thread(target=pass_on, args=(self.name, self.process.stdout))
        self.reader.daemon = True
        self.reader.start()

    def watch(self) -> bool:
        """Restart when it is due; True when the process is another one than before."""
        now = time.monotonic()
        if self.process is None:
            if now < self.again:
                return False
            self.start()
            return True
        status = self.process.poll()
        if status is None:
            return False
        self.kill_group(signal.SIGKILL)
        self.failures = 0 if now - self.since > STEADY else self.failures + 1
        pause = PAUSES[min(self.failures, len(PAUSES)) - 1] if self.failures else PAUSES[0]
        line = _("{name} ended with status {status}; starting it again in {pause} s")
        tell("! " + line.format(name=self.name, status=status, pause=pause))
        self.process, self.again = None, now + pause
        return True

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_PATIENCE)
        self.kill_group(signal.SIGKILL)  # nothing, where it ended as asked
        self.process.wait()
        if self.reader:
            self.reader.join(1)

    def kill_group(self, number: signal.Signals) -> None:
        if self.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def spawn(
    command: Sequence[str], environment: Mapping[str, str], **how: Any
) -> subprocess.Popen[str]:
    """Start a child in a group of its own (Ctrl+C reaches only us) that dies with us."""
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, env=dict(environment), start_new_session=True,
        preexec_fn=tied_to(os.getpid()), **how,
    )  # fmt: skip


def tied_to(parent: int) -> Callable[[], None] | None:
    """For the child, before it becomes the program: end when `parent` ends, however it ends."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return tie


def pass_on(name: str, lines: IO[str]) -> None:
    for line in lines:
        tell(f"{name:<6} │ {line.rstrip()}")


def tell(text: str, file: IO[str] | None = None) -> None:
    with suppress(BrokenPipeError, ValueError):
        print(text, file=file or sys.stdout, flush=True)


def answers(host: str, port: int) -> bool:
    """Does the site answer, and through it the database?"""
    connection = http.client.HTTPConnection(loopback(host), port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def loopback(host: str) -> str:
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def shown_host(host: str) -> str:
    name = {"127.0.0.1": "localhost", "::1": "localhost"}.get(loopback(host), host)
    return f"[{name}]" if ":" in name else name


def choose_port(host: str, wanted: int | None, after: int | None = None) -> int:
    """The wanted port if it is free, or the first free one (after another) where none is wanted."""
    if wanted is not None:
        reason = port_trouble(host, wanted)
        if reason:
            raise Trouble(
                _("Port {port} cannot be used: {reason}. Name another with --port.").format(
                    port=wanted, reason=reason
                )
            )
        return wanted
    first = FIRST_PORT if after is None else after + 1
    last = LAST_PORT if after is None else after + 100
    for port in range(first, min(last, 65535) + 1):
        if not port_trouble(host, port):
            if after is None and port != FIRST_PORT:
                tell("! " + _("Port {port} is taken, using {free}.").format(port=8000, free=port))
            return port
    raise Trouble(_("No port is free: name one with --port."))


def port_trouble(host: str, port: int) -> str | None:
    """Why one cannot listen there, or None."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=1)
        family, kind, protocol, _name, place = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except OSError as error:
        return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return None


class Book:
    """What runs, for the next `sreda up` and for the doctor; held locked while it does."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.since = datetime.now(UTC).isoformat(timespec="seconds")

    def write(self, **facts: Any) -> None:
        self.file.seek(0)
        self.file.truncate()
        json.dump({"pid": os.getpid(), "since": self.since, **facts}, self.file)
        self.file.flush()

    def clear(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.file.flush()


def book_path(folder: Path) -> Path:
    return folder / "up.lock"


def read_book(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text() or "{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def running(folder: Path) -> dict[str, Any] | None:
    """What `sreda up` of this home says of itself while it runs; None when it does not."""
    path = book_path(folder)
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_book(path) or {"pid": None}
    except OSError:
        return None
    return None


@contextmanager
def only_one(folder: Path) -> Iterator[Book]:
    """Hold the home for ourselves; says who has it otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = book_path(folder).open("a+")
    except OSError as error:
        raise Trouble(f"{error.filename}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            facts = read_book(book_path(folder))
            raise Trouble(
                _("Sreda is already running here (process {pid}): {address}").format(
                    pid=facts.get("pid", "?"), address=facts.get("address", "…")
                )
            ) from None
        bury(read_book(book_path(folder)))
        book = Book(file)
        book.write()
        try:
            yield book
        finally:
            book.clear()


def bury(left: dict[str, Any]) -> None:
    """End what a killed supervisor left behind, should its children still be there."""
    for pid in (left.get("children") or {}).values():
        with suppress(OSError, TypeError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"sreda.config" in command:
                os.killpg(pid, signal.SIGKILL)
