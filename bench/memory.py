"""Memory of the running system: web, hot, worker, database and keeper, beside the limit of 1.5 GB.

    python3 bench/memory.py            the whole region (loaded into a folder of its own)
    python3 bench/memory.py --region small

Counts PSS (a page shared by n processes counts 1/n in each) of every process that belongs to the
installation, at rest and after a round of requests by 32 clients.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LIMIT = 1536
PAGES = ("/", "/organisations/?q=лицей+62", "/programme/", "/opendata/", "/account/login/")


def processes(home: str) -> dict[int, str]:
    """Processes started for this home, by their environment or their parents'."""
    found, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            pid = int(entry.name)
            status = (entry / "stat").read_text().rsplit(")", 1)
            parents[pid] = int(status[1].split()[1])
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:400]
            mine = home.encode() in (entry / "environ").read_bytes() or home in command
        except OSError:
            continue
        if mine:
            found[pid] = command
    for pid, parent in sorted(parents.items()):
        if parent in found and pid not in found:
            found[pid] = "postgres backend"
    found.pop(os.getpid(), None)
    return found


def pss(pid: int) -> float:
    """MB; 0 where the process has just ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def kind(command: str) -> str:
    if "postgres" in command:
        return "database"
    if "sreda.config.hot" in command:
        return "hot process"
    if "granian" in command or "web" in command:
        return "web"
    return "worker" if "procrastinate" in command else "supervisor and keeper"


def show(title: str, home: str) -> float:
    sums: dict[str, float] = {}
    for pid, command in processes(home).items():
        sums[kind(command)] = sums.get(kind(command), 0) + pss(pid)
    total = sum(sums.values())
    print(f"\n{title}")
    for name, value in sorted(sums.items(), key=lambda item: -item[1]):
        print(f"  {name:24}{value:8.0f} MB")
    print(f"  {'all':24}{total:8.0f} MB   {total / LIMIT:.0%} of {LIMIT} MB")
    return total


def ask(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return len(answer.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", default="whole", choices=("small", "whole"))
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--port", type=int, default=8190)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sreda-memory-") as home:
        os.chmod(home, 0o755)
        command = [sys.executable, "-m", "sreda.config.cli", "up", "--demo", "--region",
                   options.region, "--port", str(options.port)]  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if k != "SREDA_DATABASE_URL"}
        server = subprocess.Popen(command, env=environment | {"SREDA_HOME": home})
        site = f"http://localhost:{options.port}"
        try:
            wait(site, server)
            show("At rest", home)
            urls = [site + urllib.request.quote(PAGES[n % len(PAGES)], safe="/?=+&")
                    for n in range(options.requests)]  # fmt: skip
            began = time.monotonic()
            with ThreadPoolExecutor(32) as clients:
                sent = sum(clients.map(ask, urls))
            seconds = time.monotonic() - began
            print(f"\n{len(urls)} requests by 32 clients, {len(urls) / seconds:.0f}/s, "
                  f"{sent / len(urls) / 1024:.0f} KB each")  # fmt: skip
            show("After them", home)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


def wait(site: str, server: subprocess.Popen[bytes]) -> None:
    for _turn in range(900):
        if server.poll() is not None:
            sys.exit("the server did not start")
        try:
            ask(site + "/healthz")
            return
        except OSError:
            time.sleep(1)
    sys.exit("the server did not answer")


if __name__ == "__main__":
    main()
