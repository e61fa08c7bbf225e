"""Answers by way of the site itself, where the hot path cannot be reached."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sreda.assessment.hot import INSERT, Refusal, arguments, fates, read
from sreda.assessment.hot.app import told_of
from sreda.assessment.hot.messages import BODY_LIMIT
from sreda.kernel import clock

log = logging.getLogger(__name__)

RETRY_AFTER = 2  # seconds, where the database is away


@csrf_exempt  # the signed ticket in the body gives the right; no cookie does
@require_POST
def answers(request: HttpRequest) -> JsonResponse:
    """The same messages and replies as the hot path's."""
    try:
        body = request.read(BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise Refusal(413, "body", f"more than {BODY_LIMIT} bytes")
        messages = read(body, secret=settings.SECRET_KEY, at=clock.now())
    except Refusal as refusal:
        told: dict[str, Any] = {"place": refusal.place, "error": refusal.reason}
        return JsonResponse(told, status=refusal.status)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(INSERT, arguments(messages))
            found = fates(messages, cursor.fetchall())
    except (OperationalError, InterfaceError) as error:
        log.warning("answers could not be written: %s", error)
        told = {"error": "busy", "retry_after": RETRY_AFTER}
        return JsonResponse(told, status=503, headers={"Retry-After": RETRY_AFTER})
    return JsonResponse(told_of(messages, found))
