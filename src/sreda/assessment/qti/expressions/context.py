"""What an expression sees while it runs, and what its compiler knows before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeAlias

from ..issues import Issues, place_of
from ..model.declarations import Declaration
from ..values.types import Value
from ..xml import Element

Custom: TypeAlias = Callable[[Element, tuple[Value, ...]], Value]
Loader: TypeAlias = Callable[[str], Element]

MEMBERS = 100_000
BUILT_IN = {
    "numAttempts": Declaration("numAttempts", "response", base_type="integer"),
    "duration": Declaration("duration", "response", base_type="duration"),
    "completionStatus": Declaration("completionStatus", "outcome", base_type="identifier"),
}
QTI_CONTEXT = Declaration("QTI_CONTEXT", "context", "record")


class ItemView(Protocol):
    """One item of a test as outcome processing sees it."""

    @property
    def declarations(self) -> Mapping[str, Declaration]: ...
    @property
    def values(self) -> Mapping[str, Value]: ...
    def own_name(self, name: str) -> str: ...
    def weight(self, identifier: str) -> Value: ...
    @property
    def presented(self) -> bool: ...
    @property
    def responded(self) -> bool: ...
    def correct(self) -> bool | None: ...


class TestView(Protocol):
    """A test session as its expressions see it."""

    def variable(self, name: str, weight: str) -> Value: ...
    def items(self, section: str, include: str, exclude: str) -> list[ItemView]: ...


class Context:
    """The variables of one run. `notes` gathers what went wrong without stopping it, with the
    place of the rule that runs (`at`)."""

    __slots__ = (
        "_random", "_seed", "at", "correct", "custom", "defaults", "left", "notes", "test",
        "values",
    )  # fmt: skip

    def __init__(
        self,
        values: dict[str, Value],
        *,
        seed: int,
        correct: Mapping[str, Value] | None = None,
        defaults: Mapping[str, Value] | None = None,
        test: TestView | None = None,
        custom: Mapping[str, Custom] | None = None,
    ) -> None:
        self.values = values
        self._seed = seed
        self._random: Random | None = None
        # how many members containers may still be given in this run
        self.left = MEMBERS
        self.correct = correct or {}
        self.defaults = defaults or {}
        self.test = test
        self.custom = custom or {}
        self.notes: list[str] = []
        self.at: Element | None = None

    @property
    def random(self) -> Random:
        """Made when first drawn from: most items never do."""
        if self._random is None:
            self._random = Random(self._seed)  # noqa: S311
        return self._random

    def note(self, text: str) -> None:
        if self.at is not None:
            text = f"{place_of(self.at)}: {text}"
        if len(self.notes) < 100 and text not in self.notes:
            self.notes.append(text)

    def take(self, count: int) -> int:
        """How many of `count` members there is still room for; too many are noted."""
        if count > self.left:
            self.note(f"containers hold more than {MEMBERS} members; the rest is left out")
        count = min(count, self.left)
        self.left -= count
        return count


Compiled: TypeAlias = Callable[[Context], Value]

ITEM, TEST = "item", "test"


@dataclass
class Scope:
    """Where an expression is compiled: which variables there are, and where faults go."""

    declarations: Mapping[str, Declaration]
    issues: Issues
    place: str = ITEM
    load: Loader | None = None
    including: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)

    def name_of(self, element: Element) -> str:
        """The variable an element names; early items call completionStatus completion_status."""
        name = element.get("identifier").strip()
        if name == "completion_status" and name not in self.declarations:
            self.issues.add("variable-old", element, name=name, now="completionStatus")
            return "completionStatus"
        return name

    def find(self, name: str) -> Declaration | None:
        found = self.declarations.get(name) or BUILT_IN.get(name)
        if found is None and name == "QTI_CONTEXT":
            return QTI_CONTEXT
        return found
