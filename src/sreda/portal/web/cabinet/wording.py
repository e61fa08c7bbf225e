"""Actions and objects of the audit log in words. The log itself keeps their lasting codes; each
app says its words in its `wording.py`."""

from __future__ import annotations

from functools import lru_cache

from django.apps import apps
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import action_words, object_words

# Words of the sign-in library whose Russian we say better; the catalogue is all they are here for.
_OURS = (_("Email"), _("Name"), _("Master key"))


def action_label(code: str) -> str:
    return _action(code, get_language())


def object_label(label: str) -> str:
    """The object's kind in words, from its "app.model" label."""
    return _object(label, get_language())


@lru_cache(maxsize=4000)
def _action(code: str, _language: str | None) -> str:
    return str(action_words().get(code, code))


@lru_cache(maxsize=4000)
def _object(label: str, _language: str | None) -> str:
    if named := object_words().get(label.lower()):
        return str(named).capitalize()
    try:
        return str(apps.get_model(label)._meta.verbose_name).capitalize() if label else ""
    except LookupError:  # an app that is not installed any more
        return label
