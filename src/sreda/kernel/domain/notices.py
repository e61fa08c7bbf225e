"""Telling people: once an occasion and person, in the cabinet and by mail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sreda.kernel.kept import kept, number_of
from sreda.kernel.models import Notice
from sreda.kernel.models.notices import Mailing
from sreda.kernel.permissions import Actor

log = logging.getLogger(__name__)

SEAT = "seat"
MAIL_FOR = timedelta(days=3)  # a notice that could not be mailed for so long is not news


def notify(
    addressees: Iterable[UUID],
    *,
    key: str,
    subject: str,
    text: str = "",
    link: str = "",
    at: datetime,
) -> int:
    """Tell people of an occasion; who was told under this key already is not told again.

    Returns how many were told now. `link` is an address of this site, beginning with "/".
    """
    return notify_each(
        Notice(addressee=person, key=key, subject=subject, text=text, link=link, made_at=at)
        for person in addressees
    )


def notify_each(notices: Iterable[Notice]) -> int:
    """`notify` of many occasions at once, in as many queries as of one."""
    wanted = {(one.addressee, one.key): one for one in notices}
    people, keys = {person for person, _key in wanted}, {key for _person, key in wanted}
    told = Notice.objects.filter(addressee__in=people, key__in=keys).values_list("addressee", "key")
    for known in told:
        wanted.pop(known, None)
    new = [wanted[which] for which in sorted(wanted)]
    for one in new:
        one.subject = one.subject[:300]
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def in_seat(link: str, seat: str) -> str:
    """The link of a notice that concerns its reader in this seat: they are led to it seated so."""
    return f"{link}?{urlencode({SEAT: seat})}"


def led_to(link: str) -> tuple[str, str]:
    """The address of a notice's link, and the seat it is for (empty: any)."""
    path, _mark, query = link.partition("?")
    asked = dict(parse_qsl(query))
    seat = asked.pop(SEAT, "")
    return f"{path}?{urlencode(asked)}" if asked else path, seat


def notices_of(person: UUID | None) -> QuerySet[Notice]:
    return Notice.objects.filter(addressee=person) if person else Notice.objects.none()


@kept
def unread(actor: Actor) -> QuerySet[Notice, tuple[int]]:
    return number_of(notices_of(actor.person_id).filter(read_at=None))


def mark_read(notices: QuerySet[Notice], *, at: datetime) -> int:
    return notices.filter(read_at=None).update(read_at=at)


Send = Callable[[str, list[Notice]], None]
AddressesOf = Callable[[Iterable[UUID]], Mapping[UUID, str]]


def mail(addresses_of: AddressesOf, send: Send, *, at: datetime) -> int:
    """Mail what waits, one letter a person; returns the number of letters.

    The rows are locked while a letter goes out, so that two workers do not send it twice. What
    `send` cannot deliver (OSError) waits for the next time, at most `MAIL_FOR`; so does a letter
    that cannot be made, which is logged and keeps no other waiting.
    """
    waiting = Notice.objects.filter(mailing=Mailing.WAITING)
    waiting.filter(made_at__lt=at - MAIL_FOR).update(mailing=Mailing.NOT)
    people = list(waiting.order_by().values_list("addressee", flat=True).distinct())
    addresses = addresses_of(people)
    waiting.filter(addressee__in=set(people) - addresses.keys()).update(mailing=Mailing.NOT)
    sent = 0
    for person, address in addresses.items():
        with transaction.atomic():
            own = list(
                waiting.filter(addressee=person)
                .select_for_update(skip_locked=True)
                .order_by("made_at")
            )
            if not own:
                continue
            try:
                send(address, own)
            except OSError:
                continue
            except Exception:
                log.exception("notices of %s could not be mailed", person)
                continue
            Notice.objects.filter(pk__in=[n.pk for n in own]).update(mailing=Mailing.SENT)
            sent += 1
    return sent
