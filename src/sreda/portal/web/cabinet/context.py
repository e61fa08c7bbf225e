"""Navigation for every page that extends `ui/cabinet.html`, whatever app it belongs to.

The lines depend on the seat's role alone and are kept per role; only badges ask the database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Seat, nav_for

Line = tuple[str, str, str, Callable[[Actor], int] | None]


def cabinet(request: HttpRequest) -> dict[str, Any]:
    """Lazy: a page that shows no navigation pays nothing."""
    return {
        "cabinet_nav": SimpleLazyObject(lambda: navigation(request)),
        "user_nav": SimpleLazyObject(lambda: own_lines(get_language() or "")),
        "seat_url": SimpleLazyObject(lambda: reverse("seat")),
        "cabinet_url": SimpleLazyObject(lambda: reverse("cabinet")),
    }


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        return []
    sections = lines_for(actor.role, get_language() or "")
    here = _nearest(request.path, [url for _label, lines in sections for _l, url, *_rest in lines])
    return [
        {
            "label": label,
            "items": [
                {
                    "label": text,
                    "url": url,
                    "icon": icon,
                    "active": url == here,
                    "badge": badge(actor) if badge else None,
                }
                for text, url, icon, badge in lines
            ],
        }
        for label, lines in sections
    ]


@lru_cache(maxsize=64)
def lines_for(role: str, language: str) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """The role's lines under their sections' names, in the order the apps gave them."""
    anyone = Actor(on=date.min, seat=Seat("", role, "") if role else None)
    sections: dict[str, list[Line]] = {
        "": [(_("Home"), reverse("cabinet"), "layout-dashboard", None)]
    }
    for item in nav_for(anyone):
        line = (str(item.label), reverse(item.url_name), item.icon, item.badge)
        sections.setdefault(str(item.section), []).append(line)
    return tuple((label, tuple(lines)) for label, lines in sections.items())


@lru_cache(maxsize=8)
def own_lines(language: str) -> tuple[dict[str, str], ...]:
    return (
        {"label": _("My data"), "url": reverse("profile"), "icon": "user-circle"},
        {"label": _("Sign-in and security"), "url": reverse("security"), "icon": "shield-lock"},
    )


def _nearest(path: str, urls: list[str]) -> str:
    """The line that leads to this page or to a page above it."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")
