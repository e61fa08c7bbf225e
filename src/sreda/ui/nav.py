"""Lines of the cabinet's navigation, as values, so that what is drawn of them can be kept."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    label: str
    url: str
    icon: str = ""
    active: bool = False
    badge: int = 0


class Section(NamedTuple):
    label: str
    items: tuple[Line, ...]
