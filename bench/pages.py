#!/usr/bin/env python3
"""Every cabinet's pages beside a view that does one indexed SELECT.

    SREDA_HOME=… python bench/pages.py [--seconds 5] [--connections 32] [--workers 2]

Needs a loaded region (`sreda demo --region whole`). It serves it with granian as `sreda up`
does, signs in one person of each role, asks each page as fast as it can over the connections
(wrk where it is installed, else a small client of ours) and prints requests/s, p50, p95, the
number of queries and how many times slower than the baseline the page is.
The baseline, measured anew beside each page, passes the same middleware, reads session and
user, and answers with a small JSON. On a busy machine these ratios say nothing.

Beside them stand milliseconds of processor time a request of this process takes, without the
server and the database: page and baseline by turns, the quietest quarter of the turns. That ratio
holds on a busy machine; `--cpu` prints it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
os.environ.setdefault("SREDA_REQUIRE_MFA", "")

LIMIT = 3.0
WRK_SCRIPT = """
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %f %f %f %d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Speed:
    requests: float
    p50: float
    p95: float
    errors: int


@dataclass(frozen=True)
class Page:
    role: str
    path: str
    cookie: str
    queries: int


def pages() -> Iterator[Page]:
    """One signed-in person of each role, with the pages they open most."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from sreda.registry.api import Organisation, Role, User

    def session_of(role: str) -> Client:
        person = someone(role)
        user = User.objects.filter(person=person).first() or User.objects.create_user(
            f"bench.{role}", person=person
        )
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        return client

    code = Organisation.objects.filter(kind="school").values_list("code", flat=True).first()
    for role in Role.values:
        client = session_of(role)
        cookie = f"{client.cookies['sreda_session'].key}={client.cookies['sreda_session'].value}"
        own = [reverse("cabinet")]
        if role == Role.OPERATOR:
            yield Page("baseline", f"/bench/baseline?code={code}", cookie, 3)
            own += [reverse("audit"), reverse("registry:organisations"), reverse("registry:people")]
        elif role in {Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR}:
            own += [reverse("registry:people"), reverse("registry:groups")]
        elif role == Role.TEACHER:
            groups = reverse("registry:groups")
            listed = client.get(groups).content.decode()
            own += [groups, *re.findall(rf'href="({groups}[0-9a-f-]{{36}}/)"', listed)[:1]]
        elif role == Role.PARENT:
            own += [reverse("profile")]
        for path in own:
            client.get(path)
            with CaptureQueriesContext(
                connection,
            ) as found:
                answer = client.get(path)
            if answer.status_code != 200:
                sys.exit(f"{path} as {role}: {answer.status_code}")
            yield Page(role, path, cookie, len(found))


def someone(role: str):
    """The first person who holds this role today, among those with an account if any."""
    from django.db.models import Q

    from sreda.kernel import clock
    from sreda.registry.api import Person, Role, on_day

    today = clock.today()
    if role in {Role.PUPIL, Role.STUDENT}:
        holds = on_day(today, "enrolments__") & Q(enrolments__role=role)
    elif role == Role.PARENT:
        holds = on_day(today, "wards__")
    else:
        holds = on_day(today, "posts__") & Q(posts__role=role)
        if role == Role.TEACHER:
            holds &= Q(posts__teaching__isnull=False)
    people = Person.objects.filter(holds).order_by()
    found = people.filter(user__isnull=False).first() or people.first()
    if found is None:
        sys.exit(f"nobody is a {role}: load a region first (sreda demo --region whole)")
    return found


def processor(page: Page, baseline: Page, turns: int = 40) -> tuple[float, float]:
    """Milliseconds of processor time of the page and of the baseline."""
    from sreda.config.wsgi import application

    def once(asked: Page) -> float:
        path, _mark, query = asked.path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query,
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost", "HTTP_COOKIE": asked.cookie, "HTTP_ACCEPT_LANGUAGE": "ru",
            "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": True,
            "wsgi.multiprocess": True, "wsgi.run_once": False,
        }  # fmt: skip
        began = time.process_time()
        answer = application(environ, lambda _status, _headers, _error=None: None)
        for _part in answer:
            pass
        answer.close()
        return (time.process_time() - began) * 1000

    for asked in (baseline, page) * 5:
        once(asked)
    pairs = [(once(page), once(baseline)) for _turn in range(turns)]
    quiet = max(1, turns // 4)
    mean = lambda times: sum(sorted(times)[:quiet]) / quiet  # noqa: E731
    return mean([mine for mine, _base in pairs]), mean([base for _mine, base in pairs])


@contextmanager
def served(workers: int) -> Iterator[int]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    granian = Path(sys.executable).with_name("granian")
    command = [
        granian, "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--no-ws", "--log-level", "warning",
        "sreda.config.pages:application",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
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


def measured(page: Page, port: int, connections: int, seconds: float) -> Speed:
    url = f"http://127.0.0.1:{port}{page.path}"
    if wrk := shutil.which("wrk"):
        script = Path("/tmp") / f"sreda-bench-{os.getpid()}.lua"
        script.write_text(WRK_SCRIPT)
        command = [
            wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script),
            "-H", "Host: localhost", "-H", f"Cookie: {page.cookie}", "-H", "Accept-Language: ru",
            url,
        ]  # fmt: skip
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        script.unlink()
        count, took, p50, p95, errors = re.search(r"RESULT (.*)", told)[1].split()  # type: ignore[index]
        return Speed(float(count) / float(took), float(p50), float(p95), int(errors))
    return asyncio.run(driven(page, port, connections, seconds))


async def driven(page: Page, port: int, connections: int, seconds: float) -> Speed:
    """Keep-alive connections, each asking again as soon as it has its answer."""
    ask = (
        f"GET {page.path} HTTP/1.1\r\nHost: localhost\r\nCookie: {page.cookie}\r\n"
        "Accept-Language: ru\r\n\r\n"
    ).encode()
    times: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            writer.write(ask)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            await reader.readexactly(int(length[1]) if length else 0)
            errors += b" 200 " not in head[:20]
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _n in range(connections)))
    times.sort()
    at = lambda share: times[int(len(times) * share)] * 1000 if times else 0.0  # noqa: E731
    return Speed(len(times) / seconds, at(0.5), at(0.95), errors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="only pages whose path is this")
    parser.add_argument("--cpu", action="store_true", help="only processor time")
    options = parser.parse_args()
    import django

    from sreda.kernel.postgres import connected

    worst = heaviest = 0.0
    with connected():
        django.setup()
        baseline, *others = pages()
        others = [page for page in others if options.only in {"", page.path}]
        print(f"{'role':14} {'page':34} {'queries':>7} {'cpu ms':>7} {'base':>5} {'× cpu':>6}"
              f" {'req/s':>7} {'p50 ms':>7} {'p95 ms':>7} {'× slower':>9}")  # fmt: skip
        with nullcontext(0) if options.cpu else served(options.workers) as port:
            for page in others:
                mine, base = processor(page, baseline)
                heaviest = max(heaviest, mine / base)
                path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", page.path)
                line = f"{page.role:14} {path:34} {page.queries:7} {mine:7.2f} {base:5.2f} "
                line += f"{mine / base:6.2f}"
                if port:
                    time.sleep(1)  # what the last run left in the queue is answered
                    beside = measured(baseline, port, options.connections, options.seconds)
                    time.sleep(1)
                    found = measured(page, port, options.connections, options.seconds)
                    ratio = beside.requests / found.requests if found.requests else float("inf")
                    worst = max(worst, ratio)
                    line += f" {found.requests:7.0f} {found.p50:7.1f} {found.p95:7.1f} {ratio:9.2f}"
                    line += f"  {found.errors} errors" if found.errors else ""
                print(line, flush=True)
    print(f"\nworst: {heaviest:.2f} times the processor time of the baseline", end="")
    print("" if options.cpu else f", {worst:.2f} times slower (limit {LIMIT:.0f})")
    return 0 if max(worst, heaviest if options.cpu else 0) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
