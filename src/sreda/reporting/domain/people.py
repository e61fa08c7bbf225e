"""Counting people for analysts once a day, and hiding what is small: those of the registry, and
those that reports tell of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from sreda.reporting.enums import COUNTED, FormKind
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.models import Campaign, FormCell, FormVersion, PeopleCount, ReportedPeople
from sreda.reporting.queries.of_people import keys_of_people, known_of
from sreda.reporting.queries.suppression import Line, numbered, protect, protect_apart, small
from sreda.reporting.queries.versions import compiled_form

NAMES = {
    "learners": ("municipality_id", "kind", "grade", "sex"),
    "staff": ("municipality_id", "kind", "role", "category", "higher_education"),
}
SQL = {
    "learners": """
        SELECT o.municipality_id, o.kind, g.grade, p.sex, count(*)
          FROM registry_enrolment e
          JOIN registry_person p ON p.id = e.person_id
          JOIN registry_organisation o ON o.id = e.organisation_id
          LEFT JOIN registry_classgroup g ON g.id = e.group_id
         WHERE e.since <= %(on)s AND (e.until IS NULL OR e.until >= %(on)s)
         GROUP BY 1, 2, 3, 4
    """,
    "staff": """
        SELECT o.municipality_id, o.kind, s.role, s.category, s.higher_education,
               count(DISTINCT s.person_id)
          FROM registry_post s
          JOIN registry_organisation o ON o.id = s.organisation_id
         WHERE s.since <= %(on)s AND (s.until IS NULL OR s.until >= %(on)s)
         GROUP BY 1, 2, 3, 4, 5
    """,
}
# Sums that others may know: the places in NAMES that are kept, the others being summed. Learners
# by grade and by sex, staff by role, and by role and category; of a municipality and of the region.
KNOWN: dict[str, tuple[tuple[int, ...], ...]] = {
    "learners": ((0, 1), (0, 1, 2), (0, 1, 3), (1,), (1, 2), (1, 3), (1, 2, 3)),
    "staff": ((0, 1), (0, 1, 2), (0, 1, 2, 3), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
}
REPORTED = """
    SELECT s.municipality_id, v.cell_id, count(DISTINCT s.id), sum(v.number)::bigint
      FROM reporting_submission s
      JOIN reporting_value v ON v.submission_id = s.id
      JOIN reporting_formcell k ON k.id = v.cell_id
     WHERE s.campaign_id = %s AND s.status = ANY(%s) AND v.number IS NOT NULL
       AND k.of_people AND k.type = 'integer'
     GROUP BY 1, 2 ORDER BY 1, 2
"""
LOCK = 0x70656F706C65  # "people": of two workers one counts


def count_people(*, on: date) -> bool:
    """Make the counts of the day anew; False where they are of this day already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if PeopleCount.objects.filter(on=on).exists():
            return False
        PeopleCount.objects.all().delete()
        for of, names in NAMES.items():
            cursor.execute(SQL[of], {"on": on})
            rows = [(tuple(key), n) for *key, n in cursor.fetchall()]
            hidden = hidden_people(of, rows)
            PeopleCount.objects.bulk_create(
                [
                    PeopleCount(
                        of=of, on=on, people=None if hide else n,
                        **dict(zip(names, key, strict=True)),
                    )
                    for (key, n), hide in zip(rows, hidden, strict=True)
                ],
                batch_size=2_000,
            )  # fmt: skip
    return True


def count_reported(*, on: date) -> None:
    """What reports tell of people, summed by municipality; each campaign once a day."""
    look_at_cells()
    reports = Campaign.objects.filter(version__form__kind=FormKind.REPORT)
    for campaign in reports.select_related("version__form"):
        _count_campaign(campaign, on)


@transaction.atomic
def _count_campaign(campaign: Campaign, on: date) -> None:
    kept = ReportedPeople.objects.filter(campaign=campaign)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if kept.filter(on=on).exists():
            return
        cursor.execute(REPORTED, [campaign.pk, [str(status) for status in COUNTED]])
        rows = cursor.fetchall()
    kept.delete()
    keys = dict(campaign.version.cells.values_list("pk", "key"))
    hidden = hidden_reported(campaign.version, [(place, keys[of], n) for place, of, _r, n in rows])
    ReportedPeople.objects.bulk_create(
        [
            ReportedPeople(
                on=on, campaign=campaign, municipality_id=place, cell_id=cell, reports=reports,
                people=None if hide else n,
            )
            for (place, cell, reports, n), hide in zip(rows, hidden, strict=True)
        ],
        batch_size=2_000,
    )  # fmt: skip


def look_at_cells() -> None:
    """Say of each cell that nobody has looked at whether it tells of people: what asks other forms
    after those. It is done after each migration, so that no form of before waits for a day."""
    unseen = FormVersion.objects.filter(cells__of_people=None).distinct()
    found = [(version, CompiledForm(version.schema)) for version in unseen]
    found.sort(key=lambda pair: any(s.inputs.forms for s in pair[1].sources.values()))
    for version, form in found:
        cells = FormCell.objects.filter(version=version)
        of_people = keys_of_people(form)
        cells.filter(key__in=of_people).update(of_people=True)
        cells.filter(of_people=None).update(of_people=False)


def hidden_reported(version: FormVersion, sums: Sequence[tuple[Any, str, int]]) -> list[bool]:
    """Which of the sums (municipality, cell, number) of a campaign to hide, so that no small one
    nor a small rest follows from what the region has in a cell and from what the form holds to."""
    at = {(place, key): number for number, (place, key, _n) in enumerate(sums)}
    counts = [n for _place, _key, n in sums]
    lines = list(numbered([[key for _place, key, _n in sums]]))
    form = compiled_form(version)
    known = known_of(form, keys_of_people(form))
    hidden = [small(n) for n in counts]
    for place in {place for place, _key, _n in sums}:
        for total, parts in known.sums:
            members = tuple(at[place, key] for key in parts if (place, key) in at)
            if members and (place, total) in at:
                lines.append(Line(members, at[place, total]))
        for part, total in known.within:
            if (place, part) in at and (place, total) in at:
                here = at[place, part]
                hidden[here] |= small(counts[at[place, total]] - counts[here])
    return protect_apart(counts, lines, hidden)


def hidden_people(of: str, rows: Sequence[tuple[tuple[Any, ...], int]]) -> list[bool]:
    """Which counts to hide so that none follows from the sums in `KNOWN`."""
    counts = [n for _key, n in rows]
    ways = ([tuple(key[n] for n in way) for key, _n in rows] for way in KNOWN[of])
    return protect(counts, numbered(ways), [small(n) for n in counts])
