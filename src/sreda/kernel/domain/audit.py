"""Writing and proving the audit log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import AuditCheckpoint, AuditEntry, AuditHead
from sreda.kernel.permissions import Actor

# The same words as in the sealing trigger (migration 0002); kept here too, so that a
# changed trigger cannot make a changed log look whole.
DIGEST_SQL = """sha256(convert_to(concat_ws(E'\\x1f',
    e.position, encode(e.previous_hash, 'hex'),
    to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    coalesce(e.actor_id::text, ''), e.actor_label, e.action,
    e.object_type, e.object_id, e.data::text), 'UTF8'))"""
GENESIS = bytes(32)


def audit(
    action: str,
    thing: models.Model | None = None,
    *,
    actor: Actor | None,
    at: datetime,
    **data: Any,
) -> AuditEntry:
    """Add an entry in the caller's transaction; it is sealed into the chain at commit.

    `action` is `app.noun.verb-in-the-past`; `actor` None means the system itself.
    """
    return AuditEntry.objects.create(
        at=at,
        actor_id=actor.user_id if actor else None,
        actor_label=_label(actor),
        action=action,
        object_type=thing._meta.label_lower if thing is not None else "",
        object_id=str(thing.pk) if thing is not None else "",
        data=json.loads(json.dumps(data, cls=DjangoJSONEncoder)),
    )


def _label(actor: Actor | None) -> str:
    if actor is None:
        return ""
    post = actor.seat.label if actor.seat else ""
    return f"{actor.name} ({post})"[:300] if post else actor.name[:300]


TEXTS = {
    "unsealed": _("an entry was added behind the chain's back"),
    "missing": _("entries are missing from here"),
    "order": _("the entry does not follow the one before it"),
    "edited": _("the entry was changed after it was sealed"),
    "cut": _("the last entries are missing"),
    "head": _("the chain's head does not match its last entry"),
    "checkpoint": _("the signed checkpoint was changed"),
    "rewritten": _("the entry is not the one that was signed"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the log. `position` is where; 0 is the log as a whole."""

    position: int
    kind: str

    @property
    def text(self) -> str:
        return str(TEXTS[self.kind])


def verify(batch: int = 5_000) -> Iterator[Fault]:
    """Walk the whole chain and every checkpoint; nothing yielded means nothing was touched."""
    expected, previous = 1, GENESIS
    for position, linked, stored, computed in _links(batch):
        if position is None:
            yield Fault(0, "unsealed")
            continue
        if position != expected:
            yield Fault(expected, "missing")
        if bytes(linked) != previous and position == expected:
            yield Fault(position, "order")
        if bytes(stored) != bytes(computed):
            yield Fault(position, "edited")
        expected, previous = position + 1, bytes(stored)
    head = AuditHead.objects.first() or AuditHead(position=0, hash=GENESIS)
    if head.position >= expected:
        yield Fault(expected, "cut")
    elif head.position < expected - 1 or bytes(head.hash) != previous:
        yield Fault(head.position, "head")
    yield from _checkpoint_faults(expected - 1)


def _links(batch: int) -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.itersize = batch  # type: ignore[attr-defined]
        cursor.execute(
            f"SELECT e.position, e.previous_hash, e.hash, {DIGEST_SQL}"  # noqa: S608
            " FROM kernel_auditentry e ORDER BY e.position NULLS LAST"
        )
        yield from cursor


def _checkpoint_faults(last: int) -> Iterator[Fault]:
    public = _signing_key().public_key()
    kept = {c.position: (bytes(c.hash), bytes(c.signature)) for c in AuditCheckpoint.objects.all()}
    for line in _checkpoint_lines():
        written = (bytes.fromhex(line["hash"]), bytes.fromhex(line["signature"]))
        position = int(line["position"])
        if kept.setdefault(position, written) != written:
            yield Fault(position, "checkpoint")
    sealed = AuditEntry.objects.filter(position__in=kept, hash__isnull=False)
    hashes = {entry.position: bytes(entry.hash or b"") for entry in sealed.only("position", "hash")}
    for position, (digest, signature) in sorted(kept.items()):
        try:
            public.verify(signature, _statement(position, digest))
        except InvalidSignature:
            yield Fault(position, "checkpoint")
            continue
        if position > last:
            yield Fault(position, "cut")
        elif position in hashes and hashes[position] != digest:
            yield Fault(position, "rewritten")


def checkpoint(*, at: datetime) -> AuditCheckpoint | None:
    """Sign the chain's head and keep it in the database and in a file beside it.

    None when nothing was added since the last checkpoint.
    """
    with transaction.atomic():
        head = AuditHead.objects.select_for_update().first()
        if head is None or AuditCheckpoint.objects.filter(position=head.position).exists():
            return None
        digest = bytes(head.hash)
        signature = _signing_key().sign(_statement(head.position, digest))
        made = AuditCheckpoint.objects.create(
            position=head.position, hash=digest, at=at, signature=signature
        )
    path = _checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {
        "position": made.position,
        "hash": digest.hex(),
        "at": at.isoformat(),
        "signature": signature.hex(),
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return made


def _statement(position: int, digest: bytes) -> bytes:
    return f"sreda-audit-v1:{position}:{digest.hex()}".encode()


def _checkpoint_file() -> Path:
    return Path(settings.HOME) / "audit" / "checkpoints.jsonl"


def _checkpoint_lines() -> list[dict[str, Any]]:
    try:
        text = _checkpoint_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _signing_key() -> Ed25519PrivateKey:
    path = Path(settings.HOME) / "keys" / "audit.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(pem)
        try:
            os.link(draft, path)  # the first process wins, whole
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key
