"""Heads of every organisation, counted from the records themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import connection

_SQL = """
INSERT INTO registry_organisationsize AS size
       (organisation_id, learners, teachers, groups, counted_at)
SELECT o.id, coalesce(e.heads, 0), coalesce(p.heads, 0), coalesce(g.groups, 0), %(at)s
  FROM registry_organisation o
  LEFT JOIN (SELECT organisation_id, count(*) AS heads
               FROM registry_enrolment
              WHERE since <= %(on)s AND (until IS NULL OR until >= %(on)s)
              GROUP BY organisation_id) e ON e.organisation_id = o.id
  LEFT JOIN (SELECT organisation_id, count(*) AS heads
               FROM registry_post
              WHERE role = 'teacher' AND since <= %(on)s AND (until IS NULL OR until >= %(on)s)
              GROUP BY organisation_id) p ON p.organisation_id = o.id
  LEFT JOIN (SELECT organisation_id, count(*) AS groups
               FROM registry_classgroup
              WHERE school_year = %(year)s
              GROUP BY organisation_id) g ON g.organisation_id = o.id
 WHERE %(only)s::uuid[] IS NULL OR o.id = ANY(%(only)s::uuid[])
    ON CONFLICT (organisation_id) DO UPDATE
   SET learners = excluded.learners, teachers = excluded.teachers,
       groups = excluded.groups, counted_at = excluded.counted_at
 WHERE (size.learners, size.teachers, size.groups)
       IS DISTINCT FROM (excluded.learners, excluded.teachers, excluded.groups)
"""


def recount_sizes(*, at: datetime, on: date, organisations: Collection[UUID] | None = None) -> int:
    """Bring OrganisationSize up to date for a day (all, or some); returns how many changed.

    The constraints on enrolments and posts let nobody be counted twice in one place and role.
    """
    year = on.year if on.month >= 9 else on.year - 1
    only = None if organisations is None else list(organisations)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"at": at, "on": on, "year": year, "only": only})
        changed: int = cursor.rowcount
    return changed
