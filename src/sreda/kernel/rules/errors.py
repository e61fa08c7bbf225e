"""What goes wrong in a rule, said with its name and the place in its text."""

from __future__ import annotations


class RuleError(Exception):
    """`rule` names the rule and part ("list.ratio: wrong"); `line` and `column` count from 1."""

    def __init__(
        self, reason: str, *, rule: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        self.reason = reason
        self.rule = rule
        self.line = line
        self.column = column
        place = f", line {line}, column {column}" if line else ""
        super().__init__(f"rule {rule or '?'}{place}: {reason}")


class LimitError(RuleError):
    """The expression is too long, too deep, too slow or makes too large a value."""
