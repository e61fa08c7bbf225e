"""Words for entries of the audit log: each app says in `wording.py` what its entries are about.

The modules are found by name, like panels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

_actions: dict[str, Any] = {}
_objects: dict[str, Any] = {}


def name_actions(words: Mapping[str, Any]) -> None:
    """`app.noun.verb` → what people read."""
    _actions.update(words)


def action_words() -> Mapping[str, Any]:
    return _actions


def name_objects(words: Mapping[str, Any]) -> None:
    """`app.model` → what people read, where the model has no name of its own in words."""
    _objects.update(words)


def object_words() -> Mapping[str, Any]:
    return _objects


name_actions(
    {
        "kernel.file.removed": _("File removed when its term was over"),
        "kernel.files.swept": _("Leftover files removed"),
    }
)
