"""How far the work on a table is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Told:
    """How far the work is: a step (read, compare, write) and its share of the whole."""

    step: str = ""
    percent: int = 0

    def say(self, step: str, percent: int) -> None:
        self.step, self.percent = step, percent
