"""Jobs of learning records."""

from __future__ import annotations

from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.records.domain import figures


@app.periodic(cron="*/10 * * * *")
@app.task(queue="figures", queueing_lock="records-count")
def count_statements(timestamp: int) -> None:
    figures.count_new()


@app.periodic(cron="25 2 * * *")
@app.task(queue="figures", queueing_lock="records-months")
def make_months(timestamp: int) -> None:
    """Well before a month begins its parts are there; the first statement would make them too."""
    figures.make_months(clock.now())
