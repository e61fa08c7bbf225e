"""Views for analysts: numbers without names. People appear only as counts, and a count of learners
or staff under five is not told."""

from django.db import migrations

VIEWS = {
    "municipalities": """
        SELECT code, name, kind FROM registry_municipality
    """,
    "organisations": """
        SELECT o.code, o.short_name AS name, o.kind, o.ownership, m.code AS municipality_code,
               o.locality, o.rural, o.since, o.until
          FROM registry_organisation o JOIN registry_municipality m ON m.id = o.municipality_id
    """,
    "facilities": """
        SELECT o.code AS organisation_code, f.as_of, f.link_mbps, f.computers_teaching,
               f.computers_admin, f.local_network, f.management_system, f.computer_classes,
               f.multimedia, f.licensed_software
          FROM registry_facilities f JOIN registry_organisation o ON o.id = f.organisation_id
    """,
    "learners": """
        SELECT m.code AS municipality_code, o.kind AS organisation_kind, g.grade, p.sex,
               CASE WHEN count(*) >= 5 THEN count(*) END AS learners
          FROM registry_enrolment e
          JOIN registry_person p ON p.id = e.person_id
          JOIN registry_organisation o ON o.id = e.organisation_id
          JOIN registry_municipality m ON m.id = o.municipality_id
          LEFT JOIN registry_classgroup g ON g.id = e.group_id
         WHERE e.since <= current_date AND (e.until IS NULL OR e.until >= current_date)
         GROUP BY 1, 2, 3, 4
    """,
    "staff": """
        SELECT m.code AS municipality_code, o.kind AS organisation_kind, s.role, s.category,
               s.higher_education,
               CASE WHEN count(DISTINCT s.person_id) >= 5 THEN count(DISTINCT s.person_id) END
                    AS people
          FROM registry_post s
          JOIN registry_organisation o ON o.id = s.organisation_id
          JOIN registry_municipality m ON m.id = o.municipality_id
         WHERE s.since <= current_date AND (s.until IS NULL OR s.until >= current_date)
         GROUP BY 1, 2, 3, 4, 5
    """,
    "indicators": """
        SELECT code, title, unit, formula, owner, more_is_better, good_from, bad_from, plan,
               public, state
          FROM reporting_indicator
    """,
    "indicator_values": """
        SELECT i.code AS indicator_code, v.on AS as_of,
               CASE WHEN o.id IS NOT NULL THEN 'organisation'
                    WHEN m.id IS NOT NULL THEN 'municipality' ELSE 'region' END AS level,
               coalesce(m.code, om.code) AS municipality_code, o.code AS organisation_code,
               v.value, v.why AS remark, v.stale AS provisional, v.computed_at
          FROM reporting_indicatorvalue v
          JOIN reporting_indicator i ON i.id = v.indicator_id
          LEFT JOIN registry_municipality m ON m.id = v.municipality_id
          LEFT JOIN registry_organisation o ON o.id = v.organisation_id
          LEFT JOIN registry_municipality om ON om.id = o.municipality_id
    """,
    "campaigns": """
        SELECT f.code AS form_code, c.title AS campaign, c.period_start, c.period_end, c.status,
               count(s.id) AS asked,
               count(s.id) FILTER (WHERE s.status IN ('submitted', 'accepted')) AS handed_in,
               count(s.id) FILTER (WHERE s.status = 'accepted') AS accepted
          FROM reporting_campaign c
          JOIN reporting_formversion v ON v.id = c.version_id
          JOIN reporting_form f ON f.id = v.form_id
          LEFT JOIN reporting_submission s ON s.campaign_id = c.id
         WHERE f.kind = 'report'
         GROUP BY f.code, c.id
    """,
    "report_values": """
        SELECT f.code AS form_code, v.number AS form_version, c.title AS campaign,
               c.period_start, c.period_end, m.code AS municipality_code,
               o.code AS organisation_code, s.status, k.key AS cell, k.title AS cell_title,
               x.row AS list_row, x.number AS value, x.origin
          FROM reporting_value x
          JOIN reporting_submission s ON s.id = x.submission_id
          JOIN reporting_campaign c ON c.id = s.campaign_id
          JOIN reporting_formversion v ON v.id = c.version_id
          JOIN reporting_form f ON f.id = v.form_id
          JOIN reporting_formcell k ON k.id = x.cell_id
          JOIN registry_organisation o ON o.id = s.organisation_id
          JOIN registry_municipality m ON m.id = s.municipality_id
         WHERE f.kind = 'report' AND s.status IN ('submitted', 'accepted')
           AND x.number IS NOT NULL
    """,
}


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_dashboards")]

    operations = [
        migrations.RunSQL(
            'CREATE SCHEMA IF NOT EXISTS analytics', 'DROP SCHEMA IF EXISTS analytics CASCADE'
        ),
        *(
            migrations.RunSQL(
                f'CREATE OR REPLACE VIEW analytics."{name}" AS {sql}',
                f'DROP VIEW IF EXISTS analytics."{name}"',
            )
            for name, sql in VIEWS.items()
        ),
    ]
