"""What agreements allow a partner's source to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from sreda.kernel.api import AuditEntry
from sreda.records.models import Agreement
from sreda.records.queries.people import person_key
from sreda.records.queries.statements import Allowed
from sreda.records.xapi.keys import ACTIVITY_NEAR, ORGANISATION, VERB, key
from sreda.registry.api import Person, on_day

READ = "records.agreement.read"


def in_force(credential: UUID, on: date) -> list[Agreement]:
    return list(
        Agreement.objects.filter(
            credential=credential, since__lte=on, until__gte=on, revoked_at=None
        ).order_by("pk")
    )


def allowed(agreements: Iterable[Agreement], on: date) -> tuple[Allowed, ...]:
    """Each agreement as a search sees it; one whose people are all gone allows nothing."""
    return tuple(found for one in agreements if (found := _allowed(one, on)).whose)


def _allowed(agreement: Agreement, on: date) -> Allowed:
    places = list(agreement.organisations.values_list("pk", flat=True))
    named = agreement.people.exists() or agreement.groups.exists()
    whose = (
        [person_key(pk) for pk in people_of(agreement, on).values_list("pk", flat=True)]
        if named
        else [key(ORGANISATION, str(pk)) for pk in places]
    )
    return Allowed(
        whose=tuple(whose),
        organisations=tuple(places) if named else (),
        verbs=tuple(key(VERB, iri) for iri in agreement.verbs),
        activities=tuple(key(ACTIVITY_NEAR, iri) for iri in agreement.activities),
    )


def people_of(agreement: Agreement, on: date) -> QuerySet[Person]:
    """Those named, who learns in its classes on the day, and records merged into them."""
    places = on_day(on, "enrolments__")
    own = Person.objects.filter(
        Q(pk__in=agreement.people.values("pk"))
        | Q(pk__in=Person.objects.filter(
            places, enrolments__group__in=agreement.groups.values("pk")
        ).values("pk"))
    )  # fmt: skip
    return Person.objects.filter(Q(pk__in=own.values("pk")) | Q(merged_into__in=own.values("pk")))


def reads(agreement: Agreement) -> QuerySet[AuditEntry]:
    """Each reading by it, the newest first."""
    return AuditEntry.objects.filter(
        object_type=Agreement._meta.label_lower, object_id=str(agreement.pk), action=READ
    ).order_by("-position", "-id")
