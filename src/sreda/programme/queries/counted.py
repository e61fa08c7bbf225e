"""The SELECTs that the programme's facts and its datasets count, so that both say the same.

Each takes %(organisations)s (uuid[]) and %(on)s (date) and yields `id`, `organisation_id` and what
its records can be told apart by.
"""

from __future__ import annotations

from sreda.registry.api import Topic

# The topic of qualification that the target model asks of staff.
TOPIC = Topic.DIGITAL.value

IMPLEMENTATIONS = """
SELECT i.id, i.organisation_id, o.kind, o.rural, p.key AS programme,
       extract(year FROM i.since)::int AS year, i.since, i.basis
  FROM programme_implementation i
  JOIN programme_programme p ON p.id = i.programme_id
  JOIN registry_organisation o ON o.id = i.organisation_id
 WHERE i.organisation_id = ANY(%(organisations)s::uuid[]) AND i.since <= %(on)s
   AND (o.until IS NULL OR o.until >= %(on)s)
"""

# Staff in posts on the day, in the organisations of a list; each person once in an organisation.
STAFF = """
SELECT DISTINCT ON (e.programme_id, s.organisation_id, s.person_id)
       s.id, s.organisation_id, p.key AS programme, e.section, s.role,
       EXISTS (SELECT 1 FROM registry_qualification q
                WHERE q.person_id = s.person_id AND q.topic = %(topic)s
                  AND q.completed_on <= %(on)s) AS trained
  FROM programme_listentry e
  JOIN programme_programme p ON p.id = e.programme_id
  JOIN registry_post s ON s.organisation_id = e.organisation_id
 WHERE s.organisation_id = ANY(%(organisations)s::uuid[]) AND e.gone_at IS NULL
   AND s.role IN ('teacher', 'head', 'administrator')
   AND s.since <= %(on)s AND (s.until IS NULL OR s.until >= %(on)s)
 ORDER BY e.programme_id, s.organisation_id, s.person_id,
          array_position(ARRAY['head', 'administrator', 'teacher'], s.role::text), s.id
"""

# Expenses of a year and of the one before the plan; only organisations with figures of both.
COSTS = """
SELECT DISTINCT ON (e.programme_id, c.organisation_id, b.period)
       c.organisation_id AS id, c.organisation_id, p.key AS programme, e.section, b.period,
       c.total, c.management
  FROM programme_listentry e
  JOIN programme_programme p ON p.id = e.programme_id
  JOIN LATERAL (VALUES ('base', p.plan_from - 1), ('now', extract(year FROM %(on)s::date)::int))
       AS b(period, year) ON true
  JOIN registry_managementcost c ON c.organisation_id = e.organisation_id AND c.year = b.year
 WHERE c.organisation_id = ANY(%(organisations)s::uuid[]) AND e.gone_at IS NULL
   AND (SELECT count(*) FROM registry_managementcost k WHERE k.organisation_id = c.organisation_id
         AND k.year = p.plan_from - 1) = 1
   AND (SELECT count(*) FROM registry_managementcost k WHERE k.organisation_id = c.organisation_id
         AND k.year = extract(year FROM %(on)s::date)) = 1
 ORDER BY e.programme_id, c.organisation_id, b.period
"""
