"""What all measurements share: a database of their own, a table of results, peak memory."""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sreda.config.settings")


@contextmanager
def fresh_database(name: str) -> Iterator[None]:
    """A migrated, empty database on the configured or our own server; dropped afterwards."""
    import django
    import psycopg
    from psycopg import sql

    from sreda.kernel.postgres import connected

    with connected() as target:
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        def administer(statement: str) -> None:
            with psycopg.connect(target.dsn, dbname="postgres", autocommit=True) as admin:
                admin.execute(sql.SQL(statement).format(sql.Identifier(name)))

        administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        administer("CREATE DATABASE {}")
        default = connections["default"]
        default.close()
        default.settings_dict["NAME"] = name
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield
        finally:
            connections.close_all()
            administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")


@contextmanager
def served(interface: str, target: str, *extra: str) -> Iterator[int]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", interface, "--host", "127.0.0.1",
        "--port", str(port), "--no-ws", "--log-level", "warning", *extra, target,
    ]  # fmt: skip
    paths = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": paths})
    try:
        for _turn in range(150):
            time.sleep(0.1)
            try:
                connection = HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz", headers={"Host": "localhost"})
                if connection.getresponse().status == 200:
                    break
            except OSError:
                continue
        else:
            sys.exit("the server did not start")
        yield port
    finally:
        child.terminate()
        child.wait(20)


def wrk(port: int, script: str, connections: int, seconds: int) -> list[float]:
    """Drive with wrk; the numbers that its script prints after RESULT."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", file.name,
            f"http://127.0.0.1:{port}",
        ]  # fmt: skip
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (.*)", told)
    assert found, told
    return [float(text) for text in found[1].split()]


def address_of(connection: Any) -> str:
    """Of the database of a Django connection, for SREDA_DATABASE_URL of a process."""
    facts = connection.settings_dict
    host = f"host={facts['HOST']} port={facts['PORT']} user={facts['USER']}"
    password = f" password={facts['PASSWORD']}" if facts["PASSWORD"] else ""
    return f"{host} dbname={facts['NAME']}{password}"


@dataclass
class Timer:
    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Timer]:
    timer = Timer()
    began = time.perf_counter()
    yield timer
    timer.seconds = time.perf_counter() - began


def peak_memory_mb() -> int:
    """Of this process so far; the database server's memory is not in it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table, aligned for reading in a terminal."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join([first, *rest])} |"

    print(line(head))
    print(f"|{'|'.join('-' * (w + 1) + (':' if n else '-') for n, w in enumerate(widths))}|")
    for row in rows:
        print(line(row))


def machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, Python {sys.version.split()[0]}"
