"""Words for entries of the audit log: each app says in `wording.py` what its entries are about.

The modules are found by name, like panels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_actions: dict[str, Any] = {}


def name_actions(words: Mapping[str, Any]) -> None:
    """`app.noun.verb` → what people read."""
    _actions.update(words)


def action_words() -> Mapping[str, Any]:
    return _actions
