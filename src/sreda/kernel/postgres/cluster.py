"""Our own PostgreSQL server: made, started, shared, stopped, mended after a crash.

Under the cluster's folder (`base`):
    data/         the database; data-15/ is the one before an upgrade from 15
    init/         one being made: worthless until it is renamed to data/
    run/          the socket, for the server's account and root alone
    log/          a file for each day of the week
    sreda.conf    the administrator's own settings
    lock          held while the server is started or stopped
    lease         held, shared, by every process that uses the server
    keeper        held by the keeper process
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from . import keeper
from .account import Account, choose_account
from .conf import OWN, OWN_TEXT, THROW_AWAY, write_conf
from .engine import Engine, find_engine, reachable
from .errors import PostgresError, _

PORT = 5432
DATABASE = USER = "sreda"
ADMIN = "postgres"
START_PATIENCE = 600
SOCKET_PATH_LIMIT = 100
CTYPES = ("C.UTF-8", "C.utf8", "ru_RU.UTF-8", "en_US.UTF-8", "UTF-8")
ROLES = f"CREATE ROLE {USER} LOGIN CREATEDB"
OWN_DATABASE = f"CREATE DATABASE {DATABASE} OWNER {USER}"


@dataclass(frozen=True)
class Status:
    """What `sreda doctor` tells of a cluster, found out without starting it."""

    base: Path
    made: bool
    major: int | None
    pid: int | None
    owner: int | None


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - for the person at the terminal


class Cluster:
    """One server and its folder. Use it as `with cluster.lease(): …`."""

    def __init__(
        self,
        base: Path,
        *,
        environ: Mapping[str, str] = os.environ,
        throw_away: bool = False,
        notify: Callable[[str], None] = say,
    ) -> None:
        self.base = base.absolute()
        self.environ = environ
        self.throw_away = throw_away
        self.notify = notify
        self.data = self.base / "data"

    @property
    def account(self) -> Account:
        owner = self.data.stat().st_uid if self.data.exists() else None
        return choose_account(self.environ.get("SREDA_POSTGRES_USER", ""), owner=owner)

    @property
    def engine(self) -> Engine:
        return reachable(find_engine(self.environ), self.account, self.base)

    @property
    def socket(self) -> Path:
        """The folder of the socket; a socket's path may not be long, so a deep one moves."""
        run = self.base / "run"
        if len(os.fsencode(run / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
            return run
        name = f"sreda-{self.account.uid}-{abs_hash(self.base)}"
        return Path(tempfile.gettempdir()) / name

    def dsn(self, database: str = DATABASE, user: str = USER) -> str:
        return f"host='{self.socket}' port={PORT} dbname={database} user={user}"

    def status(self) -> Status:
        version = self.data / "PG_VERSION"
        try:
            major = int(version.read_text())
        except (OSError, ValueError):
            major = None
        owner = self.data.stat().st_uid if self.data.exists() else None
        return Status(self.base, major is not None, major, keeper.postmaster(self.data), owner)

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Have the server running for the time of the block; the last one out stops it."""
        self._lay_out()
        with self._mine().open("a") as file:
            try:
                with keeper.locked(self.base / "lock"):
                    fcntl.flock(file, fcntl.LOCK_SH)
                    self._keep()
                    self._start()
                yield
            finally:
                with suppress(FileNotFoundError), keeper.locked(self.base / "lock"):
                    fcntl.flock(file, fcntl.LOCK_UN)
                    self._stop_unused()

    def revive(self) -> bool:
        """Start the server again if it has ended within our lease; True when it had."""
        if keeper.postmaster(self.data):
            return False
        with keeper.locked(self.base / "lock"):
            if keeper.postmaster(self.data):
                return False
            self._start()
        return True

    def _mine(self) -> Path:
        lease = self.base / "lease"
        if lease.exists() and not os.access(lease, os.W_OK):
            raise PostgresError(
                _("The database in {path} belongs to another user; run this as that user.").format(
                    path=self.base
                )
            )
        return lease

    def _lay_out(self) -> None:
        account = self.account
        try:
            self.base.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresError(
                _("The folder {path} cannot be made: {reason}.").format(
                    path=self.base, reason=error.strerror
                )
            ) from error
        if self.base.stat().st_uid == os.geteuid():
            self.base.chmod(0o711 if account.switch else 0o700)
        for folder in (self.base / "log", self.socket):
            private(folder, account)
        own = self.base / OWN
        if not own.exists() and not self.throw_away and os.access(self.base, os.W_OK):
            own.write_text(OWN_TEXT)
            own.chmod(0o644)

    def _start(self) -> None:
        """Bring the server up if it is not; the caller holds `lock`."""
        from .upgrade import finish_upgrade, matching_engine

        self._end_torn_upgrade()
        if self._await_ready():
            return
        self._bury()
        finish_upgrade(self)
        if not (self.data / "PG_VERSION").exists():
            if self.data.exists() and any(self.data.iterdir()):
                raise PostgresError(
                    _("{path} is not a database; move it away and try again.").format(
                        path=self.data
                    )
                )
            self.make(self.base / "init", self.engine).rename(self.data)
            sync(self.base)
        owner, account = self.data.stat().st_uid, self.account
        if owner != account.uid:
            raise PostgresError(
                _("{path} belongs to the user {owner}, not to {account}.").format(
                    path=self.data, owner=owner, account=account.name
                )
            )
        self.launch(matching_engine(self), self.data, self.socket)

    def _await_ready(self) -> bool:
        """Is the server up? Waits while it starts, recovers or stops."""
        end = time.monotonic() + START_PATIENCE
        while keeper.postmaster(self.data):
            if self._answers():
                return True
            if time.monotonic() > end:
                raise PostgresError(_("The database has been starting for too long."))
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn(), connect_timeout=10).close()
        except psycopg.OperationalError as error:
            return "too many" in str(error) or "reserved for" in str(error)  # busy, but well
        return True

    def _end_torn_upgrade(self) -> None:
        """Stop a server that an upgrade, killed in its midst, left at a place of its own."""
        with suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            if len(lines) > 4 and lines[4] and Path(lines[4]) != self.socket:
                keeper.stop(self.data)

    def _bury(self) -> None:
        """Clear what a killed server left: its processes first, then its lock files.

        PostgreSQL itself trusts a lock file whose number now belongs to another of our processes,
        which happens after every restart of a container.
        """
        end_all(self.data)
        if Path("/proc/self").exists():
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.socket / name).unlink(missing_ok=True)
        for name in ("init", "upgrade", "upgrade.dump"):
            discard(self.base / name)

    def make(self, folder: Path, engine: Engine) -> Path:
        """A new, empty database in `folder`, made from nothing every time."""
        discard(folder)
        private(folder, self.account)
        for ctype in CTYPES:
            command: list[str | Path] = [
                engine.program("initdb"),
                "-D",
                folder,
                "-U",
                ADMIN,
                "-E",
                "UTF8",
            ]
            command += ["-A", "peer", "--data-checksums", "--no-instructions"]
            if self.throw_away:
                command += ["--no-sync"]
            done = self.account.run([*command, *locale(engine, ctype)], cwd=folder)
            if done.returncode and "ICU is not supported" in done.stderr:
                done = self.account.run([*command, f"--locale={ctype}"], cwd=folder)
            if not done.returncode or "locale" not in done.stderr:
                break
        if done.returncode:
            raise PostgresError(failure(_("The database could not be created"), done.stderr))
        quick = ["-F"] if self.throw_away else []
        single: list[str | Path] = [
            engine.program("postgres"),
            "--single",
            *quick,
            "-j",
            "-D",
            folder,
            ADMIN,
        ]
        done = self.account.run(single, cwd=folder, stdin=f"{ROLES};\n\n{OWN_DATABASE};\n\n")
        if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            raise PostgresError(failure(_("The database could not be created"), done.stderr))
        return folder

    def launch(self, engine: Engine, data: Path, socket: Path) -> None:
        """Start `engine` on `data` and return when it takes connections."""
        account = self.account
        extra = THROW_AWAY if self.throw_away else {}
        log = self.base / "log"
        write_conf(data, account=account, socket=socket, log=log, own=self.base / OWN, extra=extra)
        start = log / "start.log"
        start.unlink(missing_ok=True)
        command: list[str | Path] = [
            engine.program("pg_ctl"),
            "start",
            "-w",
            "-s",
            "-t",
            str(START_PATIENCE),
        ]
        done = account.run([*command, "-D", data, "-l", start], cwd=data)
        if done.returncode:
            told = start.read_text(errors="replace") if start.exists() else ""
            raise PostgresError(
                failure(_("The database did not start"), self._last_log() or told or done.stderr)
            )

    def _last_log(self) -> str:
        logs = sorted((self.base / "log").glob("postgresql-*.log"), key=lambda p: p.stat().st_mtime)
        if not logs or time.time() - logs[-1].stat().st_mtime > 60:
            return ""
        text = logs[-1].read_text(errors="replace")[-4000:]
        return text if "FATAL" in text or "PANIC" in text else ""

    def _keep(self) -> None:
        """See that a keeper runs; it inherits its lock from us, so there are never two."""
        with (self.base / "keeper").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            words = [sys.executable, "-I", "-S", keeper.__file__, self.base, self.data]
            flags = ["--remove"] if self.throw_away else []
            subprocess.run(  # noqa: S603 - our own file
                [*map(str, words), str(file.fileno()), *flags],
                check=True, pass_fds=[file.fileno()], start_new_session=True, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    def _stop_unused(self) -> None:
        if keeper.stop_unused(self.base, self.data) and self.throw_away:
            shutil.rmtree(self.base, ignore_errors=True)


def locale(engine: Engine, ctype: str) -> list[str]:
    """How text compares. The character classes (`ctype`) must be UTF-8 ones in any case:
    with C, trigrams and full-text search see no Cyrillic letters."""
    if engine.major >= 17:  # never changes with the system's libraries, as those of ICU, libc do
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                f"--lc-ctype={ctype}"]  # fmt: skip
    return ["--locale-provider=icu", "--icu-locale=ru-RU", f"--locale={ctype}"]


def end_all(folder: Path) -> None:
    """End every process at work in a folder."""
    left = keeper.processes(folder)
    if left and not keeper.signal_and_wait(left, signal.SIGQUIT, folder, 10):
        keeper.signal_and_wait(left, signal.SIGKILL, folder, 10)


def discard(folder: Path) -> None:
    """Remove a half-made folder, and first whoever is still making it."""
    end_all(folder)
    shutil.rmtree(folder, ignore_errors=True)


def private(folder: Path, account: Account) -> None:
    """A folder for the account alone; an existing one must already be its own."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    facts = folder.lstat()
    end = time.monotonic() + 1
    while facts.st_uid != account.uid and facts.st_uid == os.geteuid() and time.monotonic() < end:
        time.sleep(0.02)  # another process has just made it and is giving it away
        facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != account.uid:
        raise PostgresError(
            _("{path} does not belong to {account}; move it away and try again.").format(
                path=folder, account=account.name
            )
        )


def sync(folder: Path) -> None:
    """Make renames in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def abs_hash(path: Path) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def failure(what: str, told: str) -> str:
    """Our sentence and the server's own reason, without its decorations."""
    lines = [line for line in told.strip().splitlines() if line.strip()]
    bad = [line for line in lines if any(w in line for w in ("FATAL", "PANIC", "ERROR", "error:"))]
    reason = (bad or lines or ["?"])[-1].strip()
    return f"{what}: {reason}"
