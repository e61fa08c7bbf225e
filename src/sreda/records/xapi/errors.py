"""What is wrong with what was sent, and where."""

from __future__ import annotations


class Invalid(ValueError):
    """`place` names the element as a path (`context.contextActivities.parent[0].id`)."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason
