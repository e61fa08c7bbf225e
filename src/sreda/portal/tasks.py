"""The portal's jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.portal.notices import mail_notices


@app.periodic(cron="*/10 * * * *")
@app.task(queue="mail", queueing_lock="mail-notices")
def post_notices(timestamp: int) -> None:
    mail_notices(at=clock.now())
