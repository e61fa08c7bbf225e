"""What a device sends: {"ticket": …, "sent": ms, "answers": [{id, ref, values, at, ms}, …]}.

`sent` and `at` are milliseconds of the device's clock; only their difference is believed: an
answer was given (sent - at) before it arrived.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sreda.assessment.hot.tickets import Ticket, verify

BODY_LIMIT = 512 * 1024
ANSWERS_LIMIT = 100
DAY = 86_400_000
UNKEPT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Message:
    """One answer, ready to be written; `values` is JSON text."""

    id: UUID
    attempt: UUID
    ref: str
    values: str
    at: datetime
    received_at: datetime
    milliseconds: int


class Refusal(Exception):
    """Why a body is not taken: an HTTP status, and the place in it."""

    def __init__(self, status: int, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.status = status
        self.place = place
        self.reason = reason


def read(body: bytes, *, secret: str, at: datetime) -> list[Message]:
    """All answers of a body (of BODY_LIMIT bytes at most), or Refusal: it is taken whole or not
    at all. `at` is when it arrived."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "body", "not JSON") from None
    if not isinstance(sent, dict):
        raise Refusal(400, "body", "not an object")
    text = sent.get("ticket")
    ticket = verify(secret, text, at=at) if isinstance(text, str) else None
    if ticket is None:
        raise Refusal(403, "ticket", "not valid (any more)")
    answers = sent.get("answers")
    if not isinstance(answers, list) or not 1 <= len(answers) <= ANSWERS_LIMIT:
        raise Refusal(422, "answers", f"from 1 to {ANSWERS_LIMIT} are taken at once")
    return list(_messages(answers, ticket, _milliseconds(sent.get("sent")), at))


def _messages(answers: list[Any], ticket: Ticket, sent: int, at: datetime) -> Iterator[Message]:
    for number, answer in enumerate(answers):
        place = f"answers[{number}]"
        if not isinstance(answer, dict):
            raise Refusal(422, place, "not an object")
        try:
            key = UUID(answer["id"])
        except (KeyError, ValueError, TypeError, AttributeError):
            raise Refusal(422, f"{place}.id", "not a UUID") from None
        ref = answer.get("ref")
        if not isinstance(ref, str) or not 0 < len(ref) <= 100 or UNKEPT.search(ref):
            raise Refusal(422, f"{place}.ref", "not the name of an item")
        values = answer.get("values")
        if not isinstance(values, dict):
            raise Refusal(422, f"{place}.values", "not an object")
        try:
            text = json.dumps(values, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise Refusal(422, f"{place}.values", "a number that JSON lacks") from None
        if "\\u0000" in text or UNKEPT.search(text):
            raise Refusal(422, f"{place}.values", "a character that cannot be kept")
        ago = min(max(sent - _milliseconds(answer.get("at"), sent), 0), DAY)
        given = at - timedelta(milliseconds=ago)
        spent = min(_milliseconds(answer.get("ms")), DAY)
        yield Message(key, ticket.attempt, ref, text, given, at, spent)


def _milliseconds(value: Any, otherwise: int = 0) -> int:
    """A moment or a span of the device's clock; what is none is not believed."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
        return int(value)
    return otherwise
