#!/usr/bin/env python3
"""Nothing acknowledged is lost: processes are killed with -9 at random moments, under load.

    python bench/kills.py [--kills 50] [--clients 4] [--seed N]

Starts a whole `sreda up` in a home of its own. Clients send answers of learners and statements of
xAPI, each by way of the hot process and of the site in turn, and send again what was not
acknowledged, as a device does: the same ids, perhaps the other way. Meanwhile one process after
another is killed: hot, web, worker, the database's postmaster or one of its backends, and the
supervisor itself, which is then started again. Of three kills two wait until everything answers
again (30 seconds at most), the third comes in the middle of recovering. At the end every
acknowledged answer and statement is looked for in the tables: it is there, once, as it was sent;
and nothing is there that nobody sent. Ends with status 1 otherwise.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from common import machine, number, table

# How often each is chosen.
TARGETS = {"hot": 12, "web": 10, "worker": 5, "postmaster": 9, "backend": 9, "supervisor": 5}
WAYS = ("answers, hot", "answers, site", "statements, hot", "statements, site")
PATHS = {"answers, hot": "/hot/answers", "answers, site": "/assessment/answers/"}
ATTEMPTS = 40
READY = 600.0


@dataclass
class Way:
    """What came of the requests of one way, and for how long it answered."""

    acknowledged: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    answering: float = 0.0
    silent: float = 0.0
    last: float = 0.0
    well: bool = True

    def note(self, well: bool) -> None:
        now = time.monotonic()
        if self.last:
            if self.well and well:
                self.answering += now - self.last
            else:
                self.silent += now - self.last
        self.last, self.well = now, well


class Site:
    """`sreda up` in its own home; knows its processes."""

    def __init__(self, home: str) -> None:
        self.home = Path(home)
        self.port, self.hot_port = free_port(), free_port()
        self.log = (self.home / "up.log").open("w")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        """Until it answers; what stands in the way just after a kill is waited for."""
        command = [
            sys.executable, "-m", "sreda.config.cli", "up", "--port", str(self.port),
            "--hot-port", str(self.hot_port), *words,
        ]  # fmt: skip
        ends = time.monotonic() + READY
        while time.monotonic() < ends:
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
            if self.ready():
                return
            time.sleep(0.5)
        sys.exit(f"the site did not start:\n{(self.home / 'up.log').read_text()[-3000:]}")

    def ready(self) -> bool:
        with suppress(OSError, HTTPException):
            for port in (self.port, self.hot_port):
                connection = HTTPConnection("127.0.0.1", port, timeout=5)
                with closing(connection):
                    connection.request("GET", "/healthz", headers={"Host": "localhost"})
                    if connection.getresponse().status != 200:
                        return False
            return True
        return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        self.log.close()

    def pids(self, target: str) -> list[int]:
        """Processes that are this: of hot and web both granian's own and its worker."""
        if target == "supervisor":
            return [self.process.pid] if self.process and self.process.poll() is None else []
        if target in {"postmaster", "backend"}:
            from sreda.kernel.postgres.keeper import postmaster

            found = postmaster(self.home / "postgres/data")
            if found is None or target == "postmaster":
                return [found] if found else []
            return [pid for pid in children(found) if b": sreda " in command_of(pid)]
        try:
            book = json.loads((self.home / "up.lock").read_text() or "{}")
        except (OSError, ValueError):
            return []
        own = (book.get("children") or {}).get(target)
        return [pid for pid in [own, *children(own)] if alive(pid)] if own else []


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    return b""


def stat_of(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return ["X", "0"]


def alive(pid: int) -> bool:
    return stat_of(pid)[0] not in "ZX"


def children(parent: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [pid for pid in pids if stat_of(pid)[1] == str(parent)]


class Clients:
    """Send until they are told to stop, and then until nothing waits."""

    def __init__(
        self, site: Site, tickets: list[tuple[str, str]], authorization: str, seed: int
    ) -> None:
        self.site = site
        self.tickets = tickets
        self.authorization = authorization
        self.seed = seed
        self.ways = {name: Way() for name in WAYS}
        self.answers: dict[str, dict[str, Any]] = {}
        self.statements: dict[str, dict[str, Any]] = {}
        self.sent: set[str] = set()  # all ids, acknowledged or not
        self.foreign: set[str] = set()  # ids that were there before
        self.either = {kind: [0.0, 0.0, 0.0] for kind in ("answers", "statements")}
        self.again = 0
        self.left = 0
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.patience = time.monotonic() + 24 * 3600

    def run(self, number: int) -> None:
        """A client of answers or of statements."""
        pick = random.Random(self.seed * 100 + number)
        kind = "answers" if number % 2 == 0 else "statements"
        connections: dict[str, HTTPConnection] = {}
        turn = number // 2
        while not self.ending.is_set():
            body, contents = getattr(self, f"some_{kind}")(pick)
            with self.lock:
                self.sent |= contents.keys()
            sendings = 0
            while True:
                way = f"{kind}, {('hot', 'site')[turn % 2]}"
                turn += 1
                sendings += 1
                if self.send(way, body, contents, connections):
                    break
                if time.monotonic() > self.patience:
                    with self.lock:
                        self.left += len(contents)
                    return
                time.sleep(0.1 * pick.random())
            with self.lock:
                self.again += sendings - 1
                getattr(self, kind).update(contents)

    def some_answers(self, pick: random.Random) -> tuple[bytes, dict[str, Any]]:
        place = pick.randrange(len(self.tickets))
        ticket, attempt = self.tickets[place]
        answers = [
            {
                "id": str(uuid.UUID(int=pick.getrandbits(128), version=4)),
                "ref": f"q{pick.randrange(30)}",
                "values": {
                    "fields": {"RESPONSE": [pick.choice("ABCD")], "n": [str(pick.random())]}
                },
                "at": 5,
                "ms": pick.randrange(60_000),
            }
            for _n in range(pick.randint(1, 3))
        ]
        body = json.dumps({"ticket": ticket, "sent": 5, "answers": answers}).encode()
        return body, {answer["id"]: answer | {"attempt": attempt} for answer in answers}

    def some_statements(self, pick: random.Random) -> tuple[bytes, dict[str, Any]]:
        made = [statement(pick) for _n in range(pick.choice((1, 1, 2, 10, 50)))]
        return json.dumps(made).encode(), {one["id"]: one for one in made}

    def send(
        self,
        way: str,
        body: bytes,
        contents: dict[str, Any],
        connections: dict[str, HTTPConnection],
    ) -> bool:
        state = self.ways[way]
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        if way.startswith("statements"):
            headers |= {
                "Authorization": self.authorization,
                "X-Experience-API-Version": "2.0.0",
            }
        port = self.site.hot_port if way.endswith("hot") else self.site.port
        connection = connections.get(way) or HTTPConnection("127.0.0.1", port, timeout=15)
        connections[way] = connection
        try:
            connection.request("POST", PATHS.get(way, "/xapi/statements"), body, headers)
            answer = connection.getresponse()
            told = answer.read()
            well = answer.status == 200
            if well and way.startswith("answers"):
                well = set(json.loads(told)["answers"].items()) == {(k, "saved") for k in contents}
            elif well:
                well = json.loads(told) == [*contents]
        except (OSError, HTTPException, ValueError):
            connection.close()
            with self.lock:
                state.broken += 1
                self.note(way, False)
            return False
        with self.lock:
            self.note(way, well)
            if well:
                state.acknowledged += len(contents)
            else:
                state.refused[answer.status] += 1
        return well

    def note(self, way: str, well: bool) -> None:
        kind, now = way.partition(",")[0], time.monotonic()
        times = self.either[kind]  # last moment; seconds without and with a way that answers
        some = any(state.well for name, state in self.ways.items() if name.startswith(kind))
        if times[0]:
            times[1 + some] += now - times[0]
        times[0] = now
        self.ways[way].note(well)

    def all_well(self) -> bool:
        with self.lock:
            return all(way.well for way in self.ways.values())


def statement(pick: random.Random) -> dict[str, Any]:
    site = "https://sreda.example.org"
    return {
        "id": str(uuid.UUID(int=pick.getrandbits(128), version=4)),
        "actor": {"account": {"homePage": site, "name": str(pick.randrange(500))}},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{pick.choice(('passed', 'failed'))}"},
        "object": {
            "id": f"{site}/lessons/{pick.randrange(200)}",
            "definition": {"name": {"ru": f"Урок {pick.randrange(200)}"}},
        },
        "result": {"score": {"raw": pick.randrange(100)}, "response": 'a\\b\t"«ответ»\n'},
        "timestamp": "2026-03-02T09:00:00.000Z",
    }


@contextmanager
def database() -> Any:
    """Django on the running database."""
    import django

    from sreda.kernel.postgres import connected

    with connected():
        django.setup()
        from django.db import connections

        try:
            yield
        finally:
            connections.close_all()


def made_ready() -> tuple[list[tuple[str, str]], str]:
    """Tickets of open attempts, with the attempts; and a source's credential."""
    with database():
        from django.conf import settings
        from django.utils import timezone
        from tests.assessment.sittings import open_attempt
        from tests.factories import PersonFactory

        from sreda.assessment.hot import issue
        from sreda.assessment.models import Attempt
        from sreda.records.api import make

        at = timezone.now()
        first = open_attempt(at, minutes=20 * 60)
        attempts = [first] + [
            Attempt.objects.create(
                sitting=first.sitting, person=PersonFactory(), number=1, seed=n,
                started_at=at, ends_at=first.ends_at,
            )
            for n in range(ATTEMPTS - 1)
        ]  # fmt: skip
        until = at + timedelta(hours=20)
        tickets = [(issue(settings.SECRET_KEY, a.pk, until), str(a.pk)) for a in attempts]
        made = make("Kills", scopes=["statements/write", "define"], at=at)
        pair = f"{made.credential.key}:{made.secret}".encode()
        return tickets, "Basic " + base64.b64encode(pair).decode()


def faults(clients: Clients) -> list[tuple[str, int]]:
    """What is not as it must be, counted."""
    with database():
        from django.db import connection

        from sreda.records.xapi.parts import keys_of
        from sreda.records.xapi.statement import check

        def rows(query: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall()

        kept: dict[str, Any] = {}
        twice = 0
        for own, attempt, ref, values, spent in rows(
            'SELECT id::text, attempt_id::text, ref, "values"::text, milliseconds'
            "  FROM assessment_answer"
        ):
            twice += own in kept
            kept[own] = {"id": own, "attempt": attempt, "ref": ref, "values": json.loads(values),
                         "ms": spent, "at": 5}  # fmt: skip
        own_credential = "(SELECT id FROM records_credential WHERE name = 'Kills')"
        bodies: dict[str, Any] = {}
        numbers: dict[int, str] = {}
        for own, seq, body in rows(
            f"SELECT id::text, seq, body FROM records_statement WHERE credential = {own_credential}"
        ):
            twice += own in bodies
            bodies[own] = json.loads(body)
            numbers[seq] = own
        refs: dict[str, list[int]] = {own: [] for own in bodies}
        for seq, entry, found in rows("SELECT seq, entry, key FROM records_ref"):
            if seq in numbers and seq == entry:
                refs[numbers[seq]].append(found)
        vouching = vouched(bodies)
        found_by = sum(
            sorted(refs[own]) != sorted(keys_of(sent, check(sent, 2), vouching=vouching))
            for own, sent in clients.statements.items()
            if own in bodies
        )
        ids = Counter(row[0] for row in rows(
            "SELECT id::text FROM records_statementid WHERE seq IS NOT NULL"))  # fmt: skip
        orphans = rows(
            "SELECT count(*) FROM records_statementid i WHERE seq IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM records_statement s WHERE s.stored = i.stored AND s.seq = i.seq)"
        )[0][0]
    answers, statements = clients.answers, clients.statements
    known = bodies.keys() & statements.keys()
    return [
        ("answers lost", len(answers.keys() - kept.keys())),
        ("answers other than sent",
         sum(kept[own] != sent for own, sent in answers.items() if own in kept)),
        ("statements lost", len(statements.keys() - bodies.keys())),
        ("statements other than sent", sum(
            any(bodies[own].get(name) != part for name, part in statements[own].items())
            for own in known)),
        ("answers and statements twice", twice),
        ("statements not found by what they say", found_by),
        ("statements without their id, ids without a statement",
         len(bodies.keys() - ids.keys()) + orphans),
        ("of unknown origin",
         len((bodies.keys() | kept.keys()) - clients.sent - clients.foreign)),
        ("never acknowledged to the end", clients.left),
    ]  # fmt: skip


def vouched(bodies: dict[str, Any]) -> tuple[int, ...]:
    from sreda.records.xapi.parts import keys_of_authority

    return keys_of_authority(next(iter(bodies.values()))["authority"]) if bodies else ()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    pick = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="sreda-kills-", ignore_cleanup_errors=True) as home:
        os.chmod(home, 0o755)
        os.environ["SREDA_HOME"] = home
        os.environ["SREDA_LANGUAGE"] = "en"
        os.environ.pop("SREDA_DATABASE_URL", None)
        site = Site(home)
        try:
            return killing(site, options, pick)
        finally:
            site.stop()


def killing(site: Site, options: argparse.Namespace, pick: random.Random) -> int:
    site.start("--demo")
    tickets, authorization = made_ready()
    clients = Clients(site, tickets, authorization, options.seed)
    clients.foreign = foreign()
    threads = [
        threading.Thread(target=clients.run, args=(n,), daemon=True) for n in range(options.clients)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    killed: Counter[str] = Counter()
    while sum(killed.values()) < options.kills:
        ends = time.monotonic() + 30 * (pick.random() < 2 / 3)
        time.sleep(pick.uniform(0.5, 3))
        while time.monotonic() < ends and not clients.all_well():
            time.sleep(0.1)
        [target] = pick.choices([*TARGETS], [*TARGETS.values()])
        pids = site.pids(target)
        if not pids:
            continue
        with suppress(ProcessLookupError):
            os.kill(pick.choice(pids), signal.SIGKILL)
            killed[target] += 1
            print(f"\r{sum(killed.values())} of {options.kills}", end="", file=sys.stderr)
        if target == "supervisor":
            assert site.process
            site.process.wait()
            time.sleep(pick.uniform(0, 3))
            site.start()
    clients.patience = time.monotonic() + READY
    clients.ending.set()
    for thread in threads:
        thread.join(READY + 60)
    took = time.monotonic() - began
    found = faults(clients)
    report(clients, killed, took, found, options)
    return 1 if any(count for _name, count in found) else 0


def foreign() -> set[str]:
    """Answers that the demonstration has."""
    with database():
        from sreda.assessment.models import Answer

        return {str(pk) for pk in Answer.objects.values_list("pk", flat=True)}


def report(
    clients: Clients,
    killed: Counter[str],
    took: float,
    found: list[tuple[str, int]],
    options: argparse.Namespace,
) -> None:
    print(f"\r{machine()}; {options.clients} clients, {took:.0f} s, seed {options.seed}\n")
    told = ", ".join(f"{name} {count}" for name, count in killed.most_common())
    print(f"killed with -9, {sum(killed.values())}: {told}\n")
    rows = []
    for name, way in clients.ways.items():
        whole = way.answering + way.silent
        told = ", ".join(f"{status}: {count}" for status, count in sorted(way.refused.items()))
        share = f"{way.answering / whole:.0%}" if whole else ""
        rows.append([name, number(way.acknowledged), str(way.broken), told, share])
    table(["way", "acknowledged", "broken off", "refused (status: times)", "time answering"], rows)
    print(f"\nacknowledged: {number(len(clients.answers))} answers, "
          f"{number(len(clients.statements))} statements; "
          f"requests sent again: {number(clients.again)}\n")  # fmt: skip
    for kind, (_last, silent, answering) in clients.either.items():
        share = answering / (answering + silent)
        print(f"{kind}: one way or the other answered {share:.0%} of the time")
    print()
    for name, count in found:
        print(f"{count:8} {name}")


if __name__ == "__main__":
    sys.exit(main())
