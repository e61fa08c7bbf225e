"""The portal's own part of the cabinets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor, AuditEntry, NavItem, Panel, add_nav, add_panel, kept, unread
from sreda.registry.api import Role

OPERATOR = frozenset({Role.OPERATOR})


@kept
def _latest() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.order_by("-position", "-pk")[:8]


def recent(actor: Actor) -> dict[str, Any]:
    return {"entries": _latest()}


add_panel(Panel("portal.recent", "portal/panels/recent.html", recent, OPERATOR, 40))
add_nav(
    NavItem(_("Notices"), "notices", "bell", order=1, badge=unread),
    NavItem(_("Audit log"), "audit", "history", OPERATOR, _("Oversight"), 900),
    NavItem(
        _("Access for the staff"),
        "invitations",
        "user-plus",
        frozenset({Role.HEAD}),
        _("Registry"),
        290,
    ),
)
