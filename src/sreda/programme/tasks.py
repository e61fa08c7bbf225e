"""The programme's jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.programme.domain import actions, alarms, bodies
from sreda.programme.models import Programme


@app.periodic(cron="30 0 * * *")
@app.task(queue="programme", queueing_lock="programme-alarms")
def watch_terms(timestamp: int) -> None:
    """Every morning: terms of what comes again, then alarms."""
    for programme in Programme.objects.all():
        actions.plan_occurrences(programme)
        bodies.name_in_order(programme)
    alarms.raise_alarms(at=clock.now())
