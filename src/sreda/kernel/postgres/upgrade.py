"""From one major version of PostgreSQL to another, by dump and restore.

The old data are only read. The new ones take their place after every table has been counted on
both sides, and the old stay beside them (`data-15`) until a person says `confirm`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from . import keeper
from .engine import Engine, engines, reachable
from .errors import PostgresError, _

if TYPE_CHECKING:
    from .cluster import Cluster

PROVEN = "upgraded"
COUNTS = r"""
    SELECT c.oid::regclass::text, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg\_%' ORDER BY 1
"""


def matching_engine(cluster: Cluster) -> Engine:
    """The engine for the data as they are; upgrades them first where that is due."""
    engine = cluster.engine
    major = int((cluster.data / "PG_VERSION").read_text())
    if engine.major == major:
        return engine
    other = next((e for e in engines() if e.major == major and e.has("postgres", "pg_ctl")), None)
    if other is None:
        raise PostgresError(
            _(
                "The data in {path} were written by PostgreSQL {old}, but only {new} is installed. "
                "Install PostgreSQL {old} beside it and repeat: the data are then carried over. "
                "Nothing has been changed."
            ).format(path=cluster.data, old=major, new=engine.major)
        )
    other = reachable(other, cluster.account, cluster.base)
    if engine.major < major or not engine.has("pg_dump", "pg_dumpall", "pg_restore", "psql"):
        return other
    upgrade(cluster, other, engine)
    return engine


def upgrade(cluster: Cluster, old: Engine, new: Engine) -> None:
    cluster.notify(
        _("Carrying the database over from PostgreSQL {old} to {new}…").format(
            old=old.version, new=new.version
        )
    )
    fresh = cluster.make(cluster.base / "upgrade", new)
    account = cluster.account
    with tempfile.TemporaryDirectory(prefix="sreda-") as folder:
        work = Path(folder)
        account.own(work)
        here, there = work / "a", work / "b"
        for socket in (here, there):
            socket.mkdir(mode=0o700)
            account.own(socket)
        try:
            cluster.launch(old, cluster.data, here)
            cluster.launch(new, fresh, there)
            copy(cluster, new, here, there, cluster.base / "upgrade.dump")
        finally:
            keeper.stop(fresh)
            keeper.stop(cluster.data)
            shutil.rmtree(cluster.base / "upgrade.dump", ignore_errors=True)
    fresh.rename(cluster.base / PROVEN)
    finish_upgrade(cluster)
    cluster.notify(
        _("Done. The old data stay in {path} until you run `sreda doctor --confirm-upgrade`.")
        .format(path=cluster.base / f"data-{old.major}")
    )  # fmt: skip


def finish_upgrade(cluster: Cluster) -> None:
    """Put proven new data into place; also after an interruption between the two renames."""
    from .cluster import sync

    proven = cluster.base / PROVEN
    if not proven.exists():
        return
    if cluster.data.exists():
        major = (cluster.data / "PG_VERSION").read_text().strip()
        kept = cluster.base / f"data-{major}"
        shutil.rmtree(kept, ignore_errors=True)
        cluster.data.rename(kept)
    proven.rename(cluster.data)
    sync(cluster.base)


def copy(cluster: Cluster, engine: Engine, here: Path, there: Path, dump: Path) -> None:
    from .cluster import ADMIN, failure, private

    account = cluster.account
    old, new = f"host='{here}' user={ADMIN}", f"host='{there}' user={ADMIN}"

    def step(program: str, *words: str | Path) -> str:
        done = account.run([engine.program(program), *words], cwd=cluster.base)
        if done.returncode:
            raise PostgresError(
                failure(_("The upgrade stopped; the old data are untouched"), done.stderr)
            )
        return done.stdout

    with psycopg.connect(f"{old} dbname=postgres", autocommit=True) as source:
        databases = source.execute(
            "SELECT datname, pg_get_userbyid(datdba) FROM pg_database"
            " WHERE NOT datistemplate AND datname <> 'postgres' AND datallowconn"
        ).fetchall()
        settled = {name for (name,) in source.execute("SELECT rolname FROM pg_roles")}
    with psycopg.connect(f"{new} dbname=postgres", autocommit=True) as target:
        known = {name for (name,) in target.execute("SELECT rolname FROM pg_roles")}
    roles = step("pg_dumpall", "--roles-only", "-d", f"{old} dbname=postgres")
    missing = settled - known
    wanted = [
        line for line in roles.splitlines()
        if line.startswith(("CREATE ROLE", "ALTER ROLE", "GRANT"))
        and any(f" {name}" in line or f'"{name}"' in line for name in missing)
    ]  # fmt: skip
    with psycopg.connect(f"{new} dbname=postgres", autocommit=True) as target:
        for line in wanted:
            target.execute(line.encode())
        for name, owner in databases:
            shutil.rmtree(dump, ignore_errors=True)
            private(dump, account)
            step("pg_dump", "-Fd", "-j", "2", "-f", dump / "d", "-d", f"{old} dbname={name}")
            target.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            target.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )
            step(
                "pg_restore", "--exit-on-error", "-j", "2", "-d", f"{new} dbname={name}", dump / "d"
            )
            if counts(f"{old} dbname={name}") != counts(f"{new} dbname={name}"):
                raise PostgresError(
                    _("The upgrade stopped; the old data are untouched")
                    + f": {name}: "
                    + _("the tables differ")
                )
            step("psql", "-q", "-d", f"{new} dbname={name}", "-c", "ANALYZE")


def counts(dsn: str) -> dict[str, int]:
    """Rows in every table of a database."""
    with psycopg.connect(dsn) as connection:
        found = {}
        for name, schema, table in connection.execute(COUNTS).fetchall():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
            row = connection.execute(query).fetchone()
            found[name] = row[0] if row else -1
        return found


def old_data(base: Path) -> list[Path]:
    """Data kept from before an upgrade."""
    return sorted(p for p in base.glob("data-*") if p.is_dir())


def confirm_upgrade(base: Path) -> list[Path]:
    """Remove what was kept from before an upgrade; returns what was removed."""
    found = old_data(base)
    for path in found:
        shutil.rmtree(path)
    return found
