"""Actions and objects of the audit log in words. The log itself keeps their lasting codes."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Any] = {
    "portal.session.opened": _("Signed in"),
    "portal.session.closed": _("Signed out"),
    "portal.seat.taken": _("Switched to another post"),
    "portal.password.changed": _("Password changed"),
    "portal.second-factor.added": _("Second factor added"),
    "portal.second-factor.removed": _("Second factor removed"),
    "portal.outside-account.linked": _("Outside account linked"),
    "portal.outside-account.unlinked": _("Outside account unlinked"),
    "registry.account.opened": _("Account opened"),
    "registry.account.invited": _("Invitation given out"),
}


def action_label(code: str) -> str:
    return str(ACTIONS.get(code, code))


def object_label(label: str) -> str:
    """The model's own name, from its "app.model" label."""
    try:
        return str(apps.get_model(label)._meta.verbose_name).capitalize() if label else ""
    except LookupError:  # an app that is not installed any more
        return label
