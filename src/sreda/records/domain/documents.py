"""Documents of sources: kept, merged, removed, with entity tags against lost updates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from sreda.records.models import Document
from sreda.records.queries.documents import Address
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.reading import read_json, written_json


class Changed(Exception):
    """The document is not the one the client knows (If-Match, If-None-Match)."""


class Exists(Exception):
    """There is a document already, and the client did not say that it knows."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the client says of the document that is there: entity tags, "*" for any."""

    match: frozenset[str] = frozenset()
    none_match: frozenset[str] = frozenset()

    def check(self, document: Document | None) -> None:
        if self.match and (
            document is None or ("*" not in self.match and document.etag not in self.match)
        ):
            raise Changed
        if (
            self.none_match
            and document is not None
            and ("*" in self.none_match or document.etag in self.none_match)
        ):
            raise Changed

    def __bool__(self) -> bool:
        return bool(self.match or self.none_match)


def put(
    address: Address,
    content: bytes,
    content_type: str,
    *,
    expected: Expected,
    blind: bool,
    at: datetime,
) -> Document:
    """Keep a document. `blind`: it may replace another that the client does not name."""
    if is_json(content_type):
        read_json(content)
    with _turn(address) as known:
        expected.check(known)
        if known is not None and not expected and not blind:
            raise Exists
        return _save(address, known, content, content_type, at)


def merge(
    address: Address, content: bytes, content_type: str, *, expected: Expected, at: datetime
) -> Document:
    """Put a JSON object's properties into the document; without one, keep this as it is."""
    with _turn(address) as known:
        expected.check(known)
        if known is None:
            if is_json(content_type):
                _object(content, "body")
            return _save(address, None, content, content_type, at)
        if not is_json(content_type):
            raise Invalid("Content-Type", "must be application/json: a document is there already")
        if not is_json(known.content_type):
            raise Invalid("document", "the one that is there is not JSON and cannot be merged")
        whole = {**_object(bytes(known.content), "document"), **_object(content, "body")}
        return _save(address, known, written_json(whole).encode(), content_type, at)


def remove(address: Address, *, expected: Expected) -> None:
    with _turn(address) as known:
        expected.check(known)
        if known is not None:
            known.delete()


def remove_all(address: Address) -> None:
    """All of a place; of one registration, where one is named."""
    rows = Document.objects.filter(place=address.place)
    if address.registration:
        rows = rows.filter(registration=address.registration)
    rows.delete()


def is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _object(content: bytes, place: str) -> dict[str, object]:
    found = read_json(content)
    if not isinstance(found, dict):
        raise Invalid(place, "must be a JSON object, to be merged")
    return found


@contextmanager
def _turn(address: Address) -> Iterator[Document | None]:
    """One transaction with the document as it is now; two that make the same one take turns."""
    number = int.from_bytes(bytes.fromhex(address.key[:16]), "big", signed=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        yield Document.objects.filter(key=address.key).first()


def _save(
    address: Address, known: Document | None, content: bytes, content_type: str, at: datetime
) -> Document:
    document = known or Document(
        key=address.key,
        place=address.place,
        kind=address.kind,
        activity=address.activity,
        agent=address.agent,
        registration=address.registration,
        name=address.name,
    )
    document.content = content
    document.content_type = content_type[:200] or "application/octet-stream"
    document.etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    document.updated_at = at
    document.save()
    return document
