"""The tables a region is made of, as plain rows: the order here is the order of loading."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

FIELDS: dict[str, tuple[str, ...]] = {
    "municipality": ("id", "code", "name", "kind"),
    "organisation": (
        "id", "code", "kind", "ownership", "municipality_id", "name", "short_name", "postcode",
        "locality", "address", "rural", "phone", "email", "website", "since",
    ),
    "facilities": (
        "id", "organisation_id", "as_of", "link_mbps", "computers_teaching", "computers_admin",
        "local_network", "management_system", "computer_classes", "multimedia",
        "licensed_software", "source",
    ),
    "managementcost": ("id", "organisation_id", "year", "total", "management"),
    "person": (
        "id", "external_id", "family_name", "given_name", "patronymic", "birth_date", "sex",
        "email", "phone",
    ),
    "post": (
        "id", "person_id", "role", "organisation_id", "municipality_id", "title", "acting",
        "category", "higher_education", "ict_competent", "since",
    ),
    "qualification": (
        "id", "person_id", "programme", "topic", "hours", "completed_on", "document",
    ),
    "classgroup": ("id", "organisation_id", "school_year", "grade", "name"),
    "enrolment": ("id", "person_id", "organisation_id", "group_id", "role", "since"),
    "teaching": ("id", "post_id", "group_id", "subject", "homeroom"),
    "guardianship": ("id", "guardian_id", "child_id", "kind", "since"),
}  # fmt: skip

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]


def empty() -> Rows:
    return {table: [] for table in FIELDS}


def keys(rng: Random, start_ms: int) -> Iterator[str]:
    """UUIDv7 keys, one a millisecond from a fixed start: the seed alone decides them."""
    moment = start_ms
    while True:
        moment += 1
        bits = rng.getrandbits(74)
        high = moment << 16 | 0x7000 | bits >> 62
        low = 0x8000_0000_0000_0000 | bits & 0x3FFF_FFFF_FFFF_FFFF
        yield f"{high:016x}{low:016x}"
