"""Notices by mail: to the address of the person's account, else to that in the registry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from sreda.kernel.api import Notice, mail
from sreda.registry.api import Person


def addresses_of(people: Iterable[UUID]) -> dict[UUID, str]:
    rows = Person.objects.filter(pk__in=list(people), merged_into=None).select_related("user")
    found = {}
    for person in rows:
        user = getattr(person, "user", None)
        if user is not None and not user.is_active:
            continue
        if address := (user.email if user else "") or person.email:
            found[person.pk] = address
    return found


def mail_notices(*, at: datetime) -> int:
    """Send what waits; the number of letters."""
    with override(settings.LANGUAGE_CODE):
        return mail(addresses_of, _send, at=at)


def _send(address: str, notices: list[Notice]) -> None:
    many = len(notices)
    subject = notices[0].subject if many == 1 else (
        ngettext("%(n)s new notice", "%(n)s new notices", many) % {"n": many}
    )  # fmt: skip
    body = "\n\n".join(f"{n.subject}\n{n.text}".strip() for n in notices)
    body += "\n\n" + _("All your notices are in your cabinet.")
    EmailMessage(" ".join(subject.split()), body, to=[address]).send()
