"""A test: parts, sections and references to items, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..expressions import Compiled
from ..issues import ERROR, FATAL, Issue
from ..items.item import Item
from ..model.declarations import Declaration
from ..processing import Rule
from ..values.types import Number
from ..xml import Element

LINEAR, NONLINEAR = "linear", "nonlinear"
INDIVIDUAL, SIMULTANEOUS = "individual", "simultaneous"
EXIT_TEST, EXIT_PART, EXIT_SECTION = "EXIT_TEST", "EXIT_TESTPART", "EXIT_SECTION"


@dataclass(frozen=True)
class TimeLimits:
    """Seconds; None is without a limit."""

    least: Number | None = None
    most: Number | None = None
    late: bool = False


@dataclass(frozen=True)
class Control:
    """itemSessionControl; None where it is that of the parent."""

    max_attempts: int | None = None
    show_feedback: bool | None = None
    allow_review: bool | None = None
    show_solution: bool | None = None
    allow_comment: bool | None = None
    allow_skipping: bool | None = None
    validate_responses: bool | None = None

    def under(self, parent: Control) -> Control:
        """This control with what it leaves open taken from its parent."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return replace(parent, **said)


STANDARD_CONTROL = Control(1, False, True, False, False, True, False)


@dataclass(frozen=True)
class Branch:
    target: str
    holds: Compiled = field(repr=False, compare=False)
    source: Element = field(repr=False, compare=False)


@dataclass(frozen=True)
class Rules:
    """What decides whether a part is entered and what comes after it."""

    conditions: tuple[Compiled, ...] = field(default=(), repr=False, compare=False)
    branches: tuple[Branch, ...] = ()
    control: Control = field(default_factory=Control)
    limits: TimeLimits = field(default_factory=TimeLimits)


@dataclass(frozen=True)
class ItemRef:
    """`mappings`: name in the test → name in the item."""

    identifier: str
    href: str
    rules: Rules
    item: Item | None
    categories: frozenset[str] = frozenset()
    required: bool = False
    fixed: bool = False
    weights: Mapping[str, Number] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)
    template_defaults: tuple[tuple[str, Compiled], ...] = field(
        default=(), repr=False, compare=False
    )
    line: int = 0

    def own_name(self, name: str) -> str:
        """The item's own name of a variable that the test calls `name`; empty where the item's
        variable of that name goes by another one."""
        if name in self.mappings:
            return self.mappings[name]
        return "" if name in self.mappings.values() else name


@dataclass(frozen=True)
class Section:
    identifier: str
    title: str
    rules: Rules
    children: tuple[Child, ...]
    visible: bool = True
    required: bool = False
    fixed: bool = False
    keep_together: bool = True
    select: int | None = None
    with_replacement: bool = False
    shuffle: bool = False
    rubrics: tuple[Element, ...] = field(default=(), repr=False, compare=False)
    line: int = 0

    @property
    def mixes(self) -> bool:
        """Whether its children are shuffled among those of its parent, one by one: only those of
        a section that candidates do not see as one."""
        return not (self.visible or self.keep_together or self.fixed)


Child: TypeAlias = Section | ItemRef


@dataclass(frozen=True)
class TestFeedback:
    """`access`: atEnd or during."""

    outcome: str
    identifier: str
    access: str
    show: bool
    title: str
    element: Element = field(repr=False, compare=False)


@dataclass(frozen=True)
class TestPart:
    identifier: str
    navigation: str
    submission: str
    rules: Rules
    children: tuple[Child, ...]
    feedback: tuple[TestFeedback, ...] = ()
    title: str = ""
    line: int = 0


@dataclass(frozen=True)
class Test:
    """One assessment test with its items. `files` are the paths it was put together from."""

    identifier: str
    title: str
    declarations: dict[str, Declaration]
    parts: tuple[TestPart, ...]
    limits: TimeLimits
    feedback: tuple[TestFeedback, ...]
    rubrics: tuple[Element, ...]
    source: Element
    version: str
    file: str
    issues: tuple[Issue, ...]
    scoring: Rule | None = field(repr=False, compare=False)
    used: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def refs(self) -> Iterator[ItemRef]:
        """All references to items, in document order."""
        for part in self.parts:
            yield from refs_below(part)

    @property
    def sound(self) -> bool:
        return not any(issue.severity in (ERROR, FATAL) for issue in self.issues)


def refs_below(owner: TestPart | Section) -> Iterator[ItemRef]:
    for child in owner.children:
        if isinstance(child, ItemRef):
            yield child
        else:
            yield from refs_below(child)
