"""The checks of an order: rules kept as data, run over a programme pack."""

from .check import check
from .correct import correct
from .finding import Finding
from .rule import Rule, load_rules

__all__ = ["Finding", "Rule", "check", "correct", "load_rules"]
