"""The bodies that run the change, and who holds which place in them since when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from sreda.kernel.api import Actor, StoredFile, audit, publish, remember, state_of
from sreda.programme import events
from sreda.programme.enums import MemberRole
from sreda.programme.models import Act, Body, Membership, Programme
from sreda.registry.api import Person

BODY = ("since", "until", "note")
MEMBER = ("since", "until")


def name_in_order(programme: Programme) -> int:
    """Give the persons whom the order names their places, since its day; done once a body."""
    new = []
    bodies = Body.objects.filter(programme=programme, gone_at=None, members=None)
    with override("ru"):  # the act is the order's, whatever the language of whoever loads it
        order = _("Order No. %(number)s of %(day)s") % {
            "number": programme.number,
            "day": date_format(programme.date, "d.m.Y"),
        }
    for body in bodies.exclude(holder=""):
        new.append(
            Membership(
                body=body,
                name=body.holder,
                position=body.position,
                role=MemberRole.HEAD,
                act=(body.act or order)[:300],
                since=body.since or programme.date,
            )
        )
    Membership.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def change_body(
    *,
    body: UUID,
    since: date | None,
    until: date | None,
    note: str,
    actor: Actor,
    at: datetime,
) -> Body:
    """When it was really created, and dissolved."""
    if since and until and until < since:
        raise ValidationError({"until": _("The last day is before the first.")})
    with transaction.atomic():
        found = Body.objects.select_for_update().select_related("programme").get(pk=body)
        before = state_of(found, BODY)
        found.since, found.until, found.note = since, until, note.strip()
        after = state_of(found, BODY)
        if before == after:
            return found
        found.save(update_fields=BODY)
        remember(
            found,
            before=before,
            after=after,
            since=found.programme.date,
            effective_on=since or found.programme.date,
            at=at,
            actor=actor,
        )
        changed = {n: [before[n], value] for n, value in after.items() if before[n] != value}
        audit("programme.body.changed", found, actor=actor, at=at, changes=changed)
    return found


def add_member(
    *,
    body: UUID,
    name: str,
    role: str,
    since: date,
    actor: Actor,
    at: datetime,
    person: UUID | None = None,
    until: date | None = None,
    acting: bool = False,
    position: str = "",
    act: str = "",
    key: UUID | None = None,
) -> Membership:
    """A place in a body from a day on. There is one head at a time, and one acting head."""
    human = Person.objects.filter(pk=person).first() if person else None
    name = (name or (human.full_name if human else "")).strip()
    if not name:
        raise ValidationError({"name": _("Name the person.")})
    if until and until < since:
        raise ValidationError({"until": _("The last day is before the first.")})
    if role not in MemberRole.values:
        raise ValidationError({"role": _("Choose a role.")})
    made = Membership(
        body_id=body,
        person=human,
        name=name[:200],
        position=position.strip()[:500],
        role=role,
        acting=acting,
        act=act.strip()[:300],
        since=since,
        until=until,
    )
    if key:
        made.pk = key
    with transaction.atomic():
        Body.objects.select_for_update().get(pk=body)
        twin = Membership.objects.filter(pk=key).first() if key else None
        if twin is not None:
            return twin
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            raise _explained(made) from error
        _tell("programme.membership.added", made, actor=actor, at=at)
    return made


def end_membership(
    *, membership: UUID, until: date | None, actor: Actor, at: datetime, act: str = ""
) -> Membership:
    """Its last day; None: it has no end known."""
    with transaction.atomic():
        found = (
            Membership.objects.select_for_update(of=("self",))
            .select_related("body")
            .get(pk=membership)
        )
        if found.until == until:
            return found
        if until and until < found.since:
            raise ValidationError({"until": _("The last day is before the first.")})
        before = state_of(found, MEMBER)
        found.until = until
        try:
            with transaction.atomic():
                found.save(update_fields=["until"])
        except IntegrityError as error:
            raise _explained(found) from error
        remember(
            found,
            before=before,
            after=state_of(found, MEMBER),
            since=found.since,
            effective_on=until or found.since,
            at=at,
            actor=actor,
            reason=act[:500],
        )
        _tell("programme.membership.ended", found, actor=actor, at=at, act=act)
    return found


def _explained(wanted: Membership) -> ValidationError:
    """The database refused the place: whom it belongs to, and when."""
    others = Membership.objects.filter(body=wanted.body_id).exclude(pk=wanted.pk)
    meets = Q(until=None) | Q(until__gte=wanted.since)
    if wanted.until:
        meets &= Q(since__lte=wanted.until)
    if wanted.role == MemberRole.HEAD:
        holder = others.filter(meets, role=MemberRole.HEAD, acting=wanted.acting).first()
        if holder is not None:
            return ValidationError(
                {
                    "since": _("%(name)s already heads it %(term)s. End that first.")
                    % {"name": holder.name, "term": term(holder.since, holder.until)}
                }
            )
    return ValidationError({"since": _("%s already has this place from that day.") % wanted.name})


def term(since: date, until: date | None) -> str:
    first = since.strftime("%d.%m.%Y")
    if until is None:
        return _("from %s, with no end known") % first
    return _("from %(first)s to %(last)s") % {"first": first, "last": until.strftime("%d.%m.%Y")}


def record_act(
    *,
    programme: Programme,
    title: str,
    on: date,
    actor: Actor,
    at: datetime,
    body: UUID | None = None,
    number: str = "",
    url: str = "",
    file: StoredFile | None = None,
    key: UUID | None = None,
) -> Act:
    """An order, agreement, appointment or receipt of publication."""
    if not title.strip():
        raise ValidationError({"title": _("Name the document.")})
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        twin = Act.objects.filter(pk=key).first() if key else None
        if twin is not None:
            return twin
        made = Act(
            programme=programme,
            body_id=body,
            title=title.strip()[:500],
            number=number.strip()[:60],
            date=on,
            url=url,
            file=file,
            recorded_at=at,
            recorded_by_id=actor.person_id,
        )
        if key:
            made.pk = key
        made.save(force_insert=True)
        audit(
            "programme.act.recorded",
            made.body or programme,
            actor=actor,
            at=at,
            title=made.title,
            number=made.number,
            date=on,
        )
    return made


def _tell(what: str, place: Membership, *, actor: Actor, at: datetime, **more: Any) -> None:
    audit(
        what,
        place.body,
        actor=actor,
        at=at,
        name=place.name,
        role=place.role,
        acting=place.acting,
        since=place.since,
        until=place.until,
        **more,
    )
    publish(
        events.MembershipChanged(
            body_id=place.body_id, person_id=place.person_id, since=place.since, until=place.until
        ),
        at=at,
    )
