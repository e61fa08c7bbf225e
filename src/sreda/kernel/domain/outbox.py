"""Publishing events and delivering them, each to each handler once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sreda.kernel.events import Event
from sreda.kernel.models import Delivery, OutboxEvent

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], datetime], None]
_handlers: dict[str, dict[str, Handler]] = {}

FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=6)


def subscribe(*events: type[Event]) -> Callable[[Handler], Handler]:
    """Make a function the handler of events: called with (payload, occurred_at).

    It runs in the transaction that marks the delivery as done, so what it writes to the
    database happens once. Anything it does outside must bear repetition.
    """

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}"
        for event in events:
            _handlers.setdefault(event.type, {})[name] = handler
        return handler

    return register


def publish(event: Event, *, at: datetime) -> OutboxEvent:
    """Store an event in the caller's transaction; it is delivered after the commit."""
    return publish_all([event], at=at)[0]


def publish_all(events: Iterable[Event], *, at: datetime) -> list[OutboxEvent]:
    """Several at once, in two queries; they are delivered in their order."""
    stored = OutboxEvent.objects.bulk_create(
        OutboxEvent(
            type=event.type, version=event.version, payload=_plain(event.payload()), occurred_at=at
        )
        for event in events
    )
    deliveries = Delivery.objects.bulk_create(
        Delivery(event=event, handler=name, due_at=at)
        for event in stored
        for name in _handlers.get(event.type, {})
    )
    if deliveries:
        from sreda.kernel.tasks import wake_outbox

        transaction.on_commit(wake_outbox, robust=True)
    return stored


def _plain(payload: dict[str, Any]) -> dict[str, Any]:
    import json

    from django.core.serializers.json import DjangoJSONEncoder

    plain: dict[str, Any] = json.loads(json.dumps(payload, cls=DjangoJSONEncoder))
    return plain


def deliver_pending(*, at: datetime, limit: int = 500) -> int:
    """Run due deliveries; returns how many succeeded. Safe to run in several processes."""
    succeeded = 0
    for _turn in range(limit):
        outcome = _deliver_one(at)
        if outcome is None:
            break
        succeeded += outcome
    return succeeded


def _deliver_one(at: datetime) -> bool | None:
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(delivered_at__isnull=True, due_at__lte=at)
            .order_by("due_at", "id")
            .first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        handler = _handlers.get(delivery.event.type, {}).get(delivery.handler)
        try:
            with transaction.atomic():
                if handler is None:
                    raise LookupError(f"no handler named {delivery.handler}")
                handler(delivery.event.payload, delivery.event.occurred_at)
        except Exception as error:
            log.exception("event %s was not handled by %s", delivery.event_id, delivery.handler)
            delivery.last_error = f"{type(error).__name__}: {error}"[:2000]
            pause = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 20), LAST_RETRY)
            delivery.due_at = at + pause
            delivery.save(update_fields=["attempts", "last_error", "due_at"])
            return False
        delivery.delivered_at = at
        delivery.last_error = ""
        delivery.save(update_fields=["attempts", "delivered_at", "last_error"])
        return True
