"""The seats a person holds on a day, in one query."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from sreda.kernel.permissions import Actor, Seat
from sreda.kernel.prepared import asked
from sreda.registry.enums import Role
from sreda.registry.models import User

_SQL = """
SELECT 'post:' || p.id, p.role, p.title, o.short_name, m.name,
       p.organisation_id, p.municipality_id, NULL::uuid, NULL::uuid
  FROM registry_post p
  LEFT JOIN registry_organisation o ON o.id = p.organisation_id
  LEFT JOIN registry_municipality m ON m.id = p.municipality_id
 WHERE p.person_id = %(person)s AND p.since <= %(on)s AND (p.until IS NULL OR p.until >= %(on)s)
UNION ALL
SELECT 'enrolment:' || e.id, e.role, coalesce(g.name, ''), o.short_name, NULL,
       e.organisation_id, NULL, e.group_id, NULL
  FROM registry_enrolment e
  JOIN registry_organisation o ON o.id = e.organisation_id
  LEFT JOIN registry_classgroup g ON g.id = e.group_id
 WHERE e.person_id = %(person)s AND e.since <= %(on)s AND (e.until IS NULL OR e.until >= %(on)s)
UNION ALL
SELECT 'ward:' || w.child_id, 'parent', c.given_name || ' ' || c.family_name, '', NULL,
       NULL, NULL, NULL, w.child_id
  FROM registry_guardianship w
  JOIN registry_person c ON c.id = w.child_id
 WHERE w.guardian_id = %(person)s AND w.since <= %(on)s AND (w.until IS NULL OR w.until >= %(on)s)
"""

_ORDER = {role: place for place, role in enumerate(Role.values)}


def seats_of(person_id: UUID, on: date) -> tuple[Seat, ...]:
    """Posts, enrolments and wards in force on the day, the widest rights first."""
    rows = asked(_SQL, {"person": person_id, "on": on})
    seats = [
        Seat(
            key=key,
            role=role,
            label=title or str(Role(role).label),
            place=organisation or municipality or "",
            organisation_id=organisation_id,
            municipality_id=municipality_id,
            group_id=group_id,
            child_id=child_id,
        )
        for (
            key,
            role,
            title,
            organisation,
            municipality,
            organisation_id,
            municipality_id,
            group_id,
            child_id,
        ) in rows
    ]
    return tuple(sorted(seats, key=lambda seat: (_ORDER[seat.role], seat.place, seat.key)))


def actor_again(user_id: UUID, seat_key: str, at: datetime) -> Actor:
    """Who asked for work earlier, in the seat they asked from; PermissionDenied when it is no
    longer theirs."""
    on = timezone.localtime(at).date()
    user = User.objects.select_related("person").get(pk=user_id)
    seats = seats_of(user.person_id, on) if user.person_id and user.is_active else ()
    seat = next((seat for seat in seats if seat.key == seat_key), None)
    if seat is None:
        raise PermissionDenied
    return Actor(
        on=on, user_id=user.pk, person_id=user.person_id, name=user.get_full_name(),
        seats=seats, seat=seat,
    )  # fmt: skip
