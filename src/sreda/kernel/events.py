"""Events: something that happened, told in the past tense with ids and plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Subclass per happening; `type` is its lasting name, `version` grows with its fields."""

    type: ClassVar[str]
    version: ClassVar[int] = 1

    def payload(self) -> dict[str, Any]:
        return asdict(self)
