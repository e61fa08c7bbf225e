"""What a rule found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import get_language

from sreda.programme.pack.model import Location

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """`suggestion` is the text to put into the cell (empty when a person must decide).

    `order` instead gives the keys of a section's rows in their right order. `texts` and `advice`
    are in plain words by language.
    """

    rule: str
    severity: str
    location: Location
    printed: str = ""
    computed: str = ""
    suggestion: str = ""
    order: tuple[str, ...] = ()
    item: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=dict)

    @property
    def mechanical(self) -> bool:
        """Whether `correct` can apply the suggestion without a person's judgement."""
        return bool(self.suggestion or self.order)

    @property
    def fingerprint(self) -> str:
        """The same while the cell, as printed, is the same: a decision on it outlives reloading."""
        cell = (self.location.table, self.location.row, self.location.column, self.item)
        printed = self.printed if self.location.row else ""
        said = "\x1f".join((self.rule, *cell, printed))
        return f"{self.rule}:{hashlib.sha256(said.encode()).hexdigest()[:20]}"

    def text(self, language: str | None = None) -> str:
        return _in_language(self.texts, language)

    def advice_text(self, language: str | None = None) -> str:
        return _in_language(self.advice, language)

    def as_dict(self) -> dict[str, object]:
        return {
            "fingerprint": self.fingerprint,
            "rule": self.rule,
            "severity": self.severity,
            "table": self.location.table,
            "row": self.location.row,
            "column": self.location.column,
            "sheet": self.location.sheet,
            "line": self.location.line,
            "title": self.location.title,
            "place": self.location.place,
            "printed": self.printed,
            "computed": self.computed,
            "suggestion": self.suggestion,
            "order": list(self.order),
            "mechanical": self.mechanical,
            "text": dict(self.texts),
            "advice": dict(self.advice),
        }


def _in_language(texts: Mapping[str, str], language: str | None) -> str:
    code = (language or get_language() or "ru").split("-")[0]
    return texts.get(code) or texts.get("ru") or next(iter(texts.values()), "")
