"""Taking in statements through Django's connection; and what Sreda itself records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from sreda.kernel.api import keep_content
from sreda.records.domain.writing import (
    AGAIN,
    ATTEMPTS,
    LARGE,
    Conflict,
    Prepared,
    Source,
    Stored,
    fit,
    forget_months,
    prepare,
    store,
    without_collecting,
)
from sreda.records.models import Attachment
from sreda.records.xapi.formats import written
from sreda.records.xapi.keys import OWN
from sreda.records.xapi.properties import VOIDED
from sreda.records.xapi.reading import read_json, written_json

Json = dict[str, Any]

BATCH = 1_000  # happenings in a commit


def take_in(
    statements: Sequence[Json],
    *,
    edition: int,
    source: Source,
    contents: Mapping[str, bytes] | None = None,
    organisations: Sequence[UUID | None] | None = None,
    texts: Sequence[str] | None = None,
) -> Stored:
    """Check a batch and keep all of it, or nothing.

    `contents` are the attachments that came, by SHA-2; `texts` the statements as they were sent.
    Raises Invalid, Conflict or NotYours.
    """
    with without_collecting(len(statements) >= LARGE):
        return _take_in(statements, edition, source, contents, organisations, texts)


def _take_in(
    statements: Sequence[Json],
    edition: int,
    source: Source,
    contents: Mapping[str, bytes] | None,
    organisations: Sequence[UUID | None] | None,
    texts: Sequence[str] | None,
) -> Stored:
    batch = prepare(
        statements, edition=edition, source=source, organisations=organisations, texts=texts
    )
    contents = dict(contents or {})
    fit(batch, contents, edition)
    with transaction.atomic():
        kept = [Attachment(sha2=sha2, sha256=keep_content(content), length=len(content))
                for sha2, content in sorted(contents.items())]  # fmt: skip
        if kept:
            Attachment.objects.bulk_create(kept, ignore_conflicts=True)
        stored = _store(batch, source)
        transaction.on_commit(stored.remember)
    return stored


def _store(batch: list[Prepared], source: Source) -> Stored:
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return store(connection.connection, batch, source)
        except AGAIN:
            forget_months()
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def account(person_id: UUID | str) -> Json:
    """How a person of the registry stands in statements."""
    return {
        "objectType": "Agent",
        "account": {"homePage": settings.SITE_ADDRESS, "name": str(person_id)},
    }


def own_source() -> Source:
    """Sreda itself vouches for what it records."""
    agent = {
        "objectType": "Agent",
        "name": "Sreda",
        "account": {"homePage": settings.SITE_ADDRESS, "name": OWN},
    }
    return Source(authority=written_json(agent), voids_any=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What a person did in Sreda. `key` names it for ever (`registry.enrolment.opened:<id>`): the
    statement's id follows from it. `verb` is an IRI and its display; `target` an xAPI object."""

    key: str
    person_id: UUID | str
    verb: tuple[str, Mapping[str, str]]
    target: Json
    at: datetime
    organisation_id: UUID | str | None = None
    result: Json | None = None
    context: Json | None = None

    @property
    def statement_id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"{settings.SITE_ADDRESS}/records/{self.key}"))

    def statement(self) -> Json:
        made: Json = {
            "id": self.statement_id,
            "actor": account(self.person_id),
            "verb": {"id": self.verb[0], "display": dict(self.verb[1])},
            "object": self.target,
            "timestamp": written(self.at),
        }
        if self.result:
            made["result"] = self.result
        if self.context:
            made["context"] = self.context
        return made


def record(key: str, **facts: Any) -> bool:
    """Record one happening (the fields of `Happening`); False where `key` is recorded already."""
    return record_all([Happening(key=key, **facts)]) == 1


def record_all(happenings: Iterable[Happening]) -> int:
    """Record what is not recorded yet, a commit for each thousand outside of a transaction;
    returns how many were new. What is told anew, in other words or of another moment, changes
    nothing: the first holds."""
    new, left = 0, iter(happenings)
    while batch := list(islice(left, BATCH)):
        new += _record(_unrecorded(batch))
    return new


def void(statements: Iterable[Json], *, at: datetime) -> int:
    """Take back what Sreda recorded; returns how many were not taken back before."""
    source, new, left = own_source(), 0, iter(statements)
    while batch := list(islice(left, BATCH)):
        voiding = [
            {
                "id": str(
                    uuid5(NAMESPACE_URL, f"{settings.SITE_ADDRESS}/records/void:{one['id']}")
                ),
                "actor": read_json(source.authority),
                "verb": {"id": VOIDED, "display": {"ru": "аннулировал", "en": "voided"}},
                "object": {"objectType": "StatementRef", "id": one["id"]},
                "timestamp": written(at),
            }
            for one in batch
        ]
        new += take_in(voiding, edition=2, source=source).new
    return new


def _unrecorded(batch: Sequence[Happening]) -> list[Happening]:
    wanted = {one.statement_id: one for one in batch}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text FROM records_statementid"
            " WHERE id = ANY(%s::uuid[]) AND seq IS NOT NULL",
            [list(wanted)],
        )
        for (known,) in cursor.fetchall():
            del wanted[known]
    return list(wanted.values())


def _record(batch: Sequence[Happening]) -> int:
    if not batch:
        return 0
    try:
        return take_in(
            [one.statement() for one in batch],
            edition=2,
            source=own_source(),
            organisations=[
                UUID(str(one.organisation_id)) if one.organisation_id else None for one in batch
            ],
        ).new
    except Conflict:  # another told one of them meanwhile
        if len(batch) == 1:
            return 0
        return sum(_record([one]) for one in batch)
