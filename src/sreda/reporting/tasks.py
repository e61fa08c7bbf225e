"""The jobs of reporting: campaigns open, fill themselves and remind; indicators follow their
sources."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from procrastinate import JobContext, exceptions
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.reporting.domain import freshness, mailings
from sreda.reporting.domain.campaigns import open_campaign, remind, tell_of_opening
from sreda.reporting.domain.people import count_people, count_reported
from sreda.reporting.domain.prefill import fill_campaign
from sreda.reporting.domain.surveys import close_survey, tell_asked
from sreda.reporting.enums import CampaignStatus, FormKind
from sreda.reporting.models import Campaign

log = logging.getLogger(__name__)

BEFORE_DUE = (3, 0, -1)
"""Days before the term on which those who have not handed in are reminded."""


@app.task(queue="reports")
def fill_reports(campaign_id: str) -> None:
    """Fill a campaign's reports from the records, then tell everybody asked."""
    at = clock.now()
    campaign = Campaign.objects.select_related("version__form").get(pk=UUID(campaign_id))
    fill_campaign(campaign, at=at)
    tell_of_opening(campaign, at=at, on=timezone.localtime(at).date())


@app.task(queue="reports")
def tell_of_survey(campaign_id: str, opening: bool = True, text: str = "") -> None:
    """Ask people to answer, or remind those who have not; an interrupted one tells the rest."""
    at = clock.now()
    survey = Campaign.objects.get(pk=UUID(campaign_id))
    if survey.status == CampaignStatus.OPEN:
        on = timezone.localtime(at).date()
        tell_asked(survey, on=on, at=at, text=text, opening=opening)


@app.periodic(cron="* * * * *")
@app.task(queue="reports", queueing_lock="reports-again", pass_context=True)
async def take_up_again(context: JobContext, timestamp: int) -> None:
    """Jobs whose worker was killed are done again: they go on where they stopped, and tell nobody
    twice."""
    jobs = context.app.job_manager
    for task in (fill_reports, tell_of_survey):
        for job in await jobs.get_stalled_jobs(task_name=task.name):
            await jobs.retry_job(job)


@app.periodic(cron="*/10 * * * *")
@app.task(queue="reports", queueing_lock="reports-sweep")
def sweep_reports(timestamp: int) -> None:
    """What a killed worker left, and what an event has marked, is filled; campaigns whose day has
    come are opened, surveys whose term is over are closed."""
    at = clock.now()
    today = timezone.localtime(at).date()
    for campaign in Campaign.objects.filter(
        status=CampaignStatus.PLANNED, opens_on__lte=today
    ).select_related("version__form"):
        try:
            opened = open_campaign(campaign, actor=None, at=at)
        except ValidationError as error:  # it waits for the operator and keeps nothing else waiting
            log.warning("campaign %s cannot open: %s", campaign.pk, " ".join(error.messages))
            continue
        if opened.version.form.kind == FormKind.REPORT:
            fill_reports.defer(campaign_id=str(opened.pk))
        else:
            tell_of_survey.defer(campaign_id=str(opened.pk))
    for survey in Campaign.objects.filter(
        status=CampaignStatus.OPEN, due_on__lt=today, version__form__kind=FormKind.SURVEY
    ):
        close_survey(survey, actor=None, at=at)
    for campaign in Campaign.objects.filter(
        status=CampaignStatus.OPEN, version__form__kind=FormKind.REPORT
    ).select_related("version__form"):
        fill_campaign(campaign, at=at)


@app.periodic(cron="30 2 * * *")
@app.task(queue="reports", queueing_lock="reports-remind")
def remind_of_reports(timestamp: int) -> None:
    """In the region's morning: three days before the term, on it, and the day after."""
    at = clock.now()
    today = timezone.localtime(at).date()
    for days in BEFORE_DUE:
        for campaign in Campaign.objects.filter(
            status=CampaignStatus.OPEN,
            due_on=today + timedelta(days=days),
            version__form__kind=FormKind.REPORT,
        ):
            remind(campaign, at=at, on=today, actor=None)


@app.periodic(cron="*/20 * * * *")
@app.task(queue="figures", queueing_lock="people-counts")
def count_people_of_the_day(timestamp: int) -> None:
    """For analysts; asked often, since the region's midnight is not the server's."""
    on = timezone.localtime(clock.now()).date()
    count_people(on=on)
    count_reported(on=on)


@app.task(queue="figures", queueing_lock="indicators")
def recompute_indicators() -> None:
    freshness.recompute(at=clock.now())


@app.periodic(cron="7 * * * *")
@app.task(queue="figures", queueing_lock="indicators-hourly")
def keep_indicators(timestamp: int) -> None:
    """Asked hourly, since the region's midnight is not the server's: the day's values are kept
    once; sources that went without an event (an app taken away) are missed here."""
    at = clock.now()
    freshness.review(at=at)
    freshness.recompute(at=at)


@app.periodic(cron="20 * * * *")
@app.task(queue="mail", queueing_lock="reporting-mailings")
def send_reports(timestamp: int) -> None:
    """What is due today and was not yet sent; a day is sent once."""
    at = clock.now()
    mailings.send_due(on=timezone.localtime(at).date(), at=at)


def wake_indicators() -> None:
    """Ask a worker to compute soon; one waiting request serves all."""
    with contextlib.suppress(exceptions.AlreadyEnqueued):
        recompute_indicators.defer()


freshness.on_ask(wake_indicators)
