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

PATIENCE = 60.0


@contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold a lock on a file; yields False where LOCK_NB was asked for and it is taken."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


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
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, 0)
            return True
        return False
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
    if pid and not signal_and_wait([pid], signal.SIGINT, data, PATIENCE):
        signal_and_wait([pid], signal.SIGQUIT, data, PATIENCE)  # recovers at the next start


def stop_unused(base: Path, data: Path) -> bool:
    """Stop the server unless somebody holds a lease. The caller holds `lock`."""
    with locked(base / "lease", fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
        if alone:
            stop(data)
        return alone


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
