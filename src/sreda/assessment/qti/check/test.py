"""Checks of a test as a whole."""

from __future__ import annotations

from ..issues import Issue, Issues
from ..testing.model import Test
from .content import check_content
from .types import check_types


def check_test(test: Test) -> tuple[Issue, ...]:
    """Everything that is wrong with the test itself; its items have checks of their own."""
    issues = Issues(test.file)
    issues.extend(test.issues)
    check_content(test.source, issues)
    check_types(test.source, test.declarations, issues)
    return issues.tuple()
