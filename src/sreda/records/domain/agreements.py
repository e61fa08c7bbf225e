"""Agreements with partners: entering, revoking, keeping what was read by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit
from sreda.records.enums import Scope
from sreda.records.models import Agreement, Credential
from sreda.records.queries.agreements import READ
from sreda.records.xapi.formats import is_iri
from sreda.registry.api import ClassGroup, Organisation, Person


def make_agreement(
    *,
    number: str,
    partner: str,
    purpose: str,
    since: date,
    until: date,
    credential: Credential,
    at: datetime,
    actor: Actor | None,
    people: Sequence[Person] = (),
    groups: Sequence[ClassGroup] = (),
    organisations: Sequence[Organisation] = (),
    activities: Sequence[str] = (),
    verbs: Sequence[str] = (),
) -> Agreement:
    """An agreement as it was signed: it is not changed afterwards, only revoked."""
    faults: dict[str, str] = {}
    if until < since:
        faults["until"] = _("The last day is before the first.")
    if not (people or groups or organisations):
        faults["people"] = _("Name whose records are read: learners, classes or organisations.")
    if credential.revoked_at or Scope.BY_AGREEMENT not in credential.scopes:
        faults["credential"] = _("This source has no key in force that reads by agreement.")
    for field, iris in (("activities", activities), ("verbs", verbs)):
        for iri in iris:
            if not is_iri(iri):
                faults[field] = _("“%(text)s” is no IRI.") % {"text": iri[:200]}
    if faults:
        raise ValidationError(faults)
    made = Agreement(
        number=number.strip(),
        partner=partner.strip(),
        purpose=purpose.strip(),
        since=since,
        until=until,
        credential=credential,
        activities=list(dict.fromkeys(activities)),
        verbs=list(dict.fromkeys(verbs)),
        made_at=at,
        made_by=actor.user_id if actor else None,
        made_by_name=actor.name if actor else "",
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            made.people.set(people)
            made.groups.set(groups)
            made.organisations.set(organisations)
            audit(
                "records.agreement.made",
                made,
                actor=actor,
                at=at,
                number=made.number,
                partner=made.partner,
                since=since,
                until=until,
                source=credential.name,
                people=[one.pk for one in people],
                groups=[one.pk for one in groups],
                organisations=[one.pk for one in organisations],
                activities=made.activities,
                verbs=made.verbs,
            )
    except IntegrityError as error:
        raise ValidationError(
            {"number": _("An agreement with this number is entered already.")}
        ) from error
    return made


def revoke_agreement(
    agreement: Agreement, *, reason: str, at: datetime, actor: Actor | None
) -> None:
    """From this moment nothing is read by it; a second time changes nothing."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why the agreement is revoked.")})
    with transaction.atomic():
        changed = Agreement.objects.filter(pk=agreement.pk, revoked_at=None).update(
            revoked_at=at,
            revoked_by=actor.user_id if actor else None,
            revoked_by_name=actor.name if actor else "",
            reason=reason[:500],
        )
        if changed:
            audit(
                "records.agreement.revoked",
                agreement,
                actor=actor,
                at=at,
                number=agreement.number,
                reason=reason[:500],
            )


def keep_reading(
    agreements: Iterable[Agreement],
    *,
    source: Credential,
    asked: Mapping[str, str],
    statements: Sequence[Mapping[str, Any]],
    at: datetime,
) -> None:
    """On record before the answer leaves: who read what of whom, by which agreements."""
    people = sorted(
        {one["actor"]["account"]["name"] for one in statements if "account" in one["actor"]}
    )
    with transaction.atomic():
        for agreement in agreements:
            audit(
                READ,
                agreement,
                actor=None,
                at=at,
                number=agreement.number,
                partner=agreement.partner,
                source=source.name,
                asked=dict(asked),
                statements=len(statements),
                people=people,
            )
