"""The jobs of assessment."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from sreda.assessment.domain import attempts, package_jobs, rescoring, sittings
from sreda.kernel import clock
from sreda.kernel.api import defer_once


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
        defer_once(run_package, pk=pk)


@app.task(queue="imports")
def run_rescoring(pk: str) -> None:
    rescoring.run(UUID(pk), at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queue="imports", queueing_lock="rescorings-lost")
def sweep_rescorings(timestamp: int) -> None:
    """Rescorings of a killed worker are taken up again."""
    for pk in rescoring.lost(clock.now()):
        defer_once(run_rescoring, pk=pk)


@app.periodic(cron="50 19 * * *")
@app.task(queue="files", queueing_lock="packages-old")
def forget_packages(timestamp: int) -> None:
    """Nightly, before the sweep of files that no row names."""
    package_jobs.forget(clock.now())
