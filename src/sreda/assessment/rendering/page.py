"""Where an item is shown, to whom, and where its files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sreda.assessment.qti.values.types import File


@dataclass(frozen=True)
class Page:
    """`prefix` makes ids and names unique where several items are on a page. `resource` gives the
    served address of a file by the item's own relative one (None: it is not there). `portable`
    gives the address of the closed frame of a portable custom interaction, by its response;
    `sent` are the fields as they were sent last, by name: for the states of such interactions, and
    for a text that is no value of its type. `file` gives the address of a file that was sent as an
    answer (None: it is not kept).
    `closed`: the answers are shown and cannot be changed. `problems` are texts by response.
    `feedback`: what the outcomes of the last attempt call for is shown in the text.
    `right`: also show which answers are right (to teachers, and after release).
    """

    prefix: str = "i-"
    view: str = "candidate"
    resource: Callable[[str], str | None] = lambda href: None
    portable: Callable[[str], str | None] = lambda response: None
    file: Callable[[File], str | None] = lambda file: None
    sent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    closed: bool = False
    right: bool = False
    feedback: bool = True
    problems: dict[str, list[str]] = field(default_factory=dict)
