"""The registry's jobs."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.kernel.api import defer_once
from sreda.kernel.probe import networks
from sreda.registry.domain import retention
from sreda.registry.domain.duplicates import SEARCHES, ask_search
from sreda.registry.domain.import_jobs import run_job, take_up_lost
from sreda.registry.domain.sites import check_sites
from sreda.registry.domain.sizes import recount_sizes


@app.periodic(cron="17 * * * *")
@app.task(queue="sites", queueing_lock="sites")
def ask_sites(timestamp: int) -> None:
    """Hourly: those that are due, so that a failure is confirmed soon."""
    check_sites(at=clock.now(), inside=networks(settings.SITE_CHECK_PRIVATE))


@app.periodic(cron="5 * * * *")
@app.task(queue="figures", queueing_lock="sizes")
def recount_all_sizes(timestamp: int) -> None:
    """Terms begin and end by the calendar, without an event. Hourly, since the region's
    midnight is not the server's; what has not changed is not written."""
    at = clock.now()
    recount_sizes(at=at, on=timezone.localtime(at).date())


@app.task(queue="imports")
def run_import(job_id: str) -> None:
    run_job(UUID(job_id), at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queue="imports", queueing_lock="imports-lost")
def sweep_imports(timestamp: int) -> None:
    """Jobs of a killed worker are taken up again."""
    at = clock.now()
    for pk in take_up_lost(at):
        defer_once(run_import, job_id=pk)
    for pk in SEARCHES.lost(at):
        defer_once(search_duplicates, pk=pk)


@app.task(queue="figures")
def search_duplicates(pk: int) -> None:
    SEARCHES.run(pk, at=clock.now())


@app.periodic(cron="40 19 * * *")
@app.task(queue="figures", queueing_lock="duplicates-nightly")
def search_duplicates_nightly(timestamp: int) -> None:
    if search := ask_search(actor=None, at=clock.now()):
        defer_once(search_duplicates, pk=search.pk)


@app.periodic(cron="10 20 * * *")
@app.task(queue="files", queueing_lock="registry-tables")
def remove_old_tables(timestamp: int) -> None:
    if days := settings.TABLES_KEPT_DAYS:
        retention.remove_old_tables(at=clock.now(), days=days)
