"""A campaign that closes while somebody types; checks that loop or take too long."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from sreda.registry.api import Role
from sreda.reporting.domain import handing_in
from sreda.reporting.domain.campaigns import close_campaign
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.forms import Check
from sreda.reporting.models import Submission
from sreda.reporting.queries.checks import check_submission
from tests.factories import OrganisationFactory, seated
from tests.reporting.forms import SCHEMA
from tests.reporting.test_handing_in import ready
from tests.reporting.world import AT, opened, published, report, values

SAVINGS = 12


@pytest.mark.django_db(transaction=True)
def test_a_campaign_closed_while_somebody_types_loses_nothing():
    """Each batch lands, before the closing or as a draft after it, and says which."""
    school = OrganisationFactory()
    head = seated(Role.HEAD, organisation=school)
    mine = report(opened(), school)
    barrier, failed = Barrier(2), list[BaseException]()
    said = list[str]()

    def work(act):
        try:
            barrier.wait()
            act()
        except BaseException as error:
            failed.append(error)
        finally:
            connections["default"].close()

    def types():
        for number in range(1, SAVINGS + 1):
            change = Change("base.area", str(number))
            made = save_changes(
                mine, edition=10_000, changes=[change], actor=head, at=AT, key=uuid4()
            )
            assert made.landed == 1
            said.append(made.message)

    def closes():
        while len(said) < SAVINGS // 3:
            time.sleep(0.001)
        close_campaign(mine.campaign, actor=None, at=AT)

    threads = [Thread(target=work, args=(act,)) for act in (types, closes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    told = ["закрыта" in message for message in said]
    assert told == sorted(told), "open, then closed, never back"
    assert True in told
    assert False in told
    assert values(report(mine.campaign, school))["base.area"] == SAVINGS
    with pytest.raises(ValidationError, match="закрыта"):
        handing_in.submit(report(mine.campaign, school), actor=head, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "check",
    [
        "range(0, 90000).map(x, range(0, 90000).map(y, x * y).sum()).sum() > 0",
        "range(0, 900000).all(x, x >= 0)",
    ],
)
def test_a_check_without_end_stops_nobody_and_nothing_for_long(check):
    """It is the fault of the form's author: the school explains and hands in; in seconds."""
    school = OrganisationFactory()
    head = seated(Role.HEAD, organisation=school)
    schema = replace(SCHEMA, checks=(Check("endless", check, "Сойдётся"),))
    mine = ready(school, head, opened(published(schema)))
    (finding,) = check_submission(mine).all
    assert finding.severity == "warning"
    with pytest.raises(handing_in.NotReady):
        handing_in.submit(mine, actor=head, at=AT)
    handing_in.explain(mine, "endless", "Проверка не считается", actor=head, at=AT)
    handing_in.submit(mine, actor=head, at=AT)
    assert Submission.objects.get(pk=mine.pk).status == "submitted"
