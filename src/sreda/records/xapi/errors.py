"""What is wrong with what was sent, and where."""

from __future__ import annotations


class Invalid(ValueError):
    """`place` names the element as a path (`context.contextActivities.parent[0].id`)."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason

    def under(self, part: str | int) -> Invalid:
        """The same fault, seen from what contains it: a property's name or a number in a list."""
        outer = f"[{part}]" if isinstance(part, int) else part
        if not self.place or not outer:
            place = self.place or outer
        elif self.place.startswith("["):
            place = outer + self.place
        else:
            place = f"{outer}.{self.place}"
        return Invalid(place[:500], self.reason)
