"""Checking the official sites of organisations: a dead one is known within a day.

A site is asked every twenty hours; one that failed is asked again after an hour, and a second
failure in a row says that it is dead. The job runs hourly, so both come within a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from sreda.kernel.api import audit, publish
from sreda.kernel.probe import OPERATION, Answer, Networks, probe
from sreda.registry.events import SiteDied, SiteRevived
from sreda.registry.models import Organisation, SiteCheck
from sreda.registry.models.periods import on_day

log = logging.getLogger(__name__)

EVERY = timedelta(hours=20)
CONFIRM = timedelta(hours=1)
# Failures further apart than this say nothing about the time between them.
ROW = timedelta(days=1)
AT_ONCE = 12
WITNESSES = 5
_LOCK = 0x5EDA_0003


@dataclass(frozen=True, slots=True)
class Tally:
    """`suspended`: nothing answered, also not what answered before: our own network is down."""

    checked: int = 0
    died: int = 0
    revived: int = 0
    suspended: bool = False


def due_sites(at: datetime) -> list[tuple[UUID, str]]:
    """Organisations in force whose site is to be asked now."""
    check = "site_check__"
    due = (
        Q(site_check=None)
        | ~Q(site_check__website=F("website"))
        | Q(**{f"{check}checked_at__lte": at - EVERY})
        | Q(
            **{
                f"{check}failures__gt": 0,
                f"{check}dead_since": None,
                f"{check}checked_at__lte": at - CONFIRM,
            }
        )
    )
    rows = Organisation.objects.filter(on_day(timezone.localtime(at).date()), due)
    return list(rows.exclude(website="").order_by("pk").values_list("pk", "website"))


def check_sites(*, at: datetime, inside: Networks = (), operation: float = OPERATION) -> Tally:
    """Ask every site that is due, a dozen at a time. One run at a time: a second does nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return Tally()
    try:
        return _check(at, inside, operation)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _check(at: datetime, inside: Networks, operation: float) -> Tally:
    due = due_sites(at)
    answers = _ask({website for _pk, website in due}, inside, operation)
    asked = [a for a in answers.values() if a.checked]
    if asked and all(a.of_the_way for a in asked) and _we_are_cut_off(
        set(answers), len(asked), inside, operation
    ):  # fmt: skip
        log.warning("no site answers: the check's own network seems to be down")
        return Tally(suspended=True)
    died = revived = 0
    for organisation_id, website in due:
        change = _record(organisation_id, website, answers[website], at)
        died += change == "died"
        revived += change == "revived"
    return Tally(len(asked), died, revived)


def _ask(websites: Iterable[str], inside: Networks, operation: float) -> dict[str, Answer]:
    listed = list(websites)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="site") as pool:
        found = pool.map(lambda url: probe(url, inside=inside, operation=operation), listed)
        return dict(zip(listed, found, strict=True))


def _we_are_cut_off(asked: set[str], failures: int, inside: Networks, operation: float) -> bool:
    """Whether sites that answered at their last check are silent now too. Where none ever
    answered, several failures at once are held against the network, one or two are not."""
    witnesses = list(
        SiteCheck.objects.filter(outcome="ok", failures=0)
        .exclude(website__in=asked)
        .order_by("-checked_at")
        .values_list("website", flat=True)[:WITNESSES]
    )
    if not witnesses:
        return failures > 2
    return not any(a.alive for a in _ask(witnesses, inside, operation).values())


@transaction.atomic
def _record(organisation_id: UUID, website: str, answer: Answer, at: datetime) -> str:
    """Enter an answer; "died" or "revived" when it turned the site's state."""
    organisation = (
        Organisation.objects.select_for_update(no_key=True)
        .filter(pk=organisation_id, website=website)
        .first()
    )
    if organisation is None:  # changed while it was asked
        return ""
    row = SiteCheck.objects.filter(organisation=organisation).first()
    if row is None or row.website != website:
        row = SiteCheck(organisation=organisation, website=website)
    elif row.dead_since is None and row.failures and at - row.checked_at > ROW:
        row.failures, row.failing_since = 0, None
    was_dead = row.dead_since is not None
    row.take(answer, at=at)
    if row.failures > 1 and row.failing_since and at - row.failing_since >= CONFIRM:
        row.dead_since = row.failing_since
    row.save()
    if row.dead_since is not None and not was_dead:
        audit("registry.site.died", organisation, actor=None, at=at, website=website,
              outcome=row.outcome, status=row.status, since=row.dead_since)  # fmt: skip
        publish(
            SiteDied(
                organisation_id=organisation.pk,
                website=website,
                outcome=row.outcome,
                since=row.dead_since,
            ),
            at=at,
        )
        return "died"
    if was_dead and row.dead_since is None:
        audit("registry.site.revived", organisation, actor=None, at=at, website=website)
        publish(SiteRevived(organisation_id=organisation.pk, website=website), at=at)
        return "revived"
    return ""
