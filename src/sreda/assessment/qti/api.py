"""What the rest of Sreda may use of the engine."""

from .check.item import check_item
from .check.test import check_test
from .issues import Issue, Issues, QtiError
from .items.item import Item, ModalFeedback, read_item, write_item
from .model.declarations import Declaration
from .model.interactions import Choice, Interaction
from .package.reader import Package, Resource, links_of, read_package
from .package.sources import MemorySource, PackageLimits, is_remote, resolve
from .package.writer import package_files, write_package
from .session.content import Content, content_of
from .session.item import (
    ItemState,
    Scored,
    begin_attempt,
    end_attempt,
    is_correct,
    outcomes_of,
    read_responses,
    respond,
    score,
    start,
)
from .session.validation import Problem, validate
from .testing.holding import Clock, SessionError
from .testing.model import (
    Control,
    ItemRef,
    Section,
    Test,
    TestFeedback,
    TestPart,
    TimeLimits,
)
from .testing.plan import Entry
from .testing.reading import read_test, write_test
from .testing.scoring import ScoredTest, score_test
from .testing.session import TestSession
from .values import Value, dump, load, read_json, to_json, to_pci
from .xml import Element, read_xml, write_xml

__all__ = [
    "Choice",
    "Clock",
    "Content",
    "Control",
    "Declaration",
    "Element",
    "Entry",
    "Interaction",
    "Issue",
    "Issues",
    "Item",
    "ItemRef",
    "ItemState",
    "MemorySource",
    "ModalFeedback",
    "Package",
    "PackageLimits",
    "Problem",
    "QtiError",
    "Resource",
    "Scored",
    "ScoredTest",
    "Section",
    "SessionError",
    "Test",
    "TestFeedback",
    "TestPart",
    "TestSession",
    "TimeLimits",
    "Value",
    "begin_attempt",
    "check_item",
    "check_test",
    "content_of",
    "dump",
    "end_attempt",
    "is_correct",
    "is_remote",
    "links_of",
    "load",
    "outcomes_of",
    "package_files",
    "read_item",
    "read_json",
    "read_package",
    "read_responses",
    "read_test",
    "read_xml",
    "resolve",
    "respond",
    "score",
    "score_test",
    "start",
    "to_json",
    "to_pci",
    "validate",
    "write_item",
    "write_package",
    "write_test",
    "write_xml",
]
