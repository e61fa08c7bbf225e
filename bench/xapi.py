"""Learning records: statements a second, and how long a search takes among many.

    python bench/xapi.py [--size 1000000] [--seconds 4] [--rounds 200]

Writing is what the resource does with a body that lies in memory: parsing, every check, keys,
the rows, the commit. Beside it the same rows are COPYed raw into the same tables with all their
indexes, as many in one commit. Both take turns; of the turns the best counts.

Over HTTP the same goes through the site's view and through the hot process, side by side, driven
with wrk (left out where it is not installed); what was acknowledged is counted in the table.

Searching asks for a page of 100. Beside it: one SELECT over an index that gives as many
statements, and one that gives a single statement.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import re
import shutil
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from common import address_of, fresh_database, machine, number, served, table, wrk

PAGE = 100
SITE = "https://sreda.example.org"
STATEMENT = "stored, seq, id, verb, credential, organisation, body"
MINIMUM = 0.3  # of raw COPY, in batches of 1,000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-http", action="store_true", help="only through both servers")
    parser.add_argument("--size", type=int, default=1_000_000, help="statements to search among")
    parser.add_argument("--seconds", type=float, default=4, help="for one size of batch")
    parser.add_argument("--rounds", type=int, default=200, help="searches of each kind")
    options = parser.parse_args()
    with fresh_database("sreda_bench_xapi"):
        if options.only_http:
            over_http(max(2, round(options.seconds)))
            return 0
        ratio = writing(options.seconds)
        over_http(max(2, round(options.seconds)))
        searching(options.size, options.rounds)
    return 0 if ratio >= MINIMUM else 1


class Maker:
    """Statements of a region: many learners, few verbs, some thousands of lessons."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.verbs = [f"http://adlnet.gov/expapi/verbs/verb-{n}" for n in range(12)]

    def statement(self) -> dict[str, Any]:
        pick = self.random.randrange
        lesson, course = pick(4_000), pick(200)
        return {
            "id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "actor": {
                "objectType": "Agent",
                "name": f"Ученик {(who := pick(20_000))}",
                "account": {"homePage": "https://sreda.example.org", "name": str(who)},
            },
            "verb": {"id": (verb := self.random.choice(self.verbs)), "display": {"ru": verb[-6:]}},
            "object": {
                "id": f"https://sreda.example.org/lessons/{lesson}",
                "definition": {
                    "name": {"ru": f"Урок {lesson}"},
                    "type": "http://adlnet.gov/expapi/activities/lesson",
                },
            },
            "result": {
                "score": {"scaled": pick(100) / 100, "raw": pick(100), "min": 0, "max": 100},
                "completion": True,
                "duration": f"PT{pick(60)}M{pick(60)}S",
            },
            "context": {
                "registration": str(uuid.UUID(int=pick(10_000), version=4)),
                "contextActivities": {
                    "parent": [{"id": f"https://sreda.example.org/courses/{course}"}],
                    "grouping": [{"id": "https://sreda.example.org/"}],
                },
                "language": "ru-RU",
                "platform": "Sreda",
            },
            "timestamp": "2025-05-06T07:08:09.123Z",
        }


def source() -> Any:
    from sreda.records.api import Source

    agent = {"account": {"homePage": "https://sreda.example.org", "name": "bench"}}
    return Source(authority=json.dumps(agent), credential=uuid.uuid4())


def writing(seconds: float) -> float:
    maker, mine = Maker(), source()
    rows = []
    ratio = 0.0
    fill(maker, mine, 40_000)  # names and lessons are met: what is new of them is written once
    for size in (1, 100, 1_000):
        checked = [0.0]
        copied = [0.0]
        for _turn in range(3):
            checked.append(rate(take_in(maker, mine, size), seconds / 6) * size)
            copied.append(rate(copy(maker, mine, size), seconds / 6) * size)
        ratio = max(checked) / max(copied)
        rows.append((str(size), number(max(checked)), number(max(copied)), f"{ratio:.2f}"))
    print(f"{machine()}; statements a second\n")
    table(("in a batch", "checked and kept", "raw COPY", "ratio"), rows)
    print(f"\nbatches of 1,000: {ratio:.2f} of raw COPY (at least {MINIMUM} wanted)\n")
    return ratio


def rate(prepare: Callable[[], Callable[[], object]], seconds: float) -> float:
    """Calls a second; what a call needs is made ready outside the time."""
    spent, count = 0.0, 0
    while spent < seconds:
        call = prepare()
        began = time.perf_counter()
        call()
        spent += time.perf_counter() - began
        count += 1
    return count / spent


def take_in(maker: Maker, mine: Any, size: int) -> Callable[[], Callable[[], object]]:
    from sreda.records.api import take_in as take
    from sreda.records.xapi.reading import read_statements

    def prepare() -> Callable[[], object]:
        body = json.dumps([maker.statement() for _n in range(size)], ensure_ascii=False).encode()

        def call() -> None:
            sent, _several = read_statements(body)
            take([s for s, _t in sent], texts=[t for _s, t in sent], edition=2, source=mine)

        return call

    return prepare


def copy(maker: Maker, mine: Any, size: int) -> Callable[[], Callable[[], object]]:
    """The rows that `store` makes, lying ready."""
    from django.db import connection, transaction

    from sreda.records.domain.writing import prepare as make_ready
    from sreda.records.xapi.formats import written
    from sreda.records.xapi.keys import VERB, key

    def prepare() -> Callable[[], object]:
        batch = make_ready([maker.statement() for _n in range(size)], edition=2, source=mine)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT clock_timestamp(),"
                " array(SELECT nextval('records_statement_seq') FROM generate_series(1, %s))",
                [size],
            )
            stored, numbers = cursor.fetchone()
        at = written(stored)
        ids = "".join(f"{o.id}\t{at}\t{n}\n" for o, n in zip(batch, numbers, strict=True))
        rest = f',"stored":"{at}","authority":{mine.authority}}}'
        bodies = "".join(
            f"{at}\t{n}\t{o.id}\t{key(VERB, o.statement['verb']['id'])}\t{mine.credential}"
            f"\t\\N\t{(o.text + rest).replace(chr(92), chr(92) * 2)}\n"
            for o, n in zip(batch, numbers, strict=True)
        )
        refs = "".join(
            f"{k}\t{at}\t{n}\t{n}\n" for o, n in zip(batch, numbers, strict=True) for k in o.keys
        )

        def call() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                for into, lines in (
                    ("records_statementid (id, stored, seq)", ids),
                    (f"records_statement ({STATEMENT})", bodies),
                    ("records_ref (key, stored, seq, entry)", refs),
                ):  # fmt: skip
                    with cursor.copy(f"COPY {into} FROM STDIN") as stream:
                        stream.write(lines)

        return call

    return prepare


SCRIPT = """
local pattern, size, run = [[%(pattern)s]], %(size)d, %(run)d
local count = 0
function request()
  local parts = {}
  for n = 1, size do
    count = count + 1
    local id = string.format("%%08x-0000-4000-8000-%%012x", run, count)
    parts[n] = string.format(pattern, id, count %% 20000, count %% 4000, count %% 200)
  end
  return wrk.format("POST", "/xapi/statements", {
    ["Host"]="localhost", ["Content-Type"]="application/json",
    ["Authorization"]="%(authorization)s", ["X-Experience-API-Version"]="2.0.0"},
    "[" .. table.concat(parts, ",") .. "]")
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%f %%f %%d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""
CONNECTIONS = {1: 64, 100: 8, 1_000: 4}


def over_http(seconds: int) -> None:
    """Both ways by turns; of the turns the best counts."""
    if not shutil.which("wrk"):
        print("over HTTP: left out, wrk is not installed (apt-get install wrk)\n")
        return
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from sreda.records.api import make

    made = make("Bench", scopes=["statements/write", "define"], at=timezone.now())
    pair = f"{made.credential.key}:{made.secret}".encode()
    authorization = "Basic " + base64.b64encode(pair).decode()
    pattern = json.dumps(
        Maker().statement()
        | {"id": "%s"}
        | {"actor": {"account": {"homePage": SITE, "name": "%d"}}}
        | {"object": {"id": f"{SITE}/lessons/%d"}},
        ensure_ascii=False,
    )
    pattern = re.sub(r"courses/\d+", "courses/%d", pattern)
    os.environ["SREDA_DATABASE_URL"] = address_of(connection)
    os.environ["SREDA_SECRET_KEY"] = settings.SECRET_KEY
    rows = []
    with (
        served("wsgi", "sreda.config.wsgi:application", "--workers", "1",
               "--blocking-threads", "4") as view,
        served("asgi", "sreda.config.hot:application", "--workers", "1") as hot,
    ):  # fmt: skip
        run = 0
        for size, connections in CONNECTIONS.items():
            best = {view: (0.0, 0.0), hot: (0.0, 0.0)}
            for _turn in range(3):
                for port in best:
                    run += 1
                    values = {"pattern": pattern, "size": size, "run": run,
                              "authorization": authorization}  # fmt: skip
                    count, took, p99, errors = wrk(port, SCRIPT % values, connections, seconds)
                    assert not errors, f"{errors} requests failed"
                    best[port] = max(best[port], (count * size / took, p99))
            (site, slow), (own, quick) = best[view], best[hot]
            rows.append((str(size), str(connections), number(site), number(own),
                         f"{own / site:.2f}", f"{slow:.0f}", f"{quick:.0f}"))  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT id) FROM records_statement WHERE credential = %s",
            [made.credential.pk],
        )
        kept, different = cursor.fetchone()
    assert kept == different
    print("over HTTP; statements a second\n")
    table(("in a batch", "connections", "view", "hot", "hot ÷ view", "view p99 ms", "hot p99 ms"),
          rows)  # fmt: skip
    print(f"\n{number(kept)} statements in the table, none twice\n")


def searching(size: int, rounds: int) -> None:
    from django.db import connection

    from sreda.records.queries.statements import Cursor, Wanted, find, one
    from sreda.records.xapi.keys import (
        VERB,
        activity_key,
        agent_key,
        key,
        registration_key,
    )

    maker, mine = Maker(2), source()
    fill(maker, mine, size)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), min(stored), max(stored) FROM records_statement")
        count, first, last = cursor.fetchone()
        cursor.execute("SELECT id::text FROM records_statement TABLESAMPLE SYSTEM (1) LIMIT 1000")
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute("VACUUM ANALYZE records_statement, records_ref, records_statementid")

    def agent(near: bool = False) -> int:
        account = {"homePage": SITE, "name": str(maker.random.randrange(20_000))}
        return agent_key({"account": account}, near=near) or 0

    def lesson(near: bool = False) -> int:
        return activity_key(f"{SITE}/lessons/{maker.random.randrange(4_000)}", near=near)

    def course() -> int:
        return activity_key(f"{SITE}/courses/{maker.random.randrange(200)}", near=True)

    def verb() -> int:
        return key(VERB, maker.random.choice(maker.verbs))

    def moment() -> datetime:
        return first + (last - first) * maker.random.random()

    def registration() -> int:
        return registration_key(str(uuid.UUID(int=maker.random.randrange(10_000), version=4)))

    everything = activity_key("https://sreda.example.org/", near=True)
    asked: dict[str, Callable[[], object]] = {
        "one SELECT, one statement": lambda: one(maker.random.choice(ids), voided=False),
        f"one SELECT, {PAGE} statements": lambda: find(Wanted(after=Cursor(moment(), 0))),
        "agent": lambda: find(Wanted(keys=(agent(),))),
        "agent, related": lambda: find(Wanted(keys=(agent(near=True),))),
        "activity": lambda: find(Wanted(keys=(lesson(),))),
        "activity, related (a course)": lambda: find(Wanted(keys=(course(),))),
        "activity, related (in all statements)": lambda: find(Wanted(keys=(everything,))),
        "verb": lambda: find(Wanted(keys=(verb(),))),
        "verb, since": lambda: find(Wanted(keys=(verb(),), since=moment())),
        "verb, since, ascending": lambda: find(
            Wanted(keys=(verb(),), since=moment(), ascending=True)
        ),
        "registration": lambda: find(Wanted(keys=(registration(),))),
        "agent, verb": lambda: find(Wanted(keys=(agent(), verb()))),
        "activity, verb, since": lambda: find(
            Wanted(keys=(lesson(), verb()), since=moment() - timedelta(days=1))
        ),
    }
    rows = []
    base = 0.0
    for name, ask in asked.items():
        for _n in range(10):
            ask()
        times = []
        for _n in range(rounds):
            began = time.perf_counter()
            ask()
            times.append((time.perf_counter() - began) * 1000)
        p95 = statistics.quantiles(times, n=20)[18]
        base = p95 if name.endswith(f"{PAGE} statements") else base
        beside = f"{p95 / base:.2f}" if base else ""
        rows.append((name, f"{statistics.median(times):.2f}", f"{p95:.2f}", beside))
    print(f"among {number(count)} statements; pages of {PAGE}; milliseconds\n")
    table(("search", "median", "p95", "p95 beside one SELECT"), rows)


def fill(maker: Maker, mine: Any, size: int) -> None:
    from django.db import connection, transaction

    from sreda.records.domain.writing import prepare, store

    began = time.perf_counter()
    for start in range(0, size, 1_000):
        batch = prepare([maker.statement() for _n in range(1_000)], edition=2, source=mine)
        with transaction.atomic():
            stored = store(connection.connection, batch, mine)
        stored.remember()
        if sys.stderr.isatty() and start % 50_000 == 0:
            print(f"\r{start:,}", end="", file=sys.stderr)
    spent = time.perf_counter() - began
    print(f"{number(size)} statements made and kept in {spent:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
