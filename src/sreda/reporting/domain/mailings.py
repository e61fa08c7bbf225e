"""Dashboards by mail: on the days asked for, once each, until stopped."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from sreda.kernel.api import Actor, audit
from sreda.registry.api import User, seats_of
from sreda.reporting.access import DASHBOARDS
from sreda.reporting.enums import Frequency, ReportFormat
from sreda.reporting.exports import Report, to_csv, to_pdf, to_xlsx
from sreda.reporting.models import Dashboard, Mailing
from sreda.reporting.queries.dashboards import Board, Sight
from sreda.reporting.queries.indicators import PlaceChoice, home_of
from sreda.reporting.queries.places import PlaceKey

log = logging.getLogger(__name__)

TYPES = {
    ReportFormat.PDF: "application/pdf",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv",
}


@transaction.atomic
def add_mailing(
    *,
    dashboard: Dashboard,
    frequency: str,
    format: str,
    at: datetime,
    actor: Actor,
    municipality: UUID | None = None,
    kind: str = "",
) -> Mailing:
    """ValidationError where the account has no address, or the same is sent already."""
    user = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    if user is None or not address_of(user):
        raise ValidationError(_("Your account has no e-mail address to send to."))
    if actor.seat is None:
        raise ValidationError(_("Reports are sent to a post; you have none."))
    try:
        with transaction.atomic():
            made = Mailing.objects.create(
                dashboard=dashboard, user=user, frequency=Frequency(frequency),
                format=ReportFormat(format), municipality_id=municipality, kind=kind,
                seat=actor.seat.key, token=secrets.token_urlsafe(32), since=actor.on,
            )  # fmt: skip
    except IntegrityError:
        raise ValidationError(_("This is sent to you already.")) from None
    audit("reporting.mailing.added", made, actor=actor, at=at, dashboard=str(dashboard.pk),
          frequency=frequency, format=format)  # fmt: skip
    return made


@transaction.atomic
def stop_mailing(mailing: Mailing, *, at: datetime, actor: Actor | None, why: str = "") -> None:
    """Stopping again changes nothing."""
    current = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if current.stopped_at is None:
        current.stopped_at, current.why = at, why[:500]
        current.save(update_fields=["stopped_at", "why"])
        audit("reporting.mailing.stopped", current, actor=actor, at=at, why=why)


def address_of(user: User) -> str:
    return user.email or (user.person.email if user.person else "")


def last_due(frequency: str, on: date) -> date:
    """The latest day, not later than `on`, for which a report is due."""
    match frequency:
        case Frequency.DAILY:
            return on
        case Frequency.WEEKLY:
            return on - timedelta(days=on.weekday())
    return on.replace(day=1)


Send = Callable[[EmailMessage], object]


def send_due(*, on: date, at: datetime, send: Send | None = None) -> int:
    """Send what is due and was not sent; returns the number of letters.

    Each is sent under a lock of its own row, so that two workers do not send it twice; one cut off
    between the sending and the commit goes out again under the same Message-ID. What cannot be
    delivered (OSError) is tried the next time; one that fails otherwise is logged and keeps no
    other waiting.
    """
    sent = 0
    wanted = Mailing.objects.filter(stopped_at=None).order_by("pk")
    for pk in wanted.values_list("pk", flat=True):
        try:
            sent += _send_locked(pk, on, at, send or (lambda letter: letter.send()))
        except Exception:
            log.exception("mailing %s could not be sent", pk)
    return sent


def _send_locked(pk: UUID, on: date, at: datetime, send: Send) -> bool:
    with transaction.atomic():
        mailing = (
            Mailing.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("dashboard", "user__person", "municipality")
            .filter(pk=pk, stopped_at=None)
            .first()
        )
        return mailing is not None and _send_one(mailing, on, at, send)


def _send_one(mailing: Mailing, on: date, at: datetime, send: Send) -> bool:
    due = last_due(mailing.frequency, on)
    if due < mailing.since or (mailing.sent_for is not None and mailing.sent_for >= due):
        return False
    actor = _recipient(mailing, on)
    if actor is None or not DASHBOARDS.may(actor, "view", mailing.dashboard):
        stop_mailing(mailing, at=at, actor=None, why="the post or the dashboard is no more")
        return False
    with override(settings.LANGUAGE_CODE):
        letter = _letter(mailing, actor, on, at)
        try:
            send(letter)
        except OSError as error:
            Mailing.objects.filter(pk=mailing.pk).update(failed_at=at, why=str(error)[:500])
            return False
    mailing.sent_for, mailing.failed_at, mailing.why = due, None, ""
    mailing.save(update_fields=["sent_for", "failed_at", "why"])
    return True


def _recipient(mailing: Mailing, on: date) -> Actor | None:
    """Whoever asked, in the seat they asked from, while they hold it."""
    user = mailing.user
    if not user.is_active or user.person is None or not address_of(user):
        return None
    seats = seats_of(user.person.pk, on)
    seat = next((s for s in seats if s.key == mailing.seat), None)
    if seat is None:
        return None
    return Actor(on, user.pk, user.person.pk, user.person.full_name, seats, seat)


def report_of(mailing: Mailing, actor: Actor, on: date) -> Report:
    region = _("The whole region")
    place = home_of(actor, region)
    if mailing.municipality is not None:
        key = PlaceKey("municipality", mailing.municipality.pk)  # type: ignore[arg-type]
        place = PlaceChoice(key, mailing.municipality.name, mailing.municipality.pk)
    board = Board(mailing.dashboard, Sight.of(actor), place, on, kind=mailing.kind, region=region)
    return board.report()


def _letter(mailing: Mailing, actor: Actor, on: date, at: datetime) -> EmailMessage:
    report = report_of(mailing, actor, on)
    stop = absolute(reverse("reporting:mailing_stop", args=[mailing.token]))
    board = absolute(reverse("reporting:dashboard", args=[mailing.dashboard_id]))
    lines = [f"{report.title}. {report.place}, {on.strftime('%d.%m.%Y')}.", board]
    lines.append(_("To stop these letters: %s") % stop)
    letter = EmailMessage(
        " ".join(f"{report.title}: {on.strftime('%d.%m.%Y')}".split()),
        "\n\n".join(lines),
        to=[address_of(mailing.user)],
        headers={
            "Message-ID": f"<report-{mailing.pk}-{on.isoformat()}@{_host()}>",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    match mailing.format:
        case ReportFormat.PDF:
            content = to_pdf(report, at=at)
        case ReportFormat.XLSX:
            content = to_xlsx(report)
        case _:
            content = to_csv(report)
    kind = TYPES[ReportFormat(mailing.format)]
    letter.attach(f"report-{on.isoformat()}.{mailing.format}", content, kind)
    return letter


def _host() -> str:
    return urlsplit(settings.SITE_ADDRESS).hostname or "localhost"


def absolute(path: str) -> str:
    """An address of this site for a letter, where there is no request to build it from."""
    return f"{settings.SITE_ADDRESS}{path}"
