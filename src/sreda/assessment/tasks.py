"""The jobs of assessment."""

from __future__ import annotations

from procrastinate.contrib.django import app

from sreda.assessment.domain import attempts, sittings
from sreda.kernel import clock


@app.periodic(cron="* * * * *")
@app.task(queue="assessment", queueing_lock="assessment-terms")
def watch_terms(timestamp: int) -> None:
    """Every minute: attempts and sittings whose time is over."""
    at = clock.now()
    attempts.close_due(at=at)
    sittings.close_over(at=at)
