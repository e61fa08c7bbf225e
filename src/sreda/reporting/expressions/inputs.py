"""What an expression asks of the region, read from its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DATASET_CALLS = {"count": 1, "total": 2, "value": 2, "listed": 1}
"""Functions over datasets, and how many of their first arguments must be written out as texts."""
FORM_CALLS = frozenset({"previous", "form", "filled"})
INDICATOR_CALLS = frozenset({"indicator"})
ORGANISATION = (
    "code", "kind", "ownership", "rural", "name", "short_name", "locality", "municipality",
)  # fmt: skip
PERIOD = ("start", "end", "year")
CONTEXT = {"organisation": ORGANISATION, "period": PERIOD}


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a dataset. `filters` is None where they are worked out while evaluating."""

    function: str
    dataset: str
    measure: str
    filters: dict[str, Any] | None


@dataclass(slots=True)
class Inputs:
    """`datasets` are (name, measure), `forms` (code, key); `cells` are keys of the same form, of
    a list block `block.*`. `divisors` are those of `calls` by whose answers is divided."""

    calls: list[Call] = field(default_factory=list)
    divisors: list[Call] = field(default_factory=list)
    datasets: set[tuple[str, str]] = field(default_factory=set)
    forms: set[tuple[str, str]] = field(default_factory=set)
    previous: set[str] = field(default_factory=set)
    cells: set[str] = field(default_factory=set)
    indicators: set[str] = field(default_factory=set)

    @property
    def outside(self) -> bool:
        """Whether anything but the form's own cells and the context is asked."""
        return bool(self.datasets or self.forms or self.previous or self.indicators)
