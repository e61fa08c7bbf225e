"""The world of a campaign: records on its day, reports before it, reports beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from sreda.registry.api import Organisation
from sreda.reporting.expressions import World
from sreda.reporting.forms import CellType
from sreda.reporting.models import Campaign, FormVersion
from sreda.reporting.queries.typed import to_value

# The last counted report of each organisation on a form; of it the asked cells.
_LAST = """
WITH last AS (
    SELECT DISTINCT ON (s.organisation_id) s.id, s.organisation_id, v.number AS version
      FROM reporting_submission s
      JOIN reporting_campaign c ON c.id = s.campaign_id
      JOIN reporting_formversion v ON v.id = c.version_id
      JOIN reporting_form f ON f.id = v.form_id
     WHERE f.code = %(code)s AND s.organisation_id = ANY(%(organisations)s::uuid[])
       AND s.status IN ('submitted', 'accepted') AND s.campaign_id <> %(but)s
       AND c.period_end {sign} %(day)s
     ORDER BY s.organisation_id, c.period_end DESC, c.opened_at DESC
)
SELECT last.organisation_id, last.version, k.key, k.type, x.number, x.text
  FROM last
  JOIN reporting_value x ON x.submission_id = last.id AND x.row = ''
  JOIN reporting_formcell k ON k.id = x.cell_id
 WHERE k.key = ANY(%(keys)s)
"""


def cards_of(organisations: Collection[UUID]) -> dict[Any, dict[str, Any]]:
    """Each organisation's `organisation` map."""
    names = ("code", "kind", "ownership", "rural", "name", "short_name", "locality")
    rows = Organisation.objects.filter(pk__in=organisations).values_list(
        "pk", "municipality__name", *names
    )
    return {
        pk: {"municipality": place, **dict(zip(names, rest, strict=True))}
        for pk, place, *rest in rows
    }


def world_of(campaign: Campaign, organisations: Sequence[UUID]) -> World:
    """Places are the organisations; `campaign` comes with its version and form."""
    version = campaign.version
    code = version.form.code

    def previous(keys: Collection[str]) -> Mapping[tuple[Any, str], Any]:
        return _values(
            code, organisations, campaign, campaign.period_start, "<", keys, old_keys(version)
        )

    def forms(pairs: Collection[tuple[str, str]]) -> Mapping[tuple[Any, str], Any]:
        by_form: dict[str, list[str]] = {}
        for other, key in pairs:
            by_form.setdefault(other, []).append(key)
        found: dict[tuple[Any, str], Any] = {}
        for other, keys in by_form.items():
            values = _values(other, organisations, campaign, campaign.period_end, "<=", keys, {})
            found |= {(place, f"{other}:{key}"): value for (place, key), value in values.items()}
        return found

    return World(
        {pk: [pk] for pk in organisations},
        as_of=campaign.as_of,
        start=campaign.period_start,
        end=campaign.period_end,
        cards=cards_of,
        previous=previous,
        forms=forms,
    )


def _values(
    code: str,
    organisations: Sequence[UUID],
    but: Campaign,
    day: date,
    sign: str,
    keys: Collection[str],
    renamed: Mapping[int, Mapping[str, str]],
) -> dict[tuple[Any, str], Any]:
    """`renamed[version]` maps keys of now to those of that version, where they differ."""
    asked = set(keys)
    sql = _LAST.format(sign=sign)
    older = {old for names in renamed.values() for now, old in names.items() if now in asked}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "code": code,
                "organisations": list(organisations),
                "but": but.pk,
                "day": day,
                "keys": list(asked | older),
            },
        )
        for organisation, version, key, type_, number, text in cursor.fetchall():
            names = renamed.get(version, {})
            now = next((new for new, old in names.items() if old == key), key)
            if now in asked and names.get(now, now) == key:
                value = to_value(CellType(type_), number, text)
                if value is not None:
                    found[organisation, now] = value
    return found


def old_keys(version: FormVersion) -> dict[int, dict[str, str]]:
    """For each earlier version's number: keys of `version` → keys of that one, where renamed."""
    steps = list(
        FormVersion.objects.filter(
            ~Q(moves={}), form_id=version.form_id, number__lte=version.number
        )
        .order_by("-number")
        .values_list("number", "moves")
    )
    found: dict[int, dict[str, str]] = {}
    now_to_old: dict[str, str] = {}
    upper = version.number
    for number, moves in steps:
        for between in range(number, upper):
            found[between] = dict(now_to_old)
        back = {new: old for old, new in moves.items() if new is not None}
        now_to_old = {
            **{now: back.get(old, old) for now, old in now_to_old.items()},
            **{new: old for new, old in back.items() if new not in now_to_old.values()},
        }
        upper = number
    for between in range(1, upper):
        found[between] = dict(now_to_old)
    return found
