"""The programme's jobs."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.kernel.api import defer_once
from sreda.programme.domain import actions, alarms, bodies, indicators, retention, work
from sreda.programme.models import Programme


@app.periodic(cron="30 0 * * *")
@app.task(queue="programme", queueing_lock="programme-alarms")
def watch_terms(timestamp: int) -> None:
    """Every morning: terms of what comes again, then alarms."""
    for programme in Programme.objects.all():
        actions.plan_occurrences(programme)
        bodies.name_in_order(programme)
    alarms.raise_alarms(at=clock.now())


@app.periodic(cron="10 * * * *")
@app.task(queue="figures", queueing_lock="programme-facts")
def keep_facts_of_the_day(timestamp: int) -> None:
    """Asked hourly, since the region's midnight is not the server's; done once a day."""
    at = clock.now()
    indicators.keep_due_facts(on=timezone.localtime(at).date(), at=at)


@app.periodic(cron="20 20 * * *")
@app.task(queue="files", queueing_lock="programme-packs")
def remove_old_packs(timestamp: int) -> None:
    if days := settings.TABLES_KEPT_DAYS:
        retention.remove_old_packs(at=clock.now(), days=days)


@app.task(queue="imports")
def run_pack(load_id: str) -> None:
    work.run(UUID(load_id), at=clock.now())


def defer_pack(pk: UUID) -> None:
    defer_once(run_pack, load_id=pk)


@app.task(queue="imports")
def recheck_programme(programme_id: str) -> None:
    work.recheck(UUID(programme_id), at=clock.now())


def defer_recheck(pk: UUID) -> None:
    defer_once(recheck_programme, programme_id=pk)


@app.periodic(cron="* * * * *")
@app.task(queue="imports", queueing_lock="packs-lost")
def sweep_packs(timestamp: int) -> None:
    """What a killed worker had in hand is taken up again."""
    at = clock.now()
    for pk in work.lost(at):
        defer_pack(pk)
    for pk in work.lost_rechecks(at):
        defer_recheck(pk)
