"""Tickets: a signed right to send answers of one attempt, checked without the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

_PURPOSE = b"sreda.assessment.ticket.1:"
_PAYLOAD = 24  # attempt's 16 bytes, end of validity in seconds as 8


@dataclass(frozen=True, slots=True)
class Ticket:
    attempt: UUID
    until: datetime


def _seal(secret: str, payload: bytes) -> bytes:
    return hmac.new(secret.encode(), _PURPOSE + payload, hashlib.sha256).digest()


def issue(secret: str, attempt: UUID, until: datetime) -> str:
    """For the page of the attempt, to whoever may answer it."""
    payload = attempt.bytes + int(until.timestamp()).to_bytes(8, "big")
    return base64.urlsafe_b64encode(payload + _seal(secret, payload)).decode().rstrip("=")


def verify(secret: str, text: str, *, at: datetime) -> Ticket | None:
    """None for a ticket that is not ours or whose validity is over."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    payload, seal = raw[:_PAYLOAD], raw[_PAYLOAD:]
    if len(payload) != _PAYLOAD or not hmac.compare_digest(seal, _seal(secret, payload)):
        return None
    until = datetime.fromtimestamp(int.from_bytes(payload[16:], "big"), UTC)
    return Ticket(UUID(bytes=payload[:16]), until) if at <= until else None
