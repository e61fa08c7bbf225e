"""The kernel's jobs."""

from __future__ import annotations

import contextlib

from django.conf import settings
from procrastinate import exceptions
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.kernel.domain import audit, outbox, retention


@app.task(queue="outbox", queueing_lock="outbox")
def deliver_outbox() -> None:
    outbox.deliver_pending(at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queue="outbox", queueing_lock="outbox-sweep")
def sweep_outbox(timestamp: int) -> None:
    """What a killed worker left, or a handler's failure put off, is taken up again."""
    outbox.deliver_pending(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queue="audit", queueing_lock="audit-checkpoint")
def sign_checkpoint(timestamp: int) -> None:
    audit.checkpoint(at=clock.now())


@app.periodic(cron="50 20 * * *")
@app.task(queue="files", queueing_lock="files-sweep")
def sweep_files(timestamp: int) -> None:
    """Nightly, after the apps have removed what is theirs."""
    at = clock.now()
    if days := settings.TABLES_KEPT_DAYS:
        retention.remove_unused(at=at, days=days)
    retention.sweep_orphans(at=at)


def wake_outbox() -> None:
    """Ask a worker to deliver soon; one waiting request serves all."""
    with contextlib.suppress(exceptions.AlreadyEnqueued):
        deliver_outbox.defer()
