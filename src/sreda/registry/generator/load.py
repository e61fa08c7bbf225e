"""Loading a generated region by COPY, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import connection, transaction

from sreda.kernel.api import audit, copy_rows
from sreda.registry.domain.sizes import recount_sizes
from sreda.registry.generator.region import Character, Region
from sreda.registry.generator.rows import FIELDS, Rows, empty
from sreda.registry.models import Organisation, User

BATCH = 30_000
_LOCK = 0x5EDA_0001


class AlreadyLoaded(Exception):
    """The registry holds organisations; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Progress:
    organisations: int
    of: int
    rows: int


def load(
    region: Region,
    *,
    at: datetime,
    password: str,
    report: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, int]:
    """Fill an empty registry; returns the number of rows by table."""
    counts = dict.fromkeys(FIELDS, 0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if Organisation.objects.exists():
            raise AlreadyLoaded
        for done, rows in _gathered(region.batches()):
            for table, fields in FIELDS.items():
                model = apps.get_model("registry", table)
                counts[table] += copy_rows(model, fields, rows[table])
            report(Progress(done, region.total, sum(counts.values())))
        recount_sizes(at=at, on=region.on)
        _let_in(region.characters, password)
        audit(
            "registry.region.generated",
            actor=None,
            at=at,
            region=region.spec.name,
            seed=region.seed,
            counts=counts,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return counts


def _gathered(batches: Iterable[tuple[int, Rows]]) -> Iterator[tuple[int, Rows]]:
    """Several organisations' rows in one COPY; guardians come before what refers to them."""
    gathered, held, done = empty(), 0, 0
    for done, rows in batches:
        for table, more in rows.items():
            gathered[table] += more
            held += len(more)
        if held >= BATCH:
            yield done, gathered
            gathered, held = empty(), 0
    yield done, gathered


def _let_in(characters: Iterable[Character], password: str) -> None:
    for character in characters:
        User.objects.create_user(character.username, password, person_id=character.person_id)
