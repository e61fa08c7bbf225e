"""Panels: what an app adds to a cabinet's home page and navigation.

An app names them in its `panels.py`; the portal puts them together and knows no app by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sreda.kernel.kept import Kept
from sreda.kernel.permissions import Actor
from sreda.kernel.prepared import Ask


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the cabinet's navigation; `roles` empty means everyone signed in.

    `badge` counts for an actor what is shown beside it: a kept read of `number_of`. All of a
    page's are asked in one query.
    """

    label: Any
    url_name: str
    icon: str
    roles: frozenset[str] = frozenset()
    section: Any = ""
    order: int = 100
    badge: Kept[int] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A card of the cabinet's home page: `context(actor)` costs a fixed number of queries.

    `asks(actor)` names what `context` will surely ask: it is asked together with what the other
    cards ask.

    A panel that depends on nothing of the actor but `shared(actor)` (a place's number, or "" for
    the whole region) names it: the card may then be kept for some seconds and shown to others.
    """

    name: str
    template: str
    context: Callable[[Actor], dict[str, Any] | None]
    roles: frozenset[str] = frozenset()
    order: int = 100
    wide: bool = False
    shared: Callable[[Actor], object] | None = None
    asks: Callable[[Actor], Iterable[Ask | None]] = lambda actor: ()


@dataclass
class _Registry:
    panels: list[Panel] = field(default_factory=list)
    items: list[NavItem] = field(default_factory=list)


_registry = _Registry()


def add_panel(panel: Panel) -> None:
    if all(known.name != panel.name for known in _registry.panels):
        _registry.panels.append(panel)
        _registry.panels.sort(key=lambda p: (not p.wide, p.order))  # narrow ones pair up


def add_nav(*items: NavItem) -> None:
    for item in items:
        if item not in _registry.items:
            _registry.items.append(item)
    _registry.items.sort(key=lambda i: i.order)


def panels_for(actor: Actor) -> list[Panel]:
    return [p for p in _registry.panels if not p.roles or actor.role in p.roles]


def nav_for(actor: Actor) -> list[NavItem]:
    return [i for i in _registry.items if not i.roles or actor.role in i.roles]
