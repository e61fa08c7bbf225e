"""Taking in statements through Django's connection; and what Sreda itself records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
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
from sreda.records.xapi.reading import written_json

Json = dict[str, Any]


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
        "account": {"homePage": settings.SITE_ADDRESS, "name": "sreda"},
    }
    return Source(authority=written_json(agent), voids_any=True)


def record(
    key: str,
    *,
    person_id: UUID | str,
    verb: tuple[str, Mapping[str, str]],
    target: Json,
    at: datetime,
    organisation_id: UUID | str | None = None,
    result: Json | None = None,
    context: Json | None = None,
) -> bool:
    """Record what a person did in Sreda; False where `key` is recorded already.

    `key` names the happening for ever (`registry.enrolment.opened:<id>`): the statement's id
    follows from it. `verb` is an IRI and its display; `target` an xAPI object.
    """
    statement: Json = {
        "id": str(uuid5(NAMESPACE_URL, f"{settings.SITE_ADDRESS}/records/{key}")),
        "actor": account(person_id),
        "verb": {"id": verb[0], "display": dict(verb[1])},
        "object": target,
        "timestamp": written(at),
    }
    if result:
        statement["result"] = result
    if context:
        statement["context"] = context
    place = UUID(str(organisation_id)) if organisation_id else None
    try:
        stored = take_in([statement], edition=2, source=own_source(), organisations=[place])
    except Conflict:  # told anew, in other words or of another moment: the first holds
        return False
    return stored.new == 1
