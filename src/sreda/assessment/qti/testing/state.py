"""What a test session is between two operations: plain data, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from ..session.item import INITIAL, ItemState
from ..values.json import Json, dump, load
from ..values.types import Value
from .plan import Entry


@dataclass
class SessionState:
    """`position` is that of the current item in the plan; `pending` are answers that wait for the
    end of a part marked as a whole; `durations` are seconds by scope ("" is the test)."""

    seed: int
    plan: tuple[Entry, ...]
    status: str = INITIAL
    position: int | None = None
    values: dict[str, Value] = field(default_factory=dict)
    items: dict[str, ItemState] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    durations: dict[str, Fraction] = field(default_factory=dict)
    last: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    draws: int = 0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Json]:
        return {
            "seed": self.seed,
            "plan": [entry.to_dict() for entry in self.plan],
            "status": self.status,
            "position": self.position,
            "values": {name: dump(value) for name, value in self.values.items()},
            "items": {key: one.to_dict() for key, one in self.items.items()},
            "pending": sorted(self.pending),
            "seen": sorted(self.seen),
            "durations": {name: str(spent) for name, spent in self.durations.items()},
            "last": _text(self.last),
            "started": _text(self.started),
            "ended": _text(self.ended),
            "draws": self.draws,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SessionState:
        return cls(
            seed=data["seed"],
            plan=tuple(
                Entry(e["key"], e["ref"], e["occurrence"], e["part"], tuple(e["sections"]))
                for e in data["plan"]
            ),
            status=data["status"],
            position=data["position"],
            values={name: load(value) for name, value in data["values"].items()},
            items={key: ItemState.from_dict(one) for key, one in data["items"].items()},
            pending=set(data["pending"]),
            seen=set(data["seen"]),
            durations={name: Fraction(text) for name, text in data["durations"].items()},
            last=_time(data["last"]),
            started=_time(data["started"]),
            ended=_time(data["ended"]),
            draws=data["draws"],
            notes=list(data["notes"]),
        )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
