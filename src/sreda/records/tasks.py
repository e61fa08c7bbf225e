"""Jobs of learning records."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.records.domain import feeding, figures, registry


@app.periodic(cron="*/10 * * * *")
@app.task(queue="figures", queueing_lock="records-count")
def count_statements(timestamp: int) -> None:
    figures.count_new()


@app.periodic(cron="* * * * *")
@app.task(queue="figures", queueing_lock="records-feed")
def feed_clickhouse(timestamp: int) -> None:
    while feeding.feed():
        pass


@app.periodic(cron="25 2 * * *")
@app.task(queue="figures", queueing_lock="records-months")
def make_months(timestamp: int) -> None:
    """Well before a month begins its parts are there; the first statement would make them too."""
    figures.make_months(clock.now())


@app.task(queue="figures")
def record_import(import_id: str, organisations: list[str], at: str) -> None:
    registry.record_import(
        UUID(import_id), [UUID(one) for one in organisations], datetime.fromisoformat(at)
    )
