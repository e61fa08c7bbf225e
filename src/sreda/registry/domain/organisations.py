"""Writing organisations and their facilities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish, remember, state_of, uuid7
from sreda.registry import events
from sreda.registry.domain import changes
from sreda.registry.domain.changes import Stale, local_day
from sreda.registry.models import Enrolment, Facilities, Organisation, Post

FIELDS = (
    "code",
    "kind",
    "ownership",
    "municipality",
    "name",
    "short_name",
    "postcode",
    "locality",
    "address",
    "rural",
    "phone",
    "email",
    "website",
    "since",
    "until",
)
FACILITY_FIELDS = (
    "as_of",
    "link_mbps",
    "computers_teaching",
    "computers_admin",
    "local_network",
    "management_system",
    "computer_classes",
    "multimedia",
    "licensed_software",
    "source",
)


def _explain(error: IntegrityError) -> ValidationError:
    return changes.first_error(
        error,
        {
            "code": ("code", _("Another organisation has this registry number.")),
            "organisation_term": ("until", _("The last day is before the first.")),
            "organisation_postcode": ("postcode", _("A postcode has six digits.")),
        },
    )


def _checked(organisation: Organisation) -> None:
    if organisation.until and organisation.since and organisation.until < organisation.since:
        raise ValidationError({"until": _("The last day is before the first.")})
    postcode = organisation.postcode
    if postcode and not (len(postcode) == 6 and postcode.isascii() and postcode.isdigit()):
        raise ValidationError({"postcode": _("A postcode has six digits.")})


def add_organisation(
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Organisation:
    """A new organisation. `key` is its id: the same key twice makes it once."""
    with transaction.atomic():
        if (made := changes.made_before(Organisation, key)) is not None:
            return made
        organisation = Organisation(pk=key or uuid7(), **values)
        organisation.full_clean(exclude=["id"], validate_constraints=False)
        _checked(organisation)
        saved = changes.insert(organisation, explain=_explain)
        if saved is not organisation:
            return saved
        state = state_of(organisation, FIELDS)
        remember(
            organisation,
            before=None,
            after=state,
            since=organisation.since,
            effective_on=min(organisation.since, local_day(at)),
            at=at,
            actor=actor,
            reason=reason,
        )
        audit("registry.organisation.added", organisation, actor=actor, at=at, state=state)
        publish(events.OrganisationAdded(organisation_id=organisation.pk), at=at)
    return organisation


def change_organisation(
    organisation: Organisation,
    *,
    edition: int,
    values: Mapping[str, Any],
    effective_on: date,
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> Organisation:
    """Change fields from a day on. Stale when it was saved since `edition`, unless equally."""
    with transaction.atomic():
        current = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if current.edition != edition and _would_change(current, values):
            raise Stale(current)
        _apply(
            current,
            values,
            effective_on=effective_on,
            actor=actor,
            at=at,
            reason=reason,
        )
    return current


def _would_change(organisation: Organisation, values: Mapping[str, Any]) -> bool:
    return any(getattr(organisation, name) != value for name, value in values.items())


def _apply(
    organisation: Organisation,
    values: Mapping[str, Any],
    *,
    effective_on: date,
    actor: Actor | None,
    at: datetime,
    reason: str,
) -> bool:
    since = min(organisation.since, values.get("since") or organisation.since)
    if effective_on < since:
        raise ValidationError(
            {
                "effective_on": _("The organisation began its work on %(day)s.")
                % {"day": changes.day(since)}
            }
        )
    changed = changes.amend(
        organisation,
        values,
        fields=FIELDS,
        effective_on=effective_on,
        since=since,
        at=at,
        actor=actor,
        reason=reason,
        check=_checked,
        explain=_explain,
    )
    if not changed:
        return False
    audit(
        "registry.organisation.changed",
        organisation,
        actor=actor,
        at=at,
        effective_on=effective_on,
        reason=reason,
        changes=changes.plain(changed),
    )
    publish(
        events.OrganisationChanged(
            organisation_id=organisation.pk, effective_on=effective_on, fields=tuple(changed)
        ),
        at=at,
    )
    return True


def open_ties(organisation: Organisation, on: date) -> tuple[int, int]:
    """Posts and enrolments that closing on this day would end."""
    still = Q(until__isnull=True) | Q(until__gt=on)
    return (
        Post.objects.filter(still, organisation=organisation).count(),
        Enrolment.objects.filter(still, organisation=organisation).count(),
    )


def close_organisation(
    organisation: Organisation, *, on: date, actor: Actor | None, at: datetime, reason: str
) -> Organisation:
    """`on` is the last day of work; posts and enrolments still open end on that day too."""
    with transaction.atomic():
        current = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if current.until is not None:
            raise ValidationError(
                _("The organisation is already closed on %(day)s.")
                % {"day": changes.day(current.until)}
            )
        if on < current.since:
            raise ValidationError({"on": _("The last day is before the first.")})
        ahead = Q(organisation=current, since__gt=on)
        if Post.objects.filter(ahead).exists() or Enrolment.objects.filter(ahead).exists():
            raise ValidationError(
                {"on": _("Some posts or enrolments begin after this day; end or move them first.")}
            )
        still = Q(until__isnull=True) | Q(until__gt=on)
        posts = Post.objects.filter(still, organisation=current).update(until=on)
        enrolments = Enrolment.objects.filter(still, organisation=current).update(until=on)
        _apply(
            current,
            {"until": on},
            effective_on=min(max(on, current.since), local_day(at)),
            actor=actor,
            at=at,
            reason=reason,
        )
        audit(
            "registry.organisation.closed",
            current,
            actor=actor,
            at=at,
            until=on,
            reason=reason,
            posts_ended=posts,
            enrolments_ended=enrolments,
        )
        publish(events.OrganisationClosed(organisation_id=current.pk, until=on), at=at)
    return current


def reopen_organisation(
    organisation: Organisation, *, actor: Actor | None, at: datetime, reason: str
) -> Organisation:
    """Takes the closing back; the posts and enrolments it ended stay ended."""
    with transaction.atomic():
        current = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if current.until is None:
            return current
        _apply(
            current,
            {"until": None},
            effective_on=local_day(at),
            actor=actor,
            at=at,
            reason=reason,
        )
        audit("registry.organisation.reopened", current, actor=actor, at=at, reason=reason)
        publish(events.OrganisationReopened(organisation_id=current.pk), at=at)
    return current


def record_facilities(
    organisation: Organisation,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> Facilities:
    """Figures as of a day. Figures already there for that day are corrected, with history."""
    as_of: date = values["as_of"]
    if as_of > local_day(at):
        raise ValidationError({"as_of": _("Figures cannot be of a day to come.")})
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        known = Facilities.objects.filter(organisation=organisation, as_of=as_of).first()
        before = state_of(known, FACILITY_FIELDS) if known else None
        facilities = known or Facilities(organisation=organisation)
        changes.assign(facilities, values)
        facilities.full_clean(validate_unique=False, validate_constraints=False)
        if facilities.link_mbps is not None and facilities.link_mbps < 0:
            raise ValidationError({"link_mbps": _("A speed is not below zero.")})
        after = state_of(facilities, FACILITY_FIELDS)
        if before == after:
            return facilities
        facilities.save()
        remember(
            facilities,
            before=before,
            after=after,
            since=as_of,
            effective_on=as_of,
            at=at,
            actor=actor,
            reason=reason,
        )
        audit(
            "registry.facilities.recorded",
            organisation,
            actor=actor,
            at=at,
            as_of=as_of,
            reason=reason,
            changes=changes.plain(changes.differing(before or {}, after)),
        )
        publish(events.FacilitiesRecorded(organisation_id=organisation.pk, as_of=as_of), at=at)
    return facilities
