"""Values of reports' cells at every place, from the latest reports that count on a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from sreda.reporting.enums import COUNTED

# Of each organisation the latest counted report on the form, then sums over the rows of a list.
_LATEST = """
WITH latest AS (
    SELECT DISTINCT ON (s.organisation_id, v.form_id)
           s.id, s.organisation_id, s.municipality_id, v.form_id
      FROM reporting_submission s
      JOIN reporting_campaign c ON c.id = s.campaign_id
      JOIN reporting_formversion v ON v.id = c.version_id
      JOIN reporting_form f ON f.id = v.form_id
     WHERE f.code = ANY(%(forms)s) AND s.status = ANY(%(counted)s) AND c.as_of <= %(on)s
       AND s.organisation_id = ANY(%(organisations)s::uuid[])
     ORDER BY s.organisation_id, v.form_id, c.period_end DESC, c.opened_at DESC
)
SELECT l.organisation_id, f.code, k.key, sum(x.number)
  FROM latest l
  JOIN reporting_form f ON f.id = l.form_id
  JOIN reporting_value x ON x.submission_id = l.id
  JOIN reporting_formcell k ON k.id = x.cell_id
 WHERE (f.code, k.key) IN (SELECT * FROM unnest(%(codes)s::text[], %(keys)s::text[]))
   AND x.number IS NOT NULL
 GROUP BY 1, 2, 3
"""


def cell_sums(
    cells: Collection[tuple[str, str]], organisations: Sequence[UUID], on: date
) -> Mapping[tuple[UUID, str, str], Decimal]:
    """(organisation, form's code, cell's key) → its number, in one query."""
    if not cells or not organisations:
        return {}
    wanted = sorted(cells)
    values: dict[str, Any] = {
        "forms": sorted({form for form, _key in wanted}),
        "counted": [str(status) for status in COUNTED],
        "on": on,
        "organisations": list(organisations),
        "codes": [form for form, _key in wanted],
        "keys": [key for _form, key in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, values)
        return {(pk, form, key): number for pk, form, key, number in cursor.fetchall()}
