"""Navigation for every page that extends `ui/cabinet.html`, whatever app it belongs to.

The lines depend on the seat's role alone and are kept per role; only badges ask the database.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, Ask, Kept, Seat, ask_numbers, nav_for, numbers
from sreda.ui.nav import Line, Section

Badge = Kept[int] | None
Lines = tuple[tuple[str, tuple[tuple[Line, Badge], ...]], ...]


def cabinet(request: HttpRequest) -> dict[str, Any]:
    """Lazy: a page that shows no navigation pays nothing."""
    return {
        "cabinet_nav": lambda: navigation(request),
        "user_nav": lambda: own_lines(get_language() or ""),
        "seat_url": lambda: reverse("seat"),
        "cabinet_url": lambda: reverse("cabinet"),
    }


def ask_badges(actor: Actor) -> Ask | None:
    """What the navigation will ask, for `together`."""
    sections = lines_for(actor.role, get_language() or "")
    return ask_numbers(_badges(sections), actor)


def _badges(sections: Lines) -> list[Kept[int]]:
    return [badge for _label, lines in sections for _line, badge in lines if badge]


def navigation(request: HttpRequest) -> tuple[Section, ...]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        return ()
    sections = lines_for(actor.role, get_language() or "")
    here = _nearest(request.path, [line.url for _l, lines in sections for line, _badge in lines])
    badges = _badges(sections)
    counted = dict(zip(badges, numbers(badges, actor), strict=True))
    return tuple(
        Section(
            label,
            tuple(
                line._replace(active=line.url == here, badge=counted[badge] if badge else 0)
                for line, badge in lines
            ),
        )
        for label, lines in sections
    )


@lru_cache(maxsize=64)
def lines_for(role: str, language: str) -> Lines:
    """The role's lines under their sections' names, in the order the apps gave them."""
    anyone = Actor(on=date.min, seat=Seat("", role, "") if role else None)
    sections: dict[str, list[tuple[Line, Badge]]] = {
        "": [(Line(_("Home"), reverse("cabinet"), "layout-dashboard"), None)]
    }
    for item in nav_for(anyone):
        line = Line(str(item.label), reverse(item.url_name), item.icon)
        sections.setdefault(str(item.section), []).append((line, item.badge))
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
