"""Stops the server when nobody holds a lease on it any more, even if all holders were killed.

Users of the server hold a shared lock on `lease`; the keeper sleeps until it could have that
lock for itself alone. Run as a script by `Cluster`, without site-packages, so that it is small:
keep this file to the standard library and free of imports from Sreda.

    keeper.py BASE DATA KEEPER_LOCK_FD [--remove]
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 30.0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock for the time of the block."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # also from a child that inherited it


def postmaster(data: Path) -> int | None:
    """The server's process, if it runs. A stale file or a number used again gives None."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None
    return pid if works_in(pid, data) else None


def works_in(pid: int, data: Path) -> bool:
    """Is this a living process whose working folder is `data`, as every one of the server's is?"""
    proc = Path("/proc") / str(pid)
    if not Path("/proc/self").exists():  # no /proc (macOS): believe the file
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    try:
        state = (proc / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and os.path.samefile(proc / "cwd", data)
    except OSError:
        return False


def processes(data: Path) -> list[int]:
    """Every process at work in the data folder; also those that outlived their postmaster."""
    numbers = [int(p.name) for p in Path("/proc").glob("[0-9]*")] if data.exists() else []
    return [pid for pid in numbers if pid != os.getpid() and works_in(pid, data)]


def signal_and_wait(pids: list[int], what: signal.Signals, data: Path, patience: float) -> bool:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, what)
    end = time.monotonic() + patience
    pause = 0.005
    while any(works_in(pid, data) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.1)
    return True


def stop(data: Path) -> None:
    """Fast shutdown: open transactions roll back, everything acknowledged is on disk."""
    pid = postmaster(data)
    if pid is None:
        return
    lines = (data / "postmaster.pid").read_text().split("\n")
    end = time.monotonic() + PATIENCE
    while recovering(data) and time.monotonic() < end:
        time.sleep(0.02)
    if not signal_and_wait([pid], signal.SIGINT, data, PATIENCE):
        signal_and_wait([pid], signal.SIGQUIT, data, PATIENCE)  # recovers at the next start
    if len(lines) > 4 and Path(lines[4]).parent != data.parent:
        with suppress(OSError):  # a socket's folder of its own, where ours would be too deep
            Path(lines[4]).rmdir()


def recovering(data: Path) -> bool:
    """Is it replaying after a crash? PostgreSQL 18 hangs if told to shut down just then."""
    for pid in processes(data):
        with suppress(OSError):
            if b"postgres: startup" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
    return False


def stop_unused(base: Path, data: Path) -> bool:
    """Stop the server unless somebody holds a lease. The caller holds `lock`."""
    with (base / "lease").open("a") as lease:
        if shared(lease.fileno()):
            return False
        stop(data)
        return True


def shared(lease: int) -> bool:
    """Do others hold a lease? If not, we hold it alone until the file is closed.

    A keeper that wakes up has the lock alone too, for a moment and once: hence the second look.
    """
    looks = 0
    while looks < 2:
        with suppress(BlockingIOError):
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        with suppress(BlockingIOError):
            fcntl.flock(lease, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(lease, fcntl.LOCK_UN)
            looks += 1
        time.sleep(0.002)
    return True


def keep(base: Path, data: Path, keeper: int, *, remove: bool) -> None:
    while True:
        with locked(base / "lease"):
            pass
        with locked(base / "lock"):
            if stop_unused(base, data):
                if remove:
                    shutil.rmtree(base, ignore_errors=True)
                fcntl.flock(keeper, fcntl.LOCK_UN)  # before `lock`: the next one starts anew
                return


def main() -> None:
    base, data, keeper = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    if os.fork():
        os._exit(0)  # our starter waits for this one, nobody needs to wait for the other
    with suppress(FileNotFoundError):  # the whole folder was removed: nothing left to keep
        keep(base, data, keeper, remove="--remove" in sys.argv)


if __name__ == "__main__":
    main()
