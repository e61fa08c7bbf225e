"""Where documents of sources lie, and reading them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sreda.records.models import Document, DocumentKind


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document lies. `agent` is an identity (`xapi.keys.identity`). Documents of a source
    limited to an `organisation` lie apart from all others."""

    kind: DocumentKind
    activity: str = ""
    agent: str = ""
    registration: UUID | None = None
    name: str = ""
    organisation: UUID | None = None

    @property
    def place(self) -> str:
        return self._digest(self.kind, self.activity, self.agent)

    @property
    def key(self) -> str:
        return self._digest(
            self.kind, self.activity, self.agent, str(self.registration or ""), self.name
        )

    def _digest(self, *parts: str) -> str:
        if self.organisation:
            parts += (str(self.organisation),)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def document(address: Address) -> Document | None:
    return Document.objects.filter(key=address.key).first()


def names(address: Address, since: datetime | None) -> tuple[list[str], datetime | None]:
    """Names of the documents of a place, each once, and when the last of them changed."""
    rows = Document.objects.filter(place=address.place)
    if address.registration:
        rows = rows.filter(registration=address.registration)
    if since:
        rows = rows.filter(updated_at__gt=since)
    found = list(rows.order_by("updated_at", "id").values_list("name", "updated_at"))
    return list(dict.fromkeys(name for name, _at in found)), found[-1][1] if found else None
