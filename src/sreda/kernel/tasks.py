"""The kernel's jobs."""

from __future__ import annotations

import contextlib

from procrastinate import exceptions
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.kernel.domain import audit, outbox


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


def wake_outbox() -> None:
    """Ask a worker to deliver soon; one waiting request serves all."""
    with contextlib.suppress(exceptions.AlreadyEnqueued):
        deliver_outbox.defer()
