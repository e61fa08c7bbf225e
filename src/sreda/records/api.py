"""The public face of learning records."""

from sreda.records.domain.agreements import keep_reading
from sreda.records.domain.credentials import (
    check,
    make,
    note_version,
    revoke,
    source_of,
    version_of,
)
from sreda.records.domain.documents import (
    Changed,
    Exists,
    Expected,
    merge,
    put,
    remove,
    remove_all,
)
from sreda.records.domain.statements import Happening, account, record, record_all, take_in, void
from sreda.records.domain.writing import Conflict, NotYours, Source
from sreda.records.enums import Scope
from sreda.records.models import Credential, Document, DocumentKind
from sreda.records.queries import agreements, statements
from sreda.records.queries.documents import Address, document, names

__all__ = [
    "Address",
    "Changed",
    "Conflict",
    "Credential",
    "Document",
    "DocumentKind",
    "Exists",
    "Expected",
    "Happening",
    "NotYours",
    "Scope",
    "Source",
    "account",
    "agreements",
    "check",
    "document",
    "keep_reading",
    "make",
    "merge",
    "names",
    "note_version",
    "put",
    "record",
    "record_all",
    "remove",
    "remove_all",
    "revoke",
    "source_of",
    "statements",
    "take_in",
    "version_of",
    "void",
]
