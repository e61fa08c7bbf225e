"""Expressions: every operator of QTI 3.0 as a closure over the variables of a run."""

from . import arithmetic, containers, general, logic, outcomes, strings
from .context import (
    BUILT_IN,
    ITEM,
    QTI_CONTEXT,
    TEST,
    Compiled,
    Context,
    Custom,
    ItemView,
    Scope,
    TestView,
)
from .core import KINDS, compile_expression, operands_of, reference

__all__ = [
    "BUILT_IN",
    "ITEM",
    "KINDS",
    "QTI_CONTEXT",
    "TEST",
    "Compiled",
    "Context",
    "Custom",
    "ItemView",
    "Scope",
    "TestView",
    "arithmetic",
    "compile_expression",
    "containers",
    "general",
    "logic",
    "operands_of",
    "outcomes",
    "reference",
    "strings",
]
