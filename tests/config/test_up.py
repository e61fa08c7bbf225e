"""`sreda up`: one at a time, ready when it says so, nothing left when it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ports import free_port

from sreda.config import supervisor
from sreda.config.supervisor import Child, Trouble, choose_port, only_one, running
from sreda.kernel.postgres.keeper import processes


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sreda-up-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def eventually(condition: Callable[[], bool], patience: float = 60) -> bool:
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def sreda(home: Path, *words: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "PYTEST"))}
    environment |= {"SREDA_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {"SREDA_LANGUAGE": "en"}
    environment.pop("SREDA_DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "sreda.config.cli", *words], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def until_ready(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed up to being ready, and the address that it gave."""
    told = ""
    assert process.stdout
    for line in process.stdout:
        told += line
        if found := re.search(r"is ready: (http://\S+)", line):
            return told, found[1]
    pytest.fail(f"never ready:\n{told}")


def test_whole_life(folder: Path):
    process = sreda(folder, "up")
    try:
        _told, address = until_ready(process)
        facts = running(folder)
        assert facts
        assert (facts["pid"], facts["address"]) == (process.pid, address)
        children = list(facts["children"].values())
        assert facts["children"].keys() == {"web", "hot", "worker"}
        assert all(map(alive, children))
        assert eventually(lambda: supervisor.answers("127.0.0.1", facts["hot_port"]))

        second = sreda(folder, "up")
        said, _nothing = second.communicate(timeout=120)
        assert second.returncode == 1
        assert str(process.pid) in said
        assert address in said
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _nothing = process.communicate(timeout=120)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert not any(map(alive, children))
    assert processes(folder / "postgres/data") == []
    assert running(folder) is None


@pytest.mark.slow
def test_killed_supervisor_takes_all_with_it_and_the_next_one_works(folder: Path):
    process = sreda(folder, "up")
    until_ready(process)
    facts = running(folder)
    assert facts
    process.kill()
    process.wait()
    children = list(facts["children"].values())
    assert eventually(lambda: not any(map(alive, children)))
    assert eventually(lambda: processes(folder / "postgres/data") == [])
    again = sreda(folder, "up", "--no-worker")
    _told, address = until_ready(again)
    facts = running(folder)
    assert facts
    os.kill(facts["children"]["web"], signal.SIGKILL)
    port = int(address.rstrip("/").rpartition(":")[2])
    assert eventually(lambda: not supervisor.answers("127.0.0.1", port) or running(folder) != facts)
    assert eventually(lambda: supervisor.answers("127.0.0.1", port))
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert eventually(lambda: processes(folder / "postgres/data") == [])


@pytest.mark.slow
def test_killed_database_comes_back_without_a_worker(folder: Path):
    process = sreda(folder, "up", "--no-worker")
    try:
        _text, address = until_ready(process)
        pid_file = folder / "postgres" / "data" / "postmaster.pid"
        first = int(pid_file.read_text().split("\n")[0])
        os.kill(first, signal.SIGKILL)
        host, port = address.removeprefix("http://").strip("/").split(":")
        assert eventually(lambda: not alive(first))
        assert eventually(lambda: supervisor.answers(host, int(port)))
    finally:
        process.terminate()
        process.communicate(timeout=120)


def test_taken_port_is_named_or_passed_over(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Trouble, match=str(port)):
            choose_port("127.0.0.1", port)
        monkeypatch.setattr(supervisor, "FIRST_PORT", port)
        monkeypatch.setattr(supervisor, "LAST_PORT", port + 20)
        assert port < choose_port("127.0.0.1", None) <= port + 20
    assert choose_port("127.0.0.1", port) == port


def test_answers_have_the_next_free_port_wherever_the_site_is():
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        assert port < choose_port("127.0.0.1", None, after=port - 1) < port + 100


def test_only_one_has_the_home(folder: Path):
    assert running(folder) is None
    with only_one(folder) as book:
        book.write(address="http://localhost:1/")
        assert (running(folder) or {})["address"] == "http://localhost:1/"
        with pytest.raises(Trouble, match="http://localhost:1/"), only_one(folder):
            pass
    with only_one(folder):
        pass


def test_child_is_started_again_later_and_later(monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setattr(supervisor, "PAUSES", (0.01, 0.02, 0.03))
    child = Child("web", [sys.executable, "-c", "print('words'); raise SystemExit(3)"], os.environ)
    child.start()
    assert eventually(lambda: child.watch() and child.starts == 3)
    assert child.failures >= 2
    child.stop()
    told = capfd.readouterr().out
    assert "web    │ words" in told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties processes so")
def test_child_dies_with_a_killed_parent():
    code = (
        "import os, sys, time; from sreda.config.supervisor import spawn;"
        "child = spawn([sys.executable, '-c', 'import time; time.sleep(60)'], os.environ);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not alive(child))


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "x"], ["--region", "huge"], ["x"]])
def test_wrong_words_are_a_usage_error(words: list[str]):
    with pytest.raises(SystemExit) as end:
        supervisor.main(words)
    assert end.value.code == 2
