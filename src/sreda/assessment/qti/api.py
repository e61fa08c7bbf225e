"""What the rest of Sreda may use of the engine."""

from .issues import Issue, Issues, QtiError
from .items.item import Item, read_item, write_item
from .session.item import ItemState, Scored, score
from .session.validation import Problem, validate
from .values import read_json, to_json, to_pci

__all__ = [
    "Issue",
    "Issues",
    "Item",
    "ItemState",
    "Problem",
    "QtiError",
    "Scored",
    "read_item",
    "read_json",
    "score",
    "to_json",
    "to_pci",
    "validate",
    "write_item",
]
