"""What the compiler knows of a template's names: values known now, variables, levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Uncompilable(Exception):
    """The template has a part that only Django's own way of rendering knows."""


@dataclass(frozen=True, slots=True)
class Const:
    """A value known when the function is made."""

    value: Any


@dataclass(frozen=True, slots=True)
class Code:
    """A variable of the function; an `unsure` one may not have been set, then `before` holds."""

    name: str
    unsure: bool = False
    before: Const | Code | None = None


Value = Const | Code


@dataclass(eq=False)
class Scope:
    """Names set at one level. `rest` is the variable of a dictionary that has any others, at the
    outermost level of a page or of a template that sees nothing of the page (`alone`)."""

    parent: Scope | None = None
    rest: str = ""
    alone: bool = False
    names: dict[str, Value] = field(default_factory=dict)
    branch_of: Scope | None = None  # an arm of an `if`: what it sets may not be set after it
    unsure: dict[str, str] = field(default_factory=dict)
    loop: Loop | None = None


@dataclass(eq=False)
class Loop:
    number: str
    count: str
    name: str
    parent: Loop | None
    used: bool = False
