"""Counting people for analysts once a day, and hiding what is small."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from sreda.reporting.models import PeopleCount
from sreda.reporting.queries.suppression import numbered, protect, small

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


def hidden_people(of: str, rows: Sequence[tuple[tuple[Any, ...], int]]) -> list[bool]:
    """Which counts to hide so that none follows from the sums in `KNOWN`."""
    counts = [n for _key, n in rows]
    ways = ([tuple(key[n] for n in way) for key, _n in rows] for way in KNOWN[of])
    return protect(counts, numbered(ways), [small(n) for n in counts])
