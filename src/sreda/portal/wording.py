"""What entries of the audit log say of signing in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions

name_actions(
    {
        "portal.outside-account.linked": _("Outside account linked"),
        "portal.outside-account.unlinked": _("Outside account unlinked"),
        "portal.password.changed": _("Password changed"),
        "portal.seat.taken": _("Switched to another post"),
        "portal.second-factor.added": _("Second factor added"),
        "portal.second-factor.removed": _("Second factor removed"),
        "portal.session.closed": _("Signed out"),
        "portal.session.opened": _("Signed in"),
    }
)
