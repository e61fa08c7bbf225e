"""The jobs of assessment."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from sreda.assessment.domain import attempts, package_jobs, rescoring, sittings
from sreda.kernel import clock


@app.periodic(cron="* * * * *")
@app.task(queue="assessment", queueing_lock="assessment-terms")
def watch_terms(timestamp: int) -> None:
    """Every minute: attempts and sittings whose time is over."""
    at = clock.now()
    attempts.close_due(at=at)
    sittings.close_over(at=at)


@app.task(queue="imports")
def run_package(pk: str) -> None:
    package_jobs.run(UUID(pk), at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queue="imports", queueing_lock="packages-lost")
def sweep_packages(timestamp: int) -> None:
    """Packages whose worker was killed are taken up again."""
    for pk in package_jobs.take_up_lost(clock.now()):
        run_package.defer(pk=str(pk))


@app.task(queue="imports")
def run_rescoring(pk: str) -> None:
    rescoring.run(UUID(pk), at=clock.now())


def defer_rescoring(pk: UUID) -> None:
    """Hand it to the worker; waiting there already, it does not wait twice."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        run_rescoring.configure(queueing_lock=f"rescoring-{pk}").defer(pk=str(pk))


@app.periodic(cron="* * * * *")
@app.task(queue="imports", queueing_lock="rescorings-lost")
def sweep_rescorings(timestamp: int) -> None:
    """Rescorings of a killed worker are taken up again."""
    for pk in rescoring.lost(clock.now()):
        defer_rescoring(pk)


@app.periodic(cron="50 19 * * *")
@app.task(queue="files", queueing_lock="packages-old")
def forget_packages(timestamp: int) -> None:
    """Nightly, before the sweep of files that no row names."""
    package_jobs.forget(clock.now())
