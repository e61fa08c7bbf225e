"""Context processor: the visitor's mode, for every page."""

from __future__ import annotations

from django.http import HttpRequest

from .modes import COOKIE, Mode


def ui(request: HttpRequest) -> dict[str, object]:
    return {"mode": Mode.read(request.COOKIES.get(COOKIE, ""))}
