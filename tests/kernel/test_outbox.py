"""Events are delivered to each handler once, also after failures."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import transaction
from django.utils import timezone

from sreda.kernel.api import AuditEntry, Event, audit, publish, subscribe
from sreda.kernel.domain import outbox
from sreda.kernel.models import Delivery, OutboxEvent

NOW = timezone.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung(Event):
    type: ClassVar[str] = "test.bell.rung"
    times: int


@pytest.fixture
def handlers(monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", {})
    calls = []

    @subscribe(BellRung)
    def count(payload, occurred_at):
        audit("test.bell.heard", actor=None, at=occurred_at, **payload)
        calls.append(payload["times"])
        if payload["times"] < 0:
            raise ValueError("a bell rings forwards")

    return calls


@pytest.mark.django_db
def test_an_event_is_delivered_once(handlers):
    publish(BellRung(times=3), at=NOW)
    assert outbox.deliver_pending(at=NOW) == 1
    assert outbox.deliver_pending(at=NOW + timedelta(days=1)) == 0
    assert handlers == [3]


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_published(handlers):
    with pytest.raises(RuntimeError), transaction.atomic():
        publish(BellRung(times=1), at=NOW)
        raise RuntimeError
    assert not OutboxEvent.objects.exists()
    assert outbox.deliver_pending(at=NOW) == 0


@pytest.mark.django_db
def test_a_failing_handler_leaves_nothing_and_is_tried_again_later(handlers):
    publish(BellRung(times=-1), at=NOW)
    publish(BellRung(times=2), at=NOW)
    assert outbox.deliver_pending(at=NOW) == 1
    failed = Delivery.objects.get(delivered_at=None)
    assert "forwards" in failed.last_error
    assert failed.due_at == NOW + outbox.FIRST_RETRY
    heard = AuditEntry.objects.filter(action="test.bell.heard")
    assert [entry.data["times"] for entry in heard] == [2]
    outbox.deliver_pending(at=NOW + outbox.FIRST_RETRY)
    failed.refresh_from_db()
    assert failed.attempts == 2
    assert failed.due_at == NOW + outbox.FIRST_RETRY * 3
