#!/usr/bin/env python3
"""Durable answers a second: the hot path beside a plain Django view that does the same insert.

    python bench/answers.py [--seconds 5] [--connections 64] [--rounds 3]

Makes a database of its own, serves both with granian, and drives them in turn with wrk (Debian's
package `wrk`). Every answer has its own id; after each run the answers in the table are counted
against those acknowledged. Required: at least 4 times the view's answers a second, with a lower
p99.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from dataclasses import dataclass
from datetime import timedelta

from common import address_of, fresh_database, machine, served, table, wrk

LIMIT = 4.0
ATTEMPTS = 200
SCRIPT = """
local tickets = { %(tickets)s }
local count, thread = 0, 0
function setup(t) thread = thread + 1; t:set("thread", thread) end
function request()
  count = count + 1
  local id = string.format("%(run)08x-%%04x-7000-8000-%%012x", thread, count)
  local body = string.format(
    '{"ticket":"%%s","sent":5,"answers":[{"id":"%%s","ref":"q%%d","values":{"RESPONSE":"choice_b"},'
    .. '"at":4,"ms":1500}]}', tickets[count %% #tickets + 1], id, count %% 20)
  return wrk.format("POST", "%(path)s", {["Host"]="localhost", ["Content-Type"]="text/plain"}, body)
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%f %%f %%f %%d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Run:
    answers: float
    p50: float
    p99: float
    errors: int


def driven(
    port: int, path: str, tickets: list[str], number: int, options: argparse.Namespace
) -> Run:
    quoted = ", ".join(f'"{ticket}"' for ticket in tickets)
    script = SCRIPT % {"tickets": quoted, "run": number, "path": path}
    count, took, p50, p99, errors = wrk(port, script, options.connections, options.seconds)
    return Run(count / took, p50, p99, int(errors))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("this measurement needs wrk: apt-get install wrk")
    with fresh_database("sreda_bench_answers"):
        from django.conf import settings
        from django.db import connection
        from django.utils import timezone
        from tests.assessment.sittings import open_attempt
        from tests.factories import PersonFactory

        from sreda.assessment.hot import issue
        from sreda.assessment.models import Answer, Attempt

        at = timezone.now()
        first = open_attempt(at, minutes=600)
        attempts = [first] + [
            Attempt.objects.create(
                sitting=first.sitting, person=PersonFactory(), number=1, seed=n,
                started_at=at, ends_at=first.ends_at,
            )
            for n in range(ATTEMPTS - 1)
        ]  # fmt: skip
        until = at + timedelta(hours=5)
        tickets = [issue(settings.SECRET_KEY, attempt.pk, until) for attempt in attempts]
        os.environ["SREDA_DATABASE_URL"] = address_of(connection)
        os.environ["SREDA_SECRET_KEY"] = settings.SECRET_KEY
        connection.close()
        runs: dict[str, list[Run]] = {"view": [], "hot": []}
        with (
            served("wsgi", "sreda.config.wsgi:application", "--workers", "1",
                   "--blocking-threads", "4") as view,
            served("asgi", "sreda.config.hot:application", "--workers", "1") as hot,
        ):  # fmt: skip
            ways = {"view": (view, "/assessment/answers/"), "hot": (hot, "/hot/answers")}
            number = 0
            for turn in range(options.rounds + 1):
                for name, (port, path) in ways.items():
                    number += 1
                    run = driven(port, path, tickets, number, options)
                    if turn:  # the first warms up
                        runs[name].append(run)
        kept = Answer.objects.count()
    rows = []
    middle = {
        name: Run(
            statistics.median(r.answers for r in found),
            statistics.median(r.p50 for r in found),
            statistics.median(r.p99 for r in found),
            sum(r.errors for r in found),
        )
        for name, found in runs.items()
    }
    ratios = [h.answers / v.answers for h, v in zip(runs["hot"], runs["view"], strict=True)]
    for name, run in middle.items():
        rows.append(
            [name, f"{run.answers:,.0f}", f"{run.p50:.1f}", f"{run.p99:.1f}", str(run.errors)]
        )
    table(["way", "answers/s", "p50 ms", "p99 ms", "errors"], rows)
    ratio = statistics.median(ratios)
    tail = middle["hot"].p99 < middle["view"].p99
    print(f"\n{machine()}; {options.connections} connections; {kept:,} answers in the table")
    print(f"hot path ÷ view: {ratio:.2f} (each round: {', '.join(f'{r:.2f}' for r in ratios)}; "
          f"required {LIMIT:.0f}); p99 {'lower' if tail else 'NOT lower'}")  # fmt: skip
    return 0 if ratio >= LIMIT and tail else 1


if __name__ == "__main__":
    sys.exit(main())
