"""Dashboards by mail: on the days asked for, once each, until stopped."""

from __future__ import annotations

import logging
import secrets
import smtplib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from sreda.kernel.api import Actor, audit, notify
from sreda.registry.api import OrganisationKind, User, seats_of
from sreda.reporting.access import DASHBOARDS
from sreda.reporting.enums import Frequency, ReportFormat
from sreda.reporting.exports import Report, to_csv, to_pdf, to_xlsx
from sreda.reporting.models import Dashboard, Mailing
from sreda.reporting.queries.dashboards import Board, Sight
from sreda.reporting.queries.indicators import PlaceChoice, home_of
from sreda.reporting.queries.places import PlaceKey
from sreda.ui.numbers import day

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


def lost(mailing: Mailing, why: str, *, at: datetime) -> None:
    """Stopped by us, not by the one who asked for it: they are told, so that no report they wait
    for is missed unseen."""
    stop_mailing(mailing, at=at, actor=None, why=why)
    if mailing.user.person is not None:
        notify(
            [mailing.user.person.pk],
            key=f"mailing:lost:{mailing.pk}",
            subject=_("A report comes by mail no more: %s") % mailing.dashboard.title,
            text=why,
            link=reverse("reporting:dashboards"),
            at=at,
        )


def tell_of_deleted(dashboard: Dashboard, *, at: datetime) -> None:
    """Those to whom it comes: their letters go with it."""
    wanted = dashboard.mailings.filter(stopped_at=None).select_related("user__person")
    with override(settings.LANGUAGE_CODE):
        for mailing in wanted:
            lost(mailing, _("The dashboard was deleted."), at=at)


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


def first_due(frequency: str, since: date) -> date:
    """The first day, not before `since`, for which a report is due."""
    due = last_due(frequency, since)
    if due >= since:
        return due
    if frequency == Frequency.WEEKLY:
        return due + timedelta(days=7)
    return (due + timedelta(days=31)).replace(day=1)


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
    with override(settings.LANGUAGE_CODE):
        actor = _recipient(mailing, on)
        if isinstance(actor, str):
            lost(mailing, actor, at=at)
            return False
        letter = _letter(mailing, actor, on, at)
        try:
            send(letter)
        except OSError as error:
            log.warning("mailing %s could not be delivered: %s", mailing.pk, error)
            why = _refusal(error)[:500]
            Mailing.objects.filter(pk=mailing.pk).update(failed_at=at, why=why)
            return False
    mailing.sent_for, mailing.failed_at, mailing.why = due, None, ""
    mailing.save(update_fields=["sent_for", "failed_at", "why"])
    return True


def _refusal(error: OSError) -> str:
    """Why a letter did not go, for the one who waits for it."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _("The mail server does not take letters to this address.")
        case smtplib.SMTPResponseException():
            return _("The mail server refused the letter (code %s).") % error.smtp_code
        case _:
            return _("The mail server does not answer.")


def _recipient(mailing: Mailing, on: date) -> Actor | str:
    """Whoever asked, in the seat they asked from; or why they get nothing any more."""
    user = mailing.user
    if not user.is_active or user.person is None:
        return _("The account is closed.")
    seats = seats_of(user.person.pk, on)
    seat = next((s for s in seats if s.key == mailing.seat), None)
    if seat is None:
        return _("You no longer hold the post for which the report was sent.")
    actor = Actor(on, user.pk, user.person.pk, user.person.full_name, seats, seat)
    if not DASHBOARDS.may(actor, "view", mailing.dashboard):
        return _("The dashboard is not open to you any more.")
    if not address_of(user):
        return _("Your account has no e-mail address any more.")
    return actor


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
    lines = [
        _("The report “%(title)s” is attached. %(place)s, as of %(day)s.")
        % {"title": report.title, "place": report.place, "day": day(on)},
        *report.notes,
        _("On the site: %s") % _address(mailing, on),
        _("It comes: %s. To stop these letters: %s")
        % (mailing.get_frequency_display().lower(), stop),
    ]
    kind = f", {OrganisationKind(mailing.kind).label}" if mailing.kind else ""
    letter = EmailMessage(
        " ".join(f"{report.title}, {report.place}{kind}: {on.strftime('%d.%m.%Y')}".split()),
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
    media = TYPES[ReportFormat(mailing.format)]
    letter.attach(f"report-{on.isoformat()}.{mailing.format}", content, media)
    return letter


def _address(mailing: Mailing, on: date) -> str:
    """Of the dashboard as the letter shows it: of its place, kind and day."""
    asked = {"municipality": mailing.municipality_id, "kind": mailing.kind, "on": on.isoformat()}
    query = urlencode({name: value for name, value in asked.items() if value})
    return absolute(f"{reverse('reporting:dashboard', args=[mailing.dashboard_id])}?{query}")


def _host() -> str:
    return urlsplit(settings.SITE_ADDRESS).hostname or "localhost"


def absolute(path: str) -> str:
    """An address of this site for a letter, where there is no request to build it from."""
    return f"{settings.SITE_ADDRESS}{path}"
