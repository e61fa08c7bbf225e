"""A worker killed while it fills a campaign: nothing is lost, filled twice, or told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from types import SimpleNamespace
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from sreda.kernel import clock
from sreda.kernel.models import Notice
from sreda.registry.api import Role
from sreda.reporting import tasks
from sreda.reporting.domain.campaigns import open_campaign
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.prefill import AT_ONCE, fill_campaign
from sreda.reporting.models import Submission, Value
from tests.factories import ClassGroupFactory, EnrolmentFactory, OrganisationFactory, seated
from tests.reporting.world import AT, campaign, report, values

SCHOOLS = 3 * AT_ONCE
WORK = """
import django, os, sys
sys.path[:0] = {path!r}
django.setup()
from django.conf import settings
settings.DATABASES["default"].update({database!r})
from datetime import datetime
from sreda.reporting.domain.prefill import fill_campaign
from sreda.reporting.models import Campaign
fill_campaign(Campaign.objects.get(pk={pk!r}), at=datetime.fromisoformat({at!r}))
"""


def worker(of) -> subprocess.Popen[bytes]:
    """Another process that fills the campaign in the tests' database."""
    database = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER")}
    text = WORK.format(path=sys.path, database=database, pk=str(of.pk), at=AT.isoformat())
    return subprocess.Popen([sys.executable, "-c", text], env=dict(os.environ))


@pytest.mark.django_db(transaction=True)
def test_a_killed_filling_goes_on_and_leaves_what_people_typed():
    place = OrganisationFactory().municipality
    schools = OrganisationFactory.create_batch(SCHOOLS - 1, municipality=place)
    EnrolmentFactory(group=ClassGroupFactory(organisation=schools[0], grade=7))
    of = open_campaign(campaign(), actor=None, at=AT)
    process = worker(of)
    done = Submission.objects.filter(campaign=of, sourced_at__isnull=False)
    deadline = time.monotonic() + 120
    while not done.exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    filled = set(done.values_list("pk", flat=True))
    waiting = set(
        Submission.objects.filter(campaign=of, sourced_at=None).values_list("pk", flat=True)
    )
    assert len(filled) % AT_ONCE == 0
    assert filled
    assert waiting
    # meanwhile people type: in a report that is filled, and in one that is not
    typed = []
    for pk in (min(filled), min(waiting)):
        mine = Submission.objects.select_related("organisation").get(pk=pk)
        head = seated(Role.HEAD, organisation=mine.organisation)
        change = Change("pupils.g7.total", "31", reason="Проверено")
        made = save_changes(mine, edition=10_000, changes=[change], actor=head, at=AT, key=uuid4())
        assert not made.faults
        typed.append(mine)
    assert fill_campaign(of, at=AT) == len(waiting)
    assert fill_campaign(of, at=AT) == 0
    for mine in typed:
        assert values(report(of, mine.organisation))["pupils.g7.total"] == 31
    cells = Counter(
        Value.objects.filter(submission__campaign=of).values_list("submission", "cell", "row")
    )
    assert set(cells.values()) == {1}
    assert len({pk for pk, _cell, _row in cells}) == SCHOOLS


@pytest.mark.django_db
def test_the_job_of_a_killed_worker_is_done_again_and_tells_once(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT)
    school = OrganisationFactory()
    seated(Role.HEAD, organisation=school)
    of = open_campaign(campaign(), actor=None, at=AT)
    job = tasks.fill_reports.defer(campaign_id=str(of.pk))
    again = async_to_sync(tasks.take_up_again.func)

    def state() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
            return str(cursor.fetchone()[0])

    with connection.cursor() as cursor:  # as a worker leaves it that is no more
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
    again(SimpleNamespace(app=app), 0)
    assert state() == "todo"
    for _time in range(2):
        tasks.fill_reports.func(campaign_id=str(of.pk))
    assert Notice.objects.filter(key=f"reporting:opened:{of.pk}").count() == 1
