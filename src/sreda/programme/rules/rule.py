"""Rule definitions, read from TOML. `rules.toml` says what every part means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sreda.kernel.rules import Expression, RuleError, compile_expression

from .finding import SEVERITIES

DEFINITIONS = Path(__file__).with_name("rules.toml")
DECLARED = frozenset(
    {
        *("calc", "counted", "fact", "known", "norm", "trouble"),
        *("first_of_each", "similar", "where"),
    }
)
EXPRESSIONS = ("wrong", "when", "for", "at", "printed", "computed", "suggest", "order")
TEXTS = ("en", "ru", "advice_en", "advice_ru")
OTHERS = ("id", "severity", "over", "column", "each", "group", "needs", "group_let", "let")


@dataclass(frozen=True)
class Rule:
    """One rule, compiled; see `rules.toml` for the meaning of the fields."""

    id: str
    severity: str
    over: str
    column: str
    each: str
    group: tuple[str, ...]
    needs: tuple[str, ...]
    group_let: Mapping[str, Expression]
    let: Mapping[str, Expression]
    parts: Mapping[str, Expression]
    texts: Mapping[str, str]
    advice: Mapping[str, str]


@cache
def load_rules(path: Path = DEFINITIONS) -> tuple[Rule, ...]:
    """Reads and compiles the rules of a file; a wrong one raises RuleError with its name."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    rules = tuple(_rule(entry) for entry in entries)
    ids = [rule.id for rule in rules]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise RuleError("given twice", rule=", ".join(sorted(twice)))
    return rules


def _rule(entry: Mapping[str, Any]) -> Rule:
    name = str(entry.get("id", "?"))
    unknown = set(entry) - {*EXPRESSIONS, *TEXTS, *OTHERS}
    missing = {"id", "severity", "over", "wrong", "en", "ru"} - set(entry)
    if unknown or missing:
        raise RuleError(f"unknown {sorted(unknown)}, missing {sorted(missing)}", rule=name)
    if entry["severity"] not in SEVERITIES or entry.get("each", "row") not in {"row", "group"}:
        raise RuleError("unknown severity or each", rule=name)

    def compiled(part: str, text: str) -> Expression:
        return compile_expression(text.strip(), name=f"{name}: {part}", declared=DECLARED)

    return Rule(
        id=name,
        severity=entry["severity"],
        over=entry["over"],
        column=entry.get("column", ""),
        each=entry.get("each", "row"),
        group=tuple(entry.get("group", ())),
        needs=tuple(entry.get("needs", ())),
        group_let={k: compiled(k, v) for k, v in entry.get("group_let", {}).items()},
        let={k: compiled(k, v) for k, v in entry.get("let", {}).items()},
        parts={part: compiled(part, entry[part]) for part in EXPRESSIONS if part in entry},
        texts={"en": entry["en"], "ru": entry["ru"]},
        advice={
            language: entry[f"advice_{language}"]
            for language in ("en", "ru")
            if f"advice_{language}" in entry
        },
    )
