"""What a person is told when the database cannot be had."""

from __future__ import annotations

from sreda.kernel.terminal import translator

_ = translator("kernel")


class PostgresError(Exception):
    """One plain sentence for the person at the terminal, with what to do."""
