"""How much one evaluation may cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .errors import LimitError


@dataclass(frozen=True)
class Limits:
    """`seconds` are of this thread's processor: a busy machine makes no expression slow."""

    chars: int = 4_000
    depth: int = 60
    steps: int = 500_000
    seconds: float = 5.0
    size: int = 100_000


@dataclass
class Budget:
    """Spent as an evaluation goes; one budget may be shared by several expressions.

    A `part` has limits of its own, and what is spent of it is spent of the whole.
    """

    limits: Limits = field(default_factory=Limits)
    steps: int = 0
    ends: float | None = None
    whole: Budget | None = None

    def part(self, limits: Limits) -> Budget:
        return Budget(limits, whole=self)

    def step(self) -> None:
        if self.whole is not None:
            self.whole.step()
        self.steps += 1
        if self.steps > self.limits.steps:
            raise LimitError(f"more than {self.limits.steps} steps")
        if self.steps % 256 == 1:
            now = time.thread_time()
            if self.ends is None:
                self.ends = now + self.limits.seconds
            elif now > self.ends:
                raise LimitError(f"longer than {self.limits.seconds} s")
