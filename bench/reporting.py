#!/usr/bin/env python3
"""Reports of a whole region: sums, opening a form, the day on which everybody hands in.

    python bench/reporting.py [--schools 718] [--cells 500] [--periods 10] [--clients 2]
    SREDA_HOME=… python bench/reporting.py --prefill     on the whole region of the demonstration

The first makes a database of its own and loads schools × cells × periods values by COPY; beside
each sum of the product stands the same sum as plain SQL, in the same run. The second opens a
campaign of the shipped yearly form over all schools and drops it again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from queue import Empty, Queue
from typing import Any

from common import fresh_database, machine, number, table, timed

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
PLACES = 34


def measured(work: Callable[[], object], rounds: int = 5) -> float:
    """Median milliseconds."""
    spent = []
    for _turn in range(rounds):
        with timed() as timer:
            work()
        spent.append(timer.seconds * 1000)
    return statistics.median(spent)


def schema_of(cells: int) -> Any:
    """Five sections of tables with ten columns."""
    from sreda.reporting.forms import Block, BlockKind, Field, Row, Schema, Section

    rows = cells // 10
    sections = []
    for part in range(5):
        block = Block(
            f"t{part}", f"Таблица {part}", BlockKind.TABLE,
            fields=tuple(Field(f"c{n}", f"Графа {n}", minimum=Decimal(0)) for n in range(10)),
            rows=tuple(Row(f"r{n}", f"Строка {n}", str(n)) for n in range(rows // 5)),
        )  # fmt: skip
        sections.append(Section(f"s{part}", f"Раздел {part}", blocks=(block,)))
    return Schema(tuple(sections))


def load(schools: int, cells: int, periods: int) -> list[Any]:
    """Organisations, a form in force, handed in reports of all periods with all their values."""
    from django.db import connection

    from sreda.kernel.api import copy_rows
    from sreda.registry.api import Municipality, Organisation
    from sreda.reporting.domain.campaigns import open_campaign, plan_campaign
    from sreda.reporting.domain.forms import write_cells
    from sreda.reporting.forms import to_json
    from sreda.reporting.models import Form, FormCell, FormVersion, Submission, Value

    places = Municipality.objects.bulk_create(
        Municipality(code=f"m{n}", name=f"Округ {n}", kind="urban") for n in range(PLACES)
    )
    Organisation.objects.bulk_create(
        Organisation(
            code=f"o{n:05}", kind="school", ownership="municipal", municipality=places[n % PLACES],
            name=f"Школа {n}", short_name=f"Школа {n}", locality="Город", since=date(2000, 9, 1),
        )
        for n in range(schools)
    )  # fmt: skip
    form = Form.objects.create(
        code="bench", title="Отчёт", kind="report", period_kind="year", made_at=AT
    )
    version = FormVersion.objects.create(
        form=form, number=1, status="published", content=to_json(schema_of(cells)), made_at=AT,
        published_at=AT,
    )  # fmt: skip
    write_cells(version)
    ids = list(FormCell.objects.filter(version=version).values_list("pk", flat=True))
    made = []
    with timed() as timer:
        for year in range(2027 - periods, 2027):
            campaign = open_campaign(
                plan_campaign(
                    version, title=f"Отчёт {year}", period_start=date(year, 1, 1),
                    period_end=date(year, 12, 31), as_of=date(year, 12, 31),
                    opens_on=date(year, 12, 1), due_on=date(year, 12, 31), actor=None, at=AT,
                ),
                actor=None, at=AT,
            )  # fmt: skip
            reports = list(
                Submission.objects.filter(campaign=campaign).values_list("pk", flat=True)
            )
            copy_rows(
                Value,
                ("submission", "cell", "row", "number", "text", "origin", "sourced",
                 "source_text", "reason", "edition", "edited_at", "edited_by_name"),
                (
                    (pk, cell, "", (n * 31 + cell * 7) % 500, "", "typed", False, "", "", 1, AT, "")
                    for n, pk in enumerate(reports)
                    for cell in ids
                ),
            )  # fmt: skip
            Submission.objects.filter(campaign=campaign).update(
                status="submitted", submitted_at=AT, sourced_at=AT, filled=cells
            )
            made.append(campaign)
    total = schools * cells * periods
    print(f"{number(total)} values loaded in {timer.seconds:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def plain_sum(campaign: Any) -> dict[int, Decimal]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.cell_id, sum(v.number) FROM reporting_value v"
            " JOIN reporting_submission s ON s.id = v.submission_id"
            " WHERE s.campaign_id = %s AND s.status IN ('submitted', 'accepted')"
            " GROUP BY v.cell_id",
            [campaign.pk],
        )
        return dict(cursor.fetchall())


def sums(campaign: Any) -> list[list[str]]:
    from sreda.reporting.domain.consolidation import brought_up_to_date, summed
    from sreda.reporting.models import Consolidation, Submission, Value

    kept = Consolidation.objects.filter(campaign=campaign)

    def cold() -> None:
        kept.update(stale=True)
        summed(brought_up_to_date(campaign))

    def changed() -> None:
        report = Submission.objects.filter(campaign=campaign).first()
        value = Value.objects.filter(submission=report).first()
        assert value is not None
        assert report is not None
        assert value.number is not None
        Value.objects.filter(pk=value.pk).update(number=value.number + 1)
        kept.filter(municipality=report.municipality_id).update(stale=True)
        summed(brought_up_to_date(campaign))

    plain = measured(lambda: plain_sum(campaign))
    rows = [["plain SQL sum of the same cells", f"{plain:.1f}", "1.00"]]
    for name, work in (
        ("consolidated report, all municipalities stale", cold),
        ("after one changed cell", changed),
        ("nothing changed", lambda: summed(brought_up_to_date(campaign))),
    ):
        spent = measured(work)
        rows.append([name, f"{spent:.1f}", f"{spent / plain:.2f}"])
    found = {
        cell: total for cell, (total, _n) in summed(brought_up_to_date(campaign)).cells.items()
    }
    if found != plain_sum(campaign):
        sys.exit("the sums differ from plain SQL")
    return rows


def people(campaign: Any) -> tuple[dict[Any, Any], Any]:
    """A head for each school and an operator, with sessions."""
    from django.test import Client

    from sreda.registry.api import Organisation, Person, Post, User

    clients = {}
    for organisation in [*Organisation.objects.all(), None]:
        person = Person.objects.create(family_name="Тестова", given_name="Анна")
        role = "head" if organisation else "operator"
        Post.objects.create(
            person=person, role=role, organisation=organisation, since=date(2020, 1, 1)
        )
        user = User.objects.create(username=str(person.pk), person=person)
        client = Client()
        client.force_login(user)
        clients[organisation.pk if organisation else None] = client
    return clients, clients.pop(None)


def opening(campaign: Any, clients: dict[Any, Any]) -> list[list[str]]:
    """The page of a section of a filled report, beside a SELECT of all its values."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from sreda.reporting.models import Submission

    Submission.objects.filter(campaign=campaign).update(status="filling")
    report = Submission.objects.filter(campaign=campaign).first()
    assert report is not None
    url = reverse("reporting:report", args=[report.pk])
    client = clients[report.organisation_id]

    def page() -> None:
        assert client.get(url).status_code == 200

    def select() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT cell_id, number, text FROM reporting_value WHERE submission_id = %s",
                [report.pk],
            )
            cursor.fetchall()

    page()
    with CaptureQueriesContext(connection) as queries:
        page()
    asked = len(queries)
    began = time.process_time()
    page()
    busy = (time.process_time() - began) * 1000
    spent, plain = measured(page, 15), measured(select, 15)
    return [
        ["SELECT of a report's values", f"{plain:.1f}", ""],
        ["opening a section of it", f"{spent:.1f}", f"{asked} queries"],
        ["processor time of that", f"{busy:.0f}", ""],
    ]


def peak(campaign: Any, clients: dict[Any, Any], operator: Any, workers: int) -> list[list[str]]:
    """Everybody signs; the region's monitor and consolidated table are looked at all the while."""
    from django.db import connections
    from django.urls import reverse

    from sreda.reporting.models import Submission

    waiting: Queue[Any] = Queue()
    for one in Submission.objects.filter(campaign=campaign).values_list(
        "pk", "organisation_id", "edition"
    ):
        waiting.put(one)
    total, spent, seen, wrong = waiting.qsize(), [], [], []
    done = threading.Event()

    def hand_in() -> None:
        while True:
            try:
                pk, organisation, edition = waiting.get_nowait()
            except Empty:
                break
            url = reverse("reporting:submit", args=[pk])
            began = time.perf_counter()
            answer = clients[organisation].post(url, {"edition": edition})
            spent.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 302:
                wrong.append(answer.status_code)
        connections.close_all()

    def watch() -> None:
        addresses = [
            reverse("reporting:campaign_state", args=[campaign.pk]),
            reverse("reporting:consolidated", args=[campaign.pk]),
        ]
        while not done.is_set():
            for address in addresses:
                began = time.perf_counter()
                if operator.get(address).status_code != 200:
                    wrong.append("watch")
                seen.append((time.perf_counter() - began) * 1000)
            done.wait(1)
        connections.close_all()

    watcher = threading.Thread(target=watch)
    senders = [threading.Thread(target=hand_in) for _ in range(workers)]
    with timed() as timer:
        for thread in [watcher, *senders]:
            thread.start()
        for thread in senders:
            thread.join()
    done.set()
    watcher.join()
    handed = Submission.objects.filter(campaign=campaign, status="submitted").count()
    if wrong or handed != total:
        sys.exit(f"{handed} of {total} handed in; wrong answers: {wrong[:5]}")

    def p95(values: list[float]) -> str:
        return f"{sorted(values)[int(len(values) * 0.95)]:.0f}"

    share = timer.seconds / 600 * 100
    return [
        [f"{total} reports signed and handed in", f"{timer.seconds:.0f} s",
         f"{share:.0f} % of ten minutes"],
        ["one of them, median and p95", f"{statistics.median(spent):.0f} ms", f"{p95(spent)} ms"],
        ["the region's pages meanwhile", f"{statistics.median(seen):.0f} ms", f"{p95(seen)} ms"],
    ]  # fmt: skip


def prefill() -> None:
    """On the demonstration's whole region; what it makes is undone."""
    import django

    from sreda.kernel.postgres import connected

    with connected():
        django.setup()
        from django.db import transaction

        from sreda.kernel import clock
        from sreda.reporting.domain.campaigns import open_campaign, plan_campaign
        from sreda.reporting.domain.prefill import fill_campaign
        from sreda.reporting.models import FormVersion, Submission, Value

        version = FormVersion.objects.get(form__code="oo1", status="published")
        asked = sum(not cell.listed for cell in version.schema.cells.values())
        at, today = clock.now(), clock.today()
        with transaction.atomic():
            campaign = open_campaign(
                plan_campaign(
                    version, title="Измерение", period_start=today, period_end=today,
                    as_of=today, opens_on=today, due_on=today, actor=None, at=at,
                ),
                actor=None, at=at,
            )  # fmt: skip
            campaign.version = version
            with timed() as timer:
                fill_campaign(campaign, at=at)
            reports = Submission.objects.filter(campaign=campaign).count()
            filled = Value.objects.filter(submission__campaign=campaign, row="").count()
            transaction.set_rollback(True)
        table(
            ["prefilling the shipped yearly form", "", ""],
            [
                ["schools × cells", f"{reports} × {asked}", ""],
                ["all filled in", f"{timer.seconds:.1f} s",
                 f"{filled / timer.seconds:,.0f} cells/s".replace(",", " ")],
                ["share of cells filled", f"{filled * 100 / (reports * asked):.1f} %", ""],
            ],
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=718)
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--periods", type=int, default=10)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--prefill", action="store_true")
    chosen = parser.parse_args()
    print(machine())
    if chosen.prefill:
        prefill()
        return
    with fresh_database("sreda_bench_reporting"):
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["*"]
        settings.REQUIRE_MFA = frozenset()
        campaigns = load(chosen.schools, chosen.cells, chosen.periods)
        last = campaigns[-1]
        print(f"\nOne period of {chosen.periods}, {chosen.schools} schools × {chosen.cells} cells")
        table(["sums of the region", "ms", "× plain"], sums(last))
        clients, operator = people(last)
        print()
        table(["opening a filled report", "ms", ""], opening(last, clients))
        print()
        table(["the day of handing in", "", ""], peak(last, clients, operator, chosen.clients))


if __name__ == "__main__":
    main()
